"""What the operator's own passdbs and userdbs say about a member holds for every credential, and a login is decided
for the account that opens, whatever name was typed."""
import base64
import concurrent.futures
import contextlib
import imaplib
import os
import re
import socket
import threading
import time
import unittest
import urllib.parse

from authenticator import Passkey
from dovecot import ADDRESS, RELEASE
from portal import Browser
from reconfigured import Reconfigured
from sasl import sign_in
from server import TIMEOUT, Server, wait_for

ALICE, BOB, INFO = "alice@demo.test", "bob@demo.test", "info@demo.test"
SERVICES = ("imap", "pop3", "smtp", "sieve")
HOUR = 3600


def setUpModule():
    global server
    server = Reconfigured.server = Server().start()
    # Mail to members is delivered whenever it likes, into the mailboxes that the tests open.
    with open(server.env["POLICY_FILE"], "a") as policy:
        policy.write('sendmail = ""\npasskey_sign_in = "on"\n')
    time.sleep(3)


def tearDownModule():
    server.remove()


def new_browser():
    url = server.env["PORTAL_URL"]
    browser = Browser(urllib.parse.urlsplit(url).port, url)
    browser.session()
    return browser


def bobs_passkey():
    """He registers it when that is offered."""
    browser, made = new_browser(), Passkey(server.env["PORTAL_URL"])
    browser.sign_in(BOB, server.passwords[BOB])
    path = "/api/sign-in/registration/passkey"
    answer = browser.post(path, made.make(browser.post(path + "/challenge").json))
    assert answer.status == 200, answer
    return made


def passkey_opens(passkey):
    """The address of the session that it gives without a password, or None."""
    browser, path = new_browser(), "/api/sign-in/passkey-alone"
    answer = browser.post(path, passkey.prove(browser.post(path + "/challenge").json))
    return browser.session()["address"] if answer.status == 200 else None


def portal_opens(user, password):
    """The address of the session that the sign-in page gives, or None."""
    browser = new_browser()
    answer = browser.sign_in(user, password)
    return browser.session()["address"] if answer.status == 200 else None


def write_policy(text):
    with open(server.env["POLICY_FILE"], "w") as f:
        f.write(text)
    time.sleep(1.5)  # the driver reads what has been the same for a second


def opens(user, secret, mechanism="PLAIN"):
    with concurrent.futures.ThreadPoolExecutor(len(SERVICES)) as pool:
        let_in = pool.map(lambda service: sign_in(server, service, mechanism, user, secret)[0], SERVICES)
        return {service for service, opened in zip(SERVICES, let_in) if opened}


class Passdb(unittest.TestCase):
    """The lines of the operator's passwd-file, which may have fields of their own."""

    registered = None  # Bob's passkey, where he could not register one any more

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = server.dir + "/etc/dovecot/members"
        with open(cls.path) as f:
            cls.lines = f.read()

    def setUp(self):
        self.addCleanup(self.write, self.lines)
        self.addCleanup(server.postlatch, "member", "set", ALICE, "active=on", "imap=inherit", "client_password=inherit",
                        "two_factor_requirement=inherit")

    def write(self, lines):
        with open(self.path, "w") as f:
            f.write(lines)
        time.sleep(1.1)  # Dovecot looks at the file once in a second

    def set_fields(self, member, fields):
        self.write("".join(line + fields + "\n" if line.startswith(member + ":") else line + "\n"
                           for line in self.lines.splitlines()))

    def credentials(self, member, password=None):
        """Each as (its name, the secret, the mechanism). Bob has a passkey, too."""
        if member == BOB:
            self.addCleanup(server.postlatch, "totp", "reset", BOB)
            self.passkey = self.registered or bobs_passkey()
        return (("account password", password or server.passwords[member], "PLAIN"),
                ("app password", server.app_password(member, label="phone")["password"], "PLAIN"),
                ("token", server.issue_token(member, "webmail", HOUR, HOUR)[1], "XOAUTH2"))

    def kept_out(self, member, credentials):
        for name, secret, mechanism in credentials:
            with self.subTest(name):
                self.assertEqual(opens(member, secret, mechanism), set())
        with self.subTest("sign-in page"):
            self.assertIsNone(portal_opens(member, server.passwords[member]))
        if member == BOB:
            with self.subTest("passkey alone"):
                self.assertIsNone(passkey_opens(self.passkey))

    def let_in(self, member, credentials):
        for name, secret, mechanism in credentials:
            with self.subTest(name):
                self.assertEqual(opens(member, secret, mechanism), set(SERVICES))
        with self.subTest("sign-in page"):
            self.assertEqual(portal_opens(member, server.passwords[member]), member)
        if member == BOB:
            with self.subTest("passkey alone"):
                self.assertEqual(passkey_opens(self.passkey), member)


