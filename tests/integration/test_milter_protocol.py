"""postlatch-milter, spoken to directly: what it answers, and what it withstands."""
import os
import signal
import socket
import struct
import subprocess
import unittest

from command import Site
from milter import (ACCEPT, ADD_HEADERS, ADD_RECIPIENTS, CHANGE_HEADERS, CONTINUE, DELETE_RECIPIENTS, MILTER,
                    QUARANTINE, REPLY, SET_MACROS, TIMEOUT, Process, strings)

ALICE, BOB = "alice@example.test", "bob@example.test"
AWAY = "<away@elsewhere.example>"
SIEVE = ("X-Sieve-Redirected-From", ALICE)
DATABASE_FILES = 3 * 16  # of the connections to the database that are kept
MEMORY_ROOM = 64 * 1024  # kB that hostile clients may make it grow by


class MilterTest(unittest.TestCase):
    """A milter for each test; alice may not send, nor forward."""

    kind = "unix"

    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)
        self.site.ok("member", "add", ALICE, "smtp=off")
        self.site.ok("member", "add", BOB, "forwarding=on")
        self.milter = Process(self.site, self.kind)
        self.addCleanup(self.milter.kill)

    def is_refused(self, answers, code="550 5.7.1 ", sentence=""):
        self.assertEqual([what for what, _ in answers], [REPLY])
        self.assertTrue(answers[0][1].decode().startswith(code), answers)
        self.assertIn(sentence, answers[0][1].decode())

    def judges_well(self):
        """Later sessions get the right answers."""
        self.assertTrue(self.milter.alive(), self.milter.log())
        self.assertEqual(self.milter.session(login=BOB), [(ACCEPT, b"")])
        self.is_refused(self.milter.session(login=ALICE), sentence="SMTP is switched off for this account.")


