"""postlatch-milter, spoken to directly: what it answers, and what it withstands."""
import os
import resource
import signal
import socket
import struct
import subprocess
import time
import unittest

from command import Site
from milter import CONTINUE, MILTER, REPLY, SET_MACROS, TIMEOUT, Process, strings

ALICE, BOB = "alice@example.test", "bob@example.test"
FORGED = [("Delivered-To", ALICE), ("X-Sieve-Redirected-From", BOB)]
GOES_ON = [(CONTINUE, b"")]
DATABASE_FILES = 3 * 16  # of the connections to the database that are kept
MEMORY_ROOM = 64 * 1024  # kB that hostile clients may make it grow by


class MilterTest(unittest.TestCase):
    """A milter for each test."""

    kind = "unix"

    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)
        self.site.ok("domain", "add", "example.test")
        self.site.ok("member", "add", ALICE)
        self.site.ok("member", "add", BOB)
        self.milter = Process(self.site, self.kind)
        self.addCleanup(self.milter.kill)

    def connected(self):
        """A client that is connected, and may have signed in."""
        client = self.milter.client()
        self.addCleanup(client.close)
        client.negotiate()
        client.connect()
        return client

    def is_refused(self, answers, code="421 4.7.0 ", sentence="sign in again"):
        self.assertEqual([what for what, _ in answers], [REPLY])
        self.assertTrue(answers[0][1].decode().startswith(code), answers)
        self.assertIn(sentence, answers[0][1].decode())

    def judges_well(self):
        """Later sessions get the right answers."""
        self.assertTrue(self.milter.alive(), self.milter.log())
        self.assertEqual(self.milter.session(login=BOB), GOES_ON)
        client = self.connected()
        self.site.ok("member", "set", ALICE, "pop3=off")
        self.is_refused(client.message(login=ALICE))
        self.site.ok("member", "set", ALICE, "pop3=inherit")
        client.close()


