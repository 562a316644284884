"""postlatch report: who still uses the account password in mail clients."""
import time
import unittest

from command import BAD_DATA, CommandTest

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@other.test"
DAY = 86400


class AccountPassword(CommandTest):
    def setUp(self):
        super().setUp()
        for member in (ALICE, BOB, CAROL):
            self.site.ok("member", "add", member)
        self.now = int(time.time())
        self.use(ALICE, "imap", "account-password", 1)
        self.use(ALICE, "smtp", "account-password", 40)
        self.use(ALICE, "webmail", "account-password", 1)
        self.use(BOB, "imap", "app-password", 1)
        self.use(BOB, "pop3", "unknown", 1)
        self.use(CAROL, "pop3", "account-password", 2)

    def use(self, member, service, credential, days):
        local, domain = member.split("@")
        self.site.sql("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT m.id, ?, ?, ?, ? "
                      "FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local = ? AND d.name = ?",
                      service, credential, self.now - days * DAY - 60, "192.0.2.1", local, domain)

    def report(self, *options):
        return [(row["member"], row["service"]) for row in self.site.json("report", "account-password", *options)]

    def test_members_and_services_of_the_last_days(self):
        self.assertEqual(self.report(), [(ALICE, "imap"), (CAROL, "pop3")])
        self.assertEqual(self.report("--days", "60"), [(ALICE, "imap"), (ALICE, "smtp"), (CAROL, "pop3")])
        self.assertEqual(self.report("--days", "1"), [])
        row = self.site.json("report", "account-password")[0]
        self.assertEqual((row["ip"], row["at"]), ("192.0.2.1", self.now - DAY - 60))

    def test_one_domain(self):
        self.assertEqual(self.report("--domain", "other.test"), [(CAROL, "pop3")])
        self.site.ok("domain", "add", "other.test")
        self.site.ok("domain", "add", "alias.test", "alias_of=other.test")
        self.assertEqual(self.report("--domain", "alias.test"), [(CAROL, "pop3")])
        self.assertIn("no such domain", self.site.run("report", "account-password", "--domain", "none.test").stderr)

    def test_as_a_table_and_as_csv(self):
        self.assertRegex(self.site.ok("report", "account-password"),
                         r"(?m)^alice@example.test +imap +20\d\d-\d\d-\d\d \S+ from 192\.0\.2\.1$")
        lines = self.site.ok("report", "account-password", "--csv").splitlines()
        self.assertEqual(lines[0], "member,service,last_used,ip")
        self.assertRegex(lines[2], r'^"carol@other.test",pop3,20\d\d-.*,192\.0\.2\.1$')

    def test_days_that_make_no_sense(self):
        for days in ("0", "-1", "x", "30x", "99999999999999999999"):
            run = self.site.run("report", "account-password", "--days", days)
            self.assertEqual(run.returncode, BAD_DATA)
            self.assertIn("it must be a number from 1 to", run.stderr)


class Dates(CommandTest):
    """A stricter client_password may have a date."""

    def explain(self, *words):
        return self.site.run("--json", "explain", ALICE, "--service", "imap", *words)

    def setting(self):
        return self.site.json("member", "show", ALICE)["settings"]["client_password"]

    def test_until_the_date_the_layer_below_holds(self):
        self.site.policy("defaults { client_password = until_second_factor }")
        self.site.ok("domain", "add", "example.test", "client_password=never_from_2099-03-01")
        self.site.ok("member", "add", ALICE)
        self.assertEqual(self.explain().returncode, 0)
        self.assertEqual(self.setting(), {"value": "until_second_factor", "source": "policy-defaults", "next": {
            "from": "2099-03-01", "value": "never", "source": "domain"}})
        self.assertIn("until_second_factor  from policy-defaults, until 2099-03-01, then never from domain",
                      self.site.ok("explain", ALICE, "--service", "imap"))

    def test_from_the_date_it_holds(self):
        self.site.ok("domain", "add", "example.test", "client_password=never_from_2020-01-01")
        self.assertEqual(self.explain().returncode, 1)
        self.assertEqual(self.setting(), {"value": "never", "source": "domain"})

    def test_a_day_begins_in_utc(self):
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5))
        self.site.ok("domain", "add", "example.test", "client_password=never_from_" + today)
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
            self.assertEqual(self.site.run("explain", ALICE, "--service", "imap", env={"TZ": zone}).returncode, 1)

    def test_a_member_s_own_value_wins(self):
        self.site.ok("domain", "add", "example.test", "client_password=never_from_2020-01-01")
        self.site.ok("member", "add", ALICE, "client_password=always")
        self.assertEqual(self.explain().returncode, 0)

    def test_the_policy_file_knows_dates_too(self):
        self.site.policy('domain "example.test" { client_password = never_from_2020-01-01 }')
        self.assertEqual(self.explain().returncode, 1)
        self.site.policy("defaults { client_password = never_from_2099-01-01 }")
        self.assertEqual(self.explain().returncode, 0)

    def test_what_makes_no_sense_is_refused(self):
        for value in ("never_from_2027-02-30", "never_from_2027-3-1", "never_from_", "never_from_tomorrow",
                      "always_from_2027-03-01", "inherit_from_2027-03-01", "never_from_2027-03-01x",
                      "never_from_2027-03-01_from_2027-03-02", "_from_2027-03-01"):
            run = self.site.run("member", "add", ALICE, "client_password=" + value)
            self.assertEqual(run.returncode, BAD_DATA, value)
            self.assertIn("never_from_YYYY-MM-DD", run.stderr)
            self.site.policy("defaults { client_password = %s }" % value)
            self.assertIn("policy.conf:", self.site.run("check").stdout)
            self.assertIn("never_from_YYYY-MM-DD", self.site.run("check").stdout)
            self.site.policy()
        self.assertIn("it must be one of on, off", self.site.run("member", "add", ALICE, "pop3=off_from_2027-03-01").stderr)

    def test_a_date_survives_export_and_import_and_is_in_the_records(self):
        self.site.ok("member", "add", ALICE, "client_password=never_from_2099-03-01")
        exported = self.site.ok("member", "export")
        self.assertIn("never_from_2099-03-01", exported)
        self.site.ok("member", "set", ALICE, "client_password=inherit")
        record = self.site.json("audit", "--limit", "1")[0]
        self.assertEqual(record["before"], "client_password=never_from_2099-03-01")
        self.site.ok("member", "import", "-", stdin=exported)
        self.assertEqual(self.site.json("member", "show", ALICE)["own"]["client_password"], "never_from_2099-03-01")

    def test_a_change_that_holds_later_affects_members_too(self):
        self.site.ok("domain", "add", "example.test")
        self.site.ok("member", "add", ALICE)
        self.assertEqual(self.site.json("domain", "set", "example.test", "client_password=never_from_2099-03-01",
                                        "--dry-run")["affected"], 1)


if __name__ == "__main__":
    unittest.main()
