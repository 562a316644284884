"""Two complete front ends, each with Dovecot, Postfix and portal, on one PostgreSQL:
what is done on one holds on the other at once."""
import concurrent.futures
import os
import shutil
import smtplib
import subprocess
import unittest

from portal import WRONG_CLOCK, Portal, totp
from postgresql import PostgreSQL
from server import TIMEOUT, Server, wait_for
from watch import Watch, portal_of

ALICE, BOB, CAROL, DAVE = ("%s@demo.test" % name for name in ("alice", "bob", "carol", "dave"))


def second_of(first):
    """A front end with the keys and the members of the first."""
    server = Server(first.database)
    os.makedirs(server.dir + "/etc/postlatch")
    for name in ("verify.key", "seal.key", "outbox.key"):
        key, copy = ("%s/etc/postlatch/%s" % (where, name) for where in (first.dir, server.dir))
        shutil.copy2(key, copy)
        # Dovecot's auth process reads it by its group.
        os.chown(copy, os.stat(key).st_uid, os.stat(key).st_gid)
    shutil.copy2(first.dir + "/members", server.dir + "/members")
    return server


def setUpModule():
    global database, one, two
    database = PostgreSQL()
    unittest.addModuleCleanup(database.remove)
    database.start()
    one = Server(database.uri)
    unittest.addModuleCleanup(one.remove)
    one.start()
    two = second_of(one)
    unittest.addModuleCleanup(two.remove)
    two.start()


class Services(unittest.TestCase):
    def opens(self, server, member, password):
        return set(server.services(member, password).values())

    def test_an_app_password_opens_both_until_it_is_revoked_on_one(self):
        made = one.app_password(ALICE, label="phone")
        for server in (one, two):
            self.assertEqual(self.opens(server, ALICE, made["password"]), {True})
        two.postlatch("app-password", "revoke", ALICE, str(made["id"]))
        for server in (one, two):
            self.assertEqual(self.opens(server, ALICE, made["password"]), {False})

    def test_a_revocation_on_one_shuts_the_very_next_login_on_the_other(self):
        for _ in range(10):
            made = one.app_password(ALICE, label="phone")
            self.assertTrue(two.imap(ALICE, made["password"])[0])
            one.postlatch("app-password", "revoke", ALICE, str(made["id"]))
            self.assertFalse(two.imap(ALICE, made["password"])[0])

    def test_switches_agree(self):
        for service in one.SERVICES:
            for setter in (one, two):
                with self.subTest(service=service):
                    setter.postlatch("member", "set", BOB, service + "=off")
                    opened = [server.services(BOB, one.passwords[BOB]) for server in (one, two)]
                    self.assertEqual(opened, [{**dict.fromkeys(one.SERVICES, True), service: False}] * 2)
                    setter.postlatch("member", "set", BOB, service + "=inherit")
        for setter in (one, two):
            setter.postlatch("domain", "set", "demo.test", "pop3=off")
            self.assertEqual([s.pop3(BOB, one.passwords[BOB])[0] for s in (one, two)], [False] * 2)
            setter.postlatch("domain", "set", "demo.test", "pop3=inherit")

    def test_a_session_that_was_signed_in_before_may_send_no_more(self):
        for setter, sender in ((one, two), (two, one)):
            client = self.signed_in(sender)
            self.assertEqual(self.offer_message(client)[0], 354)
            self.assertEqual(client.docmd(".")[0], 250)
            setter.postlatch("member", "set", CAROL, "smtp=off")
            self.assertEqual(self.offer_message(client)[0], 421)
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                self.signed_in(sender)
            setter.postlatch("member", "set", CAROL, "smtp=inherit")
            self.assertEqual(self.offer_message(self.signed_in(sender))[0], 354)

    def signed_in(self, sender):
        client = sender.smtp_client()
        self.addCleanup(client.close)
        client.login(CAROL, sender.passwords[CAROL])
        return client

    def offer_message(self, client):
        client.mail(CAROL)
        client.rcpt(BOB)
        return client.docmd("DATA")

    def test_uses_of_both_are_in_one_record(self):
        made = one.app_password(DAVE, label="tablet")
        self.assertTrue(one.imap(DAVE, made["password"])[0])
        self.assertTrue(two.pop3(DAVE, made["password"])[0])
        wait_for(lambda: database.sql("SELECT service FROM member_use u JOIN member m ON m.id = u.member_id "
                                      "WHERE m.local = 'dave' AND u.credential = 'app-password' ORDER BY service") == ["imap", "pop3"], 60)


