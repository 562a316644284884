"""Logins when the database is on a PostgreSQL server that fails, stalls, crashes and is
replaced by its standby. A right password is then answered with a temporary failure,
never with "wrong password", and a wrong one lets nobody in; once there is a server
again the same login works, and nothing was started anew.
"""
import base64
import concurrent.futures
import glob
import os
import re
import socket
import threading
import time
import unittest

from postgresql import PostgreSQL, Proxy
from server import Server, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"

TEMPORARY = {"imap": r"\[UNAVAILABLE\]", "pop3": r"-ERR \[SYS/TEMP\]", "smtp": r"454 4\.7\.0 ",
             "sieve": r"NO \(TRYLATER\)"}


class AuthClient:
    """Speaks Dovecot's auth protocol: any number of logins at once, on one connection."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(glob.glob(server.dir + "/**/auth-client", recursive=True)[0])
        self.socket.sendall(b"VERSION\t1\t1\nCPID\t4711\n")
        self.lines = self.socket.makefile("rb")
        while self.lines.readline() != b"DONE\n":
            pass

    def ask(self, numbers, service, password):
        response = base64.b64encode(b"\0%s\0%s" % (ALICE.encode(), password.encode()))
        self.socket.sendall(b"".join(
            b"AUTH\t%d\tPLAIN\tservice=%s\tsecured\tno-penalty\trip=127.0.0.1\tresp=%s\n"
            % (number, service.encode(), response) for number in numbers))

    def answer(self):
        """(number, answer, seconds since the epoch) of the next one."""
        words = self.lines.readline().decode().rstrip("\n").split("\t")
        return int(words[1]), [words[0], *words[2:]], time.monotonic()

    @staticmethod
    def is_temporary(answer):
        return answer[0] == "FAIL" and ("temp" in answer or "code=temp_fail" in answer)

    def close(self):
        self.lines.close()
        self.socket.close()


def serve(test, add_cleanup, uri):
    """Gives a class or one test a mail server on that database, and Alice an app password."""
    test.server = Server(uri)
    add_cleanup(test.server.remove)
    test.server.start()
    test.app_password = test.server.app_password(ALICE, label="phone")["password"]


def start_database(test, add_cleanup):
    test.database = PostgreSQL()
    add_cleanup(test.database.remove)
    test.database.start()


class OnServer(unittest.TestCase):
    def right(self):
        return self.server.passwords[ALICE], self.app_password

    def answers(self, *passwords):
        """What every service says to each password: [(service, password, let in?, the answer)]."""
        asked = [(service, password) for service in self.server.SERVICES for password in passwords]
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            said = pool.map(lambda pair: getattr(self.server, pair[0])(ALICE, pair[1]), asked)
            return [(*pair, *answer) for pair, answer in zip(asked, said)]

    def assert_let_in(self):
        for service, _, let_in, said in self.answers(*self.right()):
            self.assertTrue(let_in, "%s: %s" % (service, said))
        self.assertEqual([let_in for _, _, let_in, _ in self.answers("wrong")], [False] * 4)

    def assert_temporary(self):
        for service, _, let_in, said in self.answers(*self.right(), "wrong"):
            self.assertFalse(let_in, service)
            self.assertRegex(said, TEMPORARY[service])

    def assert_heals(self):
        wait_for(lambda: all(self.server.imap(ALICE, password)[0] for password in self.right()), 60)
        self.assert_let_in()


class Outage(OnServer):
    @classmethod
    def setUpClass(cls):
        start_database(cls, cls.addClassCleanup)
        cls.proxy = Proxy(cls.database)
        cls.addClassCleanup(cls.proxy.remove)
        serve(cls, cls.addClassCleanup, cls.proxy.uri)

    def setUp(self):
        self.assert_heals()
        self.auth = self.server.pids("auth")
        self.addCleanup(self.repair)

    def repair(self):
        self.proxy.mode, self.proxy.delay = "passes", 0
        self.assert_heals()
        self.assertEqual(self.server.pids("auth"), self.auth)

    def test_a_server_that_hangs_up(self):
        self.proxy.mode = "refuses"
        self.proxy.hang_up_all()
        self.assert_temporary()

    def test_a_server_that_does_not_answer(self):
        self.proxy.mode = "silent"
        self.assert_temporary()

    def test_logins_that_wait_for_a_silent_server_delay_no_other(self):
        waiting, other = AuthClient(self.server), AuthClient(self.server)
        self.addCleanup(waiting.close)
        self.addCleanup(other.close)
        self.proxy.mode = "silent"
        begin = time.monotonic()
        waiting.ask(range(1, 501), "imap", self.app_password)
        # This one is decided by its service alone.
        other.ask([1], "radicale", self.app_password)
        number, answer, at = other.answer()
        self.assertEqual((number, answer[0]), (1, "FAIL"))
        self.assertFalse(other.is_temporary(answer), answer)
        first = waiting.answer()
        self.assertLess(at, first[2])
        answers = [first] + [waiting.answer() for _ in range(499)]
        self.assertEqual(sorted(number for number, _, _ in answers), list(range(1, 501)))
        for _, answer, at in answers:
            self.assertTrue(waiting.is_temporary(answer), answer)
            self.assertLess(at - begin, 5)

    def test_a_server_that_stalls(self):
        self.proxy.delay = 30
        self.assert_temporary()
        self.proxy.hang_up_all()

    def test_a_slow_server_only_delays(self):
        self.proxy.delay = 0.1
        self.assert_let_in()

    def test_connections_that_were_cut_cost_no_login(self):
        self.proxy.hang_up_all()
        time.sleep(0.5)  # the driver looks ten times a second
        self.assert_let_in()

    def test_uses_wait_for_the_server(self):
        def uses():
            return self.database.sql("SELECT COUNT(*) FROM member_use u JOIN member m ON m.id = u.member_id "
                                     "WHERE m.local = 'bob'")

        self.assertTrue(self.server.imap(BOB, self.server.passwords[BOB])[0])
        self.proxy.mode = "refuses"
        self.proxy.hang_up_all()
        time.sleep(2)  # uses are written a second after the first
        self.assertEqual(uses(), ["0"])
        self.proxy.mode = "passes"
        wait_for(lambda: uses() == ["1"], 60)

    def test_the_log_names_the_database_and_no_user(self):
        mark = len(self.server.log("dovecot"))
        self.proxy.mode = "refuses"
        self.proxy.hang_up_all()
        self.assert_temporary()
        log = self.server.log("dovecot")[mark:]
        self.assertIn("passdb postlatch: database %s/postlatch: " % self.proxy.dir, log)
        # Once when it begins, in each of the processes that decide; not for each login.
        self.assertLess(log.count("passdb postlatch: database"), 60)


class Statements(OnServer):
    """What one login asks the database, as its server logs it."""

    @classmethod
    def setUpClass(cls):
        start_database(cls, cls.addClassCleanup)
        cls.database.sql("ALTER ROLE postlatch SET log_statement = 'all'")
        serve(cls, cls.addClassCleanup, cls.database.uri)
        # Each login of the tests comes from a network of its own, of which the member would be told by mail.
        with open(cls.server.env["POLICY_FILE"], "a") as policy:
            policy.write('sendmail = ""\n')
        time.sleep(3)

    def log(self):
        with open(self.database.dir + "/server.log", encoding="utf-8", errors="replace") as log:
            return log.readlines()

    def accounts_read(self, since):
        """By sessions that only read: last uses are written later, by another one."""
        log = self.log()
        readers = [line.split("[")[1].split("]")[0] for line in log if "default_transaction_read_only = on" in line]
        return [line for line in log[since:] if "LOG:  execute " in line and "LEFT JOIN member m ON m.domain_id" in line
                and line.split("[")[1].split("]")[0] in readers]

    def test_a_login_is_one_statement_at_every_service(self):
        for service in self.server.SERVICES:
            for password in (*self.right(), "wrong"):
                since = len(self.log())
                let_in, said = getattr(self.server, service)(ALICE, password)
                self.assertEqual(let_in, password != "wrong", said)
                read = self.accounts_read(since)
                self.assertEqual(len(read), 1, "%s: %s" % (service, "".join(read)))

    def test_a_name_in_an_alias_of_a_domain_takes_a_second_statement(self):
        self.server.postlatch("domain", "add", "alias.test", "alias_of=" + ALICE.split("@")[1])
        since = len(self.log())
        self.server.imap(ALICE.split("@")[0] + "@alias.test", self.app_password)
        read = self.accounts_read(since)
        self.assertEqual(len([line for line in read if "FROM domain WHERE" in line]), 1, "".join(read))
        self.assertGreater(len([line for line in read if "FROM (SELECT 1 AS one)" in line]), 0, "".join(read))


class Load:
    """Logins without an end: right passwords of two kinds, and wrong ones."""

    def __init__(self, server, secrets):
        self.server, self.secrets = server, secrets
        self.let_in, self.later, self.bad = [], [], []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(6)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        is_wrong = number == 0
        password = "wrong" if is_wrong else self.secrets[number % len(self.secrets)]
        while not self.stopping.is_set():
            try:
                let_in, said = self.server.imap(ALICE, password)
            except OSError as error:
                self.bad.append(repr(error))
                continue
            if let_in:
                (self.bad if is_wrong else self.let_in).append(said)
            elif re.search(TEMPORARY["imap"], said):
                self.later.append(said)
            elif not is_wrong:
                self.bad.append(said)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(120)


class Failover(OnServer):
    def setUp(self):
        self.primary, self.standby = PostgreSQL(), PostgreSQL()
        self.addCleanup(self.primary.remove)
        self.addCleanup(self.standby.remove)
        self.primary.start()
        self.standby.standby_of(self.primary)
        both = "%s,%s" % (self.standby.dir, self.primary.dir)
        serve(self, self.addCleanup, "postgresql://postlatch@/postlatch?host=" + both)

    def caught_up(self):
        return self.primary.sql("SELECT count(*) FROM pg_stat_replication "
                                "WHERE replay_lsn = pg_current_wal_lsn()") == ["1"]

    def test_kill_of_the_primary_under_load_and_promotion_of_the_standby(self):
        self.assert_let_in()
        auth = self.server.pids("auth")
        load = Load(self.server, self.right())
        self.addCleanup(load.stop)
        wait_for(lambda: len(load.let_in) > 20, 90)
        wait_for(self.caught_up, 60)
        self.primary.kill()
        wait_for(lambda: len(load.later) > 5, 90)
        self.standby.promote()
        before = len(load.let_in)
        wait_for(lambda: len(load.let_in) > before + 20, 90)
        load.stop()
        self.assertEqual(load.bad, [])
        self.assert_heals()
        self.assertEqual(self.server.pids("auth"), auth)
        # And what is changed now is changed on the new primary.
        self.server.postlatch("app-password", "revoke", ALICE, "--all")
        self.assertEqual(self.standby.sql("SELECT COUNT(*) FROM app_password"), ["0"])
        self.assertFalse(self.server.imap(ALICE, self.app_password)[0])

