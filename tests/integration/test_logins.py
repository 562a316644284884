"""What a login was is recorded: those that were let in, by which credential, and those that were refused, why."""
import email
import email.policy
import glob
import imaplib
import time
import unittest
import urllib.parse

from dovecot import INTROSPECTS
from portal import Browser
from reconfigured import Reconfigured
from sasl import sign_in
from server import TIMEOUT, Server, last_source, wait_for

ALICE, BOB, CAROL, NOBODY = "alice@demo.test", "bob@demo.test", "carol@demo.test", "nobody@demo.test"


def setUpModule():
    global server
    server = Reconfigured.server = Server().start()


def tearDownModule():
    server.remove()


class RecordTest(unittest.TestCase):
    def setUp(self):
        server.postlatch("member", "set", ALICE, "pop3=inherit", "--add")
        server.postlatch("member", "set", BOB, "active=on", "--add")
        server.postlatch("app-password", "revoke", ALICE, "--all")

    def rows(self, member=ALICE):
        return server.json("member", "logins", member)

    def record(self, **fields):
        """The newest record of the address that was used last, once it is written."""
        def written():
            return [row for row in self.rows() if row["ip"] == last_source.ip]
        wait_for(written)
        row = written()[0]
        for name, value in fields.items():
            self.assertEqual(row[name], value, row)
        return row


class Recorded(RecordTest):
    def test_the_account_password(self):
        for service in server.SERVICES:
            before = int(time.time())
            self.assertTrue(getattr(server, service)(ALICE, server.passwords[ALICE])[0])
            row = self.record(refused=False, service=service, credential="account-password", rule="account-password",
                              app_password=0, times=1)
            self.assertGreaterEqual(row["at"], before)
            used = server.json("member", "show", ALICE)["last_used"][service]["credentials"]["account-password"]
            self.assertEqual((used["at"], used["ip"]), (row["at"], last_source.ip))

    def test_an_app_password_and_which_one(self):
        made = server.app_password(ALICE, label="office scanner", services="smtp")
        self.assertTrue(server.smtp(ALICE, made["password"])[0])
        self.record(refused=False, service="smtp", credential="app-password", rule="app-password",
                    app_password=made["id"], label="office scanner")
        self.assertFalse(server.imap(ALICE, made["password"])[0])
        refused = {"refused": True, "service": "imap", "credential": "app-password", "rule": "app-password-service",
                   "app_password": made["id"], "label": "office scanner"}
        self.record(**refused)
        server.postlatch("app-password", "revoke", ALICE, "--all")
        self.record(**refused)

    def test_a_token_of_webmail_and_one_of_a_program(self):
        for channel, credential in (("webmail", "webmail"), ("client", "application")):
            token = server.issue_token(ALICE, channel, 3600, 3600)[1]
            self.assertTrue(server.imap_bearer(ALICE, token)[0])
            self.record(refused=False, service="imap", credential=credential, rule="token")

    def test_a_wrong_password_at_every_service(self):
        for service in server.SERVICES:
            self.assertFalse(getattr(server, service)(ALICE, "wrong-" + service)[0])
            self.record(refused=True, service=service, credential="unknown", rule="wrong-password", app_password=0)
        self.assertNotIn("wrong-imap", repr(self.rows()) + server.postlatch("member", "logins", ALICE).stdout)

    def test_a_wrong_password_at_the_sign_in_page(self):
        def records(refused):
            return [row for row in self.rows() if row["service"] == "webmail" and row["refused"] == refused]

        self.assertEqual(self.sign_in_at_the_portal("wrong"), 401)
        wait_for(lambda: records(True))
        self.assertEqual(records(True)[0]["rule"], "wrong-password")
        self.assertEqual(self.sign_in_at_the_portal(server.passwords[ALICE]), 200)
        wait_for(lambda: records(False))
        self.assertEqual(records(False)[0]["credential"], "account-password")

    def sign_in_at_the_portal(self, password):
        url = server.env["PORTAL_URL"]
        browser = Browser(urllib.parse.urlsplit(url).port, url)
        browser.session()
        return browser.sign_in(ALICE, password).status

    def test_what_a_rule_denies(self):
        server.postlatch("member", "set", ALICE, "pop3=off")
        self.assertFalse(server.pop3(ALICE, server.passwords[ALICE])[0])
        self.record(refused=True, service="pop3", rule="service-off")

    def test_a_look_up_is_no_login(self):
        """As a shared mailbox makes one about its owner, and a proxy about a member."""
        server.postlatch("member", "set", ALICE, "pop3=off")
        before = self.rows()
        for service, opens in (("imap", True), ("pop3", False)):
            for command in (("user",), ("auth", "lookup")):
                run = server.inside("doveadm", *command, "-x", "service=" + service, ALICE)
                self.assertEqual(run.returncode == 0, opens, run.stderr)
                self.assertNotIn("Disconnected", run.stderr)
        # What was to be written before is written when this is.
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])
        self.record(refused=False)
        self.assertEqual([row for row in self.rows() if row["ip"] != last_source.ip], before)

    def test_equal_ones_are_counted_together(self):
        with imaplib.IMAP4("127.0.0.1", server.port("IMAP"), timeout=TIMEOUT) as client:
            for _ in range(3):
                with self.assertRaises(imaplib.IMAP4.error):
                    client.login(ALICE, "wrong")
        wait_for(lambda: self.record()["times"] == 3)
        self.assertEqual(len([row for row in self.rows() if row["ip"] == last_source.ip]), 1)

    def test_a_name_that_nobody_has_leaves_nothing(self):
        self.assertFalse(server.imap(NOBODY, "wrong")[0])
        self.assertFalse(server.imap(ALICE, "wrong")[0])
        self.record(refused=True)
        self.assertFalse(server.json("member", "show", NOBODY)["known"])
        self.assertEqual(server.postlatch("member", "logins", NOBODY, check=False).returncode, 1)

    def test_the_command_limits_and_prints(self):
        self.assertFalse(server.imap(ALICE, "wrong")[0])
        self.record()
        self.assertEqual(len(server.json("member", "logins", ALICE, "--limit", "1")), 1)
        self.assertRegex(server.postlatch("member", "logins", ALICE, "--limit", "1").stdout,
                         r"^20\d\d-.* refused +imap +from %s +wrong-password\n$" % last_source.ip)


