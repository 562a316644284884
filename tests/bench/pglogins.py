"""Logins on a private PostgreSQL: Dovecot's own sql passdb beside Postlatch."""
import os
import subprocess
import time

from logins import POSTLATCH, Dovecot, Logins

SERVER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "postgresql-server")
BUFFERS = "-c shared_buffers=128MB"  # as a server has it that nobody has configured
SQL = """\
driver = pgsql
connect = host={dir} dbname=postlatch user=postlatch
default_pass_scheme = PLAIN
password_query = SELECT address AS user, password FROM members WHERE address = '%u'
"""


class PgLogins(Logins):
    """Reads alone, so that the disk has no part in it."""

    def __init__(self, folder, build, database):
        self.generator = build + "/tests/bench/authload"
        self.dir = folder + "/postgresql"
        os.mkdir(self.dir)
        os.chmod(self.dir, 0o755)
        self.uri = subprocess.run([SERVER, "start", self.dir], check=True, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PGSERVER_OPTIONS": BUFFERS}).stdout.strip()
        start = time.monotonic()
        database.command("db", "copy", "--from", "sqlite:%s/db/postlatch.db" % database.dir, "--to", self.uri)
        self.copy_seconds = time.monotonic() - start
        self.make_sql(database.credentials)
        policy = self.write_policy(database.policy)
        self.servers = {"sql": Dovecot(folder, "pgsql", "  driver = sql\n  args = %s/dovecot-sql.conf.ext" % self.dir)}
        self.servers["postlatch"] = Dovecot(folder, "pg", POSTLATCH % policy)
        self.variants = {name: (server, "PLAIN", database.credentials) for name, server in self.servers.items()}
        self.variants["postlatch, token"] = (self.servers["postlatch"], "XOAUTH2", database.tokens)

    def processes(self, server):
        with open(self.dir + "/data/postmaster.pid") as f:
            return super().processes(server) + [int(f.readline())]

    def make_sql(self, credentials):
        """The same members for Dovecot's own sql passdb, with plain passwords."""
        rows = "".join("%s\t%s\n" % tuple(line.split()) for line in open(credentials))
        for statement, given in (("CREATE TABLE members (address TEXT PRIMARY KEY, password TEXT NOT NULL)", ""),
                                 ("COPY members FROM STDIN", rows), ("VACUUM ANALYZE", "")):
            subprocess.run(["psql", "-q", "-h", self.dir, "-U", "postlatch", "-d", "postlatch", "-c", statement],
                           input=given, text=True, check=True)
        with open(self.dir + "/dovecot-sql.conf.ext", "w") as f:
            f.write(SQL.format(dir=self.dir))

    def version(self):
        return subprocess.run(["psql", "-XAt", "-h", self.dir, "-U", "postlatch", "-d", "postlatch", "-c",
                               "SHOW server_version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]

    def write_policy(self, policy):
        with open(policy) as f, open(policy + ".postgresql", "w") as out:
            out.writelines('database = "%s"\n' % self.uri if line.startswith("database") else line for line in f)
        return policy + ".postgresql"

    def stop(self):
        super().stop()
        subprocess.run([SERVER, "stop", self.dir], check=True)
