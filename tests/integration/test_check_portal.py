"""postlatch check and the portal, on a real server whose configuration has one fault at a time."""
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
import unittest

from check import CheckTest, FilesTest, replace
from dovecot import ADDRESS as LISTEN
from portal import Dovecot
from server import ROOT, Server

SOCKET = "  unix_listener auth-postlatch {\n    mode = 0600\n    user = postlatch-portal\n  }\n"
ADDRESS = "    %s = 127.0.0.1\n" % LISTEN
KICK = "doveadm_allowed_commands = kick"

# What is replaced in Dovecot's configuration, by what; the level, and words of the sentence.
DOVECOT = {
    "the socket is missing": (SOCKET, "", "fault", "no socket", "include 06-postlatch-portal.conf"),
    "the socket has another name": ("unix_listener auth-postlatch", "unix_listener auth-other", "fault", "no socket",
                                    "or set auth_socket"),
    "everyone may use the socket": ("    mode = 0600\n    user = postlatch-portal", "    mode = 0666", "fault",
                                    "every user of this machine", "set mode = 0600"),
    "another group may use the socket": ("    mode = 0600\n    user = postlatch-portal\n",
                                         "    mode = 0660\n    user = postlatch-portal\n    group = postlatch\n",
                                         "fault", "group postlatch can try passwords", "set mode = 0600"),
    "the portal may not use the socket": ("    user = postlatch-portal\n", "", "fault", "the portal cannot use",
                                          "set user = postlatch-portal"),
    "no doveadm listener": ("  inet_listener http {\n", "  inet_listener other {\n", "fault",
                            "no doveadm HTTP interface", "include 06-postlatch-portal.conf"),
    "doveadm for the whole network": (ADDRESS, "", "warning", "reachable from other machines",
                                      "set %s = 127.0.0.1" % LISTEN),
    "doveadm on another port": (ADDRESS + "    port = ", ADDRESS + "    port = 10\n#", "fault", "listens on port 10",
                                "use the same port"),
    "doveadm has no key": ("doveadm_api_key = ", "#doveadm_api_key = ", "fault", "has no doveadm_api_key", "set it"),
    "doveadm has another key": ("doveadm_api_key = <", "doveadm_api_key = x", "fault", "differs from",
                                "set both"),
    "doveadm takes every command": (KICK, "", "warning", "gives access to all mail",
                                    "set doveadm_allowed_commands = kick"),
    "doveadm takes other commands": (KICK, "doveadm_allowed_commands = who", "fault", "does not let the portal end mail connections",
                                     "add kick"),
    "no tokens": (" xoauth2 oauthbearer", "", "fault", "does not accept its tokens", "add xoauth2 oauthbearer"),
}

# The same for the policy file. PORT is the port that it names already.
POLICY = {
    "http": (r"http://localhost:\d+", "http://login.example.test", "fault", "is not https", "web server with TLS"),
    "http at a name that looks like localhost": (r"http://localhost:\d+", "http://localhost.example.test", "fault",
                                                 "is not https"),
    "http at a name that looks like an address": (r"http://localhost:\d+", "http://127.example.test", "fault",
                                                  "is not https"),
    "a socket elsewhere": (r'auth_socket = ".*"', 'auth_socket = "/nonexistent/auth-postlatch"', "fault", "no socket",
                           "/nonexistent/auth-postlatch"),
    "no key file": (r'doveadm_key_file = ".*"', 'doveadm_key_file = ""', "fault", "does not exist",
                    "06-postlatch-portal.conf"),
    "no folder of the brand": (r'brand_dir = ".*"', 'brand_dir = "/nonexistent"', "fault", "brand_dir = /nonexistent",
                               "No such file"),
    "no command for mail": (r"\Z", 'sendmail = "/nonexistent/sendmail"\n', "warning", "cannot be executed",
                            "set sendmail"),
}

