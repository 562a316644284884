"""postlatch-milter while it stores large attachments: killed, without room, with many and with huge messages. A message goes out
whole or is put off; no link is without its file, and a file without a link is removed.

$ROUNDS: how often it is killed at each place, 3 by default. With $ATTACHMENT_LOAD=full, messages are as many and as large as a
milter has to stand; `make faults` and `make memory` set them.
"""
import base64
import email
import os
import re
import signal
import subprocess
import time
import unittest

from command import BUILD, ROOT
from milter import CONTINUE, TIMEOUT
from rewriting import FILES_URL, LARGE, RewritingTest, with_file
from server import wait_for

MB = 1048576
ROUNDS = int(os.environ.get("ROUNDS", "3"))
FULL = os.environ.get("ATTACHMENT_LOAD") == "full"
PRELOAD = BUILD + "/tests/integration/kill_at.so"


def runtime():
    """What has to be loaded before all else when the milter has sanitizers."""
    run = subprocess.run(["ldd", BUILD + "/milter/postlatch-milter"], capture_output=True, text=True, check=True)
    return re.findall(r"(\S+/lib[au]b?san\S*)", run.stdout)


class Killed(RewritingTest):
    def resends(self, content):
        """As the client does that was told to try again: the message goes out, and its link has the file."""
        milter = self.start()
        new = self.pass_through(self.client_of(milter), with_file(content))
        milter.kill()
        self.assertIn(FILES_URL.encode(), new)
        self.assertNotIn(LARGE.encode(), new)
        self.assertEqual(list(email.message_from_bytes(new).defects), [])
        for name in self.rows():
            with open("%s/%s/%s" % (self.files, name[:2], name), "rb") as f:
                if f.read() == content:
                    return
        self.fail("no link has the file")

    def is_swept(self):
        """A day later, the portal removes what has no link, and nothing else."""
        for name in self.blobs():
            os.utime("%s/%s/%s" % (self.files, name[:2], name), (time.time() - 86400,) * 2)
        rows = set(self.rows())
        with open(self.site.path("portal.log"), "w") as log:
            portal = subprocess.Popen([BUILD + "/portal/postlatch-portal", "-f", "-c", self.site.policy_file, "-p",
                                       "unix:" + self.site.path("portal.sock"), "-w", ROOT + "/web"], stdout=log, stderr=log)
        try:
            # It sweeps when it starts; what it may keep has been looked at when what it may not keep is gone.
            wait_for(lambda: self.blobs() <= rows)
        finally:
            portal.terminate()
            portal.wait(TIMEOUT)
        self.assertEqual(self.blobs(), rows)

    def killed_at(self, place, rows_more):
        for number in range(ROUNDS):
            with self.subTest(number):
                content = os.urandom(MB + number)
                rows, blobs = self.rows(), self.blobs()
                milter = self.start(LD_PRELOAD=" ".join([*runtime(), PRELOAD]), KILL_AT=place)
                self.assertEqual(self.answers(self.client_of(milter), with_file(content)), [None])
                self.assertEqual(milter.process.wait(TIMEOUT), -signal.SIGKILL)
                self.assertEqual(len(self.blobs()), len(blobs) + 1)
                self.assertEqual(len(self.rows()), len(rows) + rows_more)
                self.assertLessEqual(set(self.rows()), self.blobs())
                self.resends(content)
                self.assertEqual(len(self.blobs()), len(blobs) + 1)
        self.assertEqual(set(self.rows()), self.blobs())

    def test_between_the_file_and_its_link(self):
        self.killed_at("blob", 0)
        # The sender may never have tried again.
        milter = self.start(LD_PRELOAD=" ".join([*runtime(), PRELOAD]), KILL_AT="blob")
        self.assertEqual(self.answers(self.client_of(milter), with_file(os.urandom(MB))), [None])
        milter.kill()
        self.assertEqual(len(self.blobs() - set(self.rows())), 1)
        self.is_swept()

    def test_between_the_link_and_the_answer(self):
        self.killed_at("row", 1)


class WithoutRoom(RewritingTest):
    def mount(self, path, size):
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % size, "none", path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)

    def goes_out_whole_or_is_put_off(self, milter):
        whole = with_file(os.urandom(2 * MB))
        for failure in ("unchanged", "tempfail"):
            with self.subTest(failure):
                self.reload(milter, "attachment_failure = " + failure)
                self.is_whole_or_put_off(milter, failure, whole)
        self.assertEqual((self.blobs(), self.rows()), (set(), []))
        self.assertTrue(milter.alive())

    def test_on_the_disk_of_the_files(self):
        self.mount(self.files, MB)
        self.goes_out_whole_or_is_put_off(self.start())
        self.assertEqual([names for _, _, names in os.walk(self.files + "/incoming")], [[]])

    def test_on_the_disk_of_what_is_being_received(self):
        self.mount(self.site.path("tmp"), MB)
        self.goes_out_whole_or_is_put_off(self.start(TMPDIR=self.site.path("tmp")))

    def test_in_the_folder_of_the_files_which_is_away(self):
        os.rmdir(self.files)
        self.goes_out_whole_or_is_put_off(self.start())


class Memory(RewritingTest):
    FIELDS = [(b"MIME-Version", b"1.0"), (b"Content-Type", b"multipart/mixed; boundary=\"=_b\"")]
    BEGIN = (b"--=_b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n"
             b"Content-Disposition: attachment; filename=a.zip\r\n\r\n")
    LINES = base64.encodebytes(bytes(range(57)) * 800).replace(b"\n", b"\r\n")  # pieces of 62 kB
    END = b"\r\n--=_b--\r\n"

    def send(self, clients, size):
        """The same message of so many bytes from all of them, side by side."""
        for client in clients:
            self.begin(client, self.FIELDS)
        for piece in [self.BEGIN] + [self.LINES] * (size // len(self.LINES)) + [self.END]:
            for client in clients:
                client.send("B", piece)
            for client in clients:
                self.assertEqual(client.answers(), [(CONTINUE, b"")])
        for client in clients:
            client.send("E")
        for client in clients:
            self.assertIn(FILES_URL.encode(), b"".join(data for _, data in client.answers()))

    def peak(self, milter):
        """kB, from the beginning on."""
        return int(milter.status("VmHWM").split()[0])

    def test_does_not_grow_with_the_size_of_a_message(self):
        milter = self.start()
        client = self.client_of(milter)
        self.send([client], 2 * MB)
        before = self.peak(milter)
        self.send([client], 1024 * MB if FULL else 48 * MB)
        print("note memory: %d kB for one message of 2 MB, %d kB for one of %d MB" % (
            before, self.peak(milter), 1024 if FULL else 48))
        self.assertLess(self.peak(milter), before + 4096)

    def test_of_many_messages_at_once(self):
        count, size = (200, 20) if FULL else (20, 2)
        milter = self.start()
        clients = [self.client_of(milter) for _ in range(count)]
        before = self.peak(milter)
        self.send(clients, size * MB)
        print("note memory: %d kB before, %d kB with %d messages of %d MB" % (before, self.peak(milter), count, size))
        self.assertLess(self.peak(milter), 150000 if FULL else before + count * 1500)  # less than their bodies


if __name__ == "__main__":
    unittest.main()
