"""An authenticator for passkeys (W3C Web Authentication), which does what it is told, also what is wrong.

Its keys are made and its signatures come from openssl; it writes the few forms of CBOR that it needs itself.
"""
import base64
import hashlib
import json
import os
import struct
import subprocess
import tempfile

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, CREDENTIAL = 0x01, 0x04, 0x08, 0x10, 0x40


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def run(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, check=True, capture_output=True).stdout


class Passkey:
    """One credential with a P-256 key. flags and counter are those of the next answer."""

    def __init__(self, origin, rp_id="localhost"):
        self.origin, self.rp_id = origin, rp_id
        self.id, self.handle, self.counter = os.urandom(32), None, 0
        self.flags = PRESENT | VERIFIED
        self.key = run("ecparam", "-name", "prime256v1", "-genkey", "-noout")

    def public_key(self):
        """As a COSE key (RFC 9053): kty EC2, alg ES256, crv P-256, x, y."""
        point = run("ec", "-pubout", "-outform", "DER", data=self.key)[-64:]
        return bytes.fromhex("a5010203262001215820") + point[:32] + bytes.fromhex("225820") + point[32:]

    def data(self, more=b"", flags=0, rp_id=None):
        rp_hash = hashlib.sha256((rp_id or self.rp_id).encode()).digest()
        return rp_hash + bytes([self.flags | flags]) + struct.pack(">I", self.counter) + more

    def client_data(self, kind, challenge, **changed):
        values = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **changed}
        return json.dumps({name: value for name, value in values.items() if value is not None}).encode()

    def sign(self, data):
        with tempfile.NamedTemporaryFile() as key:
            key.write(self.key)
            key.flush()
            return run("dgst", "-sha256", "-sign", key.name, data=data)

    def make(self, options, name="key", rp_id=None, **client):
        """The body that registers it, for what the portal has answered."""
        self.handle = decode(options["user_id"])
        more = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self.public_key()
        return {"name": name, "client_data": encode(self.client_data("webauthn.create", options["challenge"], **client)),
                "authenticator_data": encode(self.data(more, CREDENTIAL, rp_id))}

    def prove(self, options, rp_id=None, handle=None, **client):
        """The body that answers a challenge."""
        client_data = self.client_data("webauthn.get", options["challenge"], **client)
        data = self.data(rp_id=rp_id)
        return {"id": encode(self.id), "client_data": encode(client_data), "authenticator_data": encode(data),
                "signature": encode(self.sign(data + hashlib.sha256(client_data).digest())),
                "user_handle": encode(handle or self.handle)}


def register_another(portal, browser):
    """A passkey of a member whose browser has proved a factor lately."""
    passkey = Passkey(portal.url)
    options = browser.post("/api/account/passkeys/challenge").json
    assert browser.post("/api/account/passkeys", passkey.make(options)).status == 200
    return passkey


class Registering:
    """For a FactorTest whose members have passkeys."""

    def new_passkey(self):
        return Passkey(self.portal.url)

    def registered(self, member=None, browser=None, passkey=None):
        """A passkey, which a member has registered at the first sign-in."""
        browser, passkey = browser or self.browser, passkey or self.new_passkey()
        self.assertIn(self.good(browser.sign_in(member or self.member))["next"], ("offer", "register"))
        options = self.good(browser.post("/api/sign-in/registration/passkey/challenge"))
        answer = self.good(browser.post("/api/sign-in/registration/passkey", passkey.make(options)))
        self.assertEqual((answer["state"], len(answer["recovery_codes"])), ("authenticated", 10))
        return passkey
