#!/usr/bin/python3
"""site_table.py FOLDER NAME - prints a value of a site's table, which is site.toml in its folder."""
import json
import os
import subprocess
import sys
import tomllib


class Account:
    """A mailbox. Its names sign in, all with the password; mail to its addresses is delivered to it.

    sieve: "redirect" or "vacation", what the member's script does. forward: where a .forward of the member's leads.
    """

    def __init__(self, member, password, names, to, sieve=None, forward=None):
        self.member, self.password, self.names, self.to = member, password, names, to
        self.sieve, self.forward = sieve, forward


def read_table(folder):
    with open(folder + "/site.toml", "rb") as f:
        return tomllib.load(f)


class Site:
    """A server that runs in a container, whose first process is the leader."""

    def __init__(self, folder, leader):
        table = read_table(folder)
        self.folder, self.leader = folder, leader
        self.accounts = [Account(**row) for row in table["accounts"]]
        self.lists = table.get("lists", {})
        self.domains = table["domains"]
        self.mechanisms = table.get("mechanisms", ["PLAIN", "LOGIN"])
        # {name, password, services} of those who sign in without being a member.
        self.others = table.get("others", [])
        # {name, make, mend} of the operator's ways to keep the first member out, and the services that know them.
        self.blocks = table.get("blocks", [])
        # What the operator does wrong, in rows as in the folder wrong, and what of that folder.
        self.common_faults = table.get("common_faults", [])
        self.wrong = table.get("wrong", [])
        self.check = table.get("check", [])

    def inside(self, *command, stdin=None, check=True):
        run = subprocess.run(["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--", "env", "-i", "HOME=/root",
                              "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command],
                             capture_output=True, text=True, input=stdin, timeout=120)
        if check and run.returncode != 0:
            raise AssertionError("%s: exit %d: %s" % (" ".join(command), run.returncode, run.stdout + run.stderr))
        return run

    def postlatch(self, *command):
        return self.inside("postlatch", *command).stdout

    def json(self, *command):
        return json.loads(self.postlatch("--json", *command))

    def path(self, name):
        """A file in there, as it is called out here."""
        return "/proc/%s/root%s" % (self.leader, name)


if __name__ == "__main__":
    value = read_table(sys.argv[1]).get(sys.argv[2], "")
    print(" ".join(value) if isinstance(value, list) else value)
