"""Large attachments of submitted mail become links, with real Postfix and postlatch-milter."""
import base64
import contextlib
import email
import email.policy
import glob
import io
import os
import re
import signal
import smtplib
import threading
import time
import unittest
import urllib.request
import uuid
import zipfile

import clamd
from server import TIMEOUT, Server, rewrite, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
AWAY = "away@elsewhere.example"
MB = 1048576
SETTINGS = """
attachment_threshold = 1
attachment_threshold_sum = 3
"""


def setUpModule():
    global server, policy, FILES_URL
    server = Server().start()
    FILES_URL = server.env["FILES_URL"]
    with open(server.env["POLICY_FILE"]) as f:
        policy = f.read() + SETTINGS
    set_policy()
    server.postlatch("member", "set", ALICE, "large_attachments=on")


def tearDownModule():
    server.remove()


def milter_has_read():
    """How often the milter has read the policy file again."""
    return server.log("milter").count("policy file: read again")


def set_policy(*lines):
    """Returns when the milter has read it: a connection that was there before has to sign in again."""
    text = policy + "".join(line + "\n" for line in lines)
    with open(server.env["POLICY_FILE"]) as f:
        if f.read() == text:
            return
    # The milter takes a file for finished when it has been as it is for a second.
    rewrite(server.env["POLICY_FILE"], text)
    seconds = time.time() - 5
    os.utime(server.env["POLICY_FILE"], (seconds, seconds))
    before = milter_has_read()
    with open(server.dir + "/run/milter.pid") as f:
        os.kill(int(f.read()), signal.SIGHUP)
    wait_for(lambda: milter_has_read() > before)


def unique(word):
    return "%s-%s" % (word, uuid.uuid4().hex[:8])


def random_bytes(size):
    return os.urandom(size)


def attachment(content, name="report.pdf", kind="application/pdf", more=()):
    return "\r\n".join(["Content-Type: %s; name=\"%s\"" % (kind, name), "Content-Transfer-Encoding: base64",
                        "Content-Disposition: attachment; filename=\"%s\"" % name, *more, "",
                        base64.encodebytes(content).decode().replace("\n", "\r\n")])


def message(subject, parts, boundary="=_limit", more=()):
    return "\r\n".join(["From: " + ALICE, "To: " + BOB, "Subject: " + subject, "MIME-Version: 1.0", *more,
                        "Content-Type: multipart/mixed; boundary=\"%s\"" % boundary, "", "Preamble."] +
                       ["--%s\r\n%s" % (boundary, part) for part in parts] + ["--%s--" % boundary, "Epilogue.", ""])


TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n-- \r\nAlice"


@contextlib.contextmanager
def signed_in(member):
    with server.smtp_client() as client:
        client.ehlo()
        plain = base64.b64encode(("\0%s\0%s" % (member, server.passwords[member])).encode()).decode()
        assert client.docmd("AUTH", "PLAIN " + plain)[0] == 235
        yield client


def send(text, member=ALICE, to=(BOB,)):
    with signed_in(member) as client:
        client.sendmail(member, list(to), text.encode() if isinstance(text, str) else text)


def mailbox(member):
    """The messages of a member, with CR and LF."""
    local, domain = member.split("@")
    # What is in tmp is not whole.
    for path in glob.glob("%s/mail/%s/%s/Maildir/[cn]*/*" % (server.dir, domain, local)):
        # A message may go from new to cur meanwhile.
        with contextlib.suppress(FileNotFoundError, IsADirectoryError), open(path, "rb") as f:
            yield f.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def received(subject, member=BOB):
    """The one message of that subject."""
    found = []

    def look():
        found[:] = [text for text in mailbox(member) if subject.encode() in text[:4096]]
        return found
    wait_for(look)
    assert len(found) == 1, len(found)
    return found[0]


def body_of(text):
    text = text if isinstance(text, bytes) else text.encode()
    return text[text.index(b"\r\n\r\n") + 4:]


def link_of(text):
    """Texts of the first part of ours."""
    for part in email.message_from_bytes(text, policy=email.policy.default).walk():
        if part.get_content_type() == "text/plain" and FILES_URL in part.get_content():
            return part.get_content()
    return None


