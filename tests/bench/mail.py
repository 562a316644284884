"""A private Postfix with a way in for each milter: none, one that does nothing, ours; one that reads the body, and ours
that takes large attachments out of it; and for each table of forwards: a file of type hash, in which every member has one,
a socketmap that knows one of them by heart, and ours, which is asked for it.

A member's name comes with the session to ours, as after AUTH. It looks how far the database
was changed when the client connects, and at DATA whether something changed since then that
concerns the member; it writes a line to the log.
"""
import base64
import os
import random
import shutil
import socket
import subprocess
import time

import machine
from rounds import Rounds

MESSAGES, SESSIONS, BODY = 500, 10, 4096
NONE, NOTHING, OURS = "no milter", "do-nothing milter", "ours"
READS, LINKS = "reads the body", "ours, links"
HASH, BARE, FORWARDS = "forwards, hash", "forwards, bare socketmap", "forwards, ours"
# Mail with an attachment, through READS and LINKS.
LARGE_MESSAGES, LARGE_SESSIONS, LARGE = 8, 2, 20 * 1048576
AWAY = "elsewhere@outside.test"
OPTIONS = {
    NONE: "",
    NOTHING: "-o smtpd_milters=unix:milters/null",
    OURS: "-o smtpd_milters=unix:milters/postlatch -o milter_macro_defaults=auth_authen={member}",
    READS: "-o smtpd_milters=unix:milters/reads",
    LINKS: "-o smtpd_milters=unix:milters/links -o milter_macro_defaults=auth_authen={member}",
    HASH: "-o cleanup_service_name=hash -o virtual_alias_maps=hash:{dir}/forwards",
    BARE: "-o cleanup_service_name=bare -o virtual_alias_maps=socketmap:unix:milters/bare.sock:forward",
    FORWARDS: "-o cleanup_service_name=ours -o virtual_alias_maps=socketmap:unix:milters/forward.sock:forward",
}

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
message_size_limit = 0
"""

MASTER = """\
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
hash unix n - n - 0 cleanup -o virtual_alias_maps=hash:{dir}/forwards
bare unix n - n - 0 cleanup -o virtual_alias_maps=socketmap:unix:milters/bare.sock:forward
ours unix n - n - 0 cleanup -o virtual_alias_maps=socketmap:unix:milters/forward.sock:forward
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

"""


ATTACHMENT = """\
Content-Type: multipart/mixed; boundary="=_b"

--=_b
Content-Type: text/plain

words
--=_b
Content-Type: application/zip
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename=large.zip