class Verdicts(MilterTest):
    def test_negotiation_asks_for_what_it_needs_and_no_more(self):
        with self.milter.client() as client:
            version, actions, steps, macros = client.negotiate()
        self.assertEqual(version, 6)
        self.assertEqual(actions, ADD_HEADERS | CHANGE_HEADERS | ADD_RECIPIENTS | DELETE_RECIPIENTS | QUARANTINE |
                         SET_MACROS)
        self.assertTrue(steps & 0x10, "bodies are not wanted")
        self.assertFalse(steps & 0x20, "headers are")
        self.assertEqual(macros[0], "{daemon_name}")
        self.assertEqual(macros[2], "{auth_authen} {auth_type}")
        self.assertEqual((macros[4], macros[5]), ("i", "i"))

    def test_an_old_server_is_refused_and_told_why(self):
        for offer in ({"version": 2, "steps": 0x7F}, {"actions": 0}, {"steps": 0}):
            with self.milter.client() as client:
                self.assertIsNone(client.negotiate(**offer))
        self.assertIn("Postfix 2.6 or later is needed", self.milter.log())

    def test_submission(self):
        self.judges_well()
        self.assertIn("QUEUEID: member=%s service=smtp action=reject rule=service-off client=127.0.0.1" % ALICE,
                      self.milter.log())

    def test_a_change_holds_for_the_next_message_of_the_session(self):
        with self.milter.client() as client:
            client.negotiate()
            client.connect()
            self.assertEqual(client.message(login=BOB), [(ACCEPT, b"")])
            self.site.ok("member", "set", BOB, "smtp=off")
            self.is_refused(client.message(login=BOB))
            client.send("A")
            self.site.ok("member", "set", BOB, "smtp=on")
            self.assertEqual(client.message(login=BOB), [(ACCEPT, b"")])

    def test_webmail_tokens_are_not_smtp_clients(self):
        self.assertEqual(self.milter.session(login=ALICE, auth="XOAUTH2"), [(ACCEPT, b"")])
        self.assertEqual(self.milter.session(login=ALICE, auth="OAuthBearer"), [(ACCEPT, b"")])

    def test_inactive_member_and_forbidden_service(self):
        self.site.ok("member", "set", BOB, "active=off")
        self.is_refused(self.milter.session(login=BOB), sentence="The account is switched off.")
        self.site.ok("member", "set", BOB, "active=on")
        self.site.policy("defaults { smtp = forbidden }")
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "read again" in self.milter.log())
        self.is_refused(self.milter.session(login=BOB), sentence="SMTP is not offered in this domain.")

    def test_database_away_is_a_temporary_failure(self):
        self.judges_well()
        os.rename(self.site.database, self.site.database + ".away")
        for login in (ALICE, BOB):
            self.is_refused(self.milter.session(login=login), "451 4.3.0 ", "try again later")
        self.is_refused(self.milter.session(headers=[SIEVE]), "451 4.3.0 ")
        self.assertEqual(self.milter.log().count("action=tempfail"), 1)
        os.rename(self.site.database + ".away", self.site.database)
        self.judges_well()

    def test_mail_of_strangers_is_none_of_its_business(self):
        self.assertEqual(self.milter.session(ip="192.0.2.7", headers=[SIEVE]), [(ACCEPT, b"")])
        self.assertEqual(self.milter.session(headers=[("Subject", "local mail")]), [(CONTINUE, b"")])

    def test_a_redirect_is_given_back(self):
        answers = self.milter.session(headers=[SIEVE], recipients=[AWAY, "<more@elsewhere.example>"])
        self.assertEqual(answers, [("+", strings("<%s>" % ALICE)), ("h", strings("X-Postlatch-Returned", ALICE)),
                                   ("-", strings(AWAY)), ("-", strings("<more@elsewhere.example>")), (CONTINUE, b"")])

    def test_a_forward_file_loses_its_delivered_to(self):
        answers = self.milter.session(headers=[("Received", "x"), ("Delivered-To", "list@nowhere.test"),
                                               ("Delivered-To", ALICE)], recipients=[AWAY])
        self.assertIn(("m", struct.pack(">I", 2) + strings("Delivered-To", "")), answers)
        self.assertEqual(answers[-1], (CONTINUE, b""))

    def test_what_was_given_back_before_is_held(self):
        answers = self.milter.session(headers=[SIEVE, ("X-Postlatch-Returned", ALICE)], recipients=[AWAY])
        self.assertEqual([what for what, _ in answers], ["q", CONTINUE])

    def test_where_pigeonhole_waits_it_is_told(self):
        self.is_refused(self.milter.session(headers=[SIEVE], daemon="postlatch-redirect"),
                        sentence="Forwarding is switched off for this account.")

    def test_forwarding_that_is_on(self):
        self.assertEqual(self.milter.session(headers=[("X-Sieve-Redirected-From", BOB)]), [(CONTINUE, b"")])

    def test_a_message_does_not_inherit_from_the_one_before(self):
        with self.milter.client() as client:
            client.negotiate()
            client.connect()
            client.envelope(recipients=[AWAY])
            client.event("T", b"", {"i": "FIRST"})
            client.event("L", strings(*SIEVE))
            client.send("A")
            self.assertEqual(client.message(headers=[("Subject", "x")]), [(CONTINUE, b"")])


class VerdictsOverInet(Verdicts):
    kind = "inet"


