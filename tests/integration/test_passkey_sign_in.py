"""Sign-in with a passkey alone, over HTTP: who is let in, and everything that is wrong with an answer. What the operator's
passdbs say is in test_passdbs.py."""
import concurrent.futures
import time
import unittest

from authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Registering, encode
from portal import FactorTest, PortalTest
from server import wait_for

ALONE = "/api/sign-in/passkey-alone"
STEP = "/api/sign-in/passkey"
LIST = "/api/account/passkeys"
SECTIONS = """
domain "example.test" {
	passkey_sign_in = on
}
domain "off.test" {
	two_factor_requirement = optional
}
domain "codes.test" {
	passkey_sign_in = on
	second_factors = totp
}
class "guests" {
	passkey_sign_in = off
}
"""


class Alone(Registering, FactorTest):
    @classmethod
    def make_portal(cls):
        super().make_portal()
        cls.portal.write_policy(SECTIONS)

    def setUp(self):
        super().setUp()
        self.dovecot.mode, self.dovecot.takes_tokens = "well", True

    def sign_in(self, passkey, browser=None, **wrong):
        browser = browser or self.portal.browser()
        options = self.good(browser.post(ALONE + "/challenge"))
        return browser, browser.post(ALONE, passkey.prove(options, **wrong))

    def let_in(self, passkey):
        browser, answer = self.sign_in(passkey)
        self.assertEqual(self.good(answer)["state"], "authenticated")
        return browser

    def counts(self):
        return self.portal.sql("SELECT rule, outcome, SUM(count) FROM login_count WHERE credential = 'passkey-alone' "
                               "GROUP BY rule, outcome")

    def test_passkey_is_password_and_second_factor(self):
        passkey = self.registered()
        browser, answer = self.sign_in(passkey)
        session = self.good(answer)
        self.assertEqual((session["state"], session["address"], session["next"]), ("authenticated", self.member, None))
        self.assertEqual(browser.session()["address"], self.member)
        # Dovecot was asked as it is about a password, and the token opens nothing any more.
        asked = self.dovecot.asked[-1]
        self.assertEqual((asked["user"], asked["service"], asked["rip"]), (self.member, "webmail", browser.ip))
        self.assertRegex(asked["password"], "^pl_pk_[A-Za-z0-9_-]{43}$")
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM passkey_sign_in WHERE token IS NOT NULL"), [(0,)])
        # The member has just proven a factor, so what needs one goes on.
        row, = self.good(browser.get(LIST))["passkeys"]
        self.assertEqual(row["last_used_ip"], browser.ip)
        self.good(browser.post(LIST + "/challenge"))
        after, = self.portal.sql("SELECT after FROM audit WHERE action = 'session.open' AND object = ? ORDER BY id DESC LIMIT 1",
                                 self.member)
        self.assertIn(" channel=webmail by=passkey ip=%s device=Windows 10, Chrome" % browser.ip, after[0])
        access = self.good(browser.get("/api/account"))
        self.assertNotIn("by=passkey", repr(access))
        wait_for(lambda: ("signed-in", "allowed") in [row[:2] for row in self.counts()])
        self.assertRegex(self.portal.log(), "sign-in address=%s ip=%s result=ok" % (self.member, browser.ip))

    def test_members_are_told_what_their_passkey_can_do(self):
        told = "A passkey that signs in alone was registered"
        self.registered()
        wait_for(lambda: told in self.subjects())
        self.good(self.browser.post("/api/account/passkeys", self.new_passkey().make(
            self.good(self.browser.post(LIST + "/challenge")))))
        wait_for(lambda: self.subjects().count(told) == 2)
        self.assertNotIn("A passkey was registered", self.subjects())

    def test_challenge_is_the_same_for_everybody_and_leaves_nothing(self):
        before = self.portal.sql("SELECT COUNT(*) FROM passkey_sign_in"), self.portal.sql("SELECT COUNT(*) FROM passkey_challenge")
        stranger = self.good(self.portal.browser().post(ALONE + "/challenge"))
        self.assertEqual((sorted(stranger), stranger["passkeys"], stranger["rp_id"]),
                         (["challenge", "passkeys", "rp_id"], [], "localhost"))
        passkey = self.registered()
        known = self.good(self.browser.post(ALONE + "/challenge"))
        self.assertEqual({**known, "challenge": ""}, {**stranger, "challenge": ""})
        self.assertNotEqual(known["challenge"], stranger["challenge"])
        self.assertEqual((self.portal.sql("SELECT COUNT(*) FROM passkey_sign_in"),
                          self.portal.sql("SELECT COUNT(*) FROM passkey_challenge")), before)
        # Nor does an answer tell, by its words or its time, whether there is such a passkey.
        unknown = self.new_passkey()
        unknown.handle = bytes(32)
        answers = []
        for body in (unknown.prove(known), {**passkey.prove(known), "signature": encode(b"wrong")}):
            start = time.monotonic()
            answer = self.portal.browser().post(ALONE, body)
            self.assertGreaterEqual(time.monotonic() - start, 0.25)
            answers.append((answer.status, answer.json))
        self.assertEqual(answers, [(422, {"error": "wrong-passkey"})] * 2)

    def test_nothing_that_is_wrong_with_an_answer_lets_in(self):
        passkey = self.registered()
        other = "other%d@example.test" % self.members
        theirs = self.registered(other, self.portal.browser())
        forged = self.new_passkey()
        forged.id, forged.handle = passkey.id, passkey.handle
        rows = {
            "type": lambda o: passkey.prove(o, type="webauthn.create"),
            "origin": lambda o: passkey.prove(o, origin="https://localhost.example.com"),
            "embedded": lambda o: passkey.prove(o, crossOrigin=True),
            "top origin": lambda o: passkey.prove(o, topOrigin="https://elsewhere.test"),
            "own challenge": lambda o: passkey.prove({"challenge": encode(bytes(32))}),
            "changed challenge": lambda o: passkey.prove({"challenge": ("B" if o["challenge"][0] == "A" else "A") + o["challenge"][1:]}),
            "short challenge": lambda o: passkey.prove({"challenge": encode(bytes(16))}),
            "rp id": lambda o: passkey.prove(o, rp_id="elsewhere.test"),
            "user handle": lambda o: passkey.prove(o, handle=bytes(32)),
            "another's user handle": lambda o: passkey.prove(o, handle=theirs.handle),
            "other key": lambda o: forged.prove(o),
            "signature": lambda o: {**passkey.prove(o), "signature": encode(b"no signature")},
            "client data": lambda o: {**passkey.prove(o), "client_data": encode(b"[]")},
            "authenticator data": lambda o: {**passkey.prove(o), "authenticator_data": encode(bytes(36))},
        }
        for name, wrong in rows.items():
            with self.subTest(name):
                browser = self.portal.browser()
                answer = browser.post(ALONE, wrong(self.good(browser.post(ALONE + "/challenge"))))
                self.assertEqual((answer.status, answer.error in ("wrong-passkey", "passkey-expired")), (422, True), answer)
                self.assertEqual(browser.state(), "none")
        for flags in (PRESENT, VERIFIED, 0, PRESENT | VERIFIED | BACKED_UP, PRESENT | VERIFIED | ELIGIBLE):
            with self.subTest(flags=flags):
                passkey.flags = flags
                self.refused(self.sign_in(passkey)[1], 422, "wrong-passkey")
        passkey.flags = PRESENT | VERIFIED
        browser = self.portal.browser()
        body = passkey.prove(self.good(browser.post(ALONE + "/challenge")))
        del body["user_handle"]
        self.refused(browser.post(ALONE, body), 400, "bad-request")
        # Strangers cannot lock the member out: nothing was counted.
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM factor_failure f JOIN member m ON m.id = f.member_id "
                                         "WHERE m.local = ?", self.member.split("@")[0]), [(0,)])
        self.assertRegex(self.portal.log(), "address=unknown ip=[0-9.]+ result=passkey-signature")
        self.let_in(passkey)

    def test_answer_is_good_once_whoever_sends_it(self):
        passkey = self.registered()
        browser = self.portal.browser()
        body = passkey.prove(self.good(browser.post(ALONE + "/challenge")))
        browsers = [self.portal.browser() for _ in range(8)]
        with concurrent.futures.ThreadPoolExecutor(len(browsers)) as pool:
            answers = list(pool.map(lambda each: each.post(ALONE, body), browsers))
        self.assertEqual(sorted(answer.status for answer in answers), [200] + 7 * [422])
        self.refused(browser.post(ALONE, body), 422, "passkey-expired")

    def test_challenges_of_the_second_step_are_others(self):
        passkey = self.registered()
        browser = self.portal.browser()
        self.assertEqual(self.good(browser.sign_in(self.member))["next"], "code")
        step = self.good(browser.post(STEP + "/challenge"))
        self.refused(browser.post(ALONE, passkey.prove(step)), 422, "passkey-expired")
        alone = self.good(browser.post(ALONE + "/challenge"))
        self.refused(browser.post(STEP, passkey.prove(alone)), 422, "passkey-expired")

    def test_removed_passkey_lets_nobody_in(self):
        passkey = self.registered()
        browser = self.let_in(passkey)
        row, = self.good(browser.get(LIST))["passkeys"]
        self.good(browser.post(LIST + "/remove", {"id": row["id"]}))
        self.refused(self.sign_in(passkey)[1], 422, "wrong-passkey")

    def test_counter_that_goes_back_is_refused_and_told(self):
        passkey = self.registered()
        passkey.counter = 7
        self.let_in(passkey)
        self.refused(self.sign_in(passkey)[1], 422, "passkey-refused")
        wait_for(lambda: "A passkey may have been copied" in self.subjects())
        passkey.counter = 8
        self.portal.sql("DELETE FROM factor_failure")
        self.let_in(passkey)

    def test_blocked_second_factor_is_blocked_here_too(self):
        passkey = self.registered()
        self.portal.sql("INSERT INTO factor_failure (member_id, failures, failed_at) SELECT id, 100, 1 FROM member WHERE local = ?",
                        self.member.split("@")[0])
        self.refused(self.sign_in(passkey)[1], 403, "factor-blocked")

    def test_what_holds_for_the_member_holds(self):
        passkey = self.registered()
        rows = (("webmail=off", "webmail=inherit", "not-allowed"), ("active=off", "active=on", "not-allowed"),
                ("two_factor=off", "two_factor=inherit", "passkey-sign-in-off"),
                ("class=guests", "class=", "passkey-sign-in-off"),
                ("webmail_allowed_networks=203.0.113.0/24", "webmail_allowed_networks=inherit", "webmail-network"))
        for off, on, error in rows:
            with self.subTest(off):
                asked = len(self.dovecot.asked)
                self.command("member", "set", self.member, off)
                browser, answer = self.sign_in(passkey)
                self.refused(answer, 403, error)
                self.assertEqual((browser.state(), len(self.dovecot.asked)), ("none", asked))
                self.command("member", "set", self.member, on)
                self.let_in(passkey)
        self.command("member", "set", self.member, "two_factor_requirement=required")
        self.let_in(passkey)
        wait_for(lambda: ("service-off", "refused") in [row[:2] for row in self.counts()])

    def test_domain_where_it_is_off(self):
        member = self.member.replace("example", "off")
        self.command("domain", "add", "off.test")
        passkey = self.registered(member)
        self.refused(self.sign_in(passkey)[1], 403, "passkey-sign-in-off")

    def test_domain_where_passkeys_are_no_second_factor(self):
        self.command("domain", "add", "codes.test")
        passkey = self.registered()
        self.portal.sql("UPDATE member SET domain_id = (SELECT id FROM domain WHERE name = 'codes.test') WHERE local = ?",
                        self.member.split("@")[0])
        self.refused(self.sign_in(passkey)[1], 403, "passkey-sign-in-off")

    def test_dovecot_decides_whether_the_account_may_sign_in(self):
        passkey = self.registered()
        self.dovecot.takes_tokens = False
        browser, answer = self.sign_in(passkey)
        self.refused(answer, 403, "not-allowed")
        self.assertEqual(browser.state(), "none")
        self.assertIn("sign-in address=%s ip=%s result=passdb-refused" % (self.member, browser.ip), self.portal.log())
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM passkey_sign_in WHERE token IS NOT NULL"), [(0,)])
        self.dovecot.mode = "temporary"
        options = self.good(browser.post(ALONE + "/challenge"))
        body = passkey.prove(options)
        self.assertEqual(browser.post(ALONE, body).status, 503)
        self.assertEqual(browser.state(), "none")
        self.dovecot.mode, self.dovecot.takes_tokens = "well", True
        self.refused(browser.post(ALONE, body), 422, "passkey-expired")
        self.let_in(passkey)

    def test_name_that_dovecot_turns_into_another_account_opens_neither(self):
        passkey = self.registered()
        other = "other%d@example.test" % self.members
        self.command("member", "add", other)
        real = self.dovecot.answer
        self.addCleanup(setattr, self.dovecot, "answer", real)
        self.dovecot.answer = lambda words: real(words) and b"OK\t1\tuser=%s\n" % other.encode()
        browser, answer = self.sign_in(passkey)
        self.refused(answer, 403, "not-allowed")
        self.assertEqual(browser.state(), "none")

    def test_session_that_the_browser_had_ends(self):
        passkey = self.registered()
        before = dict(self.browser.cookies)
        self.assertEqual(self.good(self.sign_in(passkey, self.browser)[1])["state"], "authenticated")
        self.assertNotEqual(self.browser.cookies, before)
        self.browser.cookies = before
        self.assertEqual(self.browser.state(), "none")

    def test_administrator_opens_the_console(self):
        passkey = self.registered()
        self.command("admin", "add", self.member, "--role", "server")
        self.assertEqual(self.let_in(passkey).get("/api/admin/v1/me").status, 200)

    def test_pages_are_told_that_it_is_there(self):
        self.assertTrue(self.portal.browser().session()["passkey_sign_in"])


class Off(PortalTest):
    def test_portal_without_the_setting_has_none_of_it(self):
        browser = self.portal.browser()
        self.assertFalse(browser.session()["passkey_sign_in"])
        answer = browser.post(ALONE + "/challenge")
        self.assertEqual((answer.status, answer.error), (403, "not-allowed"))


if __name__ == "__main__":
    unittest.main()
