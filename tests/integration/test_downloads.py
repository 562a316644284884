"""Files that mail links to: the page of a link, tickets, downloads and what counts as one."""
import contextlib
import hashlib
import html
import http.client
import io
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import zipfile

from portal import Portal, PortalTest, free_port, is_open
from server import BUILD, ROOT, TIMEOUT, plain_connect, wait_for

MAKE_LINK = BUILD + "/tests/integration/make_link"
ALICE = "alice@example.test"
FORM = "application/x-www-form-urlencoded"
MB = 1048576
FULL = os.environ.get("ATTACHMENT_LOAD") == "full"  # as `make large-zip` sets it


class Got:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:300])


class Downloads(PortalTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.portal.browser().sign_in(ALICE).status == 200  # the member is known from now on

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=TIMEOUT)

    def request(self, method, path, body=None, headers=None, host=None):
        sent = {"Host": self.portal.files_host() if host is None else host, **(headers or {})}
        with contextlib.closing(self.connect()) as client:
            client.request(method, path, body, sent)
            response = client.getresponse()
            return Got(response, response.read())

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def link(self, *files):
        """A link to files, each of which is (content, name) or (content, name, "scanned"): its id and its path."""
        args = []
        for i, (content, name, *scanned) in enumerate(files):
            path = "%s/file-%d" % (self.portal.dir, i)
            with open(path, "wb") as f:
                f.write(content)
            args += [scanned[0] if scanned else "unscanned", path, name]
        run = subprocess.run([MAKE_LINK, self.portal.dir + "/policy.conf", ALICE, *args], check=True,
                             capture_output=True, text=True)
        number, token = run.stdout.split()
        return int(number), "/l/" + token

    def files(self, link):
        return [row[0] for row in self.portal.sql("SELECT id FROM attachment_file WHERE link_id = ? ORDER BY id", link)]

    def press(self, path, file):
        """What the button answers."""
        return self.request("POST", path, "file=%s" % file, {"Content-Type": FORM})

    def ticket(self, link, path, number=0):
        answer = self.press(path, self.files(link)[number])
        self.assertEqual(answer.status, 303, answer)
        return answer.headers["Location"]

    def counted(self, link):
        return [row[0] for row in self.portal.sql("SELECT downloads FROM attachment_file WHERE link_id = ? ORDER BY id",
                                                  link)]

    def portal_peak(self):
        with open("/proc/%d/status" % self.portal.process.pid) as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) * 1024

    def traffic(self):
        """(downloads, bytes) of all members."""
        return self.portal.sql("SELECT COALESCE(SUM(downloads), 0), COALESCE(SUM(bytes), 0) FROM attachment_traffic")[0]

    def wait_counted(self, link, *counts):
        """Counting comes after the last byte."""
        wait_for(lambda: self.counted(link) == list(counts), TIMEOUT)


