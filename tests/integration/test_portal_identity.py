"""The identity check over HTTP: who has lost the second factor registers a new one by a recovery contact and a recovery code."""
import re
import unittest

from portal import totp
from test_portal_recovery import Recovery

PATH = "/api/sign-in/identity"


class Identity(Recovery):
    def setUp(self):
        super().setUp()
        self.add_mail(self.away)
        self.key = self.good(self.browser.post("/api/account/registration"))["key"]
        self.codes = self.good(self.browser.post("/api/account/registration/confirm",
                                                 {"code": totp(self.key)}))["recovery_codes"]
        self.lost = self.pending()

    def pending(self, member=None):
        """Somebody who has given the password, and is asked for the second factor."""
        browser = self.portal.browser()
        self.assertEqual(self.good(browser.sign_in(member or self.member))["next"], "code")
        return browser

    def ask_for(self, browser=None, **more):
        token, = self.good((browser or self.lost).post(PATH, more)).values()
        return token

    def mailed(self):
        self.sent_all()
        return [re.search("(?m)^Code: ([0-9]{8})$", text)[1] for subject, text, _ in self.mails(self.away)
                if subject == "Code that confirms it is you"]

    def enter(self, token, code, browser=None):
        return (browser or self.lost).post(PATH + "/code", {"token": token, "code": code})

    def proof(self):
        token = self.ask_for()
        return self.good(self.enter(token, self.mailed()[-1]))["proof"]

    def redeem(self, proof, code=None, browser=None):
        return (browser or self.lost).post(PATH + "/confirm", {"proof": proof, "code": code or self.codes[0]})

    def factors(self):
        return self.portal.sql("SELECT COUNT(*) FROM second_factor f JOIN member m ON m.id = f.member_id WHERE m.local = ?",
                               self.member.split("@")[0])[0][0]

    def stays(self):
        """The factor, and where the session stands."""
        self.assertEqual(self.factors(), 1)
        self.assertEqual(self.lost.session()["next"], "code")


class Chain(Identity):
    def test_contact_and_recovery_code_lead_to_a_new_registration(self):
        self.assertTrue(self.lost.session()["identity_check"])
        proof = self.proof()
        text = self.mail_to(self.away, "Code that confirms it is you")
        self.assertIn("Account: " + self.member, text)
        self.assertIn("Asked from: " + self.lost.ip, text)
        after = self.good(self.redeem(proof))
        self.assertEqual((after["state"], after["next"], after["factors"]), ("pending", "offer", []))
        self.assertEqual(self.factors(), 0)
        # Whoever was signed in with the factor that is lost is not any more.
        self.assertEqual(self.browser.state(), "none")
        self.assertIn("Two-step verification was removed after an identity check", self.told())
        key = self.good(self.lost.post("/api/sign-in/registration"))["key"]
        self.assertEqual(len(self.good(self.lost.post("/api/sign-in/registration/confirm",
                                                      {"code": totp(key)}))["recovery_codes"]), len(self.codes))
        self.assertEqual(self.lost.state(), "authenticated")
        actions = [action for action, in self.portal.sql("SELECT action FROM audit WHERE object = ? ORDER BY id", self.member)]
        for action in ("identity-check.send", "recovery-code.use", "second-factor.reset", "totp.register"):
            self.assertIn(action, actions)

    def test_where_it_is_required_nothing_but_the_registration_follows(self):
        self.command("member", "set", self.member, "two_factor_requirement=required")
        self.addCleanup(self.command, "member", "set", self.member, "two_factor_requirement=inherit")
        after = self.good(self.redeem(self.proof()))
        self.assertEqual((after["state"], after["next"]), ("pending", "register"))
        self.assertEqual(self.lost.post("/api/sign-in/later").status, 403)
        self.assertEqual(self.lost.get("/api/account").status, 401)

    def test_a_code_by_text_message(self):
        self.good(self.ask("phone", self.number))
        self.sent_all()
        code = re.search("[0-9]{6}", self.text_messages()[-1][3])[0]
        self.good(self.confirm("phone", code))
        token = self.ask_for(by="phone")
        self.sent_all()
        self.assertEqual(self.mailed(), [])
        text, = (text for *_, text in self.text_messages() if "Identity check for " + self.member in text)
        proof = self.good(self.enter(token, re.search("[0-9]{8}", text)[0]))["proof"]
        self.assertEqual(self.good(self.redeem(proof))["next"], "offer")

    def test_it_is_not_offered_without_a_contact_or_a_recovery_code(self):
        self.good(self.browser.post("/api/account/recovery/remove", {"kind": "mail"}))
        self.assertFalse(self.pending().session()["identity_check"])
        self.refused(self.lost.post(PATH, {}), 403, "too-many-contact-codes")
        self.assertEqual(self.mailed(), [])