class Refusals(Passdb):
    def test_nologin(self):
        credentials = self.credentials(BOB)
        self.let_in(BOB, credentials)
        self.set_fields(BOB, "nologin")
        self.kept_out(BOB, credentials)
        wait_for(lambda: {("nologin", "app-password"), ("nologin", "webmail"), ("nologin", "unknown"), ("nologin", "passkey-alone")} <= {
            (row["rule"], row["credential"]) for row in server.json("member", "logins", BOB) if row["refused"]})

    def test_allow_nets(self):
        credentials = self.credentials(BOB)
        self.set_fields(BOB, "allow_nets=192.0.2.0/24")
        self.kept_out(BOB, credentials)
        self.set_fields(BOB, "allow_nets=127.0.0.0/8")
        self.let_in(BOB, credentials)

    def test_a_member_who_was_removed(self):
        credentials = self.credentials(BOB)
        self.write("".join(line + "\n" for line in self.lines.splitlines() if not line.startswith(BOB)))
        self.kept_out(BOB, credentials)
        wait_for(lambda: {("passdb-refused", "app-password"), ("passdb-refused", "webmail")} <= {
            (row["rule"], row["credential"]) for row in server.json("member", "logins", BOB) if row["refused"]})


class Names(Passdb):
    """info@demo.test is another name of alice."""

    def setUp(self):
        super().setUp()
        self.write(self.lines + "%s:{PLAIN}pw::::::user=%s\n" % (INFO, ALICE))

    def test_the_switches_of_the_account_hold(self):
        self.assertEqual(opens(INFO, "pw"), set(SERVICES))
        server.postlatch("member", "set", ALICE, "imap=off")
        self.assertEqual(opens(INFO, "pw"), set(SERVICES) - {"imap"})
        server.postlatch("member", "set", ALICE, "client_password=never")
        self.assertEqual(opens(INFO, "pw"), set())
        self.assertEqual(portal_opens(INFO, "pw"), ALICE)
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertIsNone(portal_opens(INFO, "pw"))

    def test_client_password_is_the_account_s(self):
        server.postlatch("member", "set", ALICE, "client_password=always")
        server.postlatch("domain", "set", "demo.test", "client_password=never")
        self.addCleanup(server.postlatch, "domain", "set", "demo.test", "client_password=inherit")
        self.assertEqual(opens(INFO, "pw"), set(SERVICES))
        self.set_fields(BOB, "user=Bob@Demo.Test")
        self.assertEqual(opens(BOB, server.passwords[BOB]), set())

    def test_fields_for_the_userdb_change_the_name_too(self):
        self.write(self.lines + "%s:{PLAIN}pw::::::userdb_user=%s\n" % (INFO, ALICE))
        self.assertEqual(opens(INFO, "pw"), set(SERVICES))
        server.postlatch("member", "set", ALICE, "imap=off")
        self.assertEqual(opens(INFO, "pw"), set(SERVICES) - {"imap"})

    def test_a_use_is_the_account_s(self):
        self.assertEqual(opens(INFO, "pw"), set(SERVICES))
        wait_for(lambda: set(SERVICES) <= set(server.json("member", "show", ALICE)["last_used"]))

    def test_credentials_of_the_name_are_not_the_account_s(self):
        _, app_password, token = self.credentials(INFO, "pw")
        for _, secret, mechanism in (app_password, token):
            self.assertEqual(opens(INFO, secret, mechanism), set())

    def test_another_spelling_is_the_same_account(self):
        self.set_fields(BOB, "user=Bob@Demo.Test")
        self.let_in(BOB, self.credentials(BOB))


