"""postlatch totp, session, device and client: what an administrator sees and ends."""
import os
import stat
import time
import unittest

from command import BAD_DATA, CONFIG, DONE, REFUSED, TRY_AGAIN, USAGE, CommandTest

ALICE = "alice@example.test"
BOB = "bob@example.test"
CALLBACK = "https://mail.example.test/cb"


class FactorTest(CommandTest):
    """Two members; rows of theirs are written as the portal writes them."""

    def setUp(self):
        super().setUp()
        for number, member in enumerate((ALICE, BOB), 1):
            self.site.ok("member", "add", member)
            self.assertEqual(self.member_id(member), number)
        self.now = int(time.time())

    def member_id(self, member):
        return self.site.sql("SELECT id FROM member WHERE local = ?", member.split("@")[0])[0][0]

    def add(self, table, **values):
        columns = ", ".join(values)
        places = ", ".join("?" * len(values))
        return self.site.sql("INSERT INTO %s (%s) VALUES (%s) RETURNING rowid" % (table, columns, places),
                             *values.values())[0][0]

    def add_factor(self, member):
        self.add("second_factor", member_id=self.member_id(member), kinds=1, registered_at=self.now - 60,
                 registered_ip="192.0.2.7")
        self.add("totp", member_id=self.member_id(member), registered_at=self.now - 60, registered_ip="192.0.2.7",
                 secret=b"sealed")

    def add_device(self, member, name="Windows 10, Chrome", **more):
        series = os.urandom(32)
        return self.add("trusted_device", member_id=self.member_id(member), series=series, value=series,
                        rotated_at=self.now, generation=more.get("generation", 0), name=name, used_at=self.now,
                        created_at=self.now, expires_at=more.get("expires_at", self.now + 86400), ip="192.0.2.8")

    def add_session(self, member, device="Firefox", pending=0, trusted_id=None, expires_at=None):
        return self.add("session", member_id=self.member_id(member), channel="webmail", generation=0, pending=pending,
                        created_at=self.now, expires_at=expires_at or self.now + 3600, ip="192.0.2.9",
                        device=device, cookie=os.urandom(32), seen_at=self.now, trusted_id=trusted_id)

    def sessions(self, member):
        return [row["id"] for row in self.site.json("session", "list", member)]

    def devices(self, member):
        return [row["id"] for row in self.site.json("device", "list", member)]

    def actions(self, member):
        return [row["action"] for row in self.site.json("audit", "--member", member)]


class Totp(FactorTest):
    def test_status_of_a_member_without_factor(self):
        for member in (ALICE, "stranger@elsewhere.test"):
            self.assertEqual(self.site.json("totp", "status", member), {
                "member": member, "known": member == ALICE, "registered": False, "registered_at": 0,
                "registered_ip": "", "failures": 0, "blocked": False, "wait_until": 0, "recovery_codes": 0})
        self.assertRegex(self.site.ok("totp", "status", ALICE), r"(?m)^registered +no$")

    def test_status_tells_of_failures(self):
        self.add_factor(ALICE)
        self.add("recovery_code", member_id=1, mac=b"x" * 32, key_id=1)
        self.add("factor_failure", member_id=1, failures=7, failed_at=self.now)
        status = self.site.json("totp", "status", ALICE)
        self.assertEqual((status["registered"], status["registered_at"], status["registered_ip"]),
                         (True, self.now - 60, "192.0.2.7"))
        self.assertEqual((status["failures"], status["blocked"], status["wait_until"], status["recovery_codes"]),
                         (7, False, self.now + 60, 1))
        text = self.site.ok("totp", "status", ALICE)
        for words in ("registered +yes", r"192\.0\.2\.7", "7: no code is accepted until 2", "left +1"):
            self.assertRegex(text, words)
        self.site.sql("UPDATE factor_failure SET failures = 100")
        self.assertTrue(self.site.json("totp", "status", ALICE)["blocked"])
        self.assertIn("100: blocked until `postlatch totp reset`", self.site.ok("totp", "status", ALICE))

    def test_reset_takes_everything_and_ends_sessions(self):
        for member in (ALICE, BOB):
            self.add_factor(member)
            self.add_session(member, trusted_id=self.add_device(member))
        self.add("factor_failure", member_id=1, failures=100, failed_at=self.now)
        self.assertEqual(self.site.json("totp", "reset", ALICE), {"member": ALICE, "removed": True})
        self.assertEqual(self.site.sql("SELECT member_id FROM totp"), [(2,)])
        self.assertEqual(self.site.json("totp", "status", ALICE)["failures"], 0)
        self.assertEqual((self.sessions(ALICE), self.devices(ALICE)), ([], []))
        self.assertEqual((len(self.sessions(BOB)), len(self.devices(BOB))), (1, 1))
        self.assertEqual(self.actions(ALICE)[:2], ["session.revoke-all", "second-factor.reset"])
        self.assertIn("no second factor", self.site.ok("totp", "reset", ALICE))

    def test_reset_of_a_stranger(self):
        self.refused(REFUSED, "totp", "reset", "stranger@elsewhere.test", says="no such member: stranger@elsewhere.test")
        self.refused(BAD_DATA, "totp", "reset", "two@@example.test", says="two@@example.test")
        self.assertEqual(self.site.run("totp", "reset").returncode, USAGE)


