"""Sign-in and account pages over HTTP, against the Dovecot of a private server.

Each test has a member of its own. Codes are made by oathtool from the key that
the registration shows.
"""
import concurrent.futures
import contextlib
import datetime
import email
import email.policy
import imaplib
import re
import sqlite3
import time
import unittest
import xml.etree.ElementTree

from dovecot import ADDRESS, RELEASE
from portal import Answers, Portal, free_port, totp
from sasl import xoauth2
from server import Server, wait_for

SESSION, DEVICE = "__Host-postlatch", "__Host-postlatch-device"

# What the portal needs of Dovecot: a socket to ask at, and doveadm over HTTP.
LISTENERS = """
service auth {
  unix_listener auth-portal-test {
    mode = 0600
  }
}
service doveadm {
  inet_listener http {
    %s = 127.0.0.1
    port = %d
  }
}
doveadm_api_key = a test's key
"""


def setUpModule():
    global server, portal, members
    server = Server()
    unittest.addModuleCleanup(server.remove)
    server.start()
    # The server has a sender of its own at the same database, which sends no mail here once it has read that.
    with open(server.env["POLICY_FILE"], "a") as f:
        f.write('sendmail = ""\n')
    time.sleep(3)
    doveadm = free_port()
    with open(server.dir + "/etc/dovecot/dovecot.conf", "a") as f:
        f.write(LISTENERS % (ADDRESS, doveadm))
    names = ["m%02d@%s" % (i, server.env["DOMAIN"]) for i in range(80)]
    with open(server.dir + "/etc/dovecot/members", "a") as f:
        f.writelines("%s:{PLAIN}right::::::\n" % name for name in (*names, "eve@other.test"))
    members = iter(names)
    server.inside("doveadm", "reload")
    portal = Portal(database="sqlite:" + server.env["DATABASE"], portal_name="Test mail",
                    verify_key=server.dir + "/etc/postlatch/verify.key",
                    seal_key=server.dir + "/etc/postlatch/seal.key",
                    outbox_key=server.dir + "/etc/postlatch/outbox.key",
                    auth_socket=server.dir + "/run/dovecot/auth-portal-test",
                    doveadm_url="http://127.0.0.1:%d/doveadm/v1" % doveadm)
    unittest.addModuleCleanup(portal.remove)
    with open(portal.dir + "/doveadm.key", "w") as f:
        f.write("a test's key\n")
    portal.settings["doveadm_key_file"] = portal.dir + "/doveadm.key"
    portal.write_policy()
    portal.start()
    portal.start_sender()
    probe = portal.browser()
    wait_for(lambda: probe.sign_in(next(members)).status == 200, 60)


def next_of(answers):
    return lambda _: next(answers)


class Flow(Answers, unittest.TestCase):
    def setUp(self):
        self.member = next(members)
        self.browser = portal.browser()

    def sign_in(self, browser=None, **expected):
        """The session object; expected are values in it."""
        answer = self.good((browser or self.browser).sign_in(self.member))
        self.assertEqual({name: answer[name] for name in expected}, expected)
        return answer

    def register(self, browser=None, where="/api/sign-in/registration", trust=False):
        """Key, recovery codes; uses the code of the step before the present one."""
        browser = browser or self.browser
        key = self.good(browser.post(where))["key"]
        body = {"code": totp(key, steps=-1), "trust": trust}
        answer = self.good(browser.post(where + "/confirm", body))
        return key, answer["recovery_codes"]

    def registered(self):
        """A member with a factor, signed in with a fresh session in self.browser."""
        self.sign_in(state="pending", next="offer")
        self.key, self.recovery = self.register()
        return self.key

    def forget_codes(self):
        """As if the last code had been taken long ago."""
        self.sql("UPDATE totp SET last_step = 0 WHERE member_id = ?")

    def sql(self, statement):
        local, domain = self.member.split("@")
        return self.database(statement, self.database(
            "SELECT m.id FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local = ? AND d.name = ?",
            local, domain)[0][0])

    def database(self, statement, *values):
        with contextlib.closing(sqlite3.connect(server.env["DATABASE"], timeout=60)) as db, db:
            return db.execute(statement, values).fetchall()

    def account(self, browser=None):
        return self.good((browser or self.browser).get("/api/account"))

    def mails(self):
        """Subjects and texts of the mails to this member, decoded."""
        found = []
        for text in portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == self.member:
                message = email.message_from_string(message, policy=email.policy.default)
                found.append((message["Subject"], message.get_content(), message))
        return found

    def told(self, subject):
        wait_for(lambda: subject in [mail[0] for mail in self.mails()], 60)

    def audit(self):
        return [record["action"] for record in server.json("audit", "--member", self.member)]