class Backend(threading.Thread):
    """An IMAP server behind Dovecot as a proxy; it lets everybody in."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.names = []

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                with self.socket.accept()[0] as connection, connection.makefile("rwb") as file:
                    self.serve(file)

    def serve(self, file):
        def say(line):
            file.write(line + b"\r\n")
            file.flush()
        say(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready")
        for line in file:
            tag, command, *words = line.split()
            if command.upper() == b"AUTHENTICATE":
                self.names.append(base64.b64decode(words[1]).split(b"\0")[1].decode())
            elif command.upper() == b"LOGIN":
                self.names.append(words[0].strip(b'"').decode())
            say(tag + b" OK done")


class Proxy(Passdb):
    def test_a_member_on_another_server(self):
        backend = Backend()
        backend.start()
        self.addCleanup(backend.socket.close)
        credentials = self.credentials(BOB)
        self.set_fields(BOB, "proxy=y host=127.0.0.1 port=%d pass=x" % backend.port)
        for name, secret, mechanism in credentials:
            with self.subTest(name):
                backend.names.clear()
                self.assertTrue(sign_in(server, "imap", mechanism, BOB, secret)[0])
                self.assertEqual(backend.names, [BOB])

    def test_all_fields_of_proxies_hold(self):
        """Whether the member is let in at IMAP, and by which names at the other server; "here" is this one."""
        backend = Backend()
        backend.start()
        self.addCleanup(backend.socket.close)
        credentials = self.credentials(BOB)
        there, here = ("host=127.0.0.1 port=%d pass=x" % port for port in (backend.port, server.port("IMAP")))
        for fields, let_in, names in (("proxy=y destuser=robert " + there, True, ["robert"]),
                                      ("proxy=y destuser=%s nologin " % ALICE + there, True, [ALICE]),
                                      ("proxy_maybe=y " + there, True, [BOB]),
                                      ("proxy_maybe=y " + here, True, []),
                                      ("proxy_maybe=y nologin " + there, True, [BOB]),
                                      ("proxy_maybe=y nologin " + here, False, []),
                                      ("host=192.0.2.1", True, [])):
            self.set_fields(BOB, fields)
            for name, secret, mechanism in credentials:
                with self.subTest(fields + ", " + name):
                    backend.names.clear()
                    self.assertEqual(sign_in(server, "imap", mechanism, BOB, secret)[0], let_in)
                    self.assertEqual(backend.names, names)


class Blocks(Passdb, Reconfigured):
    """Dovecot's configuration is changed for the class, too."""


def their_userdb():
    """The block of the demonstration."""
    with open(server.dir + "/etc/dovecot/dovecot.conf") as f:
        text = f.read()
    start = text.index({"2.3": "userdb {\n  driver = static\n", "2.4": "userdb static {\n"}[RELEASE])
    return text[start:text.index("\n}\n", start) + 3]


OURS = "!include conf.d/05-postlatch.conf\n"
OPERATORS = "# The operator's own: account passwords stay here.\n"


def passwd_file(kind, name, path, extra=""):
    if RELEASE == "2.3":
        return "%s {\n  driver = passwd-file\n  args = username_format=%%Lu %s\n  %s\n}\n" % (kind, path, extra)
    return "%s %s {\n  driver = passwd-file\n  passwd_file_path = %s\n  %s\n}\n" % (kind, name, path, extra)


