"""Keys are replaced as doc/operations.md has it, while members sign in and mail is sent."""
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time
import unittest
import urllib.parse

from portal import STEP, Browser, totp
from postgresql import PostgreSQL
from server import TIMEOUT, Server, wait_for
from test_readme import block, commands
from test_restore import Logins

KEYS = ("verify", "seal", "outbox")
MANY = 1 << 14  # messages, of which a portion is 200


class Member:
    """A member with an authenticator app, whose codes are each used once."""

    def __init__(self, server, address):
        self.server, self.address = server, address
        url = urllib.parse.urlparse(server.env["PORTAL_URL"])
        self.site = (url.port, server.env["PORTAL_URL"])
        self.session = Browser(*self.site)
        self.good(self.session.sign_in(address, server.passwords[address]))
        self.key = self.good(self.session.post("/api/sign-in/registration"))["key"]
        done = self.good(self.session.post("/api/sign-in/registration/confirm", {"code": totp(self.key, steps=-1)}))
        self.codes = done["recovery_codes"]
        self.last = int(time.time()) // STEP - 1
        self.app_password = server.app_password(address, label="phone")["password"]

    @staticmethod
    def good(answer):
        if answer.status != 200:
            raise AssertionError(answer)
        return answer.json

    def sign_in(self):
        """With a code that was not used yet: one is good for three steps."""
        wait_for(lambda: int(time.time()) // STEP + 1 > self.last, TIMEOUT)
        now = int(time.time()) // STEP
        step = max(self.last + 1, now)
        self.last = step
        browser = Browser(*self.site)
        if self.good(browser.sign_in(self.address, self.server.passwords[self.address]))["next"] != "code":
            raise AssertionError("no code is asked for")
        self.good(browser.post("/api/sign-in/code", {"code": totp(self.key, steps=step - now)}))

    def use_recovery_code(self):
        browser = Browser(*self.site)
        self.good(browser.sign_in(self.address, self.server.passwords[self.address]))
        return browser.post("/api/sign-in/recovery", {"code": self.codes.pop()})


class Rotation:
    """What holds for both databases."""
    database = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.database and cls.database.uri).start()
        cls.addClassCleanup(cls.server.remove)

    def keys_of(self, name):
        """{number: counts} of a key file; and the numbers in the order of the file."""
        row, = (row for row in self.server.json("key", "list") if row["key"] == name)
        self.assertIsNone(row["fault"])
        return {key["id"]: key["rows"] for key in row["keys"]}, [key["id"] for key in row["keys"] if key["in_file"]]

    def path(self, name):
        return os.path.join(self.server.dir, "etc/postlatch", name + ".key")

    def follow(self, word):
        script = "".join(command + "\n" for command, _ in commands(block("doc/operations.md", word)))
        script = re.sub("(?m)^postlatch ", self.server.env["POSTLATCH"] + " ", script.replace("/root/", self.server.dir + "/"))
        run = self.server.inside("bash", "-euc", script)
        self.assertEqual(run.returncode, 0, script + run.stdout + run.stderr)
        return run.stdout

    def mail_arrives(self, member):
        """What is sealed now is opened by the sender."""
        before = len(self.server.mailbox(member.address))
        made = self.server.app_password(member.address, label="for a while")
        self.server.postlatch("app-password", "revoke", member.address, str(made["id"]))
        wait_for(lambda: len(self.server.mailbox(member.address)) > before, TIMEOUT)

    def all_is_well(self):
        for member in self.members:
            self.assertTrue(self.server.imap(member.address, member.app_password)[0], member.address)
            self.assertEqual(member.session.state(), "authenticated")
        member = min(self.members, key=lambda member: member.last)
        member.sign_in()
        self.mail_arrives(member)

    @contextlib.contextmanager
    def sender_paused(self):
        with open(self.server.dir + "/run/sender.pid") as f:
            pid = int(f.read())
        os.kill(pid, signal.SIGSTOP)
        while self.is_locked():
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.1)
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_all_of_it(self):
        server = self.server
        self.members = [Member(server, address) for address in sorted(server.passwords)[:3]]
        unused = server.app_password(self.members[0].address, label="unused")["password"]
        before = {name: os.stat(self.path(name)) for name in KEYS}
        self.back_up()
        self.all_is_well()

        # Prepared only: nobody uses it yet.
        said = server.postlatch("key", "rotate", "outbox", "--prepare").stdout
        self.assertIn("Copy %s" % "/etc/postlatch/outbox.key", said)
        self.assertEqual(self.keys_of("outbox")[1], [1, 2])
        self.assertIn("is not used yet", server.postlatch("key", "rotate", "outbox", "--finish", check=False).stderr)
        self.all_is_well()

        # Sign-ins go on throughout; a message that waits is opened with the new key.
        waits = self.members[1].address
        with Logins(server, self.members[0].address, self.members[0].app_password) as logins:
            with self.sender_paused():
                had = len(server.mailbox(waits))
                made = server.app_password(waits, label="while the sender sleeps")
                server.postlatch("app-password", "revoke", waits, str(made["id"]))
                waiting = self.keys_of("outbox")[0][1]["messages"]
                self.assertGreater(waiting, 0)
                said = self.follow("rotate")
                self.assertEqual(self.keys_of("outbox")[0], {1: {"messages": 0, "push_keys": 0}, 2: {"messages": waiting, "push_keys": 0}})
            wait_for(lambda: len(server.mailbox(waits)) > had, TIMEOUT)
            for name in KEYS:
                self.assertIn("added key 2 to /etc/postlatch/%s.key" % name if name != "outbox" else "from now on key 2",
                              said)
            self.all_is_well()
        self.assertGreater(len(logins.answers), 20)
        self.assertEqual([answer for answer in logins.answers if not answer[0]], [])
        counts, order = self.keys_of("seal")
        self.assertEqual((order, set(counts[1].values())), ([2, 1], {0}))
        self.assertEqual(counts[2]["second_factors"], 3)

        # An app password that was used has the new key with its record; what nobody used has the old one.
        wait_for(lambda: self.keys_of("verify")[0][1]["app_passwords"] == 1, TIMEOUT)
        self.assertEqual(self.keys_of("verify")[0][2]["app_passwords"], 3)
        self.assertEqual(self.members[2].use_recovery_code().status, 200)
        refused = server.postlatch("key", "rotate", "verify", "--finish", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("1 app passwords, 29 recovery codes depend on them", refused.stderr)
        self.assertEqual(self.keys_of("verify")[1], [2, 1])
        self.assertTrue(server.imap(self.members[0].address, unused)[0])
        wait_for(lambda: self.keys_of("verify")[0][1]["app_passwords"] == 0, TIMEOUT)
        late = server.app_password(self.members[0].address, label="late")["password"]

        # The old keys go.
        self.follow("finish")
        said = server.postlatch("key", "rotate", "verify", "--finish", "--drop").stdout
        self.assertIn("gave up 29 recovery codes", said)
        for name in KEYS:
            self.assertEqual(self.keys_of(name)[1], [2])
            now = os.stat(self.path(name))
            self.assertEqual((now.st_mode, now.st_uid, now.st_gid),
                             (before[name].st_mode, before[name].st_uid, before[name].st_gid))
        time.sleep(1)
        self.assertTrue(server.imap(self.members[0].address, unused)[0])
        self.assertTrue(server.imap(self.members[0].address, late)[0])
        self.all_is_well()
        answer = self.members[2].use_recovery_code()
        self.assertNotEqual(answer.status, 200)
        audit = [(row["action"], row["object"]) for row in server.json("audit") if row["action"].startswith("key.")]
        self.assertEqual(sorted(audit), sorted((action, "key " + name) for name in KEYS
                                               for action in ("key.remove", "key.rotate")))
        self.old_backup()

    def test_one_that_is_killed_is_gone_on_with(self):
        server = self.server
        address = sorted(server.passwords)[3]
        with self.sender_paused():
            self.sql("DELETE FROM outbox")  # a restored backup may have brought what no key opens
            made = server.app_password(address, label="many")
            server.postlatch("app-password", "revoke", address, str(made["id"]))
            for _ in range(MANY.bit_length() - 1):
                self.sql("INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, payload, sealed) "
                         "SELECT member_id, kind, what, made_at, due_at, expires_at, payload, sealed FROM outbox")
            first = self.keys_of("outbox")[1][0]
            total = sum(rows["messages"] for rows in self.keys_of("outbox")[0].values())
            self.assertGreaterEqual(total, MANY)
            kills = 0
            run = subprocess.Popen([server.env["POSTLATCH"], "key", "rotate", "outbox"], stdout=subprocess.PIPE)
            while run.poll() is None:
                counts, order = self.keys_of("outbox")
                new = counts.get(max(order), {}).get("messages", 0)
                if max(order) > first and 0 < new < total:
                    os.kill(self.child_of(run), signal.SIGKILL)
                    kills += 1
                    break
            run.communicate(timeout=TIMEOUT)
            self.assertEqual(kills, 1)
            counts, order = self.keys_of("outbox")
            self.assertEqual(order, [first + 1, first])
            done = counts[first + 1]["messages"]
            self.assertTrue(0 < done < total, counts)
            self.assertEqual(done % 200, 0)
            again = server.json("key", "rotate", "outbox")
            self.assertEqual((again["first"], again["resealed"], again["left"]),
                             (first + 1, total - done, {"messages": 0, "push_keys": 0}))
            self.assertEqual(server.json("key", "rotate", "outbox", "--finish")["removed"], 1)
            self.sql("DELETE FROM outbox WHERE id <> (SELECT MAX(o.id) FROM outbox o JOIN member m ON m.id = o.member_id "
                     "WHERE m.local = '%s')" % address.split("@")[0])
            had = len(server.mailbox(address))
        wait_for(lambda: len(server.mailbox(address)) > had, TIMEOUT)

    @staticmethod
    def child_of(run):
        """The command itself: quickstart's is a script that runs it in the server's namespace."""
        pid = run.pid
        while True:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                children = f.read().split()
            if not children:
                return pid
            pid = int(children[0])


class OnSqlite(Rotation, unittest.TestCase):
    def sql(self, statement):
        self.server.sql(statement)

    def is_locked(self):
        """The sender was stopped while it was writing."""
        with contextlib.closing(sqlite3.connect(self.server.env["DATABASE"], timeout=1)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
        return False

    def back_up(self):
        self.copy = self.server.dir + "/old.db"
        self.server.postlatch("db", "backup", self.copy)

    def old_backup(self):
        """It needs the keys of its time, and both the restore and the check say so."""
        said = self.server.postlatch("db", "restore", self.copy, "--dry-run").stdout
        self.assertRegex(said, r"4 app passwords, 30 recovery codes, 3 authenticator apps.* of the backup need keys that "
                               r"are not in the key files")
        self.assertNotIn("need keys", self.server.postlatch("check", check=False).stdout)
        said = self.server.postlatch("db", "restore", self.copy).stdout
        self.members[0].last = int(time.time()) // STEP + 1  # all codes of this time count as used
        self.assertIn("need keys that are not in the key files", said)
        check = self.server.postlatch("check", check=False)
        self.assertEqual(check.returncode, 2)
        self.assertIn("4 app passwords, 30 recovery codes in the database need keys that", check.stdout)
        member = self.members[0]
        browser = Browser(*member.site)
        self.assertEqual(browser.sign_in(member.address, self.server.passwords[member.address]).json["next"], "code")
        # No factor is lost with its key: it cannot be verified, and nobody gets past it.
        self.assertEqual(browser.post("/api/sign-in/code", {"code": totp(member.key)}).status, 503)
        self.assertEqual(browser.state(), "pending")
        # The lines of the old keys come back from the copy of the keys.
        old = self.server.inside("tar", "-xzOf", self.server.dir + "/postlatch-keys-before.tar.gz", "postlatch/seal.key").stdout
        line, = re.findall(r"(?m)^1 .*\n", old)
        with open(self.path("seal"), "a") as f:
            f.write(line)
        time.sleep(1)
        member.sign_in()
        self.assertEqual(self.server.json("key", "rotate", "seal", "--finish")["removed"], 1)
        member.sign_in()


class OnPostgresql(Rotation, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = PostgreSQL()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start()
        super().setUpClass()

    def sql(self, statement):
        self.database.sql(statement)

    def is_locked(self):
        return self.database.sql("SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'") != ["0"]

    def back_up(self):
        pass

    def old_backup(self):
        pass


if __name__ == "__main__":
    unittest.main()
