"""The weekly digest, from the portal's housekeeping to the administrator's mailbox."""
import email
import email.policy
import unittest

from console import ConsoleTest
from server import TIMEOUT, wait_for

SUBJECT = "The week of your mail server / 메일 서버의 이번 주 요약"


class Digest(ConsoleTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal.start_sender()

    def digests(self, member):
        found = []
        for text in self.portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == member:
                message = email.message_from_string(message, policy=email.policy.default)
                if message["Subject"] == SUBJECT:
                    found.append(message.get_content())
        return found

    def begin_again(self, policy):
        """The portal looks for what there is to tell when it starts, and then by the hour."""
        self.portal.stop()
        self.portal.write_policy(policy)
        self.portal.start()

    def test_an_administrator_is_told_once(self):
        boss = self.make("server").browser.member
        self.begin_again("")
        self.begin_again("administrator_digest = on\n")
        wait_for(lambda: self.digests(boss), TIMEOUT)
        text, = self.digests(boss)
        for words in ("Active members: ", "With a second factor: ", "App passwords that nobody has used for 90 days: 0",
                      "API keys that expire in the next 14 days: 0", "활성 구성원: ", self.portal.url + "/console"):
            self.assertIn(words, text)
        self.begin_again("administrator_digest = on\n")
        self.assertEqual(self.portal.browser().state(), "none")
        self.assertEqual(self.sql("SELECT COUNT(*) FROM outbox WHERE kind = 'digest'"), [(0,)])
        self.assertEqual(len(self.digests(boss)), 1)


if __name__ == "__main__":
    unittest.main()