class ResultRules(Blocks):
    """A list of whom the operator refuses, by the result_success of its block."""

    @classmethod
    def setUpClass(cls):
        cls.list = server.dir + "/etc/dovecot/refused"
        cls.refuse()
        cls.changes = {OPERATORS: passwd_file("passdb", "refused", cls.list, "result_success = return-fail") + OPERATORS}
        super().setUpClass()

    @classmethod
    def refuse(cls, *members):
        with open(cls.list, "w") as f:
            f.write("".join(member + ":::::::nopassword\n" for member in members))
        time.sleep(1.1)

    def test_it_holds_for_every_credential(self):
        credentials = self.credentials(BOB)
        self.addCleanup(self.refuse)
        self.let_in(BOB, credentials)
        self.refuse(BOB)
        self.kept_out(BOB, credentials)

    def test_nobody_is_told_why_the_account_password_does_not_open(self):
        server.postlatch("member", "set", ALICE, "client_password=never")
        self.addCleanup(self.refuse)
        self.assertIn("app password", sign_in(server, "imap", "PLAIN", ALICE, server.passwords[ALICE])[1])
        self.refuse(ALICE)
        self.assertNotIn("app password", sign_in(server, "imap", "PLAIN", ALICE, "wrong")[1])


class Denied(Blocks):
    """A deny passdb, as Debian's auth-deny.conf.ext has it."""

    @classmethod
    def setUpClass(cls):
        cls.list = server.dir + "/etc/dovecot/denied"
        cls.deny()
        block = passwd_file("passdb", "denied", cls.list, "deny = yes")
        cls.changes = {cls.place: cls.where(block)}
        super().setUpClass()

    @classmethod
    def deny(cls, *members):
        with open(cls.list, "w") as f:
            f.write("".join(member + "\n" for member in members))
        time.sleep(1.1)

    def check(self):
        credentials = self.credentials(BOB)
        self.let_in(BOB, credentials)
        self.deny(BOB)
        self.addCleanup(self.deny)
        self.kept_out(BOB, credentials)


class DeniedBehind(Denied):
    place, where = OPERATORS, lambda block: block + OPERATORS

    def test_it_holds_for_every_credential(self):
        self.check()


class DeniedInFront(Denied):
    place, where = OURS, lambda block: block + OURS

    def test_it_holds_for_every_credential(self):
        self.check()


class NoPassword(Blocks):
    """Mechanisms that show Dovecot no password: the passdb gives it, and the mechanism compares."""

    changes = {"auth_mechanisms = plain": "auth_mechanisms = cram-md5 scram-sha-256 plain"}
    if RELEASE == "2.3":
        changes["plain login none"] = "plain login none cram-md5 scram-sha-256"

    def opened(self, user, password):
        return [opens(user, password, mechanism) for mechanism in ("CRAM-MD5", "SCRAM-SHA-256")]

    def test_another_name(self):
        self.write(self.lines + "%s:{PLAIN}pw::::::user=%s\n" % (INFO, ALICE))
        self.assertEqual(self.opened(INFO, "pw"), [set(SERVICES)] * 2)
        server.postlatch("member", "set", ALICE, "imap=off")
        self.assertEqual(self.opened(INFO, "pw"), [set(SERVICES) - {"imap"}] * 2)
        server.postlatch("member", "set", ALICE, "client_password=never")
        self.assertEqual(self.opened(INFO, "pw"), [set()] * 2)

    def test_nologin(self):
        self.assertEqual(self.opened(BOB, server.passwords[BOB]), [set(SERVICES)] * 2)
        self.set_fields(BOB, "nologin reason=Closed")
        self.assertEqual(self.opened(BOB, server.passwords[BOB]), [set()] * 2)
        said = [sign_in(server, "imap", "CRAM-MD5", user, "wrong")[1] for user in (BOB, "nobody@demo.test")]
        self.assertNotIn("Closed", said[0])
        self.assertEqual(*said)


class Userdb(Blocks):
    """The userdb turns the name into another one."""

    @classmethod
    def setUpClass(cls):
        cls.users = server.dir + "/etc/dovecot/users"
        with open(cls.users, "w") as f:
            f.write("%s::%d:%d::%s/mail/demo.test/alice::userdb_user=%s\n"
                    % (INFO, *[os.stat(server.dir + "/mail").st_uid] * 2, server.dir, ALICE))
        cls.changes = {"userdb ": passwd_file("userdb", "users", cls.users) + "userdb "}
        super().setUpClass()

    def test_the_switches_of_the_account_hold(self):
        self.write(self.lines + "%s:{PLAIN}pw::::::\n" % INFO)
        self.assertEqual(opens(INFO, "pw"), set(SERVICES))
        server.postlatch("member", "set", ALICE, "imap=off", "client_password=never")
        # Postfix asks no userdb: what is sent is sent as info.
        self.assertEqual(opens(INFO, "pw"), {"smtp"})

    def test_credentials_of_the_name_are_not_the_account_s(self):
        self.write(self.lines + "%s:{PLAIN}pw::::::\n" % INFO)
        for _, *credential in self.credentials(INFO, "pw")[1:]:
            self.assertEqual(opens(INFO, *credential), {"smtp"})