class Refused(unittest.TestCase):
    """The account password does not open mail clients any more. Whoever has it is told so, and nobody else is."""

    def setUp(self):
        server.postlatch("member", "set", ALICE, "client_password=never", "pop3=inherit", "--add")
        self.addCleanup(server.postlatch, "member", "set", ALICE, "client_password=inherit")
        self.page = server.env["PORTAL_URL"] + "/account/app-passwords"

    def said(self, service, user, password):
        let_in, said = getattr(server, service)(user, password)
        self.assertFalse(let_in, said)
        return said

    def test_the_right_password_is_told_where_app_passwords_are_made(self):
        for service in server.SERVICES:
            said = self.said(service, ALICE, server.passwords[ALICE])
            self.assertIn("not with the account password. Make one at " + self.page, said, service)

        def recorded():
            return {row["service"] for row in server.json("member", "logins", ALICE)
                    if (row["rule"], row["credential"]) == ("client-password-never", "account-password")}
        wait_for(lambda: recorded() == set(server.SERVICES))

    def test_a_wrong_password_and_a_name_that_nobody_has_are_told_the_same_as_ever(self):
        for service in server.SERVICES:
            wrong = self.said(service, ALICE, "wrong")
            self.assertNotIn("app password", wrong)
            self.assertEqual(wrong, self.said(service, NOBODY, "wrong"), service)
            self.assertEqual(wrong, self.said(service, BOB, "wrong"), service)

    def test_an_app_password_opens_and_webmail_asks_for_the_account_password(self):
        password = server.app_password(ALICE, label="phone")["password"]
        self.assertEqual(set(server.services(ALICE, password).values()), {True})
        self.assertEqual(Recorded.sign_in_at_the_portal(self, server.passwords[ALICE]), 200)

    def test_a_date_that_has_come(self):
        today = time.strftime("%Y-%m-%d", time.gmtime())
        server.postlatch("member", "set", ALICE, "client_password=never_from_" + today)
        self.assertIn(self.page, self.said("imap", ALICE, server.passwords[ALICE]))
        server.postlatch("member", "set", ALICE, "client_password=never_from_2099-01-01")
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])


class Told(unittest.TestCase):
    """Who still uses the account password is told before it ends, by the portal when it starts, through the sender."""

    SUBJECT = "Mail programs will need an app password / 메일 프로그램에 앱 비밀번호가 필요해집니다"

    def mails(self, member):
        local, domain = member.split("@")
        found = []
        for name in glob.glob("%s/mail/%s/%s/Maildir/new/*" % (server.dir, domain, local)):
            with open(name, "rb") as f:
                message = email.message_from_binary_file(f, policy=email.policy.default)
            if message["Subject"] == self.SUBJECT:
                found.append(message.get_content())
        return found

    def start_the_portal_anew(self):
        server.kill_portal()()
        url = server.env["PORTAL_URL"]

        def answers():
            try:
                return Browser(urllib.parse.urlsplit(url).port, url).get("/api/session").status == 200
            except OSError:
                return False
        wait_for(answers)

    def test_a_date_leads_to_one_mail_in_both_languages_to_those_who_use_it(self):
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 10 * 86400))
        used = time.strftime("%Y-%m-%d", time.gmtime())
        for member in (ALICE, CAROL):
            server.postlatch("member", "set", member, "client_password=never_from_" + day, "pop3=inherit", "--add")
            self.addCleanup(server.postlatch, "member", "set", member, "client_password=inherit")
        self.assertTrue(server.pop3(ALICE, server.passwords[ALICE])[0])
        # Bob goes on as before, and Carol has an app password.
        server.postlatch("member", "set", BOB, "client_password=always", "--add")
        self.addCleanup(server.postlatch, "member", "set", BOB, "client_password=inherit")
        self.assertTrue(server.imap(BOB, server.passwords[BOB])[0])
        self.assertTrue(server.imap(CAROL, server.app_password(CAROL, label="phone")["password"])[0])

        def recorded():
            return "pop3" in server.json("member", "show", ALICE)["last_used"] and all(
                "imap" in server.json("member", "show", member)["last_used"] for member in (BOB, CAROL))
        wait_for(recorded)
        self.start_the_portal_anew()
        wait_for(lambda: self.mails(ALICE))
        text, = self.mails(ALICE)
        for words in ("Soon mail programs and devices can no longer sign in", "From this day on (UTC): " + day,
                      "곧 메일 프로그램과 기기에서", "적용일 (UTC): " + day, "POP3 (%s)" % used,
                      server.env["PORTAL_URL"] + "/account/app-passwords"):
            self.assertIn(words, text)
        self.start_the_portal_anew()
        server.settle(lambda: True)
        self.assertEqual([len(self.mails(member)) for member in (ALICE, BOB, CAROL)], [1, 0, 0])


