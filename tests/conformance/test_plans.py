"""The modules of the OpenID Foundation's plans for providers, as a table: Basic OP, RP-Initiated Logout OP, and the
module of Config OP.

A row has the name of the module, what is sent in a request that is right in all else, and what must come. A module
about something that the portal does not offer has the answer that the standard demands then, and says which.
"""
import collections
import hashlib
import json
import time
import unittest
import urllib.parse

from oauth import FORM, VERIFIER, Client, challenge, claims_of, decode, encode, query_of
from provider import Provider

REDIRECT = "https://basic.example.test/back"
LOGOUT = "https://basic.example.test/bye"
# Stand for the ID token of the sign-in: as it is, with "alg": "none", and signed by another key.
HINT, UNSIGNED, FORGED = "<id token>", "<unsigned id token>", "<forged id token>"


class Row(collections.namedtuple("Row", "module sent come why", defaults=("",))):
    """why: what is not offered, and where the standard says what must come then."""


def unsigned(claims):
    return "%s.%s." % (encode(b'{"alg":"none"}'), encode(json.dumps(claims).encode()))


# -- what must come at the authorization endpoint -------------------------------------------------


def tokens(granted="openid email", told=("email", "email_verified"), **how):
    """A code at once, an ID token that a client may take, and at the userinfo endpoint these claims beside sub."""
    def come(test, sent):
        test.signed_in()
        answer = test.redeem(test.ask(sent, **how), sent)
        test.assertEqual(answer["scope"], granted)
        test.assertEqual(set(test.userinfo(answer["access_token"]).json), {"sub", *told})
    return come


def page():
    """The sign-in page, and the code after it."""
    def come(test, sent):
        continued, _ = test.asks_to_sign_in(test.ask(sent))
        test.signed_in()
        test.redeem(test.leads(continued), sent)
    return come


def page_again():
    """The sign-in page though there is a session, and then the time of the new sign-in."""
    def come(test, sent):
        test.signed_in()
        first = test.redeem(test.ask({}), {})["claims"]
        test.portal.sql("UPDATE session SET created_at = created_at - 2")
        continued, fields = test.asks_to_sign_in(test.ask(sent))
        test.assertEqual(fields, {"again": "1"})
        test.signed_in()
        second = test.redeem(test.leads(continued), sent)["claims"]
        test.assertGreater(second["auth_time"], first["auth_time"] - 2)
        test.assertLessEqual(abs(second["iat"] - second["auth_time"]), 60)
    return come


def silent(first=None):
    """The second request is granted without a page, by the same sign-in as the first."""
    def come(test, sent):
        test.signed_in()
        before = test.redeem(test.ask(first or {}), {})
        again = test.redeem(test.ask(test.fill(sent, before["id_token"])), sent)["claims"]
        for name in ("sub", "auth_time"):
            test.assertEqual(again[name], before["claims"][name])
    return come


def error(code):
    """The client is told, with its state and our issuer."""
    def come(test, sent):
        if "prompt" not in sent:
            test.signed_in()
        location = test.ask(sent)
        test.assertTrue(location.startswith(REDIRECT + "?error="), location)
        told = query_of(location)
        test.assertEqual((told["error"], told["iss"], told["state"]), (code, test.portal.url, test.state))
    return come


def nowhere(test, sent):
    """A page of the portal says what is wrong."""
    test.signed_in()
    answer = test.browser.get(test.authorize_path(sent), origin=False)
    test.assertEqual((answer.status, answer.headers["Location"]), (400, None), answer)


# -- at the other endpoints -----------------------------------------------------------------------


def without_unsigned(test, sent):
    test.assertNotIn("none", test.metadata()["id_token_signing_alg_values_supported"])
    with test.assertRaises(Exception):
        test.command("client", "add", "unsigned", "--redirect-uri", REDIRECT, "--id-token-alg", "none")


def userinfo(method, in_body=False):
    def come(test, sent):
        test.signed_in()
        answer = test.redeem(test.ask(sent), sent)
        token = answer["access_token"]
        body = urllib.parse.urlencode({"access_token": token}) if in_body else None
        headers = {"Content-Type": FORM} if in_body else {"Authorization": "Bearer " + token}
        info = test.portal.browser().request(method, "/oauth2/userinfo", body, headers, origin=False)
        test.assertEqual((info.status, info.headers["Content-Type"]), (200, "application/json"), info)
        test.assertEqual(info.json["sub"], answer["claims"]["sub"])
    return come


