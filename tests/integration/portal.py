"""postlatch-portal with a database and a policy file of its own, browsers for it,
and a stand-in for Dovecot's auth socket. Everything is on 127.0.0.1."""
import base64
import contextlib
import email
import email.policy
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from server import BUILD, TIMEOUT, plain_connect, wait_for

PORTAL = BUILD + "/portal/postlatch-portal"
SENDER = BUILD + "/sender/postlatch-sender"
POSTLATCH = BUILD + "/ctl/postlatch"
WRONG_CLOCK = BUILD + "/tests/integration/wrong_clock.so"  # to be preloaded
JSON = "application/json"
SCIM = "application/scim+json"
RECORD = os.environ.get("POSTLATCH_TEST_RECORD")  # a file for exchanges with the administrators' API

# What every answer has, whoever asks and whatever is wrong (OWASP ASVS 3.4).
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'( 'sha256-[A-Za-z0-9+/]{43}=')?; "
                               ".*frame-ancestors 'none'$",
    "X-Content-Type-Options": "nosniff$",
    "Referrer-Policy": "no-referrer$",
    "Cross-Origin-Opener-Policy": "same-origin$",
    "Cache-Control": "(no-store|private, no-store|public, max-age=31536000, immutable)$",
    "Cross-Origin-Resource-Policy": "same-origin$",
}
# Of a script or a style sheet, which is no document.
FILE_HEADERS = ("X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Cache-Control")


