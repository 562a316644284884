"""Mail programs that register themselves, the consent of members to them, and what becomes of it at the portal."""
import concurrent.futures
import email
import email.policy
import json
import subprocess
import unittest
import urllib.parse

from oauth import MAIL_SCOPE, OAuth, Program, challenge, consent, query_of, register, VERIFIER
from portal import POSTLATCH, totp
from server import TIMEOUT, wait_for

DAY = 86400


class Registration(OAuth):
    """RFC 7591"""

    def refuses(self, error, **metadata):
        self.refused(register(self.portal, **{"redirect_uris": ["http://127.0.0.1/"], **metadata}), 400, error)

    def test_the_metadata_names_the_endpoint_and_the_scope(self):
        for path in ("openid-configuration", "oauth-authorization-server"):
            found = self.portal.browser().get("/.well-known/" + path).json
            self.assertEqual(found["registration_endpoint"], self.portal.url + "/oauth2/register")
            self.assertIn(MAIL_SCOPE, found["scopes_supported"])
            self.assertIn("none", found["token_endpoint_auth_methods_supported"])
            self.assertEqual(found["code_challenge_methods_supported"], ["S256"])
            self.assertTrue(found["authorization_response_iss_parameter_supported"])

    def test_a_program_is_told_what_it_is_now(self):
        answer = register(self.portal, redirect_uris=["com.example.app:/back", "http://[::1]/"],
                          grant_types=["authorization_code", "refresh_token"], response_types=["code"],
                          token_endpoint_auth_method="none", application_type="native", scope=MAIL_SCOPE,
                          client_uri="https://example.test/", contacts=["x@example.test"], **{"x-unknown": {"a": [1]}})
        self.assertEqual(answer.status, 201, answer)
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertRegex(answer.json.pop("client_id"), "^app_[A-Za-z0-9_-]{43}$")
        self.assertGreater(answer.json.pop("client_id_issued_at"), 0)
        self.assertEqual(answer.json, {
            "client_name": "Test Mail", "redirect_uris": ["com.example.app:/back", "http://[::1]/"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "none", "application_type": "native"})

    def test_what_no_native_program_is_is_refused(self):
        for uris in ([], None, "http://127.0.0.1/", [1], [None], ["https://example.test/back"], ["http://localhost/"],
                     ["http://127.0.0.1.evil.test/"], ["http://127.0.0.1@evil.test/"], ["http://127.0.0.1/#x"],
                     ["http://127.0.0.1\\\\@evil.test/"], ["javascript:alert(1)"], ["http://127.0.0.1/ x"],
                     ["http://xn--e1aybc.test/"], ["http://127.0.0.1/" + "x" * 600],
                     ["http://127.0.0.1/%d" % i for i in range(9)]):
            with self.subTest(uris):
                self.refuses("invalid_redirect_uri", redirect_uris=uris)
        for metadata in ({"client_name": "x" * 10000}, {"client_name": "\u202eliaM"}, {"client_name": "a\nb"},
                         {"client_name": 1},
                         {"token_endpoint_auth_method": "client_secret_basic"},
                         {"grant_types": ["client_credentials"]}, {"grant_types": []}, {"grant_types": "x"},
                         {"response_types": ["token"]}, {"application_type": "web"}):
            with self.subTest(metadata):
                self.refuses("invalid_client_metadata", **metadata)

    def test_a_body_that_is_no_object_or_too_long_is_refused(self):
        post = self.portal.browser().request
        for body, status in (("[]", 400), ("{", 400), ("", 400), ('"x"', 400), ('{"redirect_uris": ' + "[" * 3000, 400),
                             ('{"client_name": "%s"}' % ("x" * 20000), 413)):
            answer = post("POST", "/oauth2/register", body, {"Content-Type": "application/json"}, origin=False)
            self.assertEqual(answer.status, status, body[:40])
        answer = post("POST", "/oauth2/register", "{}", {"Content-Type": "text/plain"}, origin=False)
        self.assertEqual(answer.status, 415)

    def test_a_flood_is_told_to_wait_and_others_go_on(self):
        browser, redirect = self.portal.browser(), ["http://127.0.0.1/"]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: register(self.portal, browser, redirect_uris=redirect), range(60)))
        self.assertEqual(sorted({answer.status for answer in answers}), [201, 429])
        self.assertEqual(sum(answer.status == 201 for answer in answers), 20)
        late = next(answer for answer in answers if answer.status == 429)
        self.assertEqual((late.error, late.headers["Retry-After"]), ("temporarily_unavailable", "3600"))
        self.assertEqual(register(self.portal, redirect_uris=redirect).status, 201)

    def test_it_can_be_switched_off(self):
        program = Program(self.portal)
        self.portal.settings["client_registration"] = "off"
        self.addCleanup(self.change_policy)
        self.addCleanup(self.portal.settings.pop, "client_registration")
        self.change_policy()
        wait_for(lambda: register(self.portal, redirect_uris=["http://127.0.0.1/"]).status == 403, TIMEOUT)
        self.assertNotIn("registration_endpoint", self.portal.browser().get("/.well-known/openid-configuration").json)
        # Those that have registered are clients still.
        self.assertEqual(program.authorize(self.signed_in()).status, 303)

    def change_policy(self):
        self.portal.write_policy()
        self.portal.reload()

    def test_the_command_lists_them_apart(self):
        program = Program(self.portal, client_name="Listed Mail")
        text = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "client", "list"], check=True,
                              capture_output=True, text=True).stdout
        self.assertLess(text.index("webmail (webmail)"), text.index(program.id + " (Listed Mail)"))
        self.assertIn("nobody has verified its name", text)
        listed = json.loads(subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", "client", "list"],
                                           check=True, capture_output=True, text=True).stdout)
        flags = {client["id"]: client["registered_itself"] for client in listed}
        self.assertEqual((flags[program.id], flags["program"], flags["webmail"]), (True, False, False))


