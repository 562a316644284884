"""postlatch admin ... and postlatch api-key ...: who may manage what, and with which key."""
import datetime
import hashlib
import json
import re
import time
import unittest

from command import BAD_DATA, REFUSED, USAGE, CommandTest

ALICE, BOB = "alice@example.test", "bob@example.test"
KEY = r"pl_key_[\w-]{43}"


class Site(CommandTest):
    def setUp(self):
        super().setUp()
        for domain in ("example.test", "other.test"):
            self.site.ok("domain", "add", domain)
        self.site.ok("domain", "add", "alias.test", "alias_of=other.test")
        for member in (ALICE, BOB):
            self.site.ok("member", "add", member)

    def roles(self):
        return [(row["member"], row["role"], row["domains"]) for row in self.site.json("admin", "list")]

    def records(self, member=None):
        rows = self.site.json("audit", *(("--member", member) if member else ()))
        return [(row["action"], row["object"], row["before"], row["after"]) for row in rows
                if row["action"].startswith(("administrator.", "api-key."))]


class Administrators(Site):
    def test_each_role_has_its_domains(self):
        self.site.ok("admin", "add", ALICE, "--role", "server")
        self.site.ok("admin", "add", BOB, "--role", "helpdesk", "--domains", "other.test,example.test")
        row = self.site.json("admin", "list")[0]
        self.assertLess(abs(row.pop("made_at") - time.time()), 600)
        self.assertTrue(row.pop("made_by"))
        self.assertEqual(row, {"member": ALICE, "role": "server", "domains": []})
        self.assertEqual(self.roles()[1], (BOB, "helpdesk", ["example.test", "other.test"]))
        self.assertEqual(self.site.ok("admin", "list"), "server    %s\nhelpdesk  %s: example.test, other.test\n" % (ALICE, BOB))

    def test_another_role_takes_the_place_of_the_first(self):
        self.site.ok("admin", "add", ALICE, "--role", "helpdesk", "--domains", "example.test")
        self.site.ok("admin", "add", ALICE, "--role", "domain", "--domains", "other.test")
        self.assertEqual(self.roles(), [(ALICE, "domain", ["other.test"])])
        self.assertEqual(self.records(ALICE), [
            ("administrator.set", ALICE, "role=helpdesk domains: example.test", "role=domain domains: other.test"),
            ("administrator.set", ALICE, "", "role=helpdesk domains: example.test")])

    def test_an_alias_is_its_domain(self):
        self.site.ok("admin", "add", "alice@example.test", "--role", "domain", "--domains", "alias.test,other.test")
        self.assertEqual(self.roles(), [(ALICE, "domain", ["other.test"])])

    def test_removed_is_a_member_like_others(self):
        self.site.ok("admin", "add", ALICE, "--role", "domain", "--domains", "example.test")
        self.site.ok("admin", "remove", ALICE)
        self.assertEqual(self.roles(), [])
        self.assertEqual(self.records(ALICE)[0],
                         ("administrator.remove", ALICE, "role=domain domains: example.test", ""))
        self.refused(REFUSED, "admin", "remove", ALICE, says=(ALICE, "is not an administrator", "postlatch admin list"))

    def test_the_last_server_administrator_can_be_removed_here(self):
        self.site.ok("admin", "add", ALICE, "--role", "server")
        self.site.ok("admin", "add", ALICE, "--role", "domain", "--domains", "example.test")
        self.site.ok("admin", "add", ALICE, "--role", "server")
        self.site.ok("admin", "remove", ALICE)
        self.assertEqual(self.roles(), [])

    def test_what_makes_no_sense_is_refused(self):
        for status, options, says in (
                (USAGE, (), "--role"), (BAD_DATA, ("--role", "boss"), "helpdesk, domain or server"),
                (BAD_DATA, ("--role", "nobody"), "helpdesk, domain or server"),
                (BAD_DATA, ("--role", "server", "--domains", "example.test"), "all domains"),
                (BAD_DATA, ("--role", "domain"), "needs a domain"), (REFUSED, ("--role", "helpdesk", "--domains", ","), "no domain"),
                (REFUSED, ("--role", "domain", "--domains", "example.test,none.test"), "no domain none.test"),
                (REFUSED, ("--role", "domain", "--domains", "example.test,,"), "no domain"),
                (BAD_DATA, ("--role", "domain", "--domains", ",".join(["example.test"] * 101)), "no more than 100"),
                (BAD_DATA, ("--role", "domain", "--domains", "x" * 4097), "longer than")):
            with self.subTest(options=options):
                self.refused(status, "admin", "add", ALICE, *options, says=says)
        self.refused(REFUSED, "admin", "add", "nobody@example.test", "--role", "server", says="no such member")

    def test_who_has_no_second_factor_is_told(self):
        self.assertIn("no second factor yet", self.site.run("admin", "add", ALICE, "--role", "server").stderr)

    def test_check_finds_those_without_a_second_factor(self):
        def found():
            rows = json.loads(self.site.run("--json", "check").stdout)
            return [(row["level"], row["text"]) for row in rows if row["topic"] == "console"]

        self.assertEqual(found(), [])
        for member in (ALICE, BOB):
            self.site.ok("admin", "add", member, "--role", "server")
        (level, text), = found()
        self.assertEqual(level, "warning")
        for words in (ALICE + " and 1 more administrators cannot use the console", "postlatch admin remove"):
            self.assertIn(words, text)
        self.site.sql("INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) SELECT id, 1, 1, '' FROM member")
        self.assertEqual(found(), [("ok", "every administrator has a second factor")])

    def test_a_removed_domain_or_member_takes_its_rows_along(self):
        self.site.ok("admin", "add", ALICE, "--role", "domain", "--domains", "other.test,example.test")
        self.site.ok("domain", "remove", "other.test", "--yes")
        self.assertEqual(self.roles(), [(ALICE, "domain", ["example.test"])])
        self.site.ok("member", "remove", ALICE)
        self.assertEqual(self.roles(), [])
        self.assertEqual(self.site.sql("SELECT * FROM administrator_domain"), [])


