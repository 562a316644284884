"""App passwords of the account page at the real Dovecot: what they open, whence, and what ends when one is revoked."""
import base64
import contextlib
import re
import socket
import time
import unittest

import test_portal_signin as signin
from server import TIMEOUT, wait_for

PATH = "/api/account/app-passwords"
setUpModule = signin.setUpModule


class Connection:
    """One of a mail program that is signed in; from is an address of this machine."""

    def __init__(self, service, source, first, *commands):
        self.noop = b"x NOOP" if service == "IMAP" else b"NOOP"
        self.good = {"IMAP": b"[ax] OK", "POP3": b"\\+OK", "SIEVE": b"OK"}[service]
        self.socket = socket.create_connection(("127.0.0.1", signin.server.port(service)), timeout=TIMEOUT,
                                               source_address=(source, 0))
        self.file = self.socket.makefile("rb")
        self.answer(first)
        self.open = all([self.ask(command.encode()) for command in commands])

    def answer(self, last):
        """Whether a line that begins so comes, before one that says no, or the end."""
        for line in self.file:
            if re.match(last, line):
                return True
            if re.match(b"a NO|-ERR|NO|BYE|\\* BYE", line):
                return False
        return False

    def ask(self, command):
        self.socket.sendall(command + b"\r\n")
        return self.answer(self.good)

    def is_alive(self):
        try:
            return self.ask(self.noop)
        except OSError:
            return False

    def close(self):
        self.file.close()
        self.socket.close()


class RealServer(signin.Flow):
    def setUp(self):
        super().setUp()
        self.registered()

    def make(self, label="phone", **fields):
        answer = self.good(self.browser.post(PATH, {"kind": "mail", "label": label, **fields}))
        return answer["created"]["id"], answer["created"]["password"].replace(" ", "")

    def row(self, made):
        return next(row for row in self.good(self.browser.get(PATH))["app_passwords"] if row["id"] == made)

    def connect(self, service, password, source="127.0.0.1"):
        plain = base64.b64encode(("\0%s\0%s" % (self.member, password)).encode()).decode()
        connection = {
            "IMAP": lambda: Connection("IMAP", source, b"\\* OK", "a LOGIN %s %s" % (self.member, password)),
            "POP3": lambda: Connection("POP3", source, b"\\+OK", "USER " + self.member, "PASS " + password),
            "SIEVE": lambda: Connection("SIEVE", source, b"OK", 'AUTHENTICATE "PLAIN" "%s"' % plain)}[service]()
        self.addCleanup(connection.close)
        return connection

    def networks(self, made):
        return [row[0] for row in self.database("SELECT network FROM app_password_network WHERE app_password_id = ? "
                                                "ORDER BY network", made)]

    def told_of(self):
        """The notices of app passwords, in words."""
        return [(subject, re.findall("(?m)^(?:Address|Device): (.*)$", text)) for subject, text, _ in self.mails()
                if "pp password" in subject and "made" not in subject]


