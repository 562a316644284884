"""Connected applications at the mail server: a mail program that has registered itself, and to which a member has
agreed after the second step, by XOAUTH2 and OAUTHBEARER."""
import base64
import concurrent.futures
import imaplib
import json
import unittest
import unittest.mock
import urllib.parse

from oauth import Program, consent
from portal import Browser, totp
import sasl
from sasl import sign_in
from server import TIMEOUT, Server, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
BEARER = ("XOAUTH2", "OAUTHBEARER")
SERVICES = ("imap", "pop3", "smtp", "sieve")


class Site:
    """The portal of the whole server, as tests/integration/oauth.py wants one."""

    def __init__(self):
        self.url = server.env["PORTAL_URL"]

    def browser(self):
        return Browser(urllib.parse.urlsplit(self.url).port, self.url)


def setUpModule():
    global server, site
    server = Server().start()
    site = Site()


def tearDownModule():
    server.remove()


class Connected(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.reset)
        self.browser = site.browser()
        self.browser.session()
        self.assertEqual(self.browser.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        key = self.browser.post("/api/sign-in/registration").json["key"]
        answer = self.browser.post("/api/sign-in/registration/confirm", {"code": totp(key)})
        self.assertEqual((answer.status, self.browser.state()), (200, "authenticated"), answer)
        self.program = Program(site)

    def reset(self):
        server.postlatch("domain", "set", "demo.test", "imap=inherit", "pop3=inherit", "smtp=inherit", "sieve=inherit",
                         "webmail=inherit", "client_password=inherit", "connected_applications=inherit", "--scope", "all")
        server.postlatch("totp", "reset", ALICE, check=False)

    def connect(self, **answer):
        """An access token."""
        location = self.program.authorize(self.browser).headers["Location"]
        answer = consent(self.browser, location, **answer)
        self.assertEqual(answer.status, 200, answer)
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.json["continue"]).query)["code"][0]
        return self.program.token(code=code).json["access_token"]

    def opened_by(self, token, user=ALICE):
        ways = [(service, mechanism) for service in SERVICES for mechanism in BEARER]
        with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
            let_in = list(pool.map(lambda way: sign_in(server, *way, user, token)[0], ways))
        for service in SERVICES:
            both = [opened for way, opened in zip(ways, let_in) if way[0] == service]
            self.assertEqual(len(set(both)), 1, "the mechanisms differ at " + service)
        return {way[0] for way, opened in zip(ways, let_in) if opened}

    def test_it_opens_the_services_of_its_member_without_a_password_or_code(self):
        server.postlatch("member", "set", ALICE, "client_password=never", "two_factor_requirement=required")
        self.addCleanup(server.postlatch, "member", "set", ALICE, "two_factor_requirement=inherit")
        token = self.connect()
        self.assertEqual(self.opened_by(token), set(SERVICES))
        self.assertEqual(self.opened_by(token, BOB), set())
        self.assertFalse(any(server.services(ALICE, token).values()))  # and is no password

    def test_the_services_that_the_member_took_away_stay_shut(self):
        self.assertEqual(self.opened_by(self.connect(services="imap,smtp")), {"imap", "smtp"})
        self.assertIn("rule=application-service", server.log("dovecot"))

    def test_the_switches_of_clients_hold(self):
        token = self.connect()
        server.postlatch("member", "set", ALICE, "imap=off", "webmail=off")
        self.assertEqual(self.opened_by(token), {"pop3", "smtp", "sieve"})
        server.postlatch("member", "set", ALICE, "connected_applications=off")
        self.assertEqual(self.opened_by(token), set())

    def test_its_last_use_is_recorded(self):
        token = self.connect()
        self.assertTrue(sign_in(server, "smtp", "XOAUTH2", ALICE, token)[0])
        wait_for(lambda: server.json("application", "list", ALICE)[0]["last_used_service"] == "smtp")
        self.assertTrue(server.json("application", "list", ALICE)[0]["last_used_ip"].startswith("127."))

    def test_revoking_ends_its_connections_and_leaves_others(self):
        token = self.connect()
        app_password = server.app_password(ALICE, label="phone")["password"]
        clients = [imaplib.IMAP4("127.0.0.1", server.port("IMAP"), timeout=TIMEOUT) for _ in range(2)]
        for client in clients:
            self.addCleanup(client.shutdown)
        clients[0].authenticate("XOAUTH2", lambda _: ("user=%s\x01auth=Bearer %s\x01\x01" % (ALICE, token)).encode())
        clients[1].login(ALICE, app_password)
        smtp = server.smtp_client()
        self.addCleanup(smtp.close)
        smtp.ehlo()
        self.assertEqual(smtp.docmd("AUTH", "XOAUTH2 " + base64.b64encode(
            ("user=%s\x01auth=Bearer %s\x01\x01" % (ALICE, token)).encode()).decode())[0], 235)
        wait_for(lambda: server.json("application", "list", ALICE)[0]["last_used_service"] != "")
        one = server.json("application", "list", ALICE)[0]
        answer = self.browser.post("/api/account/applications/revoke", {"id": one["id"]})
        self.assertEqual(answer.status, 200, answer)
        smtp.mail(ALICE)
        smtp.rcpt(BOB)
        self.assertEqual(smtp.docmd("DATA")[0], 421)
        self.assertEqual(self.opened_by(token), set())
        self.assertEqual(clients[1].noop()[0], "OK")

    def test_removing_the_client_ends_its_connections(self):
        token = self.connect()
        client = imaplib.IMAP4("127.0.0.1", server.port("IMAP"), timeout=TIMEOUT)
        self.addCleanup(client.shutdown)
        client.authenticate("XOAUTH2", lambda _: ("user=%s\x01auth=Bearer %s\x01\x01" % (ALICE, token)).encode())
        wait_for(lambda: server.json("application", "list", ALICE)[0]["last_used_service"] != "")
        server.postlatch("client", "remove", server.json("application", "list", ALICE)[0]["client"])
        with self.assertRaises((imaplib.IMAP4.abort, OSError)):
            wait_for(lambda: client.noop()[0] != "OK", 60)
        self.assertEqual(self.opened_by(token), set())

    def test_a_refused_token_tells_where_to_get_one(self):
        """RFC 7628 3.2.2"""
        expected = server.env["PORTAL_URL"] + "/.well-known/openid-configuration"
        for service in SERVICES:
            with self.subTest(service):
                said = self.failure(service)
                self.assertEqual((said["status"], said["openid-configuration"]), ("invalid_token", expected))
        found = site.browser().get("/.well-known/openid-configuration").json
        self.assertEqual(found["issuer"], server.env["PORTAL_URL"])

    def failure(self, service):
        """What the server says before the client gives up."""
        told = []

        def client(user, token):
            told.append((yield ("n,a=%s,\x01auth=Bearer %s\x01\x01" % (user, token)).encode()))
            yield b"\x01"
        with unittest.mock.patch.dict(sasl.MECHANISMS, {"OAUTHBEARER": client}):
            self.assertFalse(sign_in(server, service, "OAUTHBEARER", ALICE, "pl_at_" + "A" * 43)[0])
        return json.loads(told[0])

    def test_a_program_without_the_scope_of_mail_opens_nothing(self):
        location = self.program.authorize(self.browser, scope="openid email").headers["Location"]
        answer = consent(self.browser, location)
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.json["continue"]).query)["code"][0]
        self.assertEqual(self.opened_by(self.program.token(code=code).json["access_token"]), set())


if __name__ == "__main__":
    unittest.main()