class Sessions(FactorTest):
    def test_list_shows_what_is_signed_in(self):
        first = self.add_session(ALICE, "Firefox\x1b[31m", trusted_id=self.add_device(ALICE))
        self.add_session(ALICE, pending=1)
        self.add_session(ALICE, expires_at=self.now - 1)
        self.add_session(BOB)
        row, = self.site.json("session", "list", ALICE)
        self.assertEqual(row, {"id": first, "device": "Firefox\x1b[31m", "ip": "192.0.2.9", "channel": "webmail",
                               "created_at": self.now, "seen_at": self.now, "expires_at": self.now + 3600,
                               "device_trusted": True})
        text = self.site.ok("session", "list", ALICE)
        self.assertIn("Firefox?[31m, trusted", text)
        self.assertEqual(self.site.json("db", "status")["sessions"], 2)
        self.refused(REFUSED, "session", "list", "stranger@elsewhere.test", says="no such member")

    def test_revoke_one_with_its_trust(self):
        kept = self.add_device(ALICE)
        gone, other = self.add_session(ALICE, trusted_id=self.add_device(ALICE)), self.add_session(ALICE)
        self.add("token", digest=b"t" * 32, session_id=gone, expires_at=self.now + 60)
        self.assertEqual(self.site.ok("session", "revoke", ALICE, str(gone)), "revoked 1 sessions\n")
        self.assertEqual((self.sessions(ALICE), self.devices(ALICE)), ([other], [kept]))
        self.assertEqual(self.site.sql("SELECT COUNT(*) FROM token"), [(0,)])
        self.assertEqual(self.actions(ALICE)[0], "session.revoke")

    def test_revoke_all(self):
        self.add_session(ALICE), self.add_session(ALICE), self.add_device(ALICE)
        others = self.add_session(BOB)
        self.assertEqual(self.site.json("session", "revoke", ALICE, "--all"), {"revoked": 2})
        self.assertEqual((self.sessions(ALICE), self.devices(ALICE)), ([], []))
        self.assertEqual(self.sessions(BOB), [others])

    def test_refusals(self):
        others = self.add_session(BOB)
        revoke = ["session", "revoke"]
        self.refused(REFUSED, *revoke, ALICE, "99", says=(ALICE, "no session 99"))
        self.refused(REFUSED, *revoke, ALICE, str(others), says="no session")
        self.refused(USAGE, *revoke, ALICE, says=("ID", "--all"))
        self.refused(USAGE, *revoke, ALICE, "1", "--all", says="--all")
        self.refused(BAD_DATA, *revoke, ALICE, "1x", says=('"1x"', "`postlatch session list`"))


