"""Forwards in the administrators' API: listed, found, and ended by who may."""
import unittest
import urllib.parse

from console import Administrator, ConsoleTest, OnPostgreSQL
from server import TIMEOUT, wait_for

AWAY = "me@elsewhere.example"


class Forwards(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.boss = self.program("domain")
        self.desk = self.program("helpdesk")

    def program(self, role, *domains):
        options = () if role == "server" else ("--domains", ",".join(domains or [self.domain]))
        key = self.command("api-key", "add", "--role", role, "--label", role, *options)["key"]
        return Administrator(self.portal.browser(), key)

    def forward(self, name, *targets, domain=None, options=()):
        address = "%s@%s" % (name, domain or self.domain)
        self.command("member", "add", address, "forwarding=on")
        self.command("forward", "set", address, *targets, *options)
        return address

    def found(self, who, query=""):
        answer = self.good(who.get("/forwards?domain=%s%s" % (self.domain, query)))
        return [row["member"].split("@")[0] for row in answer["items"]], answer["total"], answer["next"]

    def has_forward(self, address):
        return address in [row["member"] for row in self.command("forward", "list")]

    def records(self, address):
        items = self.good(self.boss.get("/audit?action=forward.clear&object=" + address))["items"]
        return [row["after"] for row in items]

    def test_a_list_is_searched_filtered_and_paged(self):
        self.command("domain", "add", "alias-of." + self.domain, "alias_of=" + self.domain)
        self.forward("inside", "other@" + self.domain)
        self.forward("alias", "other@alias-of." + self.domain)
        self.forward("next", "other@" + self.foreign)
        self.forward("out", "100%_@elsewhere.example", "other@" + self.domain, options=("--keep-copy",))
        every = ["alias", "inside", "next", "out"]
        self.assertEqual(self.found(self.desk), (every, 4, None))
        self.assertEqual(self.found(self.desk, "&outside=domain"), (["next", "out"], 2, None))
        self.assertEqual(self.found(self.desk, "&outside=server"), (["out"], 1, None))
        self.assertEqual(self.found(self.desk, "&q=ELSEWHERE"), (["out"], 1, None))
        self.assertEqual(self.found(self.desk, "&q=%25_"), (["out"], 1, None))
        self.assertEqual(self.found(self.desk, "&q=_"), (["out"], 1, None))
        self.assertEqual(self.found(self.desk, "&q=nex"), (["next"], 1, None))
        names, after = [], ""
        while after is not None:
            more, total, after = self.found(self.desk, "&limit=3" + (after and "&after=" + after))
            names += more
            self.assertEqual(total, 4)
        self.assertEqual(names, every)
        for wrong, field in (("outside=away", "outside"), ("after=x", "after"), ("domain=a..b", "domain")):
            self.refused(self.desk.get("/forwards?" + wrong), 400, "bad-request", field=field)
        self.assertEqual(self.desk.get("/forwards?nobody=1").status, 400)

    def test_a_search_finds_domains_as_they_are_shown(self):
        self.forward("far", "other@한국.example")
        self.forward("near", "other@한국인.example")
        for word, expected in (("한국", ["far"]), ("other@한국.exam", ["far"]), ("한국인", ["near"]), ("국", [])):
            found = self.found(self.desk, "&q=" + urllib.parse.quote(word))
            self.assertEqual(found, (expected, len(expected), None), word)

    def test_a_row_says_what_holds(self):
        address = self.forward("out", AWAY, "other@" + self.domain, options=("--keep-copy",))
        row, = self.good(self.boss.get("/forwards"))["items"]
        self.assertEqual((row["member"], row["enabled"], row["keep_copy"], row["may_end"]), (address, True, True, True))
        self.assertEqual([(one["address"], one["outside_domain"], one["outside_server"], one["confirmed_by"])
                          for one in row["targets"]],
                         [(AWAY, True, True, "operator"), ("other@" + self.domain, False, False, "operator")])
        self.assertIs(self.good(self.desk.get("/forwards"))["items"][0]["may_end"], False)

    def test_a_domain_of_the_policy_file_is_one_of_this_server(self):
        self.forward("out", AWAY)
        self.assertEqual(self.found(self.desk, "&outside=server")[1], 1)
        self.portal.write_policy('domain "elsewhere.example" {\n\tpop3 = off\n}\n')
        try:
            self.portal.reload()
            wait_for(lambda: self.found(self.desk, "&outside=server")[1] == 0, TIMEOUT)
            self.assertEqual(self.found(self.desk, "&outside=domain")[1], 1)
        finally:
            self.portal.write_policy()
            self.portal.reload()
            wait_for(lambda: self.found(self.desk, "&outside=server")[1] == 1, TIMEOUT)

    def test_what_rests_says_why(self):
        self.portal.write_policy('member_forwards = on\ndomain "%s" {\n\tforwarding = forbidden\n}\n' % self.foreign)
        try:
            self.portal.reload()
            who = self.program("helpdesk", self.domain, self.foreign)
            for name in ("on", "off", "away"):
                self.forward(name, AWAY)
            self.command("member", "set", "off@" + self.domain, "forwarding=off")
            self.command("member", "set", "away@" + self.domain, "active=off")
            address = "no@" + self.foreign
            self.command("member", "add", address)
            self.command("forward", "set", address, AWAY)
            wanted = {"on": None, "off": "service-off", "away": "member-inactive", "no": "service-forbidden"}

            def told():
                return {row["member"].split("@")[0]: row["rests"] for row in self.good(who.get("/forwards"))["items"]}
            wait_for(lambda: told() == wanted, TIMEOUT)
        finally:
            self.portal.write_policy()
            self.portal.reload()
        wait_for(lambda: told() == {**wanted, "on": "not-set-up", "no": "service-off"}, TIMEOUT)

    def test_others_forwards_are_not_seen(self):
        address = self.forward("out", AWAY, domain=self.foreign)
        self.forward("out", AWAY)
        self.assertEqual(self.good(self.boss.get("/forwards"))["total"], 1)
        self.assertEqual(self.good(self.boss.get("/forwards?domain=" + self.foreign))["total"], 0)
        self.refused(self.boss.get("/members/%s/forward" % address), 404, "not-found")
        self.refused(self.boss.delete("/members/%s/forward" % address, If_Match='"x"'), 404, "not-found")
        answer = self.good(self.boss.post("/forwards/end", {"members": [address]}))
        self.assertEqual(answer, {"ended": 0, "left_out": 0, "not_found": 1, "next": None})
        self.assertTrue(self.has_forward(address))
        self.assertEqual(self.good(self.program("server").get("/forwards?domain=" + self.foreign))["total"], 1)

    def test_the_helpdesk_ends_none(self):
        address = self.forward("out", AWAY)
        self.good(self.desk.get("/members/%s/forward" % address))
        self.refused(self.desk.delete("/members/%s/forward" % address, If_Match='"x"'), 403, "role")
        self.refused(self.desk.post("/forwards/end", {"members": [address]}), 403, "role")
        self.assertTrue(self.has_forward(address))

    def test_one_is_ended_as_it_was_seen(self):
        address = self.forward("out", AWAY)
        path = "/members/%s/forward" % address
        self.refused(self.boss.delete(path), 428, "if-match-needed")
        tag = self.boss.get(path).headers["ETag"]
        self.command("forward", "set", address, AWAY, "--keep-copy")
        self.refused(self.boss.delete(path, If_Match=tag), 412, "changed")
        self.assertTrue(self.has_forward(address))
        tag = self.boss.get(path).headers["ETag"]
        self.good(self.boss.request("DELETE", path, {"reason": "it was not asked for"}, If_Match=tag), 204)
        self.refused(self.boss.get(path), 404, "not-found")
        self.refused(self.boss.delete(path, If_Match=tag), 404, "not-found")
        record, = self.records(address)
        self.assertIn("it was not asked for", record)
        self.assertEqual(self.told(address), ["forward-ended"])

    def told(self, address):
        """What waits in the outbox for a member."""
        return [row[0] for row in self.sql("SELECT o.what FROM outbox o JOIN member m ON m.id = o.member_id JOIN domain d "
                                           "ON d.id = m.domain_id WHERE m.local || '@' || d.name = '%s'" % address)]

    def test_all_that_match_are_ended_in_portions_and_no_others(self):
        path = self.portal.dir + "/members.csv"
        with open(path, "w") as f:
            f.write("address\n" + "".join("u%03d@%s\n" % (i, self.domain) for i in range(203)))
        self.command("member", "import", path)
        where = " FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local LIKE 'u%%' AND d.name = '%s'" % self.domain
        self.sql("INSERT INTO forward (member_id, enabled, keep_copy, changed_at) SELECT m.id, 1, 0, 1" + where)
        self.sql("INSERT INTO forward_target (member_id, address, domain, added_at, confirmed_at, confirmed_by) "
                 "SELECT m.id, 'me@elsewhere.example', 'elsewhere.example', 1, 1, 'operator'" + where)
        inside = self.forward("inside", "other@" + self.domain)
        out = self.forward("foreign", AWAY, domain=self.foreign)
        wanted = {"filter": {"outside": "server"}}
        self.refused(self.boss.post("/forwards/end", wanted), 400, "bad-request", field="expect")
        self.refused(self.boss.post("/forwards/end", {**wanted, "expect": 2}), 409, "other-number", matching=203)
        first = self.good(self.boss.post("/forwards/end", {**wanted, "expect": 203}))
        self.assertEqual((first["ended"], first["next"]), (200, "u199@" + self.domain))
        last = self.good(self.boss.post("/forwards/end", {**wanted, "after": first["next"]}))
        self.assertEqual((last["ended"], last["next"]), (3, None))
        self.assertEqual(self.found(self.desk), (["inside"], 1, None))
        self.assertTrue(self.has_forward(inside) and self.has_forward(out))
        self.assertEqual(len(self.records("u202@" + self.domain)), 1)
        self.assertEqual(self.told("u202@" + self.domain), ["forward-ended"])
        for wrong, field in (({}, "members"), ({"members": [inside], **wanted}, "filter"),
                             ({"filter": {"outside": "x"}, "expect": 1}, "filter"),
                             ({"filter": {"domain": "a..b"}, "expect": 1}, "filter"),
                             ({**wanted, "after": "x"}, "after")):
            self.refused(self.boss.post("/forwards/end", wrong), 400, "bad-request", field=field)

    def test_those_of_administrators_are_left_to_server_administrators(self):
        address = self.forward("chief", AWAY)
        self.command("admin", "add", address, "--role", "helpdesk", "--domains", self.domain)
        self.assertIs(self.good(self.boss.get("/forwards"))["items"][0]["may_end"], False)
        answer = self.good(self.boss.post("/forwards/end", {"members": [address]}))
        self.assertEqual((answer["ended"], answer["left_out"]), (0, 1))
        self.refused(self.boss.delete("/members/%s/forward" % address, If_Match='"x"'), 403, "administrator")
        answer = self.good(self.program("server").post("/forwards/end", {"members": [address]}))
        self.assertEqual((answer["ended"], answer["left_out"]), (1, 0))

    def test_an_administrator_proves_it_again(self):
        address = self.forward("out", AWAY)
        one = self.make("domain")
        self.good(one.get("/forwards"))
        self.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - 3600")
        self.refused(one.post("/forwards/end", {"members": [address]}), 403, "reauthentication-needed", by="code")
        self.assertTrue(self.has_forward(address))


class ForwardsOnPostgreSQL(OnPostgreSQL, Forwards):
    pass


if __name__ == "__main__":
    unittest.main()
