"""Large attachments in a server of the protocol of Amazon S3 that others have made, s3rver of npm, which verifies signatures."""
import glob
import os
import subprocess
import time
import unittest

import test_s3_store
from command import ROOT
from milter import TIMEOUT
from rewriting import with_file
from server import wait_for

MB = 1048576
NODE_LEAST = 20


def node_major():
    return int(subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0])


class Served:
    def __init__(self, folder):
        self.process = subprocess.Popen(["node", ROOT + "/tests/conformance/s3rver.mjs", folder], stdout=subprocess.PIPE, text=True)
        self.url = "http://127.0.0.1:%s/mail-files" % self.process.stdout.readline().strip()

    def stop(self):
        self.process.kill()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()


@unittest.skipIf(node_major() < NODE_LEAST, "s3rver does not run on this Node")
class S3rver(test_s3_store.StoreTest):
    def new_store(self):
        self.region, self.key = "us-east-1", ("S3RVER", "S3RVER")
        self.objects = os.path.join("/var/tmp", "postlatch-s3rver-%d" % os.getpid())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.objects], check=True)
        os.mkdir(self.objects)
        return Served(self.objects)

    def stored(self):
        """The files of the objects, with what s3rver writes beside them."""
        return [path for path in glob.glob(self.objects + "/mail-files/**/*", recursive=True) if os.path.isfile(path)]

    def test_one_machine_stores_a_file_and_the_other_serves_it(self):
        for self.prefix in ("", "/of/mail"):
            with self.subTest(self.prefix):
                self.set_policy()
                content = os.urandom(3 * MB + 7)
                page = self.sent(content)
                portal = self.start_portal()
                self.assertNotIn(self.rows()[-1], self.copies())
                status, _, body = self.request("GET", self.ticket(page), Range="bytes=5-2097151")
                self.assertEqual((status, body == content[5:2 * MB]), (206, True))
                self.assertIn(self.rows()[-1], self.copies())
                self.stop_portal(portal)

    def test_what_a_wrong_key_signs_is_refused(self):
        self.key = ("S3RVER", "another")
        self.set_policy()
        milter = self.start()
        whole = with_file(os.urandom(MB))
        self.assertEqual(self.pass_through(self.client_of(milter), whole), whole)
        self.assertIn("it answered 403 SignatureDoesNotMatch", milter.log())
        self.assertEqual(self.stored(), [])

    def test_a_file_without_a_link_is_removed_and_no_other(self):
        milter = self.start()
        for _ in range(3):
            self.sent(os.urandom(MB), milter)
        gone, *kept = self.rows()
        self.site.sql("DELETE FROM attachment_file WHERE blob = ?", gone)
        for path in self.stored():
            os.utime(path, (time.time() - 86400,) * 2)
        self.start_portal()
        wait_for(lambda: not any(gone in path for path in self.stored()))
        for name in kept:
            self.assertTrue(any(name in path for path in self.stored()))


if __name__ == "__main__":
    unittest.main()
