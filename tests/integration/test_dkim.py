"""DKIM signatures of rewritten mail and of forwarded mail, made by OpenDKIM in real Postfix and verified by mailauth."""
import base64
import glob
import os
import re
import signal
import time
import unittest
import uuid

from dkim import OpenDKIM, npm_packages
from milter import free_port
from server import Server, rewrite, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
AWAY = "away@elsewhere.example"
MB = 1048576


def setUpModule():
    global server, opendkim, master
    npm_packages()
    server = Server(forwards=True).start()
    opendkim = OpenDKIM(server.dir + "/opendkim", "demo.test", free_port()).__enter__()
    master = server.dir + "/etc/postfix/master.cf"
    with open(server.env["POLICY_FILE"], "a") as f:
        f.write("attachment_threshold = 1\n")
    # The milter takes a file for finished when it has been as it is for a second.
    seconds = time.time() - 5
    os.utime(server.env["POLICY_FILE"], (seconds, seconds))
    with open(server.dir + "/run/milter.pid") as f:
        os.kill(int(f.read()), signal.SIGHUP)
    wait_for(lambda: "policy file: read again" in server.log("milter"))
    server.postlatch("member", "set", "--add", ALICE, "large_attachments=on")
    server.postlatch("member", "set", "--add", BOB, "forwarding=on")


def tearDownModule():
    opendkim.__exit__()
    server.remove()


def use_milters(*milters):
    """Those of the submission service."""
    with open(master) as f:
        text = f.read()
    rewrite(master, re.sub(r"smtpd_milters=\$postlatch_milter.*|smtpd_milters=inet.*", lambda _: "smtpd_milters=" + ",".join(milters), text))
    server.inside("postfix", "reload", check=True)


def send(subject, *files):
    parts = ["Content-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n"]
    parts += ["Content-Type: application/zip; name=\"a.zip\"\r\nContent-Transfer-Encoding: base64\r\n"
              "Content-Disposition: attachment; filename=\"a.zip\"\r\n\r\n" +
              base64.encodebytes(file).decode().replace("\n", "\r\n") for file in files]
    text = "From: %s\r\nTo: %s\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n" % (
        ALICE, BOB, subject) + "".join("--=_b\r\n" + part + "\r\n" for part in parts) + "--=_b--\r\n"
    with server.smtp_client() as client:
        client.ehlo()
        plain = base64.b64encode(("\0%s\0%s" % (ALICE, server.passwords[ALICE])).encode()).decode()
        assert client.docmd("AUTH", "PLAIN " + plain)[0] == 235
        client.sendmail(ALICE, [BOB], text)


def found(subject, *patterns):
    """The messages of that subject in Maildirs, with CR and LF."""
    texts = []
    for path in (path for pattern in patterns for path in glob.glob(pattern)):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                text = f.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if b"Subject: " + subject.encode() in text:
                texts.append(text)
    return texts


def arrived(subject, *patterns):
    wait_for(lambda: found(subject, *patterns))
    return found(subject, *patterns)[0]


class Signatures(unittest.TestCase):
    def setUp(self):
        self.mailbox = server.dir + "/mail/demo.test/bob/Maildir/[cn]*/*"
        self.subject = "dkim-" + uuid.uuid4().hex[:8]
        server.postlatch("forward", "clear", BOB, check=False)

    def test_a_signer_behind_postlatch_signs_the_mail_with_links(self):
        use_milters("$postlatch_milter", opendkim.address)
        send(self.subject, os.urandom(2 * MB))
        text = arrived(self.subject, self.mailbox)
        self.assertLess(len(text), 20000)
        self.assertIn(server.env["FILES_URL"].encode(), text)
        self.assertEqual(opendkim.verify(text), [("demo.test", "pass")])

    def test_behind_a_signer_attachments_stay_and_check_says_so(self):
        use_milters(opendkim.address, "$postlatch_milter")
        send(self.subject, os.urandom(2 * MB))
        text = arrived(self.subject, self.mailbox)
        self.assertNotIn(server.env["FILES_URL"].encode(), text)
        self.assertEqual(opendkim.verify(text), [("demo.test", "pass")])
        self.assertEqual(opendkim.verify(text.replace(b"Hello.", b"Bye.")), [("demo.test", "neutral")])
        self.assertIn("put $postlatch_milter before it", server.postlatch("check", check=False).stdout)

    def test_the_signature_survives_a_forward(self):
        use_milters("$postlatch_milter", opendkim.address)
        server.postlatch("forward", "set", BOB, AWAY, "--keep-copy")
        for files in ((), (os.urandom(2 * MB),)):
            self.subject = "dkim-" + uuid.uuid4().hex[:8]
            send(self.subject, *files)
            for place in (self.mailbox, server.env["SINK"] + "/*"):
                with self.subTest(place=place, files=len(files)):
                    self.assertEqual(opendkim.verify(arrived(self.subject, place)), [("demo.test", "pass")])


if __name__ == "__main__":
    unittest.main()
