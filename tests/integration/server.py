"""A private mail server from ./quickstart, and clients for it.

Every test class that needs one starts its own or shares the module's; nothing
listens or connects outside of 127.0.0.1.
"""
import base64
import concurrent.futures
import contextlib
import email.message
import glob
import imaplib
import json
import os
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from postgresql import PostgreSQL

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD_DIR", os.path.join(ROOT, "build"))
TIMEOUT = 90

# Dovecot makes an address that fails wait longer each time; so every connection
# of the tests comes from an address of its own, in 127.0.0.0/8.
addresses = random.Random()
plain_connect = socket.create_connection
last_source = threading.local()


def connect(address, timeout=TIMEOUT, source_address=None, **options):
    if not source_address:
        last_source.ip = "127.%d.%d.%d" % tuple(addresses.randint(1, 250) for _ in range(3))
        source_address = (last_source.ip, 0)
    return plain_connect(address, timeout, source_address, **options)


socket.create_connection = connect


def rewrite(path, text):
    """In place, so that owner and mode stay."""
    with open(path, "w") as f:
        f.write(text)


class Server:
    """One quickstart in a folder of its own."""

    def __init__(self, database=None, failure_delay=False, forwards=False, srs=False):
        """database: a uri, or by default what POSTLATCH_TEST_ON says: SQLite, or a
        PostgreSQL of the server's own. failure_delay: whether Dovecot lets a wrong
        password wait for two seconds, as it does by default. forwards: whether Postfix asks
        for members' forwards, as it does by default; then incoming mail needs the milter, too. srs:
        whether postsrsd rewrites senders."""
        self.dir = tempfile.mkdtemp(prefix="postlatch-test-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.env = {}
        self.passwords = {}
        self.database = database
        self.failure_delay = failure_delay
        self.forwards = forwards
        self.srs = srs
        self.postgresql = None

    def start(self):
        if self.database is None and os.environ.get("POSTLATCH_TEST_ON") == "postgresql":
            self.postgresql = PostgreSQL().start()
            self.database = self.postgresql.uri
        if not self.failure_delay:
            with open(self.dir + "/dovecot-local.conf", "w") as f:
                f.write("auth_failure_delay = 0\n")
        if not self.forwards:
            open(self.dir + "/no-forwards", "w").close()
        options = ["--database", self.database] if self.database else []
        options += ["--srs"] if self.srs else []
        run = subprocess.run(
            [os.path.join(ROOT, "quickstart"), "--dir", self.dir, "--build", BUILD, "--background", *options],
            capture_output=True, text=True, timeout=900)
        if run.returncode != 0:
            raise RuntimeError("quickstart failed:\n" + run.stdout + run.stderr)
        with open(self.dir + "/env") as f:
            self.env = dict(line.strip().split("=", 1) for line in f if "=" in line)
        with open(self.dir + "/members") as f:
            self.passwords = dict(line.split() for line in f)
        return self

    def stop(self):
        subprocess.run([os.path.join(ROOT, "quickstart"), "--stop", "--dir", self.dir], timeout=120,
                       check=True, capture_output=True)

    def remove(self):
        self.stop()
        if self.postgresql:
            self.postgresql.remove()
        reports = glob.glob(self.dir + "/log/sanitizers/*")
        text = "".join(open(name, errors="replace").read() for name in reports)
        shutil.rmtree(self.dir, ignore_errors=True)
        if reports:
            raise AssertionError("sanitizers found something:\n" + text)

    # -- the command -------------------------------------------------------

    def postlatch(self, *args, check=True, stdin=None):
        run = subprocess.run([self.env["POSTLATCH"], *args], capture_output=True, text=True,
                             timeout=TIMEOUT, input=stdin)
        if check and run.returncode != 0:
            raise AssertionError("postlatch %s: exit %d: %s" % (" ".join(args), run.returncode,
                                                               run.stderr + run.stdout))
        return run

    def json(self, *args):
        return json.loads(self.postlatch("--json", *args).stdout)

    def app_password(self, member, **options):
        words = []
        for name, value in options.items():
            words += ["--" + name, value]
        return self.json("app-password", "create", member, *words)

    def issue_token(self, *args):
        """As tests/integration/issue_token.c says."""
        run = subprocess.run([os.path.join(BUILD, "tests/integration/issue_token"), self.env["POLICY_FILE"],
                              *map(str, args)], capture_output=True, text=True, timeout=TIMEOUT)
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return run.stdout.split()

    def sql(self, statement):
        """What no interface offers, on a database of any kind."""
        if self.postgresql:
            self.postgresql.sql(statement)
            return
        with contextlib.closing(sqlite3.connect(self.env["DATABASE"], timeout=TIMEOUT)) as db, db:
            db.execute(statement)

    @contextlib.contextmanager
    def database_away(self):
        """Nobody reaches the database in the block."""
        if self.postgresql:
            self.postgresql.stop()
        else:
            os.rename(self.env["DATABASE"], self.env["DATABASE"] + ".away")
        try:
            yield
        finally:
            if self.postgresql:
                self.postgresql.again()
            else:
                os.rename(self.env["DATABASE"] + ".away", self.env["DATABASE"])

    def inside(self, *args, **options):
        """Runs a program where the server's /etc is."""
        with open(self.dir + "/run/holder.pid") as f:
            pid = f.read().strip()
        return subprocess.run(["nsenter", "-t", pid, "-m", "-r", "--wdns=/", "--", *args], capture_output=True, text=True,
                              timeout=TIMEOUT, **options)

    def port(self, name):
        return int(self.env[name + "_PORT"])

    def log(self, name):
        with open("%s/log/%s.log" % (self.dir, name), errors="replace") as f:
            return f.read()

    def pids(self, service):
        """The processes of one of Dovecot's services."""
        run = self.inside("doveadm", "-f", "tab", "process", "status", service)
        return {int(line.split("\t")[1]) for line in run.stdout.splitlines()[1:]}

    @contextlib.contextmanager
    def main_cf(self, *lines):
        """More lines of main.cf, as long as the block lasts."""
        path = self.dir + "/etc/postfix/main.cf"
        with open(path) as f:
            before = f.read()
        try:
            rewrite(path, before + "\n".join(lines) + "\n")
            self.inside("postfix", "reload", check=True)
            time.sleep(1)
            yield
        finally:
            rewrite(path, before)
            self.inside("postfix", "reload", check=True)
            time.sleep(1)

    def reload(self):
        """Dovecot and Postfix read their configuration, and the auth process is a new one."""
        before = {name: self.pids(name) for name in ("auth", "log")}
        self.inside("doveadm", "reload", check=True)
        # Its idle smtpds would hold on to the old auth process.
        self.inside("postfix", "reload", check=True)
        wait_for(lambda: all(self.pids(name).isdisjoint(before[name]) for name in before))

    def portal_pid(self):
        with open(self.dir + "/run/portal.pid") as f:
            return int(f.read())

    def kill_portal(self):
        """Kills it as a crash would; returns a function that starts it again."""
        pid = self.portal_pid()
        with open("/proc/%d/cmdline" % pid) as f:
            command = f.read().split("\0")[:-1]
        with open(self.dir + "/run/holder.pid") as f:
            inside = ["nsenter", "-t", f.read().strip(), "-m", "-r", "--wdns=/", "--"]
        os.kill(pid, signal.SIGKILL)
        # Its sockets go with its last file; nobody may have taken note of its end.
        wait_for(lambda: not os.path.exists("/proc/%d/fd/0" % pid))

        def start():
            portal = subprocess.Popen([*inside, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            with open(self.dir + "/run/portal.pid", "w") as f:
                f.write(str(portal.pid))
            # It ends with the server.
            threading.Thread(target=portal.wait, daemon=True).start()
        return start

    # -- clients: each returns (let in?, what the server said) ---------------

    def imap(self, user, password):
        client = imaplib.IMAP4("127.0.0.1", self.port("IMAP"), timeout=TIMEOUT)
        try:
            return True, str(client.login(user, password)[1])
        except imaplib.IMAP4.error as error:
            return False, str(error)
        finally:
            close(client.shutdown)

    def imap_bearer(self, user, token, mechanism="XOAUTH2"):
        client = imaplib.IMAP4("127.0.0.1", self.port("IMAP"), timeout=TIMEOUT)
        if mechanism == "XOAUTH2":
            first = "user=%s\x01auth=Bearer %s\x01\x01" % (user, token)
        else:
            first = "n,a=%s,\x01auth=Bearer %s\x01\x01" % (user, token)
        answers = [first.encode(), b""]
        try:
            client.authenticate(mechanism, lambda _: answers.pop(0) if answers else b"")
            return True, ""
        except imaplib.IMAP4.error as error:
            return False, str(error)
        finally:
            close(client.shutdown)

    def pop3(self, user, password):
        client = poplib.POP3("127.0.0.1", self.port("POP3"), timeout=TIMEOUT)
        try:
            client.user(user)
            return True, str(client.pass_(password))
        except poplib.error_proto as error:
            return False, str(error)
        finally:
            close(client.close)

    def smtp_client(self, port="SUBMISSION"):
        return smtplib.SMTP("127.0.0.1", self.port(port), timeout=TIMEOUT, local_hostname="client.test")

    def smtp(self, user, password, port="SUBMISSION"):
        client = self.smtp_client(port)
        client.ehlo()
        plain = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
        code, text = client.docmd("AUTH", "PLAIN " + plain)
        close(client.close)
        return code == 235, "%d %s" % (code, text.decode(errors="replace"))

    def sieve_client(self, user, password):
        return Sieve(self.port("SIEVE"), user, password)

    def sieve(self, user, password):
        client = self.sieve_client(user, password)
        client.close()
        return client.signed_in, client.answer

    SERVICES = ("imap", "pop3", "smtp", "sieve")

    def services(self, user, password):
        """Which of the services open: {"imap": True, ...}."""
        with concurrent.futures.ThreadPoolExecutor(len(self.SERVICES)) as pool:
            answers = pool.map(lambda service: getattr(self, service)(user, password)[0], self.SERVICES)
            return dict(zip(self.SERVICES, answers))

    # -- mail --------------------------------------------------------------

    def send(self, to, subject, sender="outside@elsewhere.example"):
        """Mail from outside, through the port that has no milter."""
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, subject
        message["Message-ID"] = "<%s@elsewhere.example>" % subject
        message.set_content("body")
        with self.smtp_client("SMTP") as client:
            client.send_message(message, sender, [to])

    def mailbox(self, member):
        """Subjects in a member's mailbox, with repetition."""
        local, domain = member.split("@")
        return subjects("%s/mail/%s/%s/Maildir/*/*" % (self.dir, domain, local))

    def folder(self, member, name):
        """Subjects in another of the member's folders."""
        local, domain = member.split("@")
        return subjects("%s/mail/%s/%s/Maildir/.%s/*/*" % (self.dir, domain, local, name))

    def sink(self):
        """Subjects of what left for other servers."""
        return subjects(self.env["SINK"] + "/*")

    def queue_is_empty(self):
        return self.inside("postqueue", "-p").stdout.startswith("Mail queue is empty")

    def settle(self, condition, seconds=60):
        """Waits for the condition, then a little for what should not follow. On a busy machine a delivery may
        be put off, and Postfix would try again in five minutes."""
        flush = time.monotonic() + 10

        def settled():
            nonlocal flush
            if time.monotonic() > flush:
                flush += 10
                self.inside("postqueue", "-f")
            return condition()
        wait_for(settled, seconds)
        wait_for(self.queue_is_empty, seconds)
        time.sleep(1)


class Sieve:
    """As much ManageSieve (RFC 5804) as the tests need."""

    def __init__(self, port, user, password):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.file = self.socket.makefile("rb")
        self.read()
        plain = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
        self.answer = self.command('AUTHENTICATE "PLAIN" "%s"' % plain)
        self.signed_in = self.answer.startswith("OK")

    def read(self):
        while True:
            line = self.file.readline().decode(errors="replace")
            if line == "" or re.match("(OK|NO|BYE)", line):
                return line.strip()

    def command(self, line):
        self.socket.sendall((line + "\r\n").encode())
        return self.read()

    def activate(self, script):
        put = self.command('PUTSCRIPT "test" {%d+}\r\n%s' % (len(script.encode()), script))
        active = self.command('SETACTIVE "test"')
        assert put.startswith("OK") and active.startswith("OK"), (put, active)

    def close(self):
        self.file.close()
        self.socket.close()


def close(function):
    try:
        function()
    except OSError:
        pass


def subjects(pattern):
    found = []
    for name in glob.glob(pattern):
        if os.path.isfile(name) and os.path.basename(os.path.dirname(name)) != "tmp":
            with open(name, errors="replace") as f:
                found += re.findall(r"^Subject: (.*)$", f.read(), re.M)[:1]
    return sorted(found)


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited %d seconds in vain" % seconds)
