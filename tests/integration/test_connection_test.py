"""Members watch at the portal how devices sign in to a real Dovecot and Postfix."""
import random
import time
import unittest

import device
from server import Server, last_source
from watch import Watch, portal_of

ALICE, BOB, CAROL = ("%s@demo.test" % name for name in ("alice", "bob", "carol"))
DEVICES = device.swaks, device.msmtp, device.curl_imap, device.curl_pop3, device.old_copier


def setUpModule():
    global server, portal
    server = Server()
    unittest.addModuleCleanup(server.remove)
    server.start()
    portal = portal_of(server)
    unittest.addModuleCleanup(portal.remove)
    portal.start()


def ends(attempt):
    return attempt["service"], attempt["allowed"], attempt["rule"]


def some_address():
    """Dovecot makes an address wait longer with each failure."""
    return "127.%d.%d.%d" % tuple(random.randint(1, 250) for _ in range(3))


class ConnectionTest(unittest.TestCase):
    def setUp(self):
        self.source = some_address()  # of the browser
        server.postlatch("member", "set", ALICE, "imap=inherit", "smtp=inherit", "client_password=inherit")
        server.postlatch("app-password", "revoke", ALICE, "--all")
        self.watch = self.watch_of(ALICE)

    def watch_of(self, member, where=None):
        watch = Watch(where or portal, member, server.passwords[member], self.source)
        watch.stop()
        watch.start()
        self.addCleanup(watch.stop)
        return watch

    def ask(self, service, password):
        """Whether it lets Alice in."""
        let_in, _ = getattr(server, service)(ALICE, password)
        self.asked_from = last_source.ip
        return let_in

    def settles(self):
        """What came before is written when this is."""
        device.old_copier(server, some_address(), ALICE, "last")
        return self.watch.next()

    def test_every_service_with_a_right_and_a_wrong_password(self):
        ports = {"imap": server.port("IMAP"), "pop3": server.port("POP3"), "sieve": server.port("SIEVE"), "smtp": 0}
        for service in server.SERVICES:
            for password, let_in, rule in (("wrong", False, "wrong-password"),
                                           (server.passwords[ALICE], True, "account-password")):
                with self.subTest(service=service, rule=rule):
                    self.assertEqual(self.ask(service, password), let_in)
                    attempt, = self.watch.next()
                    self.assertEqual(ends(attempt), (service, let_in, rule))
                    self.assertEqual(attempt["ip"], self.asked_from)
                    self.assertEqual((attempt["port"], attempt["tls"], attempt["name"]), (ports[service], "none", ALICE))
                    self.assertIn(attempt["mechanism"], ("PLAIN", "LOGIN"))
                    self.assertLess(abs(attempt["at"] - time.time()), 60)

    def test_devices_of_people(self):
        for sign_in in DEVICES:
            with self.subTest(device=sign_in.__name__):
                source = some_address()
                self.assertFalse(sign_in(server, source, ALICE, "wrong"))
                attempt, = self.watch.next()
                self.assertEqual(ends(attempt)[1:], (False, "wrong-password"))
                self.assertEqual((attempt["tls"], attempt["ip"]), ("yes", source))
                self.assertTrue(sign_in(server, source, ALICE.upper(), server.passwords[ALICE]))
                rules = {"account-password"} | ({"message"} if sign_in == device.msmtp else set())
                attempts = self.watch.next(len(rules))
                self.assertEqual({(a["allowed"], a["rule"]) for a in attempts}, {(True, rule) for rule in rules})
                self.assertIn(ALICE.upper(), {a["name"] for a in attempts})

    def test_a_message_tells_the_port_and_the_version_of_tls(self):
        copier = device.OldCopier(server, self.source)
        self.addCleanup(copier.close)
        self.assertTrue(copier.sign_in(ALICE, server.passwords[ALICE]))
        self.assertEqual([(a["port"], a["tls"]) for a in self.watch.next()], [(0, "yes")])
        self.assertTrue(copier.send(ALICE, BOB).startswith("250"))
        message, = self.watch.next()
        self.assertEqual(ends(message), ("smtp", True, "message"))
        self.assertEqual((message["port"], message["tls"], message["mechanism"], message["name"], message["ip"]),
                         (server.port("SUBMISSION"), "TLSv1.2", "LOGIN", ALICE, self.source))
        server.postlatch("member", "set", ALICE, "pop3=off")
        self.addCleanup(server.postlatch, "member", "set", ALICE, "pop3=inherit")
        self.assertFalse(copier.send(ALICE, BOB).startswith("250"))
        self.assertEqual(ends(self.watch.next()[0]), ("smtp", False, "sign-in-again"))

    def test_a_copier_that_says_strange_things(self):
        for ehlo in device.OldCopier.EHLO:
            for tls in (True, False):
                with self.subTest(ehlo=ehlo, tls=tls):
                    self.assertFalse(device.old_copier(server, some_address(), ALICE, "wrong", tls=tls, ehlo=ehlo))
                    attempt, = self.watch.next()
                    self.assertEqual((attempt["mechanism"], attempt["tls"]), ("LOGIN", "yes" if tls else "none"))

    def test_why_an_app_password_is_refused(self):
        sending = server.app_password(ALICE, label="copier", services="smtp")["password"]
        elsewhere = server.app_password(ALICE, label="net", networks="192.0.2.0/24")["password"]
        expired = server.app_password(ALICE, label="old", expires="2030-01-01")["password"]
        server.sql("UPDATE app_password SET expires_at = 1 WHERE label = 'old'")
        for password, rule in ((sending, "app-password-service"), (elsewhere, "app-password-network"),
                               (expired, "app-password-expired"), ("abcdefghijklmnop", "wrong-password")):
            with self.subTest(rule=rule):
                self.assertFalse(server.imap(ALICE, password)[0])
                self.assertEqual(ends(self.watch.next()[0]), ("imap", False, rule))
        self.assertTrue(server.smtp(ALICE, sending)[0])
        self.assertEqual(ends(self.watch.next()[0]), ("smtp", True, "app-password"))

    def test_why_a_right_password_is_refused(self):
        server.postlatch("member", "set", ALICE, "smtp=off")
        self.assertFalse(server.smtp(ALICE, server.passwords[ALICE])[0])
        self.assertEqual(ends(self.watch.next()[0]), ("smtp", False, "service-off"))
        server.postlatch("member", "set", ALICE, "smtp=inherit", "client_password=never")
        self.assertFalse(server.smtp(ALICE, server.passwords[ALICE])[0])
        self.assertEqual(ends(self.watch.next()[0]), ("smtp", False, "client-password-never"))

    def test_a_name_without_its_domain_or_with_a_wrong_one(self):
        for name, rule in (("alice", "name-invalid"), ("ALICE", "name-invalid"), ("alice@demo.tets", "domain-unknown")):
            with self.subTest(name=name):
                self.assertFalse(device.old_copier(server, self.source, name, server.passwords[ALICE]))
                attempt, = self.watch.next()
                self.assertEqual((ends(attempt), attempt["name"]), (("smtp", False, rule), name))
        for source, name in ((some_address(), "alice"), (self.source, "alicia"), (self.source, "bob"),
                             (self.source, server.passwords[ALICE])):
            self.assertFalse(device.old_copier(server, source, name, "wrong"))
        self.settles()

    def test_nobody_sees_the_attempts_of_another_member(self):
        other = self.watch_of(BOB)
        self.assertTrue(server.imap(CAROL, server.passwords[CAROL])[0])
        self.assertFalse(device.old_copier(server, some_address(), CAROL, "wrong"))
        self.assertTrue(server.imap(BOB, server.passwords[BOB])[0])
        self.assertFalse(device.old_copier(server, some_address(), BOB, "wrong"))
        self.assertEqual([a["name"] for a in other.next(2)], [BOB] * 2)
        self.assertEqual([a["name"] for a in self.settles()], [ALICE])
        self.assertEqual(other.look()["attempts"], [])

    def test_webmail_is_not_a_device(self):
        token = server.issue_token(ALICE, "webmail", 3600, 3600)[1]
        self.assertTrue(server.imap_bearer(ALICE, token)[0])
        Watch(portal, ALICE, server.passwords[ALICE])
        self.settles()

    def test_nothing_is_recorded_before_and_after(self):
        self.assertGreater(self.watch.look()["seconds_left"], 0)
        self.settles()
        self.assertEqual(self.watch.stop()["seconds_left"], 0)
        self.assertFalse(server.imap(ALICE, "wrong")[0])
        # Bob's is written after it.
        other = self.watch_of(BOB)
        self.assertFalse(server.imap(BOB, "wrong")[0])
        other.next()
        self.assertEqual(self.watch.look()["attempts"], [])
        # It can still be read, and another test begins anew.
        self.assertEqual(len(self.watch.browser.get(Watch.PATH).json["attempts"]), 1)
        self.assertEqual(self.watch.start()["attempts"], [])

    def test_a_test_that_runs_is_not_started_again(self):
        self.settles()
        self.assertEqual(len(self.watch.start()["attempts"]), 1)
        self.assertEqual(self.watch.look()["seconds_left"] > 0, True)
        self.assertIn("connection-test.start", server.postlatch("audit", "--member", ALICE).stdout)

    def test_what_was_offered_is_nowhere(self):
        self.assertFalse(device.old_copier(server, self.source, ALICE, "MySecretWord"))
        self.watch.next()
        self.assertNotIn("MySecretWord", str(self.watch.browser.get(Watch.PATH).json))
        for suffix in ("", "-wal"):
            if server.database is None:
                with open(server.env["DATABASE"] + suffix, "rb") as f:
                    self.assertNotIn(b"MySecretWord", f.read())