class Hostile(MilterTest):
    def setUp(self):
        super().setUp()
        self.judges_well()
        self.before = self.milter.rss()
        self.open_files = self.milter.descriptors()

    def tearDown(self):
        self.judges_well()
        self.assertLess(self.milter.rss(), self.before + MEMORY_ROOM)
        self.milter.wait(lambda: self.milter.descriptors() <= self.open_files + DATABASE_FILES)

    def ready(self):
        """A client in the middle of a message, before DATA."""
        client = self.milter.client()
        self.addCleanup(client.close)
        client.negotiate()
        client.connect()
        return client

    def hangs_up(self, client):
        client.socket.shutdown(socket.SHUT_WR)
        while client.receive() is not None:
            pass

    def send_and_read(self, client, data):
        """It may hang up while we still send."""
        try:
            client.raw(data)
            self.hangs_up(client)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def test_garbage(self):
        for data in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 4096, b"\xff" * 4096, os.urandom(4096), b"\0\0\0\1", b"\0\0"):
            with self.subTest(data=data[:16]):
                self.send_and_read(self.milter.client(), data)

    def test_lengths_that_lie(self):
        for length in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            for before in (b"", None):
                with self.subTest(length=length, negotiated=before is None):
                    client = self.milter.client() if before == b"" else self.ready()
                    self.send_and_read(client, struct.pack(">I", length) + b"T" + b"x" * 100)

    def test_packets_cut_short(self):
        whole = struct.pack(">I", 13) + b"O" + struct.pack(">III", 6, 0x1FF, 0x1FFFFF)
        for length in range(len(whole)):
            self.send_and_read(self.milter.client(), whole[:length])
        for event, data in (("C", b""), ("C", b"host"), ("C", b"host\0"), ("C", b"host\x004"), ("C", b"host\x004\1"),
                            ("C", b"host\x004\1\2" + b"9" * 300), ("C", b"host\0Z\1\2x\0"), ("M", b""), ("M", b"<a"),
                            ("R", b""), ("L", b""), ("L", b"Name"), ("L", b"Name\0value"), ("D", b""), ("D", b"M"),
                            ("D", b"\xff\xff"), ("O", b"\0")):
            with self.subTest(event=event, data=data):
                client = self.ready()
                try:
                    client.send(event, data)
                    client.send("T")
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.send_and_read(client, b"")

    def test_events_out_of_order(self):
        for events in ("T", "E", "N", "B", "LLL", "A", "AAAA", "K", "Q", "TTTT", "EEEE", "RM", "MRMRT", "TEL", "CCC",
                       "OO", "KOCMRTE", "U", "\x01", "X"):
            for negotiated in (False, True):
                with self.subTest(events=events, negotiated=negotiated):
                    client = self.ready() if negotiated else self.milter.client()
                    try:
                        for event in events:
                            client.send(event, strings("<a@example.test>", "value"))
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    self.send_and_read(client, b"")

    def test_a_login_before_the_connection_is_known_is_not_let_through(self):
        client = self.milter.client()
        client.negotiate()
        client.envelope(login=ALICE)
        client.send("T")
        answer = client.receive()
        self.assertTrue(answer is None or answer[0] in "rty", answer)

    def test_quit_with_a_new_connection_to_follow(self):
        # Postfix never sends it, and libmilter pays it no heed.
        client = self.ready()
        client.send("K")
        client.connect()
        self.assertEqual(client.message(login=BOB), [(ACCEPT, b"")])
        self.is_refused(client.message(login=ALICE))

    def test_a_hundred_thousand_headers(self):
        client = self.ready()
        client.envelope(recipients=[AWAY])
        client.event("T", b"", {"i": "FLOOD"})
        names = ("X-Sieve-Redirected-From", "Delivered-To", "X-Postlatch-Returned", "Subject")
        packets = [strings(names[i % 4], "flood%d@example.test" % i) for i in range(1000)]
        flood = b"".join(struct.pack(">I", len(packet) + 1) + b"L" + packet for packet in packets)
        for _ in range(100):
            client.raw(flood)
        self.assertEqual(client.event("E", b"", {"i": "FLOOD"})[-1], (CONTINUE, b""))

    def test_a_hundred_thousand_recipients(self):
        client = self.ready()
        client.event("M", strings("<a@example.test>"))
        packet = strings("<%s@elsewhere.example>" % ("x" * 60))
        client.raw((struct.pack(">I", len(packet) + 1) + b"R" + packet) * 100000)
        client.event("T", b"", {"i": "MANY"})
        client.event("L", strings(*SIEVE))
        # Too many to be given back one by one: it is held, and nothing is lost.
        self.assertEqual([what for what, _ in client.event("E", b"", {"i": "MANY"})], ["q", CONTINUE])

    def test_a_header_of_a_mebibyte(self):
        client = self.ready()
        client.envelope(recipients=[AWAY])
        client.event("T", b"", {"i": "LARGE"})
        self.send_and_read(client, struct.pack(">I", (1 << 20) + 9) + b"L" + strings("Subject") + b"x" * (1 << 20))

    def test_the_largest_header_that_the_protocol_carries(self):
        for name in ("Subject", "X-Sieve-Redirected-From", "Delivered-To"):
            headers = [(name, "x" * 65000 + ALICE)] * 20
            self.assertEqual(self.milter.session(headers=headers), [(CONTINUE, b"")])

    def test_strange_bytes_in_addresses(self):
        for login in (b"al\xc3\xadce@example.test", b"\xff\xfe@\xff", b"a\nb@example.test", b"%s%n%x@example.test",
                      b"a" * 10000 + b"@example.test", b"alice@example.test ", b"@", b"\x1b[2J@example.test"):
            with self.subTest(login=login):
                # No such member: what holds by default is on.
                self.assertEqual(self.milter.session(login=login), [(ACCEPT, b"")])
                self.milter.session(sender=b"<" + login + b">", recipients=[b"<" + login + b">"], headers=[SIEVE])
                self.milter.session(headers=[("X-Sieve-Redirected-From", login), ("Delivered-To", login)])
        self.assertNotRegex(self.milter.log(), "[\x00-\x09\x0b-\x1f\x7f]")

    def test_a_nul_does_not_hide_the_member(self):
        # Two, because libmilter reads past its list of macros when their number is odd. Postfix sends pairs.
        self.is_refused(self.milter.session(login=ALICE.encode() + b"\0@\0elsewhere.example"))
        answers = self.milter.session(headers=[(SIEVE[0], ALICE.encode() + b"\0x")], recipients=[AWAY])
        self.assertEqual(answers[0], ("+", strings("<%s>" % ALICE)))

    def test_dropped_at_every_step(self):
        steps = [lambda c: c.negotiate(), lambda c: c.connect(), lambda c: c.envelope(recipients=[AWAY] * 50),
                 lambda c: c.event("T", b"", {"i": "DROP"}), lambda c: c.event("L", strings(*SIEVE)),
                 lambda c: c.send("E")]
        for count in range(len(steps) + 1):
            for _ in range(20):
                with self.milter.client() as client:
                    for step in steps[:count]:
                        step(client)

    def test_aborted_at_every_step(self):
        client = self.ready()
        for _ in range(200):
            client.send("A")
            client.envelope(recipients=[AWAY] * 20)
            client.send("A")
            client.envelope(recipients=[AWAY])
            client.event("T", b"", {"i": "ABORT"})
            client.event("L", strings(*SIEVE))
            client.send("A")
        self.assertEqual(client.message(login=BOB), [(ACCEPT, b"")])

    def sessions(self, count):
        for _ in range(count):
            self.milter.session(headers=[SIEVE], recipients=[AWAY])
        return self.milter.rss()

    def test_sessions_leave_nothing_behind(self):
        # A session's memory is some 20 kB; the first ones fill the allocator's own stores.
        warm = self.sessions(500)
        self.assertLess(self.sessions(2500), warm + 16 * 1024)

    def crowd(self, size):
        clients = [self.ready() for _ in range(size)]
        for number, client in enumerate(clients):
            client.envelope(login=ALICE if number % 2 else BOB)
        for client in clients:
            client.macros("T", {"i": "CROWD"})
            client.send("T")
        for number, client in enumerate(clients):
            self.assertEqual(client.receive()[0], REPLY if number % 2 else ACCEPT)
        for client in clients:
            client.close()

    def test_two_hundred_at_once(self):
        for _ in range(5):
            self.crowd(200)
        # An allocator keeps memory for each thread that there ever was at once; a sanitizer's most of all.
        self.before += 200 * 512
        # SQLite keeps the file of a connection that is closed while others are open, to use it again.
        self.open_files += 200


