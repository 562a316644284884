"""Names, passwords and services that nobody should send: a plain answer, and the auth process lives on."""
import base64
import concurrent.futures
import json
import os
import re
import socket
import unittest

from sasl import sign_in
from server import ROOT, TIMEOUT, Server, wait_for

ALICE = "alice@demo.test"
SERVICES = ("imap", "pop3", "smtp", "sieve")
MEMORY_MAX = 64 * 1024  # KiB that the auth process may hold; it starts with about 12 MiB


def setUpModule():
    global server
    server = Server().start()
    server.app_password(ALICE, label="so that app passwords are looked for")
    assert server.imap(ALICE, server.passwords[ALICE])[0]


def tearDownModule():
    server.remove()


def all_at_once(function, *lists):
    """The results, in order. A refusal takes Dovecot two seconds, but any number of them do."""
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        return list(pool.map(function, *lists))


class Input(unittest.TestCase):
    """Whatever was sent: the same auth process, of bounded size, lets alice in."""

    def setUp(self):
        self.auth = server.pids("auth")
        self.assertEqual(len(self.auth), 1)

    def tearDown(self):
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])
        self.assertEqual(server.pids("auth"), self.auth)
        for pid in self.auth:
            with open("/proc/%d/status" % pid) as f:
                self.assertLess(int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)), MEMORY_MAX)


class AppPasswords(Input):
    def test_white_space_of_any_kind_between_the_groups_is_ignored(self):
        password = server.app_password(ALICE, label="pasted")["password"].replace(" ", "\u00a0") + "\u202f"
        let_in = all_at_once(lambda service: sign_in(server, service, "PLAIN", ALICE, password), SERVICES)
        self.assertEqual([opened for opened, _ in let_in], [True] * len(SERVICES), let_in)


class Names(Input):
    NAMES = [b"\xff\xfe\xfd@demo.test", b"\xed\xa0\x80", "알리스@demo.test".encode(), b"alice\x00@demo.test",
             b"alice@demo.test\x00", b"a\x00b\x00c", b"%{password}", b"%u%u%u%n@%d", b"alice@demo.test%00",
             b'"alice"@demo.test', b'"alice@demo.test', b" alice@demo.test", b"alice@demo.test ", b"alice @demo.test",
             b"alice@demo.test@", b"@@@@", b"@demo.test@demo.test", b"alice\r\n@demo.test", b"alice\t", b"",
             b"a" * 10240, b"a" * 10240 + b"@demo.test", b"alice@" + b"d" * 10240, b"\x01\x02\x7f@demo.test",
             b"../../etc/passwd", b"alice'--@demo.test", b"alice+x@demo.test", b"ALICE@demo.test.",
             b"alice@DEMO..TEST"]

    def sign_in(self, service, name, password):
        # A connection that is cut is an answer too, for a line of such a length.
        try:
            return sign_in(server, service, "PLAIN", name, password)
        except ConnectionError:
            return False, "cut"

    def refused(self, names, password):
        ways = [(service, name) for name in names for service in SERVICES]
        for way, (let_in, said) in zip(ways, all_at_once(lambda way: self.sign_in(*way, password), ways)):
            self.assertFalse(let_in, (way, said))

    def test_no_strange_name_is_let_in(self):
        """Not even with alice's password."""
        self.refused(self.NAMES, server.passwords[ALICE])

    def test_nor_with_what_looks_like_an_app_password(self):
        self.refused(self.NAMES, "abcd efgh ijkl mnop")

    def test_names_cannot_write_lines_into_the_log(self):
        self.refused([b"eve\nNov 1 00:00:00 auth: Error: forged@demo.test"], "abcdefghijklmnop")
        self.assertNotRegex(server.log("dovecot"), r"(?m)^Nov 1 00:00:00 auth: Error: forged")


