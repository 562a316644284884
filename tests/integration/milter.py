"""A postlatch-milter process of its own, and a client that speaks the milter protocol, version 6.

The client does what Postfix does when all is well, and whatever a test wants otherwise.
"""
import os
import re
import signal
import socket
import struct
import subprocess
import time

from command import BUILD

MILTER = os.path.join(BUILD, "milter", "postlatch-milter")
# A sanitizer keeps freed memory for a while, 256 MiB of it, which would look like a leak.
FRUGAL = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=16"}
TIMEOUT = 60

VERSION, ACTIONS, STEPS = 6, 0x1FF, 0x1FFFFF  # what Postfix offers

SET_MACROS = 0x100  # an action (SMFIF_)

# Events, and the step that means that the milter does not want them, or gives no answer to them.
UNWANTED = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "U": 0x100, "T": 0x200}
UNANSWERED = {"L": 0x80, "C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "U": 0x20000,
              "N": 0x40000, "B": 0x80000}

CONTINUE, ACCEPT, REJECT, TEMPFAIL, REPLY = "c", "a", "r", "t", "y"
FINAL = {CONTINUE, ACCEPT, REJECT, TEMPFAIL, REPLY, "d", "s"}


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


def strings(*texts):
    """Each with a NUL byte behind it."""
    return b"".join(octets(text) + b"\0" for text in texts)


class Client:
    """One connection of a mail server."""

    def __init__(self, address):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout=TIMEOUT)
        self.file = self.socket.makefile("rb")
        self.steps = 0

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def raw(self, data):
        self.socket.sendall(data)

    def send(self, event, data=b""):
        self.raw(struct.pack(">I", len(data) + 1) + event.encode() + data)

    def receive(self):
        """(what, its data), or None when the milter has hung up."""
        try:
            head = self.file.read(4)
            if len(head) < 4:
                return None
            body = self.file.read(struct.unpack(">I", head)[0])
        except ConnectionResetError:
            return None
        return chr(body[0]), body[1:]

    def negotiate(self, version=VERSION, actions=ACTIONS, steps=STEPS):
        """(version, actions, steps, macros by stage), or None when it is refused."""
        self.send("O", struct.pack(">III", version, actions, steps))
        answer = self.receive()
        if answer is None or answer[0] != "O":
            return None
        version, actions, self.steps = struct.unpack(">III", answer[1][:12])
        macros, rest = {}, answer[1][12:]
        while rest:
            stage = struct.unpack(">I", rest[:4])[0]
            words, rest = rest[4:].split(b"\0", 1)
            macros[stage] = words.decode()
        return version, actions, self.steps, macros

    def macros(self, event, values):
        flat = [word for pair in values.items() for word in pair]
        self.send("D", event.encode() + strings(*flat))

    def event(self, event, data=b"", macros=None):
        """Sends it if it is wanted. The answers, or [] when none is due."""
        if self.steps & UNWANTED.get(event, 0):
            return []
        if macros:
            self.macros(event, macros)
        self.send(event, data)
        return [] if self.steps & UNANSWERED.get(event, 0) else self.answers()

    def answers(self):
        """All up to the one that decides; the last is None when the milter has hung up."""
        found = []
        while True:
            answer = self.receive()
            if answer is None or answer[0] != "p":
                found.append(answer)
            if answer is None or answer[0] in FINAL:
                return found

    def connect(self, ip="127.0.0.1", daemon="smtpd"):
        self.event("C", strings("client.test") + b"4" + struct.pack(">H", 1234) + strings(ip),
                   {"{daemon_name}": daemon, "j": "mail.test"})
        self.event("H", strings("client.test"))

    def data(self, login=None, queue_id="QUEUEID"):
        """The answers at DATA of a client that is signed in, or is not."""
        return self.event("T", b"", {"i": queue_id, **({"{auth_authen}": login} if login else {})})

    def message(self, headers=(), queue_id="QUEUEID", login=None, sender="<a@example.test>",
                recipients=("<b@example.test>",)):
        """The answers about a whole message, up to the one that ends it."""
        self.event("M", strings(sender))
        for recipient in recipients:
            self.event("R", strings(recipient))
        found = self.data(login, queue_id)
        if found[-1] is None or found[-1][0] != CONTINUE:
            return found
        for name, value in headers:
            self.event("L", strings(name, value))
        self.event("N")
        self.event("B", b"body\r\n")
        return self.event("E", b"", {"i": queue_id})

    def session(self, **options):
        """A session with one message, from beginning to end; see message()."""
        self.negotiate()
        self.connect(options.pop("ip", "127.0.0.1"), options.pop("daemon", "smtpd"))
        found = self.message(**options)
        self.send("Q")
        return found


class Process:
    """postlatch-milter on a socket; address is what clients connect to."""

    def __init__(self, site, kind="unix", *options, env=None):
        self.site = site
        self.log_file = site.path("milter.log")
        if kind == "unix":
            self.address = site.path("milter.sock")
            self.name = "unix:" + self.address
        else:
            self.address = ("127.0.0.1", free_port())
            self.name = "inet:%d@127.0.0.1" % self.address[1]
        with open(self.log_file, "a") as log:
            before = self.log().count("ready")
            self.process = subprocess.Popen([MILTER, "-f", "-c", site.policy_file, "-p", self.name, *options],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**FRUGAL, **(env or {})})
        self.wait(lambda: self.log().count("ready") > before or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError("postlatch-milter did not start: " + self.log())

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        with open(self.log_file, errors="replace") as f:
            return f.read()

    def client(self):
        return Client(self.address)

    def session(self, **options):
        with self.client() as client:
            return client.session(**options)

    def alive(self):
        return self.process.poll() is None

    def status(self, name):
        """A line of /proc/PID/status, without its name."""
        with open("/proc/%d/status" % self.pid) as f:
            return re.search(r"(?m)^%s:\s*(.*)$" % name, f.read()).group(1)

    def rss(self):
        """Resident memory in kB."""
        return int(self.status("VmRSS").split()[0])

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("waited %d seconds in vain; the log ends:\n%s" % (seconds, self.log()[-2000:]))
            time.sleep(0.05)

    def kill(self):
        """At once: at SIGTERM libmilter ends only when it looks up, every five seconds."""
        if self.alive():
            self.signal(signal.SIGKILL)
        self.process.wait(TIMEOUT)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
