"""The activity of an account over HTTP."""
import json
import subprocess
import unittest

from portal import POSTLATCH, Dovecot, Portal, secure


class Activity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.portal = Portal()
        cls.addClassCleanup(cls.portal.remove)
        cls.dovecot = Dovecot(cls.portal.dir + "/auth")
        cls.addClassCleanup(cls.dovecot.close)
        cls.portal.init().start()

    def command(self, *args):
        run = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", *args], check=True,
                             capture_output=True, text=True)
        return json.loads(run.stdout)

    def changes(self, member):
        """Of who signs in now, the newest first."""
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(member).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        answer = browser.get("/api/account/activity")
        self.assertEqual(answer.status, 200, answer)
        self.assertIsNone(secure(answer))
        return [(entry["action"], entry["by"]) for entry in answer.json["entries"] if entry["kind"] == "change"]

    def test_a_member_sees_what_happened_since_the_address_is_hers(self):
        member = "m@example.test"
        self.command("domain", "add", "example.test")
        self.command("member", "add", member)
        self.command("member", "set", member, "pop3=off")
        before = self.changes(member)
        self.assertIn(("member.set", "administrator"), before)
        self.assertIn(("session.open", "member"), before)
        self.command("member", "remove", member)
        self.portal.sql("UPDATE audit SET at = at - 10 WHERE object = ?", member)
        self.command("member", "add", member)
        after = self.changes(member)
        self.assertIn(("session.open", "member"), after)
        self.assertIn(("member.add", "administrator"), after)
        self.assertNotIn("member.set", [action for action, _ in after])
        self.assertNotIn("member.remove", [action for action, _ in after])
        self.assertEqual([action for action, _ in after].count("session.open"), 1)


if __name__ == "__main__":
    unittest.main()
