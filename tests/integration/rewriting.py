"""A postlatch-milter that takes large attachments out, and what a mail server makes of its answers."""
import base64
import os
import re
import signal
import struct
import time
import unittest

from command import Site
from milter import CONTINUE, REPLY, Process, strings

ALICE = "alice@example.test"
FILES_URL = "https://files.example.test"
LARGE = "application/x-large"
PIECE = 65535
SKIP, ADD_FIELD, CHANGE_FIELD, REPLACE_BODY = "s", "h", "m", "b"


def split(whole):
    """(fields, body): fields are [name, value], as Postfix gives them to a milter."""
    head, body = whole.split(b"\r\n\r\n", 1)
    fields = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1] += b"\n" + line
        else:
            name, _, value = line.partition(b":")
            fields.append([name, value[1:] if value[:1] == b" " else value])
    return fields, body


def joined(fields, body):
    return b"".join(name + b": " + value.replace(b"\n", b"\r\n") + b"\r\n" for name, value in fields) + b"\r\n" + body


def in_base64(content):
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def file_part(content):
    return (b"Content-Type: " + LARGE.encode() + b"; name=\"large.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: attachment; filename=\"large.bin\"\r\n\r\n" + in_base64(content))


def with_file(content):
    """A message with a text and a file."""
    return (b"From: a@example.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n"
            b"--=_b\r\n\r\nHello.\r\n--=_b\r\n" + file_part(content) + b"\r\n--=_b--\r\n")


class RewritingTest(unittest.TestCase):
    """A milter and its database for each test; ALICE has the service."""

    policy = ""

    def setUp(self):
        self.site = Site(init=False)
        self.addCleanup(self.site.remove)
        self.files = self.site.path("files")
        os.mkdir(self.files)
        self.set_policy()
        self.site.ok("db", "init")
        self.site.ok("domain", "add", "example.test")
        self.site.ok("member", "add", ALICE)
        self.site.ok("member", "set", ALICE, "large_attachments=on")

    def set_policy(self, *lines):
        self.site.policy("\n".join(["portal_url = \"https://login.example.test\"", "attachment_url = \"%s\"" % FILES_URL, "attachment_folder = \"%s\"" % self.files,
                                    "attachment_threshold = 1", "attachment_member_quota = 0", *lines]))

    def reload(self, milter, *lines):
        """Has the milter read a policy file with these lines. One that was written lately would wait."""
        self.set_policy(*lines)
        before = milter.log().count("read again")
        os.utime(self.site.policy_file, (time.time() - 5,) * 2)
        milter.signal(signal.SIGHUP)
        milter.wait(lambda: milter.log().count("read again") > before)

    def start(self, *options, **env):
        milter = Process(self.site, "unix", *options, env=env)
        self.addCleanup(milter.kill)
        return milter

    def client_of(self, milter):
        client = milter.client()
        self.addCleanup(client.close)
        self.assertIsNotNone(client.negotiate())
        client.connect()
        return client

    def begin(self, client, fields, login=ALICE):
        """Up to the header."""
        client.event("M", strings("<%s>" % ALICE))
        client.event("R", strings("<b@elsewhere.example>"))
        self.assertEqual(client.data(login), [(CONTINUE, b"")])
        for field in fields:
            client.event("L", strings(*field))
        client.event("N")

    def answers(self, client, whole):
        """To the end of a message."""
        fields, body = split(whole)
        self.begin(client, fields)
        for begin in range(0, len(body), PIECE):
            answer = client.event("B", body[begin:begin + PIECE])[-1]
            if answer is None or answer[0] not in (CONTINUE, SKIP):
                return [answer]
            if answer[0] == SKIP:
                break
        return client.event("E", b"", {"i": "QUEUEID"})

    def pass_through(self, client, whole):
        """What a mail server sends on after the milter has seen a message."""
        answers = self.answers(client, whole)
        self.assertEqual(answers.pop(), (CONTINUE, b""))
        return self.changed(*split(whole), answers)

    def is_whole_or_put_off(self, milter, failure, whole):
        """What becomes of a message whose file cannot be stored, as attachment_failure says."""
        client = self.client_of(milter)
        if failure == "unchanged":
            self.assertEqual(self.pass_through(client, whole), whole)
        else:
            kind, said = self.answers(client, whole)[-1]
            self.assertEqual((kind, said[:9]), (REPLY, b"452 4.3.1"))

    def changed(self, fields, body, answers):
        """Header first, then one run of pieces of the body."""
        self.assertRegex("".join(kind for kind, _ in answers), r"\A[hm]*b*\Z")
        pieces = [data for kind, data in answers if kind == REPLACE_BODY]
        for kind, data in answers:
            if kind == ADD_FIELD:
                fields.append(data[:-1].split(b"\0"))
            elif kind == CHANGE_FIELD:
                name, value = data[4:-1].split(b"\0")
                of_name = [field for field in fields if field[0].lower() == name.lower()]
                of_name[struct.unpack(">I", data[:4])[0] - 1][1] = value
        fields = [field for field in fields if field[1] != b"" or not field[0].lower().startswith(b"content-")]
        return joined(fields, b"".join(pieces) if pieces else body)

    def blobs(self):
        """Names of the files that are stored."""
        return {name for folder, _, names in os.walk(self.files) for name in names if re.fullmatch("[0-9a-f]{64}", name)}

    def rows(self):
        """Names of the files that links have."""
        return [name for name, in self.site.sql("SELECT blob FROM attachment_file")]
