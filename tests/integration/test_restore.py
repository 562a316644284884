"""Backup and restore as doc/operations.md has them, rehearsed on a mail server that is in use."""
import imaplib
import os
import tarfile
import threading
import unittest

from postgresql import PostgreSQL
from server import TIMEOUT, Server, close, wait_for
from test_readme import block, commands

KEYS = ("verify.key", "seal.key", "outbox.key")


class Logins:
    """Somebody who signs in over and over, until the block ends."""

    def __init__(self, server, user, password):
        self.server, self.user, self.password = server, user, password
        self.answers = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ended.is_set():
            self.answers.append(self.server.imap(self.user, self.password))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.ended.set()
        self.thread.join()


class Rehearsal:
    """What holds for both databases."""
    database = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.database and cls.database.uri).start()
        cls.addClassCleanup(cls.server.remove)

    def follow(self, word):
        """Runs the commands of the document word for word, but for where things are; what they print."""
        return self.execute(command for command, _ in commands(block("doc/operations.md", word)))

    def execute(self, lines):
        script = "set -eu\n" + "".join(line + "\n" for line in lines)
        for place, here in self.places().items():
            script = script.replace(place, here)
        run = self.server.inside("bash", "-c", script.replace("\npostlatch ", "\n%s " % self.server.env["POSTLATCH"]))
        self.assertEqual(run.returncode, 0, script + run.stdout + run.stderr)
        return run.stdout

    def places(self):
        return {"/var/backups/": self.server.dir + "/", "/root/": self.server.dir + "/"}

    def test_all_of_it(self):
        server = self.server
        alice, bob = sorted(server.passwords)[:2]
        kept, revoked, late = (server.app_password(alice, label=label) for label in ("kept", "revoked", "late"))
        server.postlatch("app-password", "revoke", alice, str(late["id"]))
        said = self.follow(self.backup)
        self.check_backup(said)
        server.postlatch("app-password", "revoke", alice, str(revoked["id"]))
        late = server.app_password(alice, label="late")
        server.postlatch("member", "set", bob, "pop3=off")
        for password, good in ((kept, True), (revoked, False), (late, True)):
            self.assertEqual(server.imap(alice, password["password"])[0], good)
        self.assertFalse(server.pop3(bob, server.passwords[bob])[0])
        _, token = server.issue_token(alice, "webmail", 3600, 3600)
        self.assertTrue(server.imap_bearer(alice, token)[0])
        connection = imaplib.IMAP4("127.0.0.1", server.port("IMAP"), timeout=TIMEOUT)
        self.addCleanup(close, connection.shutdown)
        connection.login(alice, late["password"])
        with Logins(server, alice, kept["password"]) as logins:
            wait_for(lambda: len(logins.answers) > 3, TIMEOUT)
            said = self.follow(self.restore)
            seen = len(logins.answers)
            wait_for(lambda: len(logins.answers) > seen + 3, TIMEOUT)
        self.check_logins(logins.answers)
        self.check_restored(said, connection)
        # As it was at the backup; what was open since is dead.
        wait_for(lambda: server.imap(alice, revoked["password"])[0], TIMEOUT)
        self.assertTrue(server.pop3(bob, server.passwords[bob])[0])
        self.assertFalse(server.imap(alice, late["password"])[0])
        self.assertFalse(server.imap_bearer(alice, token)[0])
        for member in (alice, bob):
            self.assertEqual(set(server.services(member, server.passwords[member]).values()), {True}, member)


class OnSqlite(Rehearsal, unittest.TestCase):
    backup, restore = "backup", "restore"

    def check_backup(self, said):
        self.assertIn("references are sound", said)
        copy = self.server.dir + "/postlatch.db"
        self.assertEqual(os.stat(copy).st_mode & 0o777, 0o600)
        keys = {}
        for name in KEYS:
            with open(os.path.join(self.server.dir, "etc/postlatch", name)) as f:
                keys[name] = f.read().split()[-1]
        with open(copy, "rb") as f:
            content = f.read()
        for key in keys.values():
            self.assertNotIn(key.encode(), content)
            self.assertNotIn(bytes.fromhex(key), content)
        archive = self.server.dir + "/postlatch-keys.tar.gz"
        self.assertEqual(os.stat(archive).st_mode & 0o777, 0o600)
        with tarfile.open(archive) as kept:
            self.assertLessEqual(set(KEYS), {os.path.basename(name) for name in kept.getnames()})

    def check_logins(self, answers):
        """One that doveadm ends has no answer."""
        self.assertEqual([answer for answer in answers if not answer[0] and "EOF" not in answer[1]], [])

    def check_restored(self, said, connection):
        with self.assertRaises(imaplib.IMAP4.abort):
            connection.noop()
            connection.noop()
        undone = [line.split(": ", 1)[1].split()[0] for line in said.splitlines() if " from local: " in line]
        self.assertEqual(undone, 2 * ["member.set", "app-password.create", "app-password.revoke"])
        self.assertIn("These 3 changes are undone", said)


class OnPostgresql(Rehearsal, unittest.TestCase):
    backup, restore = "backup", "restore"

    @classmethod
    def setUpClass(cls):
        cls.database = PostgreSQL()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start()
        super().setUpClass()

    def follow(self, word):
        """The first two commands of the block are the backup, the others the restore."""
        lines = [command for command, _ in commands(block("doc/operations.md", "postgresql"))]
        return self.execute(lines[:2] if word == "backup" else lines[2:])

    def places(self):
        return {**super().places(), "postgresql://postlatch@db1.example.com/postlatch": self.database.uri}

    def test_what_a_newer_version_has_left_is_gone(self):
        """Going back to an older version: the commands of the document, and a table that the dump does not know."""
        server, member = self.server, sorted(self.server.passwords)[2]
        self.follow("backup")
        self.database.sql("CREATE TABLE postlatch.newer (id int); ALTER TABLE postlatch.member ADD newer int; "
                          "INSERT INTO postlatch.schema_history VALUES (10000, 'newer', 0)")
        refused = server.postlatch("db", "verify", check=False)
        self.assertIn("version 10000", refused.stderr)
        self.execute(command for command, _ in commands(block("doc/operations.md", "back_postgresql")))
        server.postlatch("db", "verify")
        wait_for(lambda: server.imap(member, server.passwords[member])[0], TIMEOUT)
        self.assertEqual(self.database.sql("SELECT count(*) FROM pg_class WHERE relname = 'newer'"), ["0"])

    def check_backup(self, said):
        self.assertEqual(os.stat(self.server.dir + "/postlatch.dump").st_mode & 0o777, 0o600)

    def check_logins(self, answers):
        """Tables are locked for a moment: that may delay or fail, and nobody is told of a wrong password."""
        self.assertEqual([answer for answer in answers if not answer[0] and "UNAVAILABLE" not in answer[1]], [])

    def check_restored(self, said, connection):
        self.assertIn("members can be read", said)

    def test_the_commands_for_files_name_the_tools(self):
        for command in ("backup", "restore"):
            run = self.server.postlatch("db", command, self.server.dir + "/x", check=False)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn({"backup": "pg_dump", "restore": "pg_restore"}[command], run.stderr)


if __name__ == "__main__":
    unittest.main()
