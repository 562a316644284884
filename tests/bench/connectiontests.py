"""The portal while many members have their connection tests open.

The page asks once a second for what is new; so do 1,000 pages, each with a session of its own."""
import json
import sqlite3
import subprocess
import time

import machine
from rounds import Rounds

OPEN, ATTEMPTS = 1000, 10  # tests, and what each has shown already
CONNECTIONS, SECONDS = 16, 1
PATH = "/api/account/connection-test?since=%d"


class ConnectionTests:
    def __init__(self, folder, here, database, members, portal):
        self.script, self.portal = here + "/api.lua", portal
        self.cookies = folder + "/testers"
        policy = members.write_policy(folder + "/testers.conf", members.dir, "http://localhost", "/nonexistent")
        database.fill("cookies", OPEN, self.cookies, policy)
        self.newest = self.start_tests(members.dir + "/postlatch.db")
        self.variants = {"session": "/api/session", "nothing new": PATH % self.newest, "loaded anew": PATH % 1}

    def start_tests(self, path):
        """The id of the newest attempt."""
        now = int(time.time())
        with sqlite3.connect(path, timeout=60) as db:
            db.execute("INSERT INTO connection_test (member_id, started_at, ends_at, ip, attempts) "
                       "SELECT DISTINCT member_id, ?, ?, '127.0.0.1', ? FROM session WHERE cookie IS NOT NULL "
                       "AND pending = 0 ORDER BY id DESC LIMIT ?", (now, now + 86400, ATTEMPTS, OPEN))
            for _ in range(ATTEMPTS):
                db.execute("INSERT INTO connection_attempt (member_id, at, service, port, tls, mechanism, name, ip, rule, "
                           "allowed) SELECT member_id, ?, 'smtp', 0, 'yes', 'PLAIN', 'copier@example.test', '192.0.2.7', "
                           "'wrong-password', 0 FROM connection_test", (now,))
            return db.execute("SELECT MAX(id) FROM connection_attempt").fetchone()[0]

    def slice(self, variant):
        before = machine.cpu_seconds(self.portal.process.pid)
        run = subprocess.run(["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % SECONDS, "-s", self.script,
                              "http://127.0.0.1:%d" % self.portal.port, "--", self.variants[variant], self.cookies],
                             stdout=subprocess.PIPE, check=True)
        result = json.loads(run.stdout.splitlines()[-1])
        if result["failed"]:
            raise RuntimeError("%s: %d requests failed" % (variant, result["failed"]))
        cpu = machine.cpu_seconds(self.portal.process.pid) - before
        return {**result, "cpu": 1e6 * cpu / result["requests"]}

    def measure(self, seconds):
        for variant in self.variants:
            self.slice(variant)
        return Rounds({name: lambda name=name: self.slice(name) for name in self.variants}).run(seconds)