class TypedPasswords(Input):
    """People type passwords where the name belongs."""

    def tearDown(self):
        server.postlatch("member", "set", ALICE, "imap=inherit")
        super().tearDown()

    def test_our_lines_do_not_have_them(self):
        typed = ["Tr0ub4dor-and-3", "p@ssw0rd.of-mine", "correct_horse_battery.staple"]
        before = len(server.log("dovecot"))
        for name in typed:
            for service in SERVICES:
                self.assertFalse(sign_in(server, service, "PLAIN", name, "alice@demo.test")[0])

        def ours():
            return [line for line in server.log("dovecot")[before:].splitlines() if "postlatch: denied" in line]
        wait_for(lambda: len(ours()) >= len(typed) * len(SERVICES))
        for line in ours():
            self.assertRegex(line, r"rule=(name-invalid|domain-unknown) user=unknown:")
            for name in typed:
                self.assertNotIn(name, line)
        # A member's is there, so that the reason is found.
        server.postlatch("member", "set", ALICE, "imap=off")
        sign_in(server, "imap", "PLAIN", ALICE, server.passwords[ALICE])
        wait_for(lambda: "rule=service-off user=" + ALICE in server.log("dovecot")[before:])


class Secrets(Input):
    """What is no app password goes to the operator's passdb, whatever it looks like."""

    PASSWORDS = {"15-letters": "abcdefghijklmno", "16-letters": "abcdefghijklmnop",
                 "17-letters": "abcdefghijklmnopq", "24-letters": "abcdefghijklmnopqrstuvwx",
                 "four-groups": "abcd efgh ijkl mnop", "capitals": "ABCDEFGHIJKLMNOP",
                 "a-token": "pl_at_" + "A" * 43, "512-bytes": "x1" * 256, "513-bytes": "x1" * 256 + "x",
                 "1200-bytes": "x1" * 600, "korean": "비밀번호", "spaces": "                "}

    @classmethod
    def setUpClass(cls):
        with open(server.dir + "/etc/dovecot/members", "a") as f:
            for name, password in cls.PASSWORDS.items():
                f.write("%s@demo.test:{PLAIN}%s::::::\n" % (name, password))
        # Dovecot looks at the file once in a while.
        wait_for(lambda: server.imap("15-letters@demo.test", cls.PASSWORDS["15-letters"])[0])

    def test_an_account_password_of_any_shape_works(self):
        ways = [(service, name) for name in self.PASSWORDS for service in SERVICES]
        answers = all_at_once(lambda way: sign_in(server, way[0], "PLAIN", way[1] + "@demo.test",
                                                  self.PASSWORDS[way[1]]), ways)
        self.assertEqual([(way, said) for way, (let_in, said) in zip(ways, answers) if not let_in], [])

    def test_and_with_app_passwords_beside_it(self):
        for name in ("15-letters", "16-letters", "17-letters", "four-groups"):
            member = name + "@demo.test"
            app_password = server.app_password(member, label="phone")["password"]
            with self.subTest(name):
                for password in (self.PASSWORDS[name], app_password):
                    self.assertTrue(sign_in(server, "imap", "PLAIN", member, password)[0])

    def test_folding_is_for_app_passwords_only(self):
        for wrong in ("abcd efgh ijkl mnop", "ABCDEFGHIJKLMNOP", "abcdefghijklmno"):
            with self.subTest(wrong):
                self.assertFalse(sign_in(server, "imap", "PLAIN", "16-letters@demo.test", wrong)[0])

    def test_secrets_with_control_characters(self):
        for secret in (b"abcd\x00efghijklmnop", b"\xff" * 16, b"abcdefghijklmnop\n", b"\x01auth=Bearer x\x01\x01"):
            with self.subTest(secret):
                self.assertFalse(sign_in(server, "smtp", "PLAIN", ALICE, secret)[0])


class Exchanges(Input):
    def send(self, port, *pieces):
        """Sends all of it, or until the other end has enough; says what came back last."""
        with socket.create_connection(("127.0.0.1", server.port(port)), timeout=TIMEOUT) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: connection.recv(65536), b""))
            except ConnectionError:
                return b""

    def test_a_response_of_16_mib(self):
        blob = b"A" * (16 * 1024 * 1024) + b"\r\n"
        for port, command, success in (("IMAP", b"a AUTHENTICATE PLAIN ", b"a OK"),
                                       ("POP3", b"AUTH PLAIN ", b"+OK Logged"),
                                       ("SIEVE", b'AUTHENTICATE "PLAIN" {16777216+}\r\n', b'OK "Logged')):
            with self.subTest(port):
                self.assertNotIn(success, self.send(port, command, blob))

    def test_bearer_messages_that_are_none(self):
        token = "pl_at_" + "A" * 43
        messages = (b"", b"\x01", b"\x01\x01", b"n,,\x01\x01", b"n,a=,\x01auth=\x01\x01",
                    b"n,a=%s\x01auth=Bearer\x01\x01", b"user=\x01auth=Bearer \x01\x01",
                    b"user=" + b"u" * 10000 + b"\x01auth=Bearer x\x01\x01",
                    b"user=alice@demo.test\x01auth=Bearer " + token.encode() * 200 + b"\x01\x01",
                    b"user=alice@demo.test\x01auth=Basic x\x01\x01", b"user=alice@demo.test\x01" * 100, b"\xff" * 500)
        lines = [b"a AUTHENTICATE %s %s\r\n" % (mechanism, base64.b64encode(message) or b"=")
                 for mechanism in (b"XOAUTH2", b"OAUTHBEARER") for message in messages]
        for line, said in zip(lines, all_at_once(lambda line: self.send("IMAP", line, b"AQ==\r\n"), lines)):
            self.assertNotIn(b"a OK", said, line[:80])