def code_reused(seconds):
    """invalid_grant, and the tokens of the first use are good no more (RFC 6749 4.1.2)."""
    def come(test, sent):
        test.signed_in()
        code = query_of(test.ask(sent))["code"]
        first = test.client.token(code=code, redirect_uri=REDIRECT)
        test.assertEqual(first.status, 200, first)
        test.portal.sql("UPDATE oauth_grant SET code_used_at = code_used_at - ?, code_expires_at = code_expires_at - ?",
                        seconds, seconds)
        test.refused(test.client.token(code=code, redirect_uri=REDIRECT), 400, "invalid_grant")
        test.assertEqual(test.userinfo(first.json["access_token"]).status, 401)
    return come


def refreshed(test, sent):
    """Tokens of the same sign-in, for this client only."""
    test.signed_in()
    first = test.redeem(test.ask(sent), sent)
    test.refused(test.post.refresh(first["refresh_token"]), 400, "invalid_grant")
    answer = test.client.refresh(first["refresh_token"])
    test.assertEqual(answer.status, 200, answer)
    second = claims_of(answer.json["id_token"], test.jwks())
    for name in ("iss", "sub", "aud", "auth_time"):
        test.assertEqual(second[name], first["claims"][name])
    test.assertGreaterEqual(second["iat"], first["claims"]["iat"])
    test.assertNotIn("nonce", second)
    test.assertEqual(test.userinfo(answer.json["access_token"]).status, 200)


def proof_of_key(test, sent):
    """Tokens for who has the verifier, and for nobody else."""
    test.signed_in()
    for verifier, status in (("x" * 43, 400), (VERIFIER, 200)):
        code = query_of(test.ask(sent))["code"]
        answer = test.client.token(code=code, redirect_uri=REDIRECT, code_verifier=verifier)
        test.assertEqual(answer.status, status, answer)


def metadata(test, sent):
    """Discovery 3: what must be there, and RS256 among the algorithms."""
    said = test.metadata()
    test.assertEqual(said["issuer"], test.portal.url)
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        test.assertTrue(said[name].startswith("https://"), said[name])
    for name, value in (("response_types_supported", "code"), ("subject_types_supported", "public"),
                        ("id_token_signing_alg_values_supported", "RS256"), ("scopes_supported", "openid"),
                        ("claims_supported", "sub"), ("grant_types_supported", "authorization_code")):
        test.assertIn(value, said[name])
    test.assertEqual(said["registration_endpoint"], said["issuer"] + "/oauth2/register")
    for name in ("claims", "request", "request_uri"):
        test.assertIs(said[name + "_parameter_supported"], False)


# -- at the end-session endpoint ------------------------------------------------------------------


def end_session_endpoint(test, sent):
    test.assertTrue(test.metadata()["end_session_endpoint"].startswith("https://"))


def begin_log_out(test, sent):
    """Where the end-session endpoint leads a browser that is signed in."""
    test.signed_in()
    hint = test.redeem(test.ask({}), {})["id_token"]
    return test.leads(test.portal.url + "/oauth2/end-session?" + urllib.parse.urlencode(test.fill(sent, hint)))


def has_ended(test):
    test.assertEqual(test.browser.state(), "none")
    test.assertEqual(query_of(test.ask({"prompt": "none"}))["error"], "login_required")


def leads_back(to):
    def come(test, sent):
        test.assertEqual(begin_log_out(test, sent), to)
        has_ended(test)
    return come


def stays(test, sent):
    """The ID token has ended its session; the browser stays at the portal."""
    test.assertEqual(begin_log_out(test, sent), test.portal.url + "/sign-out")
    has_ended(test)


def asks(test, sent):
    """The person is asked, as RP-Initiated Logout 2 demands without an ID token, and ends the session."""
    test.assertEqual(begin_log_out(test, sent), test.portal.url + "/sign-out")
    test.assertEqual(test.browser.state(), "authenticated")
    test.assertEqual(test.browser.post("/api/sign-out").status, 200)
    has_ended(test)


REQUEST = unsigned({"client_id": "basic", "response_type": "code", "redirect_uri": "https://evil.test/"})
PROOF = {"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256"}