class Verdicts(MilterTest):
    def test_negotiation_asks_for_what_it_needs_and_no_more(self):
        with self.milter.client() as client:
            version, actions, steps, macros = client.negotiate()
        self.assertEqual(version, 6)
        self.assertEqual(actions, SET_MACROS)
        self.assertEqual(steps & 0x37F, 0x17E, "connection and DATA alone are wanted")
        self.assertEqual(macros, {0: "{postlatch}", 4: "i {auth_authen} {auth_type} {tls_version} {daemon_port}", 5: ""})

    def test_an_old_server_is_refused_and_told_why(self):
        for offer in ({"version": 2, "steps": 0x7F}, {"actions": 0}, {"steps": 0}):
            with self.milter.client() as client:
                self.assertIsNone(client.negotiate(**offer))
        self.assertIn("Postfix 2.6 or later is needed", self.milter.log())

    def test_submission(self):
        self.judges_well()
        for member, action in ((BOB, "accept"), (ALICE, "sign-in-again")):
            self.assertIn("QUEUEID: member=%s service=smtp action=%s client=127.0.0.1" % (member, action),
                          self.milter.log())

    def is_stale(self, change, login=ALICE, fresh=BOB):
        """After the change a connection from before is, another member's is not, and a new one is not."""
        old, other = self.connected(), self.connected()
        self.assertEqual(old.message(login=login), GOES_ON)
        change()
        self.is_refused(old.message(login=login))
        self.is_refused(old.message(login=login))
        if fresh:
            self.assertEqual(other.message(login=fresh), GOES_ON)
        self.assertEqual(self.milter.session(login=login), GOES_ON)

    def is_fresh_still(self, change, login=ALICE):
        client = self.connected()
        change()
        self.assertEqual(client.message(login=login), GOES_ON)

    def test_a_change_of_the_member(self):
        for words in ("smtp=off", "smtp=on", "active=off", "client_password=never", "class=staff"):
            with self.subTest(words=words):
                self.is_stale(lambda: self.site.ok("member", "set", ALICE, words))

    def test_a_change_before_the_first_message(self):
        client = self.connected()
        self.site.ok("member", "set", ALICE, "client_password=never")
        self.is_refused(client.message(login=ALICE))

    def test_a_change_of_the_domain_concerns_its_members_alone(self):
        self.site.ok("domain", "add", "other.test")
        self.site.ok("member", "add", "carol@other.test")
        self.is_stale(lambda: self.site.ok("domain", "set", "example.test", "smtp=off", "--scope", "all"),
                      fresh="carol@other.test")

    def test_a_revoked_app_password(self):
        made = self.site.json("app-password", "create", ALICE)
        self.is_stale(lambda: self.site.ok("app-password", "revoke", ALICE, str(made["id"])))

    def test_ended_sessions(self):
        self.is_stale(lambda: self.site.ok("session", "revoke", ALICE, "--all"))

    def test_a_member_or_domain_that_is_removed(self):
        self.is_stale(lambda: self.site.ok("member", "remove", ALICE))
        self.is_stale(lambda: self.site.ok("domain", "remove", "example.test", "--yes"), login=BOB, fresh=None)

    def test_a_removed_client_takes_the_tokens_of_all_members_along(self):
        self.site.ok("client", "add", "phone", "--redirect-uri", "https://phone.example/cb")
        self.is_stale(lambda: self.site.ok("client", "remove", "phone"), fresh=None)

    def test_a_changed_policy_file(self):
        def change():
            self.site.policy("defaults { client_password = never }")
            self.milter.wait(lambda: self.milter.session(login=BOB) and "read again" in self.milter.log())
        self.is_stale(change, fresh=None)

    def test_a_reload_without_a_change(self):
        def reload():
            self.milter.signal(signal.SIGHUP)
            self.milter.wait(lambda: "read again" in self.milter.log())
        self.is_fresh_still(reload)

    def test_what_takes_nothing_away(self):
        self.is_fresh_still(lambda: self.site.ok("app-password", "create", ALICE))

    def test_the_name_is_an_account_however_it_is_written(self):
        for login in ("Alice@Example.TEST", "ALICE@example.test"):
            self.is_stale(lambda: self.site.ok("member", "set", ALICE, "class=" + login[:5]), login=login)
        self.site.policy('default_domain = "example.test"')
        self.milter.wait(lambda: self.milter.session() and "read again" in self.milter.log())
        self.is_stale(lambda: self.site.ok("member", "set", ALICE, "imap=off"), login="alice")

    def test_a_database_that_is_put_back_from_a_backup(self):
        copy = self.site.path("backup.db")
        self.site.ok("db", "backup", copy)
        self.site.ok("member", "set", BOB, "imap=off")

        def put_back():
            for name in ("-wal", "-shm"):
                if os.path.exists(self.site.database + name):
                    os.unlink(self.site.database + name)
            os.rename(copy, self.site.database)
        self.is_stale(put_back, fresh=None)

    def test_database_away_is_a_temporary_failure(self):
        self.judges_well()
        client = self.connected()
        os.rename(self.site.database, self.site.database + ".away")
        unknown = self.connected()
        for login in (ALICE, BOB):
            self.is_refused(self.milter.session(login=login), "451 4.3.0 ", "try again later")
        self.is_refused(client.message(login=BOB), "451 4.3.0 ", "try again later")
        self.assertEqual(self.milter.log().count("action=tempfail"), 1)
        os.rename(self.site.database + ".away", self.site.database)
        self.judges_well()
        self.assertEqual(client.message(login=BOB), GOES_ON)
        # What was changed meanwhile is not known.
        self.is_refused(unknown.message(login=BOB))

    def test_mail_without_a_login_is_none_of_its_business(self):
        for ip in ("127.0.0.1", "192.0.2.7"):
            self.assertEqual(self.milter.session(ip=ip, headers=FORGED), GOES_ON)
        os.rename(self.site.database, self.site.database + ".away")
        self.assertEqual(self.milter.session(headers=FORGED), GOES_ON)

    def test_header_fields_decide_nothing(self):
        self.assertEqual(self.milter.session(login=BOB, headers=FORGED), GOES_ON)

    def test_it_is_asked_again_for_each_message_of_a_connection(self):
        """Postfix before 2026-08 may leave a milter out that answered ACCEPT."""
        client = self.connected()
        self.assertEqual(client.data(), GOES_ON)
        self.assertEqual(client.data(BOB), GOES_ON)
        client.send("A")
        self.site.ok("member", "set", BOB, "smtp=off")
        self.is_refused(client.data(BOB))


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
                    client = self.milter.client() if before == b"" else self.connected()
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
                client = self.connected()
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
                    client = self.connected() if negotiated else self.milter.client()
                    try:
                        for event in events:
                            client.send(event, strings("<a@example.test>", "value"))
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    self.send_and_read(client, b"")

    def test_a_login_before_the_connection_is_known_is_not_let_through(self):
        client = self.milter.client()
        client.negotiate()
        client.macros("T", {"i": "EARLY", "{auth_authen}": ALICE})
        client.send("T")
        answer = client.receive()
        self.assertTrue(answer is None or answer[0] in "rty", answer)

    def test_what_is_not_wanted_is_let_pass(self):
        client = self.connected()
        for event in ("M", "R", "L"):
            packet = strings("<%s@elsewhere.example>" % ("x" * 60), "value")
            client.raw((struct.pack(">I", len(packet) + 1) + event.encode() + packet) * 100)
        self.send_and_read(client, b"")

    def test_a_packet_of_a_mebibyte(self):
        self.send_and_read(self.connected(), struct.pack(">I", (1 << 20) + 9) + b"L" + strings("Subject") + b"x" * (1 << 20))

    def test_strange_bytes_in_addresses(self):
        for login in (b"al\xc3\xadce@example.test", b"\xff\xfe@\xff", b"a\nb@example.test", b"%s%n%x@example.test",
                      b"a" * 10000 + b"@example.test", b"alice@example.test ", b"@", b"\x1b[2J@example.test"):
            with self.subTest(login=login):
                # No such member, of whom nothing can change.
                self.assertEqual(self.milter.session(login=login), GOES_ON)
        self.assertNotRegex(self.milter.log(), "[\x00-\x09\x0b-\x1f\x7f]")

    def test_a_nul_does_not_hide_the_member(self):
        client = self.connected()
        self.site.ok("member", "set", ALICE, "smtp=off")
        # Two, because libmilter reads past its list of macros when their number is odd. Postfix sends pairs.
        self.is_refused(client.data(ALICE.encode() + b"\0@\0elsewhere.example"))

    def test_dropped_at_every_step(self):
        steps = [lambda c: c.negotiate(), lambda c: c.connect(), lambda c: c.data(BOB), lambda c: c.send("E")]
        for count in range(len(steps) + 1):
            for _ in range(20):
                with self.milter.client() as client:
                    for step in steps[:count]:
                        step(client)

    def test_aborted_at_every_step(self):
        client = self.connected()
        for _ in range(200):
            client.send("A")
            client.data(BOB)
            client.send("A")
        self.assertEqual(client.message(login=BOB), GOES_ON)

    def sessions(self, count):
        for _ in range(count):
            self.milter.session(login=BOB)
        return self.milter.rss()

    def test_sessions_leave_nothing_behind(self):
        # A session's memory is some 20 kB; the first ones fill the allocator's own stores.
        warm = self.sessions(500)
        self.assertLess(self.sessions(2500), warm + 16 * 1024)

    def crowd(self, size):
        clients = [self.connected() for _ in range(size)]
        self.site.ok("member", "set", ALICE, "class=class%d" % size)
        for number, client in enumerate(clients):
            client.macros("T", {"i": "CROWD", "{auth_authen}": ALICE if number % 2 else BOB})
            client.send("T")
        for number, client in enumerate(clients):
            self.assertEqual(client.receive()[0], REPLY if number % 2 else CONTINUE)
        for client in clients:
            client.close()

    def test_two_hundred_at_once(self):
        for size in range(196, 201):
            self.crowd(size)
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
        client = self.connected()
        self.site.policy("defaults { smtp = off }")
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "policy file: read again" in self.milter.log())
        self.is_refused(client.message(login=BOB))

    def test_a_bad_policy_at_reload_keeps_the_last_good_one(self):
        self.site.policy("defaults { smtp = maybe }")
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "keeping the last good policy" in self.milter.log())
        self.assertIn("policy.conf:5: smtp = maybe", self.milter.log())
        self.assertEqual(self.milter.session(login=BOB), GOES_ON)

    def test_reloads_while_it_judges(self):
        for number in range(200):
            self.site.policy("# %d" % number)
            self.milter.signal(signal.SIGHUP)
            # Accepted, or told to connect again: the file changes all the time.
            self.assertIn(self.milter.session(login=BOB)[0][0], (CONTINUE, REPLY))
        self.judges_well()

    def test_a_signal_is_for_no_thread_of_libmilter(self):
        """Which thread gets it is a race when all of them go on at once."""
        for number in range(100):
            for sent in (signal.SIGSTOP, signal.SIGHUP, signal.SIGCONT):
                self.milter.signal(sent)
            self.milter.wait(lambda: self.milter.log().count("read again") > number)
        self.judges_well()

    def test_another_database_after_a_reload(self):
        other = Site()
        self.addCleanup(other.remove)
        self.site.write("policy.conf", 'database = "sqlite:%s"\n' % other.database)
        self.milter.signal(signal.SIGHUP)
        self.milter.wait(lambda: "read again" in self.milter.log())
        client = self.connected()
        other.ok("member", "add", BOB, "smtp=off")
        self.is_refused(client.message(login=BOB))

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.milter.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_without_a_descriptor_left_it_waits_and_does_not_spin(self):
        resource.prlimit(self.milter.pid, resource.RLIMIT_NOFILE, (64, 64))
        clients = [self.milter.client() for _ in range(80)]
        self.milter.wait(lambda: "no more connections are accepted" in self.milter.log())
        before = self.cpu_seconds()
        time.sleep(2)
        self.assertLess(self.cpu_seconds() - before, 0.3)
        for client in clients:
            client.close()
        self.judges_well()

    def test_a_bad_policy_at_start_is_refused(self):
        self.site.policy("defaults { smtp = maybe }")
        run = self.start("-c", self.site.policy_file, "-p", "unix:" + self.site.path("other.sock"))
        self.assertEqual(run.returncode, 78)
        self.assertIn("policy.conf:5: smtp = maybe", run.stderr)
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
