"""The command `postlatch` with a policy file and a database of its own, and no mail server."""
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD_DIR", os.path.join(ROOT, "build"))
POSTLATCH = os.path.join(BUILD, "ctl", "postlatch")
TIMEOUT = 120

DONE, REFUSED, UNDECIDED = 0, 1, 2
USAGE, BAD_DATA, INTERNAL, TRY_AGAIN, CONFIG = 64, 65, 70, 75, 78


class Site:
    """A folder with all that the command needs."""

    def __init__(self, policy="", init=True):
        self.dir = tempfile.mkdtemp(prefix="postlatch-command-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.policy_file = self.path("policy.conf")
        self.database = self.path("db/postlatch.db")
        self.policy(policy)
        if init:
            self.ok("db", "init")

    def remove(self):
        shutil.rmtree(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        with open(self.path(name), "wb" if isinstance(content, bytes) else "w") as f:
            f.write(content)
        return self.path(name)

    def policy(self, more=""):
        """Writes the policy file: where things are, and what is given."""
        self.write("policy.conf", 'database = "sqlite:%s"\nverify_key = "%s"\nseal_key = "%s"\noutbox_key = "%s"\n%s\n' % (
            self.database, self.path("verify.key"), self.path("seal.key"), self.path("outbox.key"), more))

    def run(self, *args, stdin="", env=None):
        """Runs the command; its answer has returncode, stdout and stderr."""
        return subprocess.run([POSTLATCH, "-c", self.policy_file, *args], input=stdin, text=True,
                              capture_output=True, timeout=TIMEOUT, env={**os.environ, **(env or {})})

    def ok(self, *args, **options):
        """What it prints when all is well."""
        run = self.run(*args, **options)
        if run.returncode != DONE:
            raise AssertionError("postlatch %s: exit %d: %s" % (" ".join(args), run.returncode, run.stderr))
        return run.stdout

    def json(self, *args, **options):
        return json.loads(self.ok("--json", *args, **options))

    def sql(self, statement, *values):
        """Rows of the database, read or written behind the command's back."""
        database = sqlite3.connect(self.database, isolation_level=None)
        try:
            return database.execute(statement, values).fetchall()
        finally:
            database.close()

    def state(self):
        """All rows of all tables, to see that nothing changed."""
        # One connection: each reads the definitions of all tables.
        database = sqlite3.connect(self.database)
        try:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            return {table: database.execute("SELECT * FROM " + table).fetchall() for table, in tables}
        finally:
            database.close()


class CommandTest(unittest.TestCase):
    """A fresh site for each test."""

    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)

    def refused(self, status, *args, says=(), **options):
        """The command fails with that status, says so, and changes nothing."""
        before = self.site.state() if os.path.exists(self.site.database) else None
        run = self.site.run(*args, **options)
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        self.assertRegex(run.stderr, "^postlatch: ")
        for words in (says,) if isinstance(says, str) else says:
            self.assertIn(words, run.stderr)
        if before is not None:
            self.assertEqual(self.site.state(), before)
        return run.stderr

    def own(self, member):
        """A member's own settings, without those that it inherits."""
        rows = {row["member"]: row for row in self.site.json("member", "list")}
        return {name: value for name, value in rows[member]["own"].items() if value != "inherit"}

    def holds(self, member, setting):
        """What holds for a member, and where that comes from."""
        found = self.site.json("member", "show", member)["settings"][setting]
        return found["value"], found["source"]
