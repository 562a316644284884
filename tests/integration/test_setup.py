"""postlatch setup, on configurations of Postfix and Dovecot that are in a folder and run nowhere."""
import os
import shutil
import subprocess
import tempfile
import unittest

from command import POSTLATCH, ROOT, TIMEOUT
from dovecot import RELEASE

MAIN = """# The operator's own comment.
compatibility_level = 3.6
myhostname = mail.example.test
mydestination = $myhostname, localhost
# Milters
smtpd_milters = inet:localhost:8891, { inet:localhost:11332, default_action = accept }
non_smtpd_milters = $smtpd_milters
milter_default_action = accept
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service unix:private/policyd-spf
"""
MASTER = """smtp inet n - y - - smtpd
pickup unix n - y 60 1 pickup
cleanup unix n - y - 0 cleanup
"""
SUBMISSION = """# Mine.
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_path=private/auth
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
"""
MILTER = "{unix:postlatch/milter.sock,default_action=tempfail,protocol=6}"


def read(path):
    with open(path) as f:
        return f.read()


class Setup(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-setup-test-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.with_driver = [] if RELEASE == "2.3" else self.with_settings()
        for name in ("postfix", "dovecot/conf.d", "postlatch"):
            os.makedirs(os.path.join(self.dir, name))
        self.write("dovecot/conf.d/10-mail.conf", "# nothing\n")
        start = "" if RELEASE == "2.3" else "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
        self.write("dovecot/dovecot.conf", start + "protocols = imap\n!include conf.d/*.conf\n")

    def with_settings(self):
        """Runs a command where Dovecot has the driver's settings module, which belongs to no package here."""
        modules = "/usr/lib/dovecot/modules/settings"
        shutil.copytree(modules, self.path("settings"))
        shutil.copy(os.path.dirname(POSTLATCH) + "/../dovecot-plugin/libpostlatch_settings.so", self.path("settings"))
        return ["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" %s && exec "$@"' % modules, self.path("settings")]

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def postfix(self, main=MAIN, master=MASTER + SUBMISSION):
        self.write("postfix/main.cf", main)
        self.write("postfix/master.cf", master)

    def files(self):
        """All that setup may touch: the content of files, and where links lead."""
        found = {}
        for top in ("postfix", "dovecot"):
            for where, _, names in os.walk(self.path(top)):
                for name in names:
                    path = os.path.join(where, name)
                    found[path] = os.readlink(path) if os.path.islink(path) else (read(path), os.stat(path).st_mode)
        return found

    def setup(self, *options, status=0, prefix=()):
        run = subprocess.run([*self.with_driver, *prefix, POSTLATCH, "-c", self.path("postlatch/policy.conf"), "setup", "--postfix-conf",
                              self.path("postfix"), "--dovecot-conf", self.path("dovecot/dovecot.conf"), "--fragments",
                              ROOT + "/conf.d", *options], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def value(self, name):
        """Of main.cf or, with slashes, of master.cf; None when it is not there."""
        text = subprocess.run(["postconf", "-c", self.path("postfix"), "-P" if "/" in name else "-n"],
                              capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout
        return {key: value.strip() for key, value in (line.split(" =", 1) for line in text.splitlines())}.get(name)

    def test_without_options_nothing_changes(self):
        self.postfix()
        before = self.files()
        said = self.setup()
        self.assertIn("+postlatch_milter = " + MILTER, said)
        self.assertIn("-smtpd_sasl_path = private/auth\n+smtpd_sasl_path = postlatch-sasl/auth", said)
        self.assertIn("+ link %s -> %s/conf.d/dovecot-%s/05-postlatch.conf"
                      % (self.path("dovecot/conf.d/05-postlatch.conf"), ROOT, RELEASE), said)
        self.assertIn("nothing was changed", said)
        self.assertEqual(self.files(), before)
        self.assertEqual(os.listdir(self.path("postlatch")), [])

    def test_write_does_what_it_has_shown_and_undo_takes_it_back(self):
        self.postfix()
        os.chmod(self.path("postfix/main.cf"), 0o640)
        before = self.files()
        shown = self.setup().rpartition("nothing was changed")[0]
        self.assertTrue(self.setup("--write").startswith(shown))
        after = self.files()
        self.assertNotEqual(after, before)
        for name in ("05-postlatch.conf", "07-postlatch-sasl-relay.conf"):
            self.assertEqual(os.readlink(self.path("dovecot/conf.d/" + name)),
                             "%s/conf.d/dovecot-%s/%s" % (ROOT, RELEASE, name))
        self.assertEqual(self.setup("--write"), "nothing to change\n")
        self.assertEqual(self.files(), after)
        self.setup("--undo")
        self.assertEqual(self.files(), before)
        self.assertEqual(os.listdir(self.path("postlatch")), [])
        self.assertEqual(self.setup("--undo"), "nothing to change\n")

    def test_forwards_only_if_they_are_wanted_and_then_they_stay(self):
        for line, maps, domains in (("", "$postlatch_forwards", None),
                                    ("virtual_alias_maps = hash:/etc/postfix/virtual, regexp:/etc/postfix/more\n",
                                     "$postlatch_forwards, hash:/etc/postfix/virtual, regexp:/etc/postfix/more",
                                     "hash:/etc/postfix/virtual, regexp:/etc/postfix/more"),
                                    ("virtual_alias_maps = hash:/a\nvirtual_alias_domains = b.test\n",
                                     "$postlatch_forwards, hash:/a", "b.test")):
            with self.subTest(line=line):
                self.postfix(MAIN + line)
                before = self.files()
                self.setup("--write")
                self.assertIsNone(self.value("postlatch_forwards"))
                self.assertIn("note: from now on Postfix asks postlatch-milter", self.setup("--forwards", "--write"))
                for options in ((), ("--write",)):
                    self.assertIn("nothing to change", self.setup(*options))
                self.assertEqual(self.value("postlatch_forwards"),
                                 "socketmap:unix:postlatch/forward.sock:forward$recipient_delimiter")
                self.assertEqual(self.value("virtual_alias_maps"), maps)
                self.assertEqual(self.value("virtual_alias_domains") or None, domains)
                self.setup("--undo")
                self.assertEqual(self.files(), before)

    def test_what_is_there_is_merged_or_left_alone(self):
        self.postfix()
        self.setup("--write")
        for name, value in {
                "submission/inet/smtpd_milters": "$postlatch_milter,inet:localhost:8891,{inet:localhost:11332,default_action=accept}",
                "submission/inet/smtpd_sasl_path": None,
                "submission/inet/smtpd_recipient_restrictions": "permit_sasl_authenticated,reject",
                "submission/inet/smtpd_client_restrictions": "permit_sasl_authenticated,reject",
                "smtp/inet/smtpd_milters": None,
                "smtpd_milters": "inet:localhost:8891, { inet:localhost:11332, default_action = accept }",
                "non_smtpd_milters": "$smtpd_milters", "milter_default_action": "accept",
                "postlatch_milter": MILTER, "smtpd_sasl_path": "postlatch-sasl/auth", "forward_path": "",
                # With $non_smtpd_milters, which are $smtpd_milters here, Postfix would not find an end.
                "127.0.0.1:10589/inet/smtpd_milters": "inet:localhost:8891,{inet:localhost:11332,default_action=accept}",
                "127.0.0.1:10589/inet/cleanup_service_name": "postlatch-redirect"}.items():
            with self.subTest(name):
                self.assertEqual(self.value(name), value)

    def test_a_service_submission_is_added_where_there_is_none(self):
        self.postfix(master=MASTER)
        self.setup("--write")
        self.assertTrue(self.value("submission/inet/smtpd_milters").startswith("$postlatch_milter"))
        self.assertIsNone(self.value("smtp/inet/smtpd_milters"))

    def test_port_25_with_auth_gets_the_milter_and_keeps_its_restrictions(self):
        self.postfix(main=MAIN + "smtpd_sasl_auth_enable = yes\n")
        self.assertIn("note: the service smtp, for mail from other servers, accepts AUTH", self.setup("--write"))
        self.assertTrue(self.value("smtp/inet/smtpd_milters").startswith("$postlatch_milter,inet:"))
        self.assertIsNone(self.value("smtp/inet/smtpd_recipient_restrictions"))

    def test_the_listener_of_a_former_version_is_replaced(self):
        self.postfix(master=MASTER + SUBMISSION + "127.0.0.1:10588 inet n - y - - smtpd\n"
                     "  -o milter_macro_daemon_name=postlatch-redirect\n")
        before = self.files()
        self.setup("--write")
        self.assertIsNone(self.value("127.0.0.1:10588/inet/milter_macro_daemon_name"))
        self.setup("--undo")
        self.assertEqual(self.files(), before)

    def test_what_cannot_be_merged_is_refused(self):
        for main, words in ((MAIN.replace("smtpd_sasl_type = dovecot\n", ""), "smtpd_sasl_type = cyrus"),
                            (MAIN.replace("private/auth", "inet:192.0.2.1:12345"), "smtpd_sasl_path = inet:192.0.2.1:12345")):
            with self.subTest(words):
                self.postfix(main=main, master=MASTER + SUBMISSION.replace("  -o smtpd_sasl_path=private/auth\n", ""))
                before = self.files()
                said = self.setup("--write", status=1)
                self.assertIn("the service submission has " + words, said)
                self.assertIn("run `postlatch setup` again", said)
                self.assertEqual(self.files(), before)

    def test_an_operators_changes_stay(self):
        self.postfix()
        self.setup("--write")
        for change in (["-e", "message_size_limit=1000"], ["-e", "forward_path=/etc/forward"],
                       ["-P", "submission/inet/smtpd_tls_security_level=encrypt"]):
            subprocess.run(["postconf", "-c", self.path("postfix"), *change], check=True, timeout=TIMEOUT)
        self.assertIn('you have changed "forward_path = /etc/forward" since', self.setup("--undo"))
        self.assertEqual(self.value("message_size_limit"), "1000")
        self.assertEqual(self.value("submission/inet/smtpd_tls_security_level"), "encrypt")
        for name, value in {"forward_path": "/etc/forward", "postlatch_milter": None, "smtpd_sasl_path": "private/auth",
                            "submission/inet/smtpd_milters": None, "submission/inet/smtpd_sasl_path": "private/auth",
                            "submission/inet/smtpd_recipient_restrictions": None,
                            "127.0.0.1:10589/inet/cleanup_service_name": None}.items():
            with self.subTest(name):
                self.assertEqual(self.value(name), value)

    def test_setup_after_an_operators_changes_keeps_them(self):
        self.postfix()
        self.setup("--write")
        subprocess.run(["postconf", "-c", self.path("postfix"), "-e", "message_size_limit=1000"], check=True, timeout=TIMEOUT)
        subprocess.run(["postconf", "-c", self.path("postfix"), "-X", "postlatch_milter"], check=True, timeout=TIMEOUT)
        said = self.setup("--write")
        self.assertIn("\n+postlatch_milter", said)
        self.setup("--undo")
        self.assertEqual((self.value("message_size_limit"), self.value("postlatch_milter")), ("1000", None))

    def test_a_killed_run_is_finished_by_the_next_one(self):
        """Of what it does one after the other, the last is missing: the record, the links, main.cf, master.cf."""
        self.postfix()
        before = self.files()
        self.setup("--write")
        after = self.files()
        links = [self.path("dovecot/conf.d/" + name) for name in ("05-postlatch.conf", "07-postlatch-sasl-relay.conf")]
        record = self.path("postlatch/setup")
        self.setup("--undo")

        def killed_after(step):
            self.setup("--write")
            self.postfix(*((MAIN, MASTER + SUBMISSION) if step < 3 else (read(self.path("postfix/main.cf")), MASTER + SUBMISSION)))
            for link in links[:2 - step]:
                os.unlink(link)
            if step == 0:
                os.rename(record, record + ".new")
                os.unlink(record + ".new/after/master.cf")

        for step, again in ((0, "--write"), (1, "--undo"), (2, "--write"), (2, "--undo"), (3, "--write"), (3, "--undo")):
            with self.subTest(step=step, again=again):
                killed_after(step)
                self.setup(again)
                self.assertEqual(self.files(), after if again == "--write" else before)
        self.setup("--undo")
        self.assertEqual(self.files(), before)

    def test_json(self):
        self.postfix()
        self.assertIn('"written": false', self.setup("--json"))


if __name__ == "__main__":
    unittest.main()
