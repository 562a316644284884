"""postlatch app-password ...: shown once and nowhere else."""
import datetime
import glob
import re
import time
import unittest

from command import BAD_DATA, REFUSED, USAGE, CommandTest

ALICE = "alice@example.test"
SHAPE = r"[a-z]{4}( [a-z]{4}){3}"


class AppPassword(CommandTest):
    def create(self, *options):
        return self.site.json("app-password", "create", ALICE, *options)

    def test_text_shows_it_once(self):
        said = self.site.ok("app-password", "create", ALICE, "--label", "phone")
        self.assertRegex(said, r"^%s\n\nThis app password of alice@example.test opens imap, pop3, smtp and sieve. "
                               r"It is not shown again.\n$" % SHAPE)

    def test_who_was_no_member_before_is_told(self):
        words = ("app-password", "create", "alcie@example.test", "--label", "phone")
        self.assertEqual(self.site.run(*words).stderr, "postlatch: alcie@example.test was not a member before; see that "
                                                       "it is spelled right\n")
        self.assertEqual(self.site.run(*words).stderr, "")

    def test_json_and_list(self):
        networks = "192.0.2.0/24, 2001:db8::/32"
        made = self.create("--label", "scanner", "--services", "smtp,imap", "--networks", networks)
        self.assertRegex(made["password"], "^%s$" % SHAPE)
        row, = self.site.json("app-password", "list", ALICE)
        self.assertLess(abs(row.pop("created_at") - time.time()), 600)
        self.assertEqual(row, {"id": made["id"], "kind": "mail", "label": "scanner", "services": "imap,smtp", "expires_at": 0,
                               "networks": networks, "last_used_at": 0, "last_used_ip": "",
                               "last_used_service": ""})
        text = self.site.ok("app-password", "list", ALICE)
        for words in ("scanner", "mail, opens imap,smtp from 192.0.2.0/24", "expires never", "last used never"):
            self.assertIn(words, text)

    def test_the_kind_decides_what_it_opens(self):
        for kind, services in (("mail", "all"), ("scanner", "smtp"), ("script", "all")):
            made = self.create("--kind", kind)
            self.assertEqual((made["kind"], made["services"]), (kind, services))
        self.assertEqual([row["kind"] for row in self.site.json("app-password", "list", ALICE)],
                         ["mail", "scanner", "script"])
        self.assertIn("scanner, opens smtp", self.site.ok("app-password", "list", ALICE))
        self.assertEqual(self.create("--kind", "script", "--services", "sieve")["services"], "sieve")
        self.refused(BAD_DATA, "app-password", "create", ALICE, "--kind", "scanner", "--services", "imap,smtp",
                     says=("scanner", "covers smtp"))
        self.refused(BAD_DATA, "app-password", "create", ALICE, "--kind", "fax",
                     says=('"fax"', "mail, scanner, script and decoy"))

    def test_each_is_another(self):
        self.assertEqual(len({self.create()["password"] for _ in range(10)}), 10)

    def test_length_follows_the_policy_file(self):
        self.site.policy("app_password_length = 24")
        self.assertRegex(self.create()["password"], r"^[a-z]{4}( [a-z]{4}){5}$")

    def test_expiry(self):
        end = self.create("--expires", "2099-01-31")["expires_at"]
        self.assertEqual(datetime.datetime.fromtimestamp(end), datetime.datetime(2099, 2, 1))
        self.assertLess(abs(self.create("--expires", "90d")["expires_at"] - time.time() - 90 * 86400), 600)

    def test_revoke_one(self):
        kept, gone = self.create(), self.create()
        self.assertEqual(self.site.ok("app-password", "revoke", ALICE, str(gone["id"])), "revoked 1 app passwords\n")
        self.assertEqual([row["id"] for row in self.site.json("app-password", "list", ALICE)], [kept["id"]])

    def test_revoke_all(self):
        self.create(), self.create()
        other = self.site.json("app-password", "create", "bob@example.test")
        self.assertEqual(self.site.json("app-password", "revoke", ALICE, "--all"), {"revoked": 2})
        self.assertEqual(self.site.json("app-password", "list", ALICE), [])
        self.assertEqual(self.site.json("app-password", "list", "bob@example.test")[0]["id"], other["id"])
        self.assertEqual(self.site.json("app-password", "revoke", ALICE, "--all"), {"revoked": 0})

    def test_revoke_refusals(self):
        made = self.create()
        revoke = ["app-password", "revoke"]
        self.refused(REFUSED, *revoke, ALICE, "999", says=("alice@example.test", "no app password 999"))
        self.refused(REFUSED, *revoke, "bob@example.test", str(made["id"]), says="bob@example.test")
        self.refused(BAD_DATA, *revoke, ALICE, "seven", says=('"seven"', "app-password list"))
        self.refused(USAGE, *revoke, ALICE, says=("ID", "--all"))
        self.refused(USAGE, *revoke, ALICE, str(made["id"]), "--all", says="--all")
        for words in (("list",), ("revoke", "--all")):
            self.refused(REFUSED, "app-password", words[0], "stranger@example.test", *words[1:],
                         says="no such member: stranger@example.test")

    def test_at_most_twenty(self):
        row = self.create()
        for number in range(19):
            self.site.sql("INSERT INTO app_password (member_id, mac, key_id, label, services, networks, "
                          "expires_at, created_at) SELECT member_id, ?, key_id, label, services, networks, 0, 0 "
                          "FROM app_password WHERE id = ?", b"%032d" % number, row["id"])
        self.refused(REFUSED, "app-password", "create", ALICE, says=("20 app passwords", "revoke one first"))

    def test_wrong_options(self):
        create = ["app-password", "create", ALICE]
        for option, value, *says in (("--services", "webmail", '"webmail"', "imap, pop3, smtp and sieve"),
                                     ("--services", "imap,fax", '"fax"'), ("--services", ",", "names none"),
                                     ("--networks", "192.0.2", '"192.0.2"', "write it as"),
                                     ("--networks", "192.0.2.1/33", "192.0.2.1/33"),
                                     ("--expires", "2020-01-01", "--expires 2020-01-01", "has passed"),
                                     ("--expires", "2030-02-31", "2030-02-31", "write a date"),
                                     ("--expires", "0d", "0d"), ("--expires", "-5d", "-5d"),
                                     ("--expires", "99999999999999999999d", "write a date"),
                                     ("--label", "bell\a", "control characters"),
                                     ("--label", b"\xff", "UTF-8"), ("--label", "x" * 129, "128 characters"),
                                     ("--label", "x" * 10240, "--label", "512 bytes"), ("--label", "\u00a0 ", "1 to 128"),
                                     ("--label", "scan\u202eoffice", "direction"), ("--label", "\u0085", "control"),
                                     ("--networks", "192.0.2.1," * 60, "--networks", "512 bytes")):
            with self.subTest(option=option, value=value):
                self.refused(BAD_DATA, *create, option, value, says=says)
        for option in ("--label", "--services", "--networks", "--expires"):
            self.refused(USAGE, *create, option, "", says="no value is given for the option " + option)

    def test_it_is_found_nowhere_else(self):
        made = self.create("--label", "secret")
        shown, plain = made["password"], made["password"].replace(" ", "")
        answers = [self.site.ok(*json, *words) for json in ([], ["--json"]) for words in (
            ["app-password", "list", ALICE], ["member", "export"], ["member", "list"], ["member", "show", ALICE],
            ["audit"], ["db", "status"], ["explain", ALICE, "--service", "imap", "--credential", "app-password"])]
        self.site.ok("db", "backup", self.site.path("copy.db"))
        for name in glob.glob(self.site.path("**"), recursive=True):
            try:
                with open(name, "rb") as f:
                    answers.append(f.read().decode("latin-1"))
            except IsADirectoryError:
                pass
        for answer in answers:
            self.assertNotIn(shown, answer)
            self.assertNotIn(plain, answer)

    def test_keys_are_found_nowhere(self):
        self.create()
        with open(self.site.path("verify.key")) as f:
            key, = re.findall(r"[0-9a-f]{64}", f.read())
        answers = [self.site.ok(*words) for words in (["--json", "audit"], ["db", "status"], ["member", "export"])]
        with open(self.site.database, "rb") as f:
            answers.append(f.read().decode("latin-1"))
        for answer in answers:
            self.assertNotIn(key, answer)


if __name__ == "__main__":
    unittest.main()
