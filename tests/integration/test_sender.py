"""postlatch-sender: every message is sent, once, whatever fails meanwhile.

Its sendmail is a script here that can refuse and hang, and Postfix's own on a whole server.
"""
import collections
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time
import unittest

from portal import POSTLATCH, Portal
from postgresql import PostgreSQL
from server import TIMEOUT, Server, wait_for

WEEK = 7 * 86400
SUBJECT = "Subject: =?UTF-8?B?VHdvLXN0ZXAgdmVyaWZpY2F0aW9uIHdhcyByZW1vdmVk"

# refuse: the exit status, or the signal, for mail to members whose address begins with a word in that file's name.
# hang: the first that sees it waits until it is gone, and then takes the mail.
SENDMAIL = """#!/bin/sh
for to; do :; done
name=${{to%%@*}}
if [ -e {dir}/refuse.${{name%%-*}} ]; then
	status=$(cat {dir}/refuse.${{name%%-*}})
	[ "$status" != KILL ] || kill -KILL $$
	exit $status
fi
if [ -e {dir}/hang ] && mkdir {dir}/hang.begun 2>/dev/null; then
	while [ -e {dir}/hang ]; do sleep 0.1; done
fi
f=$(mktemp {dir}/new.XXXXXX)
echo "$@" >$f
cat >>$f
mv $f {dir}/mail/mail.${{f##*.}}
"""


class SenderTest(unittest.TestCase):
    """On an SQLite file; the portal itself does not run."""

    def setUp(self):
        self.site = self.make_site()
        self.addCleanup(self.site.remove)
        self.dir = self.site.dir
        with open(self.dir + "/sendmail", "w") as f:
            f.write(SENDMAIL.format(dir=self.dir))
        self.site.init()

    def make_site(self):
        return Portal()

    def sql(self, statement):
        return [tuple(row) for row in self.site.sql(statement)]

    def postlatch(self, *args):
        return subprocess.run([POSTLATCH, "-c", self.dir + "/policy.conf", *args], check=True, capture_output=True,
                              text=True, timeout=TIMEOUT).stdout

    def add(self, *names, tries=0, life=WEEK, what="factor-removed"):
        """Messages as a program without the key writes them."""
        now = int(time.time())
        self.sql("INSERT INTO domain (name, active, created_at, settings) SELECT 'example.test', 1, 0, '' "
                 "WHERE NOT EXISTS (SELECT 1 FROM domain)")
        values = ", ".join("('%s')" % name for name in names)
        self.sql("WITH n (name) AS (VALUES %s) INSERT INTO member (domain_id, local, active, class, created_at, settings) "
                 "SELECT d.id, n.name, 1, '', 0, '' FROM n, domain d" % values)
        self.sql("WITH n (name) AS (VALUES %s) INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, "
                 "tries, payload) SELECT m.id, 'notice', '%s', %d, %d, %d, %d, 'language=en' FROM n JOIN member m "
                 "ON m.local = n.name ORDER BY m.id" % (values, what, now, now, now + life, tries))

    def refuse(self, status, name="member"):
        with open("%s/refuse.%s" % (self.dir, name), "w") as f:
            f.write(str(status))

    def take(self, name="member"):
        os.unlink("%s/refuse.%s" % (self.dir, name))

    def hang(self):
        """A sender has begun to send a message, and the command does not end."""
        with open(self.dir + "/hang", "w"):
            pass

    def wait_until_it_hangs(self):
        wait_for(lambda: os.path.exists(self.dir + "/hang.begun"), TIMEOUT)

    def waiting(self):
        """How often each message that is still there was tried."""
        return sorted(row[0] for row in self.sql("SELECT tries FROM outbox"))

    def due_now(self):
        self.sql("UPDATE outbox SET due_at = 0")

    def mails(self):
        """To whom each mail went."""
        mails = self.site.mails()
        for mail in mails:
            self.assertIn(SUBJECT, mail)
        return sorted(re.search("^To: <(.*)@example.test>$", mail, re.M)[1] for mail in mails)

    def all_sent(self, names):
        wait_for(lambda: self.waiting() == [], TIMEOUT)
        self.assertEqual(self.mails(), sorted(names))

    def stop(self, sender):
        sender.terminate()
        self.assertEqual(sender.wait(TIMEOUT), 0)