class Prefetch(Blocks):
    """The only userdb is prefetch, which has what a passdb says of the member: also of one whose credential is ours."""

    @classmethod
    def setUpClass(cls):
        cls.changes = {their_userdb(): {"2.3": "userdb {\n  driver = prefetch\n}\n", "2.4": "userdb prefetch {\n}\n"}[RELEASE]}
        super().setUpClass()
        uid = os.stat(server.dir + "/mail").st_uid
        cls.fields = "userdb_uid=%d userdb_gid=%d userdb_home=%s/mail/demo.test/" % (uid, uid, server.dir)

    def test_it_has_data_of_all_who_sign_in(self):
        self.set_fields(BOB, self.fields + "bob")
        self.let_in(BOB, self.credentials(BOB))

    def test_it_has_none_of_those_who_get_mail(self):
        self.set_fields(BOB, self.fields + "bob")
        run = server.inside("doveadm", "user", BOB)
        self.assertNotEqual(run.returncode, 0, run.stdout)


class Filtered(Blocks):
    """No passdb is responsible for the member: its users are of another domain."""

    first = {"2.3": "passdb {\n  driver = passwd-file\n", "2.4": "passdb passwd-file {\n"}[RELEASE]
    changes = {first: first + "  username_filter = *@elsewhere.example\n"}

    @classmethod
    def setUpClass(cls):
        cls.registered = bobs_passkey()
        super().setUpClass()

    def test_no_passdb_knows_the_member(self):
        self.kept_out(BOB, self.credentials(BOB))


@unittest.skipIf(RELEASE == "2.3", "the auth process of Dovecot 2.3.19 does not start while its PostgreSQL is away")
class PostgreSQLIsAway(Blocks):
    """A passdb of driver sql has no connection, so it cannot make its query. The next one knows all members."""

    changes = {OPERATORS: "sql_driver = pgsql\npgsql 127.0.0.1 {\n  parameters {\n    port = 9\n    dbname = mail\n  }\n}\n"
                          "passdb sql {\n  query = SELECT password FROM mailbox WHERE username = '%{user}'\n}\n" + OPERATORS}

    def test_the_auth_process_goes_on(self):
        credentials = self.credentials(BOB)
        for _ in range(3):
            self.let_in(BOB, credentials)


# The passdb and the userdb look at the local part of a name alone.
BY_LOCAL_PART = {"2.3": {"username_format=%Lu": "username_format=%Ln", "%d/%n": "demo.test/%n"},
                 "2.4": {"%{user | lower}": "%{user | username | lower}", "%{user | domain}/": "demo.test/"}}[RELEASE]


class LocalPart(Blocks):
    """Two domains share them."""

    changes = BY_LOCAL_PART
    other = "alice@other.test"

    def setUp(self):
        super().setUp()
        self.write(self.lines.replace("@demo.test", ""))
        server.postlatch("domain", "add", "demo.test", check=False)
        self.addCleanup(server.postlatch, "domain", "remove", "other.test", "--yes", check=False)

    def opened(self):
        return opens(self.other, server.passwords[ALICE])

    def test_a_domain_that_is_not_known(self):
        self.assertEqual(self.opened(), set())

    def test_an_alias_of_the_other(self):
        server.postlatch("domain", "add", "other.test", "alias_of=demo.test")
        app_password = server.app_password(ALICE, label="phone")["password"]
        self.assertEqual(self.opened(), set(SERVICES))
        server.postlatch("member", "set", ALICE, "imap=off", "client_password=never")
        self.assertEqual(self.opened(), set())
        self.assertEqual(opens(self.other, app_password), set(SERVICES) - {"imap"})
        self.assertEqual(portal_opens(self.other, server.passwords[ALICE]), ALICE)