class Daemon(MilterTest):
    def start(self, *options):
        return subprocess.run([MILTER, "-f", *options], capture_output=True, text=True, timeout=TIMEOUT)

    def restart(self, *options):
        self.milter.kill()
        os.unlink(self.milter.log_file)
        self.milter = Process(self.site, "unix", *options)
        self.addCleanup(self.milter.kill)

    def test_reload(self):
        self.judges_well()
        self.site.policy("defaults { smtp = off }")
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "policy file: read again" in self.milter.log())
        self.is_refused(self.milter.session(login=BOB))

    def test_a_bad_policy_at_reload_keeps_the_last_good_one(self):
        self.site.policy("defaults { smtp = maybe }")
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "keeping the last good policy" in self.milter.log())
        self.assertIn("policy.conf:4: smtp = maybe", self.milter.log())
        self.judges_well()

    def test_reloads_while_it_judges(self):
        for number in range(200):
            self.site.policy("# %d" % number)
            self.milter.signal(signal.SIGHUP)
            self.assertEqual(self.milter.session(login=BOB), [(ACCEPT, b"")])
        self.judges_well()

    def test_a_signal_is_for_no_thread_of_libmilter(self):
        """Which thread gets it is a race when all of them go on at once."""
        for number in range(100):
            for sent in (signal.SIGSTOP, signal.SIGHUP, signal.SIGCONT):
                self.milter.signal(sent)
            self.milter.wait(lambda: self.milter.log().count("read again") > number)
        self.judges_well()

    def test_another_database_after_a_reload(self):
        self.judges_well()
        other = Site()
        self.addCleanup(other.remove)
        other.ok("member", "add", BOB, "smtp=off")
        self.site.write("policy.conf", 'database = "sqlite:%s"\n' % other.database)
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "read again" in self.milter.log())
        self.is_refused(self.milter.session(login=BOB))

    def test_a_bad_policy_at_start_is_refused(self):
        self.site.policy("defaults { smtp = maybe }")
        run = self.start("-c", self.site.policy_file, "-p", "unix:" + self.site.path("other.sock"))
        self.assertEqual(run.returncode, 78)
        self.assertIn("policy.conf:4: smtp = maybe", run.stderr)
        self.assertFalse(os.path.exists(self.site.path("other.sock")))
        run = self.start("-c", self.site.path("none.conf"), "-p", "unix:" + self.site.path("other.sock"))
        self.assertEqual(run.returncode, 78)
        self.assertIn("none.conf", run.stderr)

    def test_wrong_calls(self):
        self.assertEqual(self.start().returncode, 64)
        self.assertEqual(self.start("-p", "unix:x", "surplus").returncode, 64)
        self.assertEqual(self.start("-z").returncode, 64)
        common = ["-c", self.site.policy_file, "-p"]
        for options, words in ((["unix:" + self.site.path("none/x.sock")], "none/x.sock"),
                               (["inet:1@no.such.host.invalid"], "no.such.host.invalid"),
                               (["unix:" + self.site.path("x.sock"), "-u", "nobody-here"], "user nobody-here"),
                               (["unix:" + self.site.path("x.sock"), "-g", "nobody-here"], "group nobody-here")):
            with self.subTest(options=options):
                run = self.start(*common, *options)
                self.assertEqual(run.returncode, 69)
                self.assertIn(words, run.stderr)

    def test_help_and_version(self):
        for option in ("--help", "--version", "-h"):
            run = subprocess.run([MILTER, option], capture_output=True, text=True, timeout=TIMEOUT)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn("postlatch-milter", run.stdout)

    def test_it_stops_at_sigterm_and_takes_its_socket_along(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.restart()
            self.assertTrue(os.path.exists(self.milter.address))
            self.milter.signal(number)
            self.assertEqual(self.milter.process.wait(TIMEOUT), 0)
            self.assertIn("stopped", self.milter.log())
            self.assertFalse(os.path.exists(self.milter.address))

    def test_it_starts_over_the_socket_that_a_killed_one_left(self):
        address = self.milter.address
        self.milter.kill()
        self.assertTrue(os.path.exists(address))
        self.restart()
        self.judges_well()

    def test_the_socket_is_for_its_group_only(self):
        self.assertEqual(os.stat(self.milter.address).st_mode & 0o7, 0)

    @unittest.skipUnless(os.getuid() == 0, "only root has privileges to drop")
    def test_privileges_are_dropped(self):
        self.restart("-u", "nobody", "-g", "nogroup")
        self.assertEqual(self.milter.status("Uid").split(), ["65534"] * 4)
        self.assertEqual(self.milter.status("Gid").split(), ["65534"] * 4)
        self.assertEqual(self.milter.status("Groups").split(), ["65534"])
        self.assertEqual(int(self.milter.status("CapEff"), 16), 0)
        self.assertEqual(int(self.milter.status("CapPrm"), 16), 0)
        socket_ = os.stat(self.milter.address)
        self.assertEqual((socket_.st_mode & 0o777, socket_.st_gid), (0o660, 65534))


if __name__ == "__main__":
    unittest.main()