# With these the programs do not take the policy file.
NO_POLICY = {
    "no address at all": (r"http://localhost:\d+", "login.example.test", "portal_url", "it must be https://NAME"),
    "a slash behind the name": (r"http://localhost:\d+", "https://login.example.test/", "with nothing behind"),
    "capitals": (r"http://localhost:\d+", "https://Login.example.test", "in lower case"),
    "a name with a colon": ('portal_name = ".*"', 'portal_name = "A: B"', "portal_name = A: B", "without a colon"),
    "a relative path": ('auth_socket = ".*"', 'auth_socket = "auth"', "auth_socket = auth", "from / on"),
    "twice": (r"\Z", 'portal_name = "A"\n', "portal_name is set twice"),
}

# Each is as good as what the demonstration has.
GOOD_URLS = ("https://login.example.test", "https://login.example.test:8443", "http://127.0.0.1:80", "http://[::1]:80",
             "http://localhost")


def setUpModule():
    global server
    server = CheckTest.server = Server().start()


def tearDownModule():
    server.remove()


class Configurations(CheckTest):
    def setUp(self):
        self.copy_configurations()

    def test_dovecot(self):
        for name, (old, new, level, *words) in DOVECOT.items():
            with self.subTest(name):
                self.setUp()
                replace(self.dovecot, old, new)
                self.assertEqual(self.finds(level, *words)[1], "portal")

    def test_doveadm_for_other_front_ends_has_tls(self):
        replace(self.dovecot, ADDRESS, "    ssl = yes\n")
        _, lines = self.check(*self.options)
        self.assertEqual([line for line in lines if "reachable from other machines" in line[2]], [])

    def test_a_socket_that_the_portals_group_may_use(self):
        replace(self.dovecot, "    mode = 0600\n    user = postlatch-portal\n",
                "    mode = 0660\n    group = postlatch-portal\n")
        self.assertEqual(self.finds("ok", "the portal at")[1], "portal")

    def test_a_socket_with_its_whole_path(self):
        replace(self.dovecot, "unix_listener auth-postlatch", "unix_listener %s/run/dovecot/auth-postlatch" % server.dir)
        self.finds("ok", "the portal at")

    def test_without_webmail_tokens_are_not_missed(self):
        webmail, = (client for client in server.json("client", "list") if client["redirect_uris"])
        self.assertEqual(webmail["channel"], "webmail")
        server.postlatch("client", "remove", webmail["id"])
        replace(self.dovecot, " xoauth2 oauthbearer", "")
        self.addCleanup(server.postlatch, "client", "add", webmail["id"], "--redirect-uri",
                        ",".join(webmail["redirect_uris"]))
        self.finds("warning", "no webmail is registered", "postlatch client add")
        _, lines = self.check(*self.options)
        self.assertFalse([line for line in lines if "does not accept its tokens" in line[2]])