class LargeAttachments(unittest.TestCase):
    def setUp(self):
        self.addCleanup(set_policy)

    def test_a_large_file_becomes_a_link_and_the_rest_stays(self):
        subject, content = unique("large"), random_bytes(2 * MB)
        small = attachment(b"small" * 100, "small.bin")
        sent = message(subject, [TEXT, attachment(content), small])
        send(sent)
        got = received(subject)
        said = link_of(got)
        self.assertIn("report.pdf (2.0 MB)", said)
        self.assertRegex(said, FILES_URL + "/l/[A-Za-z0-9_-]{43}\r?\n")
        self.assertLess(len(got), 20000)
        before, after = body_of(sent).split(attachment(content).encode().rstrip(b"\r\n"), 1)
        self.assertTrue(body_of(got).startswith(before))
        self.assertTrue(body_of(got).endswith(after.lstrip(b"\r\n")))

    def test_the_link_leads_to_the_file(self):
        subject, content = unique("fetched"), random_bytes(2 * MB)
        send(message(subject, [TEXT, attachment(content)]))
        page = re.search(FILES_URL + r"/l/\S+", link_of(received(subject))).group(0)
        with urllib.request.urlopen(page, timeout=TIMEOUT) as answer:
            text = answer.read().decode()
        self.assertIn("report.pdf", text)
        file = re.search(r'name="file" value="(\d+)"', text).group(1)
        with urllib.request.urlopen(page, b"file=" + file.encode(), timeout=TIMEOUT) as answer:
            self.assertTrue(answer.url.startswith(FILES_URL + "/f/"), answer.url)
            self.assertEqual(answer.read(), content)
        wait_for(lambda: "99 downloads left" in self.english(page))

    def english(self, page):
        with urllib.request.urlopen(urllib.request.Request(page, headers={"Accept-Language": "en"}), timeout=TIMEOUT) as answer:
            return answer.read().decode()

    def refused(self, text):
        """The code and the sentence with which the message is refused."""
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            send(text)
        return caught.exception.smtp_code, caught.exception.smtp_error.decode()

    def unchanged(self, subject, sent):
        send(sent)
        self.assertEqual(body_of(received(subject)), body_of(sent))

    def test_several_files_have_one_page(self):
        subject = unique("several")
        send(message(subject, [TEXT, attachment(random_bytes(2 * MB), "a.zip", "application/zip"),
                               attachment(random_bytes(3 * MB), "b.zip", "application/zip")]))
        got = email.message_from_bytes(received(subject), policy=email.policy.default)
        texts = [part.get_content() for part in got.walk() if part.get_content_type() == "text/plain"][1:]
        self.assertEqual(len(texts), 2)
        self.assertIn("a.zip (2.0 MB)", texts[0])
        self.assertIn("b.zip (3.0 MB)", texts[0])
        self.assertNotIn("a.zip", texts[1])
        self.assertEqual(len({re.search(FILES_URL + r"/l/\S+", text).group(0) for text in texts}), 1)

    def test_the_largest_go_until_the_sum_is_small(self):
        subject = unique("sum")
        files = [attachment(random_bytes(size * 1024), "%d.bin" % size) for size in (900, 1000, 950, 800)]
        send(message(subject, [TEXT, *files]))
        got = received(subject)
        self.assertIn("1000.bin", link_of(got))
        self.assertNotIn("900.bin", link_of(got))
        self.assertIn(files[0].split("\r\n\r\n")[1].encode()[:200], got)

    def test_a_mail_that_is_only_a_file(self):
        subject = unique("only")
        send("\r\n".join(["From: " + ALICE, "To: " + BOB, "Subject: " + subject, "MIME-Version: 1.0",
                          attachment(random_bytes(2 * MB))]))
        got = email.message_from_bytes(received(subject), policy=email.policy.default)
        self.assertEqual(got.get_content_type(), "multipart/alternative")
        self.assertEqual((got["Content-Transfer-Encoding"], got["Content-Disposition"]), (None, None))
        self.assertEqual([part.get_content_type() for part in got.iter_parts()], ["text/plain", "text/html"])
        self.assertEqual(list(got.defects), [])

    def test_mail_that_is_left_alone(self):
        file = attachment(random_bytes(2 * MB))
        for name, sent in (
                ("signed", message("SUBJECT", [TEXT, file]).replace("multipart/mixed", "multipart/signed")),
                ("dkim", message("SUBJECT", [TEXT, file], more=["DKIM-Signature: v=1; d=demo.test"])),
                ("boundary", message("SUBJECT", [TEXT, file]).replace("--=_limit--", "--=_limit-")),
                ("related", message("SUBJECT", [TEXT, file]).replace("multipart/mixed", "multipart/related")),
                ("small", message("SUBJECT", [TEXT, attachment(random_bytes(500000))])),
                ("broken", message("SUBJECT", [TEXT, file.rstrip() + "="]))):
            with self.subTest(name):
                subject = unique(name)
                self.unchanged(subject, sent.replace("SUBJECT", subject))

    def test_members_without_the_service_and_strangers(self):
        subject = unique("off")
        send(message(subject, [TEXT, attachment(random_bytes(2 * MB))]), member=BOB)
        self.assertIsNone(link_of(received(subject)))
        # Nobody is who the header says.
        subject = unique("stranger")
        with server.smtp_client("SMTP") as client:
            client.sendmail(AWAY, [BOB], message(subject, [TEXT, attachment(random_bytes(2 * MB))]))
        self.assertIsNone(link_of(received(subject)))

    def test_the_second_message_of_a_connection(self):
        first, second = unique("first"), unique("second")
        with signed_in(ALICE) as client:
            for subject in (first, second):
                client.sendmail(ALICE, [BOB], message(subject, [TEXT, attachment(random_bytes(2 * MB))]))
        for subject in (first, second):
            self.assertIsNotNone(link_of(received(subject)))

    def test_a_domain_has_its_own_sizes_and_types(self):
        set_policy("domain \"demo.test\" { attachment_threshold = 4", "attachment_threshold_sum = 8",
                   "attachment_excluded_types = \"image/*\" }")
        subject = unique("below")
        self.unchanged(subject, message(subject, [TEXT, attachment(random_bytes(2 * MB)), attachment(random_bytes(2 * MB))]))
        subject = unique("above")
        send(message(subject, [TEXT, attachment(random_bytes(5 * MB), "large.zip", "application/zip")]))
        self.assertIn("large.zip (5.0 MB)", link_of(received(subject)))
        subject = unique("picture")
        self.unchanged(subject, message(subject, [TEXT, attachment(random_bytes(5 * MB), "large.png", "image/png")]))

    def test_more_than_the_quota(self):
        self.cannot_store("attachment_member_quota = 1")

    def test_a_folder_that_is_away(self):
        os.rename(server.dir + "/files", server.dir + "/away")
        self.addCleanup(os.rename, server.dir + "/away", server.dir + "/files")
        self.cannot_store()

    def cannot_store(self, *lines):
        set_policy(*lines)
        subject = unique("unchanged")
        self.unchanged(subject, message(subject, [TEXT, attachment(random_bytes(2 * MB))]))
        set_policy("attachment_failure = tempfail", *lines)
        code, said = self.refused(message(unique("later"), [TEXT, attachment(random_bytes(2 * MB))]))
        self.assertEqual((code, said[:5]), (452, "4.3.1"))

    def test_recipients_outside(self):
        set_policy("attachment_recipients = outside")
        subject = unique("inside")
        self.unchanged(subject, message(subject, [TEXT, attachment(random_bytes(2 * MB))]))
        subject = unique("both")
        send(message(subject, [TEXT, attachment(random_bytes(2 * MB))]), to=[BOB, AWAY])
        self.assertIsNotNone(link_of(received(subject)))

    def test_files_are_scanned(self):
        path = server.dir + "/spool/postlatch/clamd.sock"
        clean, infected = random_bytes(2 * MB), random_bytes(MB) + b"VIRUS" + random_bytes(MB)
        for word in ("allow", "refuse"):
            set_policy("attachment_clamd = \"%s\"" % path, "attachment_unscanned = " + word)
            if word == "refuse":
                self.assertEqual(self.refused(message(unique("silent"), [TEXT, attachment(clean)]))[0], 451)
            with clamd.StandIn(path, limit=5 * MB) as daemon:
                subject = unique("clean")
                send(message(subject, [TEXT, attachment(clean)]))
                self.assertIsNotNone(link_of(received(subject)))
                self.assertEqual(daemon.seen[-1], clean)
                code, said = self.refused(message(unique("infected"), [TEXT, attachment(infected)]))
                self.assertEqual((code, said[:5]), (554, "5.7.1"))
                large = message(unique("large"), [TEXT, attachment(random_bytes(6 * MB))])
                if word == "refuse":
                    self.assertEqual(self.refused(large)[0], 554)
                else:
                    send(large)


