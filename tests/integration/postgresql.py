"""A private PostgreSQL for tests, started by tests/postgresql-server; and a proxy
before one, which can fail in every way that a network can."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMAND = os.path.join(TESTS, "postgresql-server")
SOCKET = ".s.PGSQL.5432"


class PostgreSQL:
    """One server with one empty database; its socket is in its folder."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-postgresql-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.uri = None

    def command(self, *args):
        run = subprocess.run([COMMAND, *args], capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            raise RuntimeError("postgresql-server failed:\n" + run.stdout + run.stderr)
        return run.stdout.strip()

    def start(self):
        self.uri = self.command("start", self.dir)
        return self

    def standby_of(self, primary):
        self.uri = self.command("standby", self.dir, primary.dir)
        return self

    def again(self):
        self.command("again", self.dir)

    def promote(self):
        self.command("promote", self.dir)

    def stop(self):
        self.command("stop", self.dir)

    def signal(self, number):
        """The server and all that it has started get it."""
        with open(self.dir + "/data/postmaster.pid") as f:
            first = int(f.readline())
        run = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True)
        for pid in [first, *map(int, run.stdout.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)

    def pause(self):
        """Until resume(): it keeps its connections, and answers nothing."""
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def remove(self):
        with contextlib.suppress(RuntimeError):
            self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def sql(self, text):
        """Rows of the statement, as lines of columns divided by |."""
        run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.dir,
                              "-U", "postlatch", "-d", "postlatch", "-c", "SET search_path = postlatch;" + text],
                             capture_output=True, text=True, timeout=90)
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return run.stdout.splitlines()


class Proxy:
    """Stands before a server. mode:

    passes         hands everything on, after delay seconds for each answer
    silent         takes connections and bytes, and hands nothing on
    refuses        hangs up on whoever connects
    loses commits  lets a COMMIT be done, and hangs up in place of its answer
    """

    def __init__(self, server):
        self.server = server
        self.dir = tempfile.mkdtemp(prefix="postlatch-proxy-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.mode, self.delay, self.lost = "passes", 0, 0
        self.pairs = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(os.path.join(self.dir, SOCKET))
        os.chmod(os.path.join(self.dir, SOCKET), 0o777)
        self.socket.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def uri(self):
        return "postgresql://postlatch@/postlatch?host=" + self.dir

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            if self.mode == "refuses":
                client.close()
                continue
            upstream = socket.socket(socket.AF_UNIX)
            try:
                upstream.connect(os.path.join(self.server.dir, SOCKET))
            except OSError:
                client.close()
                continue
            pair = {"client": client, "upstream": upstream, "commits": False}
            self.pairs.append(pair)
            for way in (self.to_server, self.to_client):
                threading.Thread(target=way, args=(pair,), daemon=True).start()

    def to_server(self, pair):
        with contextlib.suppress(OSError):
            while data := pair["client"].recv(65536):
                while self.mode == "silent":
                    time.sleep(0.05)
                if self.mode == "loses commits" and data.startswith(b"Q") and b"COMMIT\0" in data:
                    pair["commits"] = True
                pair["upstream"].sendall(data)
        self.hang_up(pair)

    def to_client(self, pair):
        with contextlib.suppress(OSError):
            while data := pair["upstream"].recv(65536):
                while self.mode == "silent":
                    time.sleep(0.05)
                time.sleep(self.delay)
                if pair["commits"]:
                    self.lost += b"COMMIT\0" in data
                    break
                pair["client"].sendall(data)
        self.hang_up(pair)

    def hang_up(self, pair):
        for name in ("client", "upstream"):
            with contextlib.suppress(OSError):
                pair[name].shutdown(socket.SHUT_RDWR)

    def hang_up_all(self):
        for pair in self.pairs:
            self.hang_up(pair)

    def remove(self):
        self.mode = "refuses"
        self.hang_up_all()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class ProxiedTest(unittest.TestCase):
    """Tests of what is behind a proxy of a server of their own, whose schema is removed before each."""

    @classmethod
    def setUpClass(cls):
        cls.database = PostgreSQL()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start()

    def setUp(self):
        self.database.sql("DROP SCHEMA IF EXISTS postlatch CASCADE")
        self.proxy = Proxy(self.database)
        self.addCleanup(self.proxy.remove)
