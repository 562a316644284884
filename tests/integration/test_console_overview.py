"""The overview of the console, and counts of logins for programs."""
import time
import unittest

from console import Administrator, ConsoleTest

DAY, HOUR = 86400, 3600


class CountsTest(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.now = int(time.time())
        self.today = self.now - self.now % DAY
        self.ids = {domain: self.sql("SELECT id FROM domain WHERE name = ?", domain)[0][0]
                    for domain in (self.domain, self.foreign)}
        for table in ("login_count", "guess_count", "adoption"):
            self.sql("DELETE FROM " + table)

    def count(self, days_ago, domain, service="imap", channel="client", credential="app-password", rule="app-password",
              outcome="allowed", count=1, hour=0):
        self.sql("INSERT INTO login_count VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self.today - days_ago * DAY + hour * HOUR,
                 self.ids.get(domain, 0), service, channel, credential, rule, outcome, count)

    def refuse(self, days_ago, domain, rule, count):
        self.count(days_ago, domain, credential="unknown", rule=rule, outcome="refused", count=count)

    def fill(self):
        self.count(0, self.domain, count=5)
        self.count(1, self.domain, service="pop3", credential="account-password", rule="account-password", count=7)
        self.count(1, self.domain, service="webmail", channel="webmail", credential="one-time-code", rule="signed-in", count=2)
        self.count(1, self.domain, service="webmail", channel="webmail", credential="account-password",
                   rule="second-factor-code", outcome="pending", count=3)
        self.count(40, self.domain, count=100)
        self.refuse(1, self.domain, "wrong-password", 4)
        self.refuse(2, self.domain, "wrong-password", 4)
        self.refuse(2, self.domain, "service-off", 1)
        self.count(1, self.foreign, service="smtp", count=50)
        self.refuse(1, self.foreign, "member-inactive", 60)
        self.refuse(1, None, "domain-unknown", 70)
        for days_ago, members in ((1, 4), (0, 5)):
            for domain, factor in ((self.domain, 1), (self.foreign, 10)):
                self.sql("INSERT INTO adoption VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self.today - days_ago * DAY,
                         self.ids[domain], *(number * factor for number in (members, 3, 2, 1, 1, 2, 3)))
        for domain, origin, count in ((self.domain, "192.0.2.1", 8), (self.foreign, "192.0.2.2", 60),
                                      (None, "2001:db8::/64", 70), (self.foreign, "192.0.2.1", 1)):
            self.sql("INSERT INTO guess_count VALUES (?, ?, ?, ?)", self.today, self.ids.get(domain, 0), origin, count)


class Overview(CountsTest):
    def test_a_domain_administrator_sees_the_own_domains(self):
        self.fill()
        for role in ("helpdesk", "domain"):
            shown = self.good(self.make(role).get("/overview"))  # whose own sign-in of today may be counted by now
            self.assertEqual((shown["days"], shown["since"]), (28, self.today - 27 * DAY))
            self.assertEqual(shown["adoption"][-1], {
                "at": self.today, "members": 5, "required": 3, "registered": 2, "overdue": 1, "opted_out": 1,
                "different": 2, "account_password": 3})
            self.assertEqual([row["at"] for row in shown["adoption"]], [self.today - DAY, self.today])
            self.assertEqual([(row["at"], row["value"], row["allowed"], row["refused"], row["pending"])
                              for row in shown["services"] if row["value"] != "webmail" or row["at"] != self.today],
                             [(self.today - 2 * DAY, "imap", 0, 5, 0), (self.today - DAY, "imap", 0, 4, 0),
                              (self.today - DAY, "pop3", 7, 0, 0), (self.today - DAY, "webmail", 2, 0, 3),
                              (self.today, "imap", 5, 0, 0)])
            self.assertEqual({row["value"] for row in shown["channels"]}, {"client", "webmail"})
            self.assertEqual([row["value"] for row in shown["credentials"] if row["at"] == self.today - DAY],
                             ["account-password", "one-time-code", "unknown"])
            self.assertEqual(shown["refusals"], [{"rule": "service-off", "count": 1}, {"rule": "wrong-password", "count": 8}])
            self.assertEqual(shown["guessers"], [{"origin": "192.0.2.1", "count": 8}])

    def test_a_server_administrator_sees_all_and_names_in_no_domain(self):
        self.fill()
        one = self.make("server")
        shown = self.good(one.get("/overview"))
        self.assertEqual(shown["adoption"][-1]["members"], 55)
        self.assertEqual([row["origin"] for row in shown["guessers"]], ["2001:db8::/64", "192.0.2.2", "192.0.2.1"])
        self.assertEqual(shown["guessers"][2]["count"], 9)
        self.assertIn({"rule": "domain-unknown", "count": 70}, shown["refusals"])
        shown = self.good(one.get("/overview?domain=" + self.foreign))
        self.assertEqual(shown["adoption"][-1]["members"], 50)
        self.assertEqual([row["rule"] for row in shown["refusals"]], ["member-inactive"])
        self.assertEqual([row["origin"] for row in shown["guessers"]], ["192.0.2.2", "192.0.2.1"])

    def test_days_are_bounded(self):
        self.fill()
        one = self.make("server")
        self.assertEqual(self.good(one.get("/overview?days=1"))["refusals"], [])
        self.assertIn(100, [row["allowed"] for row in self.good(one.get("/overview?days=400"))["services"]])
        for query in ("days=0", "days=401", "days=x", "days=1&days=2", "members=1"):
            self.assertEqual(one.get("/overview?" + query).status, 400, query)

    def test_a_domain_of_others_is_not_found_nor_one_that_is_not_there(self):
        self.fill()
        one = self.make("domain")
        self.good(one.get("/overview?domain=" + self.domain))
        for path in ("/overview?domain=", "/counts?domain="):
            for domain in (self.foreign, "nowhere.test", "no%20domain"):
                self.refused(one.get(path + domain), 404, "not-found")

    def test_the_account_password_in_mail_programs(self):
        for name, service, days_ago in (("a", "imap", 1), ("b", "imap", 30), ("c", "imap", 31), ("a", "smtp", 2)):
            if not self.sql("SELECT 1 FROM member WHERE local = ? AND domain_id = ?", name, self.ids[self.domain]):
                self.person(name)
            self.sql("UPDATE member SET %s_day = ? WHERE local = ? AND domain_id = ?" % service,
                     self.today // DAY - days_ago, name, self.ids[self.domain])
        self.sql("UPDATE member SET imap_day = ? WHERE domain_id = ?", self.today // DAY, self.ids[self.foreign])
        self.assertEqual(self.good(self.make("helpdesk").get("/overview"))["account_password"],
                         [{"service": "imap", "members": 2}, {"service": "smtp", "members": 1}])


class Counts(CountsTest):
    def program(self):
        key = self.command("api-key", "add", "--role", "helpdesk", "--domains", self.domain, "--label", "graphs")["key"]
        return Administrator(self.portal.browser(), key)

    def test_by_column_and_step(self):
        self.fill()
        self.count(1, self.domain, count=9, hour=3)
        program = self.program()
        shown = self.good(program.get("/counts?by=service&step=day&since=%d&until=%d" % (self.today - DAY, self.today)))
        self.assertEqual([(row["value"], row["allowed"], row["refused"], row["pending"]) for row in shown["items"]],
                         [("imap", 9, 4, 0), ("pop3", 7, 0, 0), ("webmail", 2, 0, 3)])
        self.assertEqual((shown["step"], shown["total"], shown["next"]), (DAY, 3, None))
        shown = self.good(program.get("/counts?step=hour&since=%d&until=%d" % (self.today - DAY, self.today)))
        self.assertEqual([(row["at"] - self.today + DAY, row["value"], row["allowed"]) for row in shown["items"]],
                         [(0, "", 9), (3 * HOUR, "", 9)])
        self.assertEqual(sum(row["allowed"] for row in self.good(program.get("/counts"))["items"]), 23)
        for by in ("channel", "credential", "rule"):
            self.assertEqual(sum(row["allowed"] for row in self.good(program.get("/counts?by=" + by))["items"]), 23)

    def test_what_is_wrong_is_named(self):
        program = self.program()
        for query, field in (("by=member", "by"), ("step=week", "step"), ("since=1", "since"),
                             ("since=%d" % (self.now + 10 * DAY), "since"),
                             ("step=hour&since=%d" % (self.now - 40 * DAY), "since")):
            self.refused(program.get("/counts?" + query), 400, "bad-request", field=field)
        self.good(program.get("/counts?since=%d" % (self.now - 400 * DAY)))


if __name__ == "__main__":
    unittest.main()
