"""The database of the benchmark: members by the command, what they sign in with by fill."""
import grp
import os
import random
import sqlite3
import subprocess
import time

MEMBERS = 100000
EACH = 3  # app passwords
TOKENS = 5000  # members with a webmail session and its access token
DOMAINS = 50

POLICY = """\
database = "sqlite:{dir}/db/postlatch.db"
verify_key = "{dir}/verify.key"
seal_key = "{dir}/seal.key"
outbox_key = "{dir}/outbox.key"
member_forwards = on
defaults {{ forwarding = on }}
"""


def give_to_dovecot(path):
    """What group postlatch is for on a real system."""
    os.chown(path, -1, grp.getgrnam("dovecot").gr_gid)


def give_folder_to_dovecot(folder):
    os.chmod(folder, 0o2770)
    for path in (folder, *(folder + "/" + name for name in os.listdir(folder))):
        give_to_dovecot(path)


class Database:
    def __init__(self, folder, build):
        self.dir, self.build = folder, build
        self.policy = folder + "/policy.conf"
        self.credentials = folder + "/credentials"
        self.tokens = folder + "/tokens"
        self.sql = folder + "/sql/members.db"
        self.import_seconds = self.fill_seconds = None

    def make(self):
        with open(self.policy, "w") as f:
            f.write(POLICY.format(dir=self.dir))
        self.command("db", "init")
        self.import_members()
        start = time.monotonic()
        self.fill("app-passwords", EACH, self.credentials)
        self.fill("tokens", TOKENS, self.tokens)
        self.fill_seconds = time.monotonic() - start
        give_to_dovecot(self.dir + "/verify.key")
        give_folder_to_dovecot(self.dir + "/db")
        self.make_sql()

    def command(self, *words):
        subprocess.run([self.build + "/ctl/postlatch", "-c", self.policy, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def fill(self, what, count, path, policy=None):
        with open(path, "w") as f:
            subprocess.run([self.build + "/tests/bench/fill", policy or self.policy, what, str(count)],
                           stdout=f, check=True)

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

    def make_sql(self):
        """The same members for Dovecot's own sql passdb, with plain passwords."""
        os.mkdir(os.path.dirname(self.sql))
        with open(self.credentials) as f, sqlite3.connect(self.sql) as db:
            db.execute("CREATE TABLE members (address TEXT PRIMARY KEY, password TEXT NOT NULL)")
            db.executemany("INSERT INTO members VALUES (?, ?)", (line.split() for line in f))
        db.close()
        os.chmod(self.sql, 0o644)