class Page(Downloads):
    def test_the_page_names_the_files_and_counts_nothing(self):
        link, path = self.link((b"x" * 3000, "보고서 <1>.pdf"), (b"y" * 2 * MB, "b.zip", "scanned"))
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86400))
        for language, words in (("en", ("Available until " + day, "2.9 KB · not scanned for viruses · 100 downloads left",
                                        "2.0 MB · scanned for viruses")),
                                ("ko", ("보관 기한: " + day, "바이러스 검사하지 않음 · 100번 더 내려받을 수 있음",
                                        "바이러스 검사함"))):
            answer = self.get(path, Accept_Language=language)
            self.assertEqual(answer.status, 200, answer)
            text = html.unescape(answer.body.decode())
            for word in (*words, "보고서 _1_.pdf", "b.zip"):
                self.assertIn(word, text)
            self.assertEqual(re.findall(r'name="file" value="(\w+)"', text), [*map(str, self.files(link)), "all"])
            self.assertEqual(answer.headers["X-Robots-Tag"], "noindex, nofollow")
            self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(self.request("HEAD", path).status, 200)
        self.assertEqual(self.counted(link), [0, 0])

    def test_a_name_is_text_and_no_markup(self):
        _, path = self.link((b"x", "a & b'c.txt"))
        self.assertIn("a &amp; b'c.txt</dd>", self.get(path).body.decode())

    def test_an_unknown_or_wrong_token_is_404_and_says_so(self):
        _, path = self.link((b"x", "a.txt"))
        for wrong in (path[:-1], path + "A", path[:-1] + ("A" if path[-1] != "A" else "B"), "/l/" + "A" * 43, "/l/x",
                      "/l/%3Cb%3E", "/l/" + "A" * 64):
            for answer in (self.get(wrong), self.press(wrong, 1)):
                self.assertEqual(answer.status, 404, (wrong, answer))
                self.assertIn("There is nothing here", answer.body.decode())

    def test_an_expired_link_says_so_and_gives_nothing(self):
        link, path = self.link((b"x" * 100, "a.txt"))
        ticket = self.ticket(link, path)
        self.portal.sql("UPDATE attachment_link SET expires_at = made_at WHERE id = ?", link)
        for answer in (self.get(path), self.press(path, self.files(link)[0]), self.get(ticket)):
            self.assertEqual(answer.status, 410, answer)
            self.assertIn("no longer available", answer.body.decode())

    def test_a_withdrawn_link_says_so_and_gives_nothing(self):
        link, path = self.link((b"x" * 100, "a.txt"))
        ticket = self.ticket(link, path)
        self.assertEqual(self.get(ticket).status, 200)
        self.command("link", "withdraw", str(link))
        for answer in (self.get(path), self.press(path, self.files(link)[0]), self.get(ticket),
                       self.get(ticket, Range="bytes=50-")):
            self.assertEqual(answer.status, 410, answer)
            self.assertIn("were withdrawn", answer.body.decode())

    def test_a_form_that_names_no_file_of_the_link_is_404(self):
        link, path = self.link((b"x", "a.txt"))
        other, _ = self.link((b"y", "b.txt"))
        for file in (self.files(other)[0], 0, "", "x", "-1", "0%d" % self.files(link)[0], 2 ** 64):
            self.assertEqual(self.press(path, file).status, 404, file)
        self.assertEqual(self.request("POST", path, "other=1", {"Content-Type": FORM}).status, 404)


