"""Phones of members that have the page for approvals open: each asks every three seconds whether a sign-in waits."""
import contextlib
import json
import sqlite3
import subprocess

import machine
from rounds import Rounds

PHONES, EVERY = 10000, 3  # seconds between two questions of a phone, as web/approve/registered.js has it
CONNECTIONS, SECONDS = 64, 2
PATH = "/api/approve/request"

# One for each of so many members.
ADD = "INSERT INTO approval_device (member_id, public_key, name, created_at, created_ip) VALUES (?, ?, 'phone', 1, '')"


class Phones:
    """What they send is signed beforehand, and good for two minutes."""

    def __init__(self, folder, here, build, members, portal):
        self.script, self.portal, self.sent = here + "/api.lua", portal, folder + "/phones"
        with open(self.sent, "w") as f:
            subprocess.run([build + "/tests/bench/phonesign", portal.url, str(PHONES)], stdout=f, check=True)
        with open(self.sent) as f:
            keys = [bytes.fromhex(line.split(" ", 1)[0]) for line in f]
        with contextlib.closing(sqlite3.connect(members.dir + "/postlatch.db", timeout=60)) as db, db:
            ids = [row[0] for row in db.execute("SELECT id FROM member ORDER BY id LIMIT ?", (PHONES,))]
            db.executemany(ADD, zip(ids, keys))

    def slice(self):
        before = machine.cpu_seconds(self.portal.process.pid)
        run = subprocess.run(["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % SECONDS, "-s", self.script,
                              "http://127.0.0.1:%d" % self.portal.port, "--", PATH, self.sent, self.portal.url],
                             stdout=subprocess.PIPE, check=True)
        result = json.loads(run.stdout.splitlines()[-1])
        if result["failed"]:
            raise RuntimeError("phones: %d questions failed" % result["failed"])
        cpu = 1e6 * (machine.cpu_seconds(self.portal.process.pid) - before) / result["requests"]
        return {**result, "phones": result["rate"] * EVERY, "cpu": cpu}

    def measure(self, seconds):
        self.slice()
        return Rounds({"questions": self.slice}).run(seconds)
