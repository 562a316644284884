"""Mechanisms that show Dovecot no password, and a passdb block that lacks a line."""
import concurrent.futures
import os
import subprocess
import unittest

from dovecot import INTROSPECTS, RELEASE
from reconfigured import Reconfigured
from sasl import sign_in
from server import BUILD, Server, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
SERVICES = ("imap", "pop3", "smtp", "sieve")
CHALLENGE = ("CRAM-MD5", "SCRAM-SHA-256")


def setUpModule():
    global server
    server = Reconfigured.server = Server().start()


def tearDownModule():
    server.remove()


class NoPassword(Reconfigured):
    """CRAM-MD5 and SCRAM-SHA-256: the gates hold, and the operator's passdb decides the rest."""

    changes = {"auth_mechanisms = plain": "auth_mechanisms = cram-md5 scram-sha-256 plain"}
    if not INTROSPECTS:  # their passdb names its mechanisms, so that tokens pass it by
        changes["plain login none"] = "plain login none cram-md5 scram-sha-256"

    def setUp(self):
        self.reset()
        self.addCleanup(self.reset)

    def reset(self):
        server.postlatch("member", "set", ALICE, "active=on", "imap=inherit", "pop3=inherit", "smtp=inherit",
                         "sieve=inherit", "client_password=inherit")

    def opened(self, password=None, user=ALICE):
        ways = [(service, mechanism) for service in SERVICES for mechanism in CHALLENGE]
        with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
            let_in = pool.map(lambda way: sign_in(server, *way, user, password or server.passwords[user])[0], ways)
            return {way for way, opened in zip(ways, let_in) if opened}

    def all_of(self, services=SERVICES):
        return {(service, mechanism) for service in services for mechanism in CHALLENGE}

    def test_the_account_password_opens_every_service(self):
        self.assertEqual(self.opened(), self.all_of())

    def test_a_wrong_one_opens_none(self):
        self.assertEqual(self.opened("wrong"), set())

    def test_a_switch_closes_its_service(self):
        server.postlatch("member", "set", ALICE, "imap=off", "smtp=off")
        self.assertEqual(self.opened(), self.all_of(("pop3", "sieve")))

    def test_inactive_member(self):
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertEqual(self.opened(), set())

    def test_only_app_passwords(self):
        server.postlatch("member", "set", ALICE, "client_password=never")
        self.assertEqual(self.opened(), set())
        self.assertEqual(self.opened(user=BOB), self.all_of())

    def test_app_passwords_cannot_be_checked_this_way(self):
        self.assertEqual(self.opened(server.app_password(ALICE, label="phone")["password"]), set())

    def test_a_use_is_recorded(self):
        self.assertTrue(sign_in(server, "pop3", "CRAM-MD5", BOB, server.passwords[BOB])[0])
        wait_for(lambda: "pop3" in server.json("member", "show", BOB)["last_used"])


class MasterUsers(Reconfigured):
    """With master users, "other*member" is a name, too. A token opens nothing by it."""

    block = {"2.3": "passdb {\n  driver = passwd-file\n  master = yes\n  args = /dev/null\n}\n",
             "2.4": "passdb masters {\n  driver = passwd-file\n  master = yes\n  passwd_file_path = /dev/null\n}\n"}
    changes = {"auth_mechanisms = plain": "auth_master_user_separator = *\nauth_mechanisms = plain",
               "\nuserdb ": "\n" + block[RELEASE] + "userdb "}

    def test_a_token_is_for_its_member_alone(self):
        issued = subprocess.run([os.path.join(BUILD, "tests/integration/issue_token"), server.env["POLICY_FILE"],
                                 ALICE, "webmail", "3600", "3600"], capture_output=True, text=True, check=True)
        token = issued.stdout.split()[1]
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            self.assertTrue(sign_in(server, "imap", mechanism, ALICE, token)[0])
            for name in (BOB + "*" + ALICE, ALICE + "*" + BOB):
                self.assertFalse(sign_in(server, "imap", mechanism, name, token)[0], (mechanism, name))
        # The last of two names counts.
        self.assertFalse(sign_in(server, "imap", "XOAUTH2", "%s\1user=%s*%s" % (ALICE, BOB, ALICE), token)[0])


class UnsafeBlock(Reconfigured):
    """Without return-fail Dovecot would ask the operator's passdb when this one cannot tell."""

    file = "conf.d/05-postlatch.conf"
    changes = {"\n  result_internalfail = return-fail": ""}

    def test_nobody_gets_in_and_the_log_says_why(self):
        app_password = server.app_password(ALICE, label="phone")["password"]
        for password in (server.passwords[ALICE], app_password):
            self.assertFalse(any(server.services(ALICE, password).values()))
        self.assertIn("[UNAVAILABLE]", server.imap(ALICE, app_password)[1])
        self.assertRegex(server.log("dovecot"), r"refusing to serve: .*needs result_internalfail = return-fail")

    def test_with_the_line_all_is_well(self):
        self.configure(self.before)
        self.assertTrue(all(server.services(ALICE, server.passwords[ALICE]).values()))


if __name__ == "__main__":
    unittest.main()
