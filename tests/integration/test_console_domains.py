"""Domains in the administrators' API: listed, shown, changed with a scope, previewed, added, removed."""
import sqlite3
import time
import unittest

from console import ConsoleTest
from server import TIMEOUT, wait_for

DAY = 86400
LAST_DAY = "required_from_2037-03-01"


class Domains(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.policy("")  # not that of the test before

    policies = 0

    def policy(self, text):
        """Another policy file, which the portal has read then: its name is in it."""
        Domains.policies += 1
        self.portal.settings["portal_name"] = "policy %d" % Domains.policies
        self.portal.write_policy(text)
        self.portal.reload()
        browser = self.portal.browser()
        wait_for(lambda: browser.session()["name"] == self.portal.settings["portal_name"], TIMEOUT)

    def path(self, domain=None):
        return "/domains/" + (domain or self.domain)

    def etag(self, administrator, domain=None):
        answer = administrator.get(self.path(domain))
        self.good(answer)
        return answer.headers["ETag"]

    def change(self, administrator, domain=None, **fields):
        """Changes what was just looked at."""
        return administrator.patch(self.path(domain), fields, If_Match=self.etag(administrator, domain))



class Lists(Domains):
    def names(self, administrator, query=""):
        answer = self.good(administrator.get("/domains" + query))
        return [row["domain"] for row in answer["items"]], answer["total"], answer["next"]

    def test_a_list_is_searched_literally_and_paged(self):
        server = self.make("server")
        base = "p%d" % self.tests
        for name in ("a", "b", "c"):
            self.command("domain", "add", "%s.%s.test" % (name, base))
        all_of = ["%s.%s.test" % (name, base) for name in "abc"]
        self.assertEqual(self.names(server, "?q=.%s." % base), (all_of, 3, None))
        self.assertEqual(self.names(server, "?q=.%s.TEST&limit=2" % base.upper()), (all_of[:2], 3, all_of[1]))
        self.assertEqual(self.names(server, "?q=.%s.&limit=2&after=%s" % (base, all_of[1])), (all_of[2:], 3, None))
        for word in ("%25", "_", "%5C", "'"):
            self.assertEqual(self.names(server, "?q=" + word), ([], 0, None), word)
        for query in ("?limit=0", "?limit=201", "?page=1", "?q=", "?limit=2&limit=2"):
            self.assertEqual(server.get("/domains" + query).error, "bad-request", query)

    def test_each_sees_the_domains_that_are_given(self):
        self.command("domain", "add", "alias-of-%s" % self.domain, "alias_of=" + self.domain)
        expected = sorted((self.domain, "alias-of-%s" % self.domain))
        for role in ("helpdesk", "domain"):
            self.assertEqual(self.names(self.make(role)), (expected, 2, None), role)
        names, total, _ = self.names(self.make("server"), "?limit=200")
        self.assertIn(self.foreign, names)
        self.assertEqual(total, len(names))

    def test_a_row_has_states_counts_and_the_last_change(self):
        helpdesk = self.make("helpdesk")
        self.command("member", "add", "x@" + self.domain)
        self.command("domain", "set", self.domain, "pop3=off")
        self.command("domain", "add", "alias-of-%s" % self.domain, "alias_of=" + self.domain, "active=off")
        self.policy('domain "%s" {\nsieve = off\n}\ndefaults {\nforwarding = forbidden\n}\n' % self.domain)
        alias, row = self.good(helpdesk.get("/domains"))["items"]
        settings = row["settings"]
        self.assertEqual((row["members"], row["with_second_factor"], row["aliases"]), (2, 1, 1))
        self.assertEqual((row["known"], row["active"], row["alias_of"]), (True, True, None))
        self.assertEqual(settings["pop3"], {"value": "off", "source": "domain", "own": "off"})
        self.assertEqual(settings["imap"], {"value": "on", "source": "built-in", "own": "inherit"})
        self.assertEqual(settings["sieve"]["source"], "policy-domain")
        self.assertEqual(settings["forwarding"], {"value": "off", "source": "forbidden", "own": "inherit"})
        self.assertLess(abs(row["changed_at"] - time.time()), 600)
        self.assertTrue(row["changed_by"])
        self.assertEqual((alias["alias_of"], alias["active"], alias["members"]), (self.domain, False, 0))
        self.assertEqual(alias["settings"]["pop3"]["value"], "off")
        self.assertEqual(alias["settings"]["sieve"]["value"], "off")

    def test_ten_thousand_domains_are_quick(self):
        """The database reads no member but those of the page."""
        server = self.make("server")
        db = sqlite3.connect(self.portal.dir + "/postlatch.db", timeout=60)
        with db:
            db.executemany("INSERT INTO domain (name, known, active, created_at, settings) VALUES (?, 1, 1, 1, '')",
                           (("q%05d.many.test" % i,) for i in range(10000)))
            db.execute("INSERT INTO member (domain_id, local, active, class, created_at, settings) SELECT d.id, 'm' || n.id, "
                       "1, '', 1, '' FROM domain d, (SELECT id FROM domain WHERE name LIKE 'q%' LIMIT 10) n WHERE d.name "
                       "LIKE '%.many.test'")
        db.close()
        try:
            answer = self.good(server.get("/domains?q=.many.&after=q09000.many.test&limit=2"))
            self.assertEqual([(row["domain"], row["members"]) for row in answer["items"]],
                             [("q09001.many.test", 10), ("q09002.many.test", 10)])
            self.assertEqual(answer["total"], 10000)
        finally:
            self.portal.sql("DELETE FROM domain WHERE name LIKE '%.many.test'")


class One(Domains):
    def test_a_domain_says_what_may_be_changed_and_what_may_not(self):
        domain = self.make("domain")
        self.policy('domain "%s" {\nsieve = forbidden\nimap = off\n}\ndefaults {\nforwarding = forbidden\npop3 = off\n}\n'
                    % self.domain)
        self.command("domain", "set", self.domain, "client_password=never_from_2037-03-01")
        settings = self.good(domain.get(self.path()))["settings"]
        self.assertEqual([(settings[name]["locked"], settings[name]["section"], settings[name]["source"]) for name in
                          ("sieve", "forwarding", "imap", "pop3", "smtp")],
                         [(True, "domain", "forbidden"), (True, "defaults", "forbidden"),
                          (False, "domain", "policy-domain"), (False, "defaults", "policy-defaults"),
                          (False, None, "built-in")])
        self.assertEqual([settings[name]["inherited"] for name in ("client_password", "imap")],
                         [{"value": "always", "source": "built-in"}, {"value": "off", "source": "policy-domain"}])
        self.assertEqual(settings["imap"]["allowed"], ["inherit", "on", "off"])
        self.assertEqual(settings["two_factor_requirement"]["allowed"], ["inherit", "optional", "required"])
        self.assertEqual(settings["two_factor_requirement"]["dated"], ["required"])
        password = settings["client_password"]
        self.assertEqual((password["value"], password["own"], password["next"]),
                         ("always", "never_from_2037-03-01", {"value": "never", "from": "2037-03-01"}))
        self.assertEqual([name for name in settings if settings[name]["no_effect_yet"]], [])

    def test_a_domain_says_how_many_days_of_grace_there_are(self):
        domain = self.make("domain")
        shown = lambda: self.good(domain.get(self.path()))["two_factor_grace_days"]
        self.assertEqual(shown(), {"days": 0, "own": "inherit", "inherited": 0})
        self.policy("two_factor_grace_days = 14\ndefaults {\ntwo_factor_requirement = required\n}\n")
        self.assertEqual(shown(), {"days": 14, "own": "inherit", "inherited": 14})

    def test_a_domain_may_have_days_of_grace_of_its_own(self):
        domain = self.make("domain")
        self.policy("two_factor_grace_days = 14\ndefaults {\ntwo_factor_requirement = required\n}\n")
        self.command("member", "add", "new@" + self.domain)
        must_register = lambda days: self.good(domain.post(self.path() + "/preview", {
            "two_factor_grace_days": days}))["inheriting"]["must_register"]
        self.assertEqual([must_register("0"), must_register("30")], [1, 0])
        changed = self.good(self.change(domain, two_factor_grace_days="0"))
        self.assertEqual(changed["two_factor_grace_days"], {"days": 0, "own": "0", "inherited": 14})
        self.assertEqual(changed["result"]["affected"], 2)  # The administrator is one of them
        requirement = self.good(domain.get("/members/new@" + self.domain))["settings"]["two_factor_requirement"]
        self.assertEqual(requirement["value"], "required")
        record = self.command("audit", "--limit", "1")[0]
        self.assertIn("two_factor_grace_days=inherit", record["before"])
        self.assertIn("two_factor_grace_days=0", record["after"])
        self.assertEqual(self.command("domain", "show", self.domain)["two_factor_grace_days"], "0")
        self.good(self.change(domain, two_factor_grace_days="inherit"))
        self.assertEqual(self.command("domain", "show", self.domain)["two_factor_grace_days"], "inherit")
        for wrong in ("366", "-1", "3 days", "1e2", "always"):
            self.refused(self.change(domain, two_factor_grace_days=wrong), 400, "bad-request",
                         field="two_factor_grace_days")

    def test_others_are_not_found_and_lower_roles_refused(self):
        domain, helpdesk = self.make("domain"), self.make("helpdesk")
        for name in (self.foreign, "none.test", "not a domain"):
            path = "/domains/" + name.replace(" ", "%20")
            for answer in (domain.get(path), domain.patch(path, {"pop3": "off"}, If_Match='"x"'),
                           domain.post(path + "/preview", {"pop3": "off"})):
                self.refused(answer, 404, "not-found")
        self.good(helpdesk.get(self.path()))
        self.refused(self.change(helpdesk, pop3="off"), 403, "role")
        self.refused(helpdesk.post(self.path() + "/preview", {"pop3": "off"}), 403, "role")
        for administrator in (helpdesk, domain):
            self.refused(administrator.post("/domains", {"domain": "new.test"}), 403, "role")
            self.refused(administrator.delete(self.path() + "?members=1"), 403, "role")
        # Whether a domain is served at all is the server administrator's.
        self.refused(self.change(domain, active=False), 403, "role")
        self.refused(domain.post(self.path() + "/preview", {"active": False}), 403, "role")

    def test_a_change_needs_what_was_seen(self):
        domain = self.make("domain")
        seen = self.etag(domain)
        self.refused(domain.patch(self.path(), {"pop3": "off"}), 428, "if-match-needed")
        self.good(domain.patch(self.path(), {"pop3": "off"}, If_Match=seen))
        self.refused(domain.patch(self.path(), {"pop3": "on"}, If_Match=seen), 412, "changed")
        # What a compressing web server makes of it.
        answer = domain.patch(self.path(), {"pop3": "on"}, If_Match="W/" + self.etag(domain))
        self.good(answer)
        self.assertEqual(answer.headers["ETag"], self.etag(domain))
        self.assertNotEqual(answer.headers["ETag"], seen)

    def test_a_change_is_one_of_the_table(self):
        domain = self.make("domain")
        for field, value in (("pop3", "maybe"), ("pop3", "off_from_2037-03-01"), ("client_password", "on"),
                             ("two_factor_requirement", "optional_from_2037-03-01"), ("pop3", "forbidden"),
                             ("pop3", True), ("scope", "everybody")):
            fields = {"imap": "off", field: value}
            self.refused(domain.patch(self.path(), fields, If_Match=self.etag(domain)), 400, "bad-request", field=field)
        for fields in ({}, {"scope": "all"}, {"alias_of": self.foreign}, {"pop3": "off", "known": False}):
            self.refused(domain.patch(self.path(), fields, If_Match=self.etag(domain)), 400, "bad-request")
        self.refused(domain.post(self.path() + "/preview", {"pop3": "off", "scope": "all"}), 400, "bad-request")

    def test_every_setting_can_be_changed(self):
        domain = self.make("domain")
        settings = self.good(domain.get(self.path()))["settings"]
        fields = {name: setting["allowed"][-1] for name, setting in settings.items() if name != "webmail"}
        self.assertEqual(fields["webmail_allowed_networks"], "listed")
        fields["webmail_allowed_networks"] = "198.18.0.0/15,2001:db8::/32"  # where the browsers are
        changed = self.good(self.change(domain, webmail="on", **fields))["settings"]
        self.assertEqual({name: changed[name]["own"] for name in changed}, {"webmail": "on", **fields})
        changed = self.good(self.change(domain, **{name: "inherit" for name in settings}))["settings"]
        self.assertEqual({setting["own"] for setting in changed.values()}, {"inherit"})
        self.good(self.change(domain, two_factor_requirement=LAST_DAY))
        self.assertEqual(self.good(domain.get(self.path()))["settings"]["two_factor_requirement"]["own"], LAST_DAY)

    def test_what_the_policy_file_forbids_stays_off(self):
        domain = self.make("domain")
        self.policy("defaults {\nsieve = forbidden\n}\n")
        for fields in ({"sieve": "on"}, {"pop3": "off", "sieve": "on"}):
            self.refused(self.change(domain, **fields), 409, "forbidden", field="sieve")
            self.refused(domain.post(self.path() + "/preview", fields), 409, "forbidden", field="sieve")
        self.good(self.change(domain, sieve="off"))
        self.assertEqual(self.good(domain.get(self.path()))["settings"]["pop3"]["own"], "inherit")

    def test_nobody_locks_himself_out(self):
        server, own = self.make("server"), self.make("domain")
        self.refused(self.change(own, webmail="off"), 409, "own-account")
        self.refused(self.change(server, active=False), 409, "own-account")
        self.refused(server.delete(self.path() + "?members=2"), 409, "own-account")
        self.assertEqual(self.good(own.get(self.path()))["settings"]["webmail"]["own"], "inherit")
        # For those who join later it may be off.
        self.good(self.change(own, webmail="off", scope="new"))
        self.assertEqual(self.good(self.change(server, domain=self.foreign, active=False))["active"], False)

    def test_a_domain_administrator_shuts_no_other_administrator_out(self):
        elsewhere = self.make("domain", address=self.person(domain=self.foreign))
        for role in ("helpdesk", "server"):
            member = self.person()
            self.command("admin", "add", member, "--role", role, *(() if role == "server" else ("--domains", self.domain)))
            for scope in ("inheriting", "all"):
                self.refused(self.change(elsewhere, webmail="off", scope=scope), 409, "locks-out-administrators")
            self.good(self.change(elsewhere, webmail="off", scope="new"))
            self.good(self.change(elsewhere, webmail="inherit"))
            self.command("admin", "remove", member)
        self.good(self.change(elsewhere, webmail="off", scope="all"))

    def test_records_say_who(self):
        domain = self.make("domain")
        self.good(self.change(domain, pop3="off", scope="all"))
        record = self.command("audit", "--limit", "1")[0]
        self.assertEqual((record["action"], record["object"], record["who"]),
                         ("domain.set", self.domain, domain.browser.member))
        row = self.good(domain.get(self.path()))
        self.assertEqual(row["changed_by"], domain.browser.member)

    def test_an_alias_has_the_settings_of_its_domain(self):
        server = self.make("server")
        alias = "alias-of-" + self.domain
        made = self.good(server.post("/domains", {"domain": alias.upper(), "alias_of": self.domain}))
        self.assertEqual((made["domain"], made["alias_of"], made["active"]), (alias, self.domain, True))
        self.refused(self.change(server, domain=alias, pop3="off"), 409, "alias")
        self.assertEqual(self.good(self.change(server, domain=alias, active=False))["active"], False)
        self.assertEqual(self.good(server.get(self.path()))["active"], True)
        self.refused(server.delete(self.path(alias)), 409, "members-differ", members=0, aliases=0)
        self.good(server.delete(self.path(alias) + "?members=0"), 204)
        self.good(server.get(self.path()))
        self.refused(server.get(self.path(alias)), 404, "not-found")

    def test_a_server_administrator_adds_and_removes(self):
        server = self.make("server")
        new = "new-" + self.foreign
        made = server.post("/domains", {"domain": new})
        self.assertEqual(self.good(made)["known"], True)
        self.assertEqual(made.headers["ETag"], self.etag(server, new))
        self.refused(server.post("/domains", {"domain": new}), 409, "domain-exists")
        self.refused(server.post("/domains", {"domain": "no domain"}), 400, "bad-request", field="domain")
        self.refused(server.post("/domains", {"domain": "a." + new, "alias_of": "no domain"}), 400, "bad-request", field="alias_of")
        self.refused(server.post("/domains", {"domain": "a." + new, "alias_of": "none.test"}), 409, "no-such-domain")
        self.good(server.post("/domains", {"domain": "a." + new, "alias_of": new}))
        self.refused(server.post("/domains", {"domain": "b." + new, "alias_of": "a." + new}), 409, "alias-of-alias")
        self.command("member", "add", "x@" + new)
        for members in ("", "?members=0", "?members=2", "?members=01"):
            self.refused(server.delete(self.path(new) + members), 409, "members-differ", members=1, aliases=1)
        self.good(server.delete(self.path(new) + "?members=1"), 204)
        self.refused(server.get(self.path(new)), 404, "not-found")
        self.refused(server.get(self.path("a." + new)), 404, "not-found")
        self.assertEqual(self.command("audit", "--limit", "1")[0]["action"], "domain.remove")

    def test_a_domain_of_a_member_becomes_known(self):
        server = self.make("server")
        name = "held-" + self.foreign
        self.portal.sql("INSERT INTO domain (name, known, active, created_at, settings) VALUES (?, 0, 1, 1, '')", name)
        self.assertEqual(self.good(server.get(self.path(name)))["known"], False)
        self.refused(self.change(server, domain=name, pop3="off"), 409, "domain-not-known")
        self.good(server.post("/domains", {"domain": name}))
        self.good(self.change(server, domain=name, pop3="off"))


class Many(Domains):
    """A domain of more members than are changed at once; each has POP3 on as a setting of its own."""

    MEMBERS = 1500

    def fill(self):
        self.subject = "m-" + self.domain
        self.command("domain", "add", self.subject)
        self.command("member", "add", "first@" + self.subject, "pop3=on")
        names = [row[1] for row in self.sql("PRAGMA table_info(member)") if row[1] not in ("id", "local")]
        self.sql("WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < %d) INSERT INTO member (local, %s) "
                 "SELECT 'u' || x.n, %s FROM member m CROSS JOIN x WHERE m.local = 'first' AND m.domain_id = (SELECT id FROM "
                 "domain WHERE name = ?)" % (self.MEMBERS - 1, ", ".join(names), ", ".join("m." + name for name in names)),
                 self.subject)

    def held(self, member):
        return self.command("member", "show", "%s@%s" % (member, self.subject))["settings"]["pop3"]["value"]

    def ended(self, administrator, job):
        wait_for(lambda: self.good(administrator.get("/jobs/%d" % job))["state"] == "done", TIMEOUT)
        return self.good(administrator.get("/jobs/%d" % job))

    def test_a_change_for_all_is_a_job_that_can_be_undone(self):
        self.fill()
        domain = self.make("domain", [self.domain, self.subject])
        colleague = self.person(domain=self.subject)
        self.command("member", "set", colleague, "pop3=on")
        self.command("admin", "add", colleague, "--role", "helpdesk", "--domains", self.subject)
        result = self.good(self.change(domain, self.subject, scope="all", pop3="off"))["result"]
        self.assertEqual((result["members"], result["cleared"], result["affected"]), (self.MEMBERS + 1,) * 3)
        # Administrators are not left to the job, which leaves them out.
        self.assertEqual(self.held(colleague.split("@")[0]), "off")
        job = self.ended(domain, result["job"])
        self.assertEqual((job["change"], job["filter"], job["total"], job["changed"], job["skipped"]),
                         ("pop3=inherit", "domain=" + self.subject, self.MEMBERS + 1, self.MEMBERS, 1))
        self.assertEqual([self.held(member) for member in ("first", "u1", "u%d" % (self.MEMBERS - 1))], ["off"] * 3)
        undo = self.ended(domain, self.good(domain.post("/jobs/%d/undo" % job["id"]))["id"])
        self.assertEqual((undo["changed"], self.held("u1")), (self.MEMBERS, "on"))

    def test_a_change_for_new_members_gives_all_others_what_they_have_before_the_domain_is_changed(self):
        self.fill()
        self.sql("UPDATE member SET settings = '' WHERE domain_id = (SELECT id FROM domain WHERE name = ?) AND local <> "
                 "'first'", self.subject)
        domain = self.make("domain", [self.domain, self.subject])
        answer = self.good(self.change(domain, self.subject, scope="new", pop3="off"))
        self.assertEqual((answer["result"]["pinned"], answer["result"]["affected"]), (self.MEMBERS - 1, 0))
        job = self.ended(domain, answer["result"]["job"])
        self.assertEqual((job["action"], job["change"], job["changed"], job["same"], job["can_be_undone"]),
                         ("pin", "pop3=off", self.MEMBERS - 1, 1, False))
        self.assertEqual(self.good(domain.get(self.path(self.subject)))["settings"]["pop3"]["own"], "off")
        self.command("member", "add", "late@" + self.subject)
        self.assertEqual([self.held(member) for member in ("first", "u1", "late")], ["on", "on", "off"])
        self.refused(domain.post("/jobs/%d/undo" % job["id"]), 409, "job-state")

    def test_the_command_runs_the_job_itself_and_finishes_one_that_was_left(self):
        self.fill()
        server = self.make("server")
        result = self.command("domain", "set", self.subject, "pop3=off", "--scope", "all")
        self.assertEqual((result["cleared"], result["affected"]), (self.MEMBERS, self.MEMBERS))
        job = self.good(server.get("/jobs/%d" % result["job"]))
        self.assertEqual((job["state"], job["changed"], self.held("u1")), ("done", self.MEMBERS, "off"))
        # As if it had been killed in the beginning, and no portal had come by.
        self.sql("DELETE FROM job_member WHERE job_id = ?", job["id"])
        self.sql("UPDATE job SET state = 'running', position = 0, leased_until = 0, ended_at = NULL WHERE id = ?", job["id"])
        self.assertEqual(self.command("domain", "set", self.subject, "sieve=off")["job"], None)
        self.assertEqual(self.good(server.get("/jobs/%d" % job["id"]))["state"], "done")

    def test_nobody_is_locked_out_by_the_job(self):
        self.fill()
        own = self.make("domain", [self.domain, self.subject], address=self.person(domain=self.subject))
        server = self.make("server")
        self.command("member", "set", own.browser.member, "webmail=on")
        for administrator, why in ((own, "own-account"), (self.make("domain", [self.subject]), "locks-out-administrators")):
            self.refused(self.change(administrator, self.subject, scope="all", webmail="off"), 409, why)
        self.assertEqual(self.good(server.get(self.path(self.subject)))["settings"]["webmail"]["own"], "inherit")

    def test_those_who_inherit_need_no_job(self):
        self.fill()
        domain = self.make("domain", [self.domain, self.subject])
        result = self.good(self.change(domain, self.subject, imap="off"))["result"]
        self.assertEqual(result, {"members": self.MEMBERS, "pinned": 0, "cleared": 0, "affected": self.MEMBERS, "job": None})
        result = self.good(self.change(domain, self.subject, scope="all", imap="inherit"))["result"]
        self.assertEqual((result["cleared"], result["affected"], result["job"]), (0, self.MEMBERS, None))


class Previews(Domains):
    """What a preview says is what the change does, with classes and sections of the policy file."""

    POLICIES = ('class "staff" {\ntwo_factor_requirement = required\n}\ndefaults {\npop3 = off\n}\n',
                'domain "{0}" {{\nclient_password = never\nsieve = forbidden\n}}\n'.format("%s"))
    PEOPLE = (("inherits", (), ("imap", "pop3")), ("own", ("pop3=on", "client_password=always"), ("pop3",)),
              ("off", ("pop3=off",), ("pop3",)), ("staff", ("class=staff",), ("smtp",)), ("idle", (), ()))
    CHANGES = ({"pop3": "off"}, {"client_password": "never"}, {"two_factor_requirement": "required"},
               {"client_password": "inherit", "pop3": "on"})

    def populate(self, domain):
        self.command("domain", "add", domain)
        for name, settings, uses in self.PEOPLE:
            self.command("member", "add", "%s@%s" % (name, domain), *settings)
            for service in uses:
                self.portal.sql("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT m.id, ?, "
                                "'account-password', ?, '' FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local = ? "
                                "AND d.name = ?", service, int(time.time()) - DAY, name, domain)

    def held(self):
        """What holds for each member, by the command."""
        members = ["%s@%s" % (name, self.subject) for name, _, _ in self.PEOPLE]
        return {member: {name: value["value"] for name, value in
                         self.command("member", "show", member)["settings"].items()} for member in members}

    def outcome(self, before, after):
        """Of the change, for the members and uses above."""
        found = {"affected": 0, "losing": 0, "loses": {}, "must_register": 0, "client_password": 0}
        for name, _, uses in self.PEOPLE:
            was, now = (state["%s@%s" % (name, self.subject)] for state in (before, after))
            lost = [service for service in uses if was[service] == "on" and now[service] == "off"
                    and was["client_password"] == "always"]
            found["affected"] += was != now
            found["losing"] += bool(lost)
            for service in lost:
                found["loses"][service] = found["loses"].get(service, 0) + 1
            found["must_register"] += (was["two_factor_requirement"], now["two_factor_requirement"]) == ("optional", "required")
            found["client_password"] += any(was[service] == now[service] == "on" for service in uses) and \
                was["client_password"] == "always" and now["client_password"] == "never"
        return found

    def check(self, server, fields, scope, before):
        """What holds after the change, of which the preview has told."""
        etag = self.etag(server, self.subject)
        preview = self.good(server.post(self.path(self.subject) + "/preview", fields))
        self.assertEqual(preview["use_days"], 30)
        self.assertEqual(self.etag(server, self.subject), etag)  # it changes nothing
        result = self.good(self.change(server, self.subject, scope=scope, **fields))["result"]
        self.assertIsNone(result.pop("job"))
        after = self.held()
        said = preview[scope]
        self.assertEqual({name: said[name] for name in result}, result)
        self.assertEqual(result["members"], len(self.PEOPLE))
        self.assertEqual({name: said[name] for name in ("affected", "losing", "loses", "must_register", "client_password")},
                         self.outcome(before, after))
        return after

    def test_previews_come_true(self):
        server = self.make("server")
        for number, policy in enumerate(self.POLICIES):
            for scope in ("new", "inheriting", "all"):
                self.subject = "s%d-%s-%s" % (number, scope, self.domain)
                self.populate(self.subject)
                self.policy(policy % self.subject if "%s" in policy else policy)
                held = self.held()
                for fields in self.CHANGES:
                    with self.subTest(policy=number, scope=scope, fields=fields):
                        held = self.check(server, fields, scope, held)

    def test_a_date_is_looked_at_on_its_day(self):
        domain = self.make("domain")
        self.person()
        preview = self.good(domain.post(self.path() + "/preview", {"two_factor_requirement": LAST_DAY}))
        self.assertEqual((preview["on"], preview["inheriting"]["must_register"], preview["new"]["must_register"]),
                         ("2037-03-01", 1, 0))


if __name__ == "__main__":
    unittest.main()