BASIC_OP = [
    Row("oidcc-server", {"nonce": "n-1"}, tokens()),
    Row("oidcc-response-type-missing", {"response_type": None}, error("invalid_request")),
    Row("oidcc-idtoken-signature", {"nonce": "n-2"}, tokens()),
    Row("oidcc-idtoken-unsigned", {}, without_unsigned,
        "ID tokens without a signature: Core 2 forbids \"none\", unless a client has asked for it when it was registered"),
    Row("oidcc-userinfo-get", {}, userinfo("GET")),
    Row("oidcc-userinfo-post-header", {}, userinfo("POST")),
    Row("oidcc-userinfo-post-body", {}, userinfo("POST", in_body=True)),
    Row("oidcc-ensure-request-without-nonce-succeeds-for-code-flow", {"nonce": None}, tokens()),
    Row("oidcc-scope-profile", {"scope": "openid profile"}, tokens("openid profile", {"preferred_username"})),
    Row("oidcc-scope-email", {"scope": "openid email"}, tokens()),
    Row("oidcc-scope-address", {"scope": "openid address"}, tokens("openid", ()),
        "postal addresses: Core 3.1.2.1 says that an unknown scope should be ignored, RFC 6749 5.1 that the granted ones are named"),
    Row("oidcc-scope-phone", {"scope": "openid phone"}, tokens("openid", ()), "telephone numbers: as for addresses"),
    Row("oidcc-scope-all", {"scope": "openid profile email address phone"},
        tokens("openid email profile", {"preferred_username", "email", "email_verified"})),
    Row("oidcc-alternate-happy-flow", {"scope": "email openid"}, tokens(backwards=True)),
    Row("oidcc-display-page", {"display": "page"}, page()),
    Row("oidcc-display-popup", {"display": "popup"}, page()),
    Row("oidcc-prompt-login", {"prompt": "login"}, page_again()),
    Row("oidcc-prompt-none-not-logged-in", {"prompt": "none"}, error("login_required")),
    Row("oidcc-prompt-none-logged-in", {"prompt": "none"}, silent()),
    Row("oidcc-max-age-1", {"max_age": "1"}, page_again()),
    Row("oidcc-max-age-10000", {"max_age": "10000"}, silent({"max_age": "15000"})),
    Row("oidcc-ensure-request-with-unknown-parameter-succeeds", {"extra": "foobar"}, tokens()),
    Row("oidcc-id-token-hint", {"prompt": "none", "id_token_hint": HINT}, silent()),
    Row("oidcc-login-hint", {"login_hint": "buffy@basic.example.test"}, page()),
    Row("oidcc-ui-locales", {"ui_locales": "se"}, page()),
    Row("oidcc-claims-locales", {"claims_locales": "se"}, tokens()),
    Row("oidcc-ensure-request-with-acr-values-succeeds", {"acr_values": "1 2"}, tokens(),
        "the claim acr: it is voluntary, Core 5.5.1.1"),
    Row("oidcc-codereuse", {}, code_reused(0)),
    Row("oidcc-codereuse-30seconds", {}, code_reused(30)),
    Row("oidcc-ensure-registered-redirect-uri", {"redirect_uri": REDIRECT + "/not-registered"}, nowhere),
    Row("oidcc-ensure-post-request-succeeds", {"nonce": "n-3"}, tokens(as_form=True)),
    Row("oidcc-server-client-secret-post", {"nonce": "n-4"}, tokens(way="body")),
    Row("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
        {"request_uri": "https://basic.example.test/request"}, error("request_uri_not_supported"),
        "requests by reference: Core 3.1.2.6 names the error"),
    Row("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", {"request": REQUEST},
        error("request_not_supported"), "request objects: Core 3.1.2.6 names the error"),
    Row("oidcc-claims-essential", {"claims": '{"userinfo":{"name":{"essential":true}}}'}, tokens(),
        "names of members, and the parameter claims: without either the request succeeds, Core 5.5.1"),
    Row("oidcc-ensure-request-object-with-redirect-uri", {"request": REQUEST}, error("request_not_supported"),
        "request objects: the address in one counts for nothing, and that in the query gets the error"),
    Row("oidcc-refresh-token", {"scope": "openid email offline_access", "prompt": "consent"}, refreshed),
    Row("oidcc-ensure-request-with-valid-pkce-succeeds", PROOF, proof_of_key),
]
CONFIG_OP = [
    Row("oidcc-discovery-endpoint-verification", {}, metadata),
]
WHOLE = {"id_token_hint": HINT, "post_logout_redirect_uri": LOGOUT, "state": "s" * 128}
RP_INITIATED_LOGOUT_OP = [
    Row("oidcc-rp-initiated-logout-discovery-endpoint-verification", {}, end_session_endpoint),
    Row("oidcc-rp-initiated-logout", WHOLE, leads_back(LOGOUT + "?state=" + "s" * 128)),
    Row("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
        {**WHOLE, "post_logout_redirect_uri": "https://basic.example.test/elsewhere"}, stays),
    Row("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
        {**WHOLE, "post_logout_redirect_uri": LOGOUT + "?foo=bar"}, stays),
    Row("oidcc-rp-initiated-logout-modified-id-token-hint", {**WHOLE, "id_token_hint": UNSIGNED}, asks),
    Row("oidcc-rp-initiated-logout-bad-id-token-hint", {**WHOLE, "id_token_hint": FORGED}, asks),
    Row("oidcc-rp-initiated-logout-no-id-token-hint", {"post_logout_redirect_uri": LOGOUT, "state": "s"}, asks),
    Row("oidcc-rp-initiated-logout-no-params", {}, asks),
    Row("oidcc-rp-initiated-logout-no-post-logout-redirect-uri", {"id_token_hint": HINT, "state": "s"}, stays),
    Row("oidcc-rp-initiated-logout-no-state", {"id_token_hint": HINT, "post_logout_redirect_uri": LOGOUT},
        leads_back(LOGOUT)),
    Row("oidcc-rp-initiated-logout-only-state", {"state": "s"}, asks),
]


