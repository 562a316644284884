"""SMTP AUTH through postlatch-sasl-relay: what cannot be told at the moment is 454, and a wrong password 535."""
import base64
import concurrent.futures
import os
import re
import signal
import smtplib
import socket
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from sasl import sign_in
from server import TIMEOUT, Server, wait_for

ALICE = "alice@demo.test"
PORTS = ("smtp", "smtp-25")
PASSWORDS = ("PLAIN", "LOGIN")
TOKENS = ("XOAUTH2", "OAUTHBEARER")
TRY_AGAIN = r"454 4\.7\.0 "
WRONG = r"535 5\.7\.8 "
LINE_MAX = 16384


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


def database():
    return server.env["DATABASE"]


def new_token():
    return server.issue_token(ALICE, "webmail", 3600, 3600)[1]


def relay_pid():
    with open(server.dir + "/run/sasl-relay.pid") as f:
        return int(f.read())


def status(pid, name):
    with open("/proc/%d/status" % pid) as f:
        return re.search(r"(?m)^%s:\s*(.*)$" % name, f.read()).group(1).split()


def kill_relay():
    pid = relay_pid()
    os.kill(pid, signal.SIGKILL)
    # The holder of the namespace may leave it as a zombie.
    wait_for(lambda: not os.path.exists("/proc/%d" % pid) or status(pid, "State")[0] == "Z")


def start_relay():
    """As demo/inside does, whose process of it was killed."""
    script = ('"$1/root/usr/sbin/postlatch-sasl-relay" -f -p "unix:$1/spool/postlatch-sasl/auth" '
              '-d "unix:$1/run/dovecot/auth-sasl-relay" -u postlatch-sasl-relay -g postfix '
              '</dev/null >>"$1/log/sasl-relay.log" 2>&1 & echo $! >"$1/run/sasl-relay.pid"')
    before = server.log("sasl-relay").count(": ready")
    server.inside("setsid", "sh", "-c", script, "sh", server.dir)
    wait_for(lambda: server.log("sasl-relay").count(": ready") > before)


class Session:
    """One SMTP connection, in which AUTH is tried again and again."""

    def __init__(self, port="SUBMISSION"):
        self.client = server.smtp_client(port)
        self.client.ehlo()

    def plain(self, password):
        text = base64.b64encode(("\0%s\0%s" % (ALICE, password)).encode()).decode()
        code, said = self.client.docmd("AUTH", "PLAIN " + text)
        return "%d %s" % (code, said.decode(errors="replace"))

    def close(self):
        self.client.close()


