"""The database of the benchmark: members by the command, app passwords by fill."""
import grp
import os
import random
import sqlite3
import subprocess
import time

MEMBERS = 100000
EACH = 3  # app passwords
DOMAINS = 50

POLICY = """\
database = "sqlite:{dir}/db/postlatch.db"
verify_key = "{dir}/verify.key"
seal_key = "{dir}/seal.key"
defaults {{ forwarding = on }}
"""


class Database:
    def __init__(self, folder, build):
        self.dir, self.build = folder, build
        self.policy = folder + "/policy.conf"
        self.credentials = folder + "/credentials"
        self.sql = folder + "/sql/members.db"
        self.import_seconds = self.fill_seconds = None

    def make(self):
        with open(self.policy, "w") as f:
            f.write(POLICY.format(dir=self.dir))
        self.command("db", "init")
        self.import_members()
        start = time.monotonic()
        with open(self.credentials, "w") as f:
            subprocess.run([self.build + "/tests/bench/fill", self.policy, str(EACH)], stdout=f, check=True)
        self.fill_seconds = time.monotonic() - start
        self.give_to_dovecot()
        self.make_sql()

    def command(self, *words):
        subprocess.run([self.build + "/ctl/postlatch", "-c", self.policy, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def import_members(self):
        """A tenth have settings of their own, as in a real domain."""
        rows = ["member%d@domain%d.test,%s" % (i, i % DOMAINS, "off" if i % 10 == 0 else "")
                for i in range(MEMBERS)]
        random.Random(1).shuffle(rows)
        path = self.dir + "/members.csv"
        with open(path, "w") as f:
            f.write("address,pop3\n" + "\n".join(rows) + "\n")
        start = time.monotonic()
        self.command("member", "import", path)
        self.import_seconds = time.monotonic() - start

    def give_to_dovecot(self):
        """What group postlatch is for on a real system."""
        group = grp.getgrnam("dovecot").gr_gid
        os.chmod(self.dir + "/db", 0o2770)
        for name in ("verify.key", "db", *("db/" + name for name in os.listdir(self.dir + "/db"))):
            os.chown(self.dir + "/" + name, -1, group)

    def make_sql(self):
        """The same members for Dovecot's own sql passdb, with plain passwords."""
        os.mkdir(os.path.dirname(self.sql))
        with open(self.credentials) as f, sqlite3.connect(self.sql) as db:
            db.execute("CREATE TABLE members (address TEXT PRIMARY KEY, password TEXT NOT NULL)")
            db.executemany("INSERT INTO members VALUES (?, ?)", (line.split() for line in f))
        db.close()
        os.chmod(self.sql, 0o644)
