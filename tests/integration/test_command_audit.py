"""postlatch audit: who changed what, from where, before and after."""
import getpass
import time
import unittest

from command import BAD_DATA, CommandTest

ALICE = "alice@example.test"


class Audit(CommandTest):
    def records(self, *options):
        return self.site.json("audit", *options)

    def last(self):
        return self.records("--limit", "1")[0]

    def what(self, record):
        return record["action"], record["object"], record["before"], record["after"]

    def test_every_change_leaves_a_record(self):
        for words, expected in (
                (["domain", "add", "example.test", "imap=off"],
                 ("domain.add", "example.test", "", "active=on imap=off")),
                (["domain", "set", "example.test", "imap=on"],
                 ("domain.set", "example.test", "imap=off", "imap=on scope=inheriting members-changed=0")),
                (["member", "add", ALICE, "pop3=off"], ("member.add", ALICE, "", "pop3=off")),
                (["member", "set", ALICE, "pop3=on", "class=staff", "active=off"],
                 ("member.set", ALICE, "active=on class= pop3=off", "active=off class=staff pop3=on")),
                (["domain", "set", "example.test", "pop3=off", "--scope", "all"],
                 ("domain.set", "example.test", "pop3=inherit", "pop3=off scope=all members-changed=1")),
                (["app-password", "create", ALICE, "--label", "phone", "--services", "imap"],
                 ("app-password.create", ALICE, "", "id=1 kind=mail services=imap networks=all expires=0 label=phone")),
                (["app-password", "revoke", ALICE, "1"], ("app-password.revoke", ALICE, "id=1 label=phone", "")),
                (["member", "remove", ALICE], ("member.remove", ALICE, "active=off class=staff", "")),
                (["domain", "remove", "example.test"], ("domain.remove", "example.test", "members=0", ""))):
            with self.subTest(words=words):
                self.site.ok(*words)
                self.assertEqual(self.what(self.last()), expected)

    def test_import_records_each_member(self):
        self.site.ok("member", "import", "-", stdin="address,pop3\na@x.test,off\nb@x.test,on\n")
        self.assertEqual([self.what(record) for record in self.records("--limit", "2")],
                         [("member.add", "b@x.test", "", "pop3=on"), ("member.add", "a@x.test", "", "pop3=off")])

    def test_what_changes_nothing_leaves_none(self):
        self.site.ok("member", "add", ALICE, "pop3=off")
        before = self.records()
        self.site.ok("member", "set", ALICE, "pop3=off")
        self.site.ok("member", "set", ALICE, "pop3=on", "--dry-run")
        self.site.run("member", "set", ALICE, "pop3=on", "no address")
        self.assertEqual(self.records(), before)

    def test_who_and_when_and_from_where(self):
        self.site.ok("member", "add", ALICE)
        record = self.last()
        self.assertEqual((record["who"], record["from"]), (getpass.getuser(), "local"))
        self.assertLess(abs(record["at"] - time.time()), 600)

    def test_sudo_and_ssh(self):
        self.site.ok("member", "add", ALICE,
                     env={"SUDO_USER": "operator", "SSH_CONNECTION": "192.0.2.7 51234 192.0.2.1 22"})
        self.assertEqual((self.last()["who"], self.last()["from"]), ("operator", "192.0.2.7"))
        text = self.site.ok("audit", "--limit", "1")
        self.assertRegex(text, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d operator from 192\.0\.2\.7: "
                               r"member\.add %s\n$" % ALICE)

    def test_a_strange_name_is_written_plainly(self):
        for name, value in ((b"\xff\xfeme", "on"), (b"a\nb", "off"), (b"\x1b[2J", "on"), (b"x" * 500, "off")):
            self.site.ok("member", "set", "--add", ALICE, "pop3=" + value, env={"SUDO_USER": name})
            self.assertRegex(self.last()["who"], r"^[!-~]{1,63}$")
            self.assertEqual(len(self.site.ok("audit", "--limit", "1").splitlines()), 1)

    def test_newest_first(self):
        self.site.ok("member", "add", ALICE)
        self.site.ok("member", "set", ALICE, "pop3=off")
        self.assertEqual([record["action"] for record in self.records()], ["member.set", "member.add"])
        self.assertRegex(self.site.ok("audit"), r"^\S+ \S+ \S+ from local: member.set %s \[pop3=inherit\] -> "
                                                r"\[pop3=off\]\n" % ALICE)

    def test_filters(self):
        self.site.ok("member", "add", ALICE)
        self.site.ok("member", "add", "bob@example.test")
        self.site.ok("member", "add", "eve@notexample.test")
        self.assertEqual([r["object"] for r in self.records("--member", "Alice@Example.Test")], [ALICE])
        self.assertEqual([r["object"] for r in self.records("--domain", "example.test")],
                         ["bob@example.test", ALICE])
        self.assertEqual(len(self.records("--limit", "2")), 2)
        self.assertEqual(self.records("--since", "2099-01-01"), [])
        self.assertEqual(len(self.records("--since", "2020-01-01", "--domain", "example.test")), 2)
        self.site.sql("UPDATE audit SET at = 1000 WHERE object = ?", ALICE)
        self.assertEqual(len(self.records("--since", "2020-01-01", "--domain", "example.test")), 1)

    def test_wildcards_in_a_domain_are_no_wildcards(self):
        self.site.ok("member", "add", "a@xay.test")
        self.assertEqual(self.records("--domain", "x_y.test"), [])

    def test_a_hundred_by_default(self):
        self.site.ok("member", "set", "--add", *["m%03d@x.test" % i for i in range(150)], "pop3=off")
        self.assertEqual(len(self.records()), 100)
        self.assertEqual(len(self.records("--limit", "1000")), 150)

    def test_wrong_values(self):
        for words, *says in ((["--limit", "0"], "--limit 0", "above 0"), (["--limit", "3x"], "--limit 3x"),
                             (["--limit", "99999999999"], "--limit 99999999999"), (["--limit", "-1"], "--limit -1"),
                             (["--since", "yesterday"], '"yesterday"', "2026-01-31"),
                             (["--since", "2026-02-30"], "02-30"),
                             (["--member", "nobody"], '"nobody"'), (["--domain", "a b"], "--domain a b")):
            with self.subTest(words=words):
                self.refused(BAD_DATA, "audit", *words, says=says)

    def test_a_change_without_a_record_is_none(self):
        self.site.sql("CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no record'); END")
        before = self.site.state()
        for words in (["domain", "add", "example.test"], ["member", "add", ALICE],
                      ["member", "set", "--add", ALICE, "pop3=off"], ["app-password", "create", ALICE]):
            self.assertNotEqual(self.site.run(*words).returncode, 0)
        self.assertEqual(self.site.state(), before)


if __name__ == "__main__":
    unittest.main()