class WithoutDomain(LocalPart):
    """Dovecot leaves the domain out of every name."""

    changes = dict(BY_LOCAL_PART, **{OPERATORS: "auth_username_format = %s\n" % {
        "2.3": "%Ln", "2.4": "%{user | username | lower}"}[RELEASE] + OPERATORS})

    def setUp(self):
        super().setUp()
        with open(server.env["POLICY_FILE"]) as f:
            policy = f.read()
        self.addCleanup(write_policy, policy)
        write_policy(policy + 'default_domain = "demo.test"\n')

    test_a_domain_that_is_not_known = test_an_alias_of_the_other = None

    def test_the_account_is_that_of_the_default_domain(self):
        self.assertEqual(self.opened(), set(SERVICES))
        server.postlatch("member", "set", ALICE, "imap=off", "client_password=never")
        self.assertEqual(self.opened(), set())
        app_password = server.app_password(ALICE, label="phone")["password"]
        self.assertEqual(opens(self.other, app_password), set(SERVICES) - {"imap"})
        # The portal may read the policy file a little later than the driver.
        wait_for(lambda: portal_opens(self.other, server.passwords[ALICE]) == ALICE)


class TrustedWebmail(Blocks):
    """A webmail that sends passwords, and hands on the address of the browser (or one that somebody made up)."""

    changes = {OPERATORS: "login_trusted_networks = 127.0.0.0/8\n" + OPERATORS}
    networks = "127.0.0.0/8"

    @classmethod
    def setUpClass(cls):
        with open(server.env["POLICY_FILE"]) as f:
            cls.policy = f.read()
        text = re.sub("(?m)^webmail_networks = .*\n", "", cls.policy)
        write_policy(text + 'webmail_networks = "%s"\n' % cls.networks)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        write_policy(cls.policy)

    def connect(self):
        return imaplib.IMAP4("127.0.0.1", server.port("IMAP"))

    def log_in(self):
        client = self.connect()
        self.addCleanup(client.shutdown)
        client.xatom("ID", '("x-originating-ip" "203.0.113.77")')
        try:
            return client.login(BOB, server.passwords[BOB])[0] == "OK"
        except imaplib.IMAP4.error:
            return False

    def test_it_is_webmail_whatever_address_it_hands_on(self):
        self.assertTrue(self.log_in())
        self.assertIn("rip=203.0.113.77", server.log("dovecot"))
        server.postlatch("member", "set", BOB, "webmail=off")
        self.addCleanup(server.postlatch, "member", "set", BOB, "webmail=inherit")
        self.assertFalse(self.log_in())


class FromWebmail(imaplib.IMAP4):
    """The webmail's connection: straight to a listener of its own, or through HAProxy."""

    def __init__(self, through_proxy):
        self.through_proxy = through_proxy
        super().__init__("127.0.0.1" if through_proxy else ProxiedWebmail.own, server.port("IMAP"))

    def _create_socket(self, timeout):
        source = "127.0.0.78" if self.through_proxy else ProxiedWebmail.webmail
        connection = socket.create_connection((self.host, self.port), timeout or TIMEOUT, (source, 0))
        if self.through_proxy:
            connection.sendall(b"PROXY TCP4 %s 127.0.0.1 40000 143\r\n" % ProxiedWebmail.webmail.encode())
        return connection