class ConnectionTests(unittest.TestCase):
    """A test that was started at one portal, and a device that reaches the other front end."""

    def test_attempts_at_both_are_seen_at_both(self):
        portals = [portal_of(server) for server in (one, two)]
        for portal in portals:
            self.addCleanup(portal.remove)
            portal.start()
        watches = [Watch(portal, DAVE, one.passwords[DAVE]) for portal in portals]
        watches[0].start()
        self.addCleanup(watches[0].stop)
        seen = [], []
        for server in (two, one, two):
            self.assertFalse(server.imap(DAVE, "wrong")[0])
            for watch, ids in zip(watches, seen):
                attempt, = watch.next()
                self.assertEqual((attempt["service"], attempt["rule"]), ("imap", "wrong-password"))
                ids.append(attempt["id"])
        self.assertEqual(*seen)
        watches[1].stop()
        self.assertEqual(watches[0].look()["seconds_left"], 0)


class TwoPortals(unittest.TestCase):
    """Each front end's own Dovecot behind a portal of its own."""

    def setUp(self):
        self.portals = []
        for server in (one, two):
            portal = Portal(database=database.uri, verify_key=server.dir + "/etc/postlatch/verify.key",
                            seal_key=server.dir + "/etc/postlatch/seal.key",
                            outbox_key=server.dir + "/etc/postlatch/outbox.key",
                            auth_socket=server.dir + "/run/dovecot/auth-postlatch")
            self.addCleanup(portal.remove)
            self.portals.append(self.start(portal))
        one.postlatch("totp", "reset", ALICE)
        database.sql("DELETE FROM factor_failure; DELETE FROM sign_in_failure")

    def start(self, portal):
        return portal.start()

    def good(self, answer):
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def sign_in(self, portal):
        browser = portal.browser()
        self.good(browser.sign_in(ALICE, one.passwords[ALICE]))
        return browser

    def register(self, portal):
        browser = self.sign_in(portal)
        key = self.good(browser.post("/api/sign-in/registration"))["key"]
        self.good(browser.post("/api/sign-in/registration/confirm", {"code": totp(key, steps=-1)}))
        return key


class Portals(TwoPortals):
    def test_a_code_taken_on_one_is_refused_on_the_other(self):
        key = self.register(self.portals[0])
        first, second = (self.sign_in(portal) for portal in self.portals)
        code = totp(key)
        self.assertEqual(self.good(first.post("/api/sign-in/code", {"code": code}))["state"], "authenticated")
        answer = second.post("/api/sign-in/code", {"code": code})
        self.assertEqual((answer.status, answer.error), (422, "code-used"), answer)

    def test_a_code_offered_to_both_at_once_is_taken_once(self):
        key = self.register(self.portals[0])
        for _ in range(5):
            browsers = [self.sign_in(portal) for portal in self.portals * 4]
            code = totp(key)
            with concurrent.futures.ThreadPoolExecutor(len(browsers)) as pool:
                answers = list(pool.map(lambda b: b.post("/api/sign-in/code", {"code": code}), browsers))
            self.assertEqual([a.status for a in answers].count(200), 1, answers)
            self.assertEqual({a.error for a in answers if a.status != 200}, {"code-used"}, answers)
            database.sql("UPDATE totp SET last_step = 0; DELETE FROM factor_failure; "
                         "DELETE FROM sign_in_failure")

    def test_wrong_codes_on_both_are_counted_together(self):
        self.register(self.portals[0])
        browsers = [self.sign_in(portal) for portal in self.portals]
        said = [browsers[i % 2].post("/api/sign-in/code", {"code": "000000"}).error for i in range(10)]
        # Five on each would be allowed if each counted for itself.
        self.assertEqual(said, ["wrong-code"] * 6 + ["too-many-codes"] * 4)

    def test_a_session_of_one_is_known_to_the_other_and_ends_on_both(self):
        first = self.sign_in(self.portals[0])
        second = self.portals[1].browser()
        second.cookies, second.csrf = dict(first.cookies), first.csrf
        self.assertEqual(second.session()["address"], ALICE)
        self.good(second.post("/api/sign-out"))
        self.assertIsNone(first.session().get("address"))


