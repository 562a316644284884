"""postlatch link: links to files that members have sent."""
import unittest

from command import CommandTest

ALICE = "alice@example.test"


class Links(CommandTest):
    def add(self, member, name):
        """A link with one file, as a program writes it."""
        self.site.ok("member", "add", member)
        self.site.sql("INSERT INTO attachment_link (member_id, digest, origin, subject, made_at, expires_at, "
                      "downloads_most) SELECT m.id, CAST(m.local AS BLOB), 'mail', '', 1, 4000000000, 100 FROM member m "
                      "JOIN domain d ON d.id = m.domain_id WHERE m.local || '@' || d.name = ?", member)
        self.site.sql("INSERT INTO attachment_file (link_id, blob, name, type, size, scanned, downloads) SELECT MAX(id), "
                      "'ab', ?, 'image/png', 7, 0, 2 FROM attachment_link", name)

    def test_links_are_listed_and_withdrawn(self):
        for domain in ("example.test", "other.test"):
            self.site.ok("domain", "add", domain)
        self.add(ALICE, "plans.png")
        self.add("bob@other.test", "x\x1b.png")
        self.assertEqual([link["member"] for link in self.site.json("link", "list")], [ALICE, "bob@other.test"])
        link, = self.site.json("link", "list", "--domain", "example.test")
        self.assertEqual((link["state"], link["downloads_most"]), ("valid", 100))
        self.assertEqual(link["files"], [{"name": "plans.png", "type": "image/png", "size": 7, "scanned": False,
                                          "stored": True, "downloads": 2}])
        text = self.site.ok("link", "list")
        self.assertIn("plans.png  7 bytes, downloaded 2 times, not scanned", text)
        self.assertIn("x?.png", text)
        self.site.ok("link", "withdraw", str(link["id"]))
        link, = self.site.json("link", "list", "--domain", "example.test")
        self.assertEqual((link["state"], link["files"][0]["stored"]), ("withdrawn", False))
        self.assertIn("withdrawn already", self.site.run("link", "withdraw", str(link["id"])).stderr)
        self.assertIn("no such link", self.site.run("link", "withdraw", "99").stderr)
        self.assertIn("is not an ID", self.site.run("link", "withdraw", "x").stderr)
        self.assertEqual(self.site.json("audit", "--limit", "1")[0]["action"], "link.withdraw")

    def test_quotas_of_members_and_domains(self):
        self.site.ok("domain", "add", "example.test")
        self.site.ok("member", "add", ALICE)
        for name, table in ((ALICE, "member"), ("example.test", "domain")):
            for value, stored in (("20480", 20480 << 20), ("0", 0), ("unlimited", -1), ("inherit", None)):
                self.site.ok("link", "quota", name, value)
                self.assertEqual(self.site.sql("SELECT attachment_quota FROM %s" % table)[0][0], stored)
                record = self.site.json("audit", "--limit", "1")[0]
                self.assertEqual((record["action"], record["object"], record["after"]),
                                 ("link.quota", name, "quota=%s" % value))
        for value in ("x", "1x", "-", "1073741825"):
            self.assertIn("is not a quota", self.site.run("link", "quota", ALICE, value).stderr)
        self.assertIn("no such domain", self.site.run("link", "quota", "none.test", "1").stderr)
        self.assertIn("no such member", self.site.run("link", "quota", "none@example.test", "1").stderr)

    def test_a_password_is_set_from_standard_input_and_removed(self):
        self.site.ok("domain", "add", "example.test")
        self.add(ALICE, "plans.png")
        link, = self.site.json("link", "list")

        def stored():
            return self.site.sql("SELECT password FROM attachment_link")[0][0]

        def password(text, *options):
            return self.site.run("link", "password", str(link["id"]), *options, stdin=text)
        self.assertEqual(password("비밀번호 하나\n").returncode, 0)
        first = stored()
        self.assertEqual(len(first), 64)
        record = self.site.json("audit", "--limit", "1")[0]
        self.assertEqual((record["action"], record["object"], record["after"]),
                         ("link.password", ALICE, "id=%d password=on" % link["id"]))
        self.assertEqual(password("secret without an end of line").returncode, 0)
        self.assertNotEqual(stored(), first)
        first = stored()
        for text, complaint in (("", "has no password"), ("\n", "has no password"), ("short\n", "6 characters or more"),
                                ("two lines\nof it\n", "one line"), ("a tab\tin it\n", "one line"),
                                ("x" * 129 + "\n", "129 bytes")):
            refused = password(text)
            self.assertNotEqual(refused.returncode, 0, text)
            self.assertIn(complaint, refused.stderr)
            self.assertNotIn("of it", refused.stderr + refused.stdout)
        self.assertEqual(stored(), first)
        self.assertEqual(password("", "--remove").returncode, 0)
        self.assertIsNone(stored())
        self.assertEqual(self.site.json("audit", "--limit", "1")[0]["after"], "id=%d password=off" % link["id"])
        self.site.ok("link", "withdraw", str(link["id"]))
        self.assertIn("is withdrawn already", password("long enough\n").stderr)
        self.assertIn("no such link", self.site.run("link", "password", "99", stdin="long enough\n").stderr)


if __name__ == "__main__":
    unittest.main()
