"""The machines that tests/several/run has made, as the faults need them."""
import ctypes
import json
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASES, FRONTS = {"db1": "192.0.2.11", "db2": "192.0.2.12", "db3": "192.0.2.13"}, ("front1", "front2")
PATRONI = ("patronictl", "-c", "/etc/patroni/config.yml")
NOBODY = "02:00:00:00:00:01"  # no machine has this address
ENVIRONMENT = ("env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")


class Site:
    def __init__(self, work, network):
        self.work, self.network = work, network

    def enter_network(self):
        """This process becomes the mail programs and browsers."""
        with open("/run/netns/" + self.network) as f:
            if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def within(self, name, *command, namespaces="muinprw", check=True):
        with open("%s/%s/leader" % (self.work, name)) as f:
            leader = f.read().strip()
        return subprocess.run(["nsenter", "-t", leader, *("-" + letter for letter in namespaces), "--", *command], check=check,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)

    def on(self, name, *command, check=True):
        """Runs a command on a machine, as root."""
        return self.within(name, *ENVIRONMENT, *command, check=check)

    def machine(self, action, name):
        subprocess.run([HERE + "/machine", action, name], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "WORK": self.work, "NETWORK": self.network})

    def plug(self, name, state):
        """The cable of a machine: "up" or "down"."""
        subprocess.run(["ip", "-n", self.network, "link", "set", name, state], check=True)

    def cut(self, front):
        """What the front end sends to the databases arrives nowhere, and nobody tells it."""
        for address in DATABASES.values():
            self.within(front, "ip", "neigh", "replace", address, "lladdr", NOBODY, "dev", "host0", namespaces="n")

    def mend(self, front):
        for address in DATABASES.values():
            self.within(front, "ip", "neigh", "del", address, "dev", "host0", namespaces="n")

    def roles(self):
        """The database servers that run, by role."""
        for name in DATABASES:
            listed = self.on(name, *PATRONI, "list", "-f", "json", check=False)
            if listed.returncode == 0 and listed.stdout.startswith("["):
                return {row["Role"]: row["Member"] for row in json.loads(listed.stdout) if row["State"] in ("running", "streaming")}
        return {}

    def primary(self):
        return self.roles()["Leader"]

    def is_well(self):
        return set(self.roles()) == {"Leader", "Sync Standby", "Replica"} and all(
            self.on(name, "curl", "-sf", "--unix-socket", "/run/postlatch/portal.sock", "http://portal.example.com/health",
                    check=False).returncode == 0 for name in FRONTS)

    def wait_until_well(self, seconds=300):
        deadline = time.time() + seconds
        while not self.is_well():
            if time.time() > deadline:
                raise AssertionError("the site is not well after %d s: %s" % (seconds, self.roles()))
            time.sleep(1)