class Dovecot:
    """As much of Dovecot's auth protocol as one question needs. Every member's
    password is "right", or what password_of says; tokens of the portal are taken, too; mode says how it misbehaves, and gate
    when it may answer."""

    GREETING = b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t2\nCOOKIE\t00\nDONE\n"

    def __init__(self, path):
        self.path, self.mode, self.asked = path, "well", []
        self.password_of = lambda user: "right"
        self.takes_tokens = True  # of the portal's own, in the place of a password
        self.gate = threading.Event()
        self.gate.set()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(256)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            connection.sendall(self.GREETING)
            for line in lines:
                if line.startswith(b"AUTH\t"):
                    connection.sendall(self.answer(line.decode().rstrip("\n").split("\t")))
                    return

    def answer(self, words):
        fields = dict(word.split("=", 1) for word in words if "=" in word)
        _, user, password = base64.b64decode(fields["resp"]).decode().split("\0")
        self.asked.append({"user": user, "password": password, "words": words, **fields})
        self.gate.wait(TIMEOUT)
        if self.mode != "well":
            return {"temporary": b"FAIL\t1\ttemp\n", "temporary by code": b"FAIL\t1\tcode=temp_fail\n",
                    "closes": b"", "babbles": b"ABRACADABRA\n", "endless": b"x" * 100000,
                    "asks back": b"CONT\t1\t\n"}[self.mode]
        is_token = self.takes_tokens and password.startswith("pl_pk_")
        if password != self.password_of(user) and not is_token:
            return b"FAIL\t1\tuser=%s\n" % user.encode()
        return b"OK\t1\tuser=%s\n" % user.lower().encode()

    def close(self):
        # accept() goes on in its thread until the socket is shut.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        os.unlink(self.path)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Portal:
    """A portal process; settings become lines of its policy file."""

    def __init__(self, **settings):
        self.dir = tempfile.mkdtemp(prefix="postlatch-portal-", dir="/var/tmp")
        self.port = free_port()
        self.url = "http://localhost:%d" % self.port
        self.process, self.senders = None, []
        self.mail = self.dir + "/mail"
        os.makedirs(self.dir + "/web/lib")
        for name, text in (("index.html", '<html lang="{{language}}"><title>{{name}}</title>'), ("main.js", "// page\n"),
                           ("lib/api.js", "// api\n"), ("lib/README.md", "not for browsers"),
                           ("README.md", "not for browsers"), (".hidden.js", "not either")):
            with open("%s/web/%s" % (self.dir, name), "w") as f:
                f.write(text)
        self.settings = {"database": "sqlite:%s/postlatch.db" % self.dir,
                         "verify_key": self.dir + "/verify.key",
                         "seal_key": self.dir + "/seal.key",
                         "outbox_key": self.dir + "/outbox.key", "portal_url": self.url,
                         "auth_socket": self.dir + "/auth", "sendmail": self.sendmail(),
                         "attachment_url": "http://files.localhost:%d" % self.port,
                         "attachment_folder": self.dir + "/files", **settings}
        os.mkdir(self.dir + "/files")
        self.write_policy()

    def sendmail(self):
        """A command that keeps what it is given."""
        os.mkdir(self.mail)
        path = self.dir + "/sendmail"
        with open(path, "w") as f:
            f.write('#!/bin/sh\nf=$(mktemp %s/new.XXXXXX)\necho "$@" >$f\ncat >>$f\nmv $f %s/mail.${f##*.}\n'
                    % (self.dir, self.mail))
        os.chmod(path, 0o755)
        return path

    def mails(self):
        texts = []
        for name in sorted(os.listdir(self.mail)):
            with open("%s/%s" % (self.mail, name)) as f:
                texts.append(f.read())
        return texts

    def write_policy(self, extra=""):
        text = "".join('%s = "%s"\n' % item for item in self.settings.items()) + extra
        with open(self.dir + "/new.conf", "w") as f:
            f.write(text)
        os.rename(self.dir + "/new.conf", self.dir + "/policy.conf")

    def init(self):
        subprocess.run([POSTLATCH, "-c", self.dir + "/policy.conf", "db", "init"], check=True,
                       capture_output=True)
        return self

    def command(self, *args):
        """The arguments of a portal on this policy file, with other options in front."""
        return [PORTAL, "-c", self.dir + "/policy.conf", "-w", self.dir + "/web", "-f", *args]

    def start(self, port=None):
        self.process = self.another(port or self.port)
        return self

    def another(self, port, wrap=()):
        """A further process on the same database."""
        with open(self.dir + "/log", "a") as log:
            process = subprocess.Popen([*wrap, *self.command("-p", "inet:127.0.0.1:%d" % port)], stderr=log)
        wait_for(lambda: process.poll() is not None or is_open(port), TIMEOUT)
        if process.poll() is not None:
            raise AssertionError("the portal ended with %d: %s" % (process.returncode, self.log()))
        return process

    def start_sender(self, wrap=()):
        """A process that sends what the portal writes into the outbox."""
        with open(self.dir + "/sender.log", "a") as log:
            sender = subprocess.Popen([*wrap, SENDER, "-c", self.dir + "/policy.conf", "-f"], stderr=log)
        self.senders.append(sender)
        return sender

    def sender_log(self):
        with open(self.dir + "/sender.log", errors="replace") as f:
            return f.read()

    def kill(self):
        self.process.kill()
        self.process.wait(TIMEOUT)

    def stop(self):
        """Its exit status."""
        self.process.terminate()
        return self.process.wait(TIMEOUT)

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for sender in self.senders:
            sender.kill()
            sender.wait(TIMEOUT)
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        with open(self.dir + "/log", errors="replace") as f:
            return f.read()

    def alive(self):
        return self.process.poll() is None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def sql(self, statement, *values):
        """What no interface offers: to make a session old, or a code long gone."""
        with contextlib.closing(sqlite3.connect(self.dir + "/postlatch.db", timeout=TIMEOUT)) as db, db:
            return db.execute(statement, values).fetchall()

    def browser(self, **options):
        return Browser(self.port, self.url, **options)

    def files_host(self):
        """What browsers call the site of files that mail links to."""
        return self.settings["attachment_url"].partition("://")[2]

    def web(self):
        """Where the files of the pages are now: "/web/VERSION"."""
        return re.search(r"/web/\w+", self.browser().get("/oauth2/authorize?x=y").body.decode()).group()


class PortalTest(unittest.TestCase):
    """The tests of a class have one portal, with a Dovecot of their own behind it."""

    settings = {}  # of the policy file

    @classmethod
    def make_portal(cls):
        """It is not started, and has no database."""
        cls.portal = Portal(**cls.settings)
        cls.addClassCleanup(cls.portal.remove)
        cls.dovecot = Dovecot(cls.portal.dir + "/auth")
        cls.addClassCleanup(cls.dovecot.close)

    @classmethod
    def setUpClass(cls):
        cls.make_portal()
        cls.portal.init().start()

    @classmethod
    def command(cls, *args):
        """What `postlatch --json` prints; None for nothing."""
        run = subprocess.run([POSTLATCH, "-c", cls.portal.dir + "/policy.conf", "--json", *args],
                             stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(run.stdout) if run.stdout else None


class Answers:
    """What a test expects of an answer of the portal: safe headers always."""

    def good(self, answer):
        self.assertEqual(answer.status, 200, answer)
        self.assertIsNone(secure(answer))
        return answer.json

    def refused(self, answer, status, error):
        self.assertEqual((answer.status, answer.error), (status, error), answer)
        self.assertIsNone(secure(answer))
        return answer


class FactorTest(Answers, PortalTest):
    """Each test has a member of its own, in a domain that offers second factors."""

    members = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.command("domain", "add", "example.test")
        cls.start_sender()

    @classmethod
    def start_sender(cls):
        cls.portal.start_sender()

    def setUp(self):
        type(self).members += 1
        self.member = "m%d@example.test" % self.members
        self.browser = self.portal.browser()

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def subjects(self):
        """Of the mails to the member."""
        mails = [email.message_from_string(text.split("\n", 1)[1], policy=email.policy.default)
                 for text in self.portal.mails()]
        return [mail["Subject"] for mail in mails if self.member in mail["To"]]


def is_open(port):
    try:
        plain_connect(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()
        self.cookies = self.headers.get_all("Set-Cookie") or []
        self.json = json.loads(self.body) if self.headers.get("Content-Type") in (JSON, SCIM) and self.body else None

    @property
    def error(self):
        """The code; in an error of SCIM, it is the detail."""
        return self.json.get("error", self.json.get("detail")) if isinstance(self.json, dict) else None

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:300].decode(errors="replace"))


