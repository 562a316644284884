"""Administrators and keys over the API: who may make and remove whom."""
import concurrent.futures
import email
import email.policy
import time
import unittest

from console import Administrator, ConsoleTest
from server import TIMEOUT, wait_for

PEOPLE, KEYS = "/administrators", "/keys"


def together(calls):
    """What they answer that are made at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


class Managing(ConsoleTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal.start_sender()

    def setUp(self):
        super().setUp()
        self.sql("DELETE FROM administrator")
        self.one = self.make("server")
        self.own_id = self.id_of(self.one.browser.member)

    def id_of(self, member):
        return self.sql("SELECT a.id FROM administrator a JOIN member m ON m.id = a.member_id JOIN domain d ON "
                        "d.id = m.domain_id WHERE m.local || '@' || d.name = ?", member)[0][0]

    def key(self, role="server"):
        made = self.command("api-key", "add", "--role", role, "--label", "test",
                            *(("--domains", self.domain) if role != "server" else ()))
        one = Administrator(self.portal.browser(), made["key"])
        one.id = made["id"]
        return one

    def audit(self, action):
        return [(row["who"], row["object"], row["before"], row["after"]) for row in self.command("audit")
                if row["action"] == action and self.domain in row["object"] + row["who"]]


class People(Managing):
    def roles(self):
        return [(row["member"], row["role"], row["domains"]) for row in self.good(self.one.get(PEOPLE))["items"]]

    def mails(self, member):
        found = []
        for text in self.portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == member:
                message = email.message_from_string(message, policy=email.policy.default)
                found.append((message["Subject"], message.get_content()))
        return found

    def test_who_becomes_one_stands_in_the_list(self):
        member = self.person()
        row = self.good(self.one.post(PEOPLE, {"member": member.upper(), "role": "helpdesk",
                                               "domains": [self.foreign.upper(), self.domain]}))
        self.assertLess(abs(row.pop("made_at") - time.time()), 600)
        self.assertEqual(row, {"id": self.id_of(member), "member": member, "role": "helpdesk", "domains":
                               sorted([self.domain, self.foreign]), "factor_registered": False,
                               "made_by": self.one.browser.member})
        answer = self.good(self.one.get(PEOPLE))
        self.assertEqual((answer["total"], answer["next"]), (2, None))
        self.assertEqual(self.roles(), [(self.one.browser.member, "server", []), (member, "helpdesk", row["domains"])])
        self.assertTrue(answer["items"][0]["factor_registered"])
        other = Administrator(self.register(member)[0])
        self.assertEqual(self.good(other.get("/me"))["domains"], row["domains"])

    def test_another_role_is_given_and_recorded(self):
        member = self.person()
        for role, domains in (("helpdesk", [self.domain]), ("domain", [self.foreign]), ("server", [])):
            self.good(self.one.post(PEOPLE, {"member": member, "role": role, "domains": domains}))
        self.assertEqual(self.roles()[1], (member, "server", []))
        self.assertEqual(self.audit("administrator.set")[:2], [
            (self.one.browser.member, member, "role=domain domains: " + self.foreign, "role=server"),
            (self.one.browser.member, member, "role=helpdesk domains: " + self.domain, "role=domain domains: " + self.foreign)])

    def test_who_is_made_one_or_gets_another_role_is_told_in_both_languages(self):
        member = self.person()
        for role in ("helpdesk", "helpdesk", "domain"):
            self.good(self.one.post(PEOPLE, {"member": member, "role": role, "domains": [self.domain]}))
        wait_for(lambda: len(self.mails(member)) > 1, TIMEOUT)
        made, changed = sorted(self.mails(member))
        self.assertEqual(len(self.mails(member)), 2)
        for mail, words in ((made, ("You were made an administrator", "관리자로 지정되었습니다")),
                            (changed, ("Your rights as an administrator were changed", "관리자 권한이 변경되었습니다"))):
            for word in words:
                self.assertIn(word, mail[0] + mail[1])

    def test_removed_is_a_member_like_others(self):
        other = self.make("helpdesk")
        member, number = other.browser.member, self.id_of(other.browser.member)
        answer = self.one.delete("%s/%d" % (PEOPLE, number))
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.refused(other.get("/me"), 403, "not-an-administrator")
        self.assertEqual(self.audit("administrator.remove"),
                         [(self.one.browser.member, member, "role=helpdesk domains: " + self.domain, "")])
        self.refused(self.one.delete("%s/%d" % (PEOPLE, number)), 404, "not-found")
        self.refused(self.one.delete("%s/%d" % (PEOPLE, self.key().id)), 404, "not-found")

    def test_nobody_changes_his_own_role(self):
        self.make("server")
        for role, domains in (("server", []), ("domain", [self.domain])):
            self.refused(self.one.post(PEOPLE, {"member": self.one.browser.member, "role": role, "domains": domains}), 409,
                         "own-account")
        self.refused(self.one.delete("%s/%d" % (PEOPLE, self.own_id)), 409, "own-account")
        self.assertEqual(self.id_of(self.one.browser.member), self.own_id)

    def test_the_last_server_administrator_stays_one(self):
        key, member = self.key(), self.one.browser.member
        demotion = {"member": member, "role": "domain", "domains": [self.domain]}
        self.refused(key.post(PEOPLE, demotion), 409, "last-server-administrator")
        self.refused(key.delete("%s/%d" % (PEOPLE, self.own_id)), 409, "last-server-administrator")
        # One who cannot sign in does not count.
        other = self.make("server").browser.member
        self.command("member", "set", other, "active=off")
        self.refused(key.post(PEOPLE, demotion), 409, "last-server-administrator")
        self.command("member", "set", other, "active=on")
        self.good(key.post(PEOPLE, demotion))
        self.assertEqual(key.delete("%s/%d" % (PEOPLE, self.id_of(member))).status, 204)
        self.refused(key.delete("%s/%d" % (PEOPLE, self.id_of(other))), 409, "last-server-administrator")

    def test_no_change_shuts_out_the_last_server_administrator(self):
        key, member = self.key(), self.one.browser.member
        person, domain = "/members/" + member, "/domains/" + self.domain

        def change(path, **fields):
            return key.patch(path, fields, If_Match=key.get(path).headers["ETag"])

        changes = (lambda: change(person, active=False), lambda: change(person, webmail="off"), lambda: key.delete(person),
                   lambda: change(domain, active=False), lambda: change(domain, webmail="off"),
                   lambda: key.delete(domain + "?members=%d" % self.good(key.get(domain))["members"]))
        for number, do in enumerate(changes):
            with self.subTest(change=number):
                self.refused(do(), 409, "last-server-administrator")
                self.good(self.one.get("/me"))
        # Another one is enough, who need not be of that domain.
        other = self.make("server", address=self.person(domain=self.foreign))
        for value in ("off", "inherit"):
            self.good(change(domain, webmail=value))
            self.good(change(person, webmail=value))
        self.assertEqual(key.delete(person).status, 204)
        self.good(other.get("/me"))
        self.refused(key.delete("/members/" + other.browser.member), 409, "last-server-administrator")

    def test_two_who_shut_out_each_other_do_not_both_succeed(self):
        both = [self.one, self.make("server")]
        paths = ["/members/" + one.browser.member for one in reversed(both)]
        tags = [one.get(path).headers["ETag"] for one, path in zip(both, paths)]
        answers = together([lambda one=one, path=path, tag=tag: one.patch(path, {"active": False}, If_Match=tag)
                            for one, path, tag in zip(both, paths, tags)])
        self.assertEqual([answer.status for answer in answers].count(200), 1, answers)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM administrator a JOIN member m ON m.id = a.member_id WHERE m.active = 1"),
                         [(1,)])

    def test_a_key_of_a_server_administrator_makes_administrators_and_others_do_not(self):
        member = self.person()
        body = {"member": member, "role": "helpdesk", "domains": [self.domain]}
        for role in ("helpdesk", "domain"):
            for who in (self.key(role), self.make(role)):
                self.refused(who.get(PEOPLE), 403, "role")
                self.refused(who.post(PEOPLE, body), 403, "role")
                self.refused(who.delete("%s/%d" % (PEOPLE, self.own_id)), 403, "role")
        key = self.key()
        self.assertEqual(self.good(key.post(PEOPLE, body))["made_by"], "api-key %d" % key.id)

    def test_fields_that_make_no_sense_are_named_and_leave_nothing(self):
        good = {"member": self.person(), "role": "domain", "domains": [self.domain]}
        before = self.roles()
        for field, value in (("member", "none@" + self.domain), ("member", "none"), ("member", ""), ("role", "boss"),
                             ("role", "nobody"), ("role", "server"), ("domains", []), ("domains", ["none.test"]),
                             ("domains", [self.domain, "none.test"]), ("domains", ["a b"]), ("domains", [""]),
                             ("domains", self.domain), ("domains", [self.domain] * 101)):
            with self.subTest(field=field, value=value):
                wrong = "domains" if value == "server" else field
                self.refused(self.one.post(PEOPLE, {**good, field: value}), 400, "bad-request", field=wrong)
        self.refused(self.one.post(PEOPLE, {**good, "active": True}), 400, "bad-request")
        self.assertEqual(self.roles(), before)

    def test_pages_go_on_where_the_last_one_ended(self):
        members = [self.person() for _ in range(5)]
        for member in members:
            self.command("admin", "add", member, "--role", "domain", "--domains", self.domain)
        seen, path = [], "?limit=2"
        while path is not None:
            page = self.good(self.one.get(PEOPLE + path))
            self.assertEqual(page["total"], 6)
            self.assertLessEqual(len(page["items"]), 2)
            seen += [row["member"] for row in page["items"]]
            path = page["next"] and "?limit=2&after=" + page["next"]
        self.assertEqual(seen, [self.one.browser.member, *members])
        for query in ("limit=0", "limit=201", "limit=x", "after=x", "after=-1", "sort=name", "limit=1&limit=1"):
            self.assertEqual(self.one.get(PEOPLE + "?" + query).status, 400, query)


class OfPrograms(Managing):
    def setUp(self):
        super().setUp()
        self.good_key = {"label": "provisioning", "role": "domain", "domains": [self.domain]}

    def test_it_is_shown_once_and_opens_its_domains(self):
        end = int(time.time()) + 86400
        made = self.good(self.one.post(KEYS, {**self.good_key, "networks": "198.18.0.0/15", "expires_at": end}))
        key = made.pop("key")
        self.assertRegex(key, r"^pl_key_[\w-]{43}$")
        self.assertLess(abs(made["made_at"] - time.time()), 600)
        self.assertEqual(made, {"id": made["id"], "label": "provisioning", "role": "domain", "domains": [self.domain],
                                "networks": "198.18.0.0/15", "expires_at": end, "made_at": made["made_at"],
                                "made_by": self.one.browser.member, "last_used_at": 0, "last_used_ip": ""})
        answer = self.one.get(KEYS)
        self.assertEqual(self.good(answer), {"items": [made], "total": 1, "next": None})
        self.assertNotIn(key, answer.body.decode() + repr(self.command("audit")) + self.portal.log())
        program = Administrator(self.portal.browser(), key)
        self.assertEqual(self.good(program.get("/me"))["domains"], [self.domain])
        row, = self.good(self.one.get(KEYS))["items"]
        self.assertEqual(row["last_used_ip"], program.browser.ip)
        self.assertGreater(row["last_used_at"], 0)

    def test_a_removed_one_is_refused(self):
        made = self.good(self.one.post(KEYS, self.good_key))
        program = Administrator(self.portal.browser(), made["key"])
        self.good(program.get("/me"))
        self.assertEqual(self.one.delete("%s/%d" % (KEYS, made["id"])).status, 204)
        self.refused(program.get("/me"), 401, "key-refused")
        self.refused(self.one.delete("%s/%d" % (KEYS, made["id"])), 404, "not-found")
        self.refused(self.one.delete("%s/%d" % (KEYS, self.own_id)), 404, "not-found")

    def test_no_key_makes_another(self):
        for role, error in (("helpdesk", "role"), ("domain", "role"), ("server", "not-with-a-key")):
            self.refused(self.key(role).post(KEYS, self.good_key), 403, error)
        self.assertEqual(self.good(self.one.get(KEYS))["total"], 3)

    def test_a_key_removes_others_and_not_itself(self):
        key, other = self.key(), self.key("domain")
        self.refused(key.delete("%s/%d" % (KEYS, key.id)), 409, "own-account")
        self.assertEqual(key.delete("%s/%d" % (KEYS, other.id)).status, 204)
        self.assertEqual([row["id"] for row in self.good(key.get(KEYS))["items"]], [key.id])

    def test_fields_that_make_no_sense_are_named_and_leave_nothing(self):
        for field, value in (("label", ""), ("label", " "), ("label", "x" * 61), ("label", "a\nb"), ("role", "boss"),
                             ("role", "server"), ("domains", []), ("domains", ["none.test"]), ("networks", "home"),
                             ("networks", "192.0.2.1/24"), ("networks", "1" * 1001), ("expires_at", 1), ("expires_at", "never")):
            with self.subTest(field=field, value=value):
                wrong = "domains" if value == "server" else field
                self.refused(self.one.post(KEYS, {**self.good_key, field: value}), 400, "bad-request", field=wrong)
        self.refused(self.one.post(KEYS, {**self.good_key, "key": "x"}), 400, "bad-request")
        self.assertEqual(self.good(self.one.get(KEYS))["total"], 0)


class Changes(Managing):
    """What a change wants beside the role, of whatever route."""

    def setUp(self):
        super().setUp()
        self.body = {"member": self.person(), "role": "helpdesk", "domains": [self.domain]}

    def tearDown(self):
        self.assertEqual(self.sql("SELECT COUNT(*) FROM administrator WHERE role = 'helpdesk'"), [(self.changed,)])
        super().tearDown()

    changed = 0

    def test_after_twenty_minutes_a_code_is_asked_for_again(self):
        self.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - 20 * 60")
        # The factor was registered before.
        self.sql("UPDATE second_factor SET registered_at = registered_at - 20 * 60")
        self.good(self.one.get(PEOPLE))
        self.refused(self.one.post(PEOPLE, self.body), 403, "reauthentication-needed", by="code")
        self.refused(self.one.delete("%s/%d" % (PEOPLE, self.own_id)), 403, "reauthentication-needed", by="code")
        self.sql("UPDATE session SET reauthenticated_at = reauthenticated_at + 20 * 60")
        self.good(self.one.post(PEOPLE, self.body))
        self.changed = 1

    def test_without_the_csrf_token_nothing_is_done(self):
        other = self.make("server")
        for token in (None, "", "x", other.browser.csrf):
            self.refused(self.one.post(PEOPLE, self.body, X_CSRF_Token=token), 403, "csrf")
            self.refused(self.one.delete("%s/%d" % (PEOPLE, self.id_of(other.browser.member)), X_CSRF_Token=token), 403, "csrf")

    def test_a_foreign_origin_changes_nothing(self):
        for origin, site in (("https://evil.test", None), ("null", "same-origin"), (None, None), (None, "cross-site")):
            self.refused(self.one.post(PEOPLE, self.body, Origin=origin, Sec_Fetch_Site=site), 403, "foreign-origin")

    def test_a_cookie_beside_a_key_gives_no_rights(self):
        weak = Administrator(self.one.browser, self.key("domain").key)
        self.refused(weak.post(PEOPLE, self.body), 403, "role")
        self.refused(Administrator(self.one.browser, "pl_key_" + "A" * 43).post(PEOPLE, self.body), 401, "key-refused")

    def test_a_field_that_stands_there_twice_is_refused(self):
        text = '{"member": "%s", "role": "helpdesk", "role": "helpdesk", "domains": ["%s"]}' % (self.body["member"], self.domain)
        self.assertEqual(self.one.post(PEOPLE, text).error, "bad-request")
        self.assertEqual(self.one.post(PEOPLE + "?role=helpdesk", self.body).error, "bad-request")

    def test_who_is_removed_in_the_middle_of_a_session_changes_nothing_more(self):
        self.command("admin", "remove", self.one.browser.member)
        self.refused(self.one.post(PEOPLE, self.body), 403, "not-an-administrator")


if __name__ == "__main__":
    unittest.main()
