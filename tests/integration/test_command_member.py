"""postlatch member add, set, show, list, remove: one member or many at once."""
import time
import unittest

from command import BAD_DATA, REFUSED, USAGE, CommandTest

MANY = ["user%02d@example.test" % i for i in range(50)]


class Member(CommandTest):
    def test_add_show_list_remove(self):
        self.assertEqual(self.site.ok("member", "add", "New@Example.Test", "pop3=off", "class=staff"),
                         "added new@example.test\n")
        shown = self.site.json("member", "show", "new@example.test")
        self.assertEqual((shown["known"], shown["active"], shown["class"]), (True, True, "staff"))
        self.assertEqual(shown["own"]["pop3"], "off")
        self.assertEqual(shown["settings"]["pop3"], {"value": "off", "source": "member"})
        self.assertEqual(shown["settings"]["imap"], {"value": "on", "source": "built-in"})
        self.assertRegex(self.site.ok("member", "show", "new@example.test"), r"(?m)^  pop3 +off +from member$")
        self.assertRegex(self.site.ok("member", "list"), r"^new@example.test +on +staff +pop3=off\n$")
        self.assertEqual(self.site.ok("member", "remove", "new@example.test"), "removed 1 members\n")
        self.assertEqual(self.site.json("member", "list"), [])

    def test_what_has_no_effect_is_told(self):
        self.site.policy('class "staff" { two_factor_requirement = required }')
        for words in (("add", "a@x.test"), ("set", "a@x.test")):
            said = self.site.run("member", *words, "class=stuff", "large_attachments=on").stderr
            self.assertIn('no section class "stuff"', said)
            self.assertIn("large_attachments does nothing until attachment_url is set", said)
        self.assertEqual(self.site.run("member", "set", "a@x.test", "class=staff", "imap=off").stderr, "")
        self.assertEqual(self.site.run("member", "set", "a@x.test", "class=").stderr, "")
        for verb in ("add", "set"):
            self.assertIn("large_attachments does nothing",
                          self.site.run("domain", verb, "y.test", "large_attachments=on").stderr)

    def test_json_of_add_and_remove(self):
        self.assertEqual(self.site.json("member", "add", "a@x.test"), {"member": "a@x.test"})
        self.assertEqual(self.site.json("member", "remove", "a@x.test"), {"removed": 1})

    def test_changes_of_the_account_password_are_noted(self):
        self.site.ok("domain", "add", "x.test")
        self.site.ok("domain", "add", "alias.test", "alias_of=x.test")
        for name in ("a", "b", "c"):
            self.site.ok("member", "add", name + "@x.test")
        self.assertRegex(self.site.ok("member", "show", "a@x.test"), r"\npassword changed +unknown\n")
        self.assertIsNone(self.site.json("member", "show", "a@x.test")["password_changed_at"])
        began = int(time.time())
        self.assertEqual(self.site.ok("member", "note-password-change", "A@x.test", "b@alias.test"), "noted for 2 members\n")
        for name in ("a", "b"):
            at = self.site.json("member", "show", name + "@x.test")["password_changed_at"]
            self.assertGreaterEqual(at, began)
            record, = self.site.json("audit", "--member", name + "@x.test", "--limit", "1")
            self.assertEqual((record["action"], record["object"]), ("password.change", name + "@x.test"))
        self.assertRegex(self.site.ok("member", "show", "a@x.test"), r"\npassword changed +20")
        self.assertEqual(self.site.json("member", "note-password-change", "a@x.test"), {"noted": 1})

    def test_changes_of_nobody_s_password_are_refused(self):
        self.site.ok("member", "add", "c@x.test")
        self.refused(REFUSED, "member", "note-password-change", "c@x.test", "nobody@x.test",
                     says="no such member: nobody@x.test")
        self.assertIsNone(self.site.json("member", "show", "c@x.test")["password_changed_at"])
        self.refused(USAGE, "member", "note-password-change", says="MEMBER")

    def test_show_of_a_member_never_heard_of(self):
        self.site.ok("domain", "add", "example.test", "imap=off")
        shown = self.site.json("member", "show", "who@example.test")
        self.assertEqual((shown["known"], shown["settings"]["imap"]["source"]), (False, "domain"))
        self.assertIn("no, the domain's settings apply", self.site.ok("member", "show", "who@example.test"))
        self.assertEqual(self.site.json("member", "list"), [])

    def test_every_layer_has_its_name(self):
        self.site.policy('defaults { sieve = off }\ndomain "example.test" { pop3 = off }\n'
                         'class "staff" { two_factor_requirement = required }')
        self.site.ok("domain", "add", "example.test", "imap=off")
        self.site.ok("member", "add", "a@example.test", "class=staff", "smtp=off")
        self.assertEqual({name: self.holds("a@example.test", name) for name in
                          ("smtp", "two_factor_requirement", "imap", "pop3", "sieve", "two_factor_mode")},
                         {"smtp": ("off", "member"), "two_factor_requirement": ("required", "class"),
                          "imap": ("off", "domain"),
                          "pop3": ("off", "policy-domain"), "sieve": ("off", "policy-defaults"),
                          "two_factor_mode": ("use", "built-in")})

    def test_default_domain_completes_a_name(self):
        self.site.policy('default_domain = "example.test"')
        self.site.ok("member", "set", "--add", "short", "pop3=off")
        self.assertEqual(self.own("short@example.test"), {"pop3": "off"})

    def test_inherit_takes_the_own_setting_away(self):
        self.site.ok("member", "set", "--add", "a@x.test", "pop3=off", "imap=off")
        self.site.ok("member", "set", "a@x.test", "pop3=inherit")
        self.assertEqual(self.own("a@x.test"), {"imap": "off"})

    def test_removing_takes_the_credentials_along(self):
        self.site.ok("app-password", "create", "a@x.test")
        self.site.ok("member", "remove", "a@x.test")
        self.assertEqual(self.site.sql("SELECT * FROM app_password"), [])

    def test_what_is_refused(self):
        self.site.ok("member", "add", "a@x.test")
        self.refused(REFUSED, "member", "add", "A@X.test", says=("a@x.test", "already exists", "member set"))
        self.refused(REFUSED, "member", "remove", "b@x.test", says="no such member: b@x.test")
        self.refused(REFUSED, "member", "remove", "a@x.test", "b@x.test", says="b@x.test")

    def test_wrong_values(self):
        for address in ("nobody", "@x.test", "a@", "a b@x.test", "a@x@y.test", "a@x..test", "x" * 65 + "@x.test",
                        "a@" + "x" * 256, "%{a}@x.test", "a\x01@x.test"):
            with self.subTest(address=address):
                self.refused(BAD_DATA, "member", "add", address, says=("member", "write it as user@example.com"))
        set_ = ["member", "set", "a@x.test"]
        self.refused(BAD_DATA, *set_, "pop3=maybe", says=("pop3=maybe", "on, off, inherit"))
        self.refused(BAD_DATA, *set_, "two_factor_mode=required",
                     says=("two_factor_mode=required", "use, skip, inherit"))
        self.refused(BAD_DATA, *set_, "nosuch=on", says=('"nosuch"', "active, class, webmail, imap, pop3"))
        self.refused(BAD_DATA, *set_, "use=skip", says="the setting use is now called two_factor_mode")
        self.refused(BAD_DATA, *set_, "requirement=required", says="is now called two_factor_requirement")
        self.refused(BAD_DATA, *set_, "class=a b", says="class name")
        self.refused(BAD_DATA, *set_, "class=" + "x" * 65, says="at most 64")
        self.refused(BAD_DATA, *set_, "=on", says="name=value")
        self.refused(BAD_DATA, *set_, says="nothing to set")
        for twice in (("imap=on", "imap=off"), ("active=on", "active=off"), ("class=a", "class=b")):
            self.refused(BAD_DATA, *set_, *twice, says=twice[0].split("=")[0] + " is given twice")


