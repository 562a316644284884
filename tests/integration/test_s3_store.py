"""Large attachments in an S3-compatible store: two machines with folders of their own, and all that can fail between them."""
import contextlib
import hashlib
import http.client
import io
import os
import re
import signal
import subprocess
import threading
import time
import unittest
import zipfile

import s3
from command import BUILD, ROOT
from milter import TIMEOUT
from portal import free_port, is_open
from rewriting import ALICE, FILES_URL, LARGE, RewritingTest, with_file
from server import wait_for
from test_attachment_faults import PRELOAD, runtime

MB = 1048576
FORM = "application/x-www-form-urlencoded"
HOST = FILES_URL.partition("://")[2]


class StoreTest(RewritingTest):
    """A milter, a store, and a portal on another machine, which has a folder of its own."""

    def setUp(self):
        self.region, self.key = s3.REGION, (s3.KEY_ID, s3.SECRET)
        self.store = self.new_store()
        self.addCleanup(lambda: self.store.stop())
        self.prefix = ""
        super().setUp()

    def new_store(self):
        return s3.Store()

    def set_policy(self, *lines, files=None):
        """Of the milter, and of the portal."""
        self.site.write("s3.key", "# The key of the store.\n%s %s\n" % self.key)
        os.chmod(self.site.path("s3.key"), 0o600)
        store = ["attachment_s3_url = \"%s%s\"" % (self.store.url, self.prefix), "attachment_s3_region = \"%s\"" % self.region,
                 "attachment_s3_key = \"%s\"" % self.site.path("s3.key"), *lines]
        super().set_policy(*store)
        with open(self.site.policy_file) as f:
            text = f.read()
        os.makedirs(self.site.path("portal-files"), exist_ok=True)
        self.site.write("portal.conf", text.replace(self.files, self.site.path("portal-files")))

    def start_portal(self):
        port = free_port()
        with open(self.site.path("portal.log"), "a") as log:
            portal = subprocess.Popen([BUILD + "/portal/postlatch-portal", "-f", "-c", self.site.path("portal.conf"), "-p",
                                       "inet:127.0.0.1:%d" % port, "-w", ROOT + "/web"], stdout=log, stderr=log)
        self.addCleanup(self.stop_portal, portal)
        wait_for(lambda: portal.poll() is not None or is_open(port))
        self.port = port
        return portal

    def stop_portal(self, portal):
        if portal.poll() is None:
            portal.terminate()
            portal.wait(TIMEOUT)

    def portal_log(self):
        with open(self.site.path("portal.log"), errors="replace") as f:
            return f.read()

    def request(self, method, path, body=None, **headers):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)) as client:
            client.request(method, path, body, {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}})
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()

    def sent(self, content, milter=None):
        """The path of the page of a file that was sent."""
        milter = milter or self.start()
        new = self.pass_through(self.client_of(milter), with_file(content))
        self.assertNotIn(LARGE.encode(), new)
        return re.search(FILES_URL + r"(/l/[A-Za-z0-9_-]{43})", new.decode()).group(1)

    def ticket(self, page, file=None):
        """Where the button of a file leads, the last one that was stored, or "all"."""
        file = file or self.site.sql("SELECT max(id) FROM attachment_file")[0]
        status, headers, _ = self.request("POST", page, "file=%s" % file, Content_Type=FORM)
        self.assertEqual(status, 303)
        return re.sub("^" + FILES_URL, "", headers["Location"])

    def copies(self):
        """Names of the files in the folder of the portal."""
        folder = self.site.path("portal-files")
        return {name for _, _, names in os.walk(folder) for name in names if re.fullmatch("[0-9a-f]{64}", name)}

    def nothing_is_begun(self, folder):
        self.assertEqual([name for _, _, names in os.walk(folder + "/incoming") for name in names], [])