class EachOnce(SenderTest):
    def names(self, count):
        return ["member-%03d" % i for i in range(count)]

    def test_what_waits_while_no_sender_runs_is_sent_when_one_starts(self):
        self.add(*self.names(20))
        sender = self.site.start_sender()
        self.all_sent(self.names(20))
        self.stop(sender)
        self.add("member-last")
        self.assertEqual(self.waiting(), [0])
        self.site.start_sender()
        self.all_sent(self.names(20) + ["member-last"])

    def test_two_senders_send_each_once(self):
        for _ in range(2):
            self.site.start_sender()
        names = self.names(200)
        for i in range(0, 200, 25):
            self.add(*names[i:i + 25])
        self.all_sent(names)

    def test_one_that_hangs_holds_up_no_other(self):
        self.hang()
        self.site.start_sender()
        self.add("member-first")
        self.wait_until_it_hangs()
        self.add(*self.names(40))
        wait_for(lambda: self.waiting() == [1], TIMEOUT)
        self.assertEqual(self.mails(), self.names(40))
        os.unlink(self.dir + "/hang")
        self.all_sent(self.names(40) + ["member-first"])

    def test_what_a_killed_sender_had_claimed_another_sends(self):
        self.hang()
        sender = self.site.start_sender()
        self.add("member-first", "member-second")
        self.wait_until_it_hangs()
        wait_for(lambda: len(self.mails()) == 1 and self.waiting() == [1], TIMEOUT)
        sender.kill()
        sender.wait(TIMEOUT)
        # The command has ended with its sender.
        os.unlink(self.dir + "/hang")
        other = self.site.start_sender()
        self.assertEqual(self.waiting(), [1])
        self.due_now()
        self.all_sent(["member-first", "member-second"])
        self.stop(other)

    def test_a_sender_that_is_killed_again_and_again_sends_all(self):
        names = self.names(100)
        self.add(*names)
        for _ in range(10):
            sender = self.site.start_sender()
            before = len(self.site.mails())
            wait_for(lambda before=before: len(self.site.mails()) > before or self.waiting() == [], TIMEOUT)
            sender.kill()
            sender.wait(TIMEOUT)
            self.due_now()
        self.site.start_sender()
        wait_for(lambda: self.waiting() == [], TIMEOUT)
        times = collections.Counter(self.mails())
        self.assertEqual(sorted(times), names)
        # At most those that it was about to record when it was killed, under the Message-ID that they had before.
        self.assertEqual(len({re.search("^Message-ID: (.*)$", mail, re.M)[1] for mail in self.site.mails()}), 100)

    def test_a_sender_that_is_stopped_waits_and_records(self):
        self.hang()
        sender = self.site.start_sender()
        self.add("member")
        self.wait_until_it_hangs()
        sender.terminate()
        time.sleep(0.5)  # the command ends while it waits, or before that
        os.unlink(self.dir + "/hang")
        self.assertEqual(sender.wait(TIMEOUT), 0)
        self.assertEqual((self.waiting(), self.mails()), ([], ["member"]))

    def test_a_sender_that_is_stopped_ends_a_command_that_hangs(self):
        self.hang()
        sender = self.site.start_sender()
        self.add("member")
        self.wait_until_it_hangs()
        self.stop(sender)
        self.assertEqual(self.waiting(), [1])
        # Put off as any that could not be sent, and not for as long as a claim lasts.
        (at,), = self.sql("SELECT due_at - made_at FROM outbox")
        self.assertLess(int(at), 300)
        os.unlink(self.dir + "/hang")
        self.site.start_sender()
        self.due_now()
        self.all_sent(["member"])


