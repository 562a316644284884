"""SASL exchanges with any mechanism through any service; enough to be let in or kept out.

A mechanism is a generator: it yields what the client says, and is sent each
challenge. A first None means that the server speaks first.
"""
import base64
import hashlib
import hmac
import os
import re
import socket


def plain(user, password, act_as=""):
    yield b"\0".join(word.encode() if isinstance(word, str) else word for word in (act_as, user, password))


def login(user, password):
    """Asks for a name and a password, whatever the challenges say."""
    yield None
    yield user.encode()
    yield password.encode()


def xoauth2(user, token):
    yield ("user=%s\x01auth=Bearer %s\x01\x01" % (user, token)).encode()
    yield b""


def oauthbearer(user, token):
    yield ("n,a=%s,\x01auth=Bearer %s\x01\x01" % (user, token)).encode()
    yield b"\x01"


def cram_md5(user, password):
    challenge = yield None
    yield ("%s %s" % (user, hmac.new(password.encode(), challenge, "md5").hexdigest())).encode()


def scram_sha_256(user, password):
    """RFC 5802 and 7677, without looking at the server's proof."""
    def mac(key, text):
        return hmac.new(key, text, "sha256").digest()

    first = b"n=%s,r=%s" % (user.encode(), base64.b64encode(os.urandom(18)))
    server_first = yield b"n,," + first
    said = dict(part.split(b"=", 1) for part in server_first.split(b","))
    without_proof = b"c=biws,r=" + said[b"r"]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(said[b"s"]), int(said[b"i"]))
    client_key = mac(salted, b"Client Key")
    signature = mac(hashlib.sha256(client_key).digest(), b",".join((first, server_first, without_proof)))
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    yield without_proof + b",p=" + base64.b64encode(proof)
    yield b""


MECHANISMS = {"PLAIN": plain, "LOGIN": login, "XOAUTH2": xoauth2, "OAUTHBEARER": oauthbearer, "CRAM-MD5": cram_md5,
              "SCRAM-SHA-256": scram_sha_256}


class Protocol:
    """How one protocol carries SASL."""

    def __init__(self, port, command, challenge, success, failure, ready, hello=b"", quoted=False):
        self.port = port
        self.command = command      # for the mechanism's name
        self.challenge = challenge  # its first group is the base64 of it
        self.success, self.failure = success, failure
        self.ready = ready          # the end of the greeting, and of the answer to hello
        self.hello = hello
        self.quoted = quoted


SERVICES = {
    "imap": Protocol("IMAP", "a AUTHENTICATE %s", rb"\+ ?(.*)", rb"a OK", rb"a (NO|BAD)|\* BYE", rb"\* OK"),
    "pop3": Protocol("POP3", "AUTH %s", rb"\+ ?(?!OK)(.*)", rb"\+OK", rb"-ERR", rb"\+OK"),
    "smtp": Protocol("SUBMISSION", "AUTH %s", rb"334 ?(.*)", rb"235", rb"[45]\d\d", rb"2\d\d ", b"EHLO client.test"),
    "smtp-25": Protocol("SMTP", "AUTH %s", rb"334 ?(.*)", rb"235", rb"[45]\d\d", rb"2\d\d ", b"EHLO client.test"),
    "sieve": Protocol("SIEVE", 'AUTHENTICATE "%s"', rb'"(.*)"', rb"OK", rb"NO|BYE", rb"OK", quoted=True),
}


def read_until(file, pattern):
    while True:
        line = file.readline().strip()
        if line == b"" or re.match(pattern, line):
            return line


def encoded(service, said, first=False):
    text = base64.b64encode(said).decode()
    if service.quoted:
        return '"%s"' % text
    return "=" if first and text == "" else text


def sign_in(server, name, mechanism, *credentials):
    """(let in?, the server's last line)."""
    service = SERVICES[name]
    client = MECHANISMS[mechanism](*credentials)
    with socket.create_connection(("127.0.0.1", server.port(service.port))) as connection, \
            connection.makefile("rb") as file:
        read_until(file, service.ready)
        if service.hello:
            connection.sendall(service.hello + b"\r\n")
            read_until(file, service.ready)
        said = next(client)
        line = service.command % mechanism + ("" if said is None else " " + encoded(service, said, True))
        while True:
            connection.sendall(line.encode() + b"\r\n")
            answer = read_until(file, b"|".join((service.success, service.failure, service.challenge)))
            if re.match(service.success, answer):
                return True, answer.decode()
            if answer == b"" or re.match(service.failure, answer):
                return False, answer.decode(errors="replace")
            challenge = base64.b64decode(re.match(service.challenge, answer).group(1))
            line = encoded(service, client.send(challenge))
