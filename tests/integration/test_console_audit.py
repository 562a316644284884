"""Audit records over the API: who finds which, page by page and as a table."""
import csv
import io
import time
import unittest
import urllib.parse

from console import Administrator, ConsoleTest

AUDIT = "/audit"


class Audit(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.member = self.person("known")
        self.command("member", "set", self.member, "pop3=off")
        self.command("member", "add", "known@" + self.foreign)

    def key(self, role="server"):
        made = self.command("api-key", "add", "--role", role, "--label", "test",
                            *(("--domains", self.domain) if role != "server" else ()))
        return Administrator(self.portal.browser(), made["key"])

    def find(self, one, **query):
        return self.good(one.get(AUDIT + "?" + urllib.parse.urlencode(query)))

    def found(self, one, **query):
        return [(row["action"], row["object"]) for row in self.find(one, **query)["items"]]

    def test_a_record_says_who_changed_what_from_where(self):
        row = self.find(self.key(), object=self.member)["items"][0]
        self.assertLess(abs(row.pop("at") - time.time()), 600)
        self.assertGreater(row.pop("id"), 0)
        self.assertTrue(row.pop("who") and row.pop("address"))
        self.assertEqual(row, {"action": "member.set", "object": self.member, "before": "pop3=inherit", "after": "pop3=off"})

    def test_each_role_finds_what_is_of_its_domains(self):
        for role in ("helpdesk", "domain"):
            one = self.key(role)
            self.assertEqual(self.found(one), [("member.set", self.member), ("member.add", self.member),
                                               ("domain.add", self.domain)])
            self.assertEqual(self.found(one, object=self.foreign), [])
            self.assertEqual(self.found(one, object="known@" + self.foreign), [])
        self.assertEqual(self.found(self.key(), object=self.foreign),
                         [("member.add", "known@" + self.foreign), ("domain.add", self.foreign)])

    def test_a_domain_finds_all_of_it_and_a_member_only_that(self):
        one = self.key()
        self.assertEqual(len(self.found(one, object=self.domain.upper())), 3)
        self.assertEqual(len(self.found(one, object=self.member)), 2)
        number = self.command("api-key", "list")[-1]["id"]
        self.assertEqual(self.found(one, object="api-key %d" % number), [("api-key.add", "api-key %d" % number)])

    def test_filters_narrow_what_is_found(self):
        one = self.key("domain")
        row = self.find(one)["items"][0]
        for query, count in (({"action": "member."}, 2), ({"action": "%"}, 0), ({"q": "POP3=off"}, 1), ({"q": "%"}, 0),
                             ({"q": "_"}, 0), ({"who": row["who"]}, 3), ({"who": "nobody"}, 0),
                             ({"address": row["address"]}, 3), ({"address": "192.0.2.77"}, 0), ({"since": row["at"] + 60}, 0),
                             ({"until": row["at"] - 600}, 0), ({"since": row["at"] - 600, "until": row["at"] + 60}, 3)):
            with self.subTest(query=query):
                page = self.find(one, **query)
                self.assertEqual((len(page["items"]), page["total"]), (count, count))

    def test_names_are_found_as_people_write_them(self):
        shown = "한국." + self.domain
        self.command("domain", "add", shown)
        self.command("member", "add", "known@" + shown)
        recorded = "known@" + "한국.".encode("idna").decode() + self.domain
        self.assertEqual(self.found(self.key(), object="Known@" + shown), [("member.add", recorded)])
        server = self.make("server")
        self.good(server.delete("/members/" + self.member), 204)
        self.assertEqual(self.found(self.key(), who=server.browser.member.upper(), object=self.member.upper()),
                         [("member.remove", self.member)])

    def test_pages_go_on_where_the_last_one_ended(self):
        one, seen, after = self.key("domain"), [], {}
        while after is not None:
            page = self.find(one, limit=2, **after)
            self.assertEqual(page["total"], 3)
            seen += [row["id"] for row in page["items"]]
            after = {"after": page["next"]} if page["next"] else None
        self.assertEqual((len(seen), seen), (3, sorted(set(seen), reverse=True)))
        for after in ("x", "1", "1-", "-1-1", "1-x", "1-1-1", "01-1", "99999999999999999999-1", "0-0"):
            self.refused(one.get(AUDIT + "?after=" + after), 400, "bad-request", field="after")
        self.assertEqual(one.get(AUDIT + "?domain=x").status, 400)

    def test_a_text_is_looked_for_part_by_part(self):
        one, seen, after, parts = self.key(), [], {}, []
        self.sql("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 250000) INSERT INTO audit (at, who, "
                 "source, action, object, domain, before, after) SELECT ? + n, 'x', 'local', 'member.set', 'x', 'x', '', CASE "
                 "WHEN n IN (1, 2, 3, 249999) THEN 'needle' ELSE '' END FROM n", int(time.time()))
        self.addCleanup(self.sql, "DELETE FROM audit WHERE object = 'x'")
        while after is not None:
            page = self.find(one, q="needle", limit=2, **after)
            self.assertIsNone(page["total"])
            parts.append(len(page["items"]))
            seen += [row["id"] for row in page["items"]]
            after = {"after": page["next"]} if page["next"] else None
        self.assertEqual((parts, seen), ([1, 0, 2, 1], sorted(set(seen), reverse=True)))
        self.assertEqual(len(one.get(AUDIT + "/export?q=needle").body.splitlines()), 5)
        self.assertEqual(self.find(one, q="needle", who="x")["total"], 4)

    def test_the_table_has_what_is_found_and_no_formula(self):
        one = self.key("domain")
        self.sql("INSERT INTO audit (at, who, source, action, object, domain, before, after) VALUES (?, '=1+1', '@x', "
                 "'member.set', ?, ?, '-a \"b\"', '+c,\n')", int(time.time()), self.member, self.domain)
        answer = one.get(AUDIT + "/export?action=member.set")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/csv; charset=utf-8"))
        head, first, second = csv.reader(io.StringIO(answer.body.decode(), newline=""))
        self.assertEqual(head, ["time", "who", "address", "action", "object", "before", "after"])
        self.assertRegex(first[0], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(first[1:], ["'=1+1", "'@x", "member.set", self.member, "'-a \"b\"", "'+c,\n"])
        for text in ("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x"):
            self.sql("UPDATE audit SET who = ? WHERE source = '@x' AND object = ?", text, self.member)
            row = list(csv.reader(io.StringIO(one.get(AUDIT + "/export?action=member.set").body.decode(), newline="")))[1]
            self.assertEqual(row[1], "'" + text)
        self.assertEqual(second[3:], ["member.set", self.member, "pop3=inherit", "pop3=off"])
        self.assertEqual(one.get(AUDIT + "/export?after=1-1").status, 400)

    def test_the_member_sees_what_administrators_did_to_the_account(self):
        browser, _ = self.register(self.member)
        rows = self.good(browser.get("/api/account/activity"))
        self.assertIn("pop3=off", repr(rows))


if __name__ == "__main__":
    unittest.main()