class Devices(FactorTest):
    def test_list_and_revoke(self):
        first, second = self.add_device(ALICE, "Phone"), self.add_device(ALICE, "Laptop")
        self.add_device(ALICE, expires_at=self.now - 1)
        others = self.add_device(BOB)
        rows = {row["id"]: row for row in self.site.json("device", "list", ALICE)}
        self.assertEqual(set(rows), {first, second})
        self.assertEqual(rows[first], {"id": first, "name": "Phone", "ip": "192.0.2.8", "created_at": self.now,
                                       "used_at": self.now, "expires_at": self.now + 86400})
        self.assertIn("Laptop", self.site.ok("device", "list", ALICE))
        self.assertEqual(self.site.json("device", "revoke", ALICE, str(first)), {"revoked": 1})
        self.assertEqual(self.devices(ALICE), [second])
        self.assertIn("revoked", self.site.ok("device", "revoke", ALICE, "--all"))
        self.assertEqual((self.devices(ALICE), self.devices(BOB)), ([], [others]))
        self.assertEqual(self.actions(ALICE)[:2], ["trusted-device.remove"] * 2)

    def test_who_is_signed_in_there_stays_so(self):
        device = self.add_device(ALICE)
        session = self.add_session(ALICE, trusted_id=device)
        self.site.ok("device", "revoke", ALICE, str(device))
        self.assertEqual(self.sessions(ALICE), [session])

    def test_refusals(self):
        others = self.add_device(BOB)
        self.refused(REFUSED, "device", "revoke", ALICE, str(others), says=(ALICE, "no trusted device %d" % others))
        self.refused(USAGE, "device", "revoke", ALICE, says="--all")
        self.refused(BAD_DATA, "device", "revoke", ALICE, "0", says=('"0"', "`postlatch device list`"))


