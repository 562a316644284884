"""Programs made with openid-client and oauth4webapi, two strict libraries of npm, sign members in at the portal.

Both check what the standards let a client check: the issuer in the discovery document, in the answer (RFC 9207) and
in the ID token, state, nonce, the token's signature, algorithm and times, and whose claims the userinfo endpoint gives.
"""
import json
import unittest
import urllib.parse

from oauth import Client, decode
from portal import free_port
from provider import Node, Provider, Refused, Registered, RelyingParty


def header_of(tokens):
    return json.loads(decode(tokens["id_token"].split(".")[0]))


class Library:
    """What holds for each of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = Client(cls.portal, "library", redirect="https://library.example.test/back")
        cls.elliptic = Client(cls.portal, "elliptic", "--id-token-alg", "ES256", way="basic",
                              redirect="https://elliptic.example.test/back")
        cls.native = Client(cls.portal, "native", "--public", way="none", redirect="http://127.0.0.1/back")
        cls.scheme = Client(cls.portal, "scheme", "--public", way="none", redirect="com.example.app:/back")
        cls.mail = Client(cls.portal, "mail", "--public", "--channel", "client", way="none",
                          redirect="http://[::1]/back")
        cls.node = Node(cls.portal)
        cls.addClassCleanup(cls.node.close)
        cls.party = RelyingParty(cls.node, cls.library, cls.client)

    def other_party(self, client, **options):
        return RelyingParty(self.node, self.library, client, **options)

    def tokens(self, party=None, **fields):
        """Those of a member who is signed in."""
        party = party or self.party
        return party.ask("redeem", location=self.leads(party.authorize(**fields)))

    def refuses(self, error, do, *args, **fields):
        with self.assertRaises(Refused) as refused:
            do(*args, **fields)
        self.assertEqual(refused.exception.args[0], error, refused.exception.args)

    def test_what_it_discovers_is_what_the_portal_offers(self):
        metadata = self.party.metadata
        self.assertEqual(metadata["issuer"], self.portal.url)
        self.assertIn("RS256", metadata["id_token_signing_alg_values_supported"])
        self.assertTrue(metadata["authorization_response_iss_parameter_supported"])

    def test_a_member_signs_in_and_the_id_token_is_right(self):
        continued, _ = self.asks_to_sign_in(self.leads(self.party.authorize()))
        self.signed_in()
        tokens = self.party.ask("redeem", location=self.leads(continued))
        self.assertEqual(header_of(tokens)["alg"], "RS256")
        self.assertEqual((tokens["claims"]["email"], tokens["claims"]["aud"]), (self.member, "library"))

    def test_es256_is_for_the_client_that_was_added_with_it(self):
        self.signed_in()
        tokens = self.tokens(self.other_party(self.elliptic, alg="ES256"))
        self.assertEqual((header_of(tokens)["alg"], tokens["claims"]["email"]), ("ES256", self.member))
        # The library refuses what it was not told to expect.
        self.refuses("OAUTH_INVALID_RESPONSE", self.tokens, self.other_party(self.elliptic, alg="RS256"))

    def test_the_userinfo_endpoint_tells_of_the_same_member(self):
        self.signed_in()
        tokens = self.tokens()
        info = self.party.ask("userinfo", token=tokens["access_token"], sub=tokens["claims"]["sub"])
        self.assertEqual(info, {"sub": tokens["claims"]["sub"], "email": self.member, "email_verified": True})

    def test_refreshing_gives_new_tokens_of_the_same_sign_in(self):
        self.signed_in()
        first = self.tokens()
        second = self.party.ask("refresh", token=first["refresh_token"])
        for name in ("sub", "aud", "iss", "auth_time", "email"):
            self.assertEqual(second["claims"][name], first["claims"][name])
        self.assertNotIn(second["access_token"], (first["access_token"], None))
        self.party.ask("userinfo", token=second["access_token"], sub=first["claims"]["sub"])
        self.refuses("invalid_grant", self.party.ask, "refresh", token="pl_rt_" + "A" * 43)

    def test_introspection_tells_until_the_token_is_revoked(self):
        self.signed_in()
        token = self.tokens()["access_token"]
        said = self.party.ask("introspect", token=token)
        self.assertEqual((said["active"], said["username"], said["client_id"]), (True, self.member, "library"))
        self.party.ask("revoke", token=token)
        self.assertEqual(self.party.ask("introspect", token=token), {"active": False})

    def test_log_out_ends_the_session_and_leads_back(self):
        self.signed_in()
        tokens = self.tokens()
        url = self.party.ask("endSession", id_token_hint=tokens["id_token"], state="s t",
                             post_logout_redirect_uri=self.client.logout)
        self.assertEqual(self.leads(url), self.client.logout + "?state=s%20t")
        self.assertEqual(self.browser.state(), "none")
        self.refuses("invalid_grant", self.party.ask, "refresh", token=tokens["refresh_token"])

    def test_a_sign_in_that_is_too_old_is_asked_for_again(self):
        self.signed_in()
        self.assertTrue(self.tokens(max_age="1000")["claims"]["auth_time"])
        self.portal.sql("UPDATE session SET created_at = created_at - 2000")
        continued, page = self.asks_to_sign_in(self.leads(self.party.authorize(max_age="1000")))
        self.assertEqual(page, {"again": "1"})
        self.signed_in()
        # The library compares auth_time with what it has asked for.
        self.party.ask("redeem", location=self.leads(continued))

    def test_a_mail_program_learns_when_the_member_signed_in(self):
        """Though its session begins later, OpenID Connect Core 2 wants auth_time where max_age was sent."""
        self.signed_in()
        self.portal.sql("UPDATE session SET created_at = created_at - 500")
        party = self.other_party(self.mail)
        tokens = self.tokens(party, max_age="1000", redirect_uri="http://[::1]:%d/back" % free_port())
        self.assertTrue(495 < tokens["claims"]["iat"] - tokens["claims"]["auth_time"] < 1000, tokens)

    def test_a_mail_program_registers_itself_and_is_connected(self):
        """RFC 7591, RFC 8252, draft-ietf-mailmaint-oauth-public"""
        self.signed_in()
        party = Registered(self.node, self.library, self.portal)
        self.assertEqual(party.metadata["token_endpoint_auth_method"], "none")
        redirect = "http://127.0.0.1:%d/back" % free_port()
        tokens = party.ask("redeem", location=self.leads(party.ask(
            "authorize", redirect_uri=redirect, scope="openid email urn:ietf:params:oauth:scope:mail")))
        self.assertEqual((tokens["claims"]["email"], tokens["claims"]["aud"]), (self.member, party.metadata["client_id"]))
        self.assertIn("urn:ietf:params:oauth:scope:mail", tokens["scope"].split())
        self.assertEqual(party.ask("refresh", token=tokens["refresh_token"])["claims"]["sub"], tokens["claims"]["sub"])

    def test_a_program_that_is_none_may_not_register(self):
        self.refuses("invalid_redirect_uri", Registered, self.node, self.library, self.portal,
                     redirect_uris=["https://evil.test/back"])

    def test_prompt_none_asks_nobody_and_prompt_login_asks_again(self):
        self.refuses("login_required", self.tokens, prompt="none")
        self.signed_in()
        self.tokens(prompt="none")
        continued, page = self.asks_to_sign_in(self.leads(self.party.authorize(prompt="login")))
        self.assertEqual(page, {"again": "1"})
        self.signed_in()
        self.party.ask("redeem", location=self.leads(continued))

    def test_the_sign_in_page_gets_address_and_languages_that_it_asked_for(self):
        url = self.party.authorize(login_hint=self.member, ui_locales="ko-KR en")
        continued, _ = self.asks_to_sign_in(self.leads(url))
        fields = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(continued).query))
        self.assertEqual((fields["login_hint"], fields["ui_locales"]), (self.member, "ko-KR en"))
        self.signed_in()
        self.assertEqual(self.party.ask("redeem", location=self.leads(continued))["claims"]["email"], self.member)

    def test_it_finds_the_issuer_in_the_answer_and_takes_no_other(self):
        """RFC 9207"""
        self.signed_in()
        location = self.leads(self.party.authorize())
        issuer = urllib.parse.urlencode({"iss": self.portal.url})
        self.assertIn("&" + issuer, location)
        for other in ("", "&iss=https%3A%2F%2Fevil.test"):
            self.refuses("OAUTH_INVALID_RESPONSE", self.party.ask, "redeem", location=location.replace("&" + issuer, other))
        self.party.ask("redeem", location=location)

    def test_a_native_program_takes_the_port_that_is_free(self):
        """RFC 8252 7.3, and 7.1 for one with a scheme of its own"""
        self.signed_in()
        for client, redirect in ((self.native, "http://127.0.0.1:%d/back" % free_port()),
                                 (self.scheme, "com.example.app:/back")):
            tokens = self.tokens(self.other_party(client), redirect_uri=redirect)
            self.assertEqual(tokens["claims"]["email"], self.member)


class OpenidClient(Library, Provider):
    library = "openid-client"


class Oauth4webapi(Library, Provider):
    library = "oauth4webapi"


class Keys(Provider):
    def test_a_client_that_reads_the_keys_anew_knows_those_that_replaced_the_old(self):
        self.signed_in()
        client, kids = Client(self.portal, "library", redirect="https://library.example.test/back"), set()
        node = Node(self.portal)
        self.addCleanup(node.close)
        for library in ("openid-client", "oauth4webapi"):
            party = RelyingParty(node, library, client)
            tokens = party.ask("redeem", location=self.leads(party.authorize()))
            kids.add(header_of(tokens)["kid"])
            self.command("signing-key", "rotate")
        self.assertEqual(len(kids), 2)


if __name__ == "__main__":
    unittest.main()
