"""Import of members by the administrators' API: a file is previewed line by line, becomes a job, and is undone."""
import csv
import http.client
import io
import unittest

from console import API, Administrator, ConsoleTest
from server import TIMEOUT, wait_for

CSV = "text/csv"
NOTHING = {"members": 0, "added": 0, "changed": 0, "same": 0, "administrators": 0, "own_account": 0, "wrong": 0,
           "lose_service": 0, "must_register": 0, "left_columns": [], "errors": []}


class Import(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.boss = self.program("domain")

    def program(self, role):
        options = () if role == "server" else ("--domains", self.domain)
        key = self.command("api-key", "add", "--role", role, "--label", role, *options)["key"]
        return Administrator(self.portal.browser(), key)

    def preview(self, text, who=None, **headers):
        return (who or self.boss).post("/import/members/preview", text.encode(), Content_Type=CSV, **headers)

    def begin(self, text, who=None):
        return (who or self.boss).post("/import/members", text.encode(), Content_Type=CSV)

    def ended(self, job):
        path = "/jobs/%d" % job["id"]
        wait_for(lambda: self.good(self.boss.get(path))["state"] != "running", TIMEOUT)
        return self.good(self.boss.get(path))

    def members(self):
        return dict(self.sql("SELECT m.local, m.settings FROM member m JOIN domain d ON d.id = m.domain_id "
                             "WHERE d.name = ?", self.domain))

    def lines(self, *rows):
        return "".join(row.replace("@", "@" + self.domain) + "\n" for row in rows)

    def test_file_is_previewed_imported_and_undone(self):
        self.command("member", "add", "old@" + self.domain, "pop3=off")
        text = "\ufeff" + self.lines("주소;POP3;2차 인증", "old@;on;", "new@;off;off", ";;").replace("\n", "\r\n")
        self.assertEqual(self.good(self.preview(text)), {**NOTHING, "members": 2, "added": 1, "changed": 1})
        job = self.ended(self.good(self.begin(text)))
        self.assertEqual((job["action"], job["state"], job["total"], job["added"], job["changed"], job["can_be_undone"]),
                         ("import", "done", 2, 1, 1, True))
        self.assertEqual(self.members(), {"old": "pop3=on", "new": "pop3=off two_factor=off"})
        self.assertEqual(self.good(self.preview(text)), {**NOTHING, "members": 2, "same": 2})
        undo = self.ended(self.good(self.boss.post("/jobs/%d/undo" % job["id"])))
        self.assertEqual((undo["total"], undo["added"], undo["changed"], undo["failed"]), (2, 0, 2, 0))
        self.assertEqual(self.members(), {"old": "pop3=off"})

    def test_the_table_of_members_can_be_imported_and_changes_nothing(self):
        odd = ["=1+1", "+2", "-3", "'=4", "''@5".replace("@", "-"), "'6", "＝7", "＠8", "'＋9", "김철수", "o'neil", "a|b", "{c}"]
        for local in odd:
            self.command("member", "add", "--", local + "@" + self.domain, "pop3=off", "class=staff")
        self.command("member", "set", "김철수@" + self.domain, "active=off", "two_factor_requirement=required")
        path = "/export/members?domain=" + self.domain
        text = self.boss.get(path).body.decode()
        before = self.command("member", "list", "--domain", self.domain)
        shown = ["flags", "last_webmail", "last_webmail_from", "last_smtp", "last_smtp_from", "last_pop3", "last_pop3_from",
                 "last_imap", "last_imap_from", "last_received", "factor_registered", "password_changed", "created"]
        self.assertEqual(self.good(self.preview(text)),
                         {**NOTHING, "members": len(odd), "same": len(odd), "left_columns": shown})
        job = self.ended(self.good(self.begin(text)))
        self.assertEqual((job["state"], job["changed"], job["same"]), ("done", 0, len(odd)))
        self.assertEqual(self.command("member", "list", "--domain", self.domain), before)
        self.assertEqual(self.boss.get(path).body.decode(), text)
        # Taken back to a server that has none of them, by the command.
        for local in odd:
            self.command("member", "remove", "--", local + "@" + self.domain)
        with open(self.portal.dir + "/members.csv", "w") as f:
            f.write(text)
        self.assertEqual(self.command("member", "import", self.portal.dir + "/members.csv"),
                         {"dry_run": False, "members": len(odd), "changed": len(odd), "left_columns": shown})
        self.assertEqual([row[:-1] for row in csv.reader(io.StringIO(self.boss.get(path).body.decode()))],
                         [row[:-1] for row in csv.reader(io.StringIO(text))])

    def test_wrong_lines_are_told_and_nothing_is_imported(self):
        text = self.lines("address,pop3", "a@,on", "b@,maybe") + "x@%s,on\ny@unknown.test,on\n" % self.foreign
        found = self.good(self.preview(text))
        self.assertEqual((found["members"], found["wrong"]), (0, 1))
        self.assertEqual(found["errors"], [{"line": 3, "code": "value", "word": "pop3", "other": "maybe",
                                            "text": "pop3=maybe: it must be one of on, off, inherit"}])
        self.refused(self.begin(text), 409, "wrong-lines")
        text = text.replace("maybe", "off")
        found = self.good(self.preview(text))
        self.assertEqual((found["members"], found["added"], found["wrong"]), (4, 2, 2))
        # Another's domain and one that there is not look the same.
        self.assertEqual([(error["line"], error["code"], error["word"]) for error in found["errors"]],
                         [(4, "domain", "x@" + self.foreign), (5, "domain", "y@unknown.test")])
        self.assertEqual(found["errors"][0]["text"].replace(self.foreign, "unknown.test"), found["errors"][1]["text"])
        self.refused(self.begin(text), 409, "wrong-lines")
        self.refused(self.begin("address\n"), 409, "no-members")
        self.assertEqual(self.members(), {})
        self.assertEqual(self.good(self.preview(text, self.program("server")))["wrong"], 1)

    def test_what_spreadsheets_make_is_named(self):
        for body, code in (("PK\x03\x04 a workbook", "workbook"), ("", "empty"), ("\n\n", "empty")):
            found = self.good(self.preview(body))
            self.assertEqual([(error["line"], error["code"]) for error in found["errors"]], [(0, code)], body)
        for body, code in (("주소,imap\na@b.test,on\n".encode("cp949"), "cp949"),
                           ("address\ta\n".encode("utf-16"), "utf-16")):
            found = self.raw(body)
            self.assertEqual(found.status, 200)
            self.assertIn('"code":"%s"' % code, found.read().decode())

    def raw(self, body, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.request("POST", API + "/import/members/preview", body,
                           {"Content-Type": CSV, "Authorization": "Bearer " + self.boss.key, **headers})
        return connection.getresponse()

    def test_only_who_may_sends_a_file(self):
        text = self.lines("address", "a@")
        desk = self.program("helpdesk")
        self.refused(self.preview(text, desk), 403, "role")
        self.refused(self.begin(text, desk), 403, "role")
        self.refused(self.preview(text, Administrator(self.portal.browser(), "pl_key_none")), 401, "key-refused")
        self.refused(self.boss.post("/import/members/preview", {}), 415, "unsupported-media-type")
        member = self.make("domain")
        self.assertEqual(self.good(self.preview(text, member))["added"], 1)
        self.refused(self.preview(text, member, X_CSRF_Token="x" * 43), 403, "csrf")
        self.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - 7200")
        self.assertEqual(self.preview(text, member).json["error"], "reauthentication-needed")
        self.assertEqual(self.begin(text, member).json["error"], "reauthentication-needed")
        self.assertEqual(self.members().keys(), {member.browser.member.split("@")[0]})

    def test_too_large_a_file_is_refused_unread(self):
        """Before its body is sent, as is one of who may not send it at all: nothing is stored for either."""
        for key, length, status in ((self.boss.key, 32 * 1024 * 1024 + 1, 413), ("pl_key_none", 1000000, 401)):
            connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=TIMEOUT)
            self.addCleanup(connection.close)
            connection.putrequest("POST", API + "/import/members")
            for name, value in (("Content-Type", CSV), ("Content-Length", str(length)),
                                ("Authorization", "Bearer " + key)):
                connection.putheader(name, value)
            connection.endheaders()
            self.assertEqual(connection.getresponse().status, status)

    def test_many_members_with_a_pause_and_failures(self):
        self.command("admin", "add", self.person("desk"), "--role", "helpdesk", "--domains", self.domain)
        rows = ["%d@,off" % i for i in range(6000)]
        text = self.lines("address,sieve", "desk@,off", *rows)
        self.assertEqual(self.good(self.preview(text)), {**NOTHING, "members": 6001, "added": 6000, "administrators": 1})
        job = self.good(self.begin(text))
        self.good(self.boss.post("/jobs/%d/pause" % job["id"]))
        before = self.good(self.boss.get("/jobs/%d" % job["id"]))
        self.assertEqual(before["state"], "paused")
        self.good(self.boss.post("/jobs/%d/resume" % job["id"]))
        job = self.ended(job)
        self.assertEqual((job["added"], job["changed"], job["skipped"], job["failed"]), (6000, 0, 1, 0))
        self.assertEqual(self.good(self.boss.get("/jobs/%d/failures" % job["id"]))["items"],
                         [{"member": "desk@" + self.domain, "skipped": True, "reason": "administrator"}])
        self.assertEqual(list(self.members().values()).count("sieve=off"), 6000)


if __name__ == "__main__":
    unittest.main()
