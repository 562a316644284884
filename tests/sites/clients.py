"""Mail clients as people have them: with TLS, at the usual ports. Each sign-in returns what the server said, which
is "" when it was let in."""
import base64
import email.header
import imaplib
import poplib
import random
import re
import smtplib
import socket
import ssl

TIMEOUT = 60

# The certificates of the sites are their own.
tls = ssl.create_default_context()
tls.check_hostname = False
tls.verify_mode = ssl.CERT_NONE


def address():
    """Dovecot makes an address that fails wait longer each time, so each connection has one of its own."""
    return "127.%d.%d.%d" % tuple(random.randint(1, 250) for _ in range(3))


def server_for(source):
    """The site's address of the same family."""
    return "::1" if source and ":" in source else "127.0.0.1"


def connect(port, source=None, host=None):
    return socket.create_connection((host or server_for(source), port), TIMEOUT, (source or address(), 0))


class Imap(imaplib.IMAP4):
    def __init__(self, source=None):
        self.source = source
        super().__init__("127.0.0.1", 143, TIMEOUT)
        self.starttls(tls)

    def _create_socket(self, timeout):
        return connect(self.port, self.source)


class Pop3(poplib.POP3):
    def __init__(self, source=None):
        self.source = source
        super().__init__("127.0.0.1", 110, TIMEOUT)
        self.stls(tls)

    def _create_socket(self, timeout):
        return connect(self.port, self.source)


class Sieve:
    """As much ManageSieve (RFC 5804) as is needed here."""

    def __init__(self, source=None):
        self.use(connect(4190, source))
        self.read()
        self.command("STARTTLS")
        self.file.close()
        self.use(tls.wrap_socket(self.socket))
        self.read()

    def use(self, connection):
        self.socket, self.file = connection, connection.makefile("rb")

    def read(self):
        """The answer behind the lines that precede it, or a line of a challenge."""
        while True:
            line = self.file.readline().decode(errors="replace")
            if line == "" or re.match('(OK|NO|BYE|"|{)', line) and not re.match('"[A-Z]+"', line):
                return line.strip()

    def command(self, line):
        self.socket.sendall((line + "\r\n").encode())
        return self.read()

    def activate(self, script):
        put = self.command('PUTSCRIPT "battery" {%d+}\r\n%s' % (len(script.encode()), script))
        active = self.command('SETACTIVE "battery"')
        if not put.startswith("OK") or not active.startswith("OK"):
            raise AssertionError("%s, %s" % (put, active))

    def close(self):
        self.file.close()
        self.socket.close()


def smtp_client(port, source=None):
    if port == 465:
        client = smtplib.SMTP_SSL(server_for(source), port, "client.test", timeout=TIMEOUT,
                                  source_address=(source or address(), 0), context=tls)
    else:
        client = smtplib.SMTP(server_for(source), port, "client.test", timeout=TIMEOUT, source_address=(source or address(), 0))
        client.starttls(context=tls)
    client.ehlo()
    return client


def encode(text):
    return base64.b64encode(text.encode()).decode()


def steps(mechanism, name, secret):
    """What a client sends in each step of a mechanism."""
    return {"PLAIN": ["\0%s\0%s" % (name, secret)], "LOGIN": [name, secret],
            "XOAUTH2": ["user=%s\1auth=Bearer %s\1\1" % (name, secret), ""]}[mechanism]


def imap(name, secret, mechanism="PLAIN", source=None):
    client, answers = Imap(source), steps(mechanism, name, secret)
    try:
        client.authenticate(mechanism, lambda _: answers.pop(0).encode() if answers else b"")
        return ""
    except imaplib.IMAP4.error as error:
        return str(error)
    finally:
        client.shutdown()


def pop3(name, secret, mechanism="PLAIN", source=None):
    client = Pop3(source)
    try:
        client._shortcmd("AUTH " + mechanism)
        for step in steps(mechanism, name, secret):
            if client._shortcmd(encode(step)).startswith(b"+OK"):
                return ""
        return "no answer"
    except poplib.error_proto as error:
        return str(error)
    finally:
        client.close()


def smtp(port, name, secret, mechanism="PLAIN", source=None):
    client = smtp_client(port, source)
    try:
        code, text = client.docmd("AUTH", mechanism)
        for step in steps(mechanism, name, secret):
            if code == 334:
                code, text = client.docmd(encode(step))
        return "" if code == 235 else "%d %s" % (code, text.decode(errors="replace"))
    finally:
        client.close()


def sieve(name, secret, mechanism="PLAIN", source=None):
    client = Sieve(source)
    try:
        answer = client.command('AUTHENTICATE "%s"' % mechanism)
        for step in steps(mechanism, name, secret):
            if re.match('"|{', answer):
                if answer.startswith("{"):
                    client.file.readline()
                answer = client.command('"%s"' % encode(step))
        return "" if answer.startswith("OK") else answer or "closed"
    finally:
        client.close()


SERVICES = {"imap": imap, "pop3": pop3, "sieve": sieve,
            "smtp-25": lambda *args, **options: smtp(25, *args, **options),
            "smtp-587": lambda *args, **options: smtp(587, *args, **options),
            "smtp-465": lambda *args, **options: smtp(465, *args, **options)}


def subjects(name, secret):
    """Those of all mail in a mailbox and its folders, with repetition."""
    found = []
    client = Imap()
    client.login(name, secret)
    for line in client.list()[1]:
        folder = line.decode().rsplit(" ", 1)[1]
        client.select(folder, readonly=True)
        for part in client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] or []:
            if isinstance(part, tuple):
                encoded = part[1].decode(errors="replace").partition(":")[2].strip()
                found.append(str(email.header.make_header(email.header.decode_header(encoded))))
    client.logout()
    return found