class Refusals(SenderTest):
    def test_whatever_sendmail_does_not_take_is_sent_later(self):
        self.site.start_sender()
        for i, status in enumerate((75, 1, 67, "KILL", 127), 1):
            with self.subTest(status=status):
                self.refuse(status)
                name = "member-%s" % i
                self.add(name)
                wait_for(lambda: self.sql("SELECT 1 FROM outbox WHERE tries = 1 AND due_at < made_at + 300"), TIMEOUT)
                self.assertNotIn(name, self.mails())
                self.take()
                self.due_now()
                wait_for(lambda: self.waiting() == [], TIMEOUT)
                self.assertEqual(self.mails().count(name), 1)
        for words in ("ended with status 75", "it is tried again"):
            self.assertIn(words, self.site.sender_log())

    def test_without_the_command_they_wait(self):
        os.rename(self.dir + "/sendmail", self.dir + "/away")
        self.site.start_sender()
        self.add("member")
        wait_for(lambda: "cannot be started" in self.site.sender_log(), TIMEOUT)
        os.rename(self.dir + "/away", self.dir + "/sendmail")
        wait_for(lambda: self.sql("SELECT 1 FROM outbox WHERE due_at < made_at + 300"), TIMEOUT)
        self.due_now()
        self.all_sent(["member"])

    def test_a_policy_without_a_command_sends_nothing(self):
        self.site.settings["sendmail"] = ""
        self.site.write_policy()
        self.add("member")
        self.add("member-old", life=-1)
        sender = self.site.start_sender()
        wait_for(lambda: self.sql("SELECT COUNT(*) FROM outbox") == [(1,)], TIMEOUT)
        self.assertEqual(self.waiting(), [0])
        self.assertNotIn("given up", self.site.sender_log())
        self.stop(sender)

    def test_one_that_this_version_does_not_know_waits(self):
        self.site.start_sender()
        self.add("member", what="of-tomorrow")
        self.sql("INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, payload) SELECT id, 'pigeon', 'x', "
                 "0, 0, %d, '' FROM member" % (time.time() + WEEK))
        for words in ("of-tomorrow to member@example.test: ", "no words for it"):
            wait_for(lambda words=words: words in self.site.sender_log(), TIMEOUT)
        wait_for(lambda: self.waiting() == [1, 1], TIMEOUT)
        self.assertEqual(self.mails(), [])

    def test_a_message_that_expires_is_given_up(self):
        self.refuse(75)
        self.add("member-1", "member-2", life=-1)
        self.site.start_sender()
        wait_for(lambda: self.waiting() == [], TIMEOUT)
        wait_for(lambda: self.site.sender_log().count("could not be sent in time, and is given up") == 2, TIMEOUT)
        self.assertEqual(self.mails(), [])

    def test_ten_thousand_that_cannot_be_sent_keep_no_new_one_waiting(self):
        self.refuse(75, "old")
        sender = self.site.start_sender()
        wait_for(lambda: "ready" in self.site.sender_log(), TIMEOUT)
        before = self.memory(sender)
        self.add(*("old-%05d" % i for i in range(10000)), tries=5)
        wait_for(lambda: self.sql("SELECT 1 FROM outbox WHERE tries > 5"), TIMEOUT)
        self.add("new")
        wait_for(lambda: self.mails() == ["new"], TIMEOUT)
        self.assertGreater(self.sql("SELECT COUNT(*) FROM outbox WHERE tries = 5")[0][0], 5000)
        self.assertLess(self.memory(sender) - before, 4096)

    def memory(self, process):
        """The most that it has used, in kB."""
        with open("/proc/%d/status" % process.pid) as f:
            return int(re.search(r"^VmHWM:\s+(\d+)", f.read(), re.M)[1])


class Keys(SenderTest):
    """What a command writes is sealed, and opens with the key alone."""

    def reset(self):
        """A notice that the command writes."""
        self.postlatch("member", "add", "member@example.test")
        self.sql("INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) SELECT id, 1, 0, '' FROM member")
        self.postlatch("totp", "reset", "member@example.test")
        return self.sql("SELECT payload, sealed IS NOT NULL FROM outbox")

    def test_a_sealed_one_waits_for_the_key(self):
        self.assertEqual(self.reset(), [("", 1)])
        os.rename(self.dir + "/outbox.key", self.dir + "/away")
        self.site.start_sender()
        wait_for(lambda: "without the outbox key" in self.site.sender_log(), TIMEOUT)
        wait_for(lambda: self.waiting() == [1], TIMEOUT)
        os.rename(self.dir + "/away", self.dir + "/outbox.key")
        wait_for(lambda: "outbox.key: read again" in self.site.sender_log(), TIMEOUT)
        wait_for(lambda: self.sql("SELECT 1 FROM outbox WHERE due_at < made_at + 300"), TIMEOUT)
        self.due_now()
        self.all_sent(["member"])

    def test_without_the_key_a_change_is_made_and_told_all_the_same(self):
        os.unlink(self.dir + "/outbox.key")
        self.assertEqual(self.reset()[0][1], 0)
        self.site.start_sender()
        self.all_sent(["member"])


