"""Logins through every service, decided by the policy, on a real Dovecot and Postfix."""
import base64
import imaplib
import os
import poplib
import re
import smtplib
import subprocess
import time
import unittest

from dovecot import RELEASE
from sasl import xoauth2
from server import Server, close, connect, last_source, wait_for

ALL = {"imap": True, "pop3": True, "smtp": True, "sieve": True}
NONE = dict.fromkeys(ALL, False)


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


class Services(unittest.TestCase):
    member = "alice@demo.test"

    def setUp(self):
        self.password = server.passwords[self.member]
        server.postlatch("domain", "set", "demo.test", "imap=inherit", "pop3=inherit", "smtp=inherit",
                         "sieve=inherit", "client_password=inherit", "active=on", "--scope", "all")
        server.postlatch("member", "set", self.member, "active=on")
        server.postlatch("app-password", "revoke", self.member, "--all")

    def opens(self, password=None):
        return server.services(self.member, password or self.password)

    def test_account_password_opens_every_service(self):
        self.assertEqual(self.opens(), ALL)

    def test_wrong_password_opens_none(self):
        for service in server.SERVICES:
            let_in, said = getattr(server, service)(self.member, "wrong")
            self.assertFalse(let_in, said)

    def test_each_switch_closes_its_service_only(self):
        for service in server.SERVICES:
            with self.subTest(service=service):
                server.postlatch("member", "set", self.member, service + "=off")
                self.assertEqual(self.opens(), {**ALL, service: False})
                server.postlatch("member", "set", self.member, service + "=inherit")

    def test_domain_switch_and_member_exception(self):
        server.postlatch("domain", "set", "demo.test", "pop3=off")
        server.postlatch("member", "set", self.member, "pop3=on")
        self.assertTrue(server.pop3(self.member, self.password)[0])
        self.assertFalse(server.pop3("bob@demo.test", server.passwords["bob@demo.test"])[0])

    def test_inactive_member_and_domain(self):
        server.postlatch("member", "set", self.member, "active=off")
        self.assertEqual(self.opens(), NONE)
        server.postlatch("member", "set", self.member, "active=on")
        server.postlatch("domain", "set", "demo.test", "active=off")
        self.assertEqual(self.opens(), NONE)

    def test_app_password_opens_every_service_and_its_revocation_shuts_them(self):
        made = server.app_password(self.member, label="phone")
        self.assertEqual(self.opens(made["password"]), ALL)
        self.assertTrue(server.imap(self.member, made["password"].replace(" ", "").upper())[0])
        server.postlatch("app-password", "revoke", self.member, str(made["id"]))
        self.assertFalse(server.imap(self.member, made["password"])[0])

    def test_app_password_limits(self):
        imap_only = server.app_password(self.member, label="imap", services="imap")["password"]
        elsewhere = server.app_password(self.member, label="net", networks="192.0.2.0/24")["password"]
        here = server.app_password(self.member, label="net", networks="127.0.0.0/8")["password"]
        self.assertEqual(self.opens(imap_only), {**NONE, "imap": True})
        let_in, said = server.imap(self.member, elsewhere)
        self.assertFalse(let_in)
        self.assertIn("is not valid from this address", said)
        self.assertTrue(server.imap(self.member, here)[0])

    def test_app_password_never_outranks_a_switch(self):
        password = server.app_password(self.member, label="phone")["password"]
        server.postlatch("member", "set", self.member, "pop3=off")
        let_in, said = server.pop3(self.member, password)
        self.assertFalse(let_in)
        self.assertIn("POP3 is switched off", said)

    def test_app_password_of_another_member(self):
        password = server.app_password("bob@demo.test", label="phone")["password"]
        self.assertFalse(server.imap(self.member, password)[0])

    def test_only_app_passwords(self):
        password = server.app_password(self.member, label="phone")["password"]
        server.postlatch("member", "set", self.member, "client_password=never")
        self.assertEqual(self.opens(), NONE)
        self.assertEqual(self.opens(password), ALL)

    def test_almost_app_passwords(self):
        for letters in (15, 16, 17):
            self.assertFalse(server.imap(self.member, "a" * letters)[0])

    def test_a_denial_tells_a_stranger_nothing(self):
        server.postlatch("member", "set", self.member, "imap=off")
        _, existing = server.imap(self.member, "wrong")
        _, missing = server.imap("nobody@demo.test", "wrong")
        self.assertEqual(existing, missing)

    def test_last_use_is_recorded(self):
        made = server.app_password(self.member, label="phone")
        before = int(time.time())
        server.imap(self.member, made["password"])
        imap_ip = last_source.ip
        server.pop3(self.member, self.password)
        pop3_ip = last_source.ip

        def recorded():
            rows = server.json("app-password", "list", self.member)
            used = server.json("member", "show", self.member)["last_used"]
            return rows[0]["last_used_at"] >= before and used.get("pop3", {"at": 0})["at"] >= before
        wait_for(recorded)
        row = server.json("app-password", "list", self.member)[0]
        self.assertEqual((row["last_used_ip"], row["last_used_service"]), (imap_ip, "imap"))
        self.assertEqual(server.json("member", "show", self.member)["last_used"]["pop3"]["ip"], pop3_ip)

    def test_refused_logins_are_no_use(self):
        server.postlatch("member", "remove", "dave@demo.test", check=False)
        server.imap("dave@demo.test", "wrong")
        time.sleep(2.5)
        self.assertFalse(server.json("member", "show", "dave@demo.test")["known"])
        server.imap("dave@demo.test", server.passwords["dave@demo.test"])
        wait_for(lambda: server.json("member", "show", "dave@demo.test")["known"])

    def test_port_25_and_submission_agree(self):
        server.postlatch("member", "set", self.member, "smtp=off")
        for port in ("SMTP", "SUBMISSION"):
            let_in, said = server.smtp(self.member, self.password, port)
            self.assertFalse(let_in)
            self.assertTrue(said.startswith("535"), said)

    def test_explain_agrees_with_the_services(self):
        server.postlatch("member", "set", self.member, "sieve=off")
        for service, let_in in self.opens().items():
            run = server.postlatch("explain", self.member, "--service", service, check=False)
            self.assertEqual(run.returncode, 0 if let_in else 1, run.stdout)


