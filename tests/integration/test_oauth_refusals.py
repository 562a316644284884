"""Wrong OAuth requests, and the answer that the RFC demands for each.

A row names what is changed in a request that is right in all else; the section says
who demands the answer. Each table is also walked with nothing changed, so that a row
cannot be refused for another reason.
"""
import base64
import os
import unittest
import urllib.parse

from oauth import FORM, VERIFIER, OAuth, challenge, query_of
from portal import secure
from server import TIMEOUT, wait_for

S256 = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}

# What is wrong with an authorization request once client and redirect URI are right:
# section, client, changed fields, error that the client is told.
WRONG_WISHES = [
    ("RFC 6749 4.1.2.1", "webmail", {"response_type": None}, "invalid_request"),
    ("RFC 6749 3.1", "webmail", {"response_type": ""}, "invalid_request"),
    ("RFC 6749 4.1.2.1", "webmail", {"response_type": "token"}, "unsupported_response_type"),
    ("RFC 9700 2.1.2", "webmail", {"response_type": "code token"}, "unsupported_response_type"),
    ("RFC 6749 4.1.2.1", "webmail", {"response_type": "CODE"}, "unsupported_response_type"),
    ("OAuth Multiple Response Types 2.1", "webmail", {"response_mode": "fragment"}, "invalid_request"),
    ("OAuth Multiple Response Types 2.1", "webmail", {"response_mode": "form_post"}, "invalid_request"),
    ("RFC 6749 4.1.2.1", "webmail", {"scope": "nothing of ours"}, "invalid_scope"),
    ("RFC 6749 A.4", "webmail", {"scope": 'openid "'}, "invalid_scope"),
    ("RFC 6749 A.4", "webmail", {"scope": "openid \\"}, "invalid_scope"),
    ("RFC 6749 A.4", "webmail", {"scope": "openid \u20ac"}, "invalid_scope"),
    ("RFC 9700 2.1.1", "app", {}, "invalid_request"),
    ("RFC 7636 4.4.1", "app", {"code_challenge": ""}, "invalid_request"),
    ("RFC 7636 4.4.1", "app", {"code_challenge_method": "S256"}, "invalid_request"),
    ("RFC 7636 4.3", "webmail", {"code_challenge": S256["code_challenge"]}, "invalid_request"),
    ("RFC 9700 2.1.1", "webmail", {**S256, "code_challenge_method": "plain"}, "invalid_request"),
    ("RFC 7636 4.4.1", "webmail", {**S256, "code_challenge_method": "s256"}, "invalid_request"),
    ("RFC 7636 4.4.1", "webmail", {**S256, "code_challenge_method": "S512"}, "invalid_request"),
    ("RFC 7636 4.4.1", "webmail", {"code_challenge_method": "S256"}, "invalid_request"),
    ("RFC 7636 4.2", "webmail", {**S256, "code_challenge": S256["code_challenge"] + "="}, "invalid_request"),
    ("RFC 7636 4.2", "webmail", {**S256, "code_challenge": S256["code_challenge"][:-1]}, "invalid_request"),
    ("RFC 7636 4.2", "webmail", {**S256, "code_challenge": "+" * 43}, "invalid_request"),
    ("OpenID Core 3.1.2.1", "webmail", {"prompt": "none login"}, "invalid_request"),
    ("OpenID Core 3.1.2.1", "webmail", {"prompt": "maybe"}, "invalid_request"),
    ("OpenID Core 3.1.2.1", "webmail", {"max_age": "-1"}, "invalid_request"),
    ("OpenID Core 3.1.2.1", "webmail", {"max_age": "ten"}, "invalid_request"),
    ("OpenID Core 3.1.2.1", "webmail", {"nonce": "n" * 300}, "invalid_request"),
    ("OpenID Core 3.1.2.6", "webmail", {"request": "e30.e30."}, "request_not_supported"),
    ("OpenID Core 3.1.2.6", "webmail", {"request_uri": "https://evil.test/r"}, "request_uri_not_supported"),
    ("OpenID Core 3.1.2.6", "webmail", {"registration": "{}"}, "registration_not_supported"),
]
# Client or redirect URI are wrong (RFC 6749 3.1.2.4, 4.1.2.1): the browser is sent nowhere.
WRONG_PLACES = [
    {"client_id": None}, {"client_id": ""}, {"client_id": "nobody"}, {"client_id": "WEBMAIL"}, {"client_id": "x" * 300},
    {"client_id": "webmail' OR '1'='1"}, {"client_id": "other"}, {"redirect_uri": None}, {"redirect_uri": ""},
    {"redirect_uri": "https://evil.test/"}, {"redirect_uri": "https://webmail.example.test/back"},
    {"redirect_uri": "https://webmail.example.test/back?keep=this&more=1"},
    {"redirect_uri": "https://webmail.example.test/back?keep=this/../x"},
    {"redirect_uri": "https://webmail.example.test/back?keep=this#x"},
    {"redirect_uri": "HTTPS://webmail.example.test/back?keep=this"},
    {"redirect_uri": "https://webmail.example.test:443/back?keep=this"},
    {"redirect_uri": "http://webmail.example.test/back?keep=this"},
    {"redirect_uri": "https://webmail.example.test/back?keep=this https://webmail.example.test/other"},
    {"redirect_uri": "https://webmail.example.test/back?keep=thi"}, {"redirect_uri": "/sign-in"},
]

