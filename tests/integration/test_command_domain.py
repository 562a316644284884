"""postlatch domain ...: settings of domains, and whom a change of them reaches."""
import json
import os
import unittest

from command import BAD_DATA, REFUSED, USAGE, CommandTest

MEMBERS = ["a@example.test", "b@example.test", "c@example.test"]


class Domain(CommandTest):
    def setUp(self):
        super().setUp()
        self.site.ok("domain", "add", "example.test")
        self.site.ok("member", "set", "--add", *MEMBERS, "active=on")
        self.site.ok("member", "set", "b@example.test", "pop3=on")
        self.site.ok("member", "set", "c@example.test", "pop3=off")

    def pop3(self):
        return [self.holds(member, "pop3")[0] for member in MEMBERS]

    def set(self, *args):
        return self.site.json("domain", "set", "example.test", *args)

    def test_add_list_show_remove(self):
        self.assertEqual(self.site.ok("domain", "add", "Other.Test", "pop3=off", "active=off"), "added other.test\n")
        self.assertIn("pop3=off", self.site.ok("domain", "list"))
        rows = {row["domain"]: row for row in self.site.json("domain", "list")}
        self.assertEqual(sorted(rows), ["example.test", "other.test"])
        self.assertEqual((rows["other.test"]["active"], rows["other.test"]["members"]), (False, 0))
        self.assertEqual(rows["example.test"]["members"], 3)
        shown = self.site.json("domain", "show", "other.test")
        self.assertEqual(shown["settings"]["pop3"], {"value": "off", "source": "domain"})
        self.assertEqual((shown["known"], shown["own"]["imap"]), (True, "inherit"))
        self.assertRegex(self.site.ok("domain", "show", "other.test"), r"(?m)^  pop3 +off +from domain$")
        self.assertEqual(self.site.ok("domain", "remove", "other.test"), "removed other.test with 0 members\n")
        self.assertEqual(len(self.site.json("domain", "list")), 1)

    def test_days_of_grace_of_its_own(self):
        days = lambda: self.site.json("domain", "show", "example.test")["two_factor_grace_days"]
        self.assertEqual(days(), "inherit")
        self.assertRegex(self.site.ok("domain", "show", "example.test"), r"(?m)^days of grace +0 \(of the policy file\)$")
        self.set("two_factor_grace_days=21")
        self.assertEqual(days(), "21")
        self.assertRegex(self.site.ok("domain", "show", "example.test"), r"(?m)^days of grace +21 \(its own\)$")
        self.refused(BAD_DATA, "domain", "set", "example.test", "two_factor_grace_days=366", says=("up to 365",))
        self.refused(BAD_DATA, "domain", "set", "example.test", "two_factor_grace_day=1",
                          says=("did you mean two_factor_grace_days?",))
        self.refused(BAD_DATA, "member", "set", MEMBERS[0], "two_factor_grace_days=1")
        self.set("two_factor_grace_days=inherit")
        self.assertEqual(days(), "inherit")

    def test_domains_and_names_in_letters_of_all_languages(self):
        self.site.ok("domain", "add", "한국.test", "imap=off")
        self.assertIn("한국.test", self.site.ok("domain", "list"))
        self.assertRegex(self.site.ok("domain", "show", "xn--3e0b707e.test"),
                         r"(?m)^domain +한국\.test\nA-labels +xn--3e0b707e\.test$")
        self.assertEqual(self.site.json("domain", "show", "한국.TEST")["domain"], "xn--3e0b707e.test")
        self.site.ok("member", "add", "홍길동@한국.test")
        self.assertIn("홍길동@한국.test", self.site.ok("member", "list"))
        for name in ("홍길동@한국.test", "홍길동@xn--3e0b707e.test", "홍길동@한국.test."):
            explained = json.loads(self.site.run("--json", "explain", name, "--service", "imap").stdout)
            self.assertEqual((explained["member"], explained["verdict"]), ("홍길동@xn--3e0b707e.test", "deny"), name)
        self.refused(BAD_DATA, "member", "add", "a\u200bb@한국.test", says="character that is not allowed")

    def test_an_alias_has_the_members_of_its_domain(self):
        self.site.ok("domain", "add", "alias.test", "alias_of=Example.test")
        self.site.ok("domain", "set", "example.test", "imap=off")
        self.assertRegex(self.site.ok("domain", "list"), r"(?m)^alias\.test +on +0  alias of example\.test$")
        self.assertRegex(self.site.ok("domain", "show", "alias.test"), r"(?m)^alias of +example\.test$")
        self.assertEqual(self.site.json("domain", "show", "alias.test")["alias_of"], "example.test")
        run = self.site.run("--json", "explain", "c@alias.test", "--service", "pop3")
        self.assertEqual((run.returncode, json.loads(run.stdout)["member"]), (1, "c@example.test"))
        self.site.ok("member", "set", "c@alias.test", "pop3=on")
        self.assertEqual(self.holds("c@example.test", "pop3")[0], "on")
        self.assertIn("c@example.test", self.site.ok("member", "show", "c@alias.test"))
        self.assertEqual(self.site.json("member", "list", "--domain", "alias.test"),
                         self.site.json("member", "list", "--domain", "example.test"))
        self.assertEqual(self.site.ok("member", "add", "new@alias.test"), "added new@example.test\n")
        self.site.ok("member", "import", "-", stdin="address,imap\nd@alias.test,on\n")
        self.assertEqual(self.holds("d@example.test", "imap")[0], "on")
        self.refused(REFUSED, "domain", "set", "alias.test", "pop3=off", says="is an alias of example.test")
        self.refused(REFUSED, "domain", "add", "far.test", "alias_of=alias.test", says="use example.test")
        self.refused(REFUSED, "domain", "remove", "example.test", says="1 aliases, which would go with it")
        self.site.ok("domain", "set", "alias.test", "active=off")
        self.assertEqual(self.site.run("explain", "c@alias.test", "--service", "pop3").returncode, 1)
        self.assertEqual(self.site.run("explain", "c@example.test", "--service", "pop3").returncode, 0)

    def test_json_of_add_and_remove(self):
        self.assertEqual(self.site.json("domain", "add", "x.test"), {"domain": "x.test"})
        self.assertEqual(self.site.json("domain", "remove", "x.test"), {"domain": "x.test", "members": 0})

    def test_show_of_a_domain_that_only_the_policy_file_knows(self):
        self.site.policy('domain "far.test" { imap = off }')
        shown = self.site.json("domain", "show", "far.test")
        self.assertTrue(shown["known"])
        self.assertEqual(shown["settings"]["imap"], {"value": "off", "source": "policy-domain"})
        self.assertIn("yes, by its section in the policy file", self.site.ok("domain", "show", "far.test"))

    def test_show_of_a_domain_that_is_not_known(self):
        self.assertFalse(self.site.json("domain", "show", "far.test")["known"])
        self.assertRegex(self.site.ok("domain", "show", "far.test"), r"(?m)^known +no$")

    def test_members_come_only_into_known_domains(self):
        for words in (["member", "add", "a@far.test"], ["member", "set", "--add", "a@far.test", "pop3=off"]):
            with self.subTest(words=words):
                self.refused(REFUSED, *words, says="the domain far.test is not known; `postlatch domain add far.test`")
        self.site.policy('domain "far.test" { }')
        self.site.ok("member", "add", "a@far.test")
        self.assertEqual([row["domain"] for row in self.site.json("domain", "list")], ["example.test"])
        self.site.policy("unknown_domains = allow")
        self.site.ok("member", "add", "a@farther.test")

    def test_an_import_makes_domains_known(self):
        self.site.ok("member", "import", "-", stdin="address\na@far.test\n", )
        self.assertEqual(self.site.ok("domain", "import", "-", stdin="# ours\nFar.test\n\n  new.test # too\n"),
                         "new.test\nadded 1 domain\n")
        self.assertEqual({row["domain"] for row in self.site.json("domain", "list")},
                         {"example.test", "far.test", "new.test"})
        self.assertEqual(self.site.json("domain", "import", "-", "--dry-run", stdin="x.test"),
                         {"dry_run": True, "added": ["x.test"]})
        self.refused(BAD_DATA, "domain", "import", self.site.write("domains", "a.test\nno domain@\n"),
                     says=("line 2", "no domain@"))
        self.refused(BAD_DATA, "domain", "import", says="give a file, - or --from-postfix")
        self.assertEqual(len(self.site.json("domain", "list")), 3)

    def test_postfix_has_the_domains(self):
        postfix = self.site.path("postfix")
        os.mkdir(postfix)
        self.site.write("postfix/master.cf", "")
        self.site.write("more", "# ours\nfile.test, other-file.test\n")
        self.site.write("mailboxes", "table.test whatever\nalice@ignored.test alice/\n")

        def names(main_cf):
            self.site.write("postfix/main.cf", "compatibility_level = 3.6\nmyhostname = mail.virtual.test\n" + main_cf)
            return self.site.json("domain", "import", "--from-postfix", "--dry-run", "--postfix-conf", postfix)["added"]
        own = "mydestination = $myhostname, localhost.virtual.test, localhost, mail\nmail_domain = virtual.test\n"
        self.assertEqual(names(own + "virtual_mailbox_domains = $mail_domain %s texthash:%s\nrelay_domains = no.test\n" % (
            self.site.path("more"), self.site.path("mailboxes"))),
            ["virtual.test", "file.test", "other-file.test", "table.test"])
        self.assertEqual(names(own + "virtual_alias_domains = alias.test\n"), ["mail.virtual.test"])
        self.assertEqual(set(names("virtual_mailbox_domains = inline:{a.test=b, c.test=d}\n")), {"a.test", "c.test"})
        self.assertEqual(names("mydestination = unix.test, $myhostname\n"), ["unix.test"])
        for table in ("regexp:/etc/passwd", "mysql:/nowhere", "!virtual.test"):
            with self.subTest(table=table):
                self.site.write("postfix/main.cf", "virtual_mailbox_domains = good.test, %s\n" % table)
                self.refused(REFUSED, "domain", "import", "--from-postfix", "--postfix-conf", postfix,
                             says=(table[:6], "virtual_mailbox_domains", "domain import FILE"))

    def test_scope_inheriting_is_the_default_and_reaches_those_without_a_setting(self):
        result = self.set("pop3=off")
        self.assertEqual((result["members"], result["pinned"], result["cleared"], result["affected"]), (3, 0, 0, 1))
        self.assertEqual(self.pop3(), ["off", "on", "off"])
        self.assertEqual(self.set("pop3=off", "--scope", "inheriting")["affected"], 0)

    def test_scope_new_reaches_only_who_joins_later(self):
        result = self.set("pop3=off", "--scope", "new")
        self.assertEqual((result["pinned"], result["cleared"], result["affected"]), (1, 0, 0))
        self.assertEqual(self.pop3(), ["on", "on", "off"])
        self.assertEqual(self.holds("a@example.test", "pop3"), ("on", "member"))
        self.assertEqual(self.holds("later@example.test", "pop3"), ("off", "domain"))

    def test_scope_all_reaches_everyone(self):
        result = self.set("pop3=off", "--scope", "all")
        self.assertEqual((result["pinned"], result["cleared"], result["affected"]), (0, 2, 2))
        self.assertEqual(self.pop3(), ["off", "off", "off"])
        self.assertEqual(self.holds("b@example.test", "pop3"), ("off", "domain"))

    def test_text_says_how_many(self):
        self.assertEqual(self.site.ok("domain", "set", "example.test", "pop3=off", "--scope", "all"),
                         "changed example.test: of 3 members 0 pinned, 2 cleared; something else holds for 2\n")

    def test_dry_run_tells_the_same_and_changes_nothing(self):
        for scope in ("inheriting", "new", "all"):
            with self.subTest(scope=scope):
                before = self.site.state()
                dry = self.set("pop3=off", "--scope", scope, "--dry-run")
                self.assertEqual(self.site.state(), before)
                self.assertTrue(dry.pop("dry_run"))
                done = self.set("pop3=off", "--scope", scope)
                self.assertFalse(done.pop("dry_run"))
                self.assertEqual(dry, done)
                self.site.ok("domain", "set", "example.test", "pop3=inherit", "--scope", "all")
                self.site.ok("member", "set", "b@example.test", "pop3=on")
                self.site.ok("member", "set", "c@example.test", "pop3=off")

    def test_other_domains_are_not_touched(self):
        self.site.ok("domain", "add", "other.test")
        self.site.ok("member", "add", "a@other.test", "pop3=on")
        self.set("pop3=off", "--scope", "all")
        self.assertEqual(self.holds("a@other.test", "pop3"), ("on", "member"))

    def test_forbidden_in_the_policy_file(self):
        self.site.policy('domain "example.test" { pop3 = forbidden }\ndefaults { forwarding = forbidden }')
        self.assertEqual(self.pop3(), ["off"] * 3)
        self.assertEqual(self.holds("b@example.test", "pop3"), ("off", "forbidden"))
        for words in (["domain", "set", "example.test", "pop3=on"], ["member", "set", "a@example.test", "pop3=on"],
                      ["domain", "add", "new.test", "forwarding=on"],
                      ["member", "add", "n@example.test", "forwarding=on"]):
            with self.subTest(words=words):
                self.refused(REFUSED, *words, says=("cannot be switched on", self.site.policy_file, "forbids it"))
        self.set("pop3=off")

    def test_removing_a_domain_with_members_needs_yes(self):
        self.site.ok("app-password", "create", "a@example.test")
        self.refused(REFUSED, "domain", "remove", "example.test", says=("3 members", "--yes"))
        self.assertIn("with 3 members", self.site.ok("domain", "remove", "example.test", "--yes"))
        self.assertEqual(self.site.json("member", "list"), [])
        self.assertEqual(self.site.sql("SELECT * FROM app_password"), [])

    def test_what_is_refused(self):
        self.refused(REFUSED, "domain", "add", "example.test", says=("example.test", "already exists", "domain set"))
        self.refused(REFUSED, "domain", "set", "far.test", "pop3=off", says=("far.test", "postlatch domain add"))
        self.refused(REFUSED, "domain", "remove", "far.test", says="there is no domain far.test")

    def test_wrong_values(self):
        set_ = ["domain", "set", "example.test"]
        self.refused(BAD_DATA, *set_, "pop3=maybe", says=("pop3=maybe", "on, off, inherit"))
        self.refused(BAD_DATA, *set_, "pop3=forbidden", says="it must be one of on, off, inherit")
        self.refused(BAD_DATA, *set_, "popp3=on", says=('"popp3" (did you mean pop3?)', "active, alias_of, two_factor_grace_days, webmail, imap, pop3"))
        self.refused(BAD_DATA, *set_, "pop3", says=("pop3", "name=value"))
        self.refused(BAD_DATA, *set_, "class=staff", says="class")
        self.refused(BAD_DATA, *set_, "active=inherit", says=("active=inherit", "on or off"))
        self.refused(BAD_DATA, *set_, "pop3=off", "--scope", "some", says=("--scope some", "inheriting, new or all"))
        self.refused(USAGE, *set_, "pop3=off", "--scope", "", says="no value is given for the option --scope")
        for name in ("ex ample", "a..b", ".a", "a@b", "", "x" * 256):
            self.refused(BAD_DATA, "domain", "add", name, says=("domain", "write it as example.com"))


if __name__ == "__main__":
    unittest.main()