def record(method, path, answer):
    """For a comparison with the description of the administrators' API, where somebody wants one."""
    if RECORD is None or not path.startswith("/api/admin/v1/"):
        return
    exchange = {"method": method, "url": path, "status": answer.status, "type": answer.headers.get("Content-Type"),
                "body": answer.body.decode()}
    with open(RECORD, "a") as f:
        f.write(json.dumps(exchange) + "\n")


class Browser:
    """Keeps cookies and the CSRF token, as the pages do. Has an address of its own."""

    AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"

    def __init__(self, port, url, language="en", host=None):
        self.port, self.url, self.language, self.host = port, url, language, host
        self.cookies, self.csrf = {}, None
        self.ip = "198.18.%d.%d" % (random.randint(0, 255), random.randint(1, 254))

    def copy(self):
        """Another browser, in which the cookies of this one were put."""
        other = Browser(self.port, self.url, self.language)
        other.cookies, other.csrf = dict(self.cookies), self.csrf
        return other

    def copy_address(self):
        """Another browser at the same address."""
        other = Browser(self.port, self.url, self.language)
        other.ip = self.ip
        return other

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)

    def request(self, method, path, body=None, headers=None, origin=True):
        sent = {"X-Forwarded-For": self.ip, "User-Agent": self.AGENT, "Accept-Language": self.language}
        if self.cookies:
            sent["Cookie"] = "; ".join("%s=%s" % item for item in self.cookies.items())
        if origin:
            sent["Origin"] = self.url
        if self.host is not None:
            sent["Host"] = self.host
        sent.update(headers or {})
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
            answer = Answer(connection.getresponse())
        self.keep(answer)
        record(method, path, answer)
        return answer

    def keep(self, answer):
        for cookie in answer.cookies:
            name, value = cookie.split(";")[0].split("=", 1)
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if isinstance(answer.json, dict) and "csrf" in answer.json:
            self.csrf = answer.json["csrf"]

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, value=None, **headers):
        sent = {"Content-Type": JSON if value is not None else None, "X-CSRF-Token": self.csrf, **headers}
        return self.request("POST", path, None if value is None else json.dumps(value), sent)

    def sign_in(self, user, password="right"):
        return self.post("/api/sign-in", {"user": user, "password": password})

    def session(self):
        return self.get("/api/session").json

    def state(self):
        return self.session()["state"]


STEP = 30  # seconds, RFC 6238


def totp(key, steps=0):
    """The code of a key, by oathtool, some steps from now. The oldest that is good gets time to arrive."""
    left = STEP - time.time() % STEP
    if steps == -1 and left < 8:
        time.sleep(left)
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + steps * STEP))
    return subprocess.run(["oathtool", "--totp", "-b", "-N", now, key.replace(" ", "")], check=True,
                          capture_output=True, text=True).stdout.strip()


def secure(answer):
    """What is wrong with the headers of an answer, or None."""
    is_file = re.match("text/(javascript|css)", answer.headers.get("Content-Type", ""))
    for name, pattern in SECURITY_HEADERS.items():
        if is_file and name not in FILE_HEADERS:
            continue
        if not re.match(pattern, answer.headers.get(name, "")):
            return "%s: %s" % (name, answer.headers.get(name))
    for cookie in answer.cookies:
        if not re.match(r"__Host-postlatch(-device)?=[^;]*; Path=/; Secure; HttpOnly; SameSite=Lax"
                        r"(; Max-Age=\d+)?$", cookie):
            return "Set-Cookie: " + cookie
    return None
