"""The messages of test_messages.py, each with a large file, on their whole way through postlatch-milter: what is not taken out
stays byte for byte, and Python, mailsplit and reformime find before and after what they are to find; or the message stays as it is.
"""
import email.parser
import itertools
import json
import os
import re
import subprocess
import tempfile
import unittest

import test_messages as messages
from dkim import HERE, NODE_FOLDER, npm_packages
from milter import TIMEOUT
from rewriting import LARGE, RewritingTest, file_part, joined, split

LINK_TYPES = messages.LINK_TYPES
CONTENT = bytes(range(256)) * 4400  # 1.1 MB
FILE = file_part(CONTENT)


def with_large_file(whole):
    """A message with one more part, the large file: at the end of what it has, or beside it."""
    head, body = whole.split(b"\r\n\r\n", 1)
    found = re.search(rb"(?i)^Content-Type: multipart/mixed;\s*boundary=\"?([^\"\r\n]+)\"?", head, re.M)
    if found and b"--" + found.group(1) + b"--" in body:
        end = body.rindex(b"--" + found.group(1) + b"--")
        return head + b"\r\n\r\n" + body[:end] + b"--" + found.group(1) + b"\r\n" + FILE + b"\r\n" + body[end:]
    fields, _ = split(head + b"\r\n\r\n")
    inner = [field for field in fields if field[0].lower().startswith(b"content-")]
    outer = [field for field in fields if field not in inner]
    boundary = b"=_the-large-file"
    return joined(outer + [[b"Content-Type", b"multipart/mixed; boundary=\"" + boundary + b"\""]], b"--" + boundary + b"\r\n" +
                  joined(inner, body) + b"\r\n--" + boundary + b"\r\n" + FILE + b"\r\n--" + boundary + b"--\r\n")


def only_files():
    """Messages that are a large file and nothing else."""
    for number, more in enumerate((["Content-Disposition: attachment"], ["Content-Disposition: attachment; filename=a.bin"],
                                   ["Content-Description: a\r\n file", "Content-ID: <a@b>"], [])):
        yield "only a large file %d" % number, messages.headed(messages.leaf(
            ["Content-Type: %s; name=\"large.bin\"" % LARGE, "Content-Transfer-Encoding: base64", *more], messages.in_base64(CONTENT)))


def corpus():
    wrong = ((name, whole) for name, _, whole in messages.wrong_messages())
    for name, whole in itertools.chain(messages.right_messages(), messages.real_messages(), wrong):
        yield name, joined(*split(with_large_file(whole)))
    yield from only_files()


def replaced(parts, new):
    """A list of parts in whose place of the large file there are others."""
    number = [part[0] for part in parts].index(LARGE)
    return parts[:number] + new + parts[number + 1:]


def by_python(whole):
    return [(kind, content) for _, kind, content in messages.parts_by_python(whole)]


def by_reformime(path):
    """Types alone, in their order."""
    with open(path, "rb") as f:
        run = subprocess.run(["reformime", "-i"], stdin=f, capture_output=True, check=True, timeout=TIMEOUT)
    return [(kind.decode(),) for kind in re.findall(rb"^content-type: *(\S*)", run.stdout, re.M)]


def by_mailsplit(paths):
    run = subprocess.run(["node", HERE + "/split.mjs", *paths], capture_output=True, text=True, check=True, timeout=4 * TIMEOUT,
                         env={**os.environ, "NODE_FOLDER": NODE_FOLDER})
    return [[tuple(part) for part in json.loads(line)] for line in run.stdout.splitlines()]


class Corpus(RewritingTest):
    def check_bytes(self, whole, new):
        """What stands around the file is there as it was."""
        if whole.split(b"\r\n\r\n", 1)[0].find(LARGE.encode()) >= 0:
            return
        begin = whole.index(FILE)
        self.assertEqual(new[:begin], whole[:begin])
        end = whole[begin + len(FILE.rstrip(b"\r\n")):].lstrip(b"\r\n")
        self.assertTrue(new.endswith(end))

    def check_python(self, whole, new):
        before, after = by_python(whole), by_python(new)
        number = [kind for kind, _ in before].index(LARGE)
        self.assertEqual(after, replaced(before, after[number:number + len(LINK_TYPES)]))
        self.assertEqual([kind for kind, _ in after[number:number + len(LINK_TYPES)]], LINK_TYPES)
        self.assertEqual(list(email.parser.BytesParser().parsebytes(new).defects), [])

    def check_others(self, pairs):
        """pairs: (name, before, after)."""
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            paths = []
            for number, texts in enumerate(pairs):
                for word, text in zip(("before", "after"), texts[1:]):
                    paths.append("%s/%d-%s" % (folder, number, word))
                    with open(paths[-1], "wb") as f:
                        f.write(text)
            for number, found in enumerate(zip(by_mailsplit(paths[::2]), by_mailsplit(paths[1::2]))):
                with self.subTest(pairs[number][0]):
                    before, after = found
                    at = [part[0] for part in before].index(LARGE)
                    new = after[at:at + len(LINK_TYPES)]
                    self.assertEqual([part[0] for part in new], LINK_TYPES)
                    self.assertEqual(after, replaced(before, new))
                    before, after = by_reformime(paths[2 * number]), by_reformime(paths[2 * number + 1])
                    self.assertEqual(after, replaced(before, [(kind,) for kind in LINK_TYPES]))

    def test_every_message_is_rewritten_rightly_or_goes_out_as_it_came(self):
        npm_packages()
        client, counts, pairs = self.client_of(self.start()), {True: 0, False: 0}, []
        for name, whole in corpus():
            with self.subTest(name):
                new = self.pass_through(client, whole)
                counts[new != whole] += 1
                if new == whole:
                    continue
                self.assertNotIn(LARGE.encode(), new)
                self.check_bytes(whole, new)
                self.check_python(whole, new)
                pairs.append((name, whole, new))
            if len(pairs) == 20:
                self.check_others(pairs)
                pairs = []
        if pairs:
            self.check_others(pairs)
        print("note corpus: %d rewritten, %d unchanged" % (counts[True], counts[False]))
        self.assertGreater(sum(counts.values()), 300)
        self.assertGreater(counts[True], 260)
        # Those that are wrong, and the signed and encrypted ones of real programs.
        self.assertGreater(counts[False], 20)


if __name__ == "__main__":
    unittest.main()
