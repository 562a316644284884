"""OAuth clients for the portal's tests, and the checks that a client would make."""
import base64
import hashlib
import http.server
import json
import os
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from portal import POSTLATCH, Dovecot, Portal, totp
from server import TIMEOUT, wait_for

FORM = "application/x-www-form-urlencoded"
MAIL_SCOPE = "urn:ietf:params:oauth:scope:mail"
VERIFIER = "a-verifier.of_43~characters" + "x" * 20
# The public key of a JWK in DER: this, and the point behind it.
P256_POINT = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
# This, and a BIT STRING of modulus and exponent behind it, in a SEQUENCE (RFC 8017 A.1).
RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def challenge(verifier):
    return encode(hashlib.sha256(verifier.encode()).digest())


def query_of(location):
    """The parameters of an address, each of which is there once."""
    fields = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query, strict_parsing=True)
    assert all(len(values) == 1 for values in fields.values()), location
    return {name: values[0] for name, values in fields.items()}


def der(tag, data):
    length = len(data).to_bytes(2, "big").lstrip(b"\0") or b"\0"
    return tag + (bytes([0x80 + len(length)]) if len(data) > 127 else b"") + length + data


def der_number(data):
    data = data.lstrip(b"\0")
    return der(b"\x02", b"\0" + data if not data or data[0] & 0x80 else data)


def rsa(key, signature):
    """Public key and signature as openssl reads them."""
    assert (key["kty"], len(decode(key["n"])), key["e"]) == ("RSA", 256, "AQAB"), key
    numbers = der(b"\x30", der_number(decode(key["n"])) + der_number(decode(key["e"])))
    return der(b"\x30", RSA_ALGORITHM + der(b"\x03", b"\0" + numbers)), signature


def ec(key, signature):
    assert (key["kty"], key["crv"], len(signature)) == ("EC", "P-256", 64), (key, signature)
    numbers = der_number(signature[:32]) + der_number(signature[32:])
    return P256_POINT + decode(key["x"]) + decode(key["y"]), der(b"\x30", numbers)


def claims_of(token, jwks, alg="RS256"):
    """The claims of an id token that openssl finds rightly signed by a key of the set."""
    header, claims, signature = token.split(".")
    head = json.loads(decode(header))
    key = next(key for key in jwks["keys"] if key["kid"] == head["kid"])
    assert (head["alg"], key["alg"]) == (alg, alg), (head, key)
    public, raw = {"RS256": rsa, "ES256": ec}[alg](key, decode(signature))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", public), ("signature", raw), ("text", ("%s.%s" % (header, claims)).encode())):
            with open("%s/%s" % (folder, name), "wb") as f:
                f.write(data)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", "key", "-keyform", "DER", "-signature", "signature",
                        "text"], cwd=folder, check=True, capture_output=True)
    return json.loads(decode(claims))


class Client:
    """A registered client. Its way to say who it is: "body", "basic", or None for a public one."""

    def __init__(self, portal, name, *options, way="body", redirect=None, logout=None):
        self.portal, self.id, self.way = portal, name, way
        self.redirect = redirect or "https://%s.example.test/back?keep=this" % name
        self.logout = logout or "https://%s.example.test/bye" % name
        if "--introspection" not in options:
            options += ("--redirect-uri", self.redirect + ",https://%s.example.test/other" % name,
                        "--logout-uri", self.logout)
        added = subprocess.run([POSTLATCH, "-c", portal.dir + "/policy.conf", "--json", "client", "add", name, *options],
                               check=True, capture_output=True, text=True)
        self.secret = json.loads(added.stdout).get("secret")

    def credentials(self, way=None):
        """Form fields and headers."""
        way = way or self.way
        if way == "basic":
            pair = "%s:%s" % (urllib.parse.quote(self.id, ""), urllib.parse.quote(self.secret, ""))
            return {}, {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return ({"client_id": self.id, "client_secret": self.secret} if way == "body" else {"client_id": self.id}), {}

    def post(self, path, fields, way=None):
        """As a program does: without cookies, without an Origin. A field that is None is left out."""
        own, headers = self.credentials(way)
        form = {name: value for name, value in {**own, **fields}.items() if value is not None}
        return self.portal.browser().request("POST", path, urllib.parse.urlencode(form),
                                             {"Content-Type": FORM, **headers}, origin=False)

    def authorize_path(self, **fields):
        """The path of a right authorization request with these fields."""
        parameters = {"response_type": "code", "client_id": self.id, "redirect_uri": self.redirect,
                      "state": "a b&c/\u20ac", "scope": "openid email", **fields}
        return "/oauth2/authorize?" + urllib.parse.urlencode({k: v for k, v in parameters.items() if v is not None})

    def authorize(self, browser, **fields):
        return browser.get(self.authorize_path(**fields), origin=False)

    def code(self, browser, **fields):
        answer = self.authorize(browser, **fields)
        assert answer.status == 303, answer
        location = answer.headers["Location"]
        if location.startswith("/consent?"):
            location = consent(browser, location).json["continue"]
        assert location.startswith(fields.get("redirect_uri", self.redirect)), location
        return query_of(location)["code"]

    def token(self, **fields):
        return self.post("/oauth2/token", {"grant_type": "authorization_code", "redirect_uri": self.redirect, **fields})

    def tokens(self, browser, **fields):
        answer = self.token(code=self.code(browser, **fields))
        assert answer.status == 200, answer
        return answer.json

    def refresh(self, token, **fields):
        return self.post("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": token, **fields})

    def introspect(self, token, way=None):
        return self.post("/oauth2/introspect", {"token": token}, way)

    def revoke(self, token, **fields):
        return self.post("/oauth2/revoke", {"token": token, **fields})


