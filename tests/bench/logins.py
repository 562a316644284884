"""Private Dovecots, of which only the auth process is used, and their figures."""
import json
import os
import re
import socket
import subprocess
import time

import machine
from rounds import Rounds

CONNECTIONS, IN_FLIGHT = 4, 4
WARM_UP, SLICE = 0.3, 1.0  # seconds

CONFIGURATION = """\
protocols =
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
instance_name = {name}
ssl = no
auth_mechanisms = plain xoauth2
auth_worker_max_count = {workers}
passdb {{
{passdb}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
service auth {{
  unix_listener auth-client {{
    mode = 0600
  }}
}}
"""

SQL = """\
driver = sqlite
connect = {path}
default_pass_scheme = PLAIN
password_query = SELECT address AS user, password FROM members WHERE address = '%u'
"""

STATIC = "  driver = static\n  args = nopassword=y"
SECOND = "\n}\npassdb {\n" + STATIC
BEHIND = "  driver = static\n  args = password=nobody's" + SECOND  # another that knows no password of them
POSTLATCH = "  driver = postlatch\n  args = %s\n  result_internalfail = return-fail"


class Dovecot:
    def __init__(self, folder, name, passdb):
        """With one auth worker for each CPU, which the sql passdb on SQLite needs: the
        generator waits for nobody, and more do not help it."""
        self.dir = "%s/%s" % (folder, name)
        os.makedirs(self.dir + "/run")
        with open(self.dir + "/dovecot.conf", "w") as f:
            f.write(CONFIGURATION.format(dir=self.dir, name="bench-" + name, passdb=passdb,
                                         workers=os.cpu_count()))
        self.master = subprocess.Popen(["dovecot", "-F", "-c", self.dir + "/dovecot.conf"],
                                       stdin=subprocess.DEVNULL)
        self.socket = self.dir + "/run/auth-client"
        self.auth = self.start_auth()
        self.first_memory = machine.memory_mib(self.auth)

    def start_auth(self):
        """The first client brings the auth process up; nobody has signed in yet."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(10)
                    client.connect(self.socket)
                    client.sendall(b"VERSION\t1\t2\nCPID\t1\n")
                    greeting = b""
                    while not greeting.endswith(b"DONE\n"):
                        greeting += client.recv(4096)
                return int(re.search(rb"^SPID\t(\d+)$", greeting, re.M).group(1))
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.05)
        raise RuntimeError("Dovecot did not come up; see %s/log" % self.dir)

    def memory_growth(self):
        """(MiB, of that mapped files) since the auth process was up."""
        return tuple(now - first for now, first in zip(machine.memory_mib(self.auth), self.first_memory))


class Logins:
    def __init__(self, folder, build, database):
        self.generator = build + "/tests/bench/authload"
        sql = folder + "/dovecot-sql.conf.ext"
        with open(sql, "w") as f:
            f.write(SQL.format(path=database.sql))
        self.servers = {
            "static": Dovecot(folder, "static", STATIC),
            "static again": Dovecot(folder, "static-again", STATIC),
            "sql": Dovecot(folder, "sql", "  driver = sql\n  args = " + sql),
            "postlatch": Dovecot(folder, "postlatch", POSTLATCH % database.policy),
            "static, second": Dovecot(folder, "static-second", BEHIND),
            "postlatch, first": Dovecot(folder, "postlatch-first", POSTLATCH % database.policy + SECOND),
        }
        passwords = ("PLAIN", database.credentials)
        self.variants = {name: (server, *passwords) for name, server in self.servers.items()}
        self.variants["postlatch, token"] = (self.servers["postlatch"], "XOAUTH2", database.tokens)

    def processes(self, server):
        """Which have worked for a login, with all that they have started."""
        return [server.master.pid]

    def slice(self, name):
        server, mechanism, credentials = self.variants[name]
        before = machine.cpu_seconds(*self.processes(server))
        numbers = [str(number) for number in (CONNECTIONS, IN_FLIGHT, WARM_UP, SLICE)]
        run = subprocess.run([self.generator, server.socket, mechanism, credentials, *numbers],
                             stdout=subprocess.PIPE, check=True)
        result = json.loads(run.stdout)
        if result["refused"]:
            raise RuntimeError("%s: %d logins of %d were refused; see %s/log" % (
                name, result["refused"], result["answers"], server.dir))
        result["cpu"] = 1e6 * (machine.cpu_seconds(*self.processes(server)) - before) / result["answers"]
        return result

    def measure(self, seconds):
        return Rounds({name: lambda name=name: self.slice(name) for name in self.variants}).run(seconds)

    def stop(self):
        for server in self.servers.values():
            server.master.terminate()
        for server in self.servers.values():
            server.master.wait(timeout=30)
