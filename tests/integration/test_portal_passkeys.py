"""Passkeys over HTTP: what an authenticator answers rightly, and everything that is wrong with it."""
import unittest

from authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Registering, encode
from portal import FactorTest, PortalTest, totp
from server import wait_for

STEP = "/api/sign-in/passkey"
LIST = "/api/account/passkeys"
AGAIN = "/api/account/reauthentication/passkey"


class Passkeys(Registering, FactorTest):
    def knock(self, browser=None, member=None):
        """What the portal wants of the passkeys of a member who has entered the password."""
        browser = browser or self.portal.browser()
        answer = self.good(browser.sign_in(member or self.member))
        self.assertEqual((answer["next"], answer["factors"]), ("code", ["passkey"]))
        return browser, self.good(browser.post(STEP + "/challenge"))

    def test_passkey_lets_in_and_has_its_use_recorded(self):
        passkey = self.registered()
        browser, options = self.knock()
        self.assertEqual([row["id"] for row in options["passkeys"]], [encode(passkey.id)])
        self.assertEqual(options["rp_id"], "localhost")
        self.assertEqual(self.good(browser.post(STEP, passkey.prove(options)))["state"], "authenticated")
        row, = self.good(browser.get(LIST))["passkeys"]
        self.assertEqual((row["name"], row["last_used_ip"], row["backed_up"]), ("key", browser.ip, False))
        self.assertGreater(row["last_used_at"], 0)

    def test_nothing_that_is_wrong_with_an_assertion_lets_in(self):
        passkey = self.registered()
        stranger = self.new_passkey()
        stranger.handle = passkey.handle
        forged = self.new_passkey()
        forged.id, forged.handle = passkey.id, passkey.handle
        browser, _ = self.knock()
        rows = {
            "type": lambda o: passkey.prove(o, type="webauthn.create"),
            "origin": lambda o: passkey.prove(o, origin="https://localhost.example.com"),
            "embedded": lambda o: passkey.prove(o, crossOrigin=True),
            "top origin": lambda o: passkey.prove(o, topOrigin="https://elsewhere.test"),
            "other challenge": lambda o: passkey.prove({"challenge": encode(bytes(32))}),
            "short challenge": lambda o: passkey.prove({"challenge": encode(bytes(16))}),
            "rp id": lambda o: passkey.prove(o, rp_id="elsewhere.test"),
            "user handle": lambda o: passkey.prove(o, handle=bytes(32)),
            "unknown credential": lambda o: stranger.prove(o),
            "other key": lambda o: forged.prove(o),
            "signature": lambda o: {**passkey.prove(o), "signature": encode(b"no signature")},
            "client data": lambda o: {**passkey.prove(o), "client_data": encode(b"[]")},
            "no JSON": lambda o: {**passkey.prove(o), "client_data": encode(b"\x00")},
            "authenticator data": lambda o: {**passkey.prove(o), "authenticator_data": encode(bytes(36))},
            "padding": lambda o: {**passkey.prove(o), "signature": "AA=="},
        }
        for name, wrong in rows.items():
            with self.subTest(name):
                self.portal.sql("DELETE FROM factor_failure")
                options = self.good(browser.post(STEP + "/challenge"))
                answer = browser.post(STEP, wrong(options))
                self.assertEqual((answer.status, answer.error in ("wrong-passkey", "passkey-expired")), (422, True), answer)
                self.assertEqual(browser.state(), "pending")
        for flags in (PRESENT, VERIFIED, 0, PRESENT | VERIFIED | BACKED_UP, PRESENT | VERIFIED | ELIGIBLE):
            with self.subTest(flags=flags):
                self.portal.sql("DELETE FROM factor_failure")
                options = self.good(browser.post(STEP + "/challenge"))
                passkey.flags = flags
                self.refused(browser.post(STEP, passkey.prove(options)), 422, "wrong-passkey")
        passkey.flags = PRESENT | VERIFIED
        self.portal.sql("DELETE FROM factor_failure")
        self.good(browser.post(STEP, passkey.prove(self.good(browser.post(STEP + "/challenge")))))

    def test_challenge_is_good_once_in_its_session_and_for_its_purpose(self):
        passkey = self.registered()
        browser, options = self.knock()
        other, _ = self.knock()
        self.refused(other.post(STEP, passkey.prove(options)), 422, "passkey-expired")
        body = passkey.prove(options)
        self.good(browser.post(STEP, body))
        # Replayed in the session itself, as a proof once more, and in another one.
        self.refused(browser.post(AGAIN, body), 422, "passkey-expired")
        self.refused(other.post(STEP, body), 422, "passkey-expired")
        # A new challenge ends the one before; time ends any; a refused answer has used its own up.
        late, first = self.knock()
        second = self.good(late.post(STEP + "/challenge"))
        self.refused(late.post(STEP, passkey.prove(first)), 422, "passkey-expired")
        self.portal.sql("UPDATE passkey_challenge SET expires_at = 1")
        self.refused(late.post(STEP, passkey.prove(second)), 422, "passkey-expired")
        third = self.good(late.post(STEP + "/challenge"))
        self.refused(late.post(STEP, {**passkey.prove(third), "signature": encode(b"wrong")}), 422, "wrong-passkey")
        self.refused(late.post(STEP, passkey.prove(third)), 422, "passkey-expired")
        making = self.good(browser.post(LIST + "/challenge"))
        self.refused(browser.post(AGAIN, passkey.prove(making)), 422, "passkey-expired")

    def test_passkey_of_another_member_lets_nobody_in(self):
        self.registered()
        other = "other%d@example.test" % self.members
        theirs = self.registered(other, self.portal.browser())
        browser, options = self.knock()
        self.refused(browser.post(STEP, theirs.prove(options)), 422, "wrong-passkey")
        browser, options = self.knock(member=other)
        self.good(browser.post(STEP, theirs.prove(options)))

    def test_counter_that_goes_back_is_refused_and_told(self):
        passkey = self.registered()
        for counter, is_right in ((5, True), (6, True), (6, False), (3, False), (0, False), (7, True)):
            with self.subTest(counter):
                self.portal.sql("DELETE FROM factor_failure")
                passkey.counter = counter
                browser, options = self.knock()
                answer = browser.post(STEP, passkey.prove(options))
                if is_right:
                    self.good(answer)
                else:
                    self.refused(answer, 422, "passkey-refused")
        self.assertEqual(len(self.portal.sql("SELECT 1 FROM audit WHERE action = 'passkey.cloned' AND object = ?", self.member)), 3)
        wait_for(lambda: self.subjects().count("A passkey may have been copied") == 3)

    def test_wrong_answers_count_as_wrong_codes_do(self):
        passkey = self.registered()
        browser, _ = self.knock()
        for _ in range(6):
            options = self.good(browser.post(STEP + "/challenge"))
            self.refused(browser.post(STEP, {**passkey.prove(options), "signature": encode(b"x")}), 422, "wrong-passkey")
        options = self.good(browser.post(STEP + "/challenge"))
        self.refused(browser.post(STEP, passkey.prove(options)), 429, "too-many-codes")

    def test_account_page_proves_names_and_removes(self):
        passkey = self.registered()
        self.portal.sql("UPDATE session SET reauthenticated_at = 1")
        answer = self.browser.post(LIST + "/challenge")
        self.assertEqual((answer.status, answer.json), (403, {"error": "reauthentication-needed", "by": "passkey"}))
        self.assertTrue(self.good(self.browser.post(AGAIN, passkey.prove(self.good(
            self.browser.post(AGAIN + "/challenge")))))["reauthenticated"])
        second = self.new_passkey()
        options = self.good(self.browser.post(LIST + "/challenge"))
        self.assertEqual([row["id"] for row in options["passkeys"]], [encode(passkey.id)])
        answer = self.good(self.browser.post(LIST, second.make(options, name="보안 키")))
        self.assertNotIn("recovery_codes", answer)
        self.assertEqual(second.handle, passkey.handle)
        # What is registered already, and what is nobody's.
        options = self.good(self.browser.post(LIST + "/challenge"))
        self.refused(self.browser.post(LIST, second.make(options)), 409, "passkey-known")
        self.refused(self.browser.post(LIST + "/rename", {"id": 10 ** 9, "name": "x"}), 404, "not-found")
        first, last = self.good(self.browser.get(LIST))["passkeys"]
        rows = self.good(self.browser.post(LIST + "/rename", {"id": first["id"], "name": "phone"}))["passkeys"]
        self.assertEqual([row["name"] for row in rows], ["phone", "보안 키"])
        rows = self.good(self.browser.post(LIST + "/remove", {"id": first["id"]}))["passkeys"]
        self.assertEqual([row["name"] for row in rows], ["보안 키"])
        # What was removed proves nothing, and the other one does.
        browser, options = self.knock()
        self.refused(browser.post(STEP, passkey.prove(options)), 422, "wrong-passkey")
        self.good(browser.post(STEP, second.prove(self.good(browser.post(STEP + "/challenge")))))
        self.assertEqual(self.good(self.browser.post(LIST + "/remove", {"id": last["id"]}))["passkeys"], [])
        account = self.good(self.browser.get("/api/account"))
        self.assertEqual((account["factor"]["registered"], account["factor"]["recovery_codes"]), (False, 0))
        self.assertEqual(self.good(self.portal.browser().sign_in(self.member))["next"], "offer")

    def test_one_kind_stays_when_the_other_is_removed(self):
        passkey = self.registered()
        key = self.good(self.browser.post("/api/account/registration"))["key"]
        self.good(self.browser.post("/api/account/registration/confirm", {"code": totp(key, steps=-1)}))
        self.assertEqual(self.good(self.browser.get("/api/account"))["factor"]["kinds"], ["totp", "passkey"])
        self.good(self.browser.post("/api/account/factor/remove", {"code": totp(key)}))
        factor = self.good(self.browser.get("/api/account"))["factor"]
        self.assertEqual((factor["kinds"], factor["recovery_codes"]), (["passkey"], 10))
        browser, options = self.knock()
        self.good(browser.post(STEP, passkey.prove(options)))

    def test_wrong_registrations_leave_nothing(self):
        passkey = self.new_passkey()
        path = "/api/sign-in/registration/passkey"
        self.good(self.browser.sign_in(self.member))
        for name, wrong in {
                "type": lambda o: passkey.make(o, type="webauthn.get"),
                "origin": lambda o: passkey.make(o, origin="http://localhost"),
                "rp id": lambda o: passkey.make(o, rp_id="127.0.0.1"),
                "no key": lambda o: {**passkey.make(o), "authenticator_data": encode(passkey.data(flags=0x40))},
                "no credential": lambda o: {**passkey.make(o), "authenticator_data": encode(passkey.data())},
        }.items():
            with self.subTest(name):
                options = self.good(self.browser.post(path + "/challenge"))
                self.refused(self.browser.post(path, wrong(options)), 422, "wrong-passkey")
        options = self.good(self.browser.post(path + "/challenge"))
        passkey.flags = PRESENT
        self.refused(self.browser.post(path, passkey.make(options)), 422, "wrong-passkey")
        passkey.flags = PRESENT | VERIFIED
        self.refused(self.browser.post(path, passkey.make({**options, "challenge": encode(bytes(32))})), 422,
                     "passkey-expired")
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM passkey p JOIN member m ON m.id = p.member_id WHERE m.local = ?",
                                  self.member.split("@")[0]), [(0,)])
        self.good(self.browser.post(path, passkey.make(options)))

    def test_who_has_no_passkey_is_given_no_challenge(self):
        self.good(self.browser.sign_in(self.member))
        self.good(self.browser.post("/api/sign-in/later"))
        self.refused(self.browser.post(AGAIN + "/challenge"), 403, "not-allowed")

    def test_reset_by_the_command_takes_passkeys(self):
        self.registered()
        self.assertTrue(self.command("totp", "reset", self.member)["removed"])
        self.assertEqual(self.good(self.portal.browser().sign_in(self.member))["next"], "offer")


class WithoutName(PortalTest):
    def test_an_address_has_no_passkeys(self):
        self.portal.settings["portal_url"] = "https://127.0.0.1:%d" % self.portal.port
        self.portal.write_policy()
        browser = self.portal.browser()
        wait_for(lambda: browser.session()["passkeys"] is False)


if __name__ == "__main__":
    unittest.main()