class Fetching(Downloads):
    def test_the_button_leads_to_the_file_which_browsers_keep_and_do_not_show(self):
        content = os.urandom(3 * MB)
        link, path = self.link((content, "보고서 2026.html"))
        answer = self.get(self.ticket(link, path))
        self.assertEqual((answer.status, answer.body), (200, content))
        for name, value in (("Content-Type", "application/octet-stream"),
                            ("Content-Disposition", "attachment; filename=\"___ 2026.html\"; filename*=UTF-8''" +
                             urllib.parse.quote("보고서 2026.html")),
                            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                            ("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
                            ("Cache-Control", "private, no-store"), ("X-Robots-Tag", "noindex, nofollow"),
                            ("Accept-Ranges", "bytes"), ("Content-Length", str(len(content)))):
            self.assertEqual(answer.headers[name], value)
        self.wait_counted(link, 1)

    def test_an_empty_file_is_fetched(self):
        link, path = self.link((b"", "empty"))
        ticket = self.ticket(link, path)
        answer = self.get(ticket)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.wait_counted(link, 1)
        answer = self.get(ticket, Range="bytes=0-")
        self.assertEqual((answer.status, answer.headers["Content-Range"]), (416, "bytes */0"))

    def test_a_ticket_counts_once_and_two_tickets_twice(self):
        traffic = self.traffic()
        link, path = self.link((b"x" * 100, "a.txt"), (b"y", "b.txt"))
        first, second = self.ticket(link, path), self.ticket(link, path)
        self.assertNotEqual(first, second)
        for _ in range(3):
            self.assertEqual(self.get(first).status, 200)
        self.wait_counted(link, 1, 0)
        self.get(second)
        self.wait_counted(link, 2, 0)
        self.get(self.ticket(link, path, 1))
        self.wait_counted(link, 2, 1)
        self.assertEqual([now - then for now, then in zip(self.traffic(), traffic)], [3, 201])

    def test_a_head_and_a_part_that_is_not_the_last_count_nothing(self):
        link, path = self.link((b"0123456789", "a.txt"))
        ticket = self.ticket(link, path)
        answer = self.request("HEAD", ticket)
        self.assertEqual((answer.status, answer.headers["Content-Length"], answer.body), (200, "10", b""))
        for wanted, status, body, where in (
                ("bytes=0-3", 206, b"0123", "0-3/10"), ("bytes=4-8", 206, b"45678", "4-8/10"),
                ("bytes=10-", 416, b"", "*/10"), ("bytes=-0", 416, b"", "*/10")):
            answer = self.get(ticket, Range=wanted)
            self.assertEqual((answer.status, answer.body, answer.headers["Content-Range"]), (status, body, "bytes " + where))
        self.assertEqual(self.counted(link), [0])
        answer = self.get(ticket, Range="bytes=9-")
        self.assertEqual((answer.status, answer.body, answer.headers["Content-Range"]), (206, b"9", "bytes 9-9/10"))
        self.wait_counted(link, 1)

    def test_several_ranges_and_what_is_no_range_give_the_whole_file(self):
        link, path = self.link((b"0123456789", "a.txt"))
        ticket = self.ticket(link, path)
        for wanted in ("bytes=0-1,4-5", "bytes=5-4", "lines=1-2", "bytes", "bytes=", "bytes=a-b", "bytes=--1"):
            answer = self.get(ticket, Range=wanted)
            self.assertEqual((answer.status, answer.body, answer.headers["Content-Range"]), (200, b"0123456789", None))

    def test_a_download_that_breaks_counts_when_it_is_gone_on_with(self):
        content = os.urandom(64 * MB)
        link, path = self.link((content, "large.bin"))
        ticket = self.ticket(link, path)
        with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
            client.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (ticket, self.portal.files_host())).encode())
            got = b""
            while len(got) < MB:
                got += client.recv(65536)
        begun = got[got.index(b"\r\n\r\n") + 4:]
        self.assertTrue(content.startswith(begun))
        answer = self.get(ticket, Range="bytes=%d-" % len(begun))
        self.assertEqual(answer.status, 206)
        self.assertEqual(hashlib.sha256(begun + answer.body).digest(), hashlib.sha256(content).digest())
        self.wait_counted(link, 1)

    def test_a_download_takes_no_memory(self):
        content = os.urandom(MB) * 200
        link, path = self.link((content, "large.bin"))
        tickets = [self.ticket(link, path) for _ in range(3)]
        before = self.portal_peak()
        for ticket in tickets:
            self.assertEqual(len(self.get(ticket).body), len(content))
        self.assertLess(self.portal_peak() - before, 32 * MB)

    def test_a_file_is_fetched_as_often_as_it_may_be_and_then_the_page_says_so(self):
        link, path = self.link((b"x" * 100, "a.txt"), (b"y", "b.txt"))
        self.portal.sql("UPDATE attachment_link SET downloads_most = 1 WHERE id = ?", link)
        used, late = self.ticket(link, path), self.ticket(link, path)
        self.assertIn("one download left", self.get(path).body.decode())
        self.assertEqual(self.get(used).status, 200)
        self.wait_counted(link, 1, 0)
        page = self.get(path)
        self.assertEqual(page.status, 200)
        self.assertIn("no downloads left", page.body.decode())
        self.assertEqual(re.findall(r'name="file" value="(\d+)"', page.body.decode()), [str(self.files(link)[1])])
        for answer in (self.press(path, self.files(link)[0]), self.get(late)):
            self.assertEqual(answer.status, 410, answer)
            self.assertIn("cannot be downloaded any more", answer.body.decode())
        # What has been counted may be gone on with.
        self.assertEqual(self.get(used, Range="bytes=50-").status, 206)
        self.assertEqual(self.counted(link), [1, 0])

    def test_a_ticket_that_is_wrong_or_too_old_gives_nothing(self):
        link, path = self.link((b"x" * 100, "a.txt"))
        ticket = self.ticket(link, path)
        for i in range(3, len(ticket)):
            wrong = ticket[:i] + ("A" if ticket[i] != "A" else "B") + ticket[i + 1:]
            self.assertEqual(self.get(wrong).status, 404, wrong)
        for wrong in ("/f/x", ticket[:-1], ticket + "A", ticket + "%00"):
            self.assertEqual(self.get(wrong).status, 404, wrong)

    def test_a_blob_that_is_not_there_is_a_fault_and_logged(self):
        link, path = self.link((b"gone" * 100, "a.txt"))
        ticket = self.ticket(link, path)
        blob = self.portal.sql("SELECT blob FROM attachment_file WHERE link_id = ?", link)[0][0]
        os.unlink("%s/files/%s/%s" % (self.portal.dir, blob[:2], blob))
        answer = self.get(ticket)
        self.assertEqual(answer.status, 503)
        self.assertIn("Just a moment", answer.body.decode())
        self.assertIn("the blob of file %d is not there" % self.files(link)[0], self.portal.log())


