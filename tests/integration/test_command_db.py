"""postlatch db init, migrate, status, backup, verify, restore."""
import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
import unittest

from command import BAD_DATA, CONFIG, DONE, POSTLATCH, REFUSED, ROOT, TIMEOUT, TRY_AGAIN, CommandTest, Site


class Init(unittest.TestCase):
    def setUp(self):
        self.site = Site(init=False)
        self.addCleanup(self.site.remove)

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.site.path(name)).st_mode)

    def test_makes_database_and_keys(self):
        said = self.site.ok("db", "init")
        for name in ("db/postlatch.db", "verify.key", "seal.key", "outbox.key"):
            self.assertIn("created", said)
            self.assertIn(self.site.path(name), said)
        self.assertEqual([self.mode(name) for name in
                          ("db", "db/postlatch.db", "verify.key", "seal.key", "outbox.key")],
                         [0o2770, 0o660, 0o640, 0o600, 0o600])

    def test_modes_do_not_depend_on_the_umask(self):
        for mask in (0o000, 0o077):
            site = Site(init=False)
            self.addCleanup(site.remove)
            subprocess.run([POSTLATCH, "-c", site.policy_file, "db", "init"], check=True, capture_output=True,
                           timeout=TIMEOUT, preexec_fn=lambda mask=mask: os.umask(mask))
            self.assertEqual([stat.S_IMODE(os.stat(site.path(name)).st_mode) for name in
                              ("db/postlatch.db", "verify.key", "seal.key", "outbox.key")],
                             [0o660, 0o640, 0o600, 0o600])

    def test_json(self):
        made = self.site.json("db", "init")
        self.assertEqual((made["database"], made["verify_key_made"], made["seal_key_made"], made["outbox_key_made"]),
                         ("sqlite:" + self.site.database, True, True, True))

    def test_never_overwrites(self):
        self.site.ok("db", "init")
        self.site.ok("member", "add", "a@x.test")
        before = self.keys(), self.site.state()
        run = self.site.run("db", "init")
        self.assertEqual(run.returncode, REFUSED)
        self.assertIn("it already exists and is not changed", run.stderr)
        self.assertEqual((self.keys(), self.site.state()), before)

    def test_keeps_keys_that_are_there(self):
        self.site.ok("db", "init")
        before = self.keys()
        os.unlink(self.site.database)
        said = self.site.ok("db", "init")
        self.assertEqual(said.count("kept"), 3)
        self.assertEqual(self.keys(), before)

    def keys(self):
        found = []
        for name in ("verify.key", "seal.key", "outbox.key"):
            with open(self.site.path(name), "rb") as f:
                found.append(f.read())
        return found

    def test_a_run_that_is_killed_is_finished_by_the_next(self):
        self.site.ok("db", "init")
        began = time.monotonic()
        self.again(None)
        takes = time.monotonic() - began
        for i in range(120):
            self.again(takes * i / 100)
            run = self.site.run("db", "init")
            # The one that was killed may have been done.
            self.assertIn(run.returncode, (DONE, REFUSED), run.stderr)
            self.assertEqual([self.mode(name) for name in
                              ("db", "db/postlatch.db", "verify.key", "seal.key", "outbox.key")],
                             [0o2770, 0o660, 0o640, 0o600, 0o600])
            self.assertEqual(sorted(os.listdir(self.site.path("db"))), ["postlatch.db"])
            self.assertEqual(self.site.json("db", "status")["members"], 0)
            self.assertGreater(min(len(key) for key in self.keys()), 60)

    def again(self, seconds):
        """Removes all that was made, and makes it again in a process that is killed after so long."""
        for name in ("verify.key", "seal.key", "outbox.key"):
            os.unlink(self.site.path(name))
        shutil.rmtree(self.site.path("db"))
        process = subprocess.Popen([POSTLATCH, "-c", self.site.policy_file, "db", "init"], stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        process.wait()

    def test_keys_are_never_made_for_a_database_that_is_there(self):
        self.site.ok("db", "init")
        os.unlink(self.site.path("seal.key"))
        run = self.site.run("db", "init")
        self.assertEqual(run.returncode, REFUSED)
        self.assertFalse(os.path.exists(self.site.path("seal.key")))

    def test_a_folder_that_cannot_be_made(self):
        self.site.write("db", "a file")
        run = self.site.run("db", "init")
        self.assertEqual(run.returncode, TRY_AGAIN)
        self.assertIn(self.site.database, run.stderr)
        self.assertFalse(os.path.exists(self.site.path("verify.key")))


class Care(CommandTest):
    def test_status(self):
        self.site.ok("member", "add", "a@x.test")
        self.site.ok("app-password", "create", "a@x.test")
        status = self.site.json("db", "status")
        self.assertEqual(status["version"], status["program_version"])
        self.assertGreater(status["bytes"], 4096)
        counts = {"domains": 1, "members": 1, "app_passwords": 1, "sessions": 0, "audit": 2}
        self.assertEqual({name: status[name] for name in counts}, counts)
        text = self.site.ok("db", "status")
        self.assertRegex(text, r"(?m)^members +1$")
        self.assertRegex(text, r"(?m)^version +%d of %d$" % (status["version"], status["version"]))

    def test_prune(self):
        self.site.policy("audit_days = 10")
        for name in "abc":
            self.site.ok("member", "add", name + "@x.test")
        self.site.sql("UPDATE audit SET at = at - 11 * 86400 WHERE object <> 'c@x.test'")
        removed = self.site.json("db", "prune")["removed"]
        self.assertEqual({kind: count for kind, count in removed.items() if count != 0}, {"audit_records": 2})
        self.assertLessEqual({"sessions", "trusted_devices", "tokens", "codes", "registrations", "signing_keys", "messages",
                              "failures", "sign_in_records", "login_counts", "guess_counts", "adoption"}, set(removed))
        self.assertNotIn("a@x.test", self.site.ok("audit"))
        self.assertIn("c@x.test", self.site.ok("audit"))
        self.assertRegex(self.site.ok("db", "prune"), r"(?m)^audit_records +0$")

    def test_migrate_of_a_database_that_needs_none(self):
        version = self.site.json("db", "status")["version"]
        self.assertEqual(self.site.ok("db", "migrate"), "already at version %d\n" % version)
        self.assertEqual(self.site.json("db", "migrate"), {"from": version, "to": version})

    def become_older(self):
        """The site's database becomes one of version 1; returns the newest version."""
        newest = self.site.json("db", "status")["program_version"]
        os.unlink(self.site.database)
        with open(os.path.join(ROOT, "tests/data/schema-1.sql")) as older, \
                contextlib.closing(sqlite3.connect(self.site.database)) as database:
            database.executescript(older.read())
        return newest

    def test_migrate_of_an_older_database(self):
        newest = self.become_older()
        run = self.site.run("member", "list")
        self.assertEqual(run.returncode, CONFIG)
        self.assertIn("postlatch db migrate", run.stderr)
        self.assertEqual(self.site.json("db", "migrate"), {"from": 1, "to": newest})
        self.assertEqual(self.own("owner@example.test")["pop3"], "on")
        self.assertEqual(self.site.ok("db", "migrate"), "already at version %d\n" % newest)

    def test_migrate_makes_the_key_of_the_outbox_with_the_outbox(self):
        key = self.site.path("outbox.key")
        os.unlink(key)
        self.assertNotIn("created", self.site.ok("db", "migrate"))
        self.assertFalse(os.path.exists(key))
        self.become_older()
        self.assertIn("created " + key, self.site.ok("db", "migrate"))
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        with open(key) as f:
            made = f.read()
        self.become_older()
        self.site.ok("db", "migrate")
        with open(key) as f:
            self.assertEqual(f.read(), made)

    def test_migrate_writes_a_copy_of_what_it_changes(self):
        self.become_older()
        copy = self.site.path("copy.db")
        self.site.ok("db", "migrate", "--backup", copy)
        with contextlib.closing(sqlite3.connect(copy)) as database:
            self.assertEqual(database.execute("SELECT MAX(version) FROM schema_history").fetchall(), [(1,)])
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        self.assertEqual(self.own("owner@example.test")["pop3"], "on")

    def test_migrate_writes_no_copy_when_nothing_is_to_do(self):
        self.assertIn("already", self.site.ok("db", "migrate", "--backup", self.site.path("copy.db")))
        self.assertFalse(os.path.exists(self.site.path("copy.db")))

    def test_migrate_changes_nothing_when_the_copy_cannot_be_written(self):
        self.become_older()
        self.refused(REFUSED, "db", "migrate", "--backup", self.site.write("copy.db", "precious"), says="copy.db")
        with contextlib.closing(sqlite3.connect(self.site.database)) as database:
            self.assertEqual(database.execute("SELECT MAX(version) FROM schema_history").fetchall(), [(1,)])

    def test_migrate_of_what_is_not_there(self):
        os.unlink(self.site.database)
        self.refused(TRY_AGAIN, "db", "migrate", says=self.site.database)
        self.assertEqual(self.site.ok("db", "migrate", "--if-exists"), "there is no database yet\n")
        self.assertEqual(self.site.json("db", "migrate", "--if-exists"), {"from": None, "to": None})
        self.assertFalse(os.path.exists(self.site.database))

    def test_backup_is_whole_and_private(self):
        self.site.ok("member", "add", "a@x.test", "pop3=off")
        copy = self.site.path("copy.db")
        self.assertEqual(self.site.ok("db", "backup", copy), "wrote %s\n" % copy)
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        before = self.site.state()
        os.rename(copy, self.site.database)
        self.assertEqual(self.site.state(), before)
        self.assertEqual(self.own("a@x.test"), {"pop3": "off"})

    def test_backup_while_in_use(self):
        self.site.ok("member", "set", "--add", *["m%04d@x.test" % i for i in range(2000)], "pop3=on")
        stop = threading.Event()
        writes = []

        def write():
            while not stop.is_set():
                value = "off" if len(writes) % 2 else "on"
                writes.append(self.site.run("member", "set", "--domain", "x.test", "imap=" + value).returncode)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(5):
                copy = self.site.path("copy%d.db" % number)
                self.site.ok("db", "backup", copy)
                database = sqlite3.connect(copy)
                # The writer changes all members in one transaction: never a mixture.
                self.assertEqual(len(database.execute("SELECT DISTINCT settings FROM member").fetchall()), 1)
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                database.close()
        finally:
            stop.set()
            writer.join()
        self.assertEqual(set(writes), {0})

    def test_backup_never_overwrites(self):
        copy = self.site.write("copy.db", "precious")
        self.refused(REFUSED, "db", "backup", copy, says=("copy.db", "already exists"))
        with open(copy) as f:
            self.assertEqual(f.read(), "precious")

    def test_backup_where_it_cannot_be_written(self):
        self.refused(TRY_AGAIN, "db", "backup", self.site.path("none/copy.db"), says="none/copy.db")

    def test_backup_of_what_is_not_there(self):
        os.unlink(self.site.database)
        copy = self.site.path("copy.db")
        self.refused(TRY_AGAIN, "db", "backup", copy, says=self.site.database)
        self.assertFalse(os.path.exists(copy))

    def test_verify(self):
        copy = self.site.path("copy.db")
        self.site.ok("db", "backup", copy)
        version = self.site.json("db", "status")["version"]
        for file in ((), (copy,)):
            self.assertIn("version %d, pages, indexes and references are sound" % version,
                          self.site.ok("db", "verify", *file))
            self.assertEqual(self.site.json("db", "verify", *file)["version"], version)
        self.assertEqual(sorted(name for name in os.listdir(self.site.dir) if "copy" in name), ["copy.db"])

    def test_verify_of_what_is_damaged(self):
        self.site.ok("member", "add", "a@x.test")
        copy = self.site.path("copy.db")
        self.site.ok("db", "backup", copy)
        with contextlib.closing(sqlite3.connect(copy)) as database, database:
            database.execute("UPDATE member SET domain_id = 99")
        self.refused(BAD_DATA, "db", "verify", copy, says=("copy.db is damaged", "member", "domain"))
        self.refused(CONFIG, "db", "verify", self.site.write("words.db", "words " * 1000), says="not a database")
        self.refused(TRY_AGAIN, "db", "verify", self.site.path("none.db"), says="none.db")
        with open(copy, "r+b") as f:
            f.truncate(os.path.getsize(copy) // 2)
        self.assertNotEqual(self.site.run("db", "verify", copy).returncode, DONE)


class Restore(CommandTest):
    def setUp(self):
        super().setUp()
        self.copy = self.site.path("copy.db")
        self.site.ok("member", "add", "a@x.test", "pop3=off")
        self.site.ok("app-password", "create", "a@x.test", "--label", "phone")
        self.site.ok("db", "backup", self.copy)
        with open(self.copy, "rb") as f:
            self.bytes = f.read()

    def rows(self, table):
        return self.site.sql("SELECT * FROM " + table)

    def left(self):
        return sorted(name for name in os.listdir(self.site.path("db")) if "restore" in name)

    def test_all_is_as_it_was_and_what_is_undone_is_said(self):
        members = self.rows("member")
        self.site.ok("app-password", "revoke", "a@x.test", "--all")
        self.site.ok("member", "set", "a@x.test", "pop3=on")
        self.site.ok("member", "add", "b@x.test")
        inode = os.stat(self.site.database)
        said = self.site.ok("db", "restore", self.copy)
        undone = [line.split(": ", 1)[1].split()[0] for line in said.splitlines() if ": member." in line or ": app-" in line]
        self.assertEqual(undone, ["member.add", "member.set", "app-password.revoke"])
        self.assertIn("These 3 changes are undone", said)
        self.assertEqual(self.rows("member"), members)
        self.assertEqual(len(self.site.json("app-password", "list", "a@x.test")), 1)
        self.assertEqual(self.site.json("audit")[0]["action"], "db.restore")
        now = os.stat(self.site.database)
        self.assertEqual((now.st_ino, now.st_mode, now.st_gid), (inode.st_ino, inode.st_mode, inode.st_gid))
        self.assertEqual(self.left(), [])
        with open(self.copy, "rb") as f:
            self.assertEqual(f.read(), self.bytes)
        self.site.ok("db", "verify")

    def test_dry_run_says_the_same_and_changes_nothing(self):
        self.site.ok("app-password", "revoke", "a@x.test", "--all")
        before = self.site.state()
        plan = self.site.json("db", "restore", self.copy, "--dry-run")
        self.assertEqual((plan["restored"], plan["compared"]), (False, True))
        self.assertEqual([record["action"] for record in plan["undone"]], ["app-password.revoke"])
        self.assertIn("would be undone", self.site.ok("db", "restore", self.copy, "--dry-run"))
        self.assertEqual((self.site.state(), self.left()), (before, []))
        self.assertEqual(self.site.json("db", "restore", self.copy)["undone"], plan["undone"])
        self.assertIn("Nothing was changed", self.site.ok("db", "restore", self.make("again.db")))

    def make(self, name):
        self.site.ok("db", "backup", self.site.path(name))
        return self.site.path(name)

    def test_no_id_is_given_twice(self):
        for _ in range(2):
            self.site.ok("app-password", "create", "a@x.test")
        given = max(row["id"] for row in self.site.json("app-password", "list", "a@x.test"))
        newest = self.site.json("audit")[0]["id"]
        self.site.ok("db", "restore", self.copy)
        self.assertGreater(self.site.json("app-password", "create", "a@x.test")["id"], given)
        self.assertGreater(min(row["id"] for row in self.site.json("audit")[:2]), newest)

    def test_sessions_and_trust_end_and_codes_are_used_up(self):
        now = int(time.time())
        self.site.sql("INSERT INTO totp (member_id, registered_at, registered_ip, secret, last_step) "
                      "VALUES (1, 1, '', x'00', 5)")
        self.site.sql("INSERT INTO trusted_device (member_id, series, value, rotated_at, generation, name, created_at, "
                      "expires_at, used_at, ip) VALUES (1, x'01', x'02', 1, 0, '', 1, ?, 1, '')", now + 999)
        self.site.sql("INSERT INTO session (member_id, channel, generation, created_at, expires_at, ip, device, trusted_id) "
                      "VALUES (1, 'webmail', 0, ?, ?, '', '', 1)", now, now + 999)
        self.site.sql("INSERT INTO token (digest, session_id, expires_at) VALUES (x'03', 1, ?)", now + 999)
        copy = self.make("sessions.db")
        self.site.ok("db", "restore", copy)
        self.assertEqual([self.rows(table) for table in ("session", "token", "trusted_device")], [[], [], []])
        self.assertGreater(self.site.sql("SELECT last_step FROM totp")[0][0], now // 30)

    def test_of_an_older_version(self):
        with open(os.path.join(ROOT, "tests/data/schema-1.sql")) as older, \
                contextlib.closing(sqlite3.connect(self.site.path("older.db"))) as database:
            database.executescript(older.read())
        self.assertIn("version 1;", self.site.ok("db", "restore", self.site.path("older.db")))
        self.assertEqual(self.own("owner@example.test")["pop3"], "on")
        status = self.site.json("db", "status")
        self.assertEqual(status["version"], status["program_version"])

    def test_of_a_newer_version(self):
        with contextlib.closing(sqlite3.connect(self.copy)) as database, database:
            database.execute("INSERT INTO schema_history (version, title, applied_at) VALUES (9999, 'later', 1)")
        for command in ("restore", "verify"):
            self.refused(CONFIG, "db", command, self.copy, says=("version 9999", "update this program"))
        self.assertEqual(self.left(), [])

    def test_of_what_is_damaged_or_not_there(self):
        with contextlib.closing(sqlite3.connect(self.copy)) as database, database:
            database.execute("UPDATE app_password SET member_id = 99")
        self.refused(BAD_DATA, "db", "restore", self.copy, says=("copy.db", "damaged", "app_password"))
        self.refused(TRY_AGAIN, "db", "restore", self.site.path("none.db"), says="none.db")
        self.refused(CONFIG, "db", "restore", self.site.write("words.db", "words " * 1000), says="words.db")
        self.assertEqual(self.left(), [])

    def test_where_there_is_no_database(self):
        members = self.rows("member")
        os.unlink(self.site.database)
        self.site.write("db/postlatch.db-wal", b"of the database that is gone")
        said = self.site.ok("db", "restore", self.copy)
        self.assertIn("what was revoked after the backup is not known", said)
        self.assertEqual(self.rows("member"), members)
        self.assertEqual(stat.S_IMODE(os.stat(self.site.database).st_mode), 0o660)
        shutil.rmtree(self.site.path("db"))
        self.site.ok("db", "restore", self.copy)
        self.assertEqual((self.rows("member"), self.left()), (members, []))
        self.assertEqual(stat.S_IMODE(os.stat(self.site.path("db")).st_mode), 0o2770)

    def test_where_the_database_is_damaged(self):
        members = self.rows("member")
        with open(self.site.database, "r+b") as f:
            f.write(b"x" * 4096)
        run = self.site.run("db", "restore", self.copy)
        self.assertNotEqual(run.returncode, DONE)
        self.assertIn("move %s, %s-wal and %s-shm" % ((self.site.database,) * 3), run.stderr)
        os.rename(self.site.database, self.site.path("damaged"))
        self.site.ok("db", "restore", self.copy)
        self.assertEqual(self.rows("member"), members)

    def test_killed_at_any_moment_it_leaves_one_or_the_other(self):
        self.site.ok("member", "set", "--add", *["m%04d@x.test" % i for i in range(1500)], "pop3=on")
        large = self.make("large.db")
        began = time.monotonic()
        self.site.ok("db", "restore", self.copy)
        takes = time.monotonic() - began
        found = set()
        for i in range(24):
            self.site.ok("db", "restore", large if i % 2 else self.copy)
            process = subprocess.Popen([POSTLATCH, "-c", self.site.policy_file, "db", "restore", self.copy if i % 2 else large],
                                       stdout=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(takes * i / 24 * 1.5)
            process.kill()
            process.wait()
            self.site.ok("db", "verify")
            found.add(self.site.json("db", "status")["members"])
        self.assertEqual(found, {1, 1501})

    def test_others_read_and_write_meanwhile(self):
        self.site.ok("member", "set", "--add", *["m%04d@x.test" % i for i in range(1500)], "pop3=on")
        large = self.make("large.db")
        stop = threading.Event()
        statuses, counts = set(), set()

        def use():
            while not stop.is_set():
                statuses.add(self.site.run("member", "set", "a@x.test", "imap=off").returncode)
                counts.add(self.site.json("db", "status")["members"])

        user = threading.Thread(target=use)
        user.start()
        try:
            for i in range(10):
                self.site.ok("db", "restore", self.copy if i % 2 else large)
        finally:
            stop.set()
            user.join()
        self.assertEqual((statuses, counts), ({DONE}, {1, 1501}))


if __name__ == "__main__":
    unittest.main()
