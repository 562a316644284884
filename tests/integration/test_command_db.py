"""postlatch db init, migrate, status, backup."""
import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
import time
import unittest

from command import CONFIG, DONE, POSTLATCH, REFUSED, ROOT, TIMEOUT, TRY_AGAIN, CommandTest, Site


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


if __name__ == "__main__":
    unittest.main()