class Keys(Site):
    def add(self, *options, role="domain", domains="example.test", label="provisioning"):
        more = ("--domains", domains) if domains else ()
        return self.site.json("api-key", "add", "--role", role, "--label", label, *more, *options)

    def test_it_is_shown_once_and_only_its_digest_stored(self):
        said = self.site.ok("api-key", "add", "--role", "server", "--label", "backup")
        key = re.match(r"(%s)\n\nThis is key (\d+), of role server. It is not shown again.\n$" % KEY, said)
        self.assertTrue(key, said)
        digest = hashlib.sha256(key[1].encode()).digest()
        self.assertEqual(self.site.sql("SELECT administrator_id FROM api_key WHERE digest = ?", digest), [(int(key[2]),)])
        self.assertNotIn(key[1], repr(self.site.state()))
        self.assertNotIn(key[1], self.site.ok("api-key", "list") + self.site.ok("--json", "api-key", "list") +
                         self.site.ok("--json", "audit"))

    def test_list_has_the_limits_and_the_last_use(self):
        made = self.add("--networks", "192.0.2.0/24", "--expires", "2099-12-31")
        self.assertRegex(made.pop("key"), "^%s$" % KEY)
        end = int(datetime.datetime(2100, 1, 1).timestamp())
        self.assertEqual(made, {"id": made["id"], "role": "domain", "label": "provisioning", "networks": "192.0.2.0/24",
                                "expires_at": end})
        row, = self.site.json("api-key", "list")
        self.assertLess(abs(row.pop("made_at") - time.time()), 600)
        self.assertTrue(row.pop("made_by"))
        self.assertEqual(row, {**made, "domains": ["example.test"], "last_used_at": 0, "last_used_ip": ""})
        text = self.site.ok("api-key", "list")
        for words in ("provisioning", "domain: example.test; from 192.0.2.0/24", "last used never"):
            self.assertIn(words, text)
        self.site.sql("UPDATE api_key SET last_used_at = 1767225600, last_used_ip = '192.0.2.7'")
        self.assertRegex(self.site.ok("api-key", "list"), r"last used 2\d{3}-.* from 192\.0\.2\.7\n")

    def test_keys_are_no_members_of_the_other_list(self):
        self.add()
        self.assertEqual(self.roles(), [])
        self.site.ok("admin", "add", ALICE, "--role", "server")
        self.assertEqual(len(self.site.json("api-key", "list")), 1)

    def test_a_removed_one_is_gone(self):
        made = self.add()
        self.site.ok("api-key", "remove", str(made["id"]))
        self.assertEqual(self.site.json("api-key", "list"), [])
        name = "api-key %d" % made["id"]
        self.assertEqual(self.records(), [("api-key.remove", name, "role=domain domains: example.test", ""),
                                          ("api-key.add", name, "", "role=domain label=provisioning domains: example.test")])
        self.refused(REFUSED, "api-key", "remove", str(made["id"]), says=("no key", "api-key list"))

    def test_remove_takes_no_administrator(self):
        self.site.ok("admin", "add", ALICE, "--role", "server")
        row, = self.site.sql("SELECT id FROM administrator")
        self.refused(REFUSED, "api-key", "remove", str(row[0]), says="no key")
        for word in ("x", "0", "-1", "1x", ""):
            self.refused(BAD_DATA, "api-key", "remove", "--", word, says="is not an ID")

    def test_what_makes_no_sense_is_refused(self):
        for status, options, says in (
                (USAGE, ("--role", "server"), "--label"), (USAGE, ("--label", "x"), "--role"),
                (BAD_DATA, ("--role", "server", "--label", " "), "label"),
                (BAD_DATA, ("--role", "server", "--label", "x" * 61), "60 characters"),
                (BAD_DATA, ("--role", "server", "--label", "a\nb"), "label"),
                (BAD_DATA, ("--role", "server", "--label", "x" * 300), "longer than"),
                (BAD_DATA, ("--role", "server", "--label", "x", "--networks", "home"), "home"),
                (BAD_DATA, ("--role", "server", "--label", "x", "--expires", "2020-01-01"), "has passed"),
                (BAD_DATA, ("--role", "boss", "--label", "x"), "helpdesk, domain or server"),
                (REFUSED, ("--role", "domain", "--label", "x", "--domains", "none.test"), "no domain none.test")):
            with self.subTest(options=options):
                self.refused(status, "api-key", "add", *options, says=says)


if __name__ == "__main__":
    unittest.main()