@unittest.skipUnless(clamd.INSTALLED, "clamd is not installed")
class RealClamd(unittest.TestCase):
    """Files scanned by ClamAV's own daemon."""

    def setUp(self):
        self.path = server.dir + "/spool/postlatch/clamd.sock"
        self.addCleanup(set_policy)
        self.unscanned("refuse")

    def unscanned(self, word):
        set_policy("attachment_clamd = \"%s\"" % self.path, "attachment_unscanned = " + word)

    def clamd(self, **settings):
        return clamd.Clamd(server.dir + "/clamd", self.path, **settings)

    def answer(self, *files):
        """The code of the answer to a message with these files, and the text of its link."""
        subject = unique("scanned")
        parts = [attachment(file, "%d.bin" % number) for number, file in enumerate(files)]
        try:
            send(message(subject, [TEXT, *parts]))
        except smtplib.SMTPDataError as err:
            return err.smtp_code, None
        return 250, link_of(received(subject))

    def page_says(self, text):
        page = re.search(FILES_URL + r"/l/\S+", text).group(0)
        with urllib.request.urlopen(urllib.request.Request(page, headers={"Accept-Language": "en"}), timeout=TIMEOUT) as answer:
            return re.findall("(?:not )?scanned for viruses", answer.read().decode())

    def goes_out(self, said, *files):
        code, text = self.answer(*files)
        self.assertEqual(code, 250)
        self.assertEqual(self.page_says(text), said)

    def in_background(self, *files):
        """Sends, and returns a function that waits for the answer."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.answer(*files)), daemon=True)
        thread.start()

        def wait():
            thread.join(TIMEOUT)
            return answers[0]
        return wait

    def test_what_is_found(self):
        clean = random_bytes(2 * MB)
        infected = clean[:MB] + clamd.PATTERN + clean[MB:]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("random.bin", clean)
            file.writestr("inside.txt", clamd.PATTERN * 100)
        mail = message("inside", [TEXT, attachment(infected)]).encode()
        self.assertFalse(clamd.PATTERN in packed.getvalue() or clamd.PATTERN in mail)
        with self.clamd():
            self.goes_out(["scanned for viruses"], clean)
            self.goes_out(["scanned for viruses"], clean, b"")
            for name, files in (("pattern", [infected]), ("whole", [clamd.KNOWN_FILE]), ("zip", [packed.getvalue()]),
                                ("base64", [mail]), ("second", [clean, infected, clean])):
                with self.subTest(name):
                    self.assertEqual(self.answer(*files)[0], 554)
            self.unscanned("allow")
            self.assertEqual(self.answer(infected)[0], 554)

    def test_what_is_too_large(self):
        for name, settings in (("stream", {"StreamMaxLength": "3M"}), ("file", {"MaxFileSize": "3M"}), ("scan", {"MaxScanSize": "3M"})):
            with self.subTest(name), self.clamd(**settings):
                self.unscanned("refuse")
                self.goes_out(["scanned for viruses"], random_bytes(2 * MB))
                self.assertEqual(self.answer(random_bytes(5 * MB))[0], 554)
                self.unscanned("allow")
                self.goes_out(["not scanned for viruses"], random_bytes(5 * MB))

    def test_two_at_once(self):
        clean = random_bytes(2 * MB)
        with self.clamd() as daemon:
            daemon.stop()
            both = self.in_background(clean), self.in_background(clean + clamd.PATTERN)
            wait_for(lambda: daemon.connections() == 2)
            daemon.resume()
            self.assertEqual([wait()[0] for wait in both], [250, 554])

    def test_it_is_gone_and_comes_back(self):
        clean = random_bytes(2 * MB)
        with self.clamd() as daemon:
            daemon.stop()
            waiting = self.in_background(clean)
            wait_for(lambda: daemon.connections() == 1)
            daemon.kill()
            self.assertEqual(waiting()[0], 451)
            self.assertEqual(self.answer(clean)[0], 451)
        with self.clamd():
            self.goes_out(["scanned for viruses"], clean)
        self.unscanned("allow")
        self.goes_out(["not scanned for viruses"], clean)


if __name__ == "__main__":
    unittest.main()