class DatabaseAway(SenderTest):
    def test_a_file_that_is_away_delays_them(self):
        self.add("member")
        database = self.dir + "/postlatch.db"
        os.rename(database, database + ".away")
        self.site.start_sender()
        wait_for(lambda: "messages to members: " in self.site.sender_log(), TIMEOUT)
        os.rename(database + ".away", database)
        self.all_sent(["member"])

    def test_what_was_sent_while_it_was_locked_is_recorded_afterwards(self):
        self.hang()
        self.site.start_sender()
        self.add("member")
        self.wait_until_it_hangs()
        with contextlib.closing(sqlite3.connect(self.dir + "/postlatch.db", isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            os.unlink(self.dir + "/hang")
            wait_for(lambda: "messages to members: " in self.site.sender_log(), TIMEOUT)
            self.assertEqual(self.mails(), ["member"])
            db.execute("ROLLBACK")
        self.all_sent(["member"])


class OnServer(SenderTest):
    """The same on PostgreSQL, which senders of several machines use."""

    @classmethod
    def setUpClass(cls):
        cls.server = PostgreSQL().start()
        cls.addClassCleanup(cls.server.remove)

    def make_site(self):
        self.server.sql("DROP SCHEMA IF EXISTS postlatch CASCADE")
        return Portal(database=self.server.uri)

    def sql(self, statement):
        return [tuple(int(column) if column.isdigit() else column for column in line.split("|"))
                for line in self.server.sql(statement)]

    def test_two_senders_send_each_once(self):
        for _ in range(2):
            self.site.start_sender()
        names = ["member-%03d" % i for i in range(200)]
        for i in range(0, 200, 50):
            self.add(*names[i:i + 50])
        self.all_sent(names)

    def test_a_server_that_stops_delays_them(self):
        self.hang()
        self.site.start_sender()
        self.add("member-1", "member-2")
        self.wait_until_it_hangs()
        self.server.stop()
        os.unlink(self.dir + "/hang")
        wait_for(lambda: "messages to members: " in self.site.sender_log(), TIMEOUT)
        self.server.again()
        self.all_sent(["member-1", "member-2"])


class Check(SenderTest):
    """What `postlatch check` says of the outbox."""

    def findings(self):
        run = subprocess.run([POSTLATCH, "-c", self.dir + "/policy.conf", "--json", "check"], capture_output=True, text=True,
                             timeout=TIMEOUT)
        return [(finding["level"], finding["text"]) for finding in json.loads(run.stdout) if finding["topic"] == "sender"]

    def found(self, level, words):
        return [text for found, text in self.findings() if found == level and words in text]

    def test_a_message_that_no_sender_takes(self):
        self.add("member")
        self.assertEqual(self.found("fault", "has been waiting"), [])
        self.sql("UPDATE outbox SET due_at = due_at - 600")
        text, = self.found("fault", "has been waiting for 10 minutes")
        self.assertIn("start postlatch-sender", text)
        self.site.start_sender()
        wait_for(lambda: self.waiting() == [], TIMEOUT)
        self.assertEqual(self.found("fault", "has been waiting") + self.found("fault", "does not run"), [])

    def test_messages_that_sendmail_does_not_take(self):
        self.add("member-1", "member-2", tries=3)
        self.add("member-3", tries=2)
        text, = self.found("warning", "2 messages to members could not be sent")
        self.assertIn("the log of postlatch-sender", text)

    def test_where_no_mail_is_sent_nothing_is_missed(self):
        self.add("member", tries=3)
        self.sql("UPDATE outbox SET due_at = due_at - 600")
        self.site.settings["sendmail"] = ""
        self.site.write_policy()
        self.assertEqual(self.findings(), [])


class Postfix(unittest.TestCase):
    """A whole server, where the sender runs as its own user and hands mail to Postfix's sendmail."""

    SUBJECT = "=?UTF-8?B?VHdvLXN0ZXAgdmVyaWZpY2F0aW9uIHdhcyByZW1vdmVk?="

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def tell(self, name):
        now = int(time.time())
        self.server.sql("INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, payload) SELECT id, 'notice', "
                        "'factor-removed', %d, %d, %d, 'language=en' FROM member WHERE local = '%s'"
                        % (now, now, now + WEEK, name))

    def due_now(self):
        self.server.sql("UPDATE outbox SET due_at = 0")

    def told(self, name):
        return self.server.mailbox("%s@demo.test" % name).count(self.SUBJECT)

    def test_a_member_is_told_once(self):
        with open(self.server.dir + "/run/sender.pid") as f, open("/proc/%s/status" % f.read().strip()) as status:
            users = re.search(r"^Uid:\s+(.*)$", status.read(), re.M)[1].split()
        self.assertEqual(users, ["5906"] * 4)
        self.tell("alice")
        wait_for(lambda: self.told("alice") == 1, TIMEOUT)
        wait_for(lambda: "factor-removed to alice@demo.test: sent" in self.server.log("sender"), TIMEOUT)
        self.due_now()
        self.server.settle(lambda: self.server.queue_is_empty())
        self.assertEqual(self.told("alice"), 1)

    def test_while_sendmail_fails_the_member_waits(self):
        path = self.server.dir + "/etc/postfix/main.cf"
        mode = os.stat(path).st_mode
        os.chmod(path, 0o600)
        try:
            self.tell("bob")
            wait_for(lambda: "factor-removed to bob@demo.test: " in self.server.log("sender"), TIMEOUT)
            self.assertIn("ended with status 75", self.server.log("sender"))
        finally:
            os.chmod(path, mode)
        self.assertEqual(self.told("bob"), 0)
        # It is put off a moment after the log has it.
        wait_for(lambda: self.due_now() or self.told("bob") == 1, TIMEOUT)
        wait_for(lambda: "factor-removed to bob@demo.test: sent" in self.server.log("sender"), TIMEOUT)


if __name__ == "__main__":
    unittest.main()