class Registration(Flow):
    def test_registering_at_the_first_sign_in(self):
        first = self.sign_in(state="pending", next="offer", address=self.member, name="Test mail",
                             recovery=False)
        shown = self.good(self.browser.post("/api/sign-in/registration"))
        self.assertEqual((shown["account"], shown["issuer"]), (self.member, "Test mail"))
        self.assertRegex(shown["key"], r"^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$")
        drawing = xml.etree.ElementTree.fromstring(shown["svg"])
        self.assertEqual(drawing.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertNotIn("style", shown["svg"])

        wrong = self.browser.post("/api/sign-in/registration/confirm", {"code": "000000"})
        self.refused(wrong, 422, "wrong-code")
        self.assertEqual(self.browser.session()["next"], "offer")
        before = self.browser.copy()
        answer = self.browser.post("/api/sign-in/registration/confirm", {"code": totp(shown["key"])})
        session = self.good(answer)
        self.assertEqual((session["state"], session["next"]), ("authenticated", None))
        self.assertNotEqual(session["csrf"], first["csrf"])
        self.assertEqual(len(set(session["recovery_codes"])), 10)
        for code in session["recovery_codes"]:
            self.assertRegex(code, r"^([a-z2-7]{4}-){3}[a-z2-7]{4}$")
        self.assertEqual(before.state(), "none")  # a new session id at sign-in

        factor = self.account()["factor"]
        self.assertTrue(factor["registered"])
        self.assertEqual((factor["recovery_codes"], factor["registered_ip"]), (10, self.browser.ip))
        self.assertLess(abs(factor["registered_at"] - time.time()), 90)
        self.told("Two-step verification was set up")
        self.assertIn("totp.register", self.audit())
        self.sign_in(portal.browser(), state="pending", next="code", recovery=True)

    def test_the_key_stays_the_same_until_it_expires_and_is_of_one_session_only(self):
        begin, confirm = "/api/sign-in/registration", "/api/sign-in/registration/confirm"
        thief = portal.browser()
        self.sign_in(thief)
        stolen = self.good(thief.post(begin))["key"]
        self.sign_in()
        first = self.good(self.browser.post(begin))
        self.assertNotEqual(stolen, first["key"])
        self.assertEqual(self.good(self.browser.post(begin)), first)
        self.assertEqual(self.good(thief.post(begin))["key"], stolen)
        self.refused(self.browser.post(confirm, {"code": totp(stolen)}), 422, "wrong-code")
        self.sql("UPDATE totp_pending SET expires_at = 0 WHERE session_id IN "
                 "(SELECT id FROM session WHERE member_id = ?)")
        self.refused(self.browser.post(confirm, {"code": totp(first["key"])}), 422, "registration-expired")
        new = self.good(self.browser.post(begin))["key"]
        self.assertNotEqual(new, first["key"])
        self.good(self.browser.post(confirm, {"code": totp(new)}))

    def test_a_key_that_is_set_up_again_stays_the_same_too(self):
        self.registered()
        begin = "/api/account/registration"
        key = self.good(self.browser.post(begin))["key"]
        self.assertEqual(self.good(self.browser.post(begin))["key"], key)

    def test_nothing_is_registered_until_a_code_proves_it(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/registration"))
        self.sign_in(portal.browser(), state="pending", next="offer")

    def test_later_is_open_while_it_is_optional(self):
        self.sign_in(state="pending", next="offer")
        self.assertEqual(self.good(self.browser.post("/api/sign-in/later"))["state"], "authenticated")
        self.assertFalse(self.account()["factor"]["registered"])
        self.sign_in(portal.browser(), state="pending", next="offer")

    def test_an_offer_names_the_day_from_which_it_is_required(self):
        self.sign_in(portal.browser(), state="pending", next="offer", required_from=None)
        server.postlatch("member", "set", "--add", self.member, "two_factor_requirement=required_from_2090-03-01")
        self.sign_in(portal.browser(), state="pending", next="offer", required_from="2090-03-01")
        self.sign_in(state="pending", next="offer", required_from="2090-03-01")
        self.assertEqual(self.browser.session()["required_from"], "2090-03-01")
        later = self.good(self.browser.post("/api/sign-in/later"))
        self.assertEqual((later["state"], later["required_from"]), ("authenticated", None))
        server.postlatch("member", "set", self.member, "two_factor_requirement=required_from_2020-03-01")
        self.sign_in(portal.browser(), state="pending", next="register", required_from=None)

    def test_an_offer_counts_the_days_of_grace_of_who_has_just_joined(self):
        self.start_again(two_factor_grace_days="7")
        server.postlatch("domain", "set", server.env["DOMAIN"], "two_factor_requirement=required")
        self.addCleanup(server.postlatch, "domain", "set", server.env["DOMAIN"], "two_factor_requirement=inherit")
        last = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=7)).date()
        days = {(last + datetime.timedelta(days=more)).isoformat() for more in (0, 1)}
        for _ in range(2):  # the first sign-in makes the account
            answer = self.sign_in(portal.browser(), state="pending", next="offer")
            self.assertIn(answer["required_from"], days)

    def start_again(self, sections="", **settings):
        """The portal, with settings and sections that hold for this test."""
        before = dict(portal.settings)

        def start(settings, sections=""):
            portal.stop()
            portal.settings = settings
            portal.write_policy(sections)
            portal.start()

        self.addCleanup(start, before)
        start(dict(before, **settings), sections)

    def test_step_up_asks_for_the_factor_before_sensitive_changes_and_not_at_sign_in(self):
        self.start_again('class "careful" {\n    two_factor_requirement = step_up\n}\n')
        server.postlatch("member", "set", "--add", self.member, "class=careful")
        key = self.registered()
        browser = portal.browser()
        self.sign_in(browser, state="authenticated")
        account = self.good(browser.get("/api/account"))
        self.assertEqual((account["two_factor_requirement"], account["reauthenticated"]), ("step_up", False))
        for path, fields in (("/api/account/verification", None), ("/api/account/recovery-codes", None),
                             ("/api/account/sessions/end-all", None), ("/api/account/two-factor-mode", {"two_factor_mode": "skip"})):
            answer = self.refused(browser.post(path, fields), 403, "reauthentication-needed")
            self.assertEqual(answer.json["by"], "code", path)
        self.refused(browser.post("/api/account/reauthentication", {"password": "right"}), 403, "reauthentication-needed")
        self.good(browser.post("/api/account/reauthentication", {"code": totp(key)}))
        self.assertTrue(self.good(browser.post("/api/account/verification"))["reauthenticated"])
        self.refused(browser.post("/api/account/two-factor-mode", {"two_factor_mode": "skip"}), 403, "not-allowed")
        self.good(browser.post("/api/account/recovery-codes"))
        server.postlatch("member", "set", self.member, "two_factor_requirement=required")
        self.sign_in(portal.browser(), state="pending", next="code")

    def test_required_lets_nobody_in_without_a_factor(self):
        server.postlatch("member", "set", "--add", self.member, "two_factor_requirement=required")
        self.sign_in(state="pending", next="register")
        self.refused(self.browser.post("/api/sign-in/later"), 403, "not-allowed")
        self.refused(self.browser.get("/api/account"), 401, "sign-in-again")
        self.register()
        self.assertEqual(self.browser.state(), "authenticated")

    def test_who_has_a_factor_cannot_register_another_one_with_the_password_alone(self):
        key = self.registered()
        thief = portal.browser()
        self.sign_in(thief, state="pending", next="code")
        self.refused(thief.post("/api/sign-in/registration"), 403, "not-allowed")
        self.refused(thief.post("/api/sign-in/registration/confirm", {"code": totp(key)}), 403, "not-allowed")
        self.refused(thief.post("/api/sign-in/later"), 403, "not-allowed")
        self.assertEqual(thief.state(), "pending")

    def test_a_registration_that_was_begun_before_the_owner_registered_is_over(self):
        thief = portal.browser()
        self.sign_in(thief, state="pending", next="offer")
        self.registered()
        self.refused(thief.post("/api/sign-in/registration"), 401, "sign-in-again")
        self.refused(thief.post("/api/sign-in/later"), 401, "sign-in-again")

    def test_what_becomes_due_while_later_waits_cannot_be_put_off(self):
        """The request has begun, and waits for another transaction, which makes the factor required."""
        self.sign_in(state="pending", next="offer")
        with contextlib.closing(sqlite3.connect(server.env["DATABASE"], timeout=60, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                later = pool.submit(self.browser.post, "/api/sign-in/later")
                time.sleep(0.5)
                db.execute("UPDATE member SET settings = 'two_factor_requirement=required' WHERE local = ?",
                           (self.member.split("@")[0],))
                db.execute("COMMIT")
                self.refused(later.result(), 403, "not-allowed")
        self.assertEqual(self.browser.state(), "pending")

    def test_registering_ends_sessions_that_the_password_alone_opened(self):
        thief = portal.browser()
        self.sign_in(thief)
        self.good(thief.post("/api/sign-in/later"))
        self.registered()
        self.refused(thief.get("/api/account"), 401, "sign-in-again")
        self.assertEqual(self.browser.state(), "authenticated")


class Codes(Flow):
    def code(self, code, browser=None, trust=False):
        return (browser or self.browser).post("/api/sign-in/code", {"code": code, "trust": trust})

    def pending(self):
        browser = portal.browser()
        self.sign_in(browser, state="pending", next="code")
        return browser

    def test_a_code_lets_in_once(self):
        key = self.registered()
        first, second = self.pending(), self.pending()
        self.refused(self.code(totp(key, steps=-1), first), 422, "code-used")  # it registered
        code = totp(key)
        session = self.good(self.code("%s %s" % (code[:3], code[3:]), first))
        self.assertEqual((session["state"], session["next"]), ("authenticated", None))
        # The other window of the same browser.
        self.refused(self.code(code, first), 409, "already-signed-in")
        self.refused(self.code(code, second), 422, "code-used")
        self.assertEqual(second.state(), "pending")
        self.good(self.code(totp(key, steps=1), second))

    def test_a_code_of_another_time_or_member_is_wrong(self):
        key = self.registered()
        browser = self.pending()
        for code in (totp(key, steps=-3), totp(key, steps=3), totp("A" * 32)):
            self.refused(self.code(code, browser), 422, "wrong-code")
        self.assertEqual(browser.state(), "pending")

    def test_wrong_codes_make_wait_and_a_hundred_block(self):
        key = self.registered()
        browser = self.pending()
        for _ in range(5):
            self.refused(self.code("000000", browser), 422, "wrong-code")
        answer = self.refused(self.code("000000", browser), 422, "wrong-code")
        answer = self.refused(self.code(totp(key), browser), 429, "too-many-codes")
        self.assertTrue(0 < answer.json["wait"] <= 60, answer)
        self.assertEqual(answer.headers["Retry-After"], str(answer.json["wait"]))
        # Another session of the member waits as well, with recovery codes too.
        other = self.pending()
        self.refused(self.code(totp(key), other), 429, "too-many-codes")
        self.refused(other.post("/api/sign-in/recovery", {"code": self.recovery[0]}), 429, "too-many-codes")
        self.sql("UPDATE factor_failure SET failed_at = failed_at - 3600 WHERE member_id = ?")
        self.good(self.code(totp(key), browser))
        self.sql("INSERT INTO factor_failure (member_id, failures, failed_at) VALUES (?, 100, 0)")
        self.refused(self.code(totp(key, steps=1), other), 403, "factor-blocked")

    def test_a_recovery_code_lets_in_once_and_the_member_is_told(self):
        self.registered()
        first, second = self.pending(), self.pending()
        offered = self.recovery[3].upper().replace("-", " ")
        self.assertEqual(self.good(first.post("/api/sign-in/recovery", {"code": offered}))["state"], "authenticated")
        self.refused(second.post("/api/sign-in/recovery", {"code": self.recovery[3]}), 422, "wrong-recovery-code")
        self.assertEqual(self.account(first)["factor"]["recovery_codes"], 9)
        self.told("A recovery code was used")

    def test_skip_and_off_leave_the_factor_out_and_prove_nothing(self):
        self.registered()
        for setting in ("two_factor_mode=skip", "two_factor=off"):
            server.postlatch("member", "set", self.member, "two_factor_mode=inherit", "two_factor=inherit")
            server.postlatch("member", "set", self.member, setting)
            browser = portal.browser()
            self.sign_in(browser, state="authenticated", next=None)
            self.assertFalse(self.account(browser)["reauthenticated"])
            answer = self.refused(browser.post("/api/account/recovery-codes"), 403, "reauthentication-needed")
            self.assertEqual(answer.json["by"], "code")

    def test_a_pending_session_is_short(self):
        self.registered()
        browser = self.pending()
        self.sql("UPDATE session SET expires_at = expires_at - 900 WHERE pending = 1 AND member_id = ?")
        self.refused(self.code(totp(self.key), browser), 401, "sign-in-again")

    def test_a_reset_by_the_administrator_ends_all_and_offers_registration(self):
        self.registered()
        server.postlatch("totp", "reset", self.member)
        self.assertEqual(self.browser.state(), "none")
        self.sign_in(portal.browser(), state="pending", next="offer")


class TrustedDevices(Flow):
    def trusting(self):
        """Signs in with a code and trusts the device."""
        key = self.registered()
        self.good(self.browser.post("/api/sign-out"))
        self.sign_in(state="pending", next="code")
        answer = self.browser.post("/api/sign-in/code", {"code": totp(key), "trust": True})
        self.good(answer)
        self.assertIn("Max-Age=%d" % (30 * 86400), next(c for c in answer.cookies if c.startswith(DEVICE)))
        return key

    def test_the_next_sign_in_leaves_the_code_out_and_changes_the_cookie(self):
        self.trusting()
        old = self.browser.cookies[DEVICE]
        self.good(self.browser.post("/api/sign-out"))
        self.sign_in(state="authenticated", next=None)
        self.assertNotEqual(self.browser.cookies[DEVICE], old)
        account = self.account()
        self.assertEqual([(d["name"], d["ip"], d["current"]) for d in account["devices"]],
                         [("Windows 10, Chrome", self.browser.ip, True)])
        device, = account["devices"]
        self.assertLessEqual(device["created_at"], device["used_at"])
        self.assertFalse(account["reauthenticated"])
        self.refused(self.browser.post("/api/account/recovery-codes"), 403, "reauthentication-needed")

    def test_without_the_password_it_is_worth_nothing(self):
        self.trusting()
        thief = self.browser.copy()
        del thief.cookies[SESSION]
        self.refused(thief.sign_in(self.member, "wrong"), 401, "wrong-credentials")
        self.assertEqual(thief.state(), "none")

    def test_another_member_is_asked_for_the_code(self):
        self.trusting()
        self.browser.cookies.pop(SESSION)
        owner, self.member = self.member, next(members)
        self.sign_in()
        self.register()
        self.good(self.browser.post("/api/sign-out"))
        self.sign_in(state="pending", next="code")
        self.member = owner
        self.sign_in(state="authenticated")

    def test_a_copied_cookie_kills_the_trust_and_the_member_is_told(self):
        self.trusting()
        thief = self.browser.copy()
        del thief.cookies[SESSION]
        self.good(self.browser.post("/api/sign-out"))
        self.sign_in(state="authenticated")
        self.sql("UPDATE trusted_device SET rotated_at = rotated_at - 60 WHERE member_id = ?")
        self.sign_in(thief, state="pending", next="code")
        self.assertNotIn(DEVICE, thief.cookies)
        # One of the two is the thief: the session that the copy has opened ends, whoever it is.
        self.assertEqual(self.browser.state(), "none")
        self.told("A trusted device may have been copied")
        self.assertIn("trusted-device.stolen", self.audit())
        # The owner's copy died with it.
        self.sign_in(state="pending", next="code")

    def test_a_removed_device_is_asked_for_the_code(self):
        self.trusting()
        device = self.account()["devices"][0]["id"]
        stranger = portal.browser()
        owner, self.member = self.member, next(members)
        self.sign_in(stranger)
        self.good(stranger.post("/api/sign-in/later"))
        self.refused(stranger.post("/api/account/devices/remove", {"id": device}), 404, "not-found")
        self.member = owner
        kept = self.browser.copy()
        remove = "/api/account/devices/remove"
        self.assertEqual(self.good(self.browser.post(remove, {"id": device}))["devices"], [])
        self.assertNotIn(DEVICE, self.browser.cookies)
        self.refused(self.browser.post(remove, {"id": device}), 404, "not-found")
        kept.cookies.pop(SESSION)
        self.sign_in(kept, state="pending", next="code")

    def test_trust_ends_after_thirty_days_and_with_the_factor(self):
        key = self.trusting()
        self.sql("UPDATE trusted_device SET expires_at = created_at WHERE member_id = ?")
        self.sign_in(state="pending", next="code")
        self.forget_codes()
        self.good(self.browser.post("/api/sign-in/code", {"code": totp(key), "trust": True}))
        remove = {"code": totp(key, steps=1)}
        self.good(self.browser.post("/api/account/factor/remove", remove))
        self.assertEqual(self.account()["devices"], [])
        self.sign_in(state="pending", next="offer")


class Account(Flow):
    def stale(self):
        self.sql("UPDATE session SET reauthenticated_at = 0 WHERE member_id = ?")

    def test_the_account_page_says_when_and_from_where_the_member_signed_in_before(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        self.assertIsNone(self.account()["last_access"])
        first, begin = self.browser, time.time()
        for _ in range(2):
            self.browser = portal.browser()
            self.sign_in()
            # Whoever knows the password alone has not signed in.
            self.assertEqual(portal.browser().sign_in(self.member).status, 200)
            self.good(self.browser.post("/api/sign-in/later"))
            access = self.account()["last_access"]
            self.assertEqual((access["ip"], access["device"]), (first.ip, "Windows 10, Chrome"))
            self.assertLessEqual(abs(access["at"] - begin), 60)
            first = self.browser

    def test_the_account_page_says_how_things_stand(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        account = self.account()
        wanted = {"address": self.member, "two_factor": True, "two_factor_requirement": "optional",
                  "two_factor_mode": "use", "two_factor_mode_source": "built-in", "opted_out": False,
                  "factor": {"registered": False, "registered_at": None, "registered_ip": None,
                             "recovery_codes": 0, "recovery_kept": True, "kinds": [],
                             "allowed": ["totp", "passkey", "approval"]}}
        self.assertEqual({name: account[name] for name in wanted}, wanted)
        session, = account["sessions"]
        self.assertEqual((session["name"], session["ip"], session["current"]),
                         ("Windows 10, Chrome", self.browser.ip, True))

    def test_browsers_are_called_what_people_call_them(self):
        phone = "Mozilla/5.0 (Linux; Android 14; SM-S918N) AppleWebKit/537.36 (KHTML, like Gecko) "
        agents = {
            phone + "Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36;KAKAOTALK 2410450": "Android, KakaoTalk",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "NAVER(inapp; search; 2000; 12.8.1; 15PRO)": "iPhone, NAVER",
            phone + "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36": "Android, Samsung Internet",
            phone + "Chrome/130.0.0.0 Whale/1.0.0.0 Crosswalk/30.0 Mobile Safari/537.36": "Android, Whale",
        }
        for agent, name in agents.items():
            self.browser.AGENT = agent
            self.sign_in()
            self.good(self.browser.post("/api/sign-in/later"))
            self.assertEqual([s["name"] for s in self.account()["sessions"] if s["current"]], [name])

    def test_reauthentication_opens_sensitive_changes_for_twenty_minutes(self):
        key = self.registered()
        self.stale()
        change = "/api/account/recovery-codes"
        self.refused(self.browser.post(change), 403, "reauthentication-needed")
        again = "/api/account/reauthentication"
        self.refused(self.browser.post(again, {"code": "000000"}), 422, "wrong-code")
        answer = self.refused(self.browser.post(again, {"password": "right"}), 403, "reauthentication-needed")
        self.assertEqual(answer.json["by"], "code")
        self.refused(self.browser.post(again, {}), 403, "reauthentication-needed")
        self.refused(self.browser.post(change), 403, "reauthentication-needed")
        self.assertTrue(self.good(self.browser.post(again, {"code": totp(key)}))["reauthenticated"])
        self.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - 1260 WHERE member_id = ?")
        self.refused(self.browser.post(change), 403, "reauthentication-needed")
        self.assertTrue(self.good(self.browser.post(again, {"code": self.recovery[0]}))["reauthenticated"])
        self.told("A recovery code was used")
        self.assertEqual(len(self.good(self.browser.post(change))["recovery_codes"]), 10)

    def test_without_a_factor_the_password_reauthenticates(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        self.stale()
        answer = self.refused(self.browser.post("/api/account/registration"), 403, "reauthentication-needed")
        self.assertEqual(answer.json["by"], "password")
        self.refused(self.browser.post("/api/account/reauthentication", {"password": "wrong"}), 401, "wrong-credentials")
        self.refused(self.browser.post("/api/account/reauthentication", {"code": "123456"}), 403, "reauthentication-needed")
        self.good(self.browser.post("/api/account/reauthentication", {"password": "right"}))
        self.register(where="/api/account/registration")
        self.assertTrue(self.account()["factor"]["registered"])

    def test_setting_the_factor_up_again_replaces_it_and_ends_other_sessions(self):
        old = self.registered()
        other = portal.browser()
        self.sign_in(other)
        self.good(other.post("/api/sign-in/code", {"code": totp(old)}))
        new, codes = self.register(where="/api/account/registration")
        self.assertEqual(len(codes), 10)
        self.refused(other.get("/api/account"), 401, "sign-in-again")
        self.assertEqual(self.browser.state(), "authenticated")
        third = portal.browser()
        self.sign_in(third, next="code")
        late = totp(old, steps=1)
        self.refused(third.post("/api/sign-in/code", {"code": late}), 422, "wrong-code")
        self.refused(third.post("/api/sign-in/recovery", {"code": self.recovery[0]}), 422, "wrong-recovery-code")
        self.good(third.post("/api/sign-in/code", {"code": totp(new)}))

    def test_a_factor_that_an_administrator_resets_is_told_once(self):
        self.registered()
        server.postlatch("totp", "reset", self.member)
        subject = "Two-step verification was removed by an administrator / 관리자가 2단계 인증을 삭제했습니다"
        self.told(subject)
        texts = [mail[1] for mail in self.mails() if mail[0] == subject]
        self.assertEqual(len(texts), 1)
        self.assertIn("An administrator removed two-step verification", texts[0])
        self.assertIn("관리자가 회원님의 계정에서 2단계 인증을 삭제했습니다", texts[0])
        wait_for(lambda: self.database("SELECT COUNT(*) FROM outbox") == [(0,)], 60)
        # There is nothing to tell of a factor that was not there.
        server.postlatch("totp", "reset", self.member)
        self.assertEqual(self.database("SELECT COUNT(*) FROM outbox"), [(0,)])

    def test_removing_the_factor_ends_other_sessions_and_is_told(self):
        key = self.registered()
        other = portal.browser()
        self.sign_in(other)
        self.good(other.post("/api/sign-in/code", {"code": totp(key)}))
        # However recent the sign-in is.
        remove = "/api/account/factor/remove"
        self.assertTrue(self.account()["reauthenticated"])
        self.refused(self.browser.post(remove, {}), 400, "bad-request")
        self.refused(self.browser.post(remove, {"code": "000000"}), 422, "wrong-code")
        self.refused(self.browser.post(remove, {"code": "aaaa-aaaa"}), 422, "wrong-recovery-code")
        self.assertTrue(self.account()["factor"]["registered"])
        account = self.good(self.browser.post(remove, {"code": self.recovery[0]}))
        self.assertEqual((account["factor"]["registered"], len(account["sessions"])), (False, 1))
        self.refused(other.get("/api/account"), 401, "sign-in-again")
        self.told("Two-step verification was removed")
        self.assertIn("second-factor.reset", self.audit())
        self.sign_in(portal.browser(), state="pending", next="offer")

    def test_new_recovery_codes_replace_the_old(self):
        self.registered()
        kept = "/api/account/recovery-codes/kept"
        for whole in (self.browser.session(), self.account()["factor"]):
            self.assertFalse(whole["recovery_kept"])
        self.assertTrue(self.good(self.browser.post(kept))["factor"]["recovery_kept"])
        self.assertTrue(self.browser.session()["recovery_kept"])
        new = self.good(self.browser.post("/api/account/recovery-codes"))["recovery_codes"]
        self.assertFalse(self.account()["factor"]["recovery_kept"])
        self.assertEqual(len(set(new) - set(self.recovery)), 10)
        self.told("New recovery codes were made")
        browser = portal.browser()
        self.sign_in(browser)
        self.refused(browser.post("/api/sign-in/recovery", {"code": self.recovery[0]}), 422, "wrong-recovery-code")
        self.good(browser.post("/api/sign-in/recovery", {"code": new[0]}))

    def test_what_is_switched_off_or_left_out_is_not_said_to_be_asked_for(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        mode = "/api/account/two-factor-mode"
        self.good(self.browser.post(mode, {"two_factor_mode": "skip"}))
        self.good(self.browser.post(mode, {"two_factor_mode": "use"}))
        self.told("Two-step verification is used again")
        self.assertTrue(any("offers to register" in text for _, text, _ in self.mails()))
        server.postlatch("member", "set", self.member, "two_factor=off")
        self.refused(self.browser.post(mode, {"two_factor_mode": "skip"}), 403, "not-allowed")
        again = "/api/account/registration"
        self.refused(self.browser.post(again), 403, "not-allowed")
        self.refused(self.browser.post(again + "/confirm", {"code": "000000"}), 403, "not-allowed")
        server.postlatch("member", "set", self.member, "two_factor=inherit", "two_factor_mode=skip")
        self.register(where=again)
        self.told("Two-step verification was set up")
        text = next(text for subject, text, _ in self.mails() if subject == "Two-step verification was set up")
        self.assertIn("does not ask for a code", text)

    def test_use_or_skip_is_the_members_choice_only_while_it_is_optional(self):
        self.registered()
        account = self.good(self.browser.post("/api/account/two-factor-mode", {"two_factor_mode": "skip"}))
        self.assertEqual((account["two_factor_mode"], account["opted_out"]), ("use", True))
        self.told("Two-step verification is left out")
        self.assertIn("two-factor.opt-out", self.audit())
        self.sign_in(portal.browser(), state="authenticated")
        self.good(self.browser.post("/api/account/two-factor-mode", {"two_factor_mode": "use"}))
        self.told("Two-step verification is used again")
        self.sign_in(portal.browser(), state="pending", next="code")
        self.refused(self.browser.post("/api/account/two-factor-mode", {"two_factor_mode": "off"}), 400, "bad-request")
        self.good(self.browser.post("/api/account/two-factor-mode", {"two_factor_mode": "skip"}))
        server.postlatch("member", "set", "--add", self.member, "two_factor_requirement=required")
        self.assertEqual(self.account()["two_factor_requirement"], "required")
        self.refused(self.browser.post("/api/account/two-factor-mode", {"two_factor_mode": "skip"}), 403, "not-allowed")
        self.sign_in(portal.browser(), state="pending", next="code")

    def test_a_factor_that_is_registered_later_takes_the_choice_to_skip_back(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        skip = "/api/account/two-factor-mode"
        self.assertTrue(self.good(self.browser.post(skip, {"two_factor_mode": "skip"}))["opted_out"])
        self.sign_in(portal.browser(), state="authenticated")
        self.register(where="/api/account/registration")
        self.assertFalse(self.account()["opted_out"])
        self.sign_in(portal.browser(), state="pending", next="code")

    def test_who_is_excused_by_an_administrator_has_nothing_to_choose(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        server.postlatch("member", "set", self.member, "two_factor_mode=skip")
        for word in ("use", "skip"):
            self.refused(self.browser.post("/api/account/two-factor-mode", {"two_factor_mode": word}), 403, "not-allowed")
        self.assertFalse(self.account()["opted_out"])

    def test_korean_browsers_get_korean_mail(self):
        self.browser.language = "ko-KR,ko;q=0.9,en;q=0.8"
        self.registered()
        self.told("2단계 인증이 등록되었습니다")
        _, text, message = self.mails()[0]
        self.assertIn("2단계 인증", text)
        self.assertIn(self.browser.ip, text)
        self.assertIn(portal.url + "/account", text)
        self.assertEqual((message["Auto-Submitted"], message["To"]), ("auto-generated", self.member))
        self.assertEqual(str(message["From"]), "Test mail <postmaster@localhost>")


    def test_a_language_is_the_whole_subtag(self):
        self.browser.language = "kok-IN,en;q=0.5"
        self.registered()
        self.told("Two-step verification was set up")


class Addresses(Flow):
    def test_a_proxy_may_tell_the_port_too(self):
        for told, ip in (("198.51.100.8:40001", "198.51.100.8"), ("[2001:db8::8]:40001", "2001:db8::8")):
            browser = portal.browser()
            browser.ip = told
            self.sign_in(browser)
            self.good(browser.post("/api/sign-in/later"))
            self.assertIn(ip, [session["ip"] for session in server.json("session", "list", self.member)])


class Sessions(Flow):
    def two(self):
        """Two browsers of a member without a factor."""
        other = portal.browser()
        for browser in (self.browser, other):
            self.sign_in(browser)
            self.good(browser.post("/api/sign-in/later"))
        return other

    def other_id(self):
        return next(s["id"] for s in self.account()["sessions"] if not s["current"])

    def out(self, browser, why):
        """It is signed out, and told why."""
        answer = self.refused(browser.get("/api/account"), 401, "sign-in-again")
        self.assertEqual(answer.json["why"], why)
        session = browser.session()
        self.assertEqual((session["state"], session["why"]), ("none", why))

    def has_ended(self, connection):
        try:
            connection.noop()
        except (imaplib.IMAP4.abort, OSError):
            return True
        return False

    def test_signing_a_device_out_ends_the_connections_of_its_tokens(self):
        self.two()
        connections = {}
        for name in ("ended", "kept", "phone"):
            connections[name] = connection = imaplib.IMAP4("127.0.0.1", server.port("IMAP"), timeout=60)
            if name == "phone":
                connection.login(self.member, "right")
                continue
            session, token = server.issue_token(self.member, "webmail", 3600, 3600)
            connection.authenticate("XOAUTH2", next_of(xoauth2(self.member, token)))
            if name == "ended":
                ended = session
        self.good(self.browser.post("/api/account/sessions/end", {"id": int(ended)}))
        wait_for(lambda: self.has_ended(connections["ended"]))
        # Dovecot 2.3 cannot tell the connections of one member apart.
        if RELEASE != "2.3":
            self.assertFalse(self.has_ended(connections["kept"]) or self.has_ended(connections["phone"]))

    def test_signing_another_device_out(self):
        other = self.two()
        sessions = self.account()["sessions"]
        self.assertEqual(sorted((s["ip"], s["current"]) for s in sessions),
                         sorted([(self.browser.ip, True), (other.ip, False)]))
        gone = self.other_id()
        self.assertIsNone(other.session()["why"])
        account = self.good(self.browser.post("/api/account/sessions/end", {"id": gone}))
        self.assertEqual(len(account["sessions"]), 1)
        self.out(other, "ended")
        self.refused(self.browser.post("/api/account/sessions/end", {"id": gone}), 404, "not-found")
        self.assertIn("session.revoke", self.audit())

    def test_signing_a_device_out_takes_its_trust(self):
        self.registered()
        other = portal.browser()
        self.sign_in(other)
        self.good(other.post("/api/sign-in/code", {"code": totp(self.key), "trust": True}))
        self.good(self.browser.post("/api/account/sessions/end", {"id": self.other_id()}))
        self.assertEqual(self.account()["devices"], [])
        self.sign_in(other, state="pending", next="code")

    def test_sessions_of_others_are_out_of_reach(self):
        self.two()
        victim = self.other_id()
        self.member = next(members)
        thief = portal.browser()
        self.sign_in(thief)
        self.good(thief.post("/api/sign-in/later"))
        self.refused(thief.post("/api/account/sessions/end", {"id": victim}), 404, "not-found")
        self.assertEqual(self.browser.state(), "authenticated")

    def test_signing_every_other_device_out(self):
        other = self.two()
        self.assertEqual(len(self.good(self.browser.post("/api/account/sessions/end-all"))["sessions"]), 1)
        self.out(other, "ended")
        self.assertEqual(self.browser.state(), "authenticated")
        self.told("Your other devices were signed out")

    def test_a_session_whose_time_is_over_says_so(self):
        other = self.two()
        self.sql("UPDATE session SET seen_at = seen_at - 7200 WHERE member_id = ?")
        self.out(other, "expired")
        self.sql("DELETE FROM session WHERE member_id = ?")
        self.out(self.browser, "expired")

    def test_a_window_is_told_that_another_one_has_signed_out(self):
        self.two()
        self.good(self.browser.post("/api/sign-out"))
        answer = self.refused(self.browser.get("/api/account"), 401, "sign-in-again")
        self.assertEqual(answer.json["why"], "signed-out")
        # Who comes anew is told nothing.
        self.assertIsNone(self.browser.session()["why"])

    def test_signing_out_everywhere_ends_a_sign_in_that_is_not_completed(self):
        self.two()
        thief = portal.browser()
        self.sign_in(thief, state="pending", next="offer")
        self.good(self.browser.post("/api/account/sessions/end-all"))
        self.refused(thief.post("/api/sign-in/later"), 401, "sign-in-again")
        self.assertEqual(thief.state(), "none")

    def test_signing_out_kills_the_cookie_at_the_server(self):
        self.two()
        kept = self.browser.copy()
        self.assertEqual(self.good(self.browser.post("/api/sign-out"))["state"], "none")
        self.assertNotIn(SESSION, self.browser.cookies)
        self.refused(kept.get("/api/account"), 401, "sign-in-again")

    def test_signing_in_anew_ends_the_browsers_former_session(self):
        self.two()
        kept = self.browser.copy()
        self.sign_in()
        self.assertEqual(kept.state(), "none")

    def test_signing_out_everywhere_by_the_administrator(self):
        other = self.two()
        server.postlatch("session", "revoke", self.member, "--all")
        for browser in (self.browser, other):
            self.refused(browser.get("/api/account"), 401, "sign-in-again")


class Log(Flow):
    def lines(self, browser=None):
        """(address, result) of each line about a browser."""
        return re.findall("sign-in address=(\\S*) ip=%s result=(\\S+)" % re.escape((browser or self.browser).ip),
                          portal.log())

    def test_a_name_that_nobody_has_is_left_out(self):
        """It may be a password."""
        for name in ("Correct-Horse-9", "hunter2", "p@ss.word", "someone@%s.nowhere.test" % server.env["DOMAIN"]):
            self.refused(self.browser.sign_in(name, "wrong"), 401, "wrong-credentials")
        self.assertEqual(self.lines(), [("unknown", "wrong-password")] * 4)
        self.refused(self.browser.sign_in(self.member, "wrong"), 401, "wrong-credentials")
        self.assertEqual(self.lines()[4:], [(self.member, "wrong-password")])

    def test_a_wrong_password_at_the_account_pages_is_one_line(self):
        self.sign_in()
        self.good(self.browser.post("/api/sign-in/later"))
        before = len(self.lines())
        self.refused(self.browser.post("/api/account/reauthentication", {"password": "wrong"}), 401, "wrong-credentials")
        self.assertEqual(self.lines()[before:], [(self.member, "wrong-password")])

    def test_throttled_tries_are_one_line_for_each_wait(self):
        for _ in range(12):
            self.browser.sign_in(self.member, "wrong")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: self.browser.copy_address().sign_in(self.member, "wrong").status, range(40)))
        self.assertGreater(answers.count(429), 20)
        self.assertLess([result for _, result in self.lines()].count("throttled"), 10)


class Password(Flow):
    def test_who_may_not_come_in_all_get_the_same_answer(self):
        answers = []
        for name, password in ((self.member, "wrong"), ("nobody@" + server.env["DOMAIN"], "right"),
                               ("nobody@elsewhere.test", "x"), ("nobody", "x"), ("x" * 320, "x")):
            browser = portal.browser()
            started = time.monotonic()
            answers.append(self.refused(browser.sign_in(name, password), 401, "wrong-credentials").body)
            self.assertGreaterEqual(time.monotonic() - started, 0.25)
            self.assertEqual(browser.cookies, {})
        self.assertEqual(len(set(answers)), 1)

    def test_a_domain_that_is_not_known_stays_out_and_is_not_added(self):
        self.refused(self.browser.sign_in("eve@other.test"), 401, "wrong-credentials")
        self.assertNotIn("other.test", server.postlatch("domain", "list").stdout)
        server.postlatch("domain", "add", "other.test")
        self.addCleanup(server.postlatch, "domain", "remove", "other.test", "--yes")
        self.member = "eve@other.test"
        self.sign_in(state="pending", next="offer")

    def test_a_member_whose_webmail_is_off_stays_out(self):
        self.sign_in()
        server.postlatch("member", "set", self.member, "webmail=off")
        token = self.browser.csrf
        self.assertEqual(self.browser.state(), "none")
        self.browser.csrf = token
        self.refused(self.browser.post("/api/sign-in/later"), 403, "not-allowed")
        self.refused(portal.browser().sign_in(self.member), 401, "wrong-credentials")
        server.postlatch("member", "set", self.member, "webmail=inherit")
        self.sign_in(state="pending")

    def test_imap_and_smtp_off_do_not_touch_webmail(self):
        server.postlatch("member", "set", "--add", self.member, "imap=off", "smtp=off", "pop3=off")
        self.sign_in(state="pending", next="offer")

    def test_an_app_password_does_not_open_webmail(self):
        password = server.app_password(self.member)["password"]
        self.refused(self.browser.sign_in(self.member, password), 401, "wrong-credentials")

    def test_the_name_is_the_one_that_dovecot_has(self):
        session = self.good(self.browser.sign_in(self.member.upper()))
        self.assertEqual(session["address"], self.member)

    def test_dovecot_down_is_never_a_wrong_password(self):
        server.inside("doveadm", "stop")
        try:
            for password in ("right", "wrong"):
                answer = self.refused(portal.browser().sign_in(self.member, password), 503, "try-again-later")
                self.assertIn("Retry-After", answer.headers)
        finally:
            server.inside("sh", "-c", "dovecot >/dev/null 2>&1")
        wait_for(lambda: portal.browser().sign_in(self.member).status == 200, 60)


if __name__ == "__main__":
    unittest.main()