class Decoys(RecordTest):
    """A decoy is answered like any wrong password, and the member and the administrators are told."""

    def mails(self, member, subject):
        local, domain = member.split("@")
        found = []
        for name in glob.glob("%s/mail/%s/%s/Maildir/new/*" % (server.dir, domain, local)):
            with open(name, "rb") as f:
                message = email.message_from_binary_file(f, policy=email.policy.default)
            if subject in message["Subject"]:
                found.append(message.get_content())
        return found

    def test_one_that_is_tried(self):
        server.postlatch("admin", "add", CAROL, "--role", "server")
        self.addCleanup(server.postlatch, "admin", "remove", CAROL)
        decoy = server.app_password(ALICE, label="passwords.txt", kind="decoy")["password"]
        for service in server.SERVICES:
            wrong = getattr(server, service)(ALICE, "abcd efgh ijkl mnop")
            self.assertEqual(getattr(server, service)(ALICE, decoy), wrong)
            self.assertFalse(wrong[0])
            self.record(refused=True, service=service, rule="decoy", label="passwords.txt")
        # Also where what is refused is told to whoever has the right password.
        server.postlatch("member", "set", ALICE, "pop3=off")
        self.assertEqual(server.pop3(ALICE, decoy), server.pop3(ALICE, "abcd efgh ijkl mnop"))
        wait_for(lambda: self.mails(ALICE, "Somebody has tried your decoy"))
        told, = self.mails(ALICE, "Somebody has tried your decoy")
        for words in ("passwords.txt", "Address: 127.", server.env["PORTAL_URL"] + "/account/app-passwords\n", "미끼"):
            self.assertIn(words, told)
        wait_for(lambda: self.mails(CAROL, "Somebody has tried a member's decoy"))
        told, = self.mails(CAROL, "Somebody has tried a member's decoy")
        for words in ("Account: " + ALICE, "Address: 127.", server.env["PORTAL_URL"] + "/console\n"):
            self.assertIn(words, told)
        self.assertNotIn("passwords.txt", told)
        self.assertIn("rule=decoy user=%s: " % ALICE, server.log("dovecot"))
        self.assertNotIn(decoy, server.log("dovecot"))

    def test_the_member_s_own_passwords_work_beside_it(self):
        server.app_password(ALICE, label="decoy", kind="decoy")
        made = server.app_password(ALICE, label="phone")["password"]
        self.assertTrue(server.imap(ALICE, made)[0])
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])

    def test_what_the_command_says_of_one(self):
        run = server.postlatch("app-password", "create", ALICE, "--kind", "decoy", "--label", "note")
        self.assertIn("This decoy of %s opens nothing" % ALICE, run.stdout)
        self.assertIn("decoy, opens nothing; created", server.postlatch("app-password", "list", ALICE).stdout)
        refused = server.postlatch("app-password", "create", ALICE, "--kind", "decoy", "--services", "smtp", check=False)
        self.assertIn("a decoy opens nothing, so it has no services, networks and expiry", refused.stderr)


class Challenges(Reconfigured):
    """The mechanism and not a passdb finds out whether the password is right."""

    changes = {"auth_mechanisms = plain": "auth_mechanisms = cram-md5 plain"}
    if not INTROSPECTS:  # their passdb names its mechanisms, so that tokens pass it by
        changes["plain login none"] = "plain login none cram-md5"

    def test_both_ends_are_recorded(self):
        for password, refused, rule in ((server.passwords[BOB], False, "account-password"),
                                        ("wrong", True, "wrong-password")):
            self.assertEqual(sign_in(server, "imap", "CRAM-MD5", BOB, password)[0], not refused)

            def written():
                return [row for row in server.json("member", "logins", BOB) if row["ip"] == last_source.ip]
            wait_for(written)
            row = written()[0]
            self.assertEqual((row["refused"], row["rule"], row["times"]), (refused, rule, 1))


if __name__ == "__main__":
    unittest.main()
