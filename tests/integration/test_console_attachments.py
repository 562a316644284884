"""Large attachments in the administrators' API: how much is stored and was downloaded, and quotas."""
import time
import unittest

from console import Administrator, ConsoleTest, OnPostgreSQL

MEGABYTE = 1 << 20
INHERITED = {"value": "5120", "source": "policy-file", "own": "inherit", "inherited": "5120"}


class Attachments(ConsoleTest):
    blob = "BLOB"
    links = 0

    def setUp(self):
        super().setUp()
        self.root = self.program("server")
        self.boss = self.program("domain")
        self.desk = self.program("helpdesk")
        self.alice = self.person("alice")
        self.of_alice = "/members/%s/attachments" % self.alice
        self.of_domain = "/domains/%s/attachments" % self.domain

    def program(self, role):
        options = () if role == "server" else ("--domains", self.domain)
        key = self.command("api-key", "add", "--role", role, "--label", role, *options)["key"]
        return Administrator(self.portal.browser(), key)

    def id_of(self, member):
        local, domain = member.split("@")
        return "(SELECT m.id FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local = '%s' AND d.name = '%s')" % (
            local, domain)

    def link(self, member, *sizes):
        """A link with files of these sizes, as a program writes it."""
        Attachments.links += 1
        self.sql("INSERT INTO attachment_link (member_id, digest, origin, subject, made_at, expires_at, downloads_most) "
                 "VALUES (%s, CAST('%d' AS %s), 'mail', '', 1, 4000000000, 100)" % (
                     self.id_of(member), Attachments.links, self.blob))
        for size in sizes:
            self.sql("INSERT INTO attachment_file (link_id, blob, name, type, size, scanned) VALUES ((SELECT MAX(id) "
                     "FROM attachment_link), 'ab', 'x', 'a/b', %d, 1)" % size)

    def sent(self, member, days_ago, downloads, size):
        day = (int(time.time()) // 86400 - days_ago) * 86400
        self.sql("INSERT INTO attachment_traffic VALUES (%s, %d, %d, %d)" % (self.id_of(member), day, downloads, size))

    def test_what_is_stored_and_was_downloaded(self):
        bob, none = self.person("bob"), self.person("none")
        self.link(self.alice, 5 * MEGABYTE, 1)
        self.link(bob, 7 * MEGABYTE)
        self.link(self.person("mallory", self.foreign), 9 * MEGABYTE)
        self.sent(self.alice, 0, 2, 10)
        self.sent(self.alice, 29, 1, 5)
        self.sent(self.alice, 31, 100, 1000)
        self.sent(bob, 1, 1, 7)
        seen = self.good(self.desk.get(self.of_alice))
        self.assertEqual(seen, {"bytes": 5 * MEGABYTE + 1, "links": 1, "quota_bytes": 5120 * MEGABYTE, "downloads": 3,
                                "sent_bytes": 15, "days": 30, "quota": INHERITED, "may_change": False})
        seen = self.good(self.desk.get(self.of_domain))
        self.assertEqual(seen, {"bytes": 12 * MEGABYTE + 1, "links": 2, "quota_bytes": None, "downloads": 4,
                                "sent_bytes": 22, "days": 30, "may_change": False,
                                "quota": {**INHERITED, "value": "unlimited", "inherited": "unlimited"}})
        self.assertEqual(self.good(self.desk.get("/members/%s/attachments" % none))["bytes"], 0)
        answer = self.good(self.desk.get(self.of_domain + "/members"))
        self.assertEqual([(row["member"], row["bytes"], row["links"], row["quota_bytes"], row["downloads"], row["sent_bytes"])
                          for row in answer["items"]],
                         [(bob, 7 * MEGABYTE, 1, 5120 * MEGABYTE, 1, 7),
                          (self.alice, 5 * MEGABYTE + 1, 1, 5120 * MEGABYTE, 3, 15)])
        self.assertEqual((answer["total"], answer["next"]), (2, None))
        answer = self.good(self.desk.get(self.of_domain + "/members?limit=1"))
        self.assertEqual([row["member"] for row in answer["items"]], [bob])

    def test_a_quota_is_changed_as_it_was_seen(self):
        self.refused(self.boss.patch(self.of_alice, {"quota": "1"}), 428, "if-match-needed")
        tag = self.boss.get(self.of_alice).headers["ETag"]
        self.command("link", "quota", self.alice, "7")
        self.refused(self.boss.patch(self.of_alice, {"quota": "1"}, If_Match=tag), 412, "changed")
        tag = self.boss.get(self.of_alice).headers["ETag"]
        for value, holds in (("20480", 20480 * MEGABYTE), ("0", 0), ("unlimited", None)):
            answer = self.boss.patch(self.of_alice, {"quota": value}, If_Match=tag)
            seen = self.good(answer)
            self.assertEqual(seen["quota"], {"value": value, "source": "member", "own": value, "inherited": "5120"})
            self.assertEqual(seen["quota_bytes"], holds)
            self.assertIs(seen["may_change"], True)
            tag = answer.headers["ETag"]
            self.assertEqual(self.good(self.desk.get(self.of_alice))["quota"], seen["quota"])
        answer = self.boss.patch(self.of_alice, {"quota": "inherit"}, If_Match=tag)
        self.assertEqual(self.good(answer)["quota"], INHERITED)
        records = self.good(self.boss.get("/audit?action=link.quota&object=" + self.alice))["items"]
        self.assertEqual([(row["before"], row["after"]) for row in records][:2],
                         [("quota=unlimited", "quota=inherit"), ("quota=0", "quota=unlimited")])
        self.assertTrue(records[0]["who"].startswith("api-key"), records[0])
        for wrong in ("x", "-1", "1073741825", "inherited"):
            self.refused(self.boss.patch(self.of_alice, {"quota": wrong}, If_Match=answer.headers["ETag"]), 400,
                         "bad-request", field="quota")
        self.assertEqual(self.boss.patch(self.of_alice, {}, If_Match=answer.headers["ETag"]).status, 400)

    def test_who_may_change_a_quota(self):
        tag = self.desk.get(self.of_alice).headers["ETag"]
        self.refused(self.desk.patch(self.of_alice, {"quota": "1"}, If_Match=tag), 403, "role")
        tag = self.boss.get(self.of_domain).headers["ETag"]
        # The space of the server is the server administrator's.
        self.refused(self.boss.patch(self.of_domain, {"quota": "1"}, If_Match=tag), 403, "role")
        self.assertIs(self.good(self.boss.get(self.of_domain))["may_change"], False)
        seen = self.good(self.root.patch(self.of_domain, {"quota": "1"}, If_Match=tag))
        self.assertEqual((seen["quota"]["value"], seen["quota"]["source"], seen["may_change"]), ("1", "domain", True))
        # Only a server administrator changes another administrator.
        admin = self.person()
        self.command("admin", "add", admin, "--role", "server")
        path = "/members/%s/attachments" % admin
        tag = self.boss.get(path).headers["ETag"]
        self.refused(self.boss.patch(path, {"quota": "1"}, If_Match=tag), 403, "administrator")
        self.assertIs(self.good(self.boss.get(path))["may_change"], False)

    def test_others_domains_are_not_found(self):
        member = self.person("mallory", self.foreign)
        for path in ("/members/%s/attachments" % member, "/domains/%s/attachments" % self.foreign):
            self.refused(self.boss.get(path), 404, "not-found")
        self.refused(self.boss.patch("/members/%s/attachments" % member, {"quota": "1"}, If_Match='"x"'), 404, "not-found")
        self.refused(self.boss.get("/domains/%s/attachments/members" % self.foreign), 404, "not-found")
        self.refused(self.root.get("/domains/none.test/attachments"), 404, "not-found")
        self.refused(self.root.patch("/domains/none.test/attachments", {"quota": "1"}, If_Match='"x"'), 404, "not-found")
        self.refused(self.root.get("/members/none@%s/attachments" % self.domain), 404, "not-found")


class AttachmentsOnPostgreSQL(OnPostgreSQL, Attachments):
    blob = "BYTEA"


if __name__ == "__main__":
    unittest.main()
