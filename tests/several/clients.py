"""Mail programs and browsers in the network of the clients, which speak to HAProxy. Each sign-in is one of the words
below, and what the server said."""
import base64
import contextlib
import http.client
import os
import random
import re
import socket
import ssl
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "integration"))

from portal import Browser  # noqa: E402

PROXY = "192.0.2.20"
ORIGIN = "https://portal.example.com"
TIMEOUT = 30
IN, WRONG, LATER = "in", "wrong", "later"  # let in; told that the password or code is wrong; told to come again, or nothing

# The authority is the site's own.
tls = ssl.create_default_context()
tls.check_hostname = False
tls.verify_mode = ssl.CERT_NONE


def connect(port, name):
    """Each member has a network: an address that fails has to wait longer each time, and others do not."""
    number = int(re.search(r"\d+", name).group())
    return socket.create_connection((PROXY, port), TIMEOUT, ("10.0.%d.%d" % (number, random.randint(1, 250)), 0))


class Closed(Exception):
    """The server has closed the connection."""


class Lines:
    """A connection on which both sides send lines."""

    def __init__(self, port, name, is_encrypted=True):
        self.socket = connect(port, name)
        if is_encrypted:
            self.encrypt()
        else:
            self.file = self.socket.makefile("rb")

    def encrypt(self):
        self.socket = tls.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def read(self, until="."):
        """The first line that the pattern matches."""
        while True:
            line = self.file.readline().decode(errors="replace")
            if line == "":
                raise Closed()
            if re.match(until, line):
                return line.strip()

    def ask(self, line, until="."):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.read(until)

    def close(self):
        self.file.close()
        self.socket.close()


def plain(name, password):
    return base64.b64encode(("\0%s\0%s" % (name, password)).encode()).decode()


def open_imap(name, password):
    lines = Lines(993, name)
    lines.read()
    return lines, lines.ask('a LOGIN "%s" "%s"' % (name, password), "a |\\* BYE")


def open_pop3(name, password):
    lines = Lines(995, name)
    lines.read()
    return lines, lines.ask("AUTH PLAIN " + plain(name, password))


def open_sieve(name, password):
    lines = Lines(4190, name, is_encrypted=False)
    lines.read("OK|NO|BYE")
    lines.ask("STARTTLS", "OK")
    lines.encrypt()
    lines.read("OK|NO|BYE")
    return lines, lines.ask('AUTHENTICATE "PLAIN" "%s"' % plain(name, password), "OK|NO|BYE")


def open_smtp(name, password, port=587):
    lines = Lines(port, name, is_encrypted=port == 465)
    lines.read(r"\d+ ")
    if port == 587:
        lines.ask("EHLO client.example.net", r"\d+ ")
        lines.ask("STARTTLS", r"\d+ ")
        lines.encrypt()
    lines.ask("EHLO client.example.net", r"\d+ ")
    return lines, lines.ask("AUTH PLAIN " + plain(name, password), r"\d+ ")


def open_smtps(name, password):
    return open_smtp(name, password, 465)


OPEN = {"imap": open_imap, "pop3": open_pop3, "sieve": open_sieve, "submission": open_smtp, "submissions": open_smtps}
SAYS_IN = r"a OK|\+OK|OK|235 "
SAYS_LATER = r"a NO \[UNAVAILABLE\]|\* BYE|-ERR \[(SYS/TEMP|IN-USE)\]|NO \(TRYLATER\)|BYE|4\d\d "


def verdict(said):
    return IN if re.match(SAYS_IN, said) else LATER if re.match(SAYS_LATER, said) else WRONG


def sign_in(service, name, password):
    try:
        lines, said = OPEN[service](name, password)
    except (OSError, Closed) as error:
        return LATER, repr(error)
    lines.close()
    return verdict(said), said


def send(name, password, to, number):
    """A message with a number; whether the server has taken it on: True, False, or None where that is not known."""
    try:
        lines, said = open_smtp(name, password)
    except (OSError, Closed):
        return False
    try:
        if verdict(said) != IN:
            return False
        for line, code in (("MAIL FROM:<%s>" % name, "250"), ("RCPT TO:<%s>" % to, "250"), ("DATA", "354")):
            if not lines.ask(line, r"\d+ ").startswith(code):
                return False
    except (OSError, Closed):
        return False
    try:
        return lines.ask("From: <%s>\r\nTo: <%s>\r\nSubject: number %d\r\n\r\nwords\r\n." % (name, to, number), r"\d+ ").startswith("250")
    except (OSError, Closed):
        return None
    finally:
        with contextlib.suppress(OSError):
            lines.close()


class Visitor(Browser):
    """A browser that reaches the portal through HAProxy."""

    def __init__(self, name):
        super().__init__(443, ORIGIN)
        self.name = name

    def connect(self):
        connection = http.client.HTTPSConnection("portal.example.com", 443, timeout=TIMEOUT)
        connection.sock = tls.wrap_socket(connect(443, self.name))
        return connection

    def step(self, path, value=None):
        """A word, and the answer, which may be none."""
        try:
            answer = self.post(path, value)
        except (OSError, http.client.HTTPException) as error:
            return LATER, repr(error), None
        word = IN if answer.status == 200 else WRONG if answer.status in (400, 401, 403, 422) else LATER
        return word, repr(answer), answer
