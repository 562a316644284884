"""The administrators' API on a portal of its own: who signs in, and with what."""
import csv
import http.client
import io
import json
import socket
import subprocess
import unittest

from oauth import portal_with_doveadm
from portal import JSON, POSTLATCH, Portal, secure, totp
from postgresql import PostgreSQL
from server import TIMEOUT

API = "/api/admin/v1"


class Administrator:
    """A browser in which an administrator has entered a one-time code, or a program with a key."""

    def __init__(self, browser, key=None):
        self.browser, self.key = browser, key

    def request(self, method, path, value=None, **headers):
        """path is below /api/admin/v1. Headers have "_" for "-"; None leaves one out."""
        sent = {"Content-Type": None if value is None else JSON}
        if self.key is None:
            sent["X-CSRF-Token"] = self.browser.csrf
        else:
            sent["Authorization"] = "Bearer " + self.key
        sent.update({name.replace("_", "-"): text for name, text in headers.items()})
        body = value if value is None or isinstance(value, (str, bytes)) else json.dumps(value)
        return self.browser.request(method, API + path, body, sent, origin=self.key is None)

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def post(self, path, value=None, **headers):
        return self.request("POST", path, value, **headers)

    def patch(self, path, value, **headers):
        return self.request("PATCH", path, value, **headers)

    def delete(self, path, **headers):
        return self.request("DELETE", path, **headers)


class Download:
    """A client that reads only what it is told to, so that the portal has to wait for it."""

    def __init__(self, test, administrator, path, method="GET"):
        self.connection = http.client.HTTPConnection("127.0.0.1", test.portal.port, timeout=TIMEOUT)
        self.connection.sock = socket.socket()
        # Little is under way between the two.
        self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.sock.settimeout(TIMEOUT)
        self.connection.sock.connect(("127.0.0.1", test.portal.port))
        headers = {"X-Forwarded-For": administrator.browser.ip}
        if administrator.key is not None:
            headers["Authorization"] = "Bearer " + administrator.key
        else:
            headers["Cookie"] = "; ".join("%s=%s" % item for item in administrator.browser.cookies.items())
        self.connection.request(method, API + path, headers=headers)
        self.answer = self.connection.getresponse()
        self.text = b""
        test.addCleanup(self.close)

    def read(self, count):
        self.text += self.answer.read(count)

    def rest(self):
        """All rows."""
        self.text += self.answer.read()
        return list(csv.DictReader(io.StringIO(self.text.decode(), newline="")))

    def close(self):
        self.answer.close()
        self.connection.close()


class ConsoleTest(unittest.TestCase):
    """Each test has domains of its own: self.domain, and self.foreign, which no administrator of it reaches."""

    tests = 0
    new_portal = Portal

    @classmethod
    def setUpClass(cls):
        portal_with_doveadm(cls, cls.new_portal)
        cls.portal.init().start()

    def setUp(self):
        ConsoleTest.tests += 1
        self.domain = "d%d.test" % self.tests
        self.foreign = "f%d.test" % self.tests
        self.people = 0
        for domain in (self.domain, self.foreign):
            self.command("domain", "add", domain)

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def command(self, *args):
        run = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", *args], check=True,
                             capture_output=True, text=True)
        return json.loads(run.stdout) if run.stdout else None

    def person(self, name=None, domain=None):
        """An address that is a member's, of this test."""
        self.people += 1
        address = "%s@%s" % (name or "m%d" % self.people, domain or self.domain)
        self.command("member", "add", address)
        return address

    def register(self, address):
        """A browser in which the person has registered a factor just now, and the key of the factor."""
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(address).status, 200)
        key = browser.post("/api/sign-in/registration").json["key"]
        answer = browser.post("/api/sign-in/registration/confirm", {"code": totp(key, steps=-1)})
        self.assertEqual(answer.status, 200, answer)
        browser.member = address
        return browser, key

    def make(self, role, domains=(), address=None):
        """An administrator who has signed in. A server administrator has no domains; others have this test's."""
        address = address or self.person()
        options = ("--domains", ",".join(domains or [self.domain])) if role != "server" else ()
        self.command("admin", "add", address, "--role", role, *options)
        return Administrator(self.register(address)[0])

    def sql(self, statement, *values):
        return self.portal.sql(statement, *values)

    def good(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        self.assertIsNone(secure(answer))
        return answer.json

    def refused(self, answer, status, error, **more):
        self.assertEqual((answer.status, answer.json), (status, {"error": error, **more}))
        self.assertIsNone(secure(answer))


class OnPostgreSQL:
    """In front of a class of tests: they have a database server of their own."""

    @classmethod
    def new_portal(cls, **settings):
        cls.server = PostgreSQL()
        cls.addClassCleanup(cls.server.remove)
        return Portal(database=cls.server.start().uri, **settings)

    def sql(self, statement, *values):
        assert not values
        return [tuple(row.split("|")) for row in self.server.sql(statement)]