class Files(FilesTest):
    def setUp(self):
        self.policy = server.dir + "/etc/postlatch/demo.conf"
        self.seal = server.dir + "/etc/postlatch/seal.key"
        self.outbox = server.dir + "/etc/postlatch/outbox.key"
        self.key = server.dir + "/state/doveadm.key"
        self.postlatch = os.stat(server.dir + "/etc/postlatch/verify.key").st_gid

    def setting(self, pattern, new):
        """One line of the policy file is another."""
        self.contents(self.policy, lambda text: re.sub(pattern, new, text, count=1))

    def test_policy(self):
        for name, (pattern, new, level, *words) in POLICY.items():
            with self.subTest(name):
                self.setting(pattern, new)
                self.assertEqual(self.finds(level, *words)[1], "portal")
                self.doCleanups()

    def test_no_policy(self):
        for name, (pattern, new, *words) in NO_POLICY.items():
            with self.subTest(name):
                self.setting(pattern, new)
                self.assertEqual(self.finds("fault", *words)[1], "policy")
                self.doCleanups()

    def test_good_addresses(self):
        for url in GOOD_URLS:
            with self.subTest(url):
                self.setting(r"http://localhost:\d+", url)
                self.finds("ok", "the portal at %s is configured correctly" % url)
                self.doCleanups()

    def test_a_brand_that_the_portal_cannot_read(self):
        brand = server.dir + "/etc/postlatch/brand"
        shutil.copytree(ROOT + "/demo/brand", brand)
        self.addCleanup(shutil.rmtree, brand)
        self.setting(r'brand_dir = ".*"', 'brand_dir = "/etc/postlatch/brand"')
        self.finds("ok", "the portal at")
        for name, mode, words in (("/logo-dark.svg", 0o600, "brand/logo-dark.svg"), ("", 0o700, "read /etc/postlatch/brand,")):
            before = os.stat(brand + name).st_mode
            os.chmod(brand + name, mode)
            self.finds("fault", "the user postlatch-portal cannot read", words, "chmod")
            os.chmod(brand + name, before)

    def test_the_certificate_of_profiles(self):
        folder = server.dir + "/etc/postlatch/profiles"
        os.mkdir(folder)
        self.addCleanup(shutil.rmtree, folder)
        group = os.stat(self.seal).st_gid
        for name, days in (("one", "90"), ("two", "90"), ("old", "0"), ("soon", "3")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-days", "9", "-subj", "/CN=x", "-keyout", name + ".key", "-out", name + ".pem"], cwd=folder,
                           check=True, capture_output=True)
            subprocess.run(["openssl", "x509", "-in", name + ".pem", "-signkey", name + ".key", "-days", days, "-out",
                            name + ".pem"], cwd=folder, check=True, capture_output=True)
            os.chown(folder + "/%s.key" % name, 0, group)
            os.chmod(folder + "/%s.key" % name, 0o640)
        path, setting = "/etc/postlatch/profiles/", 'profile_certificate = "%s"\nprofile_key = "%s"\n'
        with open(self.policy) as f:
            before = f.read()
        self.addCleanup(self.write, self.policy, before)
        for certificate, key, level, *words in (
                ("one.pem", "one.key", "ok", "profiles are signed with " + path + "one.pem"),
                ("one.pem", "two.key", "fault", "two.key is not the key of"), ("one.key", "one.key", "fault", "has no certificate"),
                ("one.pem", "one.pem", "fault", "has no private key"), ("none", "one.key", "fault", "profile_certificate =", "No such file"),
                ("one.pem", "none", "fault", "profile_key =", "No such file"), ("old.pem", "old.key", "fault", "has expired"),
                ("soon.pem", "soon.key", "warning", "expires within 14 days")):
            with self.subTest(certificate + " " + key):
                self.write(self.policy, before + setting % (path + certificate, path + key))
                self.assertEqual(self.finds(level, *words)[1], "portal")
        os.chmod(folder + "/one.key", 0o600)
        self.write(self.policy, before + setting % (path + "one.pem", path + "one.key"))
        self.finds("fault", "the user postlatch-portal cannot read " + path + "one.key", "chgrp postlatch-portal")

    def test_without_a_portal_nothing_else_is_looked_at(self):
        self.setting(r'portal_url = ".*"', 'portal_url = ""')
        self.setting(r'doveadm_key_file = ".*"', 'doveadm_key_file = "/nonexistent"')
        self.assertEqual(self.finds("ok", "portal_url is empty")[1], "portal")
        _, lines = self.check()
        self.assertEqual([line[1] for line in lines].count("portal"), 1)

    def test_db_init_gives_the_seal_key_to_the_portal_alone(self):
        with open(server.dir + "/etc/group") as f:
            groups = {int(line.split(":")[2]): line.split(":")[0] for line in f}
        st = os.stat(self.seal)
        self.assertEqual((st.st_uid, groups[st.st_gid], stat.S_IMODE(st.st_mode)), (0, "postlatch-portal", 0o640))

    def test_seal_key_that_others_can_read(self):
        self.owner(self.seal, 0, self.postlatch)
        self.finds("fault", "seal.key", "accessible to another group", "chgrp postlatch-portal")

    def test_seal_key_that_the_portal_cannot_read(self):
        self.mode(self.seal, 0o600)
        self.finds("fault", "seal.key", "the user postlatch-portal cannot read", "chmod 640")

    def test_seal_key_of_the_wrong_owner(self):
        self.owner(self.seal, 65534, os.stat(self.seal).st_gid)
        self.finds("fault", "seal.key", "neither root nor postlatch-portal", "chown root:postlatch-portal")

    def test_db_init_gives_the_outbox_key_to_the_sender_and_the_portal(self):
        with open(server.dir + "/etc/group") as f:
            groups = {int(gid): (name, members) for name, _, gid, members in (line.strip().split(":") for line in f)}
        st = os.stat(self.outbox)
        self.assertEqual((st.st_uid, groups[st.st_gid], stat.S_IMODE(st.st_mode)),
                         (0, ("postlatch-sender", "postlatch-portal"), 0o640))

    def test_outbox_key_that_others_can_read(self):
        self.owner(self.outbox, 0, self.postlatch)
        self.finds("fault", "outbox.key", "accessible to another group", "chgrp postlatch-sender")

    def test_outbox_key_that_the_sender_cannot_read(self):
        self.mode(self.outbox, 0o600)
        self.finds("fault", "outbox.key", "the group postlatch-sender cannot read", "chmod 640")

    def test_outbox_key_of_the_wrong_owner(self):
        self.owner(self.outbox, 65534, os.stat(self.outbox).st_gid)
        self.finds("fault", "the owner of", "outbox.key is not root", "chown root")

    def test_outbox_key_that_is_not_there(self):
        self.away(self.outbox)
        self.finds("fault", "outbox.key", "it does not exist")

    def test_portal_that_is_not_in_the_senders_group(self):
        self.contents(server.dir + "/etc/group", lambda text: re.sub(r"(?m)^(postlatch-sender:.*):postlatch-portal$", r"\1:", text))
        self.finds("fault", "postlatch-portal is not in the group postlatch-sender", "systemd-sysusers")

    def test_without_a_portal_only_root_needs_the_seal_key(self):
        self.mode(self.seal, 0o600)
        self.setting(r'portal_url = ".*"', 'portal_url = ""')
        self.finds("ok", "seal.key is valid")

    def test_doveadm_key_that_others_can_read(self):
        for change in (lambda: self.mode(self.key, 0o644), lambda: self.owner(self.key, 0, self.postlatch)):
            with self.subTest(change):
                change()
                self.finds("fault", "doveadm.key", "accessible to others than the portal", "chmod 640")
                self.doCleanups()

    def test_doveadm_key_that_the_portal_cannot_read(self):
        self.mode(self.key, 0o600)
        self.finds("fault", "doveadm.key", "the portal cannot read", "chown root:postlatch-portal")

    def test_doveadm_key_with_a_line_end(self):
        self.contents(self.key, lambda text: text + "\n")
        self.finds("fault", "doveadm_api_key differs from", "set both")