class Imap(imaplib.IMAP4):
    def __init__(self, source):
        self.source = source
        super().__init__("127.0.0.1", server.port("IMAP"), timeout=60)

    def _create_socket(self, timeout):
        return connect((self.host, self.port), timeout, self.source)


class Connections(unittest.TestCase):
    """What the command revokes ends the mail connections that were opened with it, and no others."""

    member = "alice@demo.test"

    def imap(self, password=None, token=None):
        """With a token it comes from the webmail's address."""
        connection = Imap(("127.0.0.2", 0) if token is not None else None)
        self.addCleanup(close, connection.shutdown)
        if token is not None:
            answers = xoauth2(self.member, token)
            connection.authenticate("XOAUTH2", lambda _: next(answers))
        else:
            connection.login(self.member, password)
        return connection

    def pop3(self, password):
        connection = poplib.POP3("127.0.0.1", server.port("POP3"), timeout=60)
        self.addCleanup(close, connection.close)
        connection.user(self.member)
        connection.pass_(password)
        return connection

    def sieve(self, password):
        client = server.sieve_client(self.member, password)
        self.addCleanup(close, client.close)
        return client

    def has_ended(self, connection):
        try:
            if isinstance(connection, (imaplib.IMAP4, poplib.POP3)):
                connection.noop()
            else:
                connection.command("NOOP")
        except (imaplib.IMAP4.abort, poplib.error_proto, EOFError, OSError, AssertionError, IndexError):
            return True
        return False

    def networks_are_known(self):
        """Dovecot 2.3 is asked by them, and they are written once in a second (dovecot/disconnection.h)."""
        if RELEASE == "2.3":
            time.sleep(3)

    def assert_end(self, *connections):
        for connection in connections:
            wait_for(lambda connection=connection: self.has_ended(connection))

    def assert_others_live(self, *connections):
        # Dovecot 2.3 cannot tell the connections of one member apart.
        if RELEASE != "2.3":
            self.assertEqual([self.has_ended(connection) for connection in connections], [False] * len(connections))

    def test_an_app_password_that_is_revoked(self):
        made, other = (server.app_password(self.member, label=label) for label in ("phone", "tablet"))
        ended = [open_it(made["password"]) for open_it in (self.imap, self.pop3, self.sieve)]
        kept = [self.imap(other["password"]), self.imap(server.passwords[self.member])]
        self.networks_are_known()
        revoked = server.postlatch("app-password", "revoke", self.member, str(made["id"]))
        self.assertEqual((revoked.stdout, revoked.stderr), ("revoked 1 app passwords\n", ""))
        self.assert_end(*ended)
        self.assert_others_live(*kept)

    def test_all_app_passwords(self):
        ended = [self.imap(server.app_password(self.member, label=str(i))["password"]) for i in range(3)]
        kept = self.imap(server.passwords[self.member])
        self.networks_are_known()
        server.postlatch("app-password", "revoke", self.member, "--all")
        self.assert_end(*ended)
        self.assert_others_live(kept)

    def test_a_session_that_is_revoked(self):
        session, token = server.issue_token(self.member, "webmail", 3600, 3600)
        _, other = server.issue_token(self.member, "webmail", 3600, 3600)
        ended, kept = self.imap(token=token), self.imap(token=other)
        server.postlatch("session", "revoke", self.member, session)
        self.assert_end(ended)
        self.assert_others_live(kept)
        server.postlatch("session", "revoke", self.member, "--all")
        self.assert_end(kept)

    def test_the_sessions_of_a_factor_that_is_reset(self):
        _, token = server.issue_token(self.member, "webmail", 3600, 3600)
        ended, kept = self.imap(token=token), self.imap(server.passwords[self.member])
        server.postlatch("totp", "reset", self.member)
        self.assert_end(ended)
        self.assert_others_live(kept)

    def test_a_dovecot_that_cannot_be_asked_is_told(self):
        made = server.app_password(self.member, label="phone")
        folder = os.path.dirname(server.env["POLICY_FILE"])
        path = folder + "/without-doveadm.conf"
        with open(server.env["POLICY_FILE"]) as policy, open(folder + "/demo.conf") as included, open(path, "w") as f:
            text = re.sub("(?m)^include.*demo.conf.*", lambda _: included.read(), policy.read())
            f.write(re.sub('(?m)^doveadm_url = .*', 'doveadm_url = "http://127.0.0.1:1/doveadm/v1"', text))
        os.chmod(path, 0o644)
        run = subprocess.run([server.env["POSTLATCH"], "-c", path, "app-password", "revoke", self.member, str(made["id"])],
                             capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (0, "revoked 1 app passwords\n"), run.stderr)
        self.assertRegex(run.stderr, "^postlatch: mail connections may stay open: .*127.0.0.1:1")
        self.assertFalse(server.imap(self.member, made["password"])[0])


