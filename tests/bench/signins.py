"""Complete sign-ins at the portal: the account password, then a one-time code."""
import json
import subprocess

from portal import FACTORS
from rounds import Rounds

FEW, MANY, DISK = "16 at once", "200 at once", "200 at once, disk"
AT_ONCE = {FEW: 16, MANY: 200, DISK: 200}
COUNT = {FEW: 150, MANY: 600, DISK: 600}  # sign-ins a slice


class SignIns:
    """A code is good once, so no member signs in twice at the same portal."""

    def __init__(self, build, members, portal, portal_on_disk):
        self.generator = build + "/tests/bench/signinload"
        self.members = members.sign_ins
        self.portals = {FEW: portal, MANY: portal, DISK: portal_on_disk}
        self.used = {portal: 0, portal_on_disk: 0}

    def slice(self, variant):
        portal, count = self.portals[variant], COUNT[variant]
        before = portal.cpu_seconds()
        words = (portal.port, portal.url, self.members, self.used[portal], count, AT_ONCE[variant])
        self.used[portal] += count
        run = subprocess.run([self.generator, *map(str, words)], stdout=subprocess.PIPE, check=True)
        ours, dovecot = (1e6 * (now - then) / count for now, then in zip(portal.cpu_seconds(), before))
        return {**json.loads(run.stdout), "cpu": ours + dovecot, "dovecot": dovecot}

    def measure(self, seconds):
        for variant in AT_ONCE:
            self.slice(variant)
        most = (FACTORS - max(self.used.values())) // (COUNT[FEW] + COUNT[MANY])
        return Rounds({name: lambda name=name: self.slice(name) for name in AT_ONCE}).run(seconds, most)
