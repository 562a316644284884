"""Members in the administrators' API: filtered, sorted, paged, exported."""
import csv
import io
import sqlite3
import time
import unittest
import urllib.parse

from console import ConsoleTest, OnPostgreSQL

DAY = 86400


class Members(ConsoleTest):
    def sql(self, *statement):
        db = sqlite3.connect(self.portal.dir + "/postlatch.db", timeout=60)
        with db:
            db.execute(*statement)
        db.close()

    def found(self, administrator, query=""):
        answer = self.good(administrator.get("/members?domain=" + self.domain + query))
        names = [row["member"].split("@")[0] for row in answer["items"]]
        self.assertGreaterEqual(answer["total"], len(names))
        return names, answer["total"], answer["next"]

    def add(self, *members):
        for name, *settings in members:
            self.command("member", "add", name + "@" + self.domain, *settings)

    def test_a_list_is_filtered_by_what_holds(self):
        helpdesk = self.make("helpdesk")
        me = self.found(helpdesk)[0]
        self.add(("aa", "pop3=off"), ("bb", "class=staff"), ("cc", "active=off"))
        self.command("domain", "set", self.domain, "imap=off")
        self.assertEqual(self.found(helpdesk, "&imap=on"), ([], 0, None))
        self.assertEqual(self.found(helpdesk, "&pop3=off"), (["aa"], 1, None))
        self.assertEqual(self.found(helpdesk, "&class=staff"), (["bb"], 1, None))
        self.assertEqual(self.found(helpdesk, "&active=off"), (["cc"], 1, None))
        self.assertEqual(self.found(helpdesk, "&own=yes"), (["aa"], 1, None))
        self.assertEqual(self.found(helpdesk, "&factor=registered")[0], me)
        self.assertEqual(self.found(helpdesk, "&q=a_"), ([], 0, None))
        self.assertEqual(self.found(helpdesk, "&q=A"), (sorted(["aa"] + me), 1 + len(me), None)
                         if "a" in me[0] else (["aa"], 1, None))
        for wrong, field in (("pop3=maybe", "pop3"), ("sort=name", "sort"), ("factor=some", "factor"), ("after=x", "after")):
            answer = helpdesk.get("/members?" + wrong)
            self.assertEqual((answer.error, answer.json["field"]), ("bad-request", field), wrong)
        self.assertEqual(helpdesk.get("/members?nosuch=1").error, "bad-request")

    def test_pages_have_all_members_once_in_each_order(self):
        helpdesk = self.make("helpdesk")
        self.add(("aa",), ("bb",), ("cc",), ("dd",))
        expected = sorted(self.found(helpdesk)[0])
        for sort in ("member", "created_at", "-created_at", "last_seen", "-last_seen", "received_at", "-received_at"):
            names, after = [], ""
            while after is not None:
                more, total, after = self.found(helpdesk, "&limit=2&sort=" + sort + (after and "&after=" + after))
                names += more
                self.assertEqual(total, len(expected))
            self.assertEqual(sorted(names), expected, sort)

    def test_networks_of_ones_own_are_a_filter(self):
        helpdesk = self.make("helpdesk")
        me = self.found(helpdesk)[0]
        self.add(("aa", "webmail_allowed_networks=192.0.2.0/24"), ("bb", "webmail_allowed_networks=everywhere"), ("cc",))
        self.command("domain", "set", self.domain, "webmail_allowed_networks=198.51.100.0/24")
        self.assertEqual(self.found(helpdesk, "&own_networks=yes"), (["aa", "bb"], 2, None))
        self.assertEqual(self.found(helpdesk, "&own_networks=no&sort=-created_at")[1], len(me) + 1)
        self.assertEqual(helpdesk.get("/members?own_networks=192.0.2.0").error, "bad-request")
        table = helpdesk.get("/export/members?own_networks=yes&domain=" + self.domain)
        self.assertEqual([row["address"] for row in csv.DictReader(io.StringIO(table.body.decode()))],
                         [name + "@" + self.domain for name in ("aa", "bb")])

    def test_others_domains_are_not_seen(self):
        helpdesk = self.make("helpdesk")
        self.command("member", "add", "user@" + self.foreign)
        answer = self.good(helpdesk.get("/members?q=user"))
        self.assertEqual((answer["items"], answer["total"]), ([], 0))
        self.assertEqual(self.good(helpdesk.get("/members?domain=" + self.foreign))["total"], 0)
        self.assertEqual(self.good(self.make("server").get("/members?domain=" + self.foreign))["total"], 1)

    def test_a_row_has_flags_and_last_uses(self):
        helpdesk = self.make("helpdesk")
        self.add(("aa", "pop3=off", "two_factor=off"), ("bb", "forwarding=on", "large_attachments=on"), ("cc", "active=off"))
        at = int(time.time()) - DAY
        self.sql("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT id, 'imap', 'app-password', ?, "
                 "'192.0.2.7' FROM member WHERE local = 'aa'", (at,))
        row, = self.good(helpdesk.get("/members?q=aa@" + self.domain))["items"]
        self.assertEqual(row["flags"], "USI")
        others = [self.good(helpdesk.get("/members?q=%s@%s" % (name, self.domain)))["items"][0] for name in ("bb", "cc")]
        self.assertEqual([other["flags"] for other in others], ["USPIFM2", "SPI2"])
        self.assertEqual(row["imap"], {"at": at, "address": "192.0.2.7"})
        self.assertEqual((row["smtp"], row["webmail"], row["received_at"], row["password_changed_at"]), (None,) * 4)

    def deliver(self, name, days_ago):
        """As the driver writes it."""
        at = int(time.time()) - days_ago * DAY
        where = " FROM member WHERE local = ? AND domain_id = (SELECT id FROM domain WHERE name = ?)"
        self.sql("INSERT INTO member_delivery (member_id, at) SELECT id, ?" + where, (at, name, self.domain))
        self.sql("UPDATE member SET received_day = ? WHERE id = (SELECT id%s)" % where, (at // DAY, name, self.domain))
        return at

    def test_the_last_mail_and_changes_of_passwords_are_shown(self):
        helpdesk = self.make("helpdesk")
        self.add(("aa",), ("bb",))
        at = self.deliver("aa", 2)
        self.command("member", "note-password-change", "aa@" + self.domain)
        row, other = self.good(helpdesk.get("/members?q=@%s&factor=none" % self.domain))["items"]
        self.assertEqual((row["received_at"], other["received_at"], other["password_changed_at"]), (at, None, None))
        self.assertGreaterEqual(row["password_changed_at"], at)
        self.assertGreater(row["created_at"], at)
        one = self.good(helpdesk.get("/members/aa@" + self.domain))
        self.assertEqual((one["received_at"], one["password_changed_at"]), (at, row["password_changed_at"]))
        one = self.good(helpdesk.get("/members/bb@" + self.domain))
        self.assertEqual((one["received_at"], one["password_changed_at"]), (None, None))
        text = helpdesk.get("/export/members?factor=none&domain=" + self.domain).body.decode()
        rows = {row["address"]: row for row in csv.DictReader(io.StringIO(text))}
        row, other = (rows[name + "@" + self.domain] for name in ("aa", "bb"))
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        self.assertEqual(row["last_received"], time.strftime(stamp, time.gmtime(at)))
        self.assertEqual(row["password_changed"], time.strftime(stamp, time.gmtime(self.good(
            helpdesk.get("/members/aa@" + self.domain))["password_changed_at"])))
        self.assertEqual((other["last_received"], other["password_changed"]), ("", ""))
        self.assertNotEqual(other["created"], "")

    def test_members_are_filtered_and_sorted_by_their_last_mail(self):
        helpdesk = self.make("helpdesk")
        me, = self.found(helpdesk)[0]
        self.add(("aa",), ("bb",), ("cc",))
        self.deliver("aa", 3)
        self.deliver("bb", 200)
        self.assertEqual(self.found(helpdesk, "&received=recent"), (["aa"], 1, None))
        self.assertEqual(self.found(helpdesk, "&received=old"), (["bb"], 1, None))
        self.assertEqual(self.found(helpdesk, "&received=unknown")[0], sorted(["cc", me]))
        self.assertEqual(self.found(helpdesk, "&sort=-received_at")[0][:2], ["aa", "bb"])
        self.assertEqual(self.found(helpdesk, "&sort=received_at")[0][2:], ["bb", "aa"])
        self.assertEqual(helpdesk.get("/members?received=never").json["field"], "received")

    def test_a_table_is_had_in_portions_and_has_no_formulas(self):
        helpdesk = self.make("helpdesk")
        self.add(("=1+1", "pop3=off"), ("zz",))
        answer = helpdesk.get("/export/members?domain=" + self.domain)
        self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        self.assertEqual(rows[0]["address"], "'=1+1@" + self.domain)
        self.assertEqual((rows[0]["pop3"], rows[0]["imap"]), ("off", "inherit"))
        answer = helpdesk.get("/export/members?domain=%s&after=%s" % (self.domain, rows[-2]["address"].lstrip("'")))
        self.assertEqual([row["address"] for row in csv.DictReader(io.StringIO(answer.body.decode()))], ["zz@" + self.domain])
        self.assertEqual(helpdesk.get("/export/members?after=x").error, "bad-request")


class Words(ConsoleTest):
    def test_a_search_finds_what_is_written_and_no_pattern(self):
        names = ("a%z", "a_z", "aaz", "abcz")
        for name in names:
            self.command("member", "add", name + "@" + self.domain)
        helpdesk = self.make("helpdesk")
        for word, expected in (("a%25z", ["a%z"]), ("a_z", ["a_z"]), ("A%25", ["a%z"]), ("a%25z@", ["a%z"]), ("%25%25", []),
                               ("__", []), ("z@", sorted(names))):
            answer = self.good(helpdesk.get("/members?domain=%s&q=%s" % (self.domain, word)))
            found = [row["member"].split("@")[0] for row in answer["items"]]
            # The administrator's own name may end so, too.
            own = helpdesk.browser.member.split("@")[0]
            self.assertEqual(sorted(name for name in found if name != own), expected, word)
            self.assertEqual(answer["total"], len(found), word)


    def test_a_search_finds_a_domain_as_it_is_shown(self):
        server = self.make("server")
        a_label = "한국.".encode("idna").decode() + self.domain
        self.good(server.post("/domains", {"domain": "한국." + self.domain}))
        for name in ("a1", "b1", "한국"):
            self.command("member", "add", name + "@" + a_label)
        for word, expected in (("한국", ["a1", "b1", "한국"]), ("@한국", ["a1", "b1", "한국"]), ("A1@한국." + self.domain, ["a1"]),
                               ("1@한국", ["a1", "b1"]), ("1@한국.d", ["a1", "b1"]), ("국@", ["한국"]),
                               ("xn--", ["a1", "b1", "한국"]), ("1@국", [])):
            answer = self.good(server.get("/members?domain=%s&q=%s" % (a_label, urllib.parse.quote(word))))
            self.assertEqual([row["member"].split("@")[0] for row in answer["items"]], expected, word)
            self.assertEqual(answer["total"], len(expected), word)


class WordsOnPostgreSQL(OnPostgreSQL, Words):
    pass


class Classes(ConsoleTest):
    def test_an_empty_class_is_that_of_members_without_one(self):
        for name, *settings in (("aa",), ("bb", "class=staff"), ("cc", "class=guests")):
            self.command("member", "add", name + "@" + self.domain, *settings)
        server = self.make("server")
        me = server.browser.member.split("@")[0]
        for query, expected in (("class=", ["aa", me]), ("class=staff", ["bb"]), ("class=none", [])):
            answer = self.good(server.get("/members?domain=%s&%s" % (self.domain, query)))
            self.assertEqual([row["member"] for row in answer["items"]],
                             [name + "@" + self.domain for name in sorted(expected)], query)
            self.assertEqual(answer["total"], len(expected), query)
        text = server.get("/export/members?class=&domain=" + self.domain).body.decode()
        self.assertEqual({row["class"] for row in csv.DictReader(io.StringIO(text))}, {""})


class ClassesOnPostgreSQL(OnPostgreSQL, Classes):
    pass


if __name__ == "__main__":
    unittest.main()
