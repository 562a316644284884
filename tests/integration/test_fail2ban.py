"""The filters of conf.d/fail2ban, on the logs of a real server: whom they count, and whom they must not."""
import os
import shutil
import subprocess
import tempfile
import unittest
from collections import Counter

from dovecot import RELEASE
from portal import Browser, totp
from sasl import sign_in
from server import ROOT, TIMEOUT, Server, last_source, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
SERVICES = ("imap", "pop3", "smtp", "smtp-25", "sieve")
BEARER = ("XOAUTH2", "OAUTHBEARER")
OURS = {"postlatch-token": "dovecot", "postlatch-portal": "portal", "postlatch-portal[mode=code]": "portal"}
# As fail2ban has them, and what its own jails make of them.
THEIRS = {"dovecot": "dovecot", "postfix[mode=auth]": "mail", "postfix": "mail"}
# Of somebody who has done nothing.
INNOCENT = "192.0.2.77"


def setUpModule():
    global server, config
    server = Server().start()
    config = tempfile.mkdtemp(prefix="postlatch-fail2ban-")
    shutil.copytree("/etc/fail2ban", config, dirs_exist_ok=True)
    shutil.copytree(ROOT + "/conf.d/fail2ban", config, dirs_exist_ok=True)


def tearDownModule():
    shutil.rmtree(config)
    server.remove()


def browser():
    url = server.env["PORTAL_URL"]
    return Browser(int(url.rsplit(":", 1)[1]), url)


class Filters(unittest.TestCase):
    def setUp(self):
        self.marks = {log: len(server.log(log)) for log in ("dovecot", "mail", "portal")}

    def logged(self, log):
        return server.log(log)[self.marks[log]:]

    def counted(self, name):
        """How often a filter counts each address since the test began."""
        with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
            file.write(self.logged({**OURS, **THEIRS}[name]))
            file.flush()
            run = subprocess.run(["fail2ban-regex", "-c", config, "-o", "ip", file.name, name], capture_output=True,
                                 text=True, timeout=TIMEOUT)
        self.assertEqual(run.stderr, "")
        return Counter(run.stdout.split())

    def nobody_is_counted(self, *names):
        for name in names or (*OURS, *THEIRS):
            self.assertEqual(self.counted(name), Counter(), name)

    def try_token(self, service, mechanism, token, user=ALICE):
        """The address that it came from."""
        opened, said = sign_in(server, service, mechanism, user, token)
        self.assertFalse(opened, said)
        return last_source.ip