def consent(browser, location, **answer):
    """Agrees to what the page at that location asks, or answers it in another way."""
    return browser.post("/api/consent", {"allow": True, **query_of(location), **answer})


class Program(Client):
    """A mail program that registers itself, with PKCE."""

    def __init__(self, portal, redirect="http://127.0.0.1/back?from=program", **metadata):
        self.portal, self.way, self.redirect, self.secret = portal, "none", redirect, None
        answer = register(portal, redirect_uris=[redirect], **metadata)
        assert answer.status == 201, answer
        self.registered = answer.json
        self.id = answer.json["client_id"]

    def authorize_path(self, **fields):
        return super().authorize_path(**{"code_challenge": challenge(VERIFIER), "code_challenge_method": "S256",
                                         "scope": MAIL_SCOPE, **fields})

    def token(self, **fields):
        return super().token(**{"code_verifier": VERIFIER, **fields})


def register(portal, browser=None, **metadata):
    browser = browser or portal.browser()
    return browser.request("POST", "/oauth2/register", json.dumps({"client_name": "Test Mail", **metadata}),
                           {"Content-Type": "application/json"}, origin=False)


class Doveadm:
    """As much of doveadm's HTTP interface as tells who was kicked, of Dovecot 2.4 or, when it is old, 2.3. gate says
    when it may answer, and answer is the whole answer, if it is to be another one."""

    def __init__(self):
        self.kicked, self.old, self.answer = [], False, None
        gate = self.gate = threading.Event()
        gate.set()
        doveadm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = doveadm.answer
                if answer is None:
                    answer = json.dumps([doveadm.kick(command[1], command[2]) for command in body]).encode()
                gate.wait(TIMEOUT)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/doveadm/v1" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def kick(self, parameters, tag):
        if self.old and "passdbField" in parameters:
            return ["error", {"type": "invalidRequest", "exitCode": 0}, tag]
        assert parameters.get("passdbField", "user_postlatch") == "user_postlatch", parameters
        self.kicked.append(" ".join(parameters["mask"]))
        return ["error", {"type": "exitCode", "exitCode": 68}, tag]  # nobody has one open

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def portal_with_doveadm(cls, portal_class):
    """Gives a class of tests a portal that can end mail connections, its doveadm and its Dovecot; not started yet."""
    cls.doveadm = Doveadm()
    cls.addClassCleanup(cls.doveadm.close)
    cls.portal = portal_class(doveadm_url=cls.doveadm.url)
    cls.addClassCleanup(cls.portal.remove)
    key = cls.portal.dir + "/doveadm.key"
    with open(key, "w") as f:
        f.write("key\n")
    os.chmod(key, 0o600)
    cls.portal.settings["doveadm_key_file"] = key
    cls.portal.write_policy()
    cls.dovecot = Dovecot(cls.portal.dir + "/auth")
    cls.addClassCleanup(cls.dovecot.close)


class OAuth(unittest.TestCase):
    """A portal with a webmail (confidential), an app (public), another webmail and a mail program."""

    members = 0
    portal_class = Portal

    @classmethod
    def setUpClass(cls):
        portal_with_doveadm(cls, cls.portal_class)
        cls.portal.init()
        cls.webmail = Client(cls.portal, "webmail")
        cls.other = Client(cls.portal, "other", way="basic")
        cls.dovecot_client = Client(cls.portal, "dovecot", "--introspection")
        cls.app = Client(cls.portal, "app", "--public", way="none")
        cls.program = Client(cls.portal, "program", "--public", "--channel", "client", way="none")
        cls.portal.start()

    def setUp(self):
        OAuth.members += 1
        domain = "d%d.test" % OAuth.members
        self.member = "m%d@%s" % (OAuth.members, domain)
        self.command("domain", "add", domain)
        self.browser = self.portal.browser()

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def signed_in(self, browser=None):
        browser = browser or self.browser
        self.assertEqual(browser.sign_in(self.member).status, 200)
        if browser.session()["next"] == "offer":
            self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        self.assertEqual(browser.state(), "authenticated")
        return browser

    def register(self, browser=None, where="/api/sign-in/registration"):
        """Registers a second factor, with the code of the step before the present one; its key."""
        browser = browser or self.browser
        key = browser.post(where).json["key"]
        answer = browser.post(where + "/confirm", {"code": totp(key, steps=-1)})
        self.assertEqual(answer.status, 200, answer)
        return key

    def command(self, *args):
        subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", *args], check=True, capture_output=True)

    def session_of_member(self):
        """The id of the newest one."""
        return self.portal.sql("SELECT MAX(s.id) FROM session s JOIN member m ON m.id = s.member_id WHERE m.local = ?",
                               self.member.split("@")[0])[0][0]

    def kicked(self, *masks):
        wait_for(lambda: self.doveadm.kicked == list(masks), TIMEOUT)

    def applications(self):
        return self.browser.get("/api/account/applications").json["applications"]

    def jwks(self):
        return self.portal.browser().get("/oauth2/jwks").json

    def userinfo(self, token):
        return self.portal.browser().get("/oauth2/userinfo", headers={"Authorization": "Bearer " + token})

    def refused(self, answer, status, error):
        self.assertEqual((answer.status, answer.error), (status, error), answer)
        self.assertIn("no-store", answer.headers["Cache-Control"])
        return answer

    def told(self, answer, client, error):
        """The client is told of an error, and nothing else."""
        self.assertEqual(answer.status, 303, answer)
        location = answer.headers["Location"]
        self.assertTrue(location.startswith(client.redirect + "&"), location)
        fields = query_of(location)
        self.assertEqual((fields.get("error"), fields.get("iss")), (error, self.portal.url), location)
        self.assertNotIn("code", fields)
        return fields
