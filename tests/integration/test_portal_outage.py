"""Logins while the portal does not answer: they are put off at the worst, never refused.

Dovecot 2.3 lets the driver check tokens, which needs no portal. Dovecot 2.4 asks
the portal first.
"""
import concurrent.futures
import http.client
import http.server
import os
import re
import signal
import socket
import subprocess
import threading
import unittest
import urllib.parse

from dovecot import INTROSPECTS
from sasl import sign_in
from server import BUILD, TIMEOUT, Server, wait_for
from test_faults import TEMPORARY

ALICE = "alice@demo.test"
BEARER = ("XOAUTH2", "OAUTHBEARER")


def setUpModule():
    global server, token
    server = Server().start()
    token = new_token()


def tearDownModule():
    server.remove()


def new_token():
    run = subprocess.run([os.path.join(BUILD, "tests/integration/issue_token"), server.env["POLICY_FILE"], ALICE,
                          "webmail", "3600", "3600"], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    return run.stdout.split()[1]


class BehindNginx(unittest.TestCase):
    def test_a_body_that_is_too_long_is_refused_and_no_outage(self):
        url = urllib.parse.urlparse(server.env["PORTAL_URL"])
        for length in (20000, 60000, 1000000) * 10:  # whether nginx noticed was a matter of luck
            client = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
            self.addCleanup(client.close)
            client.request("POST", "/api/sign-in", b"x" * length, {
                "Origin": server.env["PORTAL_URL"], "Content-Type": "application/json"})
            self.assertEqual(client.getresponse().status, 413, length)

    def test_an_introspection_that_stalls_is_ended(self):
        """Its header has come, and no more: Dovecot would wait for the rest, and serve nobody meanwhile."""
        url = urllib.parse.urlparse(server.env["PORTAL_URL"])
        path = server.dir + "/run/portal/portal.sock"
        start = server.kill_portal()
        self.addCleanup(wait_for, lambda: server.imap_bearer(ALICE, token)[0], 60)
        self.addCleanup(start)
        os.unlink(path)
        stalling = socket.socket(socket.AF_UNIX)
        self.addCleanup(stalling.close)
        stalling.bind(path)
        os.chmod(path, 0o666)
        stalling.listen()
        client = http.client.HTTPConnection(url.hostname, url.port, timeout=30)  # half of what pages may take
        self.addCleanup(client.close)
        client.request("POST", "/oauth2/introspect", "token=x")
        connection = stalling.accept()[0]
        self.addCleanup(connection.close)
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        answer = client.getresponse()
        with self.assertRaises(http.client.IncompleteRead):
            answer.read()

    def test_a_query_of_many_fields_is_refused_and_no_outage(self):
        url = urllib.parse.urlparse(server.env["PORTAL_URL"])
        for query in ("&" * 600, "&" * 7000, "&".join("a%d=b" % i for i in range(500))):
            client = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
            self.addCleanup(client.close)
            client.request("GET", "/oauth2/authorize?" + query)
            self.assertEqual(client.getresponse().status, 414, query[:20])

    def test_without_the_portal_people_are_asked_to_come_back(self):
        url = urllib.parse.urlparse(server.env["PORTAL_URL"])
        start = server.kill_portal()
        try:
            client = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
            client.request("GET", "/account")
            answer = client.getresponse()
            self.assertEqual((answer.status, answer.headers["Retry-After"], answer.headers["Content-Type"]),
                             (503, "5", "text/html; charset=utf-8"))
            self.assertIn("잠시 후 다시 시도합니다", answer.read().decode())
            client.close()
        finally:
            start()
        wait_for(lambda: server.imap_bearer(ALICE, token)[0], 60)


class Outage(unittest.TestCase):
    def setUp(self):
        # The last of the cleanups to run.
        self.addCleanup(self.assert_heals)
        self.mark = len(server.log("dovecot"))

    def answers(self):
        ways = [(service, mechanism) for service in server.SERVICES for mechanism in BEARER]
        with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
            return dict(zip(ways, pool.map(lambda way: sign_in(server, *way, ALICE, token), ways)))

    def assert_put_off(self):
        """No token is refused, with whatever mechanism, and passwords work."""
        for (service, _), (let_in, said) in self.answers().items():
            self.assertFalse(let_in)
            self.assertRegex(said, TEMPORARY[service])
        self.assertTrue(all(server.services(ALICE, server.passwords[ALICE]).values()))

    def assert_let_in(self):
        self.assertTrue(all(let_in for let_in, _ in self.answers().values()))

    def assert_heals(self):
        wait_for(lambda: all(let_in for let_in, _ in self.answers().values()), 60)

    def assert_outage(self, why):
        """What each release makes of it."""
        if not INTROSPECTS:
            return self.assert_let_in()
        self.assert_put_off()
        self.assertRegex(server.log("dovecot")[self.mark:], "Introspection failed: " + why)


class Portal(Outage):
    def test_it_is_dead(self):
        self.addCleanup(server.kill_portal())
        self.assert_outage("503 ")

    def test_it_hangs(self):
        os.kill(server.portal_pid(), signal.SIGSTOP)
        self.addCleanup(os.kill, server.portal_pid(), signal.SIGCONT)
        self.assert_outage("503 ")

    def test_it_cannot_read_the_database(self):
        """The driver cannot either, so it is the same in each release."""
        database = server.env["DATABASE"]
        if not os.path.exists(database):
            self.skipTest("the database is no file")
        os.rename(database, database + ".away")
        self.addCleanup(os.rename, database + ".away", database)
        wait_for(lambda: not any(let_in for let_in, _ in self.answers().values()))
        for (service, _), (_, said) in self.answers().items():
            self.assertRegex(said, TEMPORARY[service])


class SomethingElse(http.server.ThreadingHTTPServer):
    """Answers where the portal should, always with the same body."""

    body = b""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *args):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Files(Outage):
    """One file of Dovecot's configuration is changed."""

    def change(self, name, pattern, new):
        path = server.dir + "/etc/" + name
        with open(path) as f:
            before = f.read()
        self.addCleanup(self.write, path, before)
        self.write(path, re.sub(pattern, new, before))

    def write(self, path, text):
        with open(path, "w") as f:
            f.write(text)
        server.reload()

    @unittest.skipUnless(INTROSPECTS, "Dovecot 2.3 does not ask the portal about tokens")
    def test_the_portal_does_not_know_dovecot(self):
        self.change("postlatch/introspection.url", "pl_cs_[^@]*", "wrong")
        self.assert_outage("client authentication failed")

    @unittest.skipUnless(INTROSPECTS, "Dovecot 2.3 does not ask the portal about tokens")
    def test_something_else_answers(self):
        other = SomethingElse()
        self.addCleanup(other.stop)
        self.change("postlatch/introspection.url", ".*", "http://127.0.0.1:%d/" % other.server_port)
        for other.body in (b"", b"{}", b'{"error_uri":"x"}'):
            with self.subTest(other.body):
                self.assert_put_off()
        self.assertIn("not the portal's answer", server.log("dovecot")[self.mark:])
        other.body = b'{"active":false}'
        said = sign_in(server, "imap", "XOAUTH2", ALICE, token)[1]
        self.assertIn("[AUTHENTICATIONFAILED]", said)
        # Shown with auth_verbose alone, as before.
        self.assertNotIn("Provided token is not valid", server.log("dovecot")[self.mark:])

    def test_the_driver_refuses_to_serve(self):
        """Then the portal's word is not enough."""
        self.change("dovecot/conf.d/05-postlatch.conf", "result_internalfail = return-fail", "")
        for (service, _), (let_in, said) in self.answers().items():
            self.assertFalse(let_in)
            self.assertRegex(said, TEMPORARY[service])


if __name__ == "__main__":
    unittest.main()