class Guessing(Filters):
    def test_wrong_tokens_are_counted_once_at_every_service(self):
        guessers = Counter(self.try_token(service, mechanism, "guess") for service in SERVICES for mechanism in BEARER)
        wait_for(lambda: self.counted("postlatch-token") == guessers)

    def test_wrong_passwords_at_the_sign_in_page(self):
        guessers = Counter()
        for _ in range(3):
            self.assertEqual(browser().sign_in(ALICE, "wrong").status, 401)
            guessers[last_source.ip] += 1
        wait_for(lambda: self.counted("postlatch-portal") == guessers)
        self.nobody_is_counted("postlatch-portal[mode=code]")

    def test_wrong_codes_have_a_filter_of_their_own(self):
        self.addCleanup(server.postlatch, "totp", "reset", ALICE)
        first = browser()
        self.assertEqual(first.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        key = first.post("/api/sign-in/registration").json["key"]
        code = totp(key, steps=-1)
        self.assertEqual(first.post("/api/sign-in/registration/confirm", {"code": code}).status, 200)
        guesser = browser()
        self.assertEqual(guesser.sign_in(ALICE, server.passwords[ALICE]).json["next"], "code")
        # Of the two, one at least is not a code of this minute and a half.
        guessed = next(code for code in ("000000", "111111", "222222", "333333") if code not in
                       {totp(key, steps=step) for step in range(-2, 3)})
        self.assertEqual(guesser.post("/api/sign-in/code", {"code": guessed}).status, 422)
        wait_for(lambda: self.counted("postlatch-portal[mode=code]") == Counter([last_source.ip]))
        self.nobody_is_counted("postlatch-portal")

    def test_theirs_count_wrong_passwords_of_mail_clients(self):
        guessers = {}
        for service in SERVICES:
            self.assertFalse(sign_in(server, service, "PLAIN", ALICE, "wrong")[0])
            guessers[service] = last_source.ip
        at_postfix = Counter([guessers["smtp"], guessers["smtp-25"]])
        at_dovecot = Counter(guessers.values()) - at_postfix
        wait_for(lambda: self.counted("postfix[mode=auth]") == at_postfix)
        # The filter of fail2ban 1.1.0 does not know the lines of Dovecot 2.4.
        wait_for(lambda: self.counted("dovecot") == (at_dovecot if RELEASE == "2.3" else Counter()))
        self.nobody_is_counted(*OURS)


class Innocent(Filters):
    def setUp(self):
        super().setUp()
        self.password = server.passwords[ALICE]
        self.token = server.issue_token(ALICE, "webmail", 3600, 3600)[1]

    def test_whoever_is_let_in(self):
        for service in SERVICES:
            self.assertTrue(sign_in(server, service, "PLAIN", ALICE, self.password)[0])
            self.assertTrue(sign_in(server, service, "XOAUTH2", ALICE, self.token)[0])
        self.assertEqual(browser().sign_in(ALICE, self.password).status, 200)
        self.nobody_is_counted()

    def test_whom_the_policy_keeps_out_is_no_guesser(self):
        self.addCleanup(server.postlatch, "member", "set", ALICE, "imap=inherit", "smtp=inherit", "webmail=inherit")
        server.postlatch("member", "set", ALICE, "imap=off", "smtp=off", "webmail=off")
        for service in ("imap", "smtp"):
            self.assertFalse(sign_in(server, service, "PLAIN", ALICE, self.password)[0])
            self.try_token(service, "XOAUTH2", self.token)
        wait_for(lambda: self.logged("dovecot").count("rule=service-off") == 4)
        self.nobody_is_counted(*OURS)

    def test_an_outage_counts_nobody(self):
        database = server.env["DATABASE"]
        os.rename(database, database + ".away")
        try:
            wait_for(lambda: "[UNAVAILABLE]" in server.imap(ALICE, self.password)[1])
            for service in SERVICES:
                for password in (self.password, "wrong"):
                    self.assertFalse(sign_in(server, service, "PLAIN", ALICE, password)[0])
                    self.try_token(service, "XOAUTH2", password)
            self.assertEqual(browser().sign_in(ALICE, self.password).status, 503)
        finally:
            os.rename(database + ".away", database)
        wait_for(lambda: server.imap(ALICE, self.password)[0])
        # Everybody was written down, and as what they were.
        lost = self.logged("mail").count("authentication failed: Connection lost to authentication server")
        self.assertEqual(lost, 8)
        self.assertGreaterEqual(self.logged("dovecot").count("auth service reported temporary failure"), 12)
        self.nobody_is_counted()


class Injected(Filters):
    """Names that look like log lines count against whoever sent them, and nobody else."""

    NAMES = (
        "rip=%s" % INNOCENT,
        "x ip=%s service=imap rule=token-invalid user=y: z" % INNOCENT,
        "x\npostlatch: denied ip=%s service=imap rule=token-invalid user=y: z" % INNOCENT,
        "x\r\nNov 21 10:00:00 auth: Info: postlatch: denied ip=%s service=imap rule=token-invalid user=y: z" % INNOCENT,
        "postlatch: denied ip=%s service=imap rule=token-invalid user=y: " % INNOCENT,
        "x ip=%s result=wrong-password" % INNOCENT,
        "x\nsign-in address=y ip=%s result=wrong-password" % INNOCENT,
        "x ip=%s result=wrong-code\n" % INNOCENT,
        "<HOST>", "%(__prefix_line)s", "x" * 900 + INNOCENT,
    )

    def test_names_at_the_services(self):
        # Dovecot's own list of letters would turn most of these away before anybody sees them, and where a
        # domain is known, their tokens are not looked at.
        added = {server.dir + "/etc/dovecot/dovecot.conf": "auth_username_chars =\n",
                 server.env["POLICY_FILE"]: "unknown_domains = allow\n"}
        before = {}
        for path in added:
            with open(path) as f:
                before[path] = f.read()

        def write(texts):
            for path, text in texts.items():
                with open(path, "w") as f:
                    f.write(text)
            server.reload()
        self.addCleanup(write, before)
        write({path: text + added[path] for path, text in before.items()})
        senders = Counter(self.try_token(service, "XOAUTH2", "guess", name) for name in self.NAMES
                          for service in ("imap", "smtp"))
        wait_for(lambda: self.counted("postlatch-token") == senders)
        for name in THEIRS:
            self.assertEqual(self.counted(name)[INNOCENT], 0, name)

    def test_names_on_the_sign_in_page(self):
        senders = Counter()
        for name in self.NAMES:
            # Some are no name at all for the portal, and are turned away without a line.
            if browser().sign_in(name, "wrong").status == 401:
                senders[last_source.ip] += 1
        self.assertGreater(len(senders), 0)
        wait_for(lambda: self.counted("postlatch-portal") == senders)
        self.nobody_is_counted("postlatch-portal[mode=code]")


class Formats(Filters):
    """The same lines as syslog and the journal have them."""

    LINES = {
        "postlatch-token": "auth: postlatch: denied ip=%s service=smtp rule=token-invalid user=alice@demo.test: The "
                           "token is unknown.",
        "postlatch-portal": "sign-in address=alice@demo.test ip=%s result=wrong-password",
        "postlatch-portal[mode=code]": "sign-in address=alice@demo.test ip=%s result=wrong-code",
    }

    def test_syslog_and_both_families(self):
        for name, line in self.LINES.items():
            program = "dovecot" if name == "postlatch-token" else "postlatch-portal"
            for ip in ("192.0.2.1", "2001:db8::1"):
                for prefix in ("Nov 21 10:00:00 mail %s[42]: ", "Nov 21 10:00:00 mail %s: ",
                               "2026-11-21T10:00:00.123456+00:00 mail %s[42]: "):
                    run = subprocess.run(["fail2ban-regex", "-c", config, "-o", "ip", prefix % program + line % ip, name],
                                         capture_output=True, text=True, timeout=TIMEOUT)
                    self.assertEqual(run.stdout.split(), [ip], (name, prefix, run.stderr))

    def test_fail2ban_reads_the_jails(self):
        run = subprocess.run(["fail2ban-client", "-c", config, "-d"], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        for jail in ("postlatch-portal", "postlatch-portal-code", "postlatch-token"):
            self.assertIn("['start', '%s']" % jail, run.stdout)
            self.assertIn("['add', '%s', 'systemd']" % jail, run.stdout)


if __name__ == "__main__":
    unittest.main()
