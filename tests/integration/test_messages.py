"""The parts of messages: what is found in them is what Python's email package finds, and when one part is
replaced, every other one is the same byte for byte; or the message is to be left alone, for a reason.

The messages are those of real programs in tests/data/messages, and those that are made here: texts, files and
containers in all combinations, in the ways in which mail programs write them, right and wrong.
"""
import base64
import email
import email.policy
import glob
import itertools
import os
import quopri
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ["BUILD_DIR"] + "/tests/integration/message_parts"
FOLDER = os.path.join(HERE, "..", "data", "messages")
SECRET = bytes(i * 37 % 256 for i in range(600))

# What stands in the place of the part that is replaced.
LINK_TYPES = ["multipart/alternative", "text/plain", "text/html"]


def run(message, *args):
    """(whether it may be changed, what was printed)."""
    done = subprocess.run([PROGRAM, *args], input=message, stdout=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.returncode
    return done.returncode == 0, done.stdout


def parts_by_us(message, output):
    """(depth, type, bytes) of each part; the bytes of one with parts are None."""
    body = message[message.index(b"\r\n\r\n") + 4:]
    parts = []
    for line in output.decode().splitlines():
        depth, kind, _, begin, end, name = line.split(" ", 5)
        parts.append((int(depth), "" if kind == "-" else kind,
                      None if kind.startswith("multipart/") else body[int(begin):int(end)], name))
    return parts


def parts_by_python(message):
    """The same, as the email package finds them; what is in message/rfc822 is not looked at."""
    def walk(part, depth):
        kind = part.get_content_type() if part["Content-Type"] is not None else ""
        if "/" not in str(part["Content-Type"] or "/"):
            kind = ""
        if part.get_content_maintype() == "message":
            return [(depth, kind, None)]
        if not part.is_multipart():
            return [(depth, kind, part._payload.encode("ascii", "surrogateescape"))]  # as it stands in the message
        return [(depth, kind, None)] + [found for child in part.get_payload() for found in walk(child, depth + 1)]

    return walk(email.message_from_bytes(message, policy=email.policy.compat32), 0)


def message(*lines):
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def leaf(headers, body):
    return "\r\n".join(headers) + "\r\n\r\n" + body


def in_base64(data):
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


TEXTS = {
    "no header": leaf([], "Hello.\r\n"),
    "plain": leaf(["Content-Type: text/plain; charset=utf-8"], "Hello.\r\n--\r\nAlice\r\n"),
    "quoted-printable": leaf(["Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: quoted-printable"],
                             quopri.encodestring("한글 본문 = a\n".encode()).decode().replace("\n", "\r\n")),
    "8bit": leaf(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"], "한글 본문"),
    "base64": leaf(["Content-Type: text/html", "Content-Transfer-Encoding: BASE64"], in_base64(b"<p>Hello.")),
    "long line": leaf(["Content-Type: text/plain"], "x" * 10000),
    "empty": leaf(["Content-Type: text/plain"], ""),
}
FILES = {
    "base64": leaf(["Content-Type: application/pdf; name=\"a.pdf\"", "Content-Transfer-Encoding: base64",
                    "Content-Disposition: attachment; filename=\"a.pdf\""], in_base64(SECRET)),
    "one line": leaf(["Content-Transfer-Encoding: base64", "Content-Disposition: attachment"],
                     base64.b64encode(SECRET).decode()),
    "rfc2231": leaf(["Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64",
                     "Content-Disposition: attachment;\r\n filename*0*=UTF-8''%ED%9A%8C;\r\n filename*1*=%EC%9D%98.pdf"],
                    in_base64(SECRET)),
    "8bit name": leaf(["Content-Type: application/pdf; name=회의 자료.pdf", "Content-Transfer-Encoding: base64"],
                      in_base64(SECRET)),
    "euc-kr name": leaf(["Content-Type: application/pdf; name=\"\udcc8\udcb8\udcc0\udcc7.pdf\"",
                         "Content-Transfer-Encoding: base64"], in_base64(SECRET)),
    "message": leaf(["Content-Type: message/rfc822"], message(
        "Subject: inner", "Content-Type: multipart/mixed; boundary=inner", "", "--inner", "", "x", "--inner--", "").decode()),
    "tnef": leaf(["Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64"],
                 in_base64(SECRET)),
    "calendar": leaf(["Content-Type: text/calendar; method=REQUEST"], "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
    "uuencode": leaf(["Content-Transfer-Encoding: x-uuencode"], "begin 644 a\r\n#86)C\r\n`\r\nend\r\n"),
}
NUMBERS = itertools.count()


def container(kind, parts, boundary=None, before="", behind="", type_of_boundary="boundary=\"%s\""):
    boundary = boundary or "=_%08d" % next(NUMBERS)
    return leaf(["Content-Type: multipart/%s;\r\n\t%s" % (kind, type_of_boundary % boundary)],
                before + "".join("--%s\r\n%s\r\n" % (boundary, part) for part in parts) + "--%s--\r\n" % boundary + behind)


def headed(part):
    return message("From: alice@demo.test", "MIME-Version: 1.0", "Subject: =?UTF-8?B?7ZqM?=", part)


def right_messages():
    """(name, message) of those that every reader reads in the same way."""
    for (text_name, text), (file_name, file) in itertools.product(TEXTS.items(), FILES.items()):
        yield "%s, %s" % (text_name, file_name), headed(container("mixed", [text, file]))
        alternative = container("alternative", [text, TEXTS["base64"]])
        yield "alternative of %s, %s" % (text_name, file_name), headed(container(
            "mixed", [alternative, file, file], before="Before.\r\n\r\n", behind="\r\nBehind.\r\n"))
        related = container("related", [TEXTS["base64"], file])
        yield "related of %s, %s" % (text_name, file_name), headed(container(
            "mixed", [container("alternative", [text, related]), file], boundary="----=_NextPart %d:x" % next(NUMBERS)))
    for name, part in list(TEXTS.items()) + list(FILES.items()):
        yield "only " + name, headed(part)
        yield "alone in a container " + name, headed(container("mixed", [part], boundary="b" * 70))
        yield "deep " + name, headed(container("mixed", [container("mixed", [container("mixed", [part])])]))
    for number in (2, 40, 200):
        yield "%d parts" % number, headed(container("mixed", [FILES["base64"][:400]] * number))


def wrong_messages():
    """(name, reason, message): where readers differ, or a change would do harm."""
    good = container("mixed", [TEXTS["plain"], FILES["base64"]], boundary="good")
    for name, reason, part in (
            ("no last delimiter", "unfinished", good.replace("--good--", "")),
            ("a delimiter that is cut", "boundary-twice", good.replace("--good--", "--good-")),
            ("CR alone", "line-ends", good.replace("Hello.\r\n", "Hello.\r")),
            ("LF alone", "line-ends", good.replace("Hello.\r\n", "Hello.\n")),
            ("no boundary", "boundary", good.replace("boundary=", "border=")),
            ("boundary of 71", "boundary", container("mixed", [TEXTS["plain"]], boundary="b" * 71)),
            ("two types", "field-twice", "Content-Type: text/plain\r\n" + good),
            ("two encodings", "field-twice", good.replace("Content-Transfer-Encoding: base64",
                                                          "Content-Transfer-Encoding: base64\r\n" * 2 + "X: y")),
            ("equal boundaries", "boundary-twice", container("mixed", [good], boundary="good")),
            ("boundaries that begin alike", "boundary-twice", container("mixed", [good], boundary="goo")),
            ("a line that is no field", "header", good.replace("Content-Type: text/plain", "Content-Type text/plain")),
            ("no empty line", "header", good.replace("charset=utf-8\r\n\r\nHello.", "charset=utf-8\r\nHello.")),
            ("a container in base64", "field-syntax", "Content-Transfer-Encoding: base64\r\n" + good),
            ("a comment in the type", "field-syntax", good.replace("multipart/mixed", "multipart/mixed (all)")),
            ("251 parts", "parts", container("mixed", ["\r\nx"] * 250)),
            ("a header of 70 kB", "header-size", good.replace("--good\r\n", "--good\r\nX: " + "x" * 70000 + "\r\n", 1)),
            ("the author's DKIM", "dkim", "DKIM-Signature: v=1; a=rsa-sha256; d=demo.test; s=x; b=x\r\n" + good),
            ("PGP in the text", "inline-pgp", good.replace("Hello.", "-----BEGIN PGP SIGNED MESSAGE-----")),
            ("signed", "signed", good.replace("multipart/mixed", "multipart/signed")),
            ("signed within", "signed", container("mixed", [good.replace("multipart/mixed", "multipart/signed")])),
            ("encrypted", "encrypted", good.replace("multipart/mixed", "multipart/encrypted")),
            ("a report", "report", good.replace("multipart/mixed", "multipart/report")),
            ("S/MIME", "encrypted", FILES["base64"].replace("application/pdf", "application/pkcs7-mime"))):
        yield name, reason, headed(part)
    deep = TEXTS["plain"]
    for number in range(17):
        deep = container("mixed", [deep], boundary="deep-%02d" % number)
    yield "17 deep", "depth", headed(deep)


def real_messages():
    for path in sorted(glob.glob(FOLDER + "/*.eml")):
        with open(path, "rb") as f:
            yield os.path.basename(path), f.read()


class Messages(unittest.TestCase):
    def agree(self, whole, parts):
        """Python finds the same parts, with the same bytes."""
        expected = parts_by_python(whole)
        self.assertEqual([part[:2] for part in parts], [part[:2] for part in expected])
        for ours, theirs in zip(parts, expected):
            if theirs[2] is not None:
                self.assertEqual(ours[2], theirs[2])

    def replace_each(self, whole, parts):
        for number, (depth, kind, content, _) in enumerate(parts):
            if depth == 0 or content is None:
                continue
            changed, new = run(whole, str(number))
            self.assertTrue(changed, (number, new))
            ok, output = run(new)
            self.assertTrue(ok, output)
            found = parts_by_us(new, output)
            self.agree(new, found)
            self.assertEqual(found[:number] + found[number + 3:], parts[:number] + parts[number + 1:])
            self.assertEqual([part[1] for part in found[number:number + 3]], LINK_TYPES)
            # Whatever stands around the part is there as it was.
            body = whole.index(b"\r\n\r\n") + 4
            begin, end = [int(word) for word in run(whole)[1].decode().splitlines()[number].split(" ")[2:5:2]]
            self.assertTrue(new.startswith(whole[:body + begin]))
            self.assertTrue(new.endswith(whole[body + end:]))

    def test_messages_that_may_be_changed(self):
        count = 0
        for name, whole in right_messages():
            with self.subTest(name):
                ok, output = run(whole)
                self.assertTrue(ok, output)
                parts = parts_by_us(whole, output)
                self.agree(whole, parts)
                if len(parts) < 50:
                    self.replace_each(whole, parts)
            count += 1
        self.assertGreater(count, 200)

    def test_messages_that_are_left_alone(self):
        for name, reason, whole in wrong_messages():
            with self.subTest(name):
                self.assertEqual(run(whole), (False, reason.encode() + b"\n"))

    def test_messages_of_real_programs(self):
        left_alone = {}
        for name, whole in real_messages():
            with self.subTest(name):
                ok, output = run(whole)
                if not ok:
                    left_alone[name] = output.decode().strip()
                    continue
                parts = parts_by_us(whole, output)
                self.agree(whole, parts)
                self.replace_each(whole, parts)
        self.assertEqual(left_alone, {
            "gpg-clearsigned.eml": "inline-pgp", "gpg-inline.eml": "inline-pgp", "gpg-mime.eml": "encrypted",
            "smime-encrypted.eml": "encrypted", "smime-opaque.eml": "encrypted", "smime-signed.eml": "signed"})

    def test_names_of_files_of_real_programs(self):
        names = {name: [part[3] for part in parts_by_us(whole, run(whole)[1]) if part[3]]
                 for name, whole in real_messages() if run(whole)[0]}
        long_name = "2026년 상반기 영업 실적 및 하반기 사업 계획 보고서 최종본"
        for message_name, expected in (
                ("nodemailer-korean", ["회의 자료 (최종).pptx"]), ("nodemailer-quotes-in-name", ["a \"b\"; c=d.txt"]),
                ("nodemailer-korean-long", [long_name + " 수정 3차 검토 의견 반영.xlsx"]), ("mutt-korean", ["회의 자료.pdf"]),
                ("nodemailer-emoji", ["📎 클립.txt"]), ("roundcube-korean", ["회의 자료.pdf"]),
                ("roundcube-korean-2231", [long_name + ".pdf"]), ("swaks-two", ["x.html", "b.pdf"])):
            with self.subTest(message_name):
                self.assertEqual(names[message_name + ".eml"], expected)

    def test_what_is_decoded(self):
        """The name of a part is the one that was meant, in the charset that was or was not told."""
        for name, expected in (("rfc2231", "회의.pdf"), ("8bit name", "회의 자료.pdf"), ("euc-kr name", "회의.pdf")):
            whole = headed(container("mixed", [TEXTS["plain"], FILES[name]]))
            self.assertEqual(parts_by_us(whole, run(whole)[1])[2][3], expected)


if __name__ == "__main__":
    unittest.main()