class Answers(unittest.TestCase):
    def setUp(self):
        self.password, self.token = server.passwords[ALICE], new_token()

    def everywhere(self, password, token):
        """What each port says by each mechanism."""
        ways = [(port, mechanism, password) for port in PORTS for mechanism in PASSWORDS]
        ways += [(port, mechanism, token) for port in PORTS for mechanism in TOKENS]
        with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
            return list(pool.map(lambda way: (way, sign_in(server, way[0], way[1], ALICE, way[2])), ways))

    def all_answer(self, pattern, let_in=False, password=None, token=None):
        for way, (opened, said) in self.everywhere(password or self.password, token or self.token):
            self.assertRegex(said, pattern, way)
            self.assertEqual(opened, let_in, way)

    def test_right_credentials_are_let_in_and_wrong_ones_are_wrong(self):
        self.all_answer("235 ", True)
        self.all_answer(WRONG, password="wrong", token="wrong")

    def test_switched_off_is_wrong_and_not_try_again(self):
        self.addCleanup(server.postlatch, "member", "set", ALICE, "active=on")
        server.postlatch("member", "set", ALICE, "active=off")
        self.all_answer(WRONG)

    def while_out_of_reach(self, repair):
        wait_for(lambda: "[UNAVAILABLE]" in server.imap(ALICE, self.password)[1])
        sessions = [Session(port) for port in ("SMTP", "SUBMISSION")]
        for session in sessions:
            self.addCleanup(session.close)
            self.assertRegex(session.plain(self.password), TRY_AGAIN)
        self.all_answer(TRY_AGAIN)
        # Nobody can tell that these are wrong, either.
        self.all_answer(TRY_AGAIN, password="wrong", token="wrong")
        repair()
        wait_for(lambda: server.imap(ALICE, self.password)[0])
        for session in sessions:
            self.assertRegex(session.plain(self.password), "235 ")
        self.all_answer("235 ", True)

    def test_database_moved_away(self):
        os.rename(database(), database() + ".away")
        self.while_out_of_reach(lambda: os.rename(database() + ".away", database()))

    def test_database_locked(self):
        """A database beside it, which another program has locked against readers, is put in its place."""
        locked = database() + ".locked"
        server.postlatch("db", "backup", locked)
        before = os.stat(database())
        os.chown(locked, before.st_uid, before.st_gid)
        os.chmod(locked, 0o660)
        holder = sqlite3.connect(locked, isolation_level=None)
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        os.rename(database(), database() + ".away")
        os.rename(locked, database())

        def repair():
            os.rename(database() + ".away", database())
            holder.close()
        self.while_out_of_reach(repair)

    def test_verify_key_away(self):
        """Only what might be an app password waits for the key."""
        made = server.app_password(ALICE, label="phone")["password"]
        key = server.dir + "/etc/postlatch/verify.key"
        os.rename(key, key + ".away")
        try:
            wait_for(lambda: not server.imap(ALICE, made)[0])
            self.assertRegex(Session().plain(made), TRY_AGAIN)
            self.assertRegex(Session().plain(self.password), "235 ")
        finally:
            os.rename(key + ".away", key)
        wait_for(lambda: server.imap(ALICE, made)[0])
        self.assertRegex(Session().plain(made), "235 ")

    def test_dovecot_restarted(self):
        session = Session()
        self.addCleanup(session.close)
        self.assertRegex(session.plain("wrong"), WRONG)
        server.reload()
        answers = []
        # The new auth process may take a moment.
        wait_for(lambda: answers.append(session.plain(self.password)) or answers[-1].startswith("235 "))
        for answer in answers[:-1]:
            self.assertRegex(answer, TRY_AGAIN)

    def test_no_log_has_the_password(self):
        self.assertRegex(Session().plain(self.password), "235 ")
        encoded = base64.b64encode(("\0%s\0%s" % (ALICE, self.password)).encode()).decode()
        log = server.log("sasl-relay")
        self.assertIn("ready", log)
        self.assertNotIn(self.password, log)
        self.assertNotIn(encoded, log)


class Killed(unittest.TestCase):
    def answer_while_away(self):
        """Of a new connection: what AUTH, or already EHLO, says; empty when it is hung up on."""
        try:
            return Session().plain(server.passwords[ALICE])
        except smtplib.SMTPResponseException as error:
            return "%d" % error.smtp_code
        except (OSError, smtplib.SMTPException):
            return ""

    def test_clients_are_told_to_try_again_and_then_let_in(self):
        session = Session()
        self.addCleanup(session.close)
        kill_relay()
        try:
            self.assertRegex(session.plain(server.passwords[ALICE]), r"454 4\.7\.0 ")
            self.assertRegex(self.answer_while_away(), r"^(4\d\d|$)")
        finally:
            start_relay()
        self.assertRegex(session.plain(server.passwords[ALICE]), "235 ")
        self.assertRegex(Session().plain(server.passwords[ALICE]), "235 ")


