"""When members last received mail: noted at each delivery by Dovecot, and by nothing else."""
import contextlib
import os
import sqlite3
import time
import unittest
import uuid

from dovecot import RELEASE
from reconfigured import Reconfigured
from server import Server, wait_for

ALICE, BOB, CAROL, INFO, NOBODY = (name + "@demo.test" for name in ("alice", "bob", "carol", "info", "nobody"))


def setUpModule():
    global server
    server = Reconfigured.server = Server().start()


def tearDownModule():
    server.remove()


def received(member):
    return server.json("member", "show", member)["received_at"]


def unique():
    return "mail-" + uuid.uuid4().hex[:8]


def lda(member):
    """As a pipe of Postfix or fetchmail delivers; the exit status and the subject."""
    subject = unique()
    run = server.inside("/usr/lib/dovecot/dovecot-lda", "-d", member, "-f", "x@elsewhere.example",
                        input="From: x@elsewhere.example\nTo: %s\nSubject: %s\n\nx\n" % (member, subject))
    return run.returncode, subject


class Received(unittest.TestCase):
    def setUp(self):
        server.sql("DELETE FROM member_delivery")
        server.sql("UPDATE member SET received_day = 0")
        for member in (ALICE, BOB, CAROL):
            server.postlatch("member", "set", "--add", member, "active=on")
        self.began = int(time.time())

    def wait_for(self, member):
        wait_for(lambda: received(member) is not None)
        self.assertGreaterEqual(received(member), self.began)
        self.assertLessEqual(received(member), time.time())

    def note_carol(self):
        """What was to be written before is written when this is."""
        self.assertEqual(lda(CAROL)[0], 0)
        self.wait_for(CAROL)


class Deliveries(Received):
    def test_mail_by_lmtp(self):
        subject = unique()
        server.send(ALICE, subject)
        self.wait_for(ALICE)
        server.settle(lambda: subject in server.mailbox(ALICE))
        self.assertRegex(server.postlatch("member", "show", ALICE).stdout, r"\nmail received +20")
        self.assertEqual((received(BOB), received(CAROL)), (None, None))

    def test_mail_by_dovecot_lda(self):
        status, subject = lda(BOB)
        self.assertEqual(status, 0)
        self.assertIn(subject, server.mailbox(BOB))
        self.wait_for(BOB)
        self.assertEqual((received(ALICE), received(CAROL)), (None, None))
        self.assertRegex(server.postlatch("member", "show", ALICE).stdout, r"\nmail received +unknown\n")

    def test_aliases_and_extensions_are_the_account_s(self):
        server.send("team@demo.test", unique())
        self.wait_for(ALICE)
        self.wait_for(BOB)
        self.setUp()
        server.send("Carol+lists@demo.test", unique())
        self.wait_for(CAROL)

    def test_names_of_nobody_leave_nothing(self):
        self.assertNotEqual(lda(NOBODY)[0], 0)
        self.note_carol()
        self.assertEqual(server.json("member", "show", NOBODY)["known"], False)
        self.assertEqual((received(ALICE), received(BOB), received(NOBODY)), (None, None, None))

    def test_who_has_a_mailbox_but_no_row_gets_none(self):
        server.postlatch("member", "remove", BOB)
        status, subject = lda(BOB)
        self.assertEqual(status, 0)
        self.assertIn(subject, server.mailbox(BOB))
        self.note_carol()
        self.assertEqual(server.json("member", "show", BOB)["known"], False)

    def test_logins_and_what_administrators_do_do_not_count(self):
        self.assertTrue(all(server.services(ALICE, server.passwords[ALICE]).values()))
        for args in (("user", ALICE), ("auth", "lookup", ALICE), ("mailbox", "list", "-u", ALICE),
                     ("auth", "test", ALICE, server.passwords[ALICE])):
            self.assertEqual(server.inside("doveadm", *args).returncode, 0, args)
        for service in ("doveadm", "quota-status", "indexer-worker", "script-login"):
            self.assertEqual(server.inside("doveadm", "user", "-x", "service=" + service, ALICE).returncode, 0, service)
        self.note_carol()
        self.assertIsNone(received(ALICE))
        # The same look-up, by the name that LMTP has.
        self.assertEqual(server.inside("doveadm", "user", "-x", "service=lmtp", ALICE).returncode, 0)
        self.wait_for(ALICE)

    def test_forwarding_does_not_matter(self):
        for forwarding in ("on", "off"):
            self.setUp()
            server.postlatch("member", "set", ALICE, "forwarding=" + forwarding)
            self.assertEqual(lda(ALICE)[0], 0)
            self.wait_for(ALICE)

    def test_who_may_not_sign_in_gets_mail(self):
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertEqual(lda(ALICE)[0], 0)
        self.wait_for(ALICE)


class Faults(Received):
    def test_a_database_that_cannot_be_written_delays_no_mail(self):
        if server.postgresql:
            self.skipTest("a database in a file has one writer")
        with contextlib.closing(sqlite3.connect(server.env["DATABASE"], timeout=60, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            for member in (ALICE, BOB):
                status, subject = lda(member)
                self.assertEqual(status, 0)
                self.assertIn(subject, server.mailbox(member))
            self.assertIsNone(received(ALICE))
            db.execute("ROLLBACK")
        self.wait_for(ALICE)
        self.wait_for(BOB)

    def test_a_table_that_is_missing_costs_no_mail(self):
        """What does not heal by itself is told, and nothing else is held up."""
        server.sql("ALTER TABLE member_delivery RENAME TO gone")
        self.addCleanup(server.reload)
        try:
            status, subject = lda(ALICE)
            self.assertEqual(status, 0)
            self.assertIn(subject, server.mailbox(ALICE))
            # The auth process tells of it when it is next asked.
            wait_for(lambda: server.imap(BOB, server.passwords[BOB]) and "member_delivery" in server.log("dovecot"))
        finally:
            server.sql("ALTER TABLE gone RENAME TO member_delivery")
        self.note_carol()

    def test_mail_waits_for_a_database_that_is_away_and_is_noted_then(self):
        """Whether a member may forward cannot be told meanwhile."""
        subject = unique()
        with server.database_away():
            server.send(ALICE, subject)
            wait_for(lambda: "(deferred)" in server.inside("postqueue", "-p").stdout or not server.queue_is_empty())
        server.settle(lambda: subject in server.mailbox(ALICE), 180)
        self.assertEqual(server.mailbox(ALICE).count(subject), 1)
        self.wait_for(ALICE)


def passwd_file(path):
    if RELEASE == "2.3":
        return "userdb {\n  driver = passwd-file\n  args = username_format=%%Lu %s\n}\n" % path
    return "userdb users {\n  driver = passwd-file\n  passwd_file_path = %s\n}\n" % path


class Renamed(Received, Reconfigured):
    """The operator's userdb turns info into alice."""

    @classmethod
    def setUpClass(cls):
        users = server.dir + "/etc/dovecot/users"
        with open(users, "w") as f:
            f.write("%s::%d:%d::%s/mail/demo.test/alice::userdb_user=%s\n"
                    % (INFO, *[os.stat(server.dir + "/mail").st_uid] * 2, server.dir, ALICE))
        cls.changes = {"userdb ": passwd_file(users) + "userdb "}
        super().setUpClass()

    def test_the_account_that_receives_is_noted(self):
        server.postlatch("member", "set", "--add", INFO, "active=on")
        status, subject = lda(INFO)
        self.assertEqual(status, 0)
        self.assertIn(subject, server.mailbox(ALICE))
        self.wait_for(ALICE)
        self.assertIsNone(received(INFO))


if __name__ == "__main__":
    unittest.main()
