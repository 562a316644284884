"""One member in the administrators' API: what is shown, what may be changed and by whom, and what the member is told."""
import email
import email.policy
import json
import time
import unittest

import authenticator
import phone
from console import ConsoleTest, Administrator
from oauth import Program
from portal import totp
from server import TIMEOUT, wait_for

SETTINGS = {"webmail", "imap", "pop3", "smtp", "sieve", "forwarding", "large_attachments", "two_factor",
            "two_factor_requirement", "two_factor_mode", "client_password", "app_passwords", "connected_applications",
            "webmail_allowed_networks"}
# One more than a list may have.
NETWORKS = ["198.51.100.%d/32" % i for i in range(1, 9)] + ["2001:db8::/32"]
NOWHERE = 987654321  # an id that nothing has


class MemberTest(ConsoleTest):
    """One administrator has signed in for all tests, and gets another role or other domains for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal.start_sender()
        cls.boss = None

    def setUp(self):
        super().setUp()
        self.doveadm.kicked.clear()
        self.member = self.person()
        self.path = "/members/" + self.member
        self.role("domain")

    def role(self, role, *domains):
        if self.boss is None:
            self.command("domain", "add", "office.test")
            self.command("member", "add", "boss@office.test")
            type(self).boss = Administrator(self.register("boss@office.test")[0])
        self.admin = self.boss
        options = () if role == "server" else ("--domains", ",".join(domains or [self.domain]))
        self.command("admin", "add", "boss@office.test", "--role", role, *options)

    def policy(self, extra, until):
        """Until the test ends. until says whether the portal has read it."""
        self.addCleanup(self.portal.reload)
        self.addCleanup(self.portal.write_policy)
        self.portal.write_policy(extra)
        self.portal.reload()
        wait_for(until, TIMEOUT)

    def demand_reasons(self):
        self.policy('admin_reason = "required"\n', lambda: self.show()["reason"] == "required")

    def show(self):
        return self.good(self.admin.get(self.path))

    def etag(self):
        return self.admin.get(self.path).headers["ETag"]

    def change(self, **fields):
        return self.admin.patch(self.path, fields, If_Match=self.etag())

    def remove(self, what, id, **fields):
        return self.admin.request("DELETE", "%s/%s/%d" % (self.path, what, id), fields)

    def items(self, what, path=None):
        return self.good(self.admin.get("%s/%s" % (path or self.path, what)))["items"]

    def session_of(self, address):
        """A browser in which the member has signed in, without a factor."""
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(address).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        return browser

    def registered(self):
        browser, self.key = self.register(self.member)
        return browser

    def app_password(self, label="phone"):
        """Its id, made by the command."""
        self.command("app-password", "create", self.member, "--label", label)
        return self.command("app-password", "list", self.member)[-1]["id"]

    def device(self):
        """The id of a trusted device of the member, which has a factor."""
        browser = self.portal.browser()
        browser.sign_in(self.member)
        self.good(browser.post("/api/sign-in/code", {"code": totp(self.key), "trust": True}))
        return browser.get("/api/account").json["devices"][0]["id"]

    def application(self, browser):
        """The id of an application that is connected in that browser."""
        Program(self.portal).tokens(browser)
        return browser.get("/api/account/applications").json["applications"][0]["id"]

    def audit(self, member=None):
        return [(record["action"], record["before"], record["after"])
                for record in self.command("audit", "--member", member or self.member)]

    def mails(self):
        """Subjects and texts of what was sent to the member."""
        found = []
        for text in self.portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == self.member:
                message = email.message_from_string(message, policy=email.policy.default)
                found.append((message["Subject"], message.get_content()))
        return found

    def told(self, subject):
        """The text of the mail that says so."""
        wait_for(lambda: any(subject in found for found, _ in self.mails()), TIMEOUT)
        return next(text for found, text in self.mails() if subject in found)


class Shown(MemberTest):
    def test_a_member_is_shown_with_what_holds_and_why(self):
        self.command("domain", "set", self.domain, "pop3=off")
        self.command("member", "set", self.member, "two_factor_requirement=required", "class=staff")
        self.policy('domain "%s" { sieve = forbidden }\n' % self.domain,
                    lambda: self.show()["settings"]["sieve"]["locked"])
        shown = self.show()
        self.assertLess(abs(shown["created_at"] - time.time()), 600)
        self.assertEqual((shown["member"], shown["domain"], shown["class"], shown["active"], shown["domain_active"]),
                         (self.member, self.domain, "staff", True, True))
        self.assertEqual((shown["administrator"], shown["may_change"], shown["may_help"], shown["self"]),
                         (None, True, True, False))
        self.assertEqual((shown["opted_out"], shown["choice_counts"], shown["warnings"], shown["reason"]),
                         (False, False, [], "off"))
        self.assertEqual([shown[name] for name in ("app_passwords", "applications", "sessions", "devices")], [0] * 4)
        self.assertEqual(shown["factor"], {"registered": False, "registered_at": 0, "registered_ip": "", "recovery_codes": 0,
                                           "failures": 0, "blocked": False, "wait_until": 0})
        settings = shown["settings"]
        self.assertEqual(set(settings), SETTINGS)
        short = {name: (row["value"], row["source"], row["own"], row["locked"]) for name, row in settings.items()}
        self.assertEqual(short["imap"], ("on", "built-in", "inherit", False))
        self.assertEqual(short["pop3"], ("off", "domain", "inherit", False))
        self.assertEqual(short["sieve"], ("off", "forbidden", "inherit", True))
        self.assertEqual([settings[name]["section"] for name in ("sieve", "imap")], ["domain", None])
        self.assertEqual(short["two_factor_requirement"], ("required", "member", "required", False))
        self.assertEqual(settings["two_factor_requirement"]["inherited"], {"value": "optional", "source": "built-in"})
        self.assertEqual(settings["two_factor_mode"]["allowed"], ["inherit", "use", "skip"])
        self.assertEqual((settings["two_factor_mode"]["dated"], settings["two_factor_requirement"]["dated"]),
                         ([], ["required"]))
        self.assertEqual([name for name in settings if settings[name]["no_effect_yet"]], [])

    def test_a_factor_is_shown_with_when_and_whence(self):
        browser = self.registered()
        self.device()
        factor = self.show()["factor"]
        self.assertLess(abs(factor["registered_at"] - time.time()), 600)
        self.assertEqual((factor["registered"], factor["registered_ip"], factor["recovery_codes"]), (True, browser.ip, 10))
        self.assertEqual((self.show()["sessions"], self.show()["devices"]), (2, 1))

    def test_the_members_own_choice_is_beside_the_setting(self):
        browser = self.session_of(self.member)
        self.good(browser.post("/api/account/two-factor-mode", {"two_factor_mode": "skip"}))
        shown = self.show()
        self.assertEqual((shown["opted_out"], shown["choice_counts"]), (True, True))
        self.assertEqual(shown["settings"]["two_factor_mode"]["value"], "use")
        self.good(self.change(two_factor_requirement="required"))
        self.assertEqual((self.show()["opted_out"], self.show()["choice_counts"]), (True, False))

    def test_a_date_is_told(self):
        self.good(self.change(client_password="never_from_2099-03-01"))
        row = self.show()["settings"]["client_password"]
        self.assertEqual((row["value"], row["own"], row["next"]),
                         ("always", "never_from_2099-03-01", {"value": "never", "from": "2099-03-01"}))

    def test_last_uses_are_listed_by_service_and_credential(self):
        self.sql("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT id, 'imap', 'app-password', 7, "
                 "'192.0.2.7' FROM member WHERE local = ? AND domain_id = (SELECT id FROM domain WHERE name = ?)",
                 *self.member.split("@"))
        self.assertEqual(self.show()["last_uses"],
                         [{"service": "imap", "credential": "app-password", "at": 7, "ip": "192.0.2.7"}])

    def test_those_of_other_domains_are_not_found(self):
        other = self.person(domain=self.foreign)
        for what in ("", "/sessions", "/devices", "/app-passwords", "/applications", "/activity", "/audit",
                     "/explain?service=imap"):
            self.refused(self.admin.get("/members/" + other + what), 404, "not-found")
        self.refused(self.admin.get("/members/nobody@" + self.domain), 404, "not-found")
        self.role("server")
        self.good(self.admin.get("/members/" + other))


class Changed(MemberTest):
    def test_named_fields_are_changed_and_no_others(self):
        answer = self.change(pop3="off", client_password="never", active=False)
        changed = self.good(answer)
        self.assertEqual((changed["active"], changed["settings"]["pop3"]["own"], changed["class"]), (False, "off", ""))
        self.assertEqual(answer.headers["ETag"], self.etag())
        self.good(self.change(active=True, **{"class": "staff"}))
        shown = self.show()
        self.assertEqual((shown["active"], shown["class"], shown["settings"]["pop3"]["own"]), (True, "staff", "off"))
        self.good(self.change(pop3="inherit", **{"class": ""}))
        self.assertEqual((self.show()["class"], self.show()["settings"]["pop3"]["own"]), ("", "inherit"))
        self.assertEqual(self.audit()[0], ("member.set", "class=staff pop3=off", "class= pop3=inherit"))
        record = self.command("audit", "--member", self.member)[0]
        self.assertEqual((record["who"], record["from"]), ("boss@office.test", self.admin.browser.ip))

    def test_who_has_not_seen_the_last_change_changes_nothing(self):
        etag = self.etag()
        self.refused(self.admin.patch(self.path, {"imap": "off"}), 428, "if-match-needed")
        self.command("member", "set", self.member, "pop3=off")
        self.refused(self.admin.patch(self.path, {"imap": "off"}, If_Match=etag), 412, "changed")
        self.assertEqual(self.show()["settings"]["imap"]["own"], "inherit")
        self.good(self.change(imap="off"))

    def test_values_that_make_no_sense_are_named(self):
        for fields in ({"imap": "perhaps"}, {"imap": "required"}, {"two_factor_mode": "on"}, {"active": "off"}, {"imap": True},
                       {"client_password": "never_from_2099-13-01"}, {"imap": "off class=x"}, {"class": "a b"},
                       {"class": "x" * 65}):
            with self.subTest(fields):
                self.refused(self.change(**fields), 400, "bad-request", field=list(fields)[0])
        self.refused(self.change(), 400, "bad-request")

    def test_fields_that_are_nobodys_are_refused(self):
        for name in ("id", "generation", "member", "domain", "created_at", "opted_out", "factor_registered", "domain_id",
                     "settings", "role"):
            with self.subTest(name):
                self.refused(self.change(**{"imap": "off", name: 1}), 400, "bad-request")
                self.refused(self.admin.post("/members", {"member": "new@" + self.domain, name + "_": 1}), 400, "bad-request")
        self.assertEqual(self.show()["settings"]["imap"]["own"], "inherit")

    def test_what_the_policy_file_forbids_stays_off(self):
        self.policy('domain "%s" { pop3 = forbidden }\n' % self.domain,
                    lambda: self.show()["settings"]["pop3"]["locked"])
        self.refused(self.change(pop3="on", imap="off"), 409, "forbidden", field="pop3")
        self.assertEqual(self.show()["settings"]["imap"]["own"], "inherit")
        self.refused(self.admin.post("/members", {"member": "new@" + self.domain, "pop3": "on"}), 409, "forbidden",
                     field="pop3")

    def test_skip_beside_required_is_allowed_with_a_warning(self):
        self.assertEqual(self.good(self.change(two_factor_requirement="required"))["warnings"], [])
        changed = self.good(self.change(two_factor_mode="skip"))
        self.assertEqual(changed["warnings"], ["skip-with-required"])
        self.assertEqual(changed["settings"]["two_factor_mode"]["value"], "skip")
        self.assertEqual(self.good(self.change(two_factor="off"))["warnings"], [])

    def test_webmail_is_limited_to_networks(self):
        setting = self.show()["settings"]["webmail_allowed_networks"]
        self.assertEqual((setting["value"], setting["source"], setting["own"]), ("everywhere", "built-in", "inherit"))
        self.assertEqual(setting["allowed"], ["inherit", "everywhere", "listed"])
        for value in ("office", "192.0.2.1/24", "192.0.2.0/33", "2001:db8::1/32", "listed", "on", " ".join(NETWORKS), 24,
                      None):
            with self.subTest(value):
                self.refused(self.change(webmail_allowed_networks=value), 400, "bad-request",
                             field="webmail_allowed_networks")
        self.command("domain", "set", self.domain, "webmail_allowed_networks=192.0.2.0/24")
        setting = self.show()["settings"]["webmail_allowed_networks"]
        self.assertEqual((setting["value"], setting["source"]), ("192.0.2.0/24", "domain"))
        wanted = ",".join(NETWORKS[:8])
        setting = self.good(self.change(webmail_allowed_networks=", ".join(NETWORKS[:8])))["settings"]
        self.assertEqual((setting["webmail_allowed_networks"]["own"], setting["webmail_allowed_networks"]["value"],
                          setting["webmail_allowed_networks"]["inherited"]),
                         (wanted, wanted, {"value": "192.0.2.0/24", "source": "domain"}))
        self.assertEqual(self.audit()[0], ("member.set", "webmail_allowed_networks=inherit",
                                           "webmail_allowed_networks=" + wanted))
        line = self.good(self.admin.get("/members?q=" + self.member))["items"][0]
        self.assertEqual(line["webmail_allowed_networks"], wanted)
        self.good(self.change(webmail_allowed_networks=""))
        line = self.good(self.admin.get("/members?q=" + self.member))["items"][0]
        self.assertEqual(line["webmail_allowed_networks"], None)

    def test_nobody_locks_himself_out(self):
        self.role("domain", "office.test")
        self.path = "/members/boss@office.test"
        self.assertTrue(self.show()["self"])
        for fields in ({"active": False}, {"webmail": "off"}, {"webmail_allowed_networks": "203.0.113.7"}):
            with self.subTest(fields):
                self.refused(self.change(**fields), 409, "own-account")
        self.good(self.change(imap="off"))
        self.good(self.change(imap="inherit"))
        self.refused(self.admin.delete(self.path), 409, "own-account")
        self.refused(self.admin.post(self.path + "/factor/remove"), 409, "own-account")
        shown = self.show()
        self.assertEqual((shown["active"], shown["settings"]["webmail"]["own"], shown["factor"]["registered"]),
                         (True, "inherit", True))

    def test_a_helpdesk_looks_and_helps_and_changes_nothing(self):
        self.role("helpdesk")
        shown = self.show()
        self.assertEqual((shown["may_change"], shown["may_help"]), (False, True))
        self.refused(self.change(imap="off"), 403, "role")
        self.refused(self.admin.post("/members", {"member": "new@" + self.domain}), 403, "role")
        self.refused(self.admin.delete(self.path), 403, "role")
        self.good(self.admin.post(self.path + "/sessions/end-all"))

    def test_administrators_are_out_of_reach_of_those_who_are_no_server_administrators(self):
        self.command("admin", "add", self.member, "--role", "helpdesk", "--domains", self.domain)
        shown = self.show()
        self.assertEqual((shown["administrator"], shown["may_change"], shown["may_help"]), ("helpdesk", False, False))
        self.refused(self.change(imap="off"), 403, "administrator")
        self.refused(self.admin.delete(self.path), 403, "administrator")
        self.refused(self.admin.post(self.path + "/factor/remove"), 403, "administrator")
        self.role("server")
        self.assertTrue(self.show()["may_change"])
        self.good(self.change(imap="off"))

    def test_members_are_added_and_removed(self):
        path = "/members/new@" + self.domain
        added = self.good(self.admin.post("/members", {"member": "New@" + self.domain, "pop3": "off", "class": "staff"}))
        self.assertEqual((added["member"], added["class"], added["settings"]["pop3"]["own"]),
                         ("new@" + self.domain, "staff", "off"))
        self.refused(self.admin.post("/members", {"member": "new@" + self.domain}), 409, "exists")
        for domain in (self.foreign, "unknown.test"):
            self.refused(self.admin.post("/members", {"member": "new@" + domain}), 404, "not-found")
        self.refused(self.admin.post("/members", {"member": "nothing"}), 400, "bad-request", field="member")
        answer = self.admin.delete(path)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.refused(self.admin.get(path), 404, "not-found")
        self.assertEqual([action for action, *_ in self.audit("new@" + self.domain)], ["member.remove", "member.add"])


class Helped(MemberTest):
    def setUp(self):
        super().setUp()
        self.role("helpdesk")

    def test_a_factor_is_removed_with_all_that_hangs_on_it(self):
        browser = self.registered()
        self.device()
        sessions = {row["id"] for row in self.items("sessions")}
        removed = self.good(self.admin.post(self.path + "/factor/remove", {"reason": "새 휴대폰"}))
        self.assertEqual((removed["factor"]["registered"], removed["factor"]["recovery_codes"], removed["sessions"],
                          removed["devices"]), (False, 0, 0, 0))
        self.assertEqual(browser.state(), "none")
        wait_for(lambda: {"session-%d" % id for id in sessions} <= set(self.doveadm.kicked), TIMEOUT)
        self.assertIn(("second-factor.reset", "", "reason=새 휴대폰"), self.audit())
        text = self.told("removed by an administrator")
        self.assertIn("Reason: 새 휴대폰", text)
        self.assertIn("사유: 새 휴대폰", text)
        self.assertNotIn("boss", text)
        self.assertNotIn(self.admin.browser.ip, text)

    def test_one_passkey_or_phone_of_several_is_removed(self):
        browser = self.registered()
        authenticator.register_another(self.portal, browser)
        mine = phone.register_another(self.portal, browser)
        passkey, = self.items("passkeys")
        self.assertEqual((passkey["name"], passkey["last_used_at"], passkey["backed_up"]), ("key", 0, False))
        device, = self.items("phones")
        self.assertEqual((device["name"], device["created_ip"]), ("phone", mine.browser.ip))
        kinds = lambda: self.sql("SELECT kinds FROM second_factor f JOIN member m ON m.id = f.member_id JOIN domain d ON "
                                 "d.id = m.domain_id WHERE m.local || '@' || d.name = ?", self.member)
        before = kinds()[0][0]
        left = self.good(self.remove("phones", device["id"], reason="lost in a bus"))
        self.assertEqual((left["items"], left["total"]), ([], 0))
        self.assertEqual(browser.state(), "none")
        self.refused(mine.send("request"), 403, "device-unknown")
        self.assertIn(("phone.remove", "phone"), [record[:2] for record in self.audit()])
        self.assertIn("Reason: lost in a bus", self.told("A phone was removed"))
        self.refused(self.remove("phones", device["id"]), 404, "not-found")
        self.good(self.remove("passkeys", passkey["id"]))
        self.assertEqual(self.items("passkeys"), [])
        # The authenticator app is still there.
        self.assertTrue(self.show()["factor"]["registered"])
        self.assertLess(kinds()[0][0], before)

    def test_own_passkeys_and_phones_are_removed_on_the_account_page(self):
        self.role("helpdesk", "office.test")
        for kind in ("passkeys", "phones"):
            self.refused(self.admin.delete("/members/boss@office.test/%s/1" % kind), 409, "own-account")

    def test_failures_are_cleared_with_a_factor_or_without(self):
        self.registered()
        self.sql("INSERT INTO factor_failure (member_id, failures, failed_at) SELECT member_id, 100, 1 FROM totp t JOIN "
                 "member m ON m.id = t.member_id JOIN domain d ON d.id = m.domain_id WHERE m.local || '@' || d.name = ?",
                 self.member)
        self.assertTrue(self.show()["factor"]["blocked"])
        self.assertFalse(self.good(self.admin.post(self.path + "/factor/remove"))["factor"]["blocked"])
        self.good(self.admin.post(self.path + "/factor/remove", {}))

    def test_a_session_is_ended_with_its_connections(self):
        kept, gone = self.session_of(self.member), self.session_of(self.member)
        rows = self.items("sessions")
        self.assertEqual(len(rows), 2)
        self.assertEqual(set(rows[0]), {"id", "name", "seen_at", "created_at", "ip", "current"})
        row = next(row for row in rows if row["ip"] == gone.ip)
        left = self.good(self.admin.post(self.path + "/sessions/end", {"id": row["id"], "reason": "stolen laptop"}))
        self.assertEqual([one["ip"] for one in left["items"]], [kept.ip])
        self.assertEqual((kept.state(), gone.state()), ("authenticated", "none"))
        wait_for(lambda: self.doveadm.kicked == ["session-%d" % row["id"]], TIMEOUT)
        self.assertEqual(self.audit()[0], ("session.revoke", "id=%d" % row["id"], "reason=stolen laptop"))
        self.assertIn("Reason: stolen laptop", self.told("signed a device out"))

    def test_all_sessions_are_ended(self):
        browsers = [self.session_of(self.member) for _ in range(2)]
        self.application(browsers[0])
        left = self.good(self.admin.post(self.path + "/sessions/end-all", {"reason": "phishing"}))
        self.assertEqual((left["items"], left["total"], left["next"]), ([], 0, None))
        self.assertEqual([browser.state() for browser in browsers], ["none", "none"])
        self.assertEqual(self.items("applications"), [])
        wait_for(lambda: len(self.doveadm.kicked) == 3, TIMEOUT)
        self.assertIn("Reason: phishing", self.told("signed your devices out"))

    def test_who_ends_the_own_sessions_stays_signed_in(self):
        self.role("helpdesk", "office.test")
        left = self.good(self.admin.post("/members/boss@office.test/sessions/end-all"))
        self.assertEqual([row["current"] for row in left["items"]], [True])

    def test_the_trust_of_a_device_is_ended(self):
        self.registered()
        device = self.device()
        row, = self.items("devices")
        self.assertEqual((row["id"], row["current"]), (device, False))
        left = self.good(self.remove("devices", device, reason="lost"))
        self.assertEqual(left["items"], [])
        self.assertIn(("trusted-device.remove", "id=%d" % device, "reason=lost"), self.audit())
        self.assertIn("Reason: lost", self.told("ended the trust of a device"))

    def test_an_app_password_is_revoked(self):
        id = self.app_password("2층 복합기")
        row, = self.items("app-passwords")
        self.assertEqual((row["id"], row["label"], row["services"]), (id, "2층 복합기", ["imap", "pop3", "smtp", "sieve"]))
        self.assertNotIn("mac", json.dumps(row))
        left = self.good(self.remove("app-passwords", id, reason="never used"))
        self.assertEqual((left["items"], left["total"]), ([], 0))
        wait_for(lambda: self.doveadm.kicked == ["app-password-%d" % id], TIMEOUT)
        self.assertEqual(self.audit()[0], ("app-password.revoke", "id=%d label=2층 복합기" % id, "reason=never used"))
        self.assertIn("Reason: never used", self.told("An app password was revoked"))

    def test_a_connected_application_is_revoked(self):
        id = self.application(self.session_of(self.member))
        row, = self.items("applications")
        self.assertEqual((row["id"], row["name"], row["verified"]), (id, "Test Mail", False))
        self.assertEqual(self.good(self.admin.delete("%s/applications/%d" % (self.path, id)))["items"], [])
        wait_for(lambda: self.doveadm.kicked == ["session-%d" % id], TIMEOUT)
        self.assertIn("Test Mail", self.told("disconnected an application"))

    def test_what_belongs_to_others_is_not_found(self):
        self.registered()
        ids = {"devices": self.device(), "app-passwords": self.app_password(), "applications": 0}
        session = self.session_of(self.person(domain=self.foreign))
        ids["applications"] = self.application(session)
        mine, foreign = self.member, self.person(domain=self.foreign)
        ended = self.items("sessions")[0]["id"]
        for other in ("/members/" + self.person(), "/members/" + foreign):
            for what, id in ids.items():
                for one in (id, NOWHERE):
                    self.refused(self.admin.delete("%s/%s/%d" % (other, what, one)), 404, "not-found")
            for one in (ended, NOWHERE):
                self.refused(self.admin.post(other + "/sessions/end", {"id": one}), 404, "not-found")
        self.refused(self.admin.delete("%s/applications/%d" % (self.path, ids["applications"])), 404, "not-found")
        self.assertEqual((self.doveadm.kicked, self.member), ([], mine))
        self.assertEqual([len(self.items(what)) for what in ("devices", "app-passwords")], [1, 1])

    def test_without_a_reason_that_is_asked_for_nothing_is_done(self):
        self.registered()
        device, app_password = self.device(), self.app_password()
        session = self.items("sessions")[0]["id"]
        self.demand_reasons()
        before = len(self.audit())
        requests = (("POST", "/factor/remove", {}), ("POST", "/sessions/end", {"id": session}),
                    ("POST", "/sessions/end-all", {}), ("DELETE", "/devices/%d" % device, {}),
                    ("DELETE", "/app-passwords/%d" % app_password, {}), ("DELETE", "/applications/1", {}))
        for method, path, body in requests:
            with self.subTest(path):
                self.refused(self.admin.request(method, self.path + path, body), 400, "bad-request", field="reason")
                for reason in ("", " ", "x" * 81, "two\nlines", "\u202ex", 7, None):
                    self.refused(self.admin.request(method, self.path + path, {**body, "reason": reason}), 400,
                                 "bad-request", field="reason")
        self.assertEqual(len(self.audit()), before)
        self.good(self.remove("app-passwords", app_password, reason="복" * 80))
        self.assertEqual(self.audit()[0][2], "reason=" + "복" * 80)


class History(MemberTest):
    def test_activity_tells_administrators_who_it_was_and_members_why(self):
        browser = self.session_of(self.member)
        self.app_password("phone")
        id = self.items("app-passwords")[0]["id"]
        self.good(self.remove("app-passwords", id, reason="label=no label"))
        page = self.good(self.admin.get(self.path + "/activity"))
        first = page["items"][0]
        self.assertEqual((first["action"], first["label"], first["by"], first["who"], first["ip"], first["reason"]),
                         ("app-password.revoke", "phone", "administrator", "boss@office.test", self.admin.browser.ip,
                          "label=no label"))
        self.assertEqual((page["total"], page["next"], page["days"]), (len(page["items"]), None, 30))
        seen = browser.get("/api/account/activity").json["entries"][0]
        self.assertEqual((seen["action"], seen["label"], seen["by"], seen["ip"], seen["reason"]),
                         ("app-password.revoke", "phone", "administrator", "", "label=no label"))
        self.assertNotIn("boss", json.dumps(seen))

    def pages(self, path):
        found, after = [], ""
        while True:
            page = self.good(self.admin.get("%s?limit=2%s" % (path, after)))
            self.assertLessEqual(len(page["items"]), 2)
            found += page["items"]
            if page["next"] is None:
                self.assertEqual(page["total"], len(found))
                return found
            after = "&after=" + page["next"]

    def test_both_are_paged(self):
        for _ in range(2):
            self.command("member", "set", self.member, "imap=off")
            self.command("member", "set", self.member, "imap=on")
        found = [row["after"] for row in self.pages(self.path + "/audit")]
        self.assertEqual(found, ["imap=on", "imap=off", "imap=on", "imap=off", ""])
        found = [row["after"] for row in self.pages(self.path + "/activity")]
        self.assertEqual(found, ["imap=on", "imap=off", "imap=on", "imap=off", ""])
        record = self.items("audit")[0]
        self.assertEqual(set(record), {"id", "at", "who", "source", "action", "object", "before", "after"})
        self.assertEqual((record["action"], record["object"]), ("member.set", self.member))
        for query in ("limit=0", "limit=201", "limit=x", "after=x", "offset=1", "limit=1&limit=2"):
            for what in ("/audit", "/activity"):
                self.refused(self.admin.get(self.path + what + "?" + query), 400, "bad-request")


class Explained(MemberTest):
    def explain(self, **query):
        return self.good(self.admin.get(self.path + "/explain?" + "&".join("%s=%s" % item for item in query.items())))

    def test_it_decides_as_the_command_does_and_says_what_each_layer_says(self):
        self.command("domain", "set", self.domain, "pop3=on")
        self.command("member", "set", self.member, "pop3=off")
        found = self.explain(service="pop3")
        self.assertEqual((found["verdict"], found["rule"], found["channel"], found["credential"]),
                         ("deny", "service-off", "client", "account-password"))
        self.assertEqual([(step["about"], step["state"]) for step in found["steps"]],
                         [("domain", "on"), ("member", "on"), ("setting", "holds"), ("setting", "passed"),
                          ("setting", "holds"), ("rule", "service-off")])
        own, domain = found["steps"][2:4]
        self.assertEqual((own["setting"], own["source"], own["value"]), ("pop3", "member", "off"))
        self.assertEqual((domain["setting"], domain["source"], domain["value"]), ("pop3", "domain", "on"))
        self.assertEqual(own["sentence"], "POP3: off by the setting of the member. This holds.")
        self.assertEqual(found["steps"][-1]["sentence"], found["reason"])

    def test_channel_credential_and_address_are_supposed(self):
        rules = {(): "account-password", ("channel", "webmail"): "second-factor-offered",
                 ("credential", "app-password"): "app-password-none", ("credential", "token"): "token"}
        for query, rule in rules.items():
            with self.subTest(query):
                self.assertEqual(self.explain(service="imap", **dict([query] if query else []))["rule"], rule)
        self.command("app-password", "create", self.member, "--label", "x", "--networks", "192.0.2.0/24")
        for ip, rule in (("192.0.2.9", "app-password"), ("198.51.100.1", "app-password-network")):
            self.assertEqual(self.explain(service="imap", credential="app-password", ip=ip)["rule"], rule)
        for query in ({"service": "fax"}, {"service": "client_password"}, {"service": "imap", "channel": "x"},
                      {"service": "imap", "credential": "x"}, {"service": "imap", "ip": "x"}):
            answer = self.admin.get(self.path + "/explain?" + "&".join("%s=%s" % item for item in query.items()))
            self.refused(answer, 400, "bad-request", field=list(query)[-1])

    def test_the_second_factor_is_explained_with_the_members_choice(self):
        self.session_of(self.member).post("/api/account/two-factor-mode", {"two_factor_mode": "skip"})
        found = self.explain(service="webmail")
        self.assertEqual(found["rule"], "second-factor-opted-out")
        self.assertIn(("choice", "skip"), [(step["about"], step["state"]) for step in found["steps"]])
        self.command("member", "set", self.member, "two_factor_requirement=required")
        found = self.explain(service="webmail")
        self.assertEqual(found["rule"], "second-factor-register")
        self.assertIn(("choice", "void"), [(step["about"], step["state"]) for step in found["steps"]])

    def test_a_value_with_a_date_does_not_hold_yet(self):
        self.command("member", "set", self.member, "client_password=never_from_2099-03-01")
        steps = [step for step in self.explain(service="imap")["steps"] if step.get("setting") == "client_password"]
        self.assertEqual([(step["source"], step["state"], step["value"]) for step in steps],
                         [("member", "not-yet", "never_from_2099-03-01"), ("built-in", "holds", "always")])


if __name__ == "__main__":
    unittest.main()