class Privileges(unittest.TestCase):
    def setUp(self):
        self.user, self.group, self.postfix = (
            int(server.inside(*words).stdout.split(":")[2 if words[0] == "getent" else 0]) for words in
            (("id", "-u", "postlatch-sasl-relay"), ("id", "-g", "postlatch-sasl-relay"), ("getent", "group", "postfix")))

    def test_it_runs_as_its_user_in_no_other_group_and_without_capabilities(self):
        pid = relay_pid()
        self.assertEqual(status(pid, "Uid"), [str(self.user)] * 4)
        self.assertEqual(status(pid, "Gid"), [str(self.group)] * 4)
        self.assertEqual(status(pid, "Groups"), [str(self.group)])
        self.assertEqual({int(status(pid, name)[0], 16) for name in ("CapEff", "CapPrm")}, {0})

    def test_only_postfix_may_connect(self):
        path = server.dir + "/spool/postlatch-sasl/auth"
        found = os.stat(path)
        self.assertEqual((stat.S_IMODE(found.st_mode), found.st_gid), (0o660, self.postfix))
        self.assertEqual(os.stat(os.path.dirname(path)).st_mode & 0o007, 0)

    def test_only_the_relay_may_ask_dovecot(self):
        found = os.stat(server.dir + "/run/dovecot/auth-sasl-relay")
        self.assertEqual((stat.S_IMODE(found.st_mode), found.st_uid), (0o600, self.user))


class Load(unittest.TestCase):
    COUNT = 200

    def all_at_once(self, pattern):
        """Each has its connection before the first of them signs in."""
        barrier = threading.Barrier(self.COUNT, timeout=TIMEOUT)

        def one(_):
            session = Session()
            try:
                barrier.wait()
                return session.plain(server.passwords[ALICE])
            finally:
                session.close()
        with concurrent.futures.ThreadPoolExecutor(self.COUNT) as pool:
            answers = list(pool.map(one, range(self.COUNT)))
        self.assertEqual(len(answers), self.COUNT)
        for said in answers:
            self.assertRegex(said, pattern)

    def test_two_hundred_sign_in_at_once_also_during_an_outage_and_after_it(self):
        self.all_at_once("235 ")
        os.rename(database(), database() + ".away")
        wait_for(lambda: not server.imap(ALICE, server.passwords[ALICE])[0])
        self.all_at_once(TRY_AGAIN)
        os.rename(database() + ".away", database())
        wait_for(lambda: server.imap(ALICE, server.passwords[ALICE])[0])
        self.all_at_once("235 ")


