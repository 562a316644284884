"""OAuth 2.0 and OpenID Connect at the portal: what goes right, and what ends it.
What is asked for wrongly is in test_oauth_refusals.py."""
import concurrent.futures
import hashlib
import json
import subprocess
import time
import unittest
import urllib.parse

from oauth import FORM, VERIFIER, Client, Doveadm, OAuth, challenge, claims_of, decode, encode, query_of
from portal import JSON, secure, totp
from server import TIMEOUT, wait_for

GRACE = 30  # seconds in which a refresh token that was used works again


class SignIn(OAuth):
    """The authorization endpoint."""

    def test_a_stranger_is_sent_to_sign_in_and_comes_back_with_a_code(self):
        asked = self.webmail.authorize_path()
        answer = self.browser.get(asked, origin=False)
        self.assertEqual(answer.status, 303)
        self.assertTrue(answer.headers["Location"].startswith("/sign-in?continue=%2Foauth2%2Fauthorize%3F"))
        there = query_of(answer.headers["Location"])["continue"]
        self.assertEqual(query_of(there), query_of(asked))
        self.signed_in()
        answer = self.browser.get(there, origin=False)
        self.assertEqual(answer.status, 303)
        self.assertTrue(answer.headers["Location"].startswith(self.webmail.redirect + "&code=pl_ac_"))
        fields = query_of(answer.headers["Location"])
        self.assertEqual(set(fields), {"keep", "code", "state", "iss"})
        self.assertEqual((fields["state"], fields["iss"]), ("a b&c/\u20ac", self.portal.url))
        self.assertIsNone(secure(answer))
        self.assertIn("no-store", answer.headers["Cache-Control"])

    def test_a_request_may_come_as_a_form(self):
        """OpenID Connect Core 3.1.2.1"""
        asked = self.webmail.authorize_path().split("?")[1]
        headers = {"Content-Type": FORM, "Origin": "https://webmail.example.test"}
        answer = self.browser.request("POST", "/oauth2/authorize", asked, headers)
        self.assertEqual(answer.status, 303)
        self.assertEqual(query_of(query_of(answer.headers["Location"])["continue"]), query_of("?" + asked))
        self.signed_in()
        answer = self.browser.request("POST", "/oauth2/authorize", asked, headers)
        self.assertEqual(answer.status, 303)
        self.assertEqual(set(query_of(answer.headers["Location"])), {"keep", "code", "state", "iss"})
        answer = self.browser.request("POST", "/oauth2/authorize", asked + "&scope=openid", headers)
        self.told(answer, self.webmail, "invalid_request")

    def test_a_pending_session_gets_no_code(self):
        self.assertEqual(self.browser.sign_in(self.member).json["state"], "pending")
        answer = self.webmail.authorize(self.browser)
        self.assertTrue(answer.headers["Location"].startswith("/sign-in?continue="), answer)
        self.told(self.webmail.authorize(self.browser, prompt="none"), self.webmail, "login_required")

    def test_no_state_is_answered_without_one(self):
        self.signed_in()
        for state in (None, ""):
            answer = self.webmail.authorize(self.browser, state=state)
            self.assertNotIn("state", query_of(answer.headers["Location"]))

    def test_a_fresh_sign_in_that_was_asked_for_is_not_asked_for_again(self):
        for field in ({"prompt": "login"}, {"max_age": "0"}):
            browser = self.portal.browser()
            answer = self.webmail.authorize(browser, **field)
            there = query_of(answer.headers["Location"])["continue"]
            self.signed_in(browser)
            self.assertIn("code", query_of(browser.get(there).headers["Location"]))

    def test_who_is_signed_in_is_asked_again_when_the_client_wants_it(self):
        for field in ({"prompt": "login"}, {"prompt": "select_account consent"}, {"max_age": "60"}):
            with self.subTest(field):
                browser = self.portal.browser()
                self.signed_in(browser)
                self.portal.sql("UPDATE session SET created_at = created_at - 100")
                asked = query_of(self.webmail.authorize(browser, **field).headers["Location"])
                self.assertEqual(asked["again"], "1")
                # Who comes back without a new sign-in is asked once more, and then the new one counts.
                self.assertEqual(query_of(browser.get(asked["continue"]).headers["Location"])["again"], "1")
                self.signed_in(browser)
                self.assertIn("code", query_of(browser.get(asked["continue"]).headers["Location"]))

    def test_a_native_program_has_any_port_or_a_scheme_of_its_own(self):
        """RFC 8252 7.1, 7.3"""
        self.signed_in()
        proof = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}
        for name, registered, used in (("loopback", "http://127.0.0.1/back", "http://127.0.0.1:49152/back"),
                                       ("scheme", "com.example.app:/back", "com.example.app:/back")):
            client = Client(self.portal, name, "--public", way=None, redirect=registered)
            answer = client.authorize(self.browser, redirect_uri=used, **proof)
            self.assertTrue(answer.headers["Location"].startswith(used + "?code="), answer)
            code = query_of(answer.headers["Location"])["code"]
            self.assertEqual(client.token(code=code, code_verifier=VERIFIER, redirect_uri=used).status, 200)

    def test_a_member_without_webmail_is_refused_and_so_is_an_inactive_one(self):
        self.signed_in()
        self.command("member", "set", self.member, "webmail=off")
        self.told(self.webmail.authorize(self.browser), self.webmail, "access_denied")
        self.command("member", "set", self.member, "webmail=on", "active=off")
        self.assertTrue(self.webmail.authorize(self.browser).headers["Location"].startswith("/sign-in?"))

    def test_a_factor_that_became_required_is_registered_before_anything_else(self):
        self.signed_in()
        tokens = self.webmail.tokens(self.browser)
        self.command("member", "set", self.member, "two_factor_requirement=required")
        self.assertTrue(self.webmail.authorize(self.browser).headers["Location"].startswith("/sign-in?"))
        self.assertEqual(self.browser.session()["next"], "register")
        self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)
        self.refused(self.webmail.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.register()
        self.assertEqual(self.userinfo(tokens["access_token"]).status, 200)
        self.webmail.tokens(self.browser)

    def test_a_session_of_the_password_alone_is_asked_for_the_code_when_it_becomes_due(self):
        """Each way in asks, whichever comes first: a page, a code, a refresh, a look at the member."""
        self.signed_in()
        key = self.register(self.browser, "/api/account/registration")
        ways = {"page": lambda browser, tokens: self.refused(browser.get("/api/account"), 401, "sign-in-again"),
                "code": lambda browser, tokens: self.assertTrue(self.webmail.authorize(
                    browser).headers["Location"].startswith("/sign-in?")),
                "refresh": lambda browser, tokens: self.refused(
                    self.webmail.refresh(tokens["refresh_token"]), 400, "invalid_grant"),
                "userinfo": lambda browser, tokens: self.assertEqual(
                    self.userinfo(tokens["access_token"]).status, 401)}
        for step, (name, way) in enumerate(ways.items()):
            with self.subTest(way=name):
                self.command("member", "set", self.member, "two_factor_mode=skip")
                password_alone = self.signed_in(self.portal.browser())
                tokens = self.webmail.tokens(password_alone)
                self.command("member", "set", self.member, "two_factor_mode=use")
                way(password_alone, tokens)
                self.assertEqual(password_alone.session()["next"], "code")
                self.refused(self.webmail.refresh(tokens["refresh_token"]), 400, "invalid_grant")
                self.portal.sql("UPDATE totp SET last_step = 0")
                answer = password_alone.post("/api/sign-in/code", {"code": totp(key)})
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(self.webmail.refresh(tokens["refresh_token"]).status, 200)
        self.assertEqual(self.browser.state(), "authenticated")

    def test_no_other_page_may_read_or_frame_it(self):
        self.signed_in()
        answer = self.browser.get(self.webmail.authorize_path(), headers={"Origin": "https://evil.test"})
        self.assertEqual([name for name in answer.headers if name.lower().startswith("access-control")], [])
        self.assertIn("frame-ancestors 'none'", answer.headers["Content-Security-Policy"])

    def test_a_mail_program_gets_a_session_of_its_own(self):
        self.signed_in()
        proof = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}
        signed_in = self.portal.sql("SELECT created_at - 100 FROM session WHERE id = ?", self.session_of_member())[0][0]
        self.portal.sql("UPDATE session SET created_at = ? WHERE id = ?", signed_in, self.session_of_member())
        codes = [self.program.code(self.browser, **proof) for _ in range(3)]
        self.assertEqual(self.applications(), [])  # none before it is redeemed
        tokens = self.program.token(code=codes[0], code_verifier=VERIFIER).json
        self.assertEqual([one["name"] for one in self.applications()], ["program"])
        self.assertEqual(len(self.browser.get("/api/account").json["sessions"]), 1)
        channels = self.portal.sql("SELECT s.channel FROM session s JOIN member m ON m.id = s.member_id "
                                   "WHERE m.local = ? ORDER BY s.id", self.member.split("@")[0])
        self.assertEqual(channels, [("webmail",), ("client",)])
        # When the member signed in is not when the program's session began (OpenID Connect Core 2).
        self.assertEqual(claims_of(tokens["id_token"], self.jwks())["auth_time"], signed_in)
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.assertEqual(self.userinfo(tokens["access_token"]).status, 200)
        # A code is worth nothing once the browser has signed out, and a revoked program leaves no session.
        self.refused(self.program.token(code=codes[1], code_verifier=VERIFIER), 400, "invalid_grant")
        self.assertEqual(self.program.revoke(tokens["refresh_token"]).status, 200)
        self.signed_in()
        self.assertEqual(self.applications(), [])