class Clocks(TwoPortals):
    """The clocks of the two machines are days apart; that of the database decides on both."""

    WRONG = (-2 * 86400, 3 * 86400)

    def start(self, portal):
        path = portal.dir + "/wrong"
        with open(path, "w") as f:
            f.write(str(self.WRONG[len(self.portals)]))
        portal.process = portal.another(portal.port, ("env", "LD_PRELOAD=" + WRONG_CLOCK, "WRONG_CLOCK=" + path))
        return portal

    def test_guesses_on_both_are_counted_together(self):
        browsers = [portal.browser() for portal in self.portals]
        browsers[1].ip = browsers[0].ip
        statuses = [browsers[i % 2].sign_in(ALICE, "wrong").status for i in range(40)]
        # Eleven at once, and one more after 2, 6, 14, 30 and 62 seconds. Each by itself would check twice as many.
        self.assertLessEqual(statuses.count(401), 20, statuses)
        self.assertEqual(set(statuses), {401, 429}, statuses)

    def test_wrong_codes_on_both_are_counted_together(self):
        self.register(self.portals[0])
        browsers = [self.sign_in(portal) for portal in self.portals]
        said = [browsers[i % 2].post("/api/sign-in/code", {"code": "000000"}).error for i in range(10)]
        self.assertEqual(said, ["wrong-code"] * 6 + ["too-many-codes"] * 4)

    def test_a_code_is_good_on_both_and_once(self):
        key = self.register(self.portals[0])
        for i in (0, 1):
            database.sql("UPDATE totp SET last_step = 0")
            browsers = [self.sign_in(portal) for portal in (self.portals[i], self.portals[1 - i])]
            code = totp(key)
            self.good(browsers[0].post("/api/sign-in/code", {"code": code}))
            answer = browsers[1].post("/api/sign-in/code", {"code": code})
            self.assertEqual((answer.status, answer.error), (422, "code-used"), answer)

    def test_sessions_and_trusted_devices_of_one_are_good_on_the_other(self):
        key = self.register(self.portals[0])
        for i in (0, 1):
            database.sql("UPDATE totp SET last_step = 0")
            first, second = self.sign_in(self.portals[i]), self.portals[1 - i].browser()
            self.good(first.post("/api/sign-in/code", {"code": totp(key), "trust": True}))
            second.cookies, second.csrf = dict(first.cookies), first.csrf
            self.assertEqual(second.session()["address"], ALICE)
            second.cookies.pop("__Host-postlatch")
            self.assertEqual(self.good(second.sign_in(ALICE, one.passwords[ALICE]))["state"], "authenticated")

    def test_a_session_ends_on_both_at_the_same_time(self):
        first, second = self.sign_in(self.portals[0]), self.portals[1].browser()
        second.cookies = dict(first.cookies)
        self.assertEqual(second.session()["address"], ALICE)
        database.sql("UPDATE session SET expires_at = extract(epoch FROM clock_timestamp())::bigint - 1")
        second.cookies = dict(first.cookies)
        for browser in (first, second):
            self.assertEqual(browser.session()["state"], "none")

    def test_check_names_a_clock_that_is_wrong(self):
        path = one.dir + "/wrong"
        for wrong, says in ((-600, "ahead of"), (600, "behind")):
            with open(path, "w") as f:
                f.write(str(wrong))
            run = subprocess.run([one.env["POSTLATCH"], "check"], capture_output=True, text=True, timeout=TIMEOUT,
                                 env={**os.environ, "LD_PRELOAD": WRONG_CLOCK, "WRONG_CLOCK": path})
            self.assertRegex(run.stdout, r"clock of the database server is \d{3} seconds %s this machine's" % says)
        self.assertNotIn("clock of the database", one.postlatch("check", check=False).stdout)
