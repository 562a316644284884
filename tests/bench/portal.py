"""Portals with a private Dovecot each, where they have account passwords checked."""
import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import time

import machine
from database import give_folder_to_dovecot
from logins import Dovecot

FACTORS = 8000  # members with a second factor
COOKIES = 100   # members who have signed in already
APP_PASSWORDS = 20  # that each of these has, the most that there can be

# What their page lists; nobody signs in with these.
MORE_APP_PASSWORDS = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
INSERT INTO app_password (member_id, mac, key_id, label, services, networks, expires_at, created_at)
SELECT m.id, randomblob(32), 1, 'device ' || n, 'smtp', '192.0.2.0/24', 0, 0 FROM number CROSS JOIN
(SELECT DISTINCT member_id AS id FROM session WHERE cookie IS NOT NULL) m
WHERE n + (SELECT COUNT(*) FROM app_password a WHERE a.member_id = m.id) <= ?"""

# What an operator has: Postlatch's driver, then the passdb that knows the passwords.
PASSDB = """\
  driver = postlatch
  args = {policy}
  result_internalfail = return-fail
}}
passdb {{
  driver = passwd-file
  args = username_format=%u {passwords}
  mechanisms = plain login none"""

POLICY = """\
database = "sqlite:{dir}/postlatch.db"
verify_key = "{keys}/verify.key"
seal_key = "{keys}/seal.key"
outbox_key = "{keys}/outbox.key"
portal_url = "{url}"
auth_socket = "{socket}"
sendmail = ""
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process, log):
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("nobody answers on port %d; see %s" % (port, log)) from None
            time.sleep(0.05)


class Members:
    """A copy of the database in memory, where some members have second factors and
    some have signed in. On a disk, giving them those would take a commit for each."""

    def __init__(self, folder, database):
        self.keys, self.dir = folder, folder + "/memory"
        self.sign_ins = folder + "/sign-ins"    # address, account password, secret of the factor
        self.passwords = folder + "/passwords"  # the same for Dovecot's passwd-file
        self.cookies = folder + "/cookies"
        os.mkdir(self.dir)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", self.dir], check=True)
        database.command("db", "backup", self.dir + "/postlatch.db")
        policy = self.write_policy(folder + "/members.conf", self.dir, "http://localhost", "/nonexistent")
        database.fill("cookies", COOKIES, self.cookies, policy)
        with contextlib.closing(sqlite3.connect(self.dir + "/postlatch.db")) as db, db:
            db.execute(MORE_APP_PASSWORDS, (APP_PASSWORDS, APP_PASSWORDS))
        database.fill("factors", FACTORS, folder + "/factors", policy)
        self.make_passwords(folder + "/factors")

    def write_policy(self, path, folder, url, auth_socket):
        with open(path, "w") as f:
            f.write(POLICY.format(dir=folder, keys=self.keys, url=url, socket=auth_socket))
        return path

    def make_passwords(self, factors):
        with open(factors) as f, open(self.sign_ins, "w") as to, open(self.passwords, "w") as to_dovecot:
            for number, line in enumerate(f):
                address, secret = line.split()
                to.write("%s account-%d %s\n" % (address, number, secret))
                to_dovecot.write("%s:{PLAIN}account-%d::::::\n" % (address, number))


class Portal:
    """With the members' database in folder."""

    def __init__(self, name, folder, build, web, members):
        self.dir = "%s/%s" % (members.keys, name)
        os.mkdir(self.dir)
        os.chmod(folder + "/postlatch.db", 0o660)
        give_folder_to_dovecot(folder)
        self.port = free_port()
        self.url = "http://localhost:%d" % self.port
        policy = members.write_policy(self.dir + "/policy.conf", folder, self.url,
                                      self.dir + "/dovecot/run/auth-client")
        self.dovecot = Dovecot(self.dir, "dovecot", PASSDB.format(policy=policy, passwords=members.passwords))
        self.process = self.start(build, web, policy)

    def start(self, build, web, policy):
        log = self.dir + "/log"
        with open(log, "w") as f:
            process = subprocess.Popen([build + "/portal/postlatch-portal", "-f", "-c", policy, "-w", web,
                                        "-p", "inet:127.0.0.1:%d" % self.port],
                                       stdin=subprocess.DEVNULL, stderr=f)
        wait_for_port(self.port, process, log)
        return process

    def cpu_seconds(self):
        """(of the portal, of its Dovecot)."""
        return machine.cpu_seconds(self.process.pid), machine.cpu_seconds(self.dovecot.master.pid)

    def stop(self):
        for process in (self.process, self.dovecot.master):
            process.terminate()
            process.wait(timeout=60)


def start_portals(folder, build, web, database):
    """(members, a portal on their database in memory, one on a copy on disk)."""
    members = Members(folder, database)
    disk = folder + "/disk"
    shutil.copytree(members.dir, disk)
    return (members, Portal("portal", members.dir, build, web, members),
            Portal("portal-on-disk", disk, build, web, members))