class ProxiedWebmail(TrustedWebmail):
    """Mail clients come through HAProxy. The webmail is trusted at a listener of its own, and there alone."""

    own, webmail = "127.0.0.3", "127.0.0.77"
    networks = webmail
    trusted = "local %s {\n  login_trusted_networks = %s\n}\n" % (own, webmail)
    ways = {"own listener": False, "HAProxy": False}

    @classmethod
    def setUpClass(cls):
        cls.changes = {OPERATORS: cls.trusted + "haproxy_trusted_networks = 127.0.0.78\n" + OPERATORS,
                       "  inet_listener imap {\n": "  inet_listener webmail {\n    %s = %s\n    port = %s\n  }\n"
                       "  inet_listener imap {\n    haproxy = yes\n" % (ADDRESS, cls.own, server.port("IMAP"))}
        super().setUpClass()

    def connect(self):
        return FromWebmail(self.through_proxy)

    def test_it_is_webmail_whatever_address_it_hands_on(self):
        for way, let_in in self.ways.items():
            with self.subTest(way):
                self.through_proxy = way == "HAProxy"
                server.postlatch("member", "set", BOB, "webmail=inherit")
                self.assertTrue(self.log_in())
                server.postlatch("member", "set", BOB, "webmail=off")
                self.addCleanup(server.postlatch, "member", "set", BOB, "webmail=inherit")
                self.assertEqual(self.log_in(), let_in)
        self.assertIn("rip=203.0.113.77", server.log("dovecot"))


class ProxiedWebmailIsTrusted(ProxiedWebmail):
    """Trusted at all listeners, it counts as a mail client through HAProxy: the documents and check say so."""

    trusted = "login_trusted_networks = %s\n" % ProxiedWebmail.webmail
    ways = {"own listener": False, "HAProxy": True}


class SecondBlock(Blocks):
    """A block of ours at the end, too: it adds nothing, and does no harm."""

    ours = {"2.3": "passdb {\n  driver = postlatch\n  args = /etc/postlatch/policy.conf\n",
            "2.4": "passdb again {\n  driver = postlatch\n  postlatch_policy_file = /etc/postlatch/policy.conf\n"}
    block = ours[RELEASE] + "  skip = unauthenticated\n  result_internalfail = return-fail\n}\n"
    first = {"2.3": "passdb {\n  driver = passwd-file\n", "2.4": "passdb passwd-file {\n"}[RELEASE]
    changes = {first: first + "  result_success = continue-ok\n", "userdb ": block + "userdb "}

    def test_only_app_passwords(self):
        account, *others = self.credentials(BOB)
        server.postlatch("member", "set", BOB, "client_password=never")
        self.addCleanup(server.postlatch, "member", "set", BOB, "client_password=inherit")
        self.assertEqual(opens(BOB, *account[1:]), set())
        for _, *credential in others:
            self.assertEqual(opens(BOB, *credential), set(SERVICES))

    def test_another_name(self):
        self.write(self.lines + "%s:{PLAIN}pw::::::user=%s\n" % (INFO, ALICE))
        self.assertEqual(opens(INFO, "pw"), set(SERVICES))
        server.postlatch("member", "set", ALICE, "imap=off")
        self.assertEqual(opens(INFO, "pw"), set(SERVICES) - {"imap"})


class Cached(Blocks):
    """A passdb that verifies passwords itself, and tells no password when it is asked without one, behind Dovecot's
    cache."""

    script = """
function auth_password_verify(request, password)
  if password == "right" then return dovecot.auth.PASSDB_RESULT_OK, {} end
  return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, {}
end
function auth_passdb_lookup(request)
  return dovecot.auth.PASSDB_RESULT_OK, {nopassword="y"}
end
"""
    first = {"2.3": "passdb {\n  driver = passwd-file\n", "2.4": "passdb passwd-file {\n"}[RELEASE]
    block = {"2.3": "passdb {\n  driver = lua\n  args = file=%s\n  mechanisms = plain login none\n}\n",
             "2.4": "passdb lua {\n  lua_file = %s\n}\n"}[RELEASE]
    # When mail arrives, Dovecot's own userdb static would ask this passdb without a password, and keep the answer.
    userdb = {"2.3": ("  driver = static\n  args = ", "  driver = static\n  args = allow_all_users=yes "),
              "2.4": ("userdb static {\n", "userdb static {\n  userdb_static_allow_all_users = yes\n")}[RELEASE]

    @classmethod
    def setUpClass(cls):
        path = server.dir + "/etc/dovecot/passdb.lua"
        with open(path, "w") as f:
            f.write(cls.script)
        cls.changes = dict([(cls.first, "auth_cache_size = 1M\n" + cls.block % path + cls.first), cls.userdb])
        super().setUpClass()

    def test_credentials_of_ours_are_no_passwords_for_it(self):
        app_password, token = self.credentials(BOB)[1:]
        for _, *credential in (app_password, token):
            self.assertEqual(opens(BOB, *credential), set(SERVICES))
        server.postlatch("app-password", "revoke", BOB, "--all")
        for password in (app_password[1], "wrong"):
            self.assertEqual(opens(BOB, password), set())
        self.assertEqual(opens(BOB, "right"), set(SERVICES))


