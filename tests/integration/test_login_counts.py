"""Logins are counted, exactly and without persons: at Dovecot, at the portal, and what the milter refuses."""
import contextlib
import http.client
import smtplib
import sqlite3
import time
import unittest
import urllib.parse

from portal import Browser, totp
from server import TIMEOUT, Server, last_source, wait_for

ALICE, BOB, CAROL = "alice@demo.test", "bob@demo.test", "carol@demo.test"
NO_DOMAIN = "(no domain)"


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


def rows(statement):
    if server.postgresql:
        return [tuple(int(v) if v.isdigit() else v for v in line.split("|"))
                for line in server.postgresql.sql(statement)]
    with contextlib.closing(sqlite3.connect(server.env["DATABASE"], timeout=TIMEOUT)) as db:
        return db.execute(statement).fetchall()


class Counts(unittest.TestCase):
    def setUp(self):
        for member in (ALICE, BOB, CAROL):
            server.postlatch("member", "set", "--add", member, "pop3=inherit", "active=on")
        # What is still to be written of the test before.
        self.quiet()
        server.sql("DELETE FROM login_count")
        server.sql("DELETE FROM guess_count")

    def quiet(self):
        """Waits until a login that is counted last has been written with all before it."""
        self.assertFalse(server.sieve("last@elsewhere.test", "last")[0])
        wait_for(lambda: rows("SELECT 1 FROM guess_count WHERE origin = '%s'" % last_source.ip))
        server.sql("DELETE FROM guess_count WHERE origin = '%s'" % last_source.ip)
        server.sql("DELETE FROM login_count WHERE service = 'sieve' AND domain_id = 0")

    def counts(self):
        """{(domain, service, channel, credential, rule, outcome): count}"""
        found = rows("SELECT COALESCE(d.name, '%s'), c.service, c.channel, c.credential, c.rule, c.outcome, "
                     "CAST(SUM(c.count) AS BIGINT) FROM login_count c LEFT JOIN domain d ON d.id = c.domain_id "
                     "GROUP BY 1, 2, 3, 4, 5, 6" % NO_DOMAIN)
        return {row[:-1]: row[-1] for row in found}

    def assert_counts(self, want):
        """want: {"service channel credential rule outcome": count} of demo.test, or with "none" in front of no domain."""
        want = {(("demo.test", *key.split())[-6:] if not key.startswith("none ") else (NO_DOMAIN, *key.split()[1:])): count
                for key, count in want.items()}
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.counts() == want)
        self.assertEqual(self.counts(), want)


class Clients(Counts):
    def test_every_service_and_credential(self):
        made = server.app_password(ALICE, label="phone")
        want = {}
        for service in ("imap", "pop3", "smtp", "sieve"):
            for _ in range(3):
                self.assertTrue(getattr(server, service)(BOB, server.passwords[BOB])[0])
            for _ in range(2):
                self.assertTrue(getattr(server, service)(ALICE, made["password"])[0])
            self.assertFalse(getattr(server, service)(CAROL, "wrong")[0])
            want.update({service + " client account-password account-password allowed": 3,
                         service + " client app-password app-password allowed": 2,
                         service + " client unknown wrong-password refused": 1})
        for channel, credential in (("webmail", "webmail"), ("client", "application")):
            token = server.issue_token(ALICE, channel, 3600, 3600)[1]
            self.assertTrue(server.imap_bearer(ALICE, token)[0])
            want["imap %s %s token allowed" % (channel, credential)] = 1
        self.assert_counts(want)

    def test_refusals_also_of_who_is_no_member(self):
        server.postlatch("member", "set", ALICE, "pop3=off")
        self.assertFalse(server.pop3(ALICE, server.passwords[ALICE])[0])
        for name in ("nobody@demo.test", "nemo@demo.test"):
            self.assertFalse(server.imap(name, "guess")[0])
        for n in range(4):
            self.assertFalse(server.imap("a%d@elsewhere%d.test" % (n, n), "guess")[0])
        self.assertFalse(server.imap("secret", "guess")[0])
        self.assert_counts({"pop3 client unknown service-off refused": 1,
                            "imap client unknown wrong-password refused": 2,
                            "none imap client unknown domain-unknown refused": 4,
                            "none imap client unknown name-invalid refused": 1})
        self.assertEqual(rows("SELECT COUNT(*) FROM login_record WHERE rule = 'domain-unknown'")[0][0], 0)

    def test_guesses_count_for_the_address_they_come_from(self):
        sources = []
        for _ in range(3):
            self.assertFalse(server.imap(ALICE, "wrong")[0])
            sources.append(last_source.ip)
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])
        wait_for(lambda: len(rows("SELECT 1 FROM guess_count")) == len(set(sources)))
        found = rows("SELECT origin, count FROM guess_count ORDER BY origin")
        self.assertEqual([tuple(row) for row in found], sorted((ip, sources.count(ip)) for ip in set(sources)))

    def test_counts_wait_while_the_database_is_away(self):
        if not server.postgresql:
            self.skipTest("a file that is moved away is opened anew; a unit test has one that is locked")
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])
        with server.database_away():
            self.assertFalse(server.imap(ALICE, server.passwords[ALICE])[0])
        wait_for(lambda: server.imap(ALICE, server.passwords[ALICE])[0])
        wait_for(lambda: sum(self.counts().values()) == 2)


