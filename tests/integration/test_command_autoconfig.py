"""postlatch autoconfig ...: DNS records that follow the policy."""
import unittest

from command import CONFIG, REFUSED, CommandTest

POLICY = 'portal_url = "https://login.example.com"\nmail_server = "mail.example.com"\n'


class Autoconfig(CommandTest):
    def setUp(self):
        super().setUp()
        self.site.policy(POLICY)

    def records(self, *domains):
        return {(row["name"], row["type"], row["data"]) for row in self.site.json("autoconfig", "dns", *domains)}

    def test_what_a_domain_offers_and_does_not_offer_is_in_its_records(self):
        self.site.ok("domain", "add", "a.test", "pop3=off")
        self.assertEqual({row for row in self.records("a.test") if row[1] != "TXT"}, {
            ("_imaps._tcp.a.test.", "SRV", "0 1 993 mail.example.com."),
            ("_imap._tcp.a.test.", "SRV", "0 0 0 ."),
            ("_pop3s._tcp.a.test.", "SRV", "0 0 0 ."),
            ("_pop3._tcp.a.test.", "SRV", "0 0 0 ."),
            ("_submissions._tcp.a.test.", "SRV", "0 1 465 mail.example.com."),
            ("_submission._tcp.a.test.", "SRV", "1 1 587 mail.example.com."),
            ("_sieve._tcp.a.test.", "SRV", "0 1 4190 mail.example.com."),
            ("autoconfig.a.test.", "CNAME", "login.example.com."),
            ("ua-auto-config.a.test.", "CNAME", "login.example.com."),
            ("autodiscover.a.test.", "CNAME", "login.example.com."),
            ("_autodiscover._tcp.a.test.", "SRV", "0 1 443 login.example.com."),
        })

    def test_the_text_is_a_zone_file(self):
        self.site.ok("domain", "add", "a.test")
        lines = self.site.ok("autoconfig", "dns", "a.test").splitlines()
        self.assertIn(["_imaps._tcp.a.test.", "IN", "SRV", "0", "1", "993", "mail.example.com."],
                      [line.split() for line in lines])
        digest = self.site.ok("autoconfig", "digest", "a.test").strip()
        self.assertRegex(digest, "^v=UAAC1; a=sha256; d=[A-Za-z0-9+/]{43}=$")
        name, rest = lines[-1].split(maxsplit=1)
        self.assertEqual((name, rest.split(maxsplit=2)),
                         ("_ua-auto-config.a.test.", ["IN", "TXT", '"%s"' % digest]))
        self.assertEqual(self.site.json("autoconfig", "digest", "a.test"), {"domain": "a.test", "record": digest})

    def test_without_a_name_all_domains_that_are_known_and_active_come(self):
        self.site.policy(POLICY + 'domain "section.test" { }\n')
        self.site.ok("domain", "add", "a.test")
        self.site.ok("domain", "add", "alias.test", "alias_of=a.test")
        self.site.ok("domain", "add", "off.test", "active=off")
        names = {name for name, kind, _ in self.records() if name.startswith("autoconfig.")}
        self.assertEqual(names, {"autoconfig.%s.test." % name for name in ("a", "alias", "section")})

    def test_the_digest_changes_with_what_is_offered(self):
        self.site.ok("domain", "add", "a.test")
        before = self.site.ok("autoconfig", "digest", "a.test")
        self.assertEqual(self.site.ok("autoconfig", "digest", "a.test"), before)
        self.site.ok("domain", "set", "a.test", "pop3=off")
        self.assertNotEqual(self.site.ok("autoconfig", "digest", "a.test"), before)

    def test_what_is_missing_is_named(self):
        self.site.ok("domain", "add", "a.test")
        for policy, status, said in (
                ("", CONFIG, "mail_server is not set"),
                ('mail_server = "mail.example.com"', CONFIG, "portal_url is not set"),
                (POLICY + 'defaults { imap = off pop3 = off smtp = off sieve = off }', REFUSED, "told nothing")):
            self.site.policy(policy)
            run = self.site.run("autoconfig", "dns", "a.test")
            self.assertEqual(run.returncode, status, run.stderr)
            self.assertIn(said, run.stderr)
        self.site.policy(POLICY)
        self.assertIn("not known", self.site.run("autoconfig", "dns", "other.test").stderr)
        self.site.policy(POLICY + 'imap_ports = "143/starttls" pop3_ports = "" submission_ports = "587/starttls"')
        self.assertNotIn("TXT", self.site.ok("autoconfig", "dns", "a.test"))
        self.assertIn("993", self.site.run("autoconfig", "digest", "a.test").stderr)

    def test_while_no_domain_is_known_one_must_be_named(self):
        self.assertIn("no domain is known", self.site.run("autoconfig", "dns").stderr)
        self.assertIn("_imaps._tcp.a.test.", self.site.ok("autoconfig", "dns", "a.test"))


if __name__ == "__main__":
    unittest.main()
