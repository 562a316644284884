"""The portal while its database stalls: whatever the cause, a request ends in a few seconds with 503
and Retry-After, and the portal goes on by itself once the database does."""
import concurrent.futures
import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

from portal import POSTLATCH, Dovecot, Portal
from postgresql import ProxiedTest
from server import wait_for

MEMBER = "member@example.test"
# The portal gives up after three seconds. The test machine may be busy; without a limit for the whole request it
# was up to 34.
GENEROUS = 8
CONNECTIONS = 16  # of the console to a server
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Stalled(unittest.TestCase):
    def start(self, **settings):
        self.portal = Portal(**settings)
        self.addCleanup(self.portal.remove)
        self.dovecot = Dovecot(self.portal.dir + "/auth")
        self.addCleanup(self.dovecot.close)
        self.portal.init().start()

    def good(self, answer):
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def requests(self):
        """One of each kind that the database is asked for, of browsers and programs."""
        signed_in, stranger = self.portal.browser(), self.unknown()
        self.good(signed_in.sign_in(MEMBER))
        self.good(signed_in.post("/api/sign-in/later"))
        return {
            "health": lambda: stranger.get("/health"),
            "stranger": lambda: stranger.get("/api/session"),
            "sign-in": lambda: self.portal.browser().sign_in(MEMBER),
            "wrong password": lambda: self.portal.browser().sign_in(MEMBER, "wrong"),
            "session": lambda: signed_in.get("/api/session"),
            "account": lambda: signed_in.get("/api/account"),
            "sign-out": lambda: signed_in.post("/api/sign-out"),
            "authorize": lambda: stranger.get("/oauth2/authorize?client_id=webmail"),
            "token": lambda: stranger.request("POST", "/oauth2/token", "grant_type=refresh_token", {
                **FORM, "Authorization": "Basic dzp3"}),
            "introspect": lambda: stranger.request("POST", "/oauth2/introspect", "token=x", {
                **FORM, "Authorization": "Basic dzp3"}),
        }

    def unknown(self):
        """A browser whose cookie the database is asked for; without one, an answer needs nothing of it."""
        browser = self.portal.browser()
        browser.cookies["__Host-postlatch"] = "pl_ss_" + "x" * 43
        browser.keep = lambda answer: None
        return browser

    def timed(self, request):
        begun = time.monotonic()
        answer = request()
        return answer, time.monotonic() - begun

    def put_off(self, name, answer, seconds):
        self.assertEqual(answer.status, 503, (name, answer))
        self.assertGreater(int(answer.headers["Retry-After"]), 0, name)
        self.assertLess(seconds, GENEROUS, name)

    def all_are_put_off(self, requests):
        times = {}
        for name, request in requests.items():
            answer, times[name] = self.timed(request)
            self.put_off(name, answer, times[name])
        slowest = max(times, key=times.get)
        print("note %s: the last of 503 after %.2f s (%s)" % (self.id(), times[slowest], slowest), flush=True)

    def heals(self):
        pid = self.portal.process.pid
        wait_for(lambda: self.portal.browser().sign_in(MEMBER).status == 200, 60)
        self.assertTrue(self.portal.alive())
        self.assertEqual(self.portal.process.pid, pid)


class Server(ProxiedTest, Stalled):
    def setUp(self):
        super().setUp()
        self.start(database=self.proxy.uri)


