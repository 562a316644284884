"""Tables of the administrators' API: all rows, a page at a time, and visibly cut off when they cannot be whole.

POSTLATCH_TEST_MEMBERS says how many members there are, 25,000 unless it is set."""
import contextlib
import http.client
import os
import re
import socket
import unittest

from console import API, Administrator, ConsoleTest, Download
from server import TIMEOUT, wait_for

MEMBERS = int(os.environ.get("POSTLATCH_TEST_MEMBERS", "25000"))
STREAMS = 8  # that the portal sends at once
SPARE = 4 << 10  # KiB that the portal may grow by; a table of all members has more


class Export(ConsoleTest):
    """One domain has many members, whom the tests only look at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.many = "many.test"
        cls("sql").command("domain", "add", cls.many)
        cls.portal.sql(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO member (domain_id, local, active, class, created_at, settings) SELECT d.id, "
            "printf('member%07d', i), 1, '', 1700000000, 'pop3=off' FROM domain d, n WHERE d.name = ?",
            MEMBERS, cls.many)

    def key(self, role="helpdesk", *domains):
        made = self.command("api-key", "add", "--role", role, "--label", "test",
                            *(() if role == "server" else ("--domains", ",".join(domains or [self.many]))))
        one = Administrator(self.portal.browser(), made["key"])
        one.id = made["id"]
        return one

    def download(self, one, path="/export/members?domain=many.test", method="GET"):
        return Download(self, one, path, method)

    def begin(self, one, path="/export/members?domain=many.test"):
        download = self.download(one, path)
        self.assertEqual(download.answer.status, 200)
        download.read(1000)
        return download

    def cut_off(self, download, reason):
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            download.rest()
        wait_for(lambda: re.search(reason, self.portal.log()), TIMEOUT)

    def memory(self, name):
        with open("/proc/%d/status" % self.portal.process.pid) as f:
            return int(re.search(name + r":\s+(\d+)", f.read()).group(1))

    def begin_peak(self):
        """KiB that the portal has now. From now on it is noted what it has at most."""
        with open("/proc/%d/clear_refs" % self.portal.process.pid, "w") as f:
            f.write("5")
        return self.memory("VmRSS")

    def peak(self):
        return self.memory("VmHWM")

    def test_all_members_that_match_are_sent_and_take_no_memory(self):
        one = self.key()
        few = self.download(one, "/export/members?domain=many.test&after=member%07d@many.test" % (MEMBERS - 5000)).rest()
        self.assertEqual(len(few), 5000)
        before = self.begin_peak()
        download = self.download(one)
        self.assertEqual((download.answer.status, download.answer.headers["Content-Type"],
                          download.answer.headers["Transfer-Encoding"], download.answer.headers["Content-Length"]),
                         (200, "text/csv; charset=utf-8", "chunked", None))
        rows = download.rest()
        self.assertEqual([row["address"] for row in rows], ["member%07d@many.test" % i for i in range(1, MEMBERS + 1)])
        self.assertEqual({(row["pop3"], row["imap"]) for row in rows}, {("off", "inherit")})
        self.assertGreater(len(download.text), SPARE << 10 if MEMBERS >= 25000 else 0)
        self.assertLess(self.peak() - before, SPARE)

    def test_a_filter_that_matches_nobody_gives_a_heading(self):
        one = self.key()
        self.assertEqual(self.download(one, "/export/members?domain=many.test&q=nobody").rest(), [])
        answer = one.get("/export/members?domain=many.test&q=nobody")
        self.good(answer)
        self.assertRegex(answer.body.decode(), r"^address,active,class,[a-z0-9_,]+\r\n$")

    def test_what_is_wrong_with_the_request_is_told_before(self):
        one = self.key()
        for query in ("after=x", "after=%s@many.test" % ("x" * 100), "pop3=maybe", "limit=1"):
            self.assertEqual(one.get("/export/members?" + query).error, "bad-request", query)
        self.refused(one.get("/export/members?after=x"), 400, "bad-request", field="after")

    def test_members_who_go_while_the_table_is_sent_are_left_out_and_no_other(self):
        domain = self.domain
        self.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                 "INSERT INTO member (domain_id, local, active, class, created_at, settings) SELECT d.id, "
                 "printf('member%07d', i), 1, '', 1700000000, '' FROM domain d, n WHERE d.name = ?", domain)
        download = self.begin(self.key("helpdesk", domain), "/export/members?domain=" + domain)
        self.sql("DELETE FROM member WHERE domain_id = (SELECT id FROM domain WHERE name = ?) AND id % 2 = 0", domain)
        left = {row[0] for row in self.sql("SELECT local FROM member WHERE domain_id = (SELECT id FROM domain WHERE "
                                           "name = ?)", domain)}
        found = [row["address"].split("@")[0] for row in download.rest()]
        self.assertEqual(found, sorted(set(found)))
        self.assertLess(len(found), 20000)
        self.assertEqual(left - set(found), set())

    def test_a_key_that_is_removed_ends_the_table(self):
        one = self.key()
        download = self.begin(one)
        self.command("api-key", "remove", str(one.id))
        self.cut_off(download, "GET /api/admin/v1/export/members: .*api-key %d may not have it any more" % one.id)

    def test_a_session_that_ends_ends_the_table(self):
        one = self.make("helpdesk", [self.many])
        download = self.begin(one)
        self.command("session", "revoke", one.browser.member, "--all")
        self.cut_off(download, one.browser.member + " may not have it any more")

    def test_a_domain_that_is_taken_away_ends_the_table(self):
        one = self.make("helpdesk", [self.many, self.foreign])
        download = self.begin(one, "/export/members")
        self.command("admin", "add", one.browser.member, "--role", "helpdesk", "--domains", self.many)
        self.cut_off(download, "role or domains of %s have changed" % one.browser.member)

    def test_a_database_that_fails_ends_the_table_and_nothing_else(self):
        one = self.key()
        download = self.begin(one)
        # Nothing of the table holds the database: its schema can be changed.
        self.sql("ALTER TABLE member RENAME COLUMN local TO away")
        try:
            self.cut_off(download, "GET /api/admin/v1/export/members: .*no such column")
            self.assertIn(self.download(one).answer.status, (500, 503))
        finally:
            self.sql("ALTER TABLE member RENAME COLUMN away TO local")
        self.assertEqual(one.get("/members?domain=many.test&limit=1").status, 200)

    def test_only_so_many_are_sent_at_once_and_who_goes_away_makes_room(self):
        one = self.key()
        open_ones = []

        def is_full():
            download = self.download(one)
            open_ones.append(download)
            return download.answer.status == 503

        wait_for(is_full, TIMEOUT)
        refused = open_ones[-1].answer
        self.assertGreaterEqual(len(open_ones), STREAMS + 1)
        self.assertEqual((refused.headers["Retry-After"], refused.read()),
                         ("30", b'{"error":"try-again-later","wait":30}'))
        # They wait for their clients, and nobody waits for them.
        self.assertEqual(self.good(one.get("/members?domain=many.test&limit=1"))["total"], MEMBERS)
        for download in open_ones:
            download.close()
        wait_for(lambda: one.get("/export/members?domain=many.test&q=nobody").status == 200, TIMEOUT)

    def test_a_head_has_the_headers_alone(self):
        one = self.key()
        full, head = self.download(one), self.download(one, method="HEAD")
        full.close()
        names = [{name: value for name, value in answer.headers.items() if name != "Date"}
                 for answer in (full.answer, head.answer)]
        self.assertEqual((head.answer.status, names[1]), (200, names[0]))
        self.assertEqual(head.answer.read(), b"")

    def test_a_client_to_which_a_broken_table_would_look_whole_gets_none(self):
        one = self.key()
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.portal.port), TIMEOUT)) as client:
            client.sendall(("GET %s/export/members?domain=many.test HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n"
                            % (API, one.key)).encode())
            answer = http.client.HTTPResponse(client)
            answer.begin()
            self.assertEqual((answer.status, answer.read()), (505, b'{"error":"bad-request"}'))

    def test_all_audit_records_that_are_found_are_sent(self):
        self.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2300) "
                 "INSERT INTO audit (at, who, source, action, object, domain, before, after) SELECT 1700000000 + i / 7, "
                 "'somebody', 'console', 'member.set', printf('m%d@' || ?, i), ?, 'pop3=on', 'pop3=off' FROM n",
                 self.domain, self.domain)
        rows = self.download(self.key("helpdesk", self.domain), "/audit/export?who=somebody").rest()
        self.assertEqual([row["object"] for row in rows], ["m%d@%s" % (i, self.domain) for i in range(2300, 0, -1)])
        self.assertEqual(rows[0]["time"], "2023-11-14T22:18:48Z")


if __name__ == "__main__":
    unittest.main()