class Services(Input):
    """Dovecot's names for who asks: services.def lists those that are known."""

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "dovecot-plugin/services.def")) as f:
            text = f.read()
        cls.signing_in = re.findall(r'^PL_DOVECOT_SERVICE\("([^"]+)"', text, re.M)
        cls.helpers = re.findall(r'^PL_DOVECOT_(?:HELPER|DELIVERY)\("([^"]+)"', text, re.M)
        assert "imap" in cls.signing_in and "lmtp" in cls.helpers

    def tearDown(self):
        server.postlatch("member", "set", ALICE, "active=on", "imap=inherit")
        super().tearDown()

    def let_in(self, services):
        """Those of the services that alice's password is good for."""
        def ask(service):
            return server.inside("doveadm", "auth", "test", "-x", "service=" + service, ALICE,
                                 server.passwords[ALICE]).returncode == 0
        return [service for service, yes in zip(services, all_at_once(ask, services)) if yes]

    def test_services_that_sign_members_in_follow_their_setting(self):
        self.assertEqual(self.let_in(self.signing_in), self.signing_in)
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertEqual(self.let_in(self.signing_in), [])

    def test_helpers_go_on_for_an_inactive_member(self):
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertEqual(self.let_in(self.helpers), self.helpers)

    def policy_to_add_to(self):
        """A function that writes the policy file as it is now, and more lines."""
        path = server.env["POLICY_FILE"]
        with open(path) as f:
            before = f.read()

        def write(lines):
            with open(path, "w") as f:
                f.write(before + lines)
        self.addCleanup(write, "")
        return write

    def test_programs_that_the_policy_file_names(self):
        others = ["radicale", "xmpp", "unnamed"]
        write = self.policy_to_add_to()
        write('other_services = "radicale=imap, xmpp=pop3"\n')
        wait_for(lambda: self.let_in(others) == ["radicale", "xmpp"])
        server.postlatch("member", "set", ALICE, "imap=off")
        self.assertEqual(self.let_in(others), ["xmpp"])

    def test_all_others_are_denied_and_logged(self):
        others = ["foo", "IMAP", "imap2", "imaps", "x" * 200, "%s%n", "auth"]
        self.assertEqual(self.let_in(others), [])
        for service in others:
            self.assertIn('denied: service "%s' % service[:60], server.log("dovecot"))

    def found_services(self):
        """The warnings of `postlatch check` about them."""
        run = server.postlatch("--json", "check", check=False)
        return [row["text"] for row in json.loads(run.stdout) if row["topic"] == "services" and row["level"] == "warning"]

    def test_check_names_those_that_were_denied(self):
        def found(name):
            # The driver limits what it logs, and records, in a minute.
            self.assertEqual(self.let_in([name]), [])
            return [text for text in self.found_services() if name in text]
        wait_for(lambda: found("radicale2"), 180)
        self.assertIn('set other_services = "radicale2=imap"', found("radicale2")[0])
        wait_for(lambda: found("odd name"), 180)
        self.assertIn("give it a name", found("odd name")[0])
        write = self.policy_to_add_to()
        write('other_services = "xmpp=imap"\n')
        self.assertTrue([text for text in self.found_services() if '"xmpp=imap, radicale2=imap"' in text])
        write('other_services = "xmpp=imap, radicale2=imap"\n')
        self.assertFalse([text for text in self.found_services() if "service radicale2" in text])


if __name__ == "__main__":
    unittest.main()