class SignInPage(Counts):
    def browser(self, ip=None):
        """ip: of all its requests; by default each comes from another."""
        url = server.env["PORTAL_URL"]
        port = urllib.parse.urlsplit(url).port
        browser = Browser(port, url)
        if ip:
            browser.connect = lambda: http.client.HTTPConnection("127.0.0.1", port, TIMEOUT, source_address=(ip, 0))
        browser.session()
        return browser

    def test_passwords_and_codes_right_and_wrong(self):
        self.assertEqual(self.browser().sign_in(ALICE, "wrong").status, 401)
        browser = self.browser()
        self.assertEqual(browser.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        browser = self.browser()
        self.assertEqual(browser.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        key = browser.post("/api/sign-in/registration").json["key"]
        self.addCleanup(server.postlatch, "totp", "reset", ALICE)
        codes = browser.post("/api/sign-in/registration/confirm", {"code": totp(key), "trust": True}).json["recovery_codes"]
        self.assertEqual(browser.post("/api/sign-out").status, 200)
        self.assertEqual(browser.sign_in(ALICE, server.passwords[ALICE]).status, 200)  # a trusted device
        browser = self.browser()
        self.assertEqual(browser.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        right = {totp(key, steps) for steps in (-2, -1, 0, 1, 2)}
        wrong = next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)
        self.assertEqual(browser.post("/api/sign-in/code", {"code": wrong}).status, 422)
        self.assertEqual(browser.post("/api/sign-in/recovery", {"code": codes[0]}).status, 200)
        page = "webmail webmail "
        self.assert_counts({page + "unknown wrong-password refused": 1,
                            page + "account-password second-factor-offered pending": 2,
                            page + "account-password signed-in allowed": 1,
                            page + "one-time-code signed-in allowed": 1,
                            page + "trusted-device signed-in allowed": 1,
                            page + "account-password second-factor-code pending": 1,
                            page + "unknown wrong-code refused": 1,
                            page + "recovery-code signed-in allowed": 1})

    def test_who_has_to_wait(self):
        browser = self.browser("127.99.0.9")
        name = "decode(repeat('00', 32), 'hex')" if server.postgresql else "zeroblob(32)"
        server.sql("INSERT INTO sign_in_failure (origin, name, failed_at) " + " UNION ALL ".join(
            ["SELECT '127.99.0.9', %s, %d" % (name, time.time())] * 120))
        for _ in range(2):
            self.assertEqual(browser.sign_in(BOB, server.passwords[BOB]).status, 429)
        self.assert_counts({"webmail webmail unknown throttled refused": 2})
        self.assertEqual([tuple(row) for row in rows("SELECT origin, count FROM guess_count")], [("127.99.0.9", 2)])

    def test_whom_a_rule_denies(self):
        server.postlatch("member", "set", CAROL, "webmail=off")
        self.addCleanup(server.postlatch, "member", "set", CAROL, "webmail=inherit")
        self.assertIn(self.browser().sign_in(CAROL, server.passwords[CAROL]).status, (401, 403))
        self.assert_counts({"webmail webmail unknown service-off refused": 1})

    def test_adoption_is_counted_once_a_day(self):
        wait_for(lambda: rows("SELECT 1 FROM adoption"))
        self.assertEqual(rows("SELECT COUNT(*) FROM adoption")[0][0],
                         rows("SELECT COUNT(*) FROM domain WHERE alias_of IS NULL")[0][0])


class Milter(Counts):
    def test_messages_that_are_refused(self):
        with contextlib.closing(server.smtp_client()) as smtp:
            smtp.login(CAROL, server.passwords[CAROL])
            server.postlatch("member", "set", CAROL, "pop3=off")
            smtp.mail(CAROL)
            smtp.rcpt(CAROL)
            with self.assertRaises(smtplib.SMTPResponseException) as refused:
                smtp.data(b"Subject: too late\r\n\r\n")
            self.assertEqual(refused.exception.smtp_code, 421)
        self.assert_counts({"smtp client account-password account-password allowed": 1,
                            "smtp unknown unknown sign-in-again refused": 1})


if __name__ == "__main__":
    unittest.main()