class Many(CommandTest):
    def setUp(self):
        super().setUp()
        self.site.ok("member", "set", "--add", *MANY, "class=staff")
        self.site.ok("member", "add", "other@other.test")

    def test_all_that_are_named(self):
        answer = self.site.json("member", "set", *MANY[:20], "pop3=off", "two_factor_requirement=required")
        self.assertEqual((answer["members"], answer["changed"], len(answer["changes"])), (20, 20, 20))
        self.assertEqual(answer["changes"][0], {"member": MANY[0],
                                                "before": "pop3=inherit two_factor_requirement=inherit",
                                                "after": "pop3=off two_factor_requirement=required"})
        self.assertEqual(self.own(MANY[19]), {"pop3": "off", "two_factor_requirement": "required"})
        self.assertEqual(self.own(MANY[20]), {})

    def test_words_in_any_order(self):
        self.site.ok("member", "set", "pop3=off", MANY[0], "imap=off", MANY[1])
        self.assertEqual(self.own(MANY[1]), {"pop3": "off", "imap": "off"})

    def test_only_what_differs_counts_as_changed(self):
        self.site.ok("member", "set", MANY[0], "pop3=off")
        self.assertEqual(self.site.ok("member", "set", *MANY, "pop3=off"), "changed 49 of 50 members\n")

    def test_members_that_do_not_exist_are_refused(self):
        """They may be mistyped, or patterns."""
        for name in ("bobby@example.test", "*@example.test", "%@example.test"):
            self.refused(REFUSED, "member", "set", MANY[0], name, "pop3=off",
                         says=(name, "no such member", "postlatch member add"))

    def test_new_members_are_named(self):
        run = self.site.ok("member", "set", "--add", MANY[0], "bobby@example.test", "pop3=off")
        self.assertEqual(run, "changed 2 of 2 members\nnew: bobby@example.test\n")
        run = self.site.ok("member", "set", "--add", "c@x.test", "d@x.test", "pop3=off", "--dry-run")
        self.assertIn("2 of them are new, the first is c@x.test\n", run)
        self.assertEqual(self.site.json("member", "set", "--add", MANY[1], "c@x.test", "pop3=off")["added"], 1)

    def test_a_domain_that_is_none_is_told(self):
        for words in (("set", "pop3=off"), ("list",), ("export",)):
            self.refused(REFUSED, "member", *words, "--domain", "exmaple.test",
                         says=("no such domain: exmaple.test", "postlatch domain list"))

    def test_domain_and_class(self):
        self.site.ok("member", "set", MANY[0], "class=boss")
        self.assertEqual(self.site.json("member", "set", "--domain", "Example.Test", "imap=off")["changed"], 50)
        self.assertEqual(self.site.json("member", "set", "--class", "boss", "pop3=off")["changed"], 1)
        self.assertEqual(self.site.json("member", "set", "--domain", "other.test", "--class", "boss",
                                        "pop3=off")["members"], 0)
        self.assertEqual(self.own("other@other.test"), {})
        self.assertEqual(len(self.site.json("member", "list", "--class", "staff")), 49)
        self.assertEqual(len(self.site.json("member", "list", "--domain", "other.test")), 1)

    def test_standard_input(self):
        text = "# who moved\n\n%s\r\n  %s   # a comment\n#%s\nother@other.test" % (MANY[0], MANY[1], "x" * 5000)
        answer = self.site.json("member", "set", "--stdin", "pop3=off", stdin=text)
        self.assertEqual([change["member"] for change in answer["changes"]], [MANY[0], MANY[1], "other@other.test"])

    def test_the_rest_of_a_long_comment_is_no_address(self):
        for length in range(1018, 1028):
            answer = self.site.json("member", "set", "--stdin", "pop3=off", "--dry-run",
                                    stdin="#" * length + " evil@example.test\n")
            self.assertEqual(answer["members"], 0)

    def test_dry_run(self):
        before = self.site.state()
        said = self.site.ok("member", "set", "--domain", "example.test", "pop3=off", "--dry-run")
        self.assertEqual(self.site.state(), before)
        self.assertIn("user07@example.test: pop3=inherit -> pop3=off\n", said)
        self.assertIn("would change 50 of 50 members\n", said)
        self.assertTrue(self.site.json("member", "set", MANY[0], "pop3=off", "--dry-run")["dry_run"])
        self.assertEqual(self.site.state(), before)

    def test_one_bad_address_changes_none(self):
        self.refused(BAD_DATA, "member", "set", *MANY, "not an address@x", "pop3=off", says="not an address@x")
        self.refused(BAD_DATA, "member", "set", "--stdin", "pop3=off", stdin="\n".join(MANY) + "\nno address\n",
                     says=("standard input, line 51", '"no"'))

    def test_one_refusal_changes_none(self):
        self.site.policy('domain "other.test" { pop3 = forbidden }')
        self.refused(REFUSED, "member", "set", *MANY, "other@other.test", "pop3=on", says="other@other.test")

    def test_who_is_changed_must_be_said(self):
        self.refused(BAD_DATA, "member", "set", "pop3=off", says=("no member is given", "--domain"))
        self.refused(USAGE, "member", "set", "--class", "", "pop3=off", says="no value is given for the option --class")
        self.refused(BAD_DATA, "member", "set", "--domain", "a b", "pop3=off", says="--domain a b")


if __name__ == "__main__":
    unittest.main()