class Plans(Provider):
    state = "s%20t&" + "x" * 122

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = Client(cls.portal, "basic", way="basic", redirect=REDIRECT)
        cls.post = Client(cls.portal, "post", redirect=REDIRECT)

    def fill(self, sent, hint):
        header, claims, signature = hint.split(".")
        signature = bytearray(decode(signature))
        signature[0] ^= 1
        hints = {HINT: hint, UNSIGNED: unsigned(json.loads(decode(claims))),
                 FORGED: ".".join((header, claims, encode(bytes(signature))))}
        return {name: hints.get(value, value) for name, value in sent.items()}

    def authorize_path(self, sent, client=None):
        return (client or self.client).authorize_path(**{"state": self.state, "scope": "openid email", **sent})

    def ask(self, sent, backwards=False, as_form=False, way=None):
        """Where the authorization endpoint leads the browser."""
        path, _, query = self.authorize_path(sent, self.post if way == "body" else self.client).partition("?")
        if backwards:
            query = "&".join(reversed(query.split("&")))
        if not as_form:
            return self.leads(self.portal.url + path + "?" + query)
        headers = {"Content-Type": FORM, "Origin": "https://basic.example.test"}
        answer = self.browser.request("POST", path, query, headers)
        self.assertEqual(answer.status, 303, answer)
        return answer.headers["Location"]

    def redeem(self, location, sent):
        """The tokens for the code in an address, with the claims of an ID token in which all is right."""
        self.assertTrue(location.startswith(REDIRECT + "?code="), location)
        fields = query_of(location)
        self.assertEqual((fields["state"], fields["iss"]), (self.state, self.portal.url))
        # A code is for one client alone, which says by its way of authentication which one it is.
        answer = self.client.token(code=fields["code"], redirect_uri=REDIRECT)
        client = self.client
        if answer.status != 200:
            client, answer = self.post, self.post.token(code=fields["code"], redirect_uri=REDIRECT)
        self.assertEqual((answer.status, answer.headers["Cache-Control"]), (200, "no-store"), answer)
        claims = claims_of(answer.json["id_token"], self.jwks(), "RS256")
        digest = hashlib.sha256(answer.json["access_token"].encode()).digest()
        self.assertEqual(
            {name: claims.get(name) for name in ("iss", "aud", "nonce", "at_hash", "sub")},
            {"iss": self.portal.url, "aud": client.id, "nonce": sent.get("nonce"), "at_hash": encode(digest[:16]),
             "sub": self.userinfo(answer.json["access_token"]).json["sub"]})
        self.assertTrue(claims["auth_time"] <= claims["iat"] <= time.time() + 1 < claims["exp"], claims)
        return {**answer.json, "claims": claims}

    def metadata(self):
        return self.portal.browser().get("/.well-known/openid-configuration").json

    def walk(self, rows):
        domain = self.member.split("@")[1]
        for number, row in enumerate(rows):
            with self.subTest(module=row.module):
                self.member, self.browser = "row%d@%s" % (number, domain), self.portal.browser()
                row.come(self, row.sent)

    def test_each_module_of_basic_op_gets_what_it_must(self):
        self.assertEqual(len({row.module for row in BASIC_OP}), 38)
        self.walk(BASIC_OP)

    def test_the_module_of_config_op_finds_what_it_must(self):
        self.walk(CONFIG_OP)

    def test_each_module_of_rp_initiated_logout_op_gets_what_it_must(self):
        self.assertEqual(len({row.module for row in RP_INITIATED_LOGOUT_OP}), 11)
        self.walk(RP_INITIATED_LOGOUT_OP)


if __name__ == "__main__":
    unittest.main()