class Tokens(OAuth):
    """The token endpoint."""

    def setUp(self):
        super().setUp()
        self.signed_in()

    def test_a_code_gives_tokens_that_say_whose_they_are(self):
        answer = self.webmail.token(code=self.webmail.code(self.browser, nonce="n-1"))
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.headers["Content-Type"], answer.headers["Cache-Control"]), (JSON, "no-store"))
        self.assertIsNone(secure(answer))
        tokens = answer.json
        self.assertEqual(sorted(tokens), ["access_token", "expires_in", "id_token", "refresh_token", "scope",
                                          "token_type"])
        self.assertEqual((tokens["token_type"], tokens["scope"]), ("Bearer", "openid email"))
        self.assertTrue(3590 <= tokens["expires_in"] <= 3600, tokens)
        self.assertTrue(tokens["access_token"].startswith("pl_at_") and tokens["refresh_token"].startswith("pl_rt_"))
        info = self.userinfo(tokens["access_token"])
        self.assertEqual(info.json, {"sub": info.json["sub"], "email": self.member, "email_verified": True})
        bearer = {"Authorization": "Bearer " + tokens["access_token"]}
        posted = self.portal.browser().request("POST", "/oauth2/userinfo", headers=bearer, origin=False)
        self.assertEqual((posted.status, posted.json), (200, info.json))

    def test_an_id_token_is_signed_by_the_key_that_is_published(self):
        before = int(time.time())
        tokens = self.webmail.tokens(self.browser, nonce="n-2")
        claims = claims_of(tokens["id_token"], self.jwks())
        digest = hashlib.sha256(tokens["access_token"].encode()).digest()
        self.assertEqual(
            {name: claims[name] for name in ("iss", "aud", "nonce", "email", "at_hash", "sub")},
            {"iss": self.portal.url, "aud": "webmail", "nonce": "n-2", "email": self.member,
             "at_hash": encode(digest[:16]), "sub": self.userinfo(tokens["access_token"]).json["sub"]})
        self.assertTrue(before <= claims["iat"] <= time.time() and claims["exp"] > claims["iat"])
        self.assertTrue(claims["iat"] - TIMEOUT <= claims["auth_time"] <= claims["iat"])
        header, body, signature = tokens["id_token"].split(".")
        forged = encode(json.dumps({**claims, "sub": "1"}).encode())
        with self.assertRaises(subprocess.CalledProcessError):
            claims_of(".".join((header, forged, signature)), self.jwks())

    def test_scopes_decide_what_is_told(self):
        for scope, granted, told in (("openid", "openid", {"sub"}), ("openid mail x:unknown", "openid mail", {"sub"}),
                                     ("openid profile", "openid profile", {"sub", "preferred_username"}),
                                     ("offline_access email openid", "openid email offline_access",
                                      {"sub", "email", "email_verified"})):
            tokens = self.webmail.tokens(self.browser, scope=scope)
            self.assertEqual(tokens["scope"], granted)
            self.assertEqual(set(self.userinfo(tokens["access_token"]).json), told)
        for scope in ("mail", None, ""):
            tokens = self.webmail.tokens(self.browser, scope=scope)
            self.assertEqual((tokens["scope"], tokens.get("id_token")), ("mail", None))
        # Whoever was added before there was this scope need not ask for it.
        self.portal.sql("UPDATE oauth_client SET mail_implied = 1 WHERE id = 'other'")
        self.assertEqual(self.other.tokens(self.browser, scope="openid")["scope"], "openid mail")

    def test_a_client_may_prove_itself_in_both_ways(self):
        for way in ("body", "basic"):
            fields = {"grant_type": "authorization_code", "code": self.webmail.code(self.browser),
                      "redirect_uri": self.webmail.redirect}
            self.assertEqual(self.webmail.post("/oauth2/token", fields, way).status, 200)

    def test_pkce_is_honoured_for_confidential_and_public_clients(self):
        for client in (self.webmail, self.app):
            for verifier in (VERIFIER, "v" * 43, "V" * 128):
                code = client.code(self.browser, code_challenge=challenge(verifier), code_challenge_method="S256")
                self.assertEqual(client.token(code=code, code_verifier=verifier).status, 200)

    def test_a_second_use_of_a_code_revokes_what_came_of_the_first(self):
        code = self.webmail.code(self.browser)
        first = self.webmail.token(code=code).json
        again = self.webmail.refresh(first["refresh_token"]).json
        self.refused(self.webmail.token(code=code), 400, "invalid_grant")
        for tokens in (first, again):
            self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)
            self.refused(self.webmail.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.browser.state(), "authenticated")

    def test_of_many_who_use_a_code_at_once_one_wins_at_most(self):
        code = self.webmail.code(self.browser)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: self.webmail.token(code=code), range(16)))
        won = [answer.json for answer in answers if answer.status == 200]
        self.assertLessEqual(len(won), 1, answers)
        self.assertEqual({answer.error for answer in answers if answer.status != 200}, {"invalid_grant"})
        for tokens in won:
            self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)

    def test_refresh_gives_new_tokens_each_time(self):
        tokens = self.webmail.tokens(self.browser, nonce="n-3")
        seen = {tokens["refresh_token"], tokens["access_token"]}
        for _ in range(3):
            answer = self.webmail.refresh(tokens["refresh_token"])
            self.assertEqual(answer.status, 200, answer)
            claims = claims_of(answer.json["id_token"], self.jwks())
            self.assertEqual((claims["aud"], claims["email"], claims.get("nonce")), ("webmail", self.member, None))
            tokens = answer.json
            self.assertFalse(seen & {tokens["refresh_token"], tokens["access_token"]})
            seen |= {tokens["refresh_token"], tokens["access_token"]}
            self.assertEqual(self.userinfo(tokens["access_token"]).status, 200)

    def test_parallel_refreshes_of_one_client_all_succeed(self):
        tokens = self.webmail.tokens(self.browser)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.webmail.refresh(tokens["refresh_token"]), range(8)))
        self.assertEqual({answer.status for answer in answers}, {200}, answers)
        self.assertEqual(len({answer.json["access_token"] for answer in answers}), 8)
        for answer in answers:
            self.assertEqual(self.userinfo(answer.json["access_token"]).status, 200)

    def test_of_two_that_share_the_token_of_a_public_client_one_goes_on(self):
        """A thief's refresh in the time in which parallel ones are good: who is second ends the session."""
        code = self.app.code(self.browser, code_challenge=challenge(VERIFIER), code_challenge_method="S256")
        stolen = self.app.token(code=code, code_verifier=VERIFIER).json["refresh_token"]
        owner, thief = self.app.refresh(stolen).json, self.app.refresh(stolen).json
        newest = self.app.refresh(owner["refresh_token"]).json
        self.assertEqual(self.userinfo(newest["access_token"]).status, 200)
        self.refused(self.app.refresh(thief["refresh_token"]), 400, "invalid_grant")
        for tokens in (owner, thief, newest):
            self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)
            self.refused(self.app.refresh(tokens["refresh_token"]), 400, "invalid_grant")

    def test_an_old_refresh_token_that_comes_back_ends_the_session(self):
        session = self.session_of_member()
        self.doveadm.kicked.clear()
        tokens = self.webmail.tokens(self.browser)
        new = self.webmail.refresh(tokens["refresh_token"]).json
        self.portal.sql("UPDATE refresh_token SET used_at = used_at - ? WHERE used_at IS NOT NULL", GRACE + 1)
        self.refused(self.webmail.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.userinfo(new["access_token"]).status, 401)
        self.refused(self.webmail.refresh(new["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.browser.state(), "none")
        self.assertIn("address=%s" % self.member, self.portal.log().split("refresh-token-stolen")[0].split("\n")[-1])
        self.kicked("session-%d" % session)

    def test_a_scope_that_is_wider_is_refused_and_costs_nothing(self):
        tokens = self.webmail.tokens(self.browser, scope="openid")
        for scope in ("openid email", "profile", 'a"b'):
            self.refused(self.webmail.refresh(tokens["refresh_token"], scope=scope), 400, "invalid_scope")
        self.portal.sql("UPDATE refresh_token SET used_at = used_at - ? WHERE used_at IS NOT NULL", GRACE + 1)
        self.assertEqual(self.webmail.refresh(tokens["refresh_token"], scope="openid").status, 200)

    def test_what_ended_has_no_tokens(self):
        ends = {
            "log-out": lambda: self.browser.post("/api/sign-out"),
            "member inactive": lambda: self.command("member", "set", self.member, "active=off"),
            "webmail off": lambda: self.command("member", "set", self.member, "webmail=off"),
            "domain inactive": lambda: self.command("domain", "set", self.member.split("@")[1], "active=off"),
        }
        for name, end in ends.items():
            with self.subTest(name=name):
                self.setUp()
                tokens, code = self.webmail.tokens(self.browser), self.webmail.code(self.browser)
                end()
                self.refused(self.webmail.refresh(tokens["refresh_token"]), 400, "invalid_grant")
                if name != "webmail off":  # the code is a minute old at most, and Dovecot asks again
                    self.refused(self.webmail.token(code=code), 400, "invalid_grant")
                    self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)


class Introspection(OAuth):
    def setUp(self):
        super().setUp()
        self.tokens = self.webmail.tokens(self.signed_in())

    def test_a_good_token_is_described(self):
        for client, way in ((self.webmail, "body"), (self.webmail, "basic"), (self.dovecot_client, "basic")):
            answer = client.introspect(self.tokens["access_token"], way)
            self.assertEqual(answer.status, 200, answer)
            said = answer.json
            self.assertEqual({name: said[name] for name in ("active", "username", "email", "client_id", "scope",
                                                            "token_type", "iss")},
                             {"active": True, "username": self.member, "email": self.member, "client_id": "webmail",
                              "scope": "openid email", "token_type": "Bearer", "iss": self.portal.url})
            self.assertEqual(said["exp"] - said["iat"], 3600)

    def test_of_a_token_of_another_client_nothing_is_said(self):
        self.assertEqual(self.other.introspect(self.tokens["access_token"]).body, b'{"active":false}')
        own = self.other.tokens(self.browser)["access_token"]
        self.assertTrue(self.other.introspect(own).json["active"])

    def test_of_any_other_nothing_is_said(self):
        access = self.tokens["access_token"]
        revoked = self.webmail.tokens(self.browser)["access_token"]
        self.assertEqual(self.webmail.revoke(revoked).status, 200)
        tokens = [self.tokens["refresh_token"], revoked, access + "x", access[:-1], "x", "pl_at_" + "A" * 43,
                  "x" * 4000, self.webmail.code(self.browser), self.browser.cookies["__Host-postlatch"],
                  self.webmail.secret]
        for token in tokens:
            answer = self.dovecot_client.introspect(token)
            self.assertEqual((answer.status, answer.body), (200, b'{"active":false}'), token)
        self.portal.sql("UPDATE token SET expires_at = issued_at")
        self.assertEqual(self.dovecot_client.introspect(access).body, b'{"active":false}')

    def test_of_a_member_that_may_not_any_more_nothing_is_said(self):
        for setting in ("member", self.member), ("domain", self.member.split("@")[1]):
            self.command(setting[0], "set", setting[1], "active=off")
            self.assertEqual(self.webmail.introspect(self.tokens["access_token"]).body, b'{"active":false}')
            self.command(setting[0], "set", setting[1], "active=on")
            self.assertTrue(self.webmail.introspect(self.tokens["access_token"]).json["active"])


class Revocation(OAuth):
    def setUp(self):
        super().setUp()
        self.tokens = self.webmail.tokens(self.signed_in())

    def revoked(self, client, token, **fields):
        answer = client.revoke(token, **fields)
        self.assertEqual((answer.status, answer.body), (200, b""), answer)

    def test_an_access_token_dies_alone(self):
        self.revoked(self.webmail, self.tokens["access_token"])
        self.assertEqual(self.userinfo(self.tokens["access_token"]).status, 401)
        self.assertEqual(self.webmail.refresh(self.tokens["refresh_token"]).status, 200)

    def test_a_refresh_token_takes_its_access_tokens_along_whatever_the_hint(self):
        for hint in (None, "refresh_token", "access_token", "what"):
            tokens = self.webmail.tokens(self.browser)
            newer = self.webmail.refresh(tokens["refresh_token"]).json
            self.revoked(self.webmail, newer["refresh_token"], token_type_hint=hint)
            for dead in (tokens, newer):
                self.assertEqual(self.userinfo(dead["access_token"]).status, 401)
                self.refused(self.webmail.refresh(dead["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.userinfo(self.tokens["access_token"]).status, 200)
        self.assertEqual(self.browser.state(), "authenticated")

    def test_an_unknown_token_is_no_error(self):
        for token in ("x", "pl_rt_" + "A" * 43, "x" * 4000):
            self.revoked(self.webmail, token)

    def test_a_token_of_another_client_stays(self):
        for client in (self.other, self.app):
            for token in (self.tokens["access_token"], self.tokens["refresh_token"]):
                self.revoked(client, token)
        self.assertEqual(self.userinfo(self.tokens["access_token"]).status, 200)
        self.assertEqual(self.webmail.refresh(self.tokens["refresh_token"]).status, 200)

    def test_a_public_client_may_revoke_its_own(self):
        code = self.app.code(self.browser, code_challenge=challenge(VERIFIER), code_challenge_method="S256")
        tokens = self.app.token(code=code, code_verifier=VERIFIER).json
        self.revoked(self.app, tokens["refresh_token"])
        self.assertEqual(self.userinfo(tokens["access_token"]).status, 401)


class LogOut(OAuth):
    """The end-session endpoint."""

    def setUp(self):
        super().setUp()
        self.tokens = self.webmail.tokens(self.signed_in())
        self.doveadm.kicked.clear()
        self.session_id = self.session_of_member()

    def end(self, browser=None, **fields):
        path = "/oauth2/end-session"
        query = {name: value for name, value in fields.items() if value is not None}
        answer = (browser or self.browser).get(path + ("?" + urllib.parse.urlencode(query) if query else ""),
                                               origin=False)
        self.assertEqual(answer.status, 303, answer)
        return answer.headers["Location"]

    def ended(self):
        self.assertEqual(self.userinfo(self.tokens["access_token"]).status, 401)
        self.refused(self.webmail.refresh(self.tokens["refresh_token"]), 400, "invalid_grant")
        return True

    def lives(self):
        self.assertEqual(self.userinfo(self.tokens["access_token"]).status, 200)
        self.assertEqual(self.browser.state(), "authenticated")

    def test_an_id_token_ends_its_session_and_the_client_gets_the_browser_back(self):
        location = self.end(id_token_hint=self.tokens["id_token"], client_id="webmail", state="s t&",
                            post_logout_redirect_uri=self.webmail.logout)
        self.assertEqual(location, self.webmail.logout + "?state=s%20t%26")
        self.assertNotIn("__Host-postlatch", self.browser.cookies)
        self.ended()
        self.kicked("session-%d" % self.session_id)
        # A second log-out finds nothing to end, and leads to the same place.
        self.assertEqual(self.end(id_token_hint=self.tokens["id_token"], post_logout_redirect_uri=self.webmail.logout),
                         self.webmail.logout)

    def test_it_may_come_as_a_form(self):
        """RP-Initiated Logout 2"""
        body = urllib.parse.urlencode({"id_token_hint": self.tokens["id_token"],
                                       "post_logout_redirect_uri": self.webmail.logout})
        answer = self.portal.browser().request("POST", "/oauth2/end-session", body, {"Content-Type": FORM},
                                               origin=False)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, self.webmail.logout))
        self.ended()

    def test_it_ends_that_session_and_no_other(self):
        elsewhere = self.signed_in(self.portal.browser())
        self.end(elsewhere, id_token_hint=self.tokens["id_token"])
        self.assertEqual(elsewhere.state(), "authenticated")
        self.ended()

    def test_an_old_id_token_is_good_enough(self):
        new = self.webmail.refresh(self.tokens["refresh_token"]).json
        self.end(id_token_hint=self.tokens["id_token"])
        self.assertEqual(self.userinfo(new["access_token"]).status, 401)
        self.ended()

    def test_without_proof_nothing_ends_and_the_person_is_asked(self):
        header, claims, signature = self.tokens["id_token"].split(".")
        other_claims = encode(json.dumps({**json.loads(decode(claims)), "sid": "1"}).encode())
        unsigned = encode(b'{"alg":"none","kid":"%s"}' % json.loads(decode(header))["kid"].encode())
        hints = [None, "x", "x.y.z", "..", header + "." + claims + ".", unsigned + "." + claims + ".",
                 ".".join((header, claims, signature[:-8] + "AAAAAAAA")), ".".join((unsigned, claims, signature)),
                 ".".join((header, other_claims, signature)), self.tokens["access_token"], "a" * 4000 + ".b.c"]
        for hint in hints:
            for uri in (None, self.webmail.logout):
                self.assertEqual(self.end(id_token_hint=hint, client_id="webmail", post_logout_redirect_uri=uri),
                                 "/sign-out", hint)
        self.lives()

    def set_url(self, url):
        self.portal.settings["portal_url"] = url
        self.portal.write_policy()
        path = "/.well-known/openid-configuration"
        wait_for(lambda: self.portal.browser().get(path).json["issuer"] == url, TIMEOUT)

    def test_an_id_token_of_another_issuer_proves_nothing(self):
        self.addCleanup(self.set_url, self.portal.url)
        self.set_url("https://former.example.test")
        self.assertEqual(self.end(id_token_hint=self.tokens["id_token"]), "/sign-out")
        self.lives()

    def test_an_id_token_ends_no_session_of_another_member(self):
        """As when the database came from a backup, and its ids were given a second time."""
        self.portal.sql("UPDATE session SET member_id = (SELECT MIN(id) FROM member) WHERE id = "
                        "(SELECT MAX(id) FROM session)")
        self.end(self.portal.browser(), id_token_hint=self.tokens["id_token"])
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM session WHERE id = (SELECT MAX(session_id) "
                                         "FROM oauth_grant)"), [(1,)])

    def test_it_leads_to_no_address_that_is_not_registered_for_that_client(self):
        for uri in ("https://evil.test/", self.webmail.logout + "/", self.webmail.logout + "?x=y",
                    self.webmail.redirect, self.other.logout, "/account", "//evil.test", "javascript:alert(1)"):
            for fields in ({"id_token_hint": self.tokens["id_token"]}, {"client_id": "webmail"},
                           {"client_id": "none"}, {}):
                location = self.end(self.portal.browser(), post_logout_redirect_uri=uri, **fields)
                self.assertEqual(location, "/sign-out", (uri, fields))
        for uri in (self.webmail.logout, self.other.logout):
            location = self.end(self.portal.browser(), id_token_hint=self.tokens["id_token"], client_id="other",
                                post_logout_redirect_uri=uri)
            self.assertEqual(location, "/sign-out")

    def test_who_is_signed_out_already_is_led_back(self):
        location = self.end(self.portal.browser(), client_id="webmail", state="s",
                            post_logout_redirect_uri=self.webmail.logout)
        self.assertEqual(location, self.webmail.logout + "?state=s")
        self.assertEqual(self.end(self.portal.browser()), "/sign-out")
        self.lives()


class Disconnect(OAuth):
    """Mail connections of a session that ends, at two front ends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = Doveadm()
        cls.addClassCleanup(cls.second.close)
        cls.settings(doveadm_url="%s  %s" % (cls.doveadm.url, cls.second.url))

    @classmethod
    def settings(cls, **settings):
        cls.portal.settings.update(settings)
        cls.portal.write_policy()
        cls.portal.stop()
        cls.portal.start()

    def setUp(self):
        super().setUp()
        self.signed_in()
        for doveadm in (self.doveadm, self.second):
            doveadm.kicked.clear()
            doveadm.old, doveadm.answer = False, None

    def test_exactly_those_of_the_session_end_at_each_front_end(self):
        ended = self.session_of_member()
        kept = self.signed_in(self.portal.browser())
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.kicked("session-%d" % ended)
        self.assertEqual(self.second.kicked, self.doveadm.kicked)
        self.assertEqual(kept.state(), "authenticated")

    def test_signing_out_everywhere_ends_those_of_the_others(self):
        others = []
        for _ in range(2):
            self.signed_in(self.portal.browser())
            others.append("session-%d" % self.session_of_member())
        self.assertEqual(self.browser.post("/api/account/sessions/end-all").status, 200)
        self.kicked(*reversed(others))

    def test_a_copied_trusted_device_ends_those_of_its_own_sessions(self):
        key = self.register(where="/api/account/registration")
        owner = self.portal.browser()
        owner.sign_in(self.member)
        self.assertEqual(owner.post("/api/sign-in/code", {"code": totp(key), "trust": True}).status, 200)
        thief = owner.copy()
        owner.post("/api/sign-out")
        owner.sign_in(self.member)
        self.assertEqual(owner.state(), "authenticated")
        self.portal.sql("UPDATE trusted_device SET rotated_at = rotated_at - 60")
        on_device = self.session_of_member()
        self.doveadm.kicked.clear()
        self.assertEqual(thief.sign_in(self.member).json["state"], "pending")
        self.kicked("session-%d" % on_device)
        self.assertEqual(self.browser.state(), "authenticated")

    def test_an_older_dovecot_ends_those_of_the_member_from_webmail(self):
        self.doveadm.old = True
        address, domain = self.member, self.member.split("@")[1]
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.kicked(address)
        self.doveadm.kicked.clear()
        self.settings(webmail_networks="192.0.2.10, 2001:db8::/64", default_domain=domain)
        self.addCleanup(self.settings, webmail_networks="", default_domain="")
        self.signed_in()
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.kicked(*("%s %s" % (user, network) for user in (address, address.split("@")[0])
                      for network in ("192.0.2.10/32", "2001:db8::/64")))

    def test_an_older_dovecot_ends_those_of_a_program_from_its_address(self):
        self.doveadm.old = True
        code = self.program.code(self.browser, code_challenge=challenge(VERIFIER), code_challenge_method="S256")
        self.program.token(code=code, code_verifier=VERIFIER)
        program, = self.applications()
        answer = self.browser.post("/api/account/applications/revoke", {"id": program["id"]})
        self.assertEqual(answer.status, 200)
        self.kicked("%s %s/32" % (self.member, program["ip"]))

    def test_a_dovecot_that_does_not_do_it_is_in_the_log(self):
        for answer, words in ((b'[["error",{"type":"unAuthorized","exitCode":0},"kick"]]', "unAuthorized"),
                              (b'[["error",{"type":"exitCode","exitCode":75},"kick"]]', "exit code 75"),
                              (b"<html>", "is not one of doveadm")):
            self.doveadm.answer = answer
            self.signed_in()
            self.assertEqual(self.browser.post("/api/sign-out").status, 200)
            self.assertIn(words, self.portal.log().split("doveadm at %s: " % self.doveadm.url)[-1])


class Metadata(OAuth):
    def test_both_documents_name_this_issuer_and_paths_that_are_there(self):
        first, second = (self.portal.browser().get("/.well-known/" + name)
                         for name in ("oauth-authorization-server", "openid-configuration"))
        self.assertEqual((first.status, first.headers["Content-Type"]), (200, JSON))
        self.assertEqual(first.json, second.json)
        said = first.json
        self.assertEqual(said["issuer"], self.portal.url)
        self.assertEqual((said["response_types_supported"], said["code_challenge_methods_supported"],
                          said["id_token_signing_alg_values_supported"], said["subject_types_supported"]),
                         (["code"], ["S256"], ["RS256", "ES256"], ["public"]))
        self.assertIs(said["authorization_response_iss_parameter_supported"], True)
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
                     "introspection_endpoint", "revocation_endpoint", "end_session_endpoint"):
            self.assertTrue(said[name].startswith(self.portal.url + "/oauth2/"), said[name])
            answer = self.portal.browser().get(said[name][len(self.portal.url):])
            self.assertNotIn(answer.status, (404, 500, 503), name)

    def test_the_key_set_tells_the_public_keys_alone(self):
        """RFC 7638: the id is the thumbprint of the members that make the key."""
        members = {"RS256": ("e", "kty", "n"), "ES256": ("crv", "kty", "x", "y")}
        keys = self.jwks()["keys"]
        self.assertEqual([key["alg"] for key in keys], list(members))
        for key in keys:
            names = members[key["alg"]]
            self.assertEqual(set(key), {*names, "use", "alg", "kid"})
            thumb = json.dumps({name: key[name] for name in names}, separators=(",", ":"))
            self.assertEqual(key["kid"], encode(hashlib.sha256(thumb.encode()).digest()))


class Keys(OAuth):
    def test_a_client_has_the_algorithm_that_it_was_added_with(self):
        self.signed_in()
        client = Client(self.portal, "elliptic", "--id-token-alg", "ES256")
        for way, alg in ((client, "ES256"), (self.webmail, "RS256")):
            token = way.tokens(self.browser)["id_token"]
            self.assertEqual(claims_of(token, self.jwks(), alg)["email"], self.member)

    def test_tokens_of_a_replaced_key_are_good_until_they_expire(self):
        self.signed_in()
        old = self.webmail.tokens(self.browser)["id_token"]
        self.command("signing-key", "rotate")
        new = self.webmail.tokens(self.browser)["id_token"]
        jwks = self.jwks()
        self.assertEqual(len(jwks["keys"]), 4)
        for token in (old, new):
            self.assertEqual(claims_of(token, jwks)["email"], self.member)
        kids = [json.loads(decode(token.split(".")[0]))["kid"] for token in (old, new)]
        self.assertNotEqual(*kids)
        # The old one still says which session is to end.
        end = "/oauth2/end-session?" + urllib.parse.urlencode({"id_token_hint": old})
        self.assertEqual(self.browser.get(end, origin=False).status, 303)
        self.assertEqual(self.browser.state(), "none")

    def test_after_a_theft_the_old_keys_are_gone_at_once(self):
        self.signed_in()
        old = self.webmail.tokens(self.browser)["id_token"]
        self.command("signing-key", "rotate", "--at-once")
        with self.assertRaises(StopIteration):
            claims_of(old, self.jwks())
        end = "/oauth2/end-session?" + urllib.parse.urlencode({"id_token_hint": old})
        self.assertEqual(self.browser.get(end, origin=False).headers["Location"], "/sign-out")
        self.assertEqual(self.browser.state(), "authenticated")


if __name__ == "__main__":
    unittest.main()
