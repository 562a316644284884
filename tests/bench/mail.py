"""A private Postfix with three ways in: no milter, one that does nothing, ours.

The messages claim to be Sieve redirects of members, from this machine. That is
the longer of our milter's two ways: it sees every header field, looks the member
up at the end of the message, decides and logs. Submitted mail costs it less, as
Postfix tells it nothing more once it has accepted at DATA.
"""
import os
import random
import shutil
import socket
import subprocess
import time

import machine
from rounds import Rounds

MESSAGES, SESSIONS, BODY = 500, 10, 4096
VARIANTS = {"no milter": "", "do-nothing milter": "unix:milters/null", "postlatch-milter": "unix:milters/postlatch"}

MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/postfix-state
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
myhostname = mail.bench.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = discard
alias_maps =
alias_database =
milter_default_action = tempfail
# Else the queue manager slows the sender down, by seconds that come and go.
in_flow_delay = 0
# A process that ends between two looks at the clock blurs what a slice took.
max_use = 100000
max_idle = 1000
smtpd_client_connection_count_limit = 0
"""

MASTER = """\
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
"""

MESSAGE = """\
From: sender@outside.test
To: elsewhere@outside.test
Subject: a message of the benchmark
Date: Thu, 01 Jan 2026 00:00:00 +0000
Message-ID: <bench@outside.test>
MIME-Version: 1.0
Content-Type: text/plain
X-Sieve-Redirected-From: {member}

"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Mail:
    def __init__(self, folder, build, database):
        self.dir = folder
        self.ports = dict(zip(VARIANTS, free_ports(len(VARIANTS))))
        self.make_folders()
        self.make_configuration()
        self.make_message(database)
        self.milters = self.start_milters(build, database)
        subprocess.run(["postfix", "start"], check=True, stderr=subprocess.DEVNULL)
        with open(folder + "/spool/pid/master.pid") as f:
            self.master = int(f.read())
        self.wait(lambda: all(self.answers(port) for port in self.ports.values()), "Postfix does not answer")

    def make_folders(self):
        """The queue is in memory: disks of shared machines are no constant."""
        spool = self.dir + "/spool"
        os.mkdir(spool)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=1g", "tmpfs", spool], check=True)
        os.mkdir(spool + "/milters")
        for folder in (spool + "/private", self.dir + "/postfix-state"):
            os.mkdir(folder)
            shutil.chown(folder, "postfix")

    def make_configuration(self):
        """Postfix trusts no configuration but the one in /etc/postfix."""
        own = self.dir + "/postfix"
        shutil.copytree("/etc/postfix", own, symlinks=True)
        with open(own + "/main.cf", "w") as f:
            f.write(MAIN.format(dir=self.dir))
        with open(own + "/master.cf", "w") as f:
            f.write(MASTER)
            for variant, port in self.ports.items():
                f.write("127.0.0.1:%d inet n - n - - smtpd -o smtpd_milters=%s\n" % (port, VARIANTS[variant]))
        subprocess.run(["mount", "--bind", own, "/etc/postfix"], check=True)

    def make_message(self, database):
        with open(database.credentials) as f:
            member = random.Random(2).choice(f.readlines()).split()[0]
        with open(self.dir + "/message", "w") as f:
            f.write(MESSAGE.format(member=member) + ("x" * 63 + "\n") * (BODY // 64))

    def start_milters(self, build, database):
        sockets = {name: self.dir + "/spool/" + VARIANTS[name][len("unix:"):] for name in list(VARIANTS)[1:]}
        null = [build + "/tests/bench/nullmilter", "unix:" + sockets["do-nothing milter"]]
        ours = [build + "/milter/postlatch-milter", "-f", "-c", database.policy, "-g", "postfix",
                "-p", "unix:" + sockets["postlatch-milter"]]
        with open(self.dir + "/milter.log", "w") as log:
            milters = {name: subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
                       for name, command in zip(sockets, (null, ours))}
        self.wait(lambda: all(os.path.exists(path) for path in sockets.values()), "a milter does not answer")
        return milters

    @staticmethod
    def wait(condition, complaint, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(complaint)
            time.sleep(0.01)

    @staticmethod
    def answers(port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                return client.recv(100).startswith(b"220 ")
        except OSError:
            return False

    def queue_is_empty(self):
        return not any(os.listdir(self.dir + "/spool/" + queue) for queue in ("maildrop", "incoming", "active"))

    def cpu_seconds(self):
        return machine.cpu_seconds(self.master, *(milter.pid for milter in self.milters.values()))

    def slice(self, variant):
        before, start = self.cpu_seconds(), time.monotonic()
        subprocess.run(["smtp-source", "-s", str(SESSIONS), "-m", str(MESSAGES), "-F", self.dir + "/message",
                        "-f", "sender@outside.test", "-t", "elsewhere@outside.test",
                        "127.0.0.1:%d" % self.ports[variant]], check=True)
        seconds = time.monotonic() - start
        self.wait(self.queue_is_empty, "the queue does not get empty")
        return {"rate": MESSAGES / seconds, "cpu": 1e6 * (self.cpu_seconds() - before) / MESSAGES}

    def decisions(self):
        """How many messages our milter has accepted on behalf of a member."""
        with open(self.dir + "/milter.log") as f:
            return sum("service=forwarding action=accept" in line for line in f)

    def measure(self, seconds):
        for variant in VARIANTS:
            self.slice(variant)
        rounds = Rounds({name: lambda name=name: self.slice(name) for name in VARIANTS}).run(seconds)
        expected = MESSAGES * (1 + len(rounds.results))
        if self.decisions() != expected:
            raise RuntimeError("our milter decided on %d of %d messages; see %s/milter.log" % (
                self.decisions(), expected, self.dir))
        return rounds

    def stop(self):
        subprocess.run(["postfix", "stop"], stderr=subprocess.DEVNULL)
        for milter in self.milters.values():
            milter.terminate()
            milter.wait(timeout=30)