class Signature(unittest.TestCase):
    """The examples of "Authenticating Requests: Using the Authorization Header" in Amazon's documents."""

    def signed(self, method, path, query, headers, digest):
        headers = {"host": "examplebucket.s3.amazonaws.com", "x-amz-content-sha256": digest, "x-amz-date": "20130524T000000Z", **headers}
        return s3.signature("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", method, path, query, headers, sorted(headers), digest,
                            "20130524T000000Z", "us-east-1")

    def test_is_that_of_the_examples(self):
        empty = hashlib.sha256(b"").hexdigest()
        self.assertEqual(self.signed("GET", "/test.txt", "", {"range": "bytes=0-9"}, empty),
                         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        self.assertEqual(self.signed("GET", "/", "max-keys=2&prefix=J", {}, empty),
                         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
        digest = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
        self.assertEqual(self.signed("PUT", "/test%24file.text", "", {
            "date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}, digest),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")


class TwoMachines(StoreTest):
    def test_one_stores_a_file_and_the_other_serves_it(self):
        content = os.urandom(3 * MB + 7)
        page = self.sent(content)
        name, = self.rows()
        self.assertEqual(self.store.blobs(), {name: content})
        self.start_portal()
        self.assertEqual(self.copies(), set())
        path = self.ticket(page)
        status, headers, body = self.request("GET", path, Range="bytes=1048576-2097151")
        self.assertEqual((status, headers["Content-Range"]), (206, "bytes 1048576-2097151/%d" % len(content)))
        self.assertEqual(body, content[MB:2 * MB])
        status, _, body = self.request("GET", path)
        self.assertEqual((status, body == content), (200, True))
        self.assertEqual(self.store.asked("^GET .*" + name), 1)
        self.assertEqual(self.copies(), {name})
        self.nothing_is_begun(self.site.path("portal-files"))

    def test_a_prefix_stands_in_front_of_the_names(self):
        self.prefix = "/of/mail.1"
        self.set_policy()
        content = os.urandom(MB)
        page = self.sent(content)
        name, = self.rows()
        self.assertEqual(list(self.store.objects), ["of/mail.1/%s/%s" % (name[:2], name)])
        self.start_portal()
        self.assertEqual(self.request("GET", self.ticket(page))[2], content)

    def test_an_archive_begins_when_all_files_are_there(self):
        contents = {"a.bin": os.urandom(MB), "b.bin": os.urandom(MB + 1)}
        args = [word for name, content in contents.items() for word in ("unscanned", self.site.write(name, content), name)]
        made = subprocess.run([BUILD + "/tests/integration/make_link", self.site.policy_file, ALICE, *args], check=True,
                              capture_output=True, text=True)
        self.start_portal()
        path = self.ticket("/l/" + made.stdout.split()[1], "all")
        with self.store.failing("cut", "^GET .*" + self.rows()[1]):
            self.assertEqual(self.request("GET", path)[0], 503)
        with zipfile.ZipFile(io.BytesIO(self.request("GET", path)[2])) as archive:
            self.assertEqual({name: archive.read(name) for name in archive.namelist()}, contents)

    def test_many_who_want_the_same_file_fetch_it_once(self):
        content = os.urandom(2 * MB)
        page = self.sent(content)
        name, = self.rows()
        self.start_portal()
        path = self.ticket(page)
        got = []
        with self.store.failing("silent", "^GET .*" + name):
            clients = [threading.Thread(target=lambda: got.append(self.request("GET", path))) for _ in range(8)]
            for client in clients:
                client.start()
            wait_for(lambda: self.store.asked("^GET .*" + name) == 1)
        for client in clients:
            client.join()
        self.assertEqual({(status, body == content) for status, _, body in got}, {(200, True)})
        self.assertEqual(self.store.asked("^GET .*" + name), 1)

    def test_equal_files_are_objects_of_their_own(self):
        content = os.urandom(MB)
        milter = self.start()
        self.sent(content, milter)
        self.sent(content, milter)
        self.assertEqual(len(self.store.blobs()), 2)
        self.assertEqual(set(self.rows()), set(self.store.blobs()))


class Faults(StoreTest):
    REFUSALS = [(403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (404, "NoSuchBucket"), (500, "InternalError"),
                (503, "SlowDown"), "moved"]

    def goes_out_whole_or_is_put_off(self, milter, failure):
        self.is_whole_or_put_off(milter, failure, with_file(os.urandom(MB)))
        self.assertEqual((self.rows(), self.blobs()), ([], set()))
        self.nothing_is_begun(self.files)

    def test_mail_goes_out_whole_or_is_put_off(self):
        milter = self.start()
        for failure in ("unchanged", "tempfail"):
            self.reload(milter, "attachment_failure = " + failure)
            for fault in self.REFUSALS:
                with self.subTest(failure=failure, fault=fault), self.store.failing(fault):
                    self.goes_out_whole_or_is_put_off(milter, failure)
            self.store.stop()
            self.goes_out_whole_or_is_put_off(milter, failure)
            self.store.start()
        self.assertEqual(self.store.objects, {})
        self.assertIn("it answered 403 SignatureDoesNotMatch", milter.log())
        self.assertIn("it answered 307", milter.log())
        # It is not followed anywhere.
        self.assertEqual(self.store.asked("elsewhere"), 0)
        self.sent(os.urandom(MB), milter)

    def test_what_a_wrong_key_signs_is_refused(self):
        self.store.secret = "another"
        milter = self.start()
        self.goes_out_whole_or_is_put_off(milter, "unchanged")
        self.assertIn("it answered 403 SignatureDoesNotMatch", milter.log())
        self.store.secret = s3.SECRET
        self.sent(os.urandom(MB), milter)

    def test_a_key_file_that_others_can_read_is_refused(self):
        os.chmod(self.site.path("s3.key"), 0o644)
        milter = self.start()
        self.goes_out_whole_or_is_put_off(milter, "unchanged")
        self.assertIn("others can read or write it", milter.log())
        self.assertEqual(self.store.requests, [])

    def test_a_store_with_a_certificate_that_nobody_knows_gets_nothing(self):
        path = self.site.path("tls.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True)
        with open(path, "a") as both, open(path + ".crt") as certificate:
            both.write(certificate.read())
        self.store.stop()
        self.store = s3.Store(path)
        self.set_policy()
        milter = self.start()
        self.goes_out_whole_or_is_put_off(milter, "unchanged")
        self.assertIn("the store https://127.0.0.1", milter.log())
        self.assertIn("SSL", milter.log())
        self.assertEqual(self.store.requests, [])

    def test_a_store_that_says_nothing_is_not_waited_for_long(self):
        milter = self.start()
        with self.store.failing("silent"):
            began = time.monotonic()
            self.goes_out_whole_or_is_put_off(milter, "unchanged")
            self.assertLess(time.monotonic() - began, 55)

    def test_postfix_is_told_that_it_goes_on_while_a_store_is_slow(self):
        client, told = self.client_of(self.start()), []
        receive = client.receive

        def counted():
            answer = receive()
            told.append(answer)
            return answer
        client.receive = counted
        with self.store.failing("silent", "^PUT"):
            threading.Timer(8, self.store.released.set).start()
            new = self.pass_through(client, with_file(os.urandom(MB)))
        self.assertNotIn(LARGE.encode(), new)
        self.assertEqual([kind for kind, _ in told].count("p"), 1)

    def test_a_full_disk_of_the_machine_that_fetches(self):
        page = self.sent(os.urandom(2 * MB))
        folder = self.site.path("portal-files")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        portal = self.start_portal()
        self.assertEqual(self.request("GET", self.ticket(page))[0], 503)
        self.assertIn("No space left on device", self.portal_log())
        self.nothing_is_begun(folder)
        self.stop_portal(portal)

    def test_no_download_is_wrong_or_short(self):
        content = os.urandom(2 * MB)
        page = self.sent(content)
        name, = self.rows()
        self.start_portal()
        path, whole = self.ticket(page), self.request("GET", page)[0]
        self.assertEqual(whole, 200)
        for fault in [*self.REFUSALS, "cut", "short", "wrong"]:
            with self.subTest(fault), self.store.failing(fault):
                status, _, body = self.request("GET", path)
                self.assertEqual(status, 503, body)
                self.assertNotIn(content[:64], body)
                self.assertEqual(self.copies(), set())
                self.nothing_is_begun(self.site.path("portal-files"))
        with self.subTest("gone"):
            kept = dict(self.store.objects)
            self.store.objects.clear()
            self.assertEqual(self.request("GET", path)[0], 503)
            self.store.objects.update(kept)
        self.assertEqual(self.site.sql("SELECT sum(downloads) FROM attachment_file"), [(0,)])
        self.assertEqual(self.request("GET", path)[2], content)
        self.assertEqual(self.store.asked("^GET .*%s$" % name), len(self.REFUSALS) + 5)

    def test_secrets_are_in_no_log(self):
        milter = self.start()
        page = self.sent(os.urandom(MB), milter)
        self.start_portal()
        path = self.ticket(page)
        with self.store.failing((403, "AccessDenied")):
            self.goes_out_whole = self.pass_through(self.client_of(milter), with_file(os.urandom(MB)))
            self.request("GET", path)
        self.assertIn("AccessDenied", milter.log())
        self.assertIn("AccessDenied", self.portal_log())
        for log in (milter.log(), self.portal_log()):
            self.assertNotIn(s3.SECRET, log)
            self.assertNotIn("Signature=", log)
        self.assertNotIn(s3.SECRET, "".join(self.store.headers))


class Killed(StoreTest):
    def is_swept(self):
        """Two hours later, a portal removes what has no row, from the store and its own folder, and nothing else."""
        for found in self.store.objects.values():
            found.modified -= 2 * 3600 + 60
        rows = set(self.rows())
        self.store.page = 2
        portal = self.start_portal()
        wait_for(lambda: set(self.store.blobs()) <= rows)
        # It ends when it has gone through all pages.
        self.stop_portal(portal)
        self.assertGreater(self.store.asked("^GET .*start-after="), 3)
        self.assertEqual(set(self.store.blobs()), rows)

    def test_between_the_object_and_its_link(self):
        content = os.urandom(MB)
        milter = self.start(LD_PRELOAD=" ".join([*runtime(), PRELOAD]), KILL_AT="blob")
        self.assertEqual(self.answers(self.client_of(milter), with_file(content)), [None])
        self.assertEqual(milter.process.wait(TIMEOUT), -signal.SIGKILL)
        self.assertEqual((len(self.store.blobs()), self.rows()), (1, []))
        milter = self.start()
        for number in range(4):
            self.sent(content if number == 0 else os.urandom(MB), milter)
        self.assertEqual(len(self.store.blobs()), 5)
        # Neither what is young nor what has another name is touched.
        others = ["ab/" + "ab" + "0" * 61, "notes.txt", "0+1", "0+2", "0+", "1 2", "f/%s" % ("\uac00" * 300)]
        self.store.objects.update((name, s3.Object(b"not ours", None)) for name in others)
        self.is_swept()
        self.assertEqual(len(self.store.blobs()), 4)
        self.assertLessEqual(set(others), set(self.store.objects))

    def test_a_young_object_without_a_link_stays(self):
        milter = self.start(LD_PRELOAD=" ".join([*runtime(), PRELOAD]), KILL_AT="blob")
        self.assertEqual(self.answers(self.client_of(milter), with_file(os.urandom(MB))), [None])
        self.start_portal()
        wait_for(lambda: self.store.asked("^GET .*list-type=2") > 0)
        time.sleep(1)
        self.assertEqual(len(self.store.blobs()), 1)

    def test_nothing_is_removed_by_a_list_that_cannot_be_understood(self):
        self.sent(os.urandom(MB))
        self.site.sql("DELETE FROM attachment_file")
        for found in self.store.objects.values():
            found.modified -= 86400
        with self.store.failing("babbles", "list-type=2"):
            self.start_portal()
            wait_for(lambda: "cannot be understood" in self.portal_log())
        self.assertEqual(len(self.store.blobs()), 1)

    def test_a_list_that_does_not_go_on_ends(self):
        for _ in range(3):
            self.sent(os.urandom(MB))
        self.store.page, self.store.repeats = 2, True
        self.start_portal()
        wait_for(lambda: "its list of objects does not end" in self.portal_log())


class Copies(StoreTest):
    def test_beyond_the_limit_are_removed_when_the_store_has_the_files(self):
        self.set_policy("attachment_s3_cache = 2")
        milter, pages = self.start(), []
        for number in range(4):
            pages.append(self.sent(os.urandom(MB), milter))
            name = self.rows()[-1]
            os.utime("%s/%s/%s" % (self.files, name[:2], name), (time.time() - 10000 + number,) * 2)
        names = self.rows()
        # The oldest one is of the time before there was a store.
        del self.store.objects["%s/%s" % (names[0][:2], names[0])]
        self.site.write("portal.conf", open(self.site.policy_file).read())
        self.start_portal()
        wait_for(lambda: len(self.blobs()) == 2)
        self.assertEqual(self.blobs(), {names[0], names[3]})
        self.assertEqual(set(self.store.blobs()), set(names[1:]))
        # What was removed comes again.
        self.assertEqual(hashlib.sha256(self.request("GET", self.ticket(pages[3]))[2]).hexdigest(),
                         self.store.objects["%s/%s" % (names[3][:2], names[3])].digest)


if __name__ == "__main__":
    unittest.main()
