"""Devices that sign in as people's do: programs of others, and a copier of long ago. Each takes the
server, the address that it comes from, a name and a password, and tells whether it was let in."""
import base64
import re
import socket
import ssl
import subprocess

from server import TIMEOUT, plain_connect


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, **options)


def swaks(server, source, name, password):
    """Sends no message."""
    done = run("swaks", "--server", "127.0.0.1", "--port", server.env["SUBMISSION_PORT"], "--local-interface", source,
               "--helo", "client.test", "--to", "bob@demo.test", "--tls", "--auth", "PLAIN", "--auth-user", name,
               "--auth-password", password, "--quit-after", "AUTH")
    return done.returncode == 0


def msmtp(server, source, name, password):
    """Sends a message."""
    done = run("msmtp", "--host=127.0.0.1", "--port=" + server.env["SUBMISSION_PORT"], "--source-ip=" + source,
               "--auth=login", "--user=" + name, "--passwordeval=echo '%s'" % password, "--tls=on",
               "--tls-starttls=on", "--tls-certcheck=off", "--from=" + name, "--file=", "bob@demo.test",
               input="Subject: from msmtp\n\nbody\n")
    return done.returncode == 0


def curl_imap(server, source, name, password):
    done = run("curl", "-s", "-k", "--interface", source, "--ssl-reqd", "--user", name + ":" + password,
               "imap://127.0.0.1:%s/" % server.env["IMAP_PORT"])
    return done.returncode == 0


def curl_pop3(server, source, name, password):
    done = run("curl", "-s", "-k", "--interface", source, "--ssl-reqd", "--user", name + ":" + password,
               "pop3://127.0.0.1:%s/" % server.env["POP3_PORT"])
    return done.returncode == 0


class OldCopier:
    """TLS 1.2 and nothing newer, no name of the server in it, an EHLO that is no name, AUTH LOGIN, and a name and a
    password in lines of their own."""

    EHLO = "EHLO [192.168.1.50]", "EHLO COPIER_0815 2nd floor"

    def __init__(self, server, source, port="SUBMISSION", tls=True, ehlo=EHLO[0]):
        self.socket = plain_connect(("127.0.0.1", server.port(port)), TIMEOUT, (source, 0))
        self.lines = self.socket.makefile("rb")
        self.answer()
        self.say(ehlo)
        if tls:
            self.say("STARTTLS")
            self.start_tls()
            self.say(ehlo)

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.lines.close()
        self.socket = context.wrap_socket(self.socket)
        self.lines = self.socket.makefile("rb")

    def answer(self):
        line = self.lines.readline().decode()
        while re.match(r"\d\d\d-", line):
            line = self.lines.readline().decode()
        return line

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.answer()

    def sign_in(self, name, password):
        self.say("AUTH LOGIN")
        self.say(base64.b64encode(name.encode()).decode())
        return self.say(base64.b64encode(password.encode()).decode()).startswith("235")

    def send(self, sender, to):
        for line in ("MAIL FROM:<%s>" % sender, "RCPT TO:<%s>" % to, "DATA"):
            answer = self.say(line)
            if answer[:1] not in ("2", "3"):
                return answer
        return self.say("Subject: scan\r\n\r\n1 page\r\n.")

    def close(self):
        self.lines.close()
        with self.socket:
            self.socket.shutdown(socket.SHUT_RDWR)


def old_copier(server, source, name, password, **options):
    copier = OldCopier(server, source, **options)
    try:
        return copier.sign_in(name, password)
    finally:
        copier.close()