class OnAServer(Server):
    def pause(self):
        self.database.pause()
        self.addCleanup(self.database.resume)

    def lock(self, tables):
        """Until unlock(), or the end of the test."""
        locking = subprocess.Popen(["psql", "-X", "-q", "-h", self.database.dir, "-U", "postlatch", "-d", "postlatch",
                                    "-c", "SET search_path = postlatch; BEGIN; LOCK TABLE %s; "
                                    "SELECT pg_sleep(40); COMMIT" % tables], stdout=subprocess.DEVNULL)
        self.addCleanup(locking.wait, 60)
        self.addCleanup(locking.kill)
        wait_for(lambda: self.database.sql("SELECT COUNT(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND "
                                           "relation = 'postlatch.%s'::regclass" % tables.split(", ")[-1]) == ["1"], 60)

    def unlock(self):
        self.database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE%' "
                          "AND pid <> pg_backend_pid()")

    def test_a_server_that_is_stopped(self):
        requests = self.requests()
        self.pause()
        self.all_are_put_off(requests)
        self.database.resume()
        self.heals()

    def test_a_server_that_is_stopped_before_each_request(self):
        """So that each of them meets it with a connection that was good a moment ago."""
        for name, request in self.requests().items():
            self.heals()
            self.pause()
            answer, seconds = self.timed(request)
            self.database.resume()
            with self.subTest(name=name):
                self.put_off(name, answer, seconds)

    def test_connections_that_nothing_comes_through(self):
        requests = self.requests()
        self.proxy.mode = "silent"
        self.all_are_put_off(requests)
        self.proxy.mode = "passes"
        self.heals()

    def test_a_server_that_is_gone(self):
        requests = self.requests()
        self.database.stop()
        try:
            self.all_are_put_off(requests)
        finally:
            self.database.again()
        self.heals()

    def test_a_table_that_another_session_has_locked(self):
        requests = self.requests()
        # Of the clients of OAuth nothing is asked for a request of a stranger that is not well formed.
        tables = "schema_history, domain, member, session, oauth_client, token, sign_in_failure"
        self.lock(tables)
        self.all_are_put_off(requests)
        self.unlock()
        self.heals()

    def test_when_the_console_has_to_wait_members_do_not(self):
        """Each has connections of its own, of which those of the console are all taken."""
        made = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", "api-key", "add", "--role", "server",
                               "--label", "graphs"], stdout=subprocess.PIPE, text=True, check=True)
        headers = {"Authorization": "Bearer " + json.loads(made.stdout)["key"]}
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        self.good(browser.get("/api/admin/v1/me", headers=headers, origin=False))
        self.lock("api_key")

        answers, enough = [], threading.Event()

        def ask(_):
            while not enough.is_set():
                answers.append(self.timed(lambda: self.portal.browser().get("/api/admin/v1/me", headers=headers, origin=False)))
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS * 2) as pool:
            asking = pool.map(ask, range(CONNECTIONS * 2))
            try:
                wait_for(lambda: self.database.sql("SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = "
                                                   "'postlatch.api_key'::regclass") == [str(CONNECTIONS)], 60)
                for _ in range(5):
                    self.good(self.portal.browser().sign_in(MEMBER))
                    self.good(browser.get("/api/session"))
            finally:
                enough.set()
            list(asking)
        for answer, seconds in answers:
            self.put_off("me", answer, seconds)
        self.unlock()
        self.good(browser.get("/api/admin/v1/me", headers=headers, origin=False))

    def test_more_requests_at_once_than_connections(self):
        browsers = [self.unknown() for _ in range(32)]
        self.good(browsers[0].get("/api/session"))
        self.pause()
        with concurrent.futures.ThreadPoolExecutor(len(browsers)) as pool:
            answers = list(pool.map(lambda b: self.timed(lambda: b.get("/api/session")), browsers))
        self.database.resume()
        for answer, seconds in answers:
            self.put_off("session", answer, seconds)
        print("note 32 requests at once: the last of 503 after %.2f s" % max(s for _, s in answers), flush=True)
        self.heals()

    def test_a_server_that_stands_still_for_half_a_second_is_waited_for(self):
        for _ in range(3):
            for name, request in self.requests().items():
                self.pause()
                resume = threading.Timer(0.5, self.database.resume)
                resume.start()
                answer, _ = self.timed(request)
                resume.join()
                self.assertNotEqual(answer.status, 503, (name, answer))


class Unreachable(Server):
    """TCP to a machine that answers nothing: a listener whose queue is full."""

    def setUp(self):
        super().setUp()
        self.listener = socket.socket()
        self.addCleanup(self.listener.close)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            self.addCleanup(filler.close)
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self.listener.getsockname())
        self.port = self.listener.getsockname()[1]

    def move_to(self, uri):
        self.portal.settings["database"] = uri
        self.portal.write_policy()
        self.portal.reload()
        wait_for(lambda: self.portal.browser().get("/health").status == 503, 60)

    def test_a_machine_that_answers_nothing(self):
        requests = self.requests()
        self.move_to("postgresql://postlatch@127.0.0.1:%d/postlatch" % self.port)
        self.all_are_put_off(requests)

    def test_the_second_server_of_the_list_is_used_when_the_first_answers_nothing(self):
        """A connection that takes longer than a request may wait is there for the next one."""
        self.move_to("postgresql://postlatch@/postlatch?host=127.0.0.1,127.0.0.1,%s&port=%d,%d,5432" % (
            self.proxy.dir, self.port, self.port))
        answer, seconds = self.timed(lambda: self.portal.browser().get("/api/session"))
        if answer.status != 200:
            self.put_off("session", answer, seconds)
        self.heals()
        self.good(self.portal.browser().get("/api/session"))


class InAFile(Stalled):
    def setUp(self):
        self.start()

    @contextlib.contextmanager
    def locked(self, mode):
        with contextlib.closing(sqlite3.connect(self.portal.dir + "/postlatch.db", isolation_level=None)) as lock:
            if mode == "EXCLUSIVE":
                lock.execute("PRAGMA locking_mode = EXCLUSIVE")
            lock.execute("BEGIN IMMEDIATE")
            lock.execute("CREATE TABLE fresh (id INTEGER)")
            yield
            lock.execute("ROLLBACK")

    def test_a_file_that_another_program_writes(self):
        requests = self.requests()
        writing = {name: requests[name] for name in ("sign-in", "wrong password", "sign-out")}
        with self.locked("IMMEDIATE"):
            self.all_are_put_off(writing)
            self.good(requests["stranger"]())  # reading goes on
        self.heals()

    def test_more_writers_at_once_than_wait_one_after_the_other(self):
        browsers = [self.portal.browser() for _ in range(32)]
        with self.locked("IMMEDIATE"), concurrent.futures.ThreadPoolExecutor(len(browsers)) as pool:
            answers = list(pool.map(lambda b: self.timed(lambda: b.sign_in(MEMBER)), browsers))
        for answer, seconds in answers:
            self.put_off("sign-in", answer, seconds)
        print("note 32 sign-ins at once: the last of 503 after %.2f s" % max(s for _, s in answers), flush=True)
        self.heals()

    def test_a_lock_of_half_a_second_is_waited_for(self):
        requests = self.requests()
        for name in ("sign-in", "sign-out"):
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                with self.locked("IMMEDIATE"):
                    answer = pool.submit(requests[name])
                    time.sleep(0.5)
                self.good(answer.result())
