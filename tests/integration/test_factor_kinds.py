"""Kinds of second factors that the policy file allows: to members of a domain or class, and to administrators."""
import unittest

from authenticator import Passkey
from console import ConsoleTest
from portal import FactorTest, totp
from server import TIMEOUT, wait_for

SECTIONS = """
domain "keys.test" {
	second_factors = "passkey"
}
class "staff" {
	second_factors = "passkey, approval"
}
"""
NO_APPS = 'second_factors = "passkey, approval"\n'
REGISTRATION = "/api/sign-in/registration"
AGAIN = "/api/account/reauthentication"


class Kinds(FactorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.command("domain", "add", "keys.test")

    def setUp(self):
        super().setUp()
        self.use(SECTIONS)
        self.key_member = self.member.replace("@example.test", "@keys.test")

    def allowed(self, member):
        return self.good(self.portal.browser().sign_in(member))["allowed_factors"]

    def use(self, text):
        """The portal has read the sections, which say what holds for a member whom nobody knows."""
        self.portal.write_policy(text)
        self.portal.reload()
        expected = ["passkey", "approval"] if text.startswith(NO_APPS) else ["totp", "passkey", "approval"]
        wait_for(lambda: self.allowed("nobody@example.test") == expected, TIMEOUT)

    def add_passkey(self, browser):
        passkey = Passkey(self.portal.url)
        options = self.good(browser.post("/api/account/passkeys/challenge"))
        self.good(browser.post("/api/account/passkeys", passkey.make(options)))
        return passkey

    def test_a_class_says_it_before_a_domain_and_a_domain_before_the_file(self):
        self.command("member", "add", "staff%s" % self.key_member, "class=staff")
        self.command("member", "add", "other%s" % self.key_member, "class=other")
        self.assertEqual(self.allowed("staff%s" % self.key_member), ["passkey", "approval"])
        self.assertEqual(self.allowed("other%s" % self.key_member), ["passkey"])
        self.assertEqual(self.allowed(self.member), ["totp", "passkey", "approval"])

    def test_what_is_not_allowed_cannot_be_registered(self):
        browser = self.portal.browser()
        self.assertEqual(self.good(browser.sign_in(self.key_member))["next"], "offer")
        for path, body in ((REGISTRATION, None), (REGISTRATION + "/confirm", {"code": "000000"}),
                           (REGISTRATION + "/approval", None), (REGISTRATION + "/approval/confirm", {"number": "00"})):
            self.refused(browser.post(path, body), 403, "second-factor-kind")
        passkey = Passkey(self.portal.url)
        options = self.good(browser.post(REGISTRATION + "/passkey/challenge"))
        self.good(browser.post(REGISTRATION + "/passkey", passkey.make(options)))
        # On the account pages it is no other.
        for path, body in (("registration", None), ("registration/confirm", {"code": "000000"}),
                           ("phones/registration", None), ("phones", {"number": "00"})):
            self.refused(browser.post("/api/account/" + path, body), 403, "second-factor-kind")
        self.assertEqual(self.good(browser.get("/api/account"))["factor"]["allowed"], ["passkey"])
        self.assertFalse(self.good(browser.get("/api/account/phones"))["possible"])
        self.assertTrue(self.good(browser.get("/api/account/passkeys"))["possible"])

    def test_who_has_only_another_kind_goes_on_with_it_until_an_allowed_one_is_there(self):
        self.good(self.browser.sign_in(self.member))
        key = self.good(self.browser.post(REGISTRATION))["key"]
        codes = self.good(self.browser.post(REGISTRATION + "/confirm", {"code": totp(key, steps=-1)}))["recovery_codes"]
        self.use(NO_APPS)
        browser = self.portal.browser()
        answer = self.good(browser.sign_in(self.member))
        self.assertEqual((answer["next"], answer["factors"]), ("code", ["totp"]))
        self.good(browser.post("/api/sign-in/code", {"code": totp(key)}))
        self.refused(browser.post("/api/account/registration"), 403, "second-factor-kind")
        passkey = self.add_passkey(browser)
        # From now on the code is neither asked for nor taken, at sign-in or for a sensitive change.
        browser = self.portal.browser()
        self.assertEqual(self.good(browser.sign_in(self.member))["factors"], ["passkey"])
        self.refused(browser.post("/api/sign-in/code", {"code": totp(key, steps=1)}), 403, "second-factor-kind")
        options = self.good(browser.post("/api/sign-in/passkey/challenge"))
        self.good(browser.post("/api/sign-in/passkey", passkey.prove(options)))
        self.refused(browser.post(AGAIN, {"code": totp(key, steps=1)}), 403, "second-factor-kind")
        self.assertTrue(self.good(browser.post(AGAIN, {"code": codes[0]}))["reauthenticated"])


class Administrators(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.portal.write_policy('administrator_second_factors = "passkey"\n')
        self.portal.reload()
        self.address = self.person()
        self.browser, self.key = self.register(self.address)
        self.command("admin", "add", self.address, "--role", "server")
        wait_for(lambda: self.me().error == "other-second-factor-needed", TIMEOUT)

    def me(self):
        return self.browser.get("/api/admin/v1/me")

    def prove(self, browser, path):
        return self.good(browser.post(path, self.passkey.prove(self.good(browser.post(path + "/challenge")))))

    def test_the_console_wants_a_kind_that_suffices_and_that_it_was_entered_last(self):
        self.refused(self.me(), 403, "other-second-factor-needed", factors=["passkey"])
        self.passkey = Passkey(self.portal.url)
        options = self.good(self.browser.post("/api/account/passkeys/challenge"))
        self.good(self.browser.post("/api/account/passkeys", self.passkey.make(options)))
        self.assertEqual(self.good(self.me())["role"], "server")
        # Who signs in with a code is asked for the passkey.
        self.browser = self.portal.browser()
        self.good(self.browser.sign_in(self.address))
        self.good(self.browser.post("/api/sign-in/code", {"code": totp(self.key)}))
        self.refused(self.me(), 403, "reauthentication-needed", by="passkey")
        self.prove(self.browser, AGAIN + "/passkey")
        self.assertEqual(self.good(self.me())["role"], "server")
        # A recovery code is no passkey.
        code = self.good(self.browser.post("/api/account/recovery-codes"))["recovery_codes"][0]
        self.good(self.browser.post(AGAIN, {"code": code}))
        self.refused(self.me(), 403, "reauthentication-needed", by="passkey")
        self.prove(self.browser, AGAIN + "/passkey")
        self.assertEqual(self.good(self.me())["role"], "server")

    def test_a_trusted_device_is_no_passkey(self):
        self.passkey = Passkey(self.portal.url)
        options = self.good(self.browser.post("/api/account/passkeys/challenge"))
        self.good(self.browser.post("/api/account/passkeys", self.passkey.make(options)))
        self.browser = self.portal.browser()
        self.good(self.browser.sign_in(self.address))
        options = self.good(self.browser.post("/api/sign-in/passkey/challenge"))
        self.good(self.browser.post("/api/sign-in/passkey", {**self.passkey.prove(options), "trust": True}))
        self.assertEqual(self.good(self.me())["role"], "server")
        self.good(self.browser.post("/api/sign-out"))
        self.assertEqual(self.good(self.browser.sign_in(self.address))["state"], "authenticated")
        self.refused(self.me(), 403, "reauthentication-needed", by="passkey")


if __name__ == "__main__":
    unittest.main()