class AllFiles(Downloads):
    """The archive of all files of a link."""

    def all_files(self, path):
        answer = self.press(path, "all")
        self.assertEqual(answer.status, 303, answer)
        self.assertTrue(answer.headers["Location"].startswith("/z/"))
        return answer.headers["Location"]

    def test_it_has_them_with_their_names_and_counts_each_once(self):
        files = [(os.urandom(3 * MB), "보고서 2026.pdf"), (b"", "empty"), (b"first", "a.txt"), (b"second", "a.txt"),
                 (b"third", "a.txt"), (b"../x", "../../etc/passwd")]
        link, path = self.link(*files)
        ticket = self.all_files(path)
        self.assertEqual(self.counted(link), [0] * 6)
        for _ in range(2):
            answer = self.get(ticket)
            self.assertEqual(answer.status, 200, answer)
            with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
                self.assertIsNone(archive.testzip())
                self.assertEqual([(info.filename, archive.read(info)) for info in archive.infolist()],
                                 [("보고서 2026.pdf", files[0][0]), ("empty", b""), ("a.txt", b"first"), ("a (2).txt", b"second"),
                                  ("a (3).txt", b"third"), (".._.._etc_passwd", b"../x")])
        self.wait_counted(link, *[1] * 6)
        self.get(self.all_files(path))
        self.wait_counted(link, *[2] * 6)
        for name, value in (("Content-Type", "application/octet-stream"), ("X-Content-Type-Options", "nosniff"),
                            ("Content-Disposition", "attachment; filename=\"files.zip\"; filename*=UTF-8''files.zip"),
                            ("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
                            ("Cache-Control", "private, no-store"), ("Accept-Ranges", None)):
            self.assertEqual(answer.headers[name], value)

    def test_a_head_and_one_who_leaves_count_nothing(self):
        link, path = self.link((os.urandom(32 * MB), "large.bin"), (b"b", "b"))
        ticket = self.all_files(path)
        self.assertEqual(self.request("HEAD", ticket).status, 200)
        with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
            client.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (ticket, self.portal.files_host())).encode())
            self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(self.get(ticket).status, 200)
        self.wait_counted(link, 1, 1)

    def test_what_is_used_up_is_not_in_it(self):
        link, path = self.link((b"a", "a"), (b"b", "b"), (b"c", "c"))
        self.portal.sql("UPDATE attachment_link SET downloads_most = 1 WHERE id = ?", link)
        self.get(self.ticket(link, path))
        self.wait_counted(link, 1, 0, 0)
        ticket = self.all_files(path)
        with zipfile.ZipFile(io.BytesIO(self.get(ticket).body)) as archive:
            self.assertEqual(archive.namelist(), ["b", "c"])
        self.wait_counted(link, 1, 1, 1)
        self.assertNotIn('value="all"', self.get(path).body.decode())
        answer = self.get(ticket)
        self.assertEqual(answer.status, 410)
        self.assertIn("cannot be downloaded any more", answer.body.decode())

    def test_one_file_needs_no_archive(self):
        _, path = self.link((b"a", "a"))
        self.assertNotIn('value="all"', self.get(path).body.decode())

    def test_it_is_cut_off_when_its_link_is_withdrawn(self):
        size = 64 * MB
        link, path = self.link((os.urandom(size), "large.bin"), (b"b", "b"))
        ticket = self.all_files(path)
        with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (ticket, self.portal.files_host())).encode())
            got = len(client.recv(65536))
            self.command("link", "withdraw", str(link))
            wait_for(lambda: "result=cut-off" in self.portal.log(), TIMEOUT)
            with contextlib.suppress(ConnectionResetError):
                while more := client.recv(1 << 20):
                    got += len(more)
        self.assertLess(got, size // 2)
        self.assertEqual(self.get(ticket).status, 410)
        self.assertEqual(self.counted(link), [0, 0])

    def test_it_takes_no_memory(self):
        content = os.urandom(MB) * 100
        link, path = self.link((content, "a.bin"), (content, "b.bin"))
        ticket = self.all_files(path)
        before = self.portal_peak()
        with contextlib.closing(self.connect()) as client:
            client.request("GET", ticket, headers={"Host": self.portal.files_host()})
            response = client.getresponse()
            while response.read(MB):
                pass
        self.wait_counted(link, 1, 1)
        self.assertLess(self.portal_peak() - before, 16 * MB)

    @unittest.skipUnless(FULL, "it takes minutes; `make large-zip` runs it")
    def test_more_than_4_gb_are_read_by_others(self):
        """Both a file of more than 4 GB and one that begins behind as much; zeros, which are kept nowhere."""
        size = 4500 * MB
        link, path = self.link((b"large", "large.bin"), (b"behind it", "b.txt"))
        blob = self.portal.sql("SELECT blob FROM attachment_file WHERE link_id = ? ORDER BY id", link)[0][0]
        os.truncate("%s/files/%s/%s" % (self.portal.dir, blob[:2], blob), 0)
        os.truncate("%s/files/%s/%s" % (self.portal.dir, blob[:2], blob), size)
        self.portal.sql("UPDATE attachment_file SET size = ? WHERE id = ?", size, self.files(link)[0])
        zeros = bytes(MB)
        with tempfile.TemporaryFile(dir="/var/tmp") as copy, contextlib.closing(self.connect()) as client:
            client.request("GET", self.all_files(path), headers={"Host": self.portal.files_host()})
            response = client.getresponse()
            while piece := response.read(MB):
                if piece == zeros:
                    copy.seek(MB, os.SEEK_CUR)
                else:
                    copy.write(piece)
            with zipfile.ZipFile(copy) as archive:
                self.assertEqual([(info.filename, info.file_size) for info in archive.infolist()],
                                 [("large.bin", size), ("b.txt", 9)])
                self.assertGreater(archive.infolist()[1].header_offset, 1 << 32)
                self.assertIsNone(archive.testzip())
                self.assertEqual(archive.read("b.txt"), b"behind it")
        self.wait_counted(link, 1, 1)

    def test_a_ticket_for_a_file_is_none_for_all(self):
        link, path = self.link((b"a", "a"), (b"b", "b"))
        self.assertEqual(self.get(self.ticket(link, path).replace("/f/", "/z/")).status, 404)
        self.assertEqual(self.get(self.all_files(path).replace("/z/", "/f/")).status, 404)

    def test_the_password_of_the_link_is_asked_for(self):
        link, path = self.link((b"a", "a"), (b"b", "b"))
        self.portal.sql("UPDATE attachment_link SET password = 'x' WHERE id = ?", link)
        self.assertIn('value="all"', self.get(path).body.decode())
        self.assertEqual(self.press(path, "all").status, 403)

    def test_a_blob_that_is_not_there_breaks_it(self):
        link, path = self.link((b"a" * MB, "a"), (b"gone", "b"))
        ticket = self.all_files(path)
        blob = self.portal.sql("SELECT blob FROM attachment_file WHERE link_id = ? ORDER BY id", link)[1][0]
        os.unlink("%s/files/%s/%s" % (self.portal.dir, blob[:2], blob))
        with self.assertRaises(http.client.IncompleteRead):
            self.get(ticket)
        self.assertEqual(self.counted(link), [0, 0])


class Withdrawn(Downloads):
    SIZE = 64 * MB

    @contextlib.contextmanager
    def fetching(self, ticket):
        """A slow reader, who has taken some of the file."""
        with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" %
                            (ticket, self.portal.files_host())).encode())
            self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 "))
            yield client

    def rest(self, client):
        """How many bytes come until the end, and whether that was a reset."""
        got = 0
        try:
            while more := client.recv(1 << 20):
                got += len(more)
        except ConnectionResetError:
            return got, True
        return got, False

    def test_a_transfer_under_way_is_cut_off_and_others_go_on(self):
        link, path = self.link((os.urandom(self.SIZE), "large.bin"))
        other, other_path = self.link((os.urandom(self.SIZE), "other.bin"))
        with self.fetching(self.ticket(link, path)) as client, self.fetching(self.ticket(other, other_path)) as beside:
            self.command("link", "withdraw", str(link))
            wait_for(lambda: "download file=%d result=cut-off" % self.files(link)[0] in self.portal.log(), TIMEOUT)
            got, was_reset = self.rest(client)
            # What the two kernels have taken already, at most.
            self.assertLess(got, self.SIZE // 2)
            self.assertTrue(was_reset)
            beside.settimeout(TIMEOUT)
            left = self.SIZE
            while left > 0 and (more := beside.recv(1 << 20)):
                left -= len(more)
            self.assertLessEqual(left, 65536)
        self.wait_counted(other, 1)
        self.assertEqual(self.counted(link), [0])

    def test_a_transfer_ends_with_its_member_too(self):
        link, path = self.link((os.urandom(self.SIZE), "large.bin"))
        with self.fetching(self.ticket(link, path)) as client:
            self.portal.sql("DELETE FROM attachment_link WHERE id = ?", link)
            wait_for(lambda: "result=cut-off" in self.portal.log(), TIMEOUT)
            self.assertLess(self.rest(client)[0], self.SIZE // 2)


class Sites(Downloads):
    """The portal is at one name, and files are at another."""

    def hosts(self):
        return self.portal.files_host(), "FILES.localhost:%d" % self.portal.port

    def others(self):
        port = self.portal.port
        return ("localhost:%d" % port, "127.0.0.1:%d" % port, "files.localhost", "files.localhost:1", "files.localhost:80",
                "files.localhost.:%d" % port, "x.files.localhost:%d" % port, "files.localhost:%d0" % port, "")

    def test_nothing_of_one_name_is_at_the_other(self):
        link, path = self.link((b"x", "a.txt"))
        ticket = self.ticket(link, path)
        for host in self.others():
            for method, there in (("GET", path), ("HEAD", path), ("POST", path), ("GET", ticket), ("HEAD", ticket)):
                answer = self.request(method, there, "file=1" if method == "POST" else None, {"Content-Type": FORM}, host)
                self.assertEqual(answer.status, 404, (host, method, there))
        for host in self.hosts():
            self.assertEqual(self.request("GET", path, host=host).status, 200)
            for there in ("/", "/sign-in", "/account", "/console", "/api/session", "/health", "/metrics", "/oauth2/authorize",
                          self.portal.web() + "/main.js", self.portal.web() + "/lib/api.js"):
                answer = self.request("GET", there, host=host)
                self.assertEqual(answer.status, 404, (host, there))
                self.assertNotIn("Set-Cookie", answer.headers)

    def test_the_page_has_its_style_and_the_brand(self):
        portal = Portal(attachment_url=self.portal.settings["attachment_url"])
        self.addCleanup(portal.remove)
        os.makedirs(portal.dir + "/web/css")
        with open(portal.dir + "/web/css/base.css", "w") as f:
            f.write("body {}\n")
        portal.init().start()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", portal.port, timeout=TIMEOUT)) as client:
            client.request("GET", "/l/x", headers={"Host": self.portal.files_host()})
            page = client.getresponse().read().decode()
            style = re.search(r'<link rel="stylesheet" href="([^"]+)">', page).group(1)
            client.request("GET", style, headers={"Host": self.portal.files_host()})
            self.assertEqual(client.getresponse().read(), b"body {}\n")

    def test_no_cookie_is_read_there(self):
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(ALICE).status, 200)
        self.portal.sql("UPDATE session SET seen_at = seen_at - 1000")
        before = self.portal.sql("SELECT id, seen_at FROM session ORDER BY id")
        link, path = self.link((b"x", "a.txt"))
        cookies = {"Cookie": "; ".join("%s=%s" % item for item in browser.cookies.items())}
        for answer in (self.request("GET", path, None, cookies), self.request("GET", self.ticket(link, path), None, cookies)):
            self.assertEqual(answer.status, 200)
            self.assertNotIn("Set-Cookie", answer.headers)
        self.assertEqual(self.portal.sql("SELECT id, seen_at FROM session ORDER BY id"), before)

    def test_without_attachment_url_there_is_no_such_site(self):
        portal = Portal(attachment_url="")
        self.addCleanup(portal.remove)
        portal.init().start()
        for host in ("", "localhost", portal.files_host()):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", portal.port, timeout=TIMEOUT)) as client:
                client.request("GET", "/l/x", headers={"Host": host})
                self.assertEqual(client.getresponse().status, 404)


class Stopping(Downloads):
    def test_the_portal_ends_while_a_file_is_being_sent(self):
        link, path = self.link((os.urandom(64 * MB), "large.bin"))
        ticket = self.ticket(link, path)
        with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
            client.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (ticket, self.portal.files_host())).encode())
            self.assertTrue(client.recv(65536))
            began = time.monotonic()
            self.assertEqual(self.portal.stop(), 0)
            # Requests that are under way are waited for, for half a minute; this one would never end.
            self.assertLess(time.monotonic() - began, 25)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.portal.start()
        self.assertEqual(self.counted(link), [0])
        self.assertEqual(self.get(ticket, Range="bytes=-1").status, 206)
        self.wait_counted(link, 1)


@unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
class Nginx(Downloads):
    """conf.d/nginx/postlatch-files.conf, with a port of the test's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dir, cls.tls = tempfile.mkdtemp(prefix="postlatch-nginx-", dir="/var/tmp"), free_port()
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.portal.settings["attachment_url"] = "https://files.example.test:%d" % cls.tls
        cls.portal.write_policy()
        cls.portal.stop()
        cls.portal.start()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=files.example.test", "-keyout", "tls.key", "-out", "tls.pem"],
                       cwd=cls.dir, check=True, capture_output=True)
        with open(ROOT + "/conf.d/nginx/postlatch-files.conf") as f:
            site = f.read()
        for pattern, text in ((r"listen \[::\]:\d+.*;", ""), ("listen 443 ssl http2;", "listen 127.0.0.1:%d ssl;" % cls.tls),
                              (r"/etc/ssl/\w+/files.example.com.pem", cls.dir + "/tls.pem"),
                              (r"/etc/ssl/\w+/files.example.com.key", cls.dir + "/tls.key"),
                              (r"files\.example\.com;", "files.example.test;")):
            site = re.sub(pattern, text, site)
        with open(cls.dir + "/nginx.conf", "w") as f:
            f.write("pid %s/pid; error_log %s/log; worker_processes 1; events {}\nhttp {\n"
                    "upstream postlatch-portal { server 127.0.0.1:%d; }\n%s}\n" % (cls.dir, cls.dir, cls.portal.port, site))
        nginx = subprocess.Popen(["nginx", "-p", cls.dir, "-c", cls.dir + "/nginx.conf", "-g", "daemon off;"],
                                 stderr=subprocess.DEVNULL)
        cls.addClassCleanup(nginx.wait, TIMEOUT)
        cls.addClassCleanup(nginx.terminate)
        wait_for(lambda: nginx.poll() is not None or is_open(cls.tls), TIMEOUT)
        assert nginx.poll() is None, open(cls.dir + "/log").read()

    def connect(self):
        context = ssl.create_default_context(cafile=self.dir + "/tls.pem")
        context.check_hostname = False
        return http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=TIMEOUT, context=context)

    def test_files_are_fetched_through_the_shipped_site(self):
        content = os.urandom(20 * MB)
        link, path = self.link((content, "large.bin"))
        page = self.request("GET", path, headers={"Cookie": "__Host-postlatch=x"})
        self.assertEqual(page.status, 200)
        self.assertEqual(page.headers["Strict-Transport-Security"], "max-age=31536000")
        ticket = self.ticket(link, path)
        answer = self.get(ticket)
        self.assertEqual((answer.status, answer.headers["X-Robots-Tag"]), (200, "noindex, nofollow"))
        self.assertEqual(hashlib.sha256(answer.body).digest(), hashlib.sha256(content).digest())
        self.wait_counted(link, 1)
        answer = self.get(ticket, Range="bytes=%d-" % (19 * MB))
        self.assertEqual((answer.status, answer.body), (206, content[19 * MB:]))

    def test_all_files_are_fetched_through_it_too(self):
        content = os.urandom(5 * MB)
        link, path = self.link((content, "large.bin"), (b"b", "b"))
        answer = self.get(self.press(path, "all").headers["Location"])
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            self.assertEqual([archive.read(name) for name in ("large.bin", "b")], [content, b"b"])
        self.wait_counted(link, 1, 1)

    def test_who_breaks_off_is_not_counted(self):
        link, path = self.link((os.urandom(64 * MB), "large.bin"))
        ticket = self.ticket(link, path)
        with contextlib.closing(self.connect()) as client:
            client.request("GET", ticket, headers={"Host": self.portal.files_host()})
            self.assertEqual(len(client.getresponse().read(MB)), MB)
        # The portal has seen the end of it when its descriptor is closed.
        wait_for(lambda: not self.open_blobs(), TIMEOUT)
        self.assertEqual(self.counted(link), [0])

    def open_blobs(self):
        folder = "/proc/%d/fd" % self.portal.process.pid
        names = []
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                names.append(os.readlink("%s/%s" % (folder, name)))
        return [name for name in names if name.startswith(self.portal.dir + "/files/")]

    def test_nothing_else_is_served_there(self):
        for path in ("/", "/sign-in", "/account", "/console", "/api/session", "/health", "/metrics", "/oauth2/authorize",
                     self.portal.web() + "/main.js"):
            self.assertEqual(self.get(path).status, 404, path)
        self.assertEqual(self.get("/robots.txt").body, b"User-agent: *\nDisallow: /\n")


if __name__ == "__main__":
    unittest.main()
