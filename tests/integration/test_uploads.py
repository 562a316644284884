"""Uploads of webmail: begun with its token, sent in pieces that resume, and the link at the end."""
import contextlib
import hashlib
import http.client
import json
import os
import re
import socket
import time
import unittest

import s3
from oauth import Client
from portal import JSON, PortalTest
from server import TIMEOUT, wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"
BYTES = "application/offset+octet-stream"
WEBMAIL = "https://webmail.example.test"
MB = 1048576
FULL = os.environ.get("ATTACHMENT_LOAD") == "full"  # as `make large-upload` sets it


class Uploads(PortalTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal.settings["webmail_url"] = WEBMAIL + "/mail/"
        cls.set()
        cls.command("domain", "add", "example.test")
        cls.webmail = Client(cls.portal, "webmail")
        cls.tokens = {}
        for member in (ALICE, BOB):
            browser = cls.portal.browser()
            assert browser.sign_in(member).status == 200
            assert browser.post("/api/sign-in/later").status == 200
            cls.tokens[member] = cls.webmail.tokens(browser, scope="openid mail")["access_token"]
            cls.command("member", "set", member, "large_attachments=on")

    @classmethod
    def set(cls, **settings):
        cls.portal.settings.update(settings)
        cls.portal.write_policy()
        cls.portal.reload()

    def setUp(self):
        self.portal.sql("DELETE FROM attachment_upload")
        self.portal.sql("DELETE FROM attachment_link")

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def request(self, method, path, body=None, token=None, **headers):
        sent = {"Authorization": None if token is None else "Bearer " + token,
                **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.portal.browser().request(method, path, body, sent, origin=False)

    def begin(self, size, name="보고서.pdf", member=ALICE, token=None, **fields):
        return self.request("POST", "/upload", json.dumps({"name": name, "size": size, **fields}),
                            token or self.tokens[member], Content_Type=JSON)

    def begun(self, size, **fields):
        """The path and the token of a new upload."""
        answer = self.begin(size, **fields)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.json["url"], "%s/upload/%d" % (self.portal.url, answer.json["id"]))
        return "/upload/%d" % answer.json["id"], answer.json["token"]

    def patch(self, path, token, body, offset, **headers):
        return self.request("PATCH", path, body, token, **{"Content_Type": BYTES, "Upload_Offset": str(offset), **headers})

    def offset(self, path, token):
        answer = self.request("HEAD", path, token=token)
        self.assertEqual(answer.status, 200, answer)
        return int(answer.headers["Upload-Offset"])

    def finish(self, path, token, **fields):
        return self.request("POST", path + "/link", json.dumps(fields), token, Content_Type=JSON)

    def download(self, link):
        """The bytes behind the address in a mail, as a recipient gets them."""
        browser = self.portal.browser(host=self.portal.files_host())
        path = link[len(self.portal.settings["attachment_url"]):]
        file = re.search(r'name="file" value="(\d+)"', browser.get(path).body.decode()).group(1)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return browser.get(browser.request("POST", path, "file=" + file, form).headers["Location"]).body

    def incoming(self):
        return [name for name in os.listdir(self.portal.dir + "/files/incoming") if name.startswith("up-")]


class Sending(Uploads):
    def test_a_file_that_comes_in_pieces_is_behind_the_link(self):
        content = os.urandom(20 * MB + 3)
        path, token = self.begun(len(content), type="application/pdf")
        for at in range(0, len(content), 8 * MB):
            answer = self.patch(path, token, content[at:at + 8 * MB], at)
            self.assertEqual((answer.status, answer.body), (204, b""), answer)
            self.assertEqual(answer.headers["Upload-Offset"], str(min(at + 8 * MB, len(content))))
            self.assertEqual(self.offset(path, token), min(at + 8 * MB, len(content)))
        answer = self.finish(path, token, language="ko_KR")
        self.assertEqual(answer.status, 200, answer)
        link = answer.json
        day = time.strftime("%Y-%m-%d", time.gmtime(link["expires_at"]))
        self.assertEqual((link["name"], link["size"], link["last_day"]), ("보고서.pdf", len(content), day))
        self.assertAlmostEqual(link["expires_at"], time.time() + 30 * 86400, delta=60)
        for twin in (link["text"], link["html"]):
            for word in ("보고서.pdf", "20 MB", link["url"], "보관 기한: " + day):
                self.assertIn(word, twin)
            self.assertNotIn("too large", twin)
        self.assertEqual(hashlib.sha256(self.download(link["url"])).digest(), hashlib.sha256(content).digest())
        self.assertEqual(self.portal.sql("SELECT origin FROM attachment_link"), [("upload",)])
        # Who asks again, because the answer was lost, is told the same.
        self.assertEqual(self.finish(path, token, language="ko_KR").json, link)
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM attachment_link"), [(1,)])
        self.assertEqual(self.offset(path, token), len(content))
        self.assertEqual(self.incoming(), [])

    @unittest.skipUnless(FULL, "it takes minutes and 10 GB; `make large-upload` runs it")
    def test_5_gb_arrive_though_the_portal_is_killed_in_the_middle(self):
        """In the pieces of the Roundcube plugin; a recipient reads them back, from the middle on as well."""
        self.set(attachment_upload_max=5120, attachment_member_quota=0, attachment_domain_quota=0)
        size, piece, block = 5120 * MB, 8 * MB, os.urandom(8 * MB - 1)
        content = lambda at, count: (block[at % len(block):] + block * (count // len(block) + 1))[:count]
        sent, at = hashlib.sha256(), 0
        path, token = self.begun(size)
        while at < size:
            if at == 2560 * MB:
                self.portal.kill()
                self.portal.start(self.portal.port)
                self.assertEqual(self.offset(path, token), at)
            bytes_ = content(at, min(piece, size - at))
            self.assertEqual(self.patch(path, token, bytes_, at).status, 204)
            sent.update(bytes_)
            at += len(bytes_)
        answer = self.finish(path, token)
        self.assertEqual(answer.status, 200, answer)
        link = answer.json
        self.assertEqual(link["size"], size)
        self.assertEqual(self.received(link["url"]), sent.digest())
        self.assertEqual(self.received(link["url"], size - 10), hashlib.sha256(content(size - 10, 10)).digest())

    def received(self, link, offset=0):
        """The digest of what a recipient gets from there on."""
        browser = self.portal.browser(host=self.portal.files_host())
        path = link[len(self.portal.settings["attachment_url"]):]
        file = re.search(r'name="file" value="(\d+)"', browser.get(path).body.decode()).group(1)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        place = browser.request("POST", path, "file=" + file, form).headers["Location"]
        digest = hashlib.sha256()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=TIMEOUT)) as client:
            client.request("GET", place, headers={"Host": self.portal.files_host(), "Range": "bytes=%d-" % offset})
            response = client.getresponse()
            self.assertEqual(response.status, 206)
            while got := response.read(MB):
                digest.update(got)
        return digest.digest()

    def test_a_wrong_offset_is_409_and_says_the_right_one(self):
        path, token = self.begun(100)
        self.assertEqual(self.patch(path, token, b"a" * 50, 0).status, 204)
        for wrong in (0, 49, 51, 100, 2 ** 62):
            answer = self.patch(path, token, b"b" * 10, wrong)
            self.assertEqual((answer.status, answer.headers["Upload-Offset"]), (409, "50"), wrong)
        for wrong in ("", "-1", "x", "50x", "1" * 30, None):
            self.assertEqual(self.patch(path, token, b"b" * 10, 50, Upload_Offset=wrong).status, 400, wrong)
        self.assertEqual(self.patch(path, token, b"b" * 51, 50).status, 413)
        answer = self.finish(path, token)
        self.assertEqual((answer.status, answer.headers["Upload-Offset"]), (409, "50"), answer)
        self.assertEqual(self.patch(path, token, b"b" * 50, 50).status, 204)
        self.assertEqual(self.download(self.finish(path, token).json["url"]), b"a" * 50 + b"b" * 50)
        self.assertEqual(self.patch(path, token, b"c", 50).status, 409)

    def test_a_piece_that_is_too_large_or_of_another_type_is_refused(self):
        path, token = self.begun(40 * MB)
        self.assertEqual(self.patch(path, token, b"x", 0, Content_Type="application/octet-stream").status, 415)
        with contextlib.closing(self.portal.browser().connect()) as client:
            client.putrequest("PATCH", path)
            for name, value in (("Authorization", "Bearer " + token), ("Content-Type", BYTES), ("Upload-Offset", "0"),
                                ("Content-Length", str(16 * MB + 1))):
                client.putheader(name, value)
            client.endheaders()
            self.assertEqual(client.getresponse().status, 413)
        self.assertEqual(self.offset(path, token), 0)

    def broken(self, path, token, offset, announced, body):
        """Sends the beginning of a piece, and hangs up when all of it has come."""
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.portal.port), TIMEOUT)) as client:
            client.sendall(("PATCH %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n"
                            "Upload-Offset: %d\r\nContent-Length: %d\r\n\r\n" % (path, token, BYTES, offset, announced)
                            ).encode() + body)
            wait_for(lambda: self.offset(path, token) == offset + len(body), TIMEOUT)

    def resume(self, path, token, content):
        """Goes on at the offset that it asks for, as browsers do: also while the broken request is not over."""
        def answered():
            at = self.offset(path, token)
            answer = self.patch(path, token, content[at:], at)
            self.assertIn(answer.status, (204, 423), answer)
            return answer.status == 204
        wait_for(answered, TIMEOUT)
        self.assertEqual(self.download(self.finish(path, token).json["url"]), content)

    def test_what_came_before_the_connection_broke_stays(self):
        content = os.urandom(3 * MB)
        path, token = self.begun(len(content))
        self.broken(path, token, 0, len(content), content[:MB])
        self.resume(path, token, content)

    def test_an_upload_goes_on_after_the_portal_was_restarted_or_killed(self):
        for end in (self.portal.stop, self.portal.kill):
            content = os.urandom(3 * MB)
            path, token = self.begun(len(content))
            self.broken(path, token, 0, len(content), content[:MB])
            end()
            self.portal.start()
            self.assertEqual(self.offset(path, token), MB)
            self.resume(path, token, content)

    def test_an_upload_waits_for_a_store_that_is_away(self):
        store, key = s3.Store(), self.portal.dir + "/s3.key"
        self.addCleanup(store.stop)
        self.addCleanup(self.set, attachment_s3_url="")
        with open(key, "w") as f:
            f.write("%s %s\n" % (s3.KEY_ID, s3.SECRET))
        os.chmod(key, 0o600)
        self.set(attachment_s3_url=store.url, attachment_s3_region=s3.REGION, attachment_s3_key=key)
        self.assertEqual(self.request("GET", "/upload", token=self.tokens[ALICE]).json["most"], 5120 * MB)
        content = os.urandom(3 * MB)
        path, token = self.begun(len(content))
        self.assertEqual(self.patch(path, token, content, 0).status, 204)
        for fault in ((500, "InternalError"), (403, "AccessDenied")):
            with self.subTest(fault), store.failing(fault):
                self.assertEqual(self.finish(path, token).status, 503)
                self.assertEqual(self.offset(path, token), len(content))
        self.assertEqual((self.portal.sql("SELECT COUNT(*) FROM attachment_link"), store.objects), ([(0,)], {}))
        link = self.finish(path, token).json
        self.assertEqual(list(store.blobs().values()), [content])
        self.assertEqual(self.incoming(), [])
        self.assertEqual(self.download(link["url"]), content)

    def test_what_is_cancelled_is_gone(self):
        path, token = self.begun(100)
        self.assertEqual(self.patch(path, token, b"x" * 50, 0).status, 204)
        self.assertEqual(len(self.incoming()), 1)
        self.assertEqual(self.request("DELETE", path, token=token).status, 204)
        self.assertEqual(self.incoming(), [])
        self.assertEqual(self.request("HEAD", path, token=token).status, 404)

    def test_a_link_whose_upload_is_taken_back_is_withdrawn(self):
        path, token = self.begun(5)
        self.patch(path, token, b"hello", 0)
        link = self.finish(path, token).json["url"]
        self.assertEqual(self.request("DELETE", path, token=token).status, 204)
        browser = self.portal.browser(host=self.portal.files_host())
        self.assertEqual(browser.get(link[len(self.portal.settings["attachment_url"]):]).status, 410)

    def test_what_nobody_goes_on_with_for_a_day_is_swept(self):
        path, token = self.begun(100)
        self.assertEqual(self.patch(path, token, b"x" * 50, 0).status, 204)
        old = time.time() - 86400 - 60
        self.portal.sql("UPDATE attachment_upload SET touched_at = ?", int(old))
        self.assertEqual(self.request("HEAD", path, token=token).status, 404)
        os.utime("%s/files/incoming/%s" % (self.portal.dir, self.incoming()[0]), (old, old))
        self.portal.stop()
        self.portal.start()  # it sweeps at once, and every hour
        wait_for(lambda: not self.incoming(), TIMEOUT)
        wait_for(lambda: self.portal.sql("SELECT COUNT(*) FROM attachment_upload") == [(0,)], TIMEOUT)


