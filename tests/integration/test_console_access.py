"""Who reaches the administrators' API, with what, and what of it."""
import unittest

from console import API, Administrator, ConsoleTest
from portal import totp


class WhoIsAnAdministrator(ConsoleTest):
    def test_nobody_without_a_session_or_with_one_that_is_over(self):
        for cookie in (None, "x", "pl_ss_" + "A" * 43):
            stranger = Administrator(self.portal.browser())
            if cookie is not None:
                stranger.browser.cookies["__Host-postlatch"] = cookie
            self.assertEqual((stranger.get("/me").status, stranger.get("/me").error), (401, "sign-in-again"))

    def test_a_member_without_a_role_is_none(self):
        browser, _ = self.register(self.person())
        self.refused(Administrator(browser).get("/me"), 403, "not-an-administrator")

    def test_one_without_a_second_factor_has_to_register_it_first(self):
        address = self.person()
        self.command("admin", "add", address, "--role", "server")
        one = Administrator(self.portal.browser())
        self.good(one.browser.sign_in(address))
        self.assertEqual(one.get("/me").status, 401)
        self.good(one.browser.post("/api/sign-in/later"))
        self.refused(one.get("/me"), 403, "second-factor-needed")
        # Nor does the password, which stands for one elsewhere.
        self.good(one.browser.post("/api/account/reauthentication", {"password": "right"}))
        self.refused(one.get("/me"), 403, "second-factor-needed")

    def test_a_password_from_before_the_factor_is_none(self):
        address = self.person()
        self.command("admin", "add", address, "--role", "server")
        one = Administrator(self.portal.browser())
        self.good(one.browser.sign_in(address))
        self.good(one.browser.post("/api/sign-in/later"))
        # A trusted device that was one before, of a factor that is no more.
        self.sql("UPDATE session SET second_factor = 1, reauthenticated_at = created_at - 60")
        _, key = self.register(address)
        # What registers a factor ends the other sessions of the member; whatever it leaves is refused.
        self.sql("UPDATE session SET generation = (SELECT generation FROM member m WHERE m.id = member_id)")
        self.refused(one.get("/me"), 403, "reauthentication-needed", by="code")
        self.good(one.browser.post("/api/account/reauthentication", {"code": totp(key, steps=1)}))
        self.good(one.get("/me"))

    def test_a_trusted_device_does_not_stand_for_the_code(self):
        address = self.person()
        self.command("admin", "add", address, "--role", "server")
        browser = self.portal.browser()
        self.good(browser.sign_in(address))
        key = browser.post("/api/sign-in/registration").json["key"]
        self.good(browser.post("/api/sign-in/registration/confirm", {"code": totp(key), "trust": True}))
        self.good(Administrator(browser).get("/me"))
        self.good(browser.post("/api/sign-out"))
        self.good(browser.sign_in(address))
        one = Administrator(browser)
        self.assertEqual(browser.state(), "authenticated")
        self.refused(one.get("/me"), 403, "reauthentication-needed", by="code")
        self.good(browser.post("/api/account/reauthentication", {"code": totp(key, steps=1)}))
        self.good(one.get("/me"))

    def test_one_who_has_left_the_factor_out_is_asked_all_the_same(self):
        address = self.person()
        self.command("admin", "add", address, "--role", "server")
        _, key = self.register(address)
        self.command("member", "set", address, "two_factor_mode=skip")
        one = Administrator(self.portal.browser())
        self.good(one.browser.sign_in(address))
        self.refused(one.get("/me"), 403, "reauthentication-needed", by="code")
        self.good(one.browser.post("/api/account/reauthentication", {"code": totp(key, steps=1)}))
        self.good(one.get("/me"))

    def test_who_is_removed_in_the_middle_of_a_session_is_none_at_once(self):
        one = self.make("domain")
        self.assertEqual(self.good(one.get("/me")), {"name": one.browser.member, "role": "domain", "all_domains": False,
                                                     "domains": [self.domain]})
        self.command("admin", "remove", one.browser.member)
        self.refused(one.get("/me"), 403, "not-an-administrator")

    def test_a_role_that_is_given_in_the_middle_of_a_session_holds_at_once(self):
        one = self.make("server")
        self.command("admin", "add", one.browser.member, "--role", "helpdesk", "--domains", self.domain)
        self.assertEqual(self.good(one.get("/me"))["role"], "helpdesk")
        self.refused(one.get("/domains/" + self.foreign), 404, "not-found")

    def test_a_session_that_has_ended_opens_nothing(self):
        for end in (lambda one: self.command("member", "set", one.browser.member, "active=off"),
                    lambda one: self.command("session", "revoke", one.browser.member, "--all"),
                    lambda one: self.sql("UPDATE session SET expires_at = created_at"),
                    lambda one: self.sql("UPDATE session SET seen_at = seen_at - 7201"),
                    lambda one: self.sql("UPDATE member SET generation = generation + 1"),
                    lambda one: self.command("domain", "set", self.domain, "active=off"),
                    lambda one: self.good(one.browser.copy().post("/api/sign-out"))):
            one = self.make("domain")
            self.good(one.get("/me"))
            end(one)
            answer = one.get("/me")
            self.assertEqual((answer.status, answer.error), (401, "sign-in-again"))
            self.command("domain", "set", self.domain, "active=on")

    def test_a_factor_that_an_administrator_has_reset_is_none(self):
        one = self.make("domain")
        self.command("totp", "reset", one.browser.member)
        self.assertIn(one.get("/me").status, (401, 403))
        self.good(one.browser.sign_in(one.browser.member))
        self.good(one.browser.post("/api/sign-in/later"))
        self.refused(one.get("/me"), 403, "second-factor-needed")


