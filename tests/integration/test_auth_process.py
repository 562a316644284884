"""Dovecot's auth process with other settings than the demo's: a clock that is set, and an auth policy server."""
import http.server
import os
import threading
import time
import unittest

from server import BUILD, Server, wait_for

ALICE = "alice@demo.test"
WRONG_CLOCK = BUILD + "/tests/integration/wrong_clock.so"
HOUR = 3600


class AuthProcess(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.remove)

    def configure(self, lines):
        """Lines at the end of dovecot.conf, and the auth process that comes of them."""
        self.password = self.server.app_password(ALICE, label="phone")["password"]
        with open(self.server.dir + "/etc/dovecot/dovecot.conf", "a") as f:
            f.write(lines.format(dir=self.server.dir))
        self.server.reload()
        self.assert_let_in()
        self.auth = self.server.pids("auth")

    def assert_let_in(self):
        for service in self.server.SERVICES:
            let_in, said = getattr(self.server, service)(ALICE, self.password)
            self.assertTrue(let_in, "%s: %s" % (service, said))

    def last_used(self):
        return self.server.json("member", "show", ALICE)["last_used"]


class Clock(AuthProcess):
    def set_clock(self, seconds):
        path = self.server.dir + "/wrong-clock"
        with open(path + ".new", "w") as f:
            f.write(str(seconds))
        os.rename(path + ".new", path)

    def test_set_back_in_an_outage(self):
        """As after a start with a clock of local time, before the network has told the time."""
        if os.path.exists(self.server.dir + "/etc/dovecot/conf.d/99-sanitizers.conf"):
            self.skipTest("the sanitizers have the auth process preloaded with something else")
        self.configure("service auth {{\n  executable = /usr/bin/env LD_PRELOAD=%s WRONG_CLOCK={dir}/wrong-clock "
                       "/usr/lib/dovecot/auth\n}}\n" % WRONG_CLOCK)
        self.set_clock(HOUR)
        self.assert_let_in()
        wait_for(lambda: any(use["at"] > time.time() + HOUR / 2 for use in self.last_used().values()))
        with self.server.database_away():
            wait_for(lambda: not self.server.imap(ALICE, self.password)[0])
            self.set_clock(0)
        wait_for(lambda: self.server.imap(ALICE, self.password)[0])
        self.assert_let_in()
        self.server.postlatch("member", "set", ALICE, "two_factor_mode=skip")
        with open(self.server.env["POLICY_FILE"], "a") as f:
            f.write('domain "demo.test" { pop3 = forbidden }\n')
        wait_for(lambda: not self.server.pop3(ALICE, self.password)[0])
        self.assertTrue(self.server.imap(ALICE, self.password)[0])
        wait_for(lambda: self.last_used()["imap"]["at"] < time.time() + HOUR / 2)
        self.assertEqual(self.server.pids("auth"), self.auth)


class PolicyServer(http.server.ThreadingHTTPServer):
    """Lets everybody in, and counts what it is told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.asked.append(self.path)
            body = b'{"status": 0, "msg": ""}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass


class WithPolicyServer(AuthProcess):
    def test_reports_outlive_their_requests(self):
        """The report to the server keeps what our note hangs on; what the note reads must be kept too."""
        policy_server = PolicyServer()
        self.addCleanup(policy_server.server_close)
        self.addCleanup(policy_server.shutdown)
        self.configure("auth_policy_server_url = http://127.0.0.1:%d/\nauth_policy_hash_nonce = pinch\n"
                       % policy_server.server_address[1])
        for _ in range(5):
            self.assert_let_in()
        wait_for(lambda: sum("report" in path for path in policy_server.asked) >= 5 * len(self.server.SERVICES))
        wait_for(lambda: set(self.last_used()) == set(self.server.SERVICES))
        self.assertEqual(self.server.pids("auth"), self.auth)
