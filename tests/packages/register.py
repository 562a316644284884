#!/usr/bin/python3
"""register.py SOCKET MEMBER PASSWORD - signs in at the portal's socket and registers an authenticator."""
import base64
import hashlib
import hmac
import http.client
import json
import socket
import struct
import sys
import time

ORIGIN = "https://portal.example.test"


class Portal(http.client.HTTPConnection):
    """Speaks to the portal as the web server in front of it does."""

    def __init__(self, path):
        super().__init__("portal.example.test")
        self.path, self.cookies, self.csrf = path, {}, None

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def post(self, path, value=None):
        headers = {"Origin": ORIGIN, "Cookie": "; ".join("%s=%s" % item for item in self.cookies.items())}
        if value is not None:
            headers["Content-Type"] = "application/json"
        if self.csrf is not None:
            headers["X-CSRF-Token"] = self.csrf
        self.request("POST", path, None if value is None else json.dumps(value), headers)
        answer = self.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            sys.exit("%s: %d %s" % (path, answer.status, body))
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.update([cookie.split(";")[0].split("=", 1)])
        value = json.loads(body)
        self.csrf = value.get("csrf", self.csrf)
        return value


def totp(key):
    """RFC 6238, of now."""
    key = key.replace(" ", "").upper()
    key = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    start = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[start:start + 4])[0] & 0x7fffffff) % 1000000)


def main(path, member, password):
    portal = Portal(path)
    portal.post("/api/sign-in", {"user": member, "password": password})
    key = portal.post("/api/sign-in/registration")["key"]
    portal.post("/api/sign-in/registration/confirm", {"code": totp(key)})


main(*sys.argv[1:])