class Consent(OAuth):
    def setUp(self):
        super().setUp()
        self.program = Program(self.portal)

    def asked(self, program=None, **fields):
        """The address of the page that asks."""
        answer = (program or self.program).authorize(self.browser, **fields)
        self.assertEqual(answer.status, 303, answer)
        location = answer.headers["Location"]
        self.assertTrue(location.startswith("/consent?request=pl_cr_"), location)
        return location

    def shown(self, location):
        return self.browser.get("/api/consent?" + urllib.parse.urlsplit(location).query)

    def test_the_page_names_program_account_and_services(self):
        self.command("member", "set", "--add", self.member, "pop3=off")
        self.signed_in()
        location = self.asked()
        self.assertEqual(self.shown(location).json, {
            "name": "Test Mail", "verified": False, "returns_to": {"kind": "device"}, "address": self.member,
            "services": ["imap", "smtp", "sieve"], "mail": True, "identity": False})
        other = Program(self.portal, redirect="com.example.app:/back")
        shown = self.shown(self.asked(other, scope="openid email")).json
        self.assertEqual((shown["returns_to"], shown["mail"], shown["identity"]),
                         ({"kind": "program", "name": "com.example.app"}, False, True))
        # A program that an operator has added has a name that somebody has looked at.
        proof = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}
        shown = self.shown(self.asked(type(self).program, **proof)).json
        self.assertEqual((shown["verified"], shown["name"]), (True, "program"))

    def test_without_a_session_the_member_signs_in_first(self):
        answer = self.program.authorize(self.browser)
        self.assertTrue(answer.headers["Location"].startswith("/sign-in?continue="), answer.headers["Location"])
        self.refused(self.browser.get("/api/consent?request=pl_cr_x"), 401, "sign-in-again")

    def test_agreeing_leads_back_with_a_code_state_and_issuer(self):
        self.signed_in()
        answer = consent(self.browser, self.asked(state="s t"))
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.json["continue"].startswith(self.program.redirect + "&code=pl_ac_"), answer)
        fields = query_of(answer.json["continue"])
        self.assertEqual((fields["state"], fields["iss"]), ("s t", self.portal.url))
        tokens = self.program.token(code=fields["code"]).json
        self.assertEqual((tokens["scope"], tokens["token_type"]), (MAIL_SCOPE, "Bearer"))
        self.assertTrue(tokens["expires_in"] <= 3600)
        self.assertIn("refresh_token", tokens)

    def test_denying_leads_back_with_the_error_and_gives_nothing(self):
        self.signed_in()
        answer = consent(self.browser, self.asked(state="s"), allow=False)
        fields = query_of(answer.json["continue"])
        self.assertEqual((fields["error"], fields["state"], fields["iss"]), ("access_denied", "s", self.portal.url))
        self.assertNotIn("code", fields)
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM oauth_grant WHERE client_id = ?", self.program.id), [(0,)])

    def test_the_member_takes_services_away(self):
        self.signed_in()
        for chosen, granted in (("imap,smtp", "imap,smtp"), (None, "imap,pop3,smtp,sieve"), ("smtp", "smtp")):
            answer = consent(self.browser, self.asked(), **({} if chosen is None else {"services": chosen}))
            self.program.token(code=query_of(answer.json["continue"])["code"])
            self.assertEqual(",".join(self.applications()[0]["services"]), granted)
        # What is off cannot be chosen, and a program of mail without a service is of no use.
        self.command("member", "set", self.member, "pop3=off")
        location = self.asked()
        for none in ("pop3", ",", "nonsense"):
            self.refused(consent(self.browser, location, services=none), 422, "no-service-chosen")
        self.assertEqual(consent(self.browser, location, services="pop3,imap").status, 200)
        self.assertEqual(self.portal.sql("SELECT services FROM oauth_grant WHERE client_id = ? ORDER BY id DESC LIMIT 1",
                                         self.program.id), [("imap",)])

    def nothing_granted(self):
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM oauth_grant WHERE client_id = ?", self.program.id), [(0,)])

    def test_consent_is_given_once(self):
        self.signed_in()
        location = self.asked()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: consent(self.browser.copy(), location), range(8)))
        self.assertEqual(sorted(answer.status for answer in answers), [200] + [404] * 7)
        self.refused(consent(self.browser, location), 404, "consent-over")
        self.refused(self.shown(location), 404, "consent-over")

    def test_consent_needs_the_csrf_token_and_our_own_page(self):
        self.signed_in()
        location = self.asked()
        self.refused(self.browser.post("/api/consent", {"allow": True, **query_of(location)},
                                       **{"X-CSRF-Token": "x" * 43}), 403, "csrf")
        self.refused(self.browser.post("/api/consent", {"allow": True, **query_of(location)},
                                       Origin="https://evil.test"), 403, "foreign-origin")
        self.nothing_granted()

    def test_consent_of_another_account_or_another_session_is_refused(self):
        self.signed_in()
        location = self.asked()
        first, self.member = self.member, "other@" + self.member.split("@")[1]
        other = self.signed_in(self.portal.browser())
        self.refused(consent(other, location), 404, "consent-over")
        self.refused(other.get("/api/consent?" + urllib.parse.urlsplit(location).query), 404, "consent-over")
        self.member = first
        self.refused(consent(self.signed_in(self.portal.browser()), location), 404, "consent-over")
        self.nothing_granted()

    def test_consent_after_the_session_ended_is_refused(self):
        self.signed_in()
        location = self.asked()
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.refused(consent(self.browser, location), 401, "sign-in-again")
        self.signed_in()
        self.refused(consent(self.browser, location), 404, "consent-over")
        self.nothing_granted()

    def test_agreeing_wants_the_password_or_a_code_once_more(self):
        self.signed_in()
        location = self.asked()
        self.portal.sql("UPDATE session SET reauthenticated_at = 0 WHERE id = ?", self.session_of_member())
        self.refused(consent(self.browser, location), 403, "reauthentication-needed")
        self.nothing_granted()
        self.assertEqual(self.browser.post("/api/account/reauthentication", {"password": "right"}).status, 200)
        self.assertEqual(consent(self.browser, location).status, 200)
        self.portal.sql("UPDATE session SET reauthenticated_at = 0 WHERE id = ?", self.session_of_member())
        self.assertEqual(consent(self.browser, self.asked(), allow=False).status, 200)

    def test_a_second_step_that_is_due_comes_before_consent(self):
        self.signed_in()
        location = self.asked()
        self.command("member", "set", self.member, "two_factor_requirement=required")
        self.refused(consent(self.browser, location), 401, "sign-in-again")
        self.nothing_granted()

    def test_a_request_that_was_changed_is_another_one(self):
        """What is agreed to is what the portal has kept: the page cannot name a scope, a client or a redirect URI."""
        self.signed_in()
        for more in ({"client_id": "webmail"}, {"redirect_uri": "https://evil.test/"}, {"scope": "openid"}):
            answer = consent(self.browser, self.asked(state="kept"), **more)
            self.assertTrue(answer.json["continue"].startswith(self.program.redirect + "&code="), answer)
            self.assertEqual(query_of(answer.json["continue"])["state"], "kept")

    def test_prompts(self):
        self.signed_in()
        answer = self.program.authorize(self.browser, prompt="none")
        self.shown_here(answer, "the member must be asked")
        consent(self.browser, self.asked(prompt="consent"))
        self.asked()  # asked each time: anybody can say that he is this program
        for again in ({"prompt": "login"}, {"max_age": "0"}, {"prompt": "login consent"}):
            if "max_age" in again:
                self.portal.sql("UPDATE session SET created_at = created_at - 100")
            answer = self.program.authorize(self.browser, login_hint=self.member, **again)
            self.assertTrue(answer.headers["Location"].startswith("/sign-in?continue="), again)
            self.assertIn("login_hint", answer.headers["Location"])

    def test_a_program_without_pkce_is_refused(self):
        self.signed_in()
        for fields in ({"code_challenge": None, "code_challenge_method": None}, {"code_challenge_method": "plain"}):
            answer = self.program.authorize(self.browser, **fields)
            self.shown_here(answer, "code_challenge")

    def test_errors_lead_nowhere_until_the_member_was_asked(self):
        """RFC 9700 4.11.2: who registers an address has no link at this server that leads there."""
        for browser in (self.portal.browser(), self.browser):
            self.shown_here(self.program.authorize(browser, prompt="none"), "the member must sign in")
            for fields, says in (({"response_type": "token"}, "response_type"), ({"scope": "x"}, "scope"),
                                 ({"request": "x"}, "not supported"), ({"max_age": "x"}, "max_age")):
                self.shown_here(self.program.authorize(browser, **fields), says)

    def shown_here(self, answer, says):
        """A page of the portal says what is wrong, and nothing leads away from it."""
        self.assertEqual((answer.status, answer.headers["Location"]), (400, None), answer)
        text = answer.body.decode()
        self.assertIn(says, text)
        self.assertNotIn(self.program.redirect, text)

    def test_many_requests_leave_few_that_wait_and_no_session(self):
        self.signed_in()
        for _ in range(40):
            self.asked()
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM consent_request WHERE client_id = ?", self.program.id),
                         [(8,)])
        self.assertEqual(self.applications(), [])

    def test_off_for_the_member_or_domain(self):
        self.signed_in()
        location = self.asked()
        for noun, name in (("member", self.member), ("domain", self.member.split("@")[1])):
            self.command(noun, "set", name, "connected_applications=off")
            answer = self.program.authorize(self.browser)
            self.shown_here(answer, "connected applications are switched off")
            if noun == "member":
                answer = consent(self.browser, location)
                self.assertEqual(query_of(answer.json["continue"])["error"], "access_denied")
            self.command(noun, "set", name, "connected_applications=inherit")
        self.nothing_granted()