@unittest.skipUnless(RELEASE == "2.4", "Dovecot 2.3 does not have the setting")
class InWorkers(Blocks):
    """use_worker changes nothing for our blocks: a worker is not told how the chain ends."""

    changes = {OURS: OURS + "".join("%s postlatch {\n  use_worker = yes\n}\n" % kind for kind in ("passdb", "userdb"))}

    def test_the_operator_s_passdbs_are_asked(self):
        credentials = self.credentials(BOB)
        self.let_in(BOB, credentials)
        self.write("".join(line + "\n" for line in self.lines.splitlines() if not line.startswith(BOB)))
        self.kept_out(BOB, credentials)
        wait_for(lambda: {("passdb-refused", "app-password"), ("passdb-refused", "webmail")} <= {
            (row["rule"], row["credential"]) for row in server.json("member", "logins", BOB) if row["refused"]})


class Pam(Blocks):
    """A passdb that cannot be asked without a password. It is not tried with an app password, which may lock
    accounts; so it cannot refuse one."""

    first = {"2.3": "passdb {\n  driver = passwd-file\n", "2.4": "passdb passwd-file {\n"}[RELEASE]
    block = {"2.3": "passdb {\n  driver = pam\n  args = postlatch-test\n}\n",
             "2.4": "passdb pam {\n  service_name = postlatch-test\n}\n"}[RELEASE]
    changes = {first: block + first}

    def test_members_that_no_other_passdb_knows(self):
        credentials = self.credentials(BOB)
        self.write("".join(line + "\n" for line in self.lines.splitlines() if not line.startswith(BOB)))
        before = self.asked()
        for _, *credential in credentials[1:]:
            self.assertEqual(opens(BOB, *credential), set(SERVICES))
        self.assertEqual(self.asked(), before)
        self.assertEqual(opens(BOB, "wrong"), set())
        self.assertNotEqual(self.asked(), before)

    def asked(self):
        """What the log says of questions to PAM: the name of the passdb, and the member in brackets."""
        return re.findall(r".*\bpam[(:].*", server.log("dovecot"))


class PamWithUserdb(Pam):
    """Where the passdb cannot be asked, the userdb is, also for Postfix, which asks none itself."""

    @classmethod
    def setUpClass(cls):
        cls.users = server.dir + "/etc/dovecot/users"
        cls.write_users(ALICE, BOB)
        cls.changes = dict(Pam.changes, **{their_userdb(): passwd_file("userdb", "users", cls.users)})
        super().setUpClass()

    @classmethod
    def write_users(cls, *members):
        uid = os.stat(server.dir + "/mail").st_uid
        with open(cls.users, "w") as f:
            f.write("".join("%s::%d:%d::%s/mail/demo.test/%s::\n" % (member, uid, uid, server.dir, member.partition("@")[0])
                            for member in members))
        time.sleep(1.1)

    def test_members_that_no_other_passdb_knows(self):
        credentials = self.credentials(BOB)[1:]
        self.write("".join(line + "\n" for line in self.lines.splitlines() if not line.startswith(BOB)))
        for _, *credential in credentials:
            self.assertEqual(opens(BOB, *credential), set(SERVICES))
        self.write_users(ALICE)
        self.addCleanup(self.write_users, ALICE, BOB)
        for _, *credential in credentials:
            self.assertEqual(opens(BOB, *credential), set())
        self.assertIn("rule=userdb-unknown user=" + BOB, server.log("dovecot"))


if __name__ == "__main__":
    unittest.main()
