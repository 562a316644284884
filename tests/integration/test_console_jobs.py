"""Jobs of the administrators' API: one change of many members, by a portal that may be killed in the middle."""
import unittest

from portal import free_port
from server import TIMEOUT, wait_for
from console import Administrator, ConsoleTest

MANY = 6000


class Jobs(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.boss = self.program("domain")
        self.desk = self.program("helpdesk")

    def program(self, role, domain=None):
        options = () if role == "server" else ("--domains", domain or self.domain)
        key = self.command("api-key", "add", "--role", role, "--label", role, *options)["key"]
        return Administrator(self.portal.browser(), key)

    def add_members(self, count):
        path = self.portal.dir + "/members.csv"
        with open(path, "w") as f:
            f.write("address,pop3\n" + "".join("u%d@%s,%s\n" % (i, self.domain, "on" if i % 7 == 0 else "")
                                               for i in range(count)))
        self.command("member", "import", path)

    def all(self, **more):
        return {"filter": {"domain": self.domain}, **more}

    def start(self, who, what):
        matching = self.good(who.post("/jobs/preview", what))["matching"]
        return self.good(who.post("/jobs", {**what, "expect": matching}))

    def job(self, job, who=None):
        return self.good((who or self.boss).get("/jobs/%d" % job["id"]))

    def ended(self, job, who=None):
        wait_for(lambda: self.job(job, who)["state"] != "running", TIMEOUT)
        return self.job(job, who)

    def changed(self, job):
        """How many members have a record of the job, and how many records there are."""
        return self.sql("SELECT COUNT(DISTINCT object), COUNT(*) FROM audit WHERE action = 'member.set' "
                        "AND after LIKE '% job=' || ?", job["id"])[0]

    def test_filter_is_previewed_run_and_undone(self):
        self.add_members(30)
        off = self.all(change={"pop3": "off"})
        preview = self.good(self.boss.post("/jobs/preview", off))
        self.assertEqual(preview, {"matching": 30, "changed": 30, "same": 0, "administrators": 0, "own_account": 0,
                                   "forbidden": 0, "lose_service": 0, "must_register": 0, "outside_networks": 0,
                                   "not_found": 0, "can_be_undone": True})
        self.refused(self.boss.post("/jobs", {**off, "expect": 29}), 409, "other-number", matching=30)
        job = self.ended(self.start(self.boss, off))
        self.assertEqual((job["state"], job["changed"], job["total"], job["change"]), ("done", 30, 30, "pop3=off"))
        self.assertEqual(self.sql("SELECT COUNT(*) FROM member WHERE settings = 'pop3=off'")[0][0], 30)
        # One who was changed since is left alone.
        self.command("member", "set", "u1@" + self.domain, "pop3=on")
        undo = self.ended(self.good(self.boss.post("/jobs/%d/undo" % job["id"])))
        self.assertEqual((undo["action"], undo["undo_of"], undo["changed"], undo["failed"]), ("undo", job["id"], 29, 1))
        failures = self.good(self.boss.get("/jobs/%d/failures" % undo["id"]))
        self.assertEqual(failures, {"items": [{"member": "u1@" + self.domain, "skipped": False,
                                               "reason": "changed-since"}], "total": 1, "next": None})
        self.assertEqual(self.sql("SELECT COUNT(*) FROM member WHERE settings = 'pop3=off'")[0][0], 0)
        self.assertFalse(self.job(job)["can_be_undone"])
        self.refused(self.boss.post("/jobs/%d/undo" % job["id"]), 409, "job-state")

    def test_members_who_were_last_seen_outside_of_new_networks_are_counted(self):
        self.add_members(5)
        for number, ip in ((0, "192.0.2.7"), (1, "198.51.100.7"), (2, "198.51.100.8")):
            self.sql("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT id, 'webmail', 'webmail', "
                     "1700000000, ? FROM member WHERE local = ? AND domain_id = (SELECT id FROM domain WHERE name = ?)",
                     ip, "u%d" % number, self.domain)
        what = self.all(change={"webmail_allowed_networks": "192.0.2.0/24"})
        preview = self.good(self.boss.post("/jobs/preview", what))
        self.assertEqual((preview["changed"], preview["outside_networks"], preview["lose_service"]), (5, 2, 0))
        named = {"members": ["u%d@%s" % (i, self.domain) for i in range(3)], "change": what["change"]}
        self.assertEqual(self.good(self.boss.post("/jobs/preview", named))["outside_networks"], 2)
        self.ended(self.start(self.boss, what))
        self.assertEqual(self.good(self.boss.post("/jobs/preview", what))["outside_networks"], 0)

    def test_records_are_found_by_administrators_of_the_domain(self):
        self.add_members(3)
        for what in ({"change": {"pop3": "off"}}, {"action": "end-sessions"}):
            self.ended(self.start(self.boss, self.all(**what)))
        found = self.good(self.desk.get("/audit?limit=6"))["items"]
        members = ["u%d@%s" % (i, self.domain) for i in (2, 1, 0)]
        self.assertEqual([(row["action"], row["object"]) for row in found],
                         [("session.revoke-all", member) for member in members] +
                         [("member.set", member) for member in members])
        self.assertEqual(len(self.good(self.desk.get("/audit?action=member.set&object=" + self.domain))["items"]), 3)
        self.assertEqual(self.good(self.program("domain", self.foreign).get("/audit?action=member.set"))["items"], [])

    def test_reason_is_asked_for_where_the_policy_file_wants_one_and_members_read_it(self):
        member = self.person()
        browser, _ = self.register(member)
        self.addCleanup(self.portal.reload)
        self.addCleanup(self.portal.write_policy)
        self.portal.write_policy('admin_reason = "required"\n')
        self.portal.reload()
        for action in ("end-sessions", "remove-factor"):
            what = {"members": [member], "action": action}
            wait_for(lambda: self.boss.post("/jobs", {**what, "expect": 1}).json.get("field") == "reason", TIMEOUT)
            self.refused(self.boss.post("/jobs", {**what, "expect": 1, "reason": "a\nb"}), 400, "bad-request", field="reason")
            job = self.ended(self.good(self.boss.post("/jobs", {**what, "expect": 1, "reason": "stolen laptops"})))
            self.assertEqual((job["changed"], job["change"]), (1, "reason=stolen laptops"))
            found = self.good(self.boss.get("/audit?limit=1"))["items"][0]
            self.assertEqual((found["object"], found["after"]), (member, "job=%d reason=stolen laptops" % job["id"]))
        self.assertEqual(browser.sign_in(member).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        told = [row["reason"] for row in self.good(browser.get("/api/account/activity"))["entries"] if row.get("reason")]
        self.assertEqual(set(told), {"stolen laptops"})
        self.refused(self.boss.post("/jobs/preview", self.all(change={"reason": "x"})), 400, "bad-request", field="change")

    def test_list_has_members_of_ones_own(self):
        self.add_members(3)
        other = self.person(domain=self.foreign)
        listed = {"members": ["u0@" + self.domain, "u1@" + self.domain, other, "nobody@" + self.domain],
                  "change": {"active": "off", "class": "left"}}
        preview = self.good(self.boss.post("/jobs/preview", listed))
        self.assertEqual((preview["matching"], preview["not_found"]), (2, 2))
        self.assertEqual(self.ended(self.start(self.boss, listed))["changed"], 2)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM member WHERE active = 0 AND class = 'left'")[0][0], 2)

    def test_role_decides_what_may_be_done_and_seen(self):
        self.add_members(3)
        self.refused(self.desk.post("/jobs/preview", self.all(change={"pop3": "off"})), 403, "role")
        self.refused(self.desk.post("/jobs", {**self.all(change={"pop3": "off"}), "expect": 3}), 403, "role")
        job = self.ended(self.start(self.desk, self.all(action="end-sessions")), self.desk)
        self.assertEqual((job["changed"], job["can_be_undone"]), (3, False))
        self.refused(self.desk.post("/jobs/%d/undo" % job["id"]), 403, "role")
        self.refused(self.boss.get("/jobs/%d" % job["id"]), 404, "not-found")
        self.refused(self.boss.get("/jobs/%d/failures" % job["id"]), 404, "not-found")
        self.refused(self.boss.post("/jobs/%d/pause" % job["id"]), 404, "not-found")
        self.assertEqual(self.good(self.boss.get("/jobs")), {"items": [], "total": 0, "next": None})
        server = self.program("server")
        self.assertEqual(self.job(job, server), job)
        self.refused(server.post("/jobs/%d/undo" % job["id"]), 409, "job-state")

    def paused(self, who):
        job = self.start(who, self.all(change={"sieve": "off"}))
        return self.good(who.post("/jobs/%d/pause" % job["id"]))

    def give(self, member, *domains):
        self.command("admin", "add", member, "--role", "domain", "--domains", ",".join(domains))

    def test_other_rights_stop_jobs_and_leave_what_was_done(self):
        self.add_members(MANY)
        one, server = self.make("domain"), self.program("server")
        done = self.ended(self.start(one, {"members": ["u1@" + self.domain], "change": {"pop3": "off"}}), one)
        job = self.paused(one)
        self.give(one.browser.member, self.domain)
        self.assertEqual(self.job(job, one)["state"], "paused")
        self.give(one.browser.member, self.domain, self.foreign)
        self.assertEqual((self.job(job, one)["state"], self.job(job, one)["reason"]), ("stopped", "administrator"))
        self.refused(server.post("/jobs/%d/resume" % job["id"]), 409, "job-state")
        self.assertEqual(self.good(one.get("/jobs"))["total"], 2)
        undo = self.ended(self.good(one.post("/jobs/%d/undo" % done["id"])), one)
        self.assertEqual((undo["changed"], undo["failed"]), (1, 0))
        job = self.paused(one)
        self.command("admin", "remove", one.browser.member)
        self.assertEqual(self.job(job, server)["state"], "stopped")

    def test_job_of_one_who_is_switched_off_or_whose_key_has_expired_does_not_go_on(self):
        self.add_members(MANY)
        server = self.program("server")
        for one, end in ((self.make("domain"), lambda one: self.command("member", "set", one.browser.member, "active=off")),
                         (self.program("domain"), lambda one: self.sql("UPDATE api_key SET expires_at = 1 WHERE administrator_id "
                                                                       "= (SELECT MAX(administrator_id) FROM api_key)"))):
            job = self.paused(one)
            end(one)
            self.good(server.post("/jobs/%d/resume" % job["id"]))
            ended = self.ended(job, server)
            self.assertEqual((ended["state"], ended["reason"], ended["changed"]), ("stopped", "administrator", job["changed"]))
            undo = self.ended(self.good(server.post("/jobs/%d/undo" % job["id"])), server)
            self.assertEqual(undo["changed"], job["changed"])

    def test_many_changes_at_once_shut_out_no_administrator(self):
        self.add_members(3)
        self.command("admin", "add", "u1@" + self.domain, "--role", "server")
        server, webmail = self.program("server"), {"change": {"webmail": "off"}}
        self.assertEqual(self.good(server.post("/jobs/preview", self.all(**webmail)))["administrators"], 1)
        job = self.ended(self.start(server, self.all(**webmail)), server)
        self.assertEqual((job["changed"], job["skipped"]), (2, 1))
        # What shuts nobody out reaches all, and so does undoing it.
        job = self.ended(self.start(server, self.all(change={"pop3": "off"})), server)
        self.assertEqual((job["changed"], job["skipped"]), (3, 0))
        undo = self.ended(self.good(server.post("/jobs/%d/undo" % job["id"])), server)
        self.assertEqual((undo["changed"], undo["skipped"]), (3, 0))
        # Undoing may shut out, too, where the domain is off meanwhile.
        job = self.ended(self.start(server, self.all(change={"webmail": "on"})), server)
        undo = self.ended(self.good(server.post("/jobs/%d/undo" % job["id"])), server)
        self.assertEqual((undo["changed"], undo["skipped"]), (2, 1))
        again = self.ended(self.good(server.post("/jobs/%d/undo" % undo["id"])), server)
        self.assertEqual((again["changed"], again["skipped"]), (2, 0))

    def test_lists_are_paged(self):
        self.add_members(5)
        self.command("admin", "add", "u1@" + self.domain, "--role", "helpdesk", "--domains", self.domain)
        self.command("admin", "add", "u3@" + self.domain, "--role", "helpdesk", "--domains", self.domain)
        jobs = [self.ended(self.start(self.boss, self.all(change={"sieve": value}))) for value in ("off", "on", "inherit")]
        first = self.good(self.boss.get("/jobs?limit=2"))
        self.assertEqual((first["items"], first["total"]), ([jobs[2], jobs[1]], 3))
        self.assertEqual(self.good(self.boss.get("/jobs?limit=2&after=%d" % first["next"])),
                         {"items": [jobs[0]], "total": 3, "next": None})
        path = "/jobs/%d/failures?limit=1" % jobs[0]["id"]
        first = self.good(self.boss.get(path))
        self.assertEqual(first["items"], [{"member": "u1@" + self.domain, "skipped": True, "reason": "administrator"}])
        self.assertEqual([row["member"] for row in self.good(self.boss.get(path + "&after=%d" % first["next"]))["items"]],
                         ["u3@" + self.domain])

    def test_what_nobody_knows_is_refused(self):
        members = {"members": [self.person()]}
        for what, field in (({"change": {"pop3": "off"}}, "members"), ({**members, "change": {"pop3": "sideways"}}, "change"),
                            ({**members, "change": {"teleport": "on"}}, "change"), (members, "change"),
                            ({**members, "change": {}}, "change"), ({**members, "action": "delete"}, "action"),
                            ({**members, "action": "undo"}, "action"),
                            ({**members, "change": {"pop3": "off"}, "action": "end-sessions"}, "action"),
                            ({**members, **self.all(action="end-sessions")}, "filter"),
                            ({"filter": {"shoe_size": "44"}, "action": "end-sessions"}, "filter")):
            self.refused(self.boss.post("/jobs/preview", what), 400, "bad-request", field=field)

    def test_paused_job_rests(self):
        self.add_members(MANY)
        job = self.start(self.boss, self.all(change={"sieve": "off"}))
        self.good(self.boss.post("/jobs/%d/pause" % job["id"]))
        before = self.job(job)
        self.assertEqual(before["state"], "paused")
        self.refused(self.boss.post("/jobs/%d/pause" % job["id"]), 409, "job-state")
        self.assertEqual(self.changed(job), (before["changed"],) * 2)
        self.good(self.boss.post("/jobs/%d/resume" % job["id"]))
        self.assertEqual(self.ended(job)["changed"], MANY)
        self.refused(self.boss.post("/jobs/%d/resume" % job["id"]), 409, "job-state")
        self.assertEqual(self.changed(job), (MANY, MANY))

    def test_killed_portal_goes_on_where_it_was(self):
        self.add_members(MANY)
        job = self.start(self.boss, self.all(change={"sieve": "off"}))
        wait_for(lambda: self.job(job)["changed"] > 0, TIMEOUT)
        self.portal.kill()
        self.assertLess(self.changed(job)[0], MANY)
        self.portal.start()
        self.assertEqual(self.ended(job)["changed"], MANY)
        self.assertEqual(self.changed(job), (MANY, MANY))

    def test_another_portal_takes_over(self):
        self.add_members(MANY)
        port = free_port()
        first, other = self.portal.process, self.portal.another(port)
        try:
            job = self.start(self.boss, self.all(change={"sieve": "off"}))
            wait_for(lambda: self.job(job)["changed"] > 0, TIMEOUT)
            first.kill()
            first.wait(TIMEOUT)
            self.boss.browser.port = port
            self.assertEqual(self.ended(job)["changed"], MANY)
            self.assertEqual(self.changed(job), (MANY, MANY))
        finally:
            other.kill()
            other.wait(TIMEOUT)
            self.portal.start()


if __name__ == "__main__":
    unittest.main()
