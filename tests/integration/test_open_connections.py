"""Open mail connections of members from whom a service is taken: at the real Dovecot they end, however it is taken."""
import json
import subprocess
import unittest

import test_portal_signin as signin
from console import Administrator
from portal import POSTLATCH
from server import TIMEOUT, wait_for
from test_app_password_connections import RealServer

setUpModule = signin.setUpModule


class OpenConnections(RealServer):
    def setUp(self):
        """The member has a connection of IMAP, and another one has one that stays."""
        super(signin.Flow, self).setUp()
        self.domain = signin.server.env["DOMAIN"]
        key = signin.server.json("api-key", "add", "--role", "domain", "--label", "test", "--domains", self.domain)["key"]
        self.boss = Administrator(signin.portal.browser(), key)
        self.other, self.kept = self.open("IMAP")
        self.owner, self.imap = self.open("IMAP")

    def open(self, service):
        """A member that is signed in, of which it is known."""
        self.member = next(signin.members)
        connection = self.connect(service, "right")
        self.assertTrue(connection.open)
        wait_for(lambda: service.lower() in signin.server.json("member", "show", self.member)["last_used"], TIMEOUT)
        return self.member, connection

    def run_job(self, what):
        matching = self.good(self.boss.post("/jobs/preview", what))["matching"]
        job = self.good(self.boss.post("/jobs", {**what, "expect": matching}))
        return self.wait_for_job(job)

    def wait_for_job(self, job):
        wait_for(lambda: self.good(self.boss.get("/jobs/%d" % job["id"]))["state"] == "done", TIMEOUT)
        return job

    def assert_only_ended(self, *connections):
        for connection in connections:
            wait_for(lambda: not connection.is_alive(), TIMEOUT)
        self.assertTrue(self.kept.is_alive())

    def test_job_that_switches_a_service_off_ends_them(self):
        pop3, pop3_connection = self.open("POP3")
        unchanged, imap = self.open("IMAP")
        signin.server.postlatch("member", "set", unchanged, "sieve=off")
        job = self.run_job({"members": [self.owner, pop3], "change": {"imap": "off"}})
        self.assert_only_ended(self.imap)
        # Who has never used what was taken keeps what is open, and so does who was not named.
        self.assertTrue(pop3_connection.is_alive())
        self.assertTrue(imap.is_alive())
        self.wait_for_job(self.good(self.boss.post("/jobs/%d/undo" % job["id"])))
        self.assertTrue(signin.server.imap(self.owner, "right")[0])
        self.run_job({"members": [self.owner, pop3], "change": {"pop3": "off"}})
        self.assert_only_ended(pop3_connection)

    def test_job_that_makes_members_inactive_ends_them(self):
        pop3, connection = self.open("POP3")
        self.run_job({"members": [self.owner, pop3], "change": {"active": "off"}})
        self.assert_only_ended(self.imap, connection)

    def test_import_that_switches_a_service_off_ends_them(self):
        text = "address,imap,pop3\n%s,off,\n%s,,off\n" % (self.owner, self.other)
        self.wait_for_job(self.good(self.boss.post("/import/members", text.encode(), Content_Type="text/csv")))
        self.assert_only_ended(self.imap)

    def test_change_of_one_member_ends_them(self):
        self.patch(self.owner, "imap", "off")
        self.assert_only_ended(self.imap)

    def use_webmail(self, member, ip):
        signin.server.sql("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT m.id, 'webmail', "
                          "'account-password', 1, '%s' FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local || '@' || "
                          "d.name = '%s'" % (ip, member))

    def test_networks_end_them_of_those_who_used_webmail_elsewhere(self):
        self.use_webmail(self.owner, "198.51.100.7")
        self.use_webmail(self.other, "192.0.2.7")
        self.run_job({"members": [self.owner, self.other], "change": {"webmail_allowed_networks": "192.0.2.0/24"}})
        self.assert_only_ended(self.imap)

    def test_networks_of_one_member_end_them(self):
        for member, ip in ((self.other, "192.0.2.7"), (self.owner, "198.51.100.7")):
            self.use_webmail(member, ip)
            self.patch(member, "webmail_allowed_networks", "192.0.2.0/24")
        self.assert_only_ended(self.imap)

    def test_networks_of_the_command_end_them(self):
        for member, ip in ((self.other, "192.0.2.7"), (self.owner, "198.51.100.7")):
            self.use_webmail(member, ip)
            self.run_command(member, "webmail_allowed_networks=192.0.2.0/24")
        self.assert_only_ended(self.imap)

    def patch(self, member, name, value):
        row = self.boss.get("/members/" + member)
        self.good(self.boss.patch("/members/" + member, {name: value}, If_Match=row.headers["ETag"]))

    def run_command(self, member, word):
        subprocess.run([POSTLATCH, "-c", signin.portal.dir + "/policy.conf", "member", "set", member, word],
                       check=True, capture_output=True)

    def test_command_that_changes_a_member_ends_them(self):
        self.run_command(self.owner, "active=off")
        self.assert_only_ended(self.imap)


if __name__ == "__main__":
    unittest.main()