class Ends(RealServer):
    def test_revoked_its_connections_end_and_all_others_stay(self):
        """From networks of their own, as Dovecot 2.3 tells the connections of a member apart by these alone."""
        (gone, gone_password), (kept, kept_password) = self.make("gone"), self.make("kept")
        ended, staying = {}, {}
        for service in ("IMAP", "POP3", "SIEVE"):
            ended[service] = self.connect(service, gone_password, "127.0.1.1")
            # A mailbox is open in one POP3 session at a time.
            if service != "POP3":
                staying[service] = self.connect(service, kept_password, "127.0.2.1")
        staying["account password"] = self.connect("IMAP", "right", "127.0.3.1")
        _, token = signin.server.issue_token(self.member, "webmail", 3600, 3600)
        bearer = base64.b64encode(("user=%s\1auth=Bearer %s\1\1" % (self.member, token)).encode()).decode()
        staying["webmail"] = Connection("IMAP", "127.0.0.1", b"\\* OK", "a AUTHENTICATE XOAUTH2 " + bearer)
        self.addCleanup(staying["webmail"].close)
        for name, connection in (*ended.items(), *staying.items()):
            self.assertTrue(connection.open, name)
        wait_for(lambda: self.networks(gone) == ["127.0.1.0/24"] and self.networks(kept) == ["127.0.2.0/24"], TIMEOUT)
        self.good(self.browser.post(PATH + "/revoke", {"id": gone}))
        self.assertFalse(self.connect("IMAP", gone_password, "127.0.1.1").open)
        for connection in ended.values():
            wait_for(lambda: not connection.is_alive(), TIMEOUT)
        self.assertEqual({name: connection.is_alive() for name, connection in staying.items()}, dict.fromkeys(staying, True))
        self.assertFalse(any(signin.server.services(self.member, gone_password).values()))
        self.assertTrue(all(signin.server.services(self.member, kept_password).values()))

    def test_one_that_was_revoked_right_after_it_was_used(self):
        made, password = self.make()
        connection = self.connect("IMAP", password)
        self.good(self.browser.post(PATH + "/revoke", {"id": made}))
        wait_for(lambda: not connection.is_alive(), TIMEOUT)

    def test_narrowed_it_opens_what_is_left_and_its_connections_end(self):
        made, password = self.make()
        connection = self.connect("IMAP", password)
        self.good(self.browser.post(PATH + "/narrow", {"id": made, "services": "smtp"}))
        wait_for(lambda: not connection.is_alive(), TIMEOUT)
        self.assertEqual(signin.server.services(self.member, password),
                         {"imap": False, "pop3": False, "smtp": True, "sieve": False})

    def test_switched_off_they_open_nothing_until_they_are_on_again(self):
        _, password = self.make()
        self.assertTrue(signin.server.imap(self.member, password)[0])
        signin.server.postlatch("member", "set", self.member, "app_passwords=off")
        is_open, said = signin.server.imap(self.member, password)
        self.assertFalse(is_open)
        self.assertIn("App passwords are switched off for this account", said)
        self.assertTrue(signin.server.imap(self.member, "right")[0])
        signin.server.postlatch("member", "set", self.member, "app_passwords=inherit")
        self.assertTrue(signin.server.imap(self.member, password)[0])


class Uses(RealServer):
    def test_the_last_use_stands_in_the_list(self):
        made, password = self.make()
        self.assertEqual(self.row(made)["last_used_at"], 0)
        before = int(time.time())
        self.assertTrue(self.connect("POP3", password, "127.0.4.9").open)
        wait_for(lambda: self.row(made)["last_used_at"] >= before, TIMEOUT)
        self.assertEqual((self.row(made)["last_used_ip"], self.row(made)["last_used_service"]), ("127.0.4.9", "pop3"))

    def test_the_member_is_told_of_the_first_use_and_of_each_new_network(self):
        made, password = self.make("2nd floor scanner")

        def use(source, networks):
            with contextlib.closing(self.connect("IMAP", password, source)) as connection:
                self.assertTrue(connection.open)
            wait_for(lambda: self.networks(made) == networks and self.row(made)["last_used_ip"] == source, TIMEOUT)
        first = ("An app password was used for the first time", ["127.0.5.1", "2nd floor scanner"])
        second = ("An app password was used from a new network", ["127.0.6.1", "2nd floor scanner"])
        use("127.0.5.1", ["127.0.5.0/24"])
        use("127.0.5.2", ["127.0.5.0/24"])
        use("127.0.6.1", ["127.0.5.0/24", "127.0.6.0/24"])
        use("127.0.5.1", ["127.0.5.0/24", "127.0.6.0/24"])
        wait_for(lambda: len(self.told_of()) >= 2, TIMEOUT)
        self.assertEqual(sorted((subject.split(" / ")[0], list(dict.fromkeys(lines))) for subject, lines in self.told_of()),
                         sorted([first, second]))


if __name__ == "__main__":
    unittest.main()