class Refusals(Uploads):
    def test_only_webmail_of_a_member_begins_an_upload(self):
        self.assertEqual(self.request("POST", "/upload", '{"name": "a", "size": 1}', Content_Type=JSON).status, 401)
        self.assertEqual(self.begin(1, token="pl_at_x").status, 401)
        browser = self.portal.browser()
        browser.sign_in(ALICE)
        browser.post("/api/sign-in/later")
        identity = self.webmail.tokens(browser, scope="openid email")["access_token"]
        self.assertEqual(self.begin(1, token=identity).status, 403)
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM attachment_upload"), [(0,)])

    def test_another_member_and_another_token_find_no_upload(self):
        path, token = self.begun(100)
        other_path, other = self.begun(100, member=BOB)
        for wrong in (other, self.tokens[ALICE], self.tokens[BOB], "x", None):
            for method in ("HEAD", "PATCH", "DELETE", "POST"):
                at = path + ("/link" if method == "POST" else "")
                kind = {"PATCH": BYTES, "POST": JSON}.get(method)
                answer = self.request(method, at, {"PATCH": b"x", "POST": "{}"}.get(method), wrong, Content_Type=kind,
                                      Upload_Offset="0")
                self.assertEqual(answer.status, 404, (method, wrong))
        self.assertEqual((self.offset(path, token), self.offset(other_path, other)), (0, 0))

    def test_an_upload_ends_with_the_session(self):
        browser = self.portal.browser()
        browser.sign_in(ALICE)
        browser.post("/api/sign-in/later")
        path, token = self.begun(100, token=self.webmail.tokens(browser, scope="mail")["access_token"])
        self.assertEqual(self.offset(path, token), 0)
        self.assertEqual(browser.post("/api/sign-out").status, 200)
        self.assertEqual(self.patch(path, token, b"x", 0).status, 404)

    def test_the_switch_stops_uploads_that_are_under_way(self):
        path, token = self.begun(100)
        self.command("member", "set", ALICE, "large_attachments=off")
        self.addCleanup(self.command, "member", "set", ALICE, "large_attachments=on")
        for answer in (self.begin(1), self.patch(path, token, b"x", 0), self.finish(path, token),
                       self.request("GET", "/upload", token=self.tokens[ALICE])):
            self.assertEqual((answer.status, answer.error), (403, "large-attachments-off"))
        self.command("member", "set", ALICE, "large_attachments=on")
        self.assertEqual(self.offset(path, token), 0)

    def test_quotas_hold_for_uploads_under_way_and_before_the_first_byte(self):
        self.addCleanup(self.set, attachment_member_quota="5120", attachment_domain_quota="0")
        for quotas in ({"attachment_member_quota": "10"}, {"attachment_member_quota": "0", "attachment_domain_quota": "10"}):
            self.portal.sql("DELETE FROM attachment_upload")
            self.set(**quotas)
            wait_for(lambda: self.begin(10 * MB + 1).error == "quota", TIMEOUT)
            self.portal.sql("DELETE FROM attachment_upload")
            self.assertEqual(self.begin(6 * MB).status, 201)
            self.assertEqual((self.begin(6 * MB).status, self.begin(6 * MB).error), (409, "quota"))
            room = self.request("GET", "/upload", token=self.tokens[ALICE]).json
            self.assertEqual((room["left"], room["stored"]), (4 * MB, 6 * MB))

    def test_webmail_is_told_from_which_size_on_files_of_the_domain_become_links(self):
        def threshold():
            return self.request("GET", "/upload", token=self.tokens[ALICE]).json["threshold"]

        self.assertEqual(threshold(), 10 * MB)
        self.addCleanup(self.set)
        self.portal.write_policy('domain "example.test" {\n\tattachment_threshold = 25\n}\n')
        self.portal.reload()
        wait_for(lambda: threshold() == 25 * MB, TIMEOUT)

    def test_a_file_has_a_largest_size_and_a_member_a_number_of_uploads(self):
        self.addCleanup(self.set, attachment_upload_max="10240")
        self.set(attachment_upload_max="3")
        wait_for(lambda: self.begin(3 * MB + 1).status == 413, TIMEOUT)
        self.portal.sql("DELETE FROM attachment_upload")
        for wrong in (0, -1, "1", None):
            self.assertEqual(self.begin(wrong).status, 400, wrong)
        for _ in range(20):
            self.begun(1)
        self.assertEqual((self.begin(1).status, self.begin(1).error), (409, "too-many-uploads"))

    def test_only_webmails_origin_may_ask_and_only_here(self):
        path, token = self.begun(100)
        answer = self.request("OPTIONS", path, Origin=WEBMAIL, Access_Control_Request_Method="PATCH")
        self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]), (204, WEBMAIL), answer)
        self.assertIn("PATCH", answer.headers["Access-Control-Allow-Methods"])
        self.assertIn("Upload-Offset", answer.headers["Access-Control-Allow-Headers"])
        self.assertNotIn("Access-Control-Allow-Credentials", answer.headers)
        answer = self.request("HEAD", path, token=token, Origin=WEBMAIL)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], WEBMAIL)
        self.assertIn("Upload-Offset", answer.headers["Access-Control-Expose-Headers"])
        for foreign in ("https://evil.example", WEBMAIL + ".evil.example", WEBMAIL[:-1], "null", self.portal.url, ""):
            for method in ("OPTIONS", "HEAD", "PATCH", "DELETE"):
                answer = self.request(method, path, token=token, Origin=foreign, Upload_Offset="0",
                                      Content_Type=BYTES if method == "PATCH" else None)
                self.assertEqual(answer.status, 403, (method, foreign))
                self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
        for other in ("/upload", "/api/session", "/oauth2/userinfo", "/health"):
            self.assertNotIn("Access-Control-Allow-Origin", self.request("GET", other, Origin=WEBMAIL).headers)
        self.assertEqual(self.offset(path, token), 0)


if __name__ == "__main__":
    unittest.main()