%s--=_b--
"""

# Beside the settings of the database's own policy file.
LINKS_POLICY = """\
portal_url = "https://login.bench.test"
attachment_url = "https://files.bench.test"
attachment_folder = "{dir}/files"
attachment_member_quota = 0
attachment_domain_quota = 0
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
        self.ports = dict(zip(OPTIONS, free_ports(len(OPTIONS))))
        with open(database.credentials) as f:
            members = [line.split()[0] for line in f]
        self.member = random.Random(2).choice(members)
        self.make_folders()
        self.make_configuration()
        self.make_forwards(database, members)
        with open(self.dir + "/message", "w") as f:
            f.write(MESSAGE + ("x" * 63 + "\n") * (BODY // 64))
        with open(self.dir + "/large", "w") as f:
            f.write(MESSAGE.replace("Content-Type: text/plain\n\n",
                                    ATTACHMENT % base64.encodebytes(random.Random(3).randbytes(LARGE)).decode()))
        self.large_mb = os.path.getsize(self.dir + "/large") / 1e6
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
            f.write(MASTER.format(dir=self.dir))
            for variant, port in self.ports.items():
                options = OPTIONS[variant].format(member=self.member, dir=self.dir)
                f.write("127.0.0.1:%d inet n - n - - smtpd %s\n" % (port, options))
        subprocess.run(["mount", "--bind", own, "/etc/postfix"], check=True)

    def make_forwards(self, database, members):
        with open(self.dir + "/forwards", "w") as f:
            f.writelines("%s %s\n" % (member, AWAY) for member in members)
        subprocess.run(["postmap", "hash:%s/forwards" % self.dir], check=True)
        database.command("forward", "set", self.member, AWAY)

    def make_links_policy(self, database):
        os.mkdir(self.dir + "/files")
        database.command("member", "set", self.member, "large_attachments=on")
        with open(database.policy) as f, open(self.dir + "/links.conf", "w") as to:
            to.write(LINKS_POLICY.format(dir=self.dir) + f.read())

    def start_milters(self, build, database):
        folder = self.dir + "/spool/milters/"
        self.make_links_policy(database)
        commands = {
            "null": [build + "/tests/bench/nullmilter", "unix:" + folder + "null"],
            "reads": [build + "/tests/bench/nullmilter", "unix:" + folder + "reads", "reads"],
            "bare.sock": [build + "/tests/bench/baremap", folder + "bare.sock", self.member, AWAY],
            "links": [build + "/milter/postlatch-milter", "-f", "-c", self.dir + "/links.conf", "-g", "postfix",
                      "-p", "unix:" + folder + "links"],
            "postlatch": [build + "/milter/postlatch-milter", "-f", "-c", database.policy, "-g", "postfix",
                          "-p", "unix:" + folder + "postlatch", "-s", "unix:" + folder + "forward.sock"],
        }
        milters = []
        for name, command in commands.items():
            with open("%s/%s.log" % (self.dir, name), "w") as log:
                milters.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log,
                                                env={**os.environ, "TMPDIR": self.dir}))
        self.wait(lambda: all(os.path.exists(folder + name) for name in (*commands, "forward.sock")),
                  "a milter does not answer")
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
        return not any(os.listdir(self.dir + "/spool/" + queue) for queue in ("incoming", "active"))

    def cpu_seconds(self):
        """(of Postfix and the milters, of the milters)."""
        milters = [milter.pid for milter in self.milters]
        return machine.cpu_seconds(self.master, *milters), machine.cpu_seconds(*milters)

    def send(self, variant, message, messages, sessions):
        """The rate, and microseconds for a message."""
        before, start = self.cpu_seconds(), time.monotonic()
        subprocess.run(["smtp-source", "-s", str(sessions), "-m", str(messages), "-F", self.dir + "/" + message,
                        "-f", "sender@outside.test", "-t", self.member if variant in (HASH, BARE, FORWARDS) else AWAY,
                        "127.0.0.1:%d" % self.ports[variant]], check=True)
        seconds = time.monotonic() - start
        self.wait(self.queue_is_empty, "the queue does not get empty")
        cpu, milter = (1e6 * (now - then) / messages for now, then in zip(self.cpu_seconds(), before))
        return {"rate": messages / seconds, "cpu": cpu, "milter": milter}

    def slice(self, variant):
        return self.send(variant, "message", MESSAGES, SESSIONS)

    def large_slice(self, variant):
        result = self.send(variant, "large", LARGE_MESSAGES, LARGE_SESSIONS)
        return {**result, "megabytes": result["rate"] * self.large_mb}

    def lines(self, log, words):
        with open("%s/%s.log" % (self.dir, log)) as f:
            return sum(words in line for line in f)

    def decisions(self):
        """How many messages our milter has accepted on behalf of the member."""
        with open(self.dir + "/postlatch.log") as f:
            return sum("member=%s " % self.member in line and " action=accept " in line for line in f)

    def forwarded(self):
        with open(self.dir + "/mail.log") as f:
            return sum("to=<%s>, orig_to=<%s>" % (AWAY, self.member) in line for line in f)

    def measure(self, seconds):
        for variant in OPTIONS:
            self.slice(variant)
        rounds = Rounds({name: lambda name=name: self.slice(name) for name in OPTIONS}).run(seconds)
        expected = MESSAGES * (1 + len(rounds.results))
        if self.decisions() != expected:
            raise RuntimeError("our milter decided on %d of %d messages; see %s/postlatch.log" % (
                self.decisions(), expected, self.dir))
        if self.forwarded() != 3 * expected:
            raise RuntimeError("%d of %d messages were forwarded; see %s/mail.log" % (
                self.forwarded(), 3 * expected, self.dir))
        return rounds

    def measure_large(self, seconds):
        for variant in (READS, LINKS):
            self.large_slice(variant)
        rounds = Rounds({name: lambda name=name: self.large_slice(name) for name in (READS, LINKS)}).run(seconds)
        replaced, expected = self.lines("links", " attachments=replaced"), LARGE_MESSAGES * (1 + len(rounds.results))
        if replaced != expected:
            raise RuntimeError("the attachments of %d of %d messages were replaced; see %s/links.log" % (
                replaced, expected, self.dir))
        return rounds

    def stop(self):
        subprocess.run(["postfix", "stop"], stderr=subprocess.DEVNULL)
        for milter in self.milters:
            milter.terminate()
            milter.wait(timeout=30)