class Applications(OAuth):
    def setUp(self):
        super().setUp()
        self.signed_in()
        self.program = Program(self.portal, client_name="Phone Mail")

    def connect(self, **fields):
        tokens = self.program.tokens(self.browser, **fields)
        return tokens

    def test_it_outlives_the_browser_and_ends_when_unused(self):
        tokens = self.connect()
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.portal.sql("UPDATE session SET seen_at = seen_at - 100000, created_at = created_at - 100000")
        tokens = self.program.refresh(tokens["refresh_token"]).json
        self.signed_in()
        one, = self.applications()
        self.assertTrue(179 * DAY < one["expires_at"] - one["seen_at"] <= 180 * DAY, one)
        self.portal.sql("UPDATE session SET expires_at = expires_at - ? WHERE channel = 'client'", 180 * DAY)
        self.refused(self.program.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.applications(), [])

    def test_the_page_lists_and_revokes_it(self):
        tokens = self.connect()
        one, = self.applications()
        self.assertEqual((one["name"], one["verified"], one["services"], one["used_service"]),
                         ("Phone Mail", False, ["imap", "pop3", "smtp", "sieve"], ""))
        self.assertEqual(self.browser.get("/api/account").json["sessions"][0]["current"], True)
        self.assertEqual(len(self.browser.get("/api/account").json["sessions"]), 1)
        first, self.member = self.member, "other@" + self.member.split("@")[1]
        other = self.signed_in(self.portal.browser())
        self.refused(other.post("/api/account/applications/revoke", {"id": one["id"]}), 404, "not-found")
        self.member = first
        self.doveadm.kicked.clear()
        answer = self.browser.post("/api/account/applications/revoke", {"id": one["id"]})
        self.assertEqual((answer.status, answer.json), (200, {"applications": []}))
        self.kicked("session-%d" % one["id"])
        self.refused(self.program.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)
        self.refused(self.browser.post("/api/account/applications/revoke", {"id": one["id"]}), 404, "not-found")
        # A session of a browser is not one of them.
        self.refused(self.browser.post("/api/account/applications/revoke", {"id": self.session_of_member()}), 404,
                     "not-found")

    def test_an_old_refresh_token_ends_it(self):
        first = self.connect()
        second = self.program.refresh(first["refresh_token"]).json
        third = self.program.refresh(second["refresh_token"]).json
        self.refused(self.program.refresh(first["refresh_token"]), 400, "invalid_grant")
        self.refused(self.program.refresh(third["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.applications(), [])

    def test_what_ends_it(self):
        for end in (lambda: self.browser.post("/api/account/sessions/end-all"),
                    lambda: self.command("session", "revoke", self.member, "--all"),
                    lambda: self.command("member", "set", self.member, "active=off"),
                    lambda: self.command("member", "set", self.member, "connected_applications=off"),
                    lambda: self.command("application", "revoke", self.member, "--all"),
                    lambda: self.command("client", "remove", self.program.id)):
            if self.browser.state() != "authenticated":
                self.signed_in()
            tokens = self.connect()
            end()
            self.assertIn(self.program.refresh(tokens["refresh_token"]).status, (400, 401))
            self.command("member", "set", self.member, "active=on", "connected_applications=inherit")

    def test_it_does_not_need_webmail(self):
        tokens = self.connect()
        self.command("member", "set", self.member, "webmail=off")
        self.assertEqual(self.program.refresh(tokens["refresh_token"]).status, 200)

    def test_a_second_factor_that_becomes_due_ends_what_the_password_alone_has_connected(self):
        tokens = self.connect()
        self.register(where="/api/account/registration")
        self.refused(self.program.refresh(tokens["refresh_token"]), 400, "invalid_grant")

    def test_with_the_second_factor_it_goes_on(self):
        self.browser = self.portal.browser()
        self.browser.sign_in(self.member)
        key = self.register()
        self.assertEqual(self.browser.state(), "authenticated")
        tokens = self.connect()
        self.assertEqual(self.program.refresh(tokens["refresh_token"]).status, 200)
        self.assertTrue(totp(key))

    def test_the_member_is_told(self):
        self.portal.start_sender()
        self.connect()
        wait_for(self.mails, TIMEOUT)
        mail, = self.mails()
        for words in ("was connected to your account", "\uba54\uc77c \ud504\ub85c\uadf8\ub7a8", "Phone Mail"):
            self.assertIn(words, mail)

    def mails(self):
        """The texts of those to this member, which are in both languages."""
        texts = [mail.split("\n", 1)[1] for mail in self.portal.mails() if self.member in mail.split("\n", 1)[0]]
        return [email.message_from_string(text, policy=email.policy.default).get_content() for text in texts]

    def test_the_command_lists_and_revokes_it(self):
        tokens = self.connect()
        run = lambda *args: subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", *args], check=True,
                                           capture_output=True, text=True).stdout
        self.assertIn("Phone Mail (unverified name)", run("application", "list", self.member))
        one, = json.loads(run("--json", "application", "list", self.member))
        self.assertEqual((one["name"], one["services"], one["registered_itself"]),
                         ("Phone Mail", "imap,pop3,smtp,sieve", True))
        self.assertEqual(json.loads(run("--json", "member", "show", self.member))["connected_applications"], 1)
        self.assertNotIn("Phone Mail", run("session", "list", self.member))
        self.doveadm.kicked.clear()
        self.assertIn("revoked 1", run("application", "revoke", self.member, str(one["id"])))
        self.assertEqual(self.doveadm.kicked, ["session-%d" % one["id"]])
        self.refused(self.program.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.assertIn("application.connect", run("audit", "--member", self.member))
        self.assertIn("application.revoke", run("audit", "--member", self.member))

    def test_introspection_tells_of_it(self):
        token = self.connect()["access_token"]
        said = self.dovecot_client.introspect(token).json
        self.assertEqual((said["active"], said["username"], said["client_id"], said["scope"]),
                         (True, self.member, self.program.id, MAIL_SCOPE))
        self.command("application", "revoke", self.member, "--all")
        self.assertEqual(self.dovecot_client.introspect(token).json, {"active": False})


if __name__ == "__main__":
    unittest.main()
