"""Senders of forwarded mail that postsrsd rewrites, with real Postfix and Dovecot."""
import email
import glob
import smtplib
import unittest
import uuid

from server import Server, wait_for

BOB = "bob@demo.test"
AWAY, SENDER = "away@elsewhere.example", "alice@other.example"


def setUpModule():
    global server
    server = Server(forwards=True, srs=True).start()
    server.postlatch("member", "set", "--add", BOB, "forwarding=on")
    server.postlatch("forward", "set", BOB, AWAY)


def tearDownModule():
    server.remove()


def left(subject):
    """The message of that subject that left for another server."""
    found = []

    def look():
        for name in glob.glob(server.env["SINK"] + "/*"):
            with open(name, errors="replace") as f:
                message = email.message_from_file(f)
            if message["Subject"] == subject:
                found.append(message)
        return found
    wait_for(look)
    return found[0]


class SenderRewriting(unittest.TestCase):
    def forwarded(self, sender):
        subject = "srs-" + uuid.uuid4().hex[:8]
        server.send(BOB, subject, sender)
        return left(subject)

    def test_a_forwarded_message_has_a_sender_of_ours_and_its_from_as_it_was(self):
        message = self.forwarded(SENDER)
        self.assertRegex(message["Return-Path"], r"\A<SRS0=[^@]*=other\.example=alice@demo\.test>\Z")
        self.assertEqual((message["From"], message["Delivered-To"]), (SENDER, AWAY))

    def test_a_bounce_goes_back_to_the_sender(self):
        to, subject = self.forwarded(SENDER)["Return-Path"].strip("<>"), "bounce-" + uuid.uuid4().hex[:8]
        server.send(to, subject, "")
        self.assertEqual(left(subject)["Delivered-To"], SENDER)

    def test_a_forged_address_is_nobodys(self):
        to = self.forwarded(SENDER)["Return-Path"].strip("<>")
        forged = to.replace("=alice@", "=mallory@")
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            server.send(forged, "forged", "")

    def test_a_sender_of_ours_stays(self):
        self.assertEqual(self.forwarded("carol@demo.test")["Return-Path"], "<carol@demo.test>")


if __name__ == "__main__":
    unittest.main()