class Clients(CommandTest):
    def add(self, *options):
        return self.site.json("client", "add", *options)

    def test_secret_is_shown_once(self):
        said = self.site.ok("client", "add", "webmail", "--redirect-uri", CALLBACK)
        secret, rest = said.split("\n", 1)
        self.assertRegex(secret, "^pl_cs_[A-Za-z0-9_-]{43}$")
        self.assertEqual(rest, "\nThis is the secret of client webmail. It is not shown again.\n")
        for shown in (self.site.ok("client", "list"), self.site.ok("--json", "client", "list"),
                      self.site.ok("audit"), str(self.site.state())):
            self.assertNotIn(secret[6:], shown)

    def test_json_and_list(self):
        made = self.add("webmail", "--redirect-uri", CALLBACK + ",http://localhost:8080/cb", "--name", "Webmail",
                        "--logout-uri", "https://mail.example.test/")
        self.assertRegex(made.pop("secret"), "^pl_cs_")
        self.assertLess(abs(made["created_at"] - time.time()), 600)
        self.assertEqual(self.site.json("client", "list"), [made])
        self.assertEqual({**made, "created_at": 0}, {
            "id": "webmail", "name": "Webmail", "confidential": True, "channel": "webmail", "created_at": 0,
            "redirect_uris": [CALLBACK, "http://localhost:8080/cb"], "logout_uris": ["https://mail.example.test/"],
            "id_token_alg": "RS256", "mail_implied": False, "registered_itself": False})
        text = self.site.ok("client", "list")
        for words in ("webmail (Webmail): confidential, channel webmail", CALLBACK, "https://mail.example.test/"):
            self.assertIn(words, text)

    def test_public_client_has_no_secret(self):
        made = self.add("phone", "--public", "--channel", "client", "--redirect-uri", CALLBACK)
        self.assertNotIn("secret", made)
        self.assertEqual((made["confidential"], made["channel"]), (False, "client"))
        self.assertEqual(self.site.sql("SELECT secret FROM oauth_client"), [(None,)])
        self.assertIn("PKCE", self.site.ok("client", "add", "other", "--public", "--redirect-uri", CALLBACK))

    def test_client_that_only_asks_about_tokens(self):
        made = self.add("dovecot", "--introspection")
        self.assertRegex(made["secret"], "^pl_cs_")
        self.assertEqual((made["confidential"], made["redirect_uris"]), (True, []))
        self.assertIn("only asks about tokens", self.site.ok("client", "list"))
        for more in (("--redirect-uri", CALLBACK), ("--public",)):
            self.refused(BAD_DATA, "client", "add", "other", "--introspection", *more, says="signs nobody in")

    def test_first_client_makes_the_signing_keys(self):
        self.assertEqual(self.site.json("signing-key", "list"), [])
        self.add("first", "--redirect-uri", CALLBACK)
        keys = self.site.json("signing-key", "list")
        self.assertEqual(sorted(key["alg"] for key in keys), ["ES256", "RS256"])
        self.add("second", "--redirect-uri", CALLBACK)
        self.assertEqual(self.site.json("signing-key", "list"), keys)
        text = self.site.ok("signing-key", "list")
        for key in keys:
            self.assertIn("%s %s since" % (key["id"], key["alg"]), text)

    def test_keys_are_replaced(self):
        self.add("webmail", "--redirect-uri", CALLBACK)
        old = {key["id"] for key in self.site.json("signing-key", "list")}
        keys = self.site.json("signing-key", "rotate")
        self.assertEqual({key["id"]: key["retired_at"] is not None for key in keys if key["id"] in old},
                         dict.fromkeys(old, True))
        self.assertEqual(sorted(key["alg"] for key in keys if key["retired_at"] is None), ["ES256", "RS256"])
        self.assertEqual(len(self.site.json("signing-key", "rotate", "--at-once")), 2)
        self.assertEqual(self.site.json("audit")[0]["action"], "signing-key.add")

    def test_remove(self):
        self.add("webmail", "--redirect-uri", CALLBACK)
        self.assertEqual(self.site.json("client", "remove", "webmail"), {"removed": "webmail"})
        self.assertEqual(self.site.json("client", "list"), [])
        self.refused(REFUSED, "client", "remove", "webmail", says=("no such client: webmail", "client list"))
        self.assertEqual([row["action"] for row in self.site.json("audit")], ["client.remove", "client.add", "signing-key.add", "signing-key.add"])

    def test_refusals(self):
        self.add("webmail", "--redirect-uri", CALLBACK)
        add = ["client", "add"]
        self.refused(REFUSED, *add, "webmail", "--redirect-uri", CALLBACK, says="client webmail already exists")
        self.refused(BAD_DATA, *add, "new", says="--redirect-uri")
        for uri in ("http://mail.example.test/cb", CALLBACK + "#x", "mail.example.test", "https://"):
            self.refused(BAD_DATA, *add, "new", "--redirect-uri", uri, says=("client new", "https://"))
        self.refused(BAD_DATA, *add, "new", "--redirect-uri", CALLBACK, "--logout-uri", "javascript:x",
                     says="log-out URI javascript:x")
        self.refused(BAD_DATA, *add, "new", "--redirect-uri", CALLBACK, "--id-token-alg", "HS256", says="RS256 or ES256")
        self.refused(BAD_DATA, *add, "a b", "--redirect-uri", CALLBACK, says="letters, digits")
        self.refused(BAD_DATA, *add, "x" * 65, "--redirect-uri", CALLBACK, says="64")
        self.refused(BAD_DATA, *add, "new", "--redirect-uri", CALLBACK, "--channel", "fax", says="client or webmail")

    def test_seal_key_is_needed_and_never_made_anew(self):
        key = self.site.path("seal.key")
        os.chmod(key, stat.S_IRUSR | stat.S_IROTH)
        self.refused(TRY_AGAIN, "client", "add", "new", "--redirect-uri", CALLBACK, says=("seal.key", "chmod"))
        os.unlink(key)
        self.refused(TRY_AGAIN, "client", "add", "new", "--redirect-uri", CALLBACK, says="seal.key")
        self.assertFalse(os.path.exists(key))
        self.assertEqual(self.site.run("client", "list").returncode, DONE)

    def test_another_seal_key_is_noticed(self):
        self.add("webmail", "--redirect-uri", CALLBACK)
        os.unlink(self.site.path("seal.key"))
        self.site.write("seal.key", "1 " + "0f" * 32 + "\n")
        os.chmod(self.site.path("seal.key"), 0o600)
        self.refused(CONFIG, "client", "add", "new", "--redirect-uri", CALLBACK, says="signing key")


if __name__ == "__main__":
    unittest.main()