class KnownDomains(unittest.TestCase):
    """The operator's own passdb would let these in."""

    NAMES = {"eve@other.test": "domain-unknown", "fay@other.test": "domain-unknown", "eve": "name-invalid", "eve@": "name-invalid"}

    @classmethod
    def setUpClass(cls):
        with open(server.dir + "/etc/dovecot/members", "a") as f:
            f.writelines("%s:{PLAIN}secret::::::\n" % name for name in ("known@demo.test", *cls.NAMES))
        # Dovecot looks at the file once in a while.
        wait_for(lambda: server.imap("known@demo.test", "secret")[0])

    def test_names_outside_the_known_domains_are_denied_at_every_service(self):
        for name, rule in self.NAMES.items():
            with self.subTest(name=name):
                self.assertEqual(server.services(name, "secret"), NONE)
                explained = server.postlatch("--json", "explain", name, "--service", "imap", check=False)
                self.assertEqual(explained.returncode, 1)
                self.assertIn('"rule": "%s"' % rule, explained.stdout)

    def test_a_domain_that_is_added_opens_every_service(self):
        server.postlatch("domain", "add", "other.test")
        self.addCleanup(server.postlatch, "domain", "remove", "other.test", "--yes")
        self.assertEqual(server.services("eve@other.test", "secret"), ALL)

    def test_a_login_adds_no_domain(self):
        def domains():
            return [domain["domain"] for domain in server.json("domain", "list")]
        before = domains()
        server.imap("fay@other.test", "secret")
        time.sleep(2.5)
        self.assertEqual(domains(), before)
        self.assertFalse(server.json("member", "show", "fay@other.test")["known"])


class BadNames(unittest.TestCase):
    """None of these is a member; each gets a plain failure, and Dovecot goes on."""

    NAMES = ["alice@demo.test@demo.test", "al ice@demo.test", "%{user}@demo.test", "%u", "'; drop table member;--",
             "a" * 10000 + "@demo.test", "alice@" + "b" * 300, "\xfc\xfc@demo.test", "@demo.test", "alice@", "*", "\""]

    def login(self, name):
        client = server.smtp_client()
        client.ehlo()
        plain = base64.b64encode(b"\0" + name.encode("latin-1") + b"\0secret").decode()
        try:
            return client.docmd("AUTH", "PLAIN " + plain)[0]
        except smtplib.SMTPServerDisconnected:
            return 0
        finally:
            client.close()

    def test_bad_names(self):
        for name in self.NAMES:
            with self.subTest(name=name[:40]):
                self.assertNotEqual(self.login(name), 235)
        self.assertTrue(server.imap("bob@demo.test", server.passwords["bob@demo.test"])[0])

    def test_huge_sasl_response(self):
        client = server.smtp_client()
        client.ehlo()
        try:
            client.sock.sendall(b"AUTH PLAIN " + b"A" * (16 * 1024 * 1024) + b"\r\n")
            code = client.getreply()[0]
        except (OSError, smtplib.SMTPException):
            code = 0
        client.close()
        self.assertNotEqual(code, 235)
        self.assertTrue(server.imap("bob@demo.test", server.passwords["bob@demo.test"])[0])


class UnknownService(unittest.TestCase):
    def ask(self, service):
        return server.inside("doveadm", "auth", "test", "-x", "service=" + service, "bob@demo.test",
                             server.passwords["bob@demo.test"])

    def test_unknown_service_is_denied_and_logged(self):
        self.assertNotEqual(self.ask("gopher").returncode, 0)
        wait_for(lambda: 'service "gopher" is not known' in server.log("dovecot"))

    def test_services_that_sign_nobody_in_pass(self):
        self.assertEqual(self.ask("doveadm").returncode, 0)


if __name__ == "__main__":
    unittest.main()