class Addresses(CheckTest):
    def setUp(self):
        self.copy_configurations()

    def policy(self, pattern, new):
        path = server.dir + "/etc/postlatch/demo.conf"
        with open(path) as f:
            before = f.read()
        self.addCleanup(self.write, path, before)
        self.write(path, re.sub(pattern, new, before, count=1))

    def write(self, path, text):
        with open(path, "w") as f:
            f.write(text)

    def test_the_portal_is_killed(self):
        start = server.kill_portal()
        try:
            self.finds("fault", "the web server at portal_url", "answers 503", "start postlatch-portal")
        finally:
            start()

    def test_dovecot_checks_the_portals_passwords(self):
        self.finds("ok", "Dovecot refuses a wrong password from the portal")

    def test_dovecot_cannot_check_a_password_for_the_portal(self):
        """As when the operator's query has the name of the service in it, and does not know this one."""
        path = server.dir + "/run/failing"
        dovecot = Dovecot(path)
        self.addCleanup(dovecot.close)
        dovecot.mode = "temporary by code"
        self.policy(r"auth_socket = .*", 'auth_socket = "%s"' % path)
        self.finds("fault", "nobody can sign in at the portal", "Dovecot cannot tell at the moment", "must know webmail")

    def test_no_web_server(self):
        self.policy(r"http://localhost:\d+", "http://localhost:9")
        self.finds("fault", "nothing answers at portal_url = http://localhost:9 (Connection refused)", "start the web server")

    def test_another_site(self):
        self.policy(r"http://localhost:\d+", "http://localhost:%s" % server.env["WEBMAIL_URL"].rpartition(":")[2])
        self.finds("fault", "another site answers", "postlatch-portal.conf")

    def test_second_factors_that_nobody_can_register_at_an_address_without_a_name(self):
        self.policy(r"\A", 'second_factors = "passkey, approval"\n')
        _, lines = self.check(*self.options)
        self.assertEqual([line for line in lines if "second_factors" in line[2]], [])
        self.policy(r"http://localhost:(\d+)", r"http://127.0.0.1:\1")
        self.finds("fault", "second_factors = passkey, approval: nobody can register", "or allow totp")
        self.policy(r"passkey, approval", "passkey, totp")
        self.policy(r"\Z", 'class "staff" {\n\tsecond_factors = "passkey"\n}\n')
        self.finds("fault", "second_factors = passkey of class staff: nobody can register")

    def test_a_certificate_that_nobody_trusts(self):
        self.policy(r"http://localhost:\d+", "https://localhost:%d" % server.port("IMAPS"))
        self.finds("warning", "the certificate at portal_url", "is not valid (self", "one that this machine trusts")

    def test_doveadm_does_not_answer(self):
        self.policy(r"doveadm_url = .*", 'doveadm_url = "http://127.0.0.1:9/doveadm/v1"')
        self.finds("fault", "doveadm does not answer at doveadm_url", "(Connection refused)")

    def test_each_doveadm_of_several_front_ends_is_asked(self):
        self.policy(r'doveadm_url = "(.*)"', r'doveadm_url = "\1  http://127.0.0.1:9/doveadm/v1"')
        line = self.finds("fault", "doveadm_url = http://127.0.0.1:9/doveadm/v1 (Connection refused)")
        _, lines = self.check(*self.options)
        self.assertEqual([other for other in lines if "doveadm" in other[2]], [line])

    def test_doveadm_with_tls_closes_connections_without_saying_so(self):
        port = self.closing_server()
        self.policy(r"doveadm_url = .*", 'doveadm_url = "https://localhost:%d/doveadm/v1"' % port)
        _, lines = self.check(*self.options)
        self.assertEqual([line for line in lines if "does not answer" in line[2]], [])

    def closing_server(self):
        """Answers 200 to one request with TLS, and then closes the socket below it. Its certificate is its own authority."""
        certificate = server.dir + "/state/doveadm.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", certificate, "-out", certificate + ".crt"],
                       check=True, capture_output=True)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate + ".crt", certificate)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            with tls.wrap_socket(listener.accept()[0], server_side=True) as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nall commands")

        threading.Thread(target=serve, daemon=True).start()
        os.environ["SSL_CERT_FILE"] = certificate + ".crt"
        self.addCleanup(os.environ.pop, "SSL_CERT_FILE")
        return listener.getsockname()[1]

    def test_doveadm_has_another_key(self):
        self.write(server.dir + "/state/other.key", "x")
        self.addCleanup(os.unlink, server.dir + "/state/other.key")
        self.policy(r"doveadm_key_file = .*", 'doveadm_key_file = "%s/state/other.key"' % server.dir)
        self.finds("fault", "answers 401 and not 200", "the same key")

    def test_the_senders_user_cannot_send_mail(self):
        main_cf = server.dir + "/etc/postfix/main.cf"
        self.addCleanup(os.chmod, main_cf, os.stat(main_cf).st_mode & 0o7777)
        os.chmod(main_cf, 0o600)
        self.finds("fault", "the user postlatch-sender cannot send mail", "main.cf: Permission denied")


if __name__ == "__main__":
    unittest.main()
