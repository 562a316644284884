#!/usr/bin/python3
"""register.py SOCKET MEMBER PASSWORD - signs in at the portal's socket and registers an authenticator."""
import http.client
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "integration"))

from portal import TIMEOUT, Browser, totp  # noqa: E402

ORIGIN = "https://portal.example.test"


class SocketBrowser(Browser):
    """Reaches the portal at its UNIX socket, as the web server in front of it does."""

    def __init__(self, path):
        super().__init__(None, ORIGIN)
        self.path = path

    def connect(self):
        connection = http.client.HTTPConnection("portal.example.test", timeout=TIMEOUT)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(TIMEOUT)
        connection.sock.connect(self.path)
        return connection


def right(answer):
    if answer.status != 200:
        sys.exit("register.py: %r" % answer)
    return answer.json


def main(path, member, password):
    browser = SocketBrowser(path)
    right(browser.sign_in(member, password))
    key = right(browser.post("/api/sign-in/registration"))["key"]
    right(browser.post("/api/sign-in/registration/confirm", {"code": totp(key)}))


main(*sys.argv[1:])
