"""A private PostgreSQL for tests, started by tests/postgresql-server."""
import os
import shutil
import subprocess
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMAND = os.path.join(TESTS, "postgresql-server")


class PostgreSQL:
    """One server with one empty database; its socket is in its folder."""

    def __init__(self, **options):
        """options: of the server, as in postgresql.conf."""
        self.dir = tempfile.mkdtemp(prefix="postlatch-postgresql-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.options = options
        self.uri = None

    def start(self):
        words = " ".join("-c %s=%s" % option for option in self.options.items())
        run = subprocess.run([COMMAND, "start", self.dir], capture_output=True, text=True, timeout=120,
                             env={**os.environ, "PGSERVER_OPTIONS": words})
        if run.returncode != 0:
            raise RuntimeError("postgresql-server failed:\n" + run.stdout + run.stderr)
        self.uri = run.stdout.strip()
        return self

    def remove(self):
        subprocess.run([COMMAND, "stop", self.dir], capture_output=True, timeout=120)
        shutil.rmtree(self.dir, ignore_errors=True)

    def sql(self, text):
        """Rows of the statement, as lines of columns divided by |."""
        run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.dir,
                              "-U", "postlatch", "-d", "postlatch", "-c",
                              "SET search_path = postlatch;" + text], capture_output=True, text=True, timeout=90)
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return run.stdout.splitlines()