class Attacks(Identity):
    def test_neither_alone_is_enough(self):
        self.refused(self.redeem("A" * 43), 403, "recovery-over")
        proof = self.proof()
        self.refused(self.redeem(proof, "wrong-wrong-wrong"), 422, "wrong-recovery-code")
        self.stays()
        # The code that was not redeemed for want of a proof is still good.
        self.assertEqual(self.good(self.redeem(proof))["next"], "offer")

    def test_a_proof_is_worth_nothing_to_another_member(self):
        mine, others = self.proof(), self.codes
        victim, key = self.lost, self.key
        self.members_of_the_attacker()
        self.refused(self.redeem(mine), 403, "recovery-over")
        self.stays()
        token = self.ask_for(victim)
        self.refused(self.enter(token, self.mailed()[-1] if self.mailed() else "00000000"), 422, "wrong-contact-code")
        self.assertEqual(victim.session()["next"], "code")
        self.assertEqual(len(others), len(self.codes))
        self.assertNotEqual(key, self.key)

    def members_of_the_attacker(self):
        """From here on, "self" is another member with a factor, a contact and codes."""
        Identity.setUp(self)

    def test_guesses_end_with_the_token(self):
        token = self.ask_for()
        right = self.mailed()[-1]
        for number in range(5):
            self.refused(self.enter(token, "%08d" % ((int(right) + 1 + number) % 10 ** 8)), 422, "wrong-contact-code")
        self.refused(self.enter(token, right), 422, "wrong-contact-code")
        self.stays()

    def test_another_code_ends_the_one_before_and_no_proof_is_used_twice(self):
        first = self.ask_for()
        code = self.mailed()[-1]
        second = self.ask_for()
        self.refused(self.enter(first, code), 422, "wrong-contact-code")
        proof = self.good(self.enter(second, self.mailed()[-1]))["proof"]
        other = self.pending()
        self.good(self.redeem(proof))
        self.assertEqual(self.redeem(proof, self.codes[1], other).status, 401)

    def test_members_are_sent_few_codes(self):
        for _ in range(8):
            answer = self.lost.post(PATH, {})
            if answer.status != 200:
                break
        sent = len(self.mailed())
        self.refused(self.lost.post(PATH, {}), 403, "too-many-contact-codes")
        self.assertLessEqual(sent, 3)

    def test_who_is_not_in_the_second_step_gets_nowhere(self):
        proof, stranger = self.proof(), self.portal.browser()
        for path, body in ((PATH, {}), (PATH + "/code", {"token": "A" * 43, "code": "00000000"}),
                           (PATH + "/confirm", {"proof": proof, "code": self.codes[0]})):
            self.assertEqual(stranger.post(path, body).status, 401)
            self.assertEqual(self.browser.post(path, body).status, 409)
        self.stays()

    def test_a_proof_of_a_forgotten_password_of_another_is_none(self):
        """Nor does one of the identity check set a password while that is switched off."""
        proof = self.proof()
        self.refused(self.portal.browser().post("/api/forgotten-password/new",
                                                {"proof": proof, "new": "crumb.Tunnel!95.oak", "end_app_passwords": False}),
                     404, "not-found")
        self.stays()

    def test_the_contact_is_gone_and_so_is_the_proof(self):
        proof = self.proof()
        self.good(self.browser.post("/api/account/recovery/remove", {"kind": "mail"}))
        self.refused(self.redeem(proof), 403, "recovery-over")
        self.stays()


if __name__ == "__main__":
    unittest.main()