class WhatIsReached(ConsoleTest):
    def same(self, answer, other):
        """Both answers are alike to the byte, so that nobody learns what exists."""
        self.refused(answer, 404, "not-found")
        headers = [{name: text for name, text in each.headers.items() if name != "Date"} for each in (answer, other)]
        self.assertEqual((answer.status, answer.body, headers[0]), (other.status, other.body, headers[1]))

    def test_a_server_administrator_reaches_all(self):
        one, member = self.make("server"), self.person(domain=self.foreign)
        self.assertEqual(self.good(one.get("/me")), {"name": one.browser.member, "role": "server", "all_domains": True,
                                                     "domains": []})
        self.assertEqual(self.good(one.get("/domains/" + self.foreign))["domain"], self.foreign)
        self.assertEqual(self.good(one.get("/members/" + member))["member"], member)

    def test_others_reach_their_domains_and_learn_of_no_others(self):
        own, theirs = self.person(), self.person(domain=self.foreign)
        for role in ("helpdesk", "domain"):
            one = self.make(role)
            self.assertEqual(self.good(one.get("/domains/" + self.domain))["domain"], self.domain)
            self.assertEqual(self.good(one.get("/members/" + own))["member"], own)
            self.same(one.get("/domains/" + self.foreign), one.get("/domains/none.test"))
            self.same(one.get("/members/" + theirs), one.get("/members/none@none.test"))
            self.same(one.get("/members/" + theirs), one.get("/members/none@" + self.foreign))
            self.same(one.get("/members/none@" + self.domain), one.get("/members/" + theirs))

    def test_an_alias_of_an_own_domain_is_found(self):
        own = self.person("same")
        alias, foreign_alias = "a-" + self.domain, "a-" + self.foreign
        self.command("domain", "add", alias, "alias_of=" + self.domain)
        self.command("domain", "add", foreign_alias, "alias_of=" + self.foreign)
        one = self.make("helpdesk")
        self.assertEqual(self.good(one.get("/members/same@" + alias))["member"], own)
        self.assertEqual(self.good(one.get("/domains/" + alias))["alias_of"], self.domain)
        self.assertEqual(self.good(one.get("/domains/" + self.domain.upper()))["domain"], self.domain)
        self.same(one.get("/domains/" + foreign_alias), one.get("/domains/none.test"))

    def test_who_has_no_domain_left_reaches_none(self):
        other, last = self.person(domain=self.foreign), "last-" + self.domain
        self.command("domain", "add", last)
        one = self.make("domain", [last])
        self.good(one.get("/domains/" + last))
        self.command("domain", "remove", last)
        self.assertEqual(self.good(one.get("/me"))["domains"], [])
        self.same(one.get("/domains/" + self.domain), one.get("/domains/none.test"))
        self.same(one.get("/members/" + one.browser.member), one.get("/members/none@none.test"))
        self.same(one.get("/members/" + other), one.get("/members/none@none.test"))

    def test_what_is_no_name_is_not_found(self):
        one = self.make("server")
        for path in ("/domains/..x", "/domains/a%20b", "/domains/" + "x" * 254, "/domains/-a.test", "/members/a",
                     "/members/a%40b%40c", "/members/%40" + self.domain, "/members/a%0ab@" + self.domain):
            self.refused(one.get(path), 404, "not-found")