class StandIn:
    """A relay of its own, and this test in place of Postfix and of Dovecot."""

    def __init__(self, test):
        folder = tempfile.mkdtemp(prefix="postlatch-relay-", dir="/var/tmp")
        test.addCleanup(os.rmdir, folder)
        self.postfix, self.dovecot = folder + "/postfix", folder + "/dovecot"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.dovecot)
        self.listener.listen(200)
        self.listener.settimeout(TIMEOUT)
        test.addCleanup(os.unlink, self.dovecot)
        test.addCleanup(self.listener.close)
        self.relay = subprocess.Popen(
            [server.dir + "/root/usr/sbin/postlatch-sasl-relay", "-f", "-p", "unix:" + self.postfix,
             "-d", "unix:" + self.dovecot], stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        assert "ready" in self.relay.stderr.readline()

    def pair(self):
        """A connection as Postfix, and Dovecot's end of it."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIMEOUT)
        client.connect(self.postfix)
        taken = self.listener.accept()[0]
        taken.settimeout(TIMEOUT)
        return client, taken

    def end(self):
        if self.relay.poll() is None:
            self.relay.terminate()
        self.relay.wait(TIMEOUT)
        self.relay.stderr.close()


class Input(unittest.TestCase):
    """Garbage from either side ends the connection that it came by, and no other one."""

    def setUp(self):
        self.stand_in = StandIn(self)
        self.other = self.stand_in.pair()

    def tearDown(self):
        client, dovecot = self.other
        client.sendall(b"AUTH\t1\tPLAIN\n")
        self.assertEqual(dovecot.recv(100), b"AUTH\t1\tPLAIN\n")
        dovecot.sendall(b"OK\t1\tuser=a\n")
        self.assertEqual(client.recv(100), b"OK\t1\tuser=a\n")
        for end in self.other:
            end.close()

    def is_closed(self, end):
        try:
            while end.recv(65536):
                pass
        except ConnectionResetError:
            pass
        end.close()

    def send(self, end, data):
        try:
            end.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def test_giant_lines(self):
        for side in (0, 1):
            for first in (b"", b"CONT\t1\tYQ==\n"):
                pair = self.stand_in.pair()
                self.send(pair[side], first + b"A" * (4 * 1024 * 1024))
                for end in pair:
                    self.is_closed(end)

    def test_the_longest_line_passes(self):
        line = b"CONT\t1\t" + b"A" * (LINE_MAX - 8) + b"\n"
        self.assertEqual(len(line), LINE_MAX)
        client, dovecot = self.stand_in.pair()
        for source, target in ((client, dovecot), (dovecot, client)):
            source.sendall(line)
            self.assertEqual(target.recv(len(line), socket.MSG_WAITALL), line)
        client.close()
        dovecot.close()

    def test_lines_that_mean_nothing_are_handed_on_byte_for_byte(self):
        garbage = b"".join(os.urandom(200).replace(b"\n", b"") + b"\n" for _ in range(20))
        garbage += b"FAIL\n\0FAIL\t1\ttemp\nFAIL\t\nOK\n\t\t\t\n"
        client, dovecot = self.stand_in.pair()
        for source, target in ((client, dovecot), (dovecot, client)):
            source.sendall(garbage)
            self.assertEqual(target.recv(len(garbage), socket.MSG_WAITALL), garbage)
        client.close()
        dovecot.close()

    def test_temporary_failure_is_not_handed_on(self):
        for said in (b"FAIL\t1\ttemp\n", b"FAIL\t1\tuser=a\tcode=temp_fail\treason=x\n"):
            client, dovecot = self.stand_in.pair()
            dovecot.sendall(b"CONT\t1\t\n" + said)
            self.assertEqual(client.recv(100), b"CONT\t1\t\n")
            self.assertEqual(client.recv(100), b"")
            client.close()
            dovecot.close()


class Log(unittest.TestCase):
    def test_trouble_is_told_with_its_cause_and_not_again_at_once(self):
        stand_in = StandIn(self)
        for _ in range(3):
            client, dovecot = stand_in.pair()
            dovecot.sendall(b"FAIL\t1\ttemp\n")
            self.assertEqual(client.recv(100), b"")
            client.close()
            dovecot.close()
        os.rename(stand_in.dovecot, stand_in.dovecot + ".away")
        try:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(TIMEOUT)
            client.connect(stand_in.postfix)
            self.assertEqual(client.recv(100), b"")
            client.close()
        finally:
            os.rename(stand_in.dovecot + ".away", stand_in.dovecot)
        stand_in.relay.terminate()
        log = stand_in.relay.stderr.read()
        self.assertEqual(log.count("Dovecot reports a temporary failure"), 1, log)
        self.assertIn("%s: No such file or directory" % stand_in.dovecot, log)


class Memory(unittest.TestCase):
    PAIRS = 100

    def test_what_nobody_reads_takes_no_more_than_its_buffers(self):
        stand_in = StandIn(self)
        before = int(status(stand_in.relay.pid, "VmHWM")[0])
        ends = [end for _ in range(self.PAIRS) for end in stand_in.pair()]
        sent = dict.fromkeys(ends, 0)
        deadline, stuck_since = time.monotonic() + TIMEOUT, time.monotonic()
        for end in ends:
            end.setblocking(False)
        # Until nothing more has been taken for a while.
        while time.monotonic() - stuck_since < 2 and time.monotonic() < deadline:
            for end in ends:
                try:
                    sent[end] += end.send(b"CONT\t1\tQUFB\n" * 8192)
                    stuck_since = time.monotonic()
                except BlockingIOError:
                    pass
            time.sleep(0.01)
        grown = int(status(stand_in.relay.pid, "VmHWM")[0]) - before
        self.assertGreater(min(sent.values()), 2 * LINE_MAX, "the flood did not fill the buffers")
        self.assertLess(time.monotonic(), deadline, "the flood was never stopped")
        # Two buffers for each, and some for the list of them.
        self.assertLess(grown, self.PAIRS * 2 * LINE_MAX // 1024 + 2048)
        for end in ends:
            end.close()


if __name__ == "__main__":
    unittest.main()