# Token requests: section, changed fields, status, error. CODE and REFRESH are good ones, made for the row.
CODE, REFRESH = "<code>", "<refresh>"
WRONG_TOKEN_REQUESTS = [
    ("RFC 6749 5.2", {"grant_type": None}, 400, "invalid_request"),
    ("RFC 6749 3.2", {"grant_type": ""}, 400, "invalid_request"),
    ("RFC 6749 5.2", {"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ("RFC 9700 2.4", {"grant_type": "password", "username": "a", "password": "right"}, 400, "unsupported_grant_type"),
    ("RFC 6749 5.2", {"grant_type": "Authorization_Code"}, 400, "unsupported_grant_type"),
    ("RFC 6749 4.1.3", {"code": None}, 400, "invalid_request"),
    ("RFC 6749 3.2", {"code": ""}, 400, "invalid_request"),
    ("RFC 6749 4.1.3", {"redirect_uri": None}, 400, "invalid_request"),
    ("RFC 6749 5.2", {"code": "pl_ac_" + "A" * 43}, 400, "invalid_grant"),
    ("RFC 6749 5.2", {"code": "x" * 4000}, 400, "invalid_grant"),
    ("RFC 6749 5.2", {"code": REFRESH}, 400, "invalid_grant"),
    ("RFC 6749 4.1.3", {"redirect_uri": "https://webmail.example.test/other"}, 400, "invalid_grant"),
    ("RFC 9700 2.1.1", {"code_verifier": VERIFIER}, 400, "invalid_grant"),
    ("RFC 6749 5.2", {"client_secret": "wrong"}, 401, "invalid_client"),
    ("RFC 6749 5.2", {"client_secret": None}, 401, "invalid_client"),
    ("RFC 6749 5.2", {"client_secret": ""}, 401, "invalid_client"),
    ("RFC 6749 5.2", {"client_id": None}, 401, "invalid_client"),
    ("RFC 6749 5.2", {"client_id": "nobody"}, 401, "invalid_client"),
    ("RFC 6749 5.2", {"client_id": "other"}, 401, "invalid_client"),
    ("RFC 6749 3.2.1", {"client_id": "app"}, 401, "invalid_client"),
    ("RFC 6749 6", {"grant_type": "refresh_token"}, 400, "invalid_request"),
    ("RFC 6749 5.2", {"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    ("RFC 6749 5.2", {"grant_type": "refresh_token", "refresh_token": "x" * 4000}, 400, "invalid_grant"),
    ("RFC 6749 5.2", {"grant_type": "refresh_token", "refresh_token": CODE}, 400, "invalid_grant"),
    ("RFC 6749 6", {"grant_type": "refresh_token", "refresh_token": REFRESH, "scope": "profile"}, 400, "invalid_scope"),
]

# Ways to prove who a client is, by Authorization header: section, header, changed fields, status, error.
SECRET = "<secret>"
WRONG_PROOFS = [
    ("RFC 6749 5.2", "webmail:wrong", {}, 401, "invalid_client"),
    ("RFC 6749 5.2", "webmail:", {}, 401, "invalid_client"),
    ("RFC 6749 5.2", "nobody:" + SECRET, {}, 401, "invalid_client"),
    ("RFC 6749 5.2", "other:" + SECRET, {}, 401, "invalid_client"),
    ("RFC 7617 2", "webmail", {}, 401, "invalid_client"),
    ("RFC 6749 2.3", "webmail:" + SECRET, {"client_secret": SECRET}, 400, "invalid_request"),
    ("RFC 6749 2.3", "webmail:" + SECRET, {"client_id": "other"}, 400, "invalid_request"),
]


class Authorize(OAuth):
    def walk(self, table, browser):
        for section, name, fields, error in table:
            client = getattr(self, name)
            with self.subTest(section=section, fields=fields):
                told = self.told(client.authorize(browser, **fields), client, error)
                self.assertEqual(told["state"], "a b&c/\u20ac")

    def test_a_right_request_is_granted(self):
        self.signed_in()
        self.webmail.code(self.browser)
        self.app.code(self.browser, **S256)

    def test_what_is_wrong_is_told_to_the_client(self):
        self.walk(WRONG_WISHES, self.browser)
        self.walk(WRONG_WISHES, self.signed_in())

    def test_with_prompt_none_a_sign_in_that_is_too_old_is_told(self):
        self.signed_in()
        self.portal.sql("UPDATE session SET created_at = created_at - 100")
        self.assertIn("code", query_of(self.webmail.authorize(self.browser, max_age="1000").headers["Location"]))
        self.told(self.webmail.authorize(self.browser, max_age="60", prompt="none"), self.webmail, "login_required")

    def test_with_prompt_none_nobody_is_asked_to_sign_in(self):
        self.told(self.webmail.authorize(self.browser, prompt="none"), self.webmail, "login_required")
        self.signed_in()
        self.assertIn("code", query_of(self.webmail.authorize(self.browser, prompt="none").headers["Location"]))

    def test_with_an_id_token_of_another_member_nobody_is_taken_for_that_one(self):
        """OpenID Connect Core 3.1.2.1"""
        hint = self.webmail.tokens(self.signed_in())["id_token"]
        own, other = self.browser, self.portal.browser()
        self.member = "other-" + self.member
        self.signed_in(other)
        self.assertIn("code", query_of(self.webmail.authorize(own, id_token_hint=hint, prompt="none").headers["Location"]))
        for wrong in (hint, hint[:-8] + "AAAAAAAA", "x"):
            self.told(self.webmail.authorize(other, id_token_hint=wrong, prompt="none"), self.webmail, "login_required")
        asked = query_of(self.webmail.authorize(other, id_token_hint=hint).headers["Location"])
        self.assertEqual(asked["again"], "1")
        # Who signs in as the other one all the same is not asked for ever.
        self.signed_in(other)
        self.told(other.get(asked["continue"], origin=False), self.webmail, "login_required")
        # A hint that cannot be read any more, of a key that was replaced, does not keep anybody out.
        self.webmail.code(other, id_token_hint=hint[:-8] + "AAAAAAAA")

    def test_with_a_wrong_client_or_address_the_browser_is_sent_nowhere(self):
        for browser in (self.browser, self.signed_in(self.portal.browser())):
            for fields in WRONG_PLACES:
                with self.subTest(fields=fields):
                    answer = self.webmail.authorize(browser, **fields)
                    self.assertEqual((answer.status, answer.headers["Location"]), (400, None), answer)
                    self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
                    self.assertIsNone(secure(answer))

    def test_the_page_that_says_so_speaks_both_languages(self):
        for language, sentence in (("en", "This link does not work here"),
                                   ("ko,en;q=0.5", "이 링크는 사용할 수 없습니다")):
            answer = self.portal.browser(language=language).get("/oauth2/authorize")
            self.assertIn("<html lang=\"%s\">" % language[:2], answer.body.decode())
            self.assertIn(sentence, answer.body.decode())

    def test_a_parameter_that_is_there_twice_is_refused(self):
        """RFC 6749 3.1"""
        self.signed_in()
        asked = self.webmail.authorize_path(**S256)
        for name in ("response_type", "scope", "code_challenge", "code_challenge_method", "x", "state"):
            value = query_of(asked).get(name, "x")
            answer = self.browser.get(asked + "&x=y&" + urllib.parse.urlencode({name: value}), origin=False)
            told = self.told(answer, self.webmail, "invalid_request")
            self.assertEqual("state" in told, name != "state")
        for name in ("client_id", "redirect_uri"):
            for value in (query_of(asked)[name], "https://evil.test/"):
                answer = self.browser.get(asked + "&" + urllib.parse.urlencode({name: value}))
                self.assertEqual((answer.status, answer.headers["Location"]), (400, None))

    def test_unknown_parameters_are_ignored(self):
        """RFC 6749 3.1"""
        self.signed_in()
        self.webmail.code(self.browser, unknown="x", login_hint="someone@else.test", ui_locales="fr", display="page")

    def test_an_answer_that_would_not_fit_is_not_cut(self):
        self.signed_in()
        for browser in (self.browser, self.portal.browser()):
            answer = self.webmail.authorize(browser, state="\u20ac" * 1000)
            self.assertEqual((answer.status, answer.headers["Location"]), (400, None))


class Token(OAuth):
    def setUp(self):
        super().setUp()
        self.signed_in()

    def fill(self, fields):
        """The fields with a code, a refresh token or the secret where the row says so."""
        values = {CODE: lambda: self.webmail.code(self.browser), SECRET: lambda: self.webmail.secret,
                  REFRESH: lambda: self.webmail.tokens(self.browser)["refresh_token"]}
        return {name: values[value]() if value in values else value for name, value in fields.items()}

    def test_wrong_requests_get_the_answer_of_the_rfc(self):
        self.assertEqual(self.webmail.token(code=self.webmail.code(self.browser)).status, 200)
        for section, fields, status, error in WRONG_TOKEN_REQUESTS:
            with self.subTest(section=section, fields=fields):
                answer = self.webmail.token(**{"code": self.webmail.code(self.browser), **self.fill(fields)})
                self.refused(answer, status, error)
                self.assertIsNone(secure(answer))
                self.assertEqual(answer.headers.get("WWW-Authenticate", "").startswith("Basic "), status == 401)

    def test_a_client_proves_itself_in_one_way(self):
        for path, fields in (("/oauth2/token", {"grant_type": "authorization_code", "code": CODE,
                                                "redirect_uri": self.webmail.redirect}),
                             ("/oauth2/introspect", {"token": "x"}), ("/oauth2/revoke", {"token": "x"})):
            right = ("none", "webmail:" + SECRET, {}, 200, None)
            for section, pair, changed, status, error in [right, *WRONG_PROOFS]:
                with self.subTest(path=path, section=section, pair=pair):
                    header = base64.b64encode(pair.replace(SECRET, self.webmail.secret).encode()).decode()
                    body = urllib.parse.urlencode(self.fill({**fields, **changed}))
                    answer = self.portal.browser().request(
                        "POST", path, body, {"Content-Type": FORM, "Authorization": "Basic " + header}, origin=False)
                    self.assertEqual((answer.status, answer.error), (status, error), answer)
                    self.assertEqual("WWW-Authenticate" in answer.headers, status == 401)

    def test_a_secret_in_the_address_proves_nothing(self):
        """RFC 6749 2.3.1"""
        query = urllib.parse.urlencode({"client_id": "webmail", "client_secret": self.webmail.secret})
        body = urllib.parse.urlencode({"grant_type": "authorization_code", "code": self.webmail.code(self.browser),
                                       "redirect_uri": self.webmail.redirect})
        answer = self.portal.browser().request("POST", "/oauth2/token?" + query, body, {"Content-Type": FORM},
                                               origin=False)
        self.refused(answer, 401, "invalid_client")

    def test_a_public_client_with_a_secret_is_not_that_client(self):
        code = self.app.code(self.browser, **S256)
        self.refused(self.app.token(code=code, code_verifier=VERIFIER, client_secret="x"), 401, "invalid_client")
        self.assertEqual(self.app.token(code=code, code_verifier=VERIFIER, client_secret="").status, 200)

    def test_a_parameter_that_is_there_twice_is_refused(self):
        """RFC 6749 3.2"""
        for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"):
            body = urllib.parse.urlencode({"client_id": "webmail", "client_secret": self.webmail.secret, "token": "x",
                                           "grant_type": "authorization_code"})
            for extra in ("token=x", "token=y", "client_id=webmail", "x=1&x=1"):
                answer = self.portal.browser().request("POST", path, body + "&" + extra, {"Content-Type": FORM},
                                                       origin=False)
                self.refused(answer, 400, "invalid_request")

    def test_a_code_is_bound_to_its_client(self):
        """RFC 6749 4.1.3, and its owner can use it all the same"""
        code = self.webmail.code(self.browser)
        for thief in (self.other, self.app):
            self.refused(thief.token(code=code, redirect_uri=self.webmail.redirect), 400, "invalid_grant")
        self.assertEqual(self.webmail.token(code=code).status, 200)

    def test_a_code_is_good_for_a_minute(self):
        """RFC 6749 4.1.2"""
        for age, status in ((55, 200), (61, 400)):
            code = self.webmail.code(self.browser)
            self.portal.sql("UPDATE oauth_grant SET code_expires_at = code_expires_at - ?", age)
            self.assertEqual(self.webmail.token(code=code).status, status)

    def test_a_code_that_failed_is_spent(self):
        """RFC 9700 2.1.1"""
        for wrong in ({"redirect_uri": "https://webmail.example.test/other"}, {"code_verifier": "y" * 43}):
            code = self.webmail.code(self.browser, **S256)
            self.refused(self.webmail.token(code=code, **{"code_verifier": VERIFIER, **wrong}), 400, "invalid_grant")
            self.refused(self.webmail.token(code=code, code_verifier=VERIFIER), 400, "invalid_grant")

    def test_a_verifier_must_fit(self):
        """RFC 7636 4.1, 4.6; RFC 9700 2.1.1"""
        for client in (self.webmail, self.app):
            for verifier in (None, "", "y" * 43, VERIFIER + "x", VERIFIER[:-1], S256["code_challenge"]):
                code = client.code(self.browser, **S256)
                self.refused(client.token(code=code, code_verifier=verifier), 400, "invalid_grant")
        for verifier in ("x" * 42, "x" * 129, "x" * 42 + "+", "x" * 42 + " ", "x" * 42 + "\u20ac"):
            code = self.app.code(self.browser, code_challenge=challenge(verifier), code_challenge_method="S256")
            self.refused(self.app.token(code=code, code_verifier=verifier), 400, "invalid_grant")

    def test_a_refresh_token_is_bound_to_its_client(self):
        """RFC 6749 6"""
        tokens = self.webmail.tokens(self.browser)
        for thief in (self.other, self.app):
            self.refused(thief.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.assertEqual(self.webmail.refresh(tokens["refresh_token"]).status, 200)


class Others(OAuth):
    """Introspection, revocation and userinfo."""

    def test_introspection_is_for_clients_that_prove_themselves(self):
        """RFC 7662 2.1"""
        token = self.webmail.tokens(self.signed_in())["access_token"]
        self.assertTrue(self.webmail.introspect(token).json["active"])
        self.refused(self.webmail.introspect(token, "none"), 401, "invalid_client")
        self.refused(self.app.introspect(token), 401, "invalid_client")
        answer = self.browser.get("/oauth2/introspect?token=" + token)
        self.refused(answer, 405, "method-not-allowed")

    def test_a_token_must_be_there(self):
        """RFC 7662 2.1, RFC 7009 2.1"""
        for token in (None, ""):
            self.refused(self.webmail.introspect(token), 400, "invalid_request")
            self.refused(self.webmail.revoke(token), 400, "invalid_request")

    def test_revocation_is_for_the_client_itself(self):
        """RFC 7009 2.1"""
        tokens = self.webmail.tokens(self.signed_in())
        answer = self.webmail.post("/oauth2/revoke", {"token": tokens["access_token"]}, "none")
        self.refused(answer, 401, "invalid_client")
        self.assertEqual(self.userinfo(tokens["access_token"]).status, 200)

    def test_userinfo_tells_what_is_wrong_with_a_token(self):
        """RFC 6750 3, 3.1"""
        tokens = self.webmail.tokens(self.signed_in())
        for token in (tokens["access_token"] + "x", tokens["refresh_token"], "x", "x" * 2000):
            answer = self.refused(self.userinfo(token), 401, "invalid_token")
            self.assertEqual(answer.headers["WWW-Authenticate"], 'Bearer realm="postlatch", error="invalid_token"')
        for header in (None, "Basic eDp5", "Bearer"):
            answer = self.browser.get("/oauth2/userinfo", headers={"Authorization": header})
            self.assertEqual((answer.status, answer.headers["WWW-Authenticate"]), (401, 'Bearer realm="postlatch"'))
        both = self.portal.browser().request(
            "POST", "/oauth2/userinfo", urllib.parse.urlencode({"access_token": tokens["access_token"]}),
            {"Content-Type": FORM, "Authorization": "Bearer " + tokens["access_token"]}, origin=False)
        self.refused(both, 400, "invalid_request")
        # In the address it would be in logs, and is not looked for (RFC 9700 4.3.2).
        self.assertEqual(self.browser.get("/oauth2/userinfo?access_token=" + tokens["access_token"]).status, 401)
        mail = self.webmail.tokens(self.browser, scope="mail")["access_token"]
        answer = self.refused(self.userinfo(mail), 403, "insufficient_scope")
        self.assertIn('error="insufficient_scope", scope="openid"', answer.headers["WWW-Authenticate"])


class WithoutDatabase(OAuth):
    """A fault delays, and neither says "wrong" nor leads anywhere (RFC 7009 2.2.1, RFC 6749 4.1.2.1)."""

    def setUp(self):
        super().setUp()
        self.tokens = self.webmail.tokens(self.signed_in())
        path = self.portal.dir + "/postlatch.db"
        os.rename(path, path + ".away")
        self.addCleanup(os.rename, path + ".away", path)

    def later(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertIsNone(secure(answer))
        return answer

    def test_programs_are_told_to_come_again(self):
        client, access, refresh = self.webmail, self.tokens["access_token"], self.tokens["refresh_token"]
        for ask in (lambda: client.token(code="x"), lambda: client.refresh(refresh), lambda: client.introspect(access),
                    lambda: client.revoke(refresh), lambda: self.userinfo(access)):
            self.assertEqual(self.later(ask()).error, "temporarily_unavailable")

    def test_people_get_a_page_that_tries_again(self):
        hint = urllib.parse.urlencode({"id_token_hint": self.tokens["id_token"]})
        for path in (self.webmail.authorize_path(), "/oauth2/end-session?" + hint):
            answer = self.later(self.browser.get(path))
            self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
            self.assertIn('<meta http-equiv="refresh"', answer.body.decode())


class WithoutSealKey(OAuth):
    """What must be signed cannot be; the rest goes on."""

    def test_id_tokens_wait_for_it(self):
        code, mail = self.webmail.code(self.signed_in()), self.webmail.code(self.browser, scope="mail")
        path = self.portal.dir + "/seal.key"
        os.rename(path, path + ".away")
        self.addCleanup(os.rename, path + ".away", path)
        wait_for(lambda: self.browser.get("/oauth2/jwks").status == 503, TIMEOUT)
        self.refused(self.webmail.token(code=code), 503, "temporarily_unavailable")
        self.assertEqual(self.webmail.token(code=mail).status, 200)


if __name__ == "__main__":
    unittest.main()