class Requests(ConsoleTest):
    def test_a_query_that_nobody_knows_gets_400(self):
        one = self.make("helpdesk")
        for path in ("/me?x=y", "/domains/%s?limit=1" % self.domain, "/me?"+ "x=y&" * 2):
            answer = one.get(path)
            self.assertEqual((answer.status, answer.error), (400, "bad-request"), path)


class Keys(ConsoleTest):
    def key(self, role="server", *options, network=None):
        more = ("--domains", self.domain) if role != "server" else ()
        made = self.command("api-key", "add", "--role", role, "--label", "test", *more, *options)
        one = Administrator(self.portal.browser(), made["key"])
        one.id = made["id"]
        return one

    def is_refused(self, one):
        answer = one.get("/me")
        self.refused(answer, 401, "key-refused")
        self.assertEqual(answer.headers["WWW-Authenticate"], 'Bearer realm="postlatch"')

    def test_a_program_has_its_role_and_domains(self):
        member, theirs = self.person(), self.person(domain=self.foreign)
        one = self.key("helpdesk")
        self.assertEqual(self.good(one.get("/me")), {"name": "api-key %d" % one.id, "role": "helpdesk", "all_domains": False,
                                                     "domains": [self.domain]})
        self.good(one.get("/members/" + member))
        self.refused(one.get("/members/" + theirs), 404, "not-found")
        self.assertEqual(self.good(self.key().get("/members/" + theirs))["member"], theirs)

    def test_the_last_use_is_recorded(self):
        one = self.key()
        one.browser.ip = "203.0.113.9"
        self.good(one.get("/me"))
        row = next(row for row in self.command("api-key", "list") if row["id"] == one.id)
        self.assertEqual(row["last_used_ip"], "203.0.113.9")
        self.assertGreater(row["last_used_at"], 0)
        # At most once a minute.
        one.browser.ip = "203.0.113.10"
        self.good(one.get("/me"))
        self.assertEqual(self.sql("SELECT last_used_ip FROM api_key WHERE administrator_id = ?", one.id), [("203.0.113.9",)])
        self.sql("UPDATE api_key SET last_used_at = last_used_at - 61")
        self.good(one.get("/me"))
        self.assertEqual(self.sql("SELECT last_used_ip FROM api_key WHERE administrator_id = ?", one.id), [("203.0.113.10",)])

    def test_what_is_no_key_is_refused(self):
        browser = self.portal.browser()
        for text in ("", "Bearer", "Bearer ", "Bearer x", "Bearer pl_key_" + "A" * 43, "Bearer " + "x" * 2000, "Basic eDp5",
                     "Basic " + self.key().key, "pl_key_" + "A" * 43, "Digest x"):
            answer = browser.get(API + "/me", headers={"Authorization": text}, origin=False)
            self.assertEqual((answer.status, answer.error), (401, "key-refused"), text)

    def test_one_that_has_expired_is_refused(self):
        one = self.key("server", "--expires", "1d")
        self.good(one.get("/me"))
        self.sql("UPDATE api_key SET expires_at = ? WHERE administrator_id = ?", 1, one.id)
        self.is_refused(one)

    def test_one_from_another_network_is_refused(self):
        one = self.key("server", "--networks", "192.0.2.0/24, 2001:db8::/32")
        for ip, is_good in (("192.0.2.7", True), ("192.0.3.7", False), ("2001:db8::7", True), ("2001:db9::7", False)):
            one.browser.ip = ip
            if is_good:
                self.good(one.get("/me"))
            else:
                self.is_refused(one)

    def test_one_that_was_removed_is_refused(self):
        one = self.key()
        self.good(one.get("/me"))
        self.command("api-key", "remove", str(one.id))
        self.is_refused(one)

    def test_a_cookie_beside_a_key_does_not_count(self):
        server = self.make("server")
        one = Administrator(server.browser, self.key("helpdesk").key)
        self.assertEqual(self.good(one.get("/me"))["role"], "helpdesk")
        self.is_refused(Administrator(server.browser, "pl_key_" + "A" * 43))

    def test_a_key_opens_no_page_of_members(self):
        one = self.key()
        answer = one.browser.get("/api/account", headers={"Authorization": "Bearer " + one.key})
        self.assertEqual((answer.status, answer.error), (401, "sign-in-again"))


if __name__ == "__main__":
    unittest.main()
