"""postlatch check, on a real server whose configuration has one fault at a time."""
import contextlib
import functools
import os
import re
import shutil
import socket
import sqlite3
import struct
import threading
import unittest

import s3
from check import CheckTest, FilesTest, replace
from dovecot import INTROSPECTS, MECHANISMS, RELEASE
from server import TIMEOUT, Server

POSTLATCH_BLOCK = "!include conf.d/05-postlatch.conf\n"
USERDB = {"2.3": ("  driver = static\n", "  driver = prefetch\n"),
          "2.4": ("userdb static {\n", "userdb prefetch {\n")}[RELEASE]

ONLY_PASSDB = "  # While the database is unavailable, Postlatch cannot decide."
OPERATORS = "# The operator's own: account passwords stay here.\n"
DENY = {"2.3": "passdb {\n  driver = passwd-file\n  deny = yes\n  args = username_format=%%Lu %s\n}\n",
        "2.4": "passdb denied {\n  driver = passwd-file\n  deny = yes\n  passwd_file_path = %s\n}\n"}[RELEASE]
PAM = {"2.3": "passdb {\n  driver = pam\n  mechanisms = plain login none\n}\n", "2.4": "passdb pam {\n}\n"}[RELEASE]
BY_LOCAL_PART = {"2.3": ("username_format=%Lu", "username_format=%Ln"),
                 "2.4": ("auth_username_format = %{user | lower}", "auth_username_format = %{user | username | lower}")}[RELEASE]
THEIR_USERDB = {"2.3": "userdb {\n  driver = static\n", "2.4": "userdb static {\n"}[RELEASE]
HOST_FIELD = {"2.3": "  override_fields = submission_host=127.0.0.1:", "2.4": "    submission_host = 127.0.0.1:"}[RELEASE]

# What is replaced in dovecot.conf or conf.d/05-postlatch.conf, by what; the level, and words of the sentence.
DOVECOT = {
    "return-fail is missing": ("  result_internalfail = return-fail\n", "", "fault", "lacks result_internalfail",
                               "include 05-postlatch.conf unchanged"),
    "return-fail is another word": ("result_internalfail = return-fail", "result_internalfail = continue", "fault",
                                    "lacks result_internalfail"),
    "ours is not the first": (THEIR_USERDB, POSTLATCH_BLOCK + THEIR_USERDB, "fault",
                              "another passdb comes before", "driver postlatch first"),
    "a deny passdb behind the others": (THEIR_USERDB, DENY % "/dev/null" + THEIR_USERDB, "warning", "deny = yes comes after"),
    "the file of a deny passdb is missing": (OPERATORS, DENY % "/nonexistent" + OPERATORS, "fault",
                                             "/nonexistent is missing", "create the file"),
    "a passdb that cannot be asked": (OPERATORS, OPERATORS + PAM, "warning", "driver pam", "active=off"),
    "ours is limited to mechanisms": (ONLY_PASSDB, "  %s = plain\n%s" % (MECHANISMS, ONLY_PASSDB), "warning",
                                      MECHANISMS + " = plain limits", "remove the line"),
    "ours leaves out a name": (ONLY_PASSDB, "  username_filter = !bob\n" + ONLY_PASSDB, "warning",
                               "username_filter = !bob limits", "remove the line"),
    "ours is skipped": (ONLY_PASSDB, "  skip = authenticated\n" + ONLY_PASSDB, "warning", "skip = authenticated limits"),
    "ours is missing": (POSTLATCH_BLOCK, "service auth {\n  extra_groups = postlatch\n}\n", "fault",
                        "no passdb of driver postlatch", "include 05-postlatch.conf"),
    "CRAM-MD5 is offered": ("auth_mechanisms = plain", "auth_mechanisms = cram-md5 plain", "warning",
                            "cannot use app passwords", "remove these mechanisms"),
    "EXTERNAL is offered": ("auth_mechanisms = plain", "auth_mechanisms = external plain", "fault",
                            "auth_mechanisms has external", "remove it"),
    "auth is not in the group": ("  extra_groups = postlatch\n", "", "fault", "not in the group postlatch",
                                 "extra_groups = postlatch"),
    "nothing stops forwards": ("driver = postlatch\n  args = /etc/postlatch/policy.conf\n  override_fields",
                               "driver = static\n  override_fields", "fault", "no userdb of driver postlatch",
                               "last received mail stays unknown", "include 05-postlatch.conf") if RELEASE == "2.3" else
                              ("userdb postlatch {", "userdb other {\n  driver = static", "fault",
                               "no userdb of driver postlatch", "last received mail stays unknown",
                               "include 05-postlatch.conf"),
    "the userdb ends the lookup": ("  result_success = continue\n", "", "fault",
                                   "the userdb block of driver postlatch lacks result_success = continue"),
    "redirects go nowhere else": ("submission_host", "something", "fault", "sets no submission_host", "include 05-postlatch.conf unchanged"),
    "redirects go to a port that refuses none": (HOST_FIELD, HOST_FIELD + "1", "fault",
                                                 "Postfix has no service there that refuses", "master.cf.postlatch"),
    "redirects go where the former version had a listener": (
        "protocols =", "submission_host = 127.0.0.1:10588\nprotocols =", "warning", "submission_host = 127.0.0.1:10588",
        "remove 95-postlatch-sieve.conf"),
    "browsers' addresses behind HAProxy": (
        "protocols =", "login_trusted_networks = 127.0.0.0/8\nservice imap-login {\n  inet_listener imap {\n"
        "    haproxy = yes\n  }\n}\nprotocols =", "warning", "counts as a mail client", "a listener of its own without haproxy = yes"),
    "passwords are logged": ("protocols =", "auth_debug_passwords = yes\nprotocols =", "warning",
                             "auth_debug_passwords = yes writes passwords", "remove the line"),
    "wrong passwords are logged": ("protocols =", "auth_verbose_passwords = plain\nprotocols =", "warning",
                                   "auth_verbose_passwords = plain writes passwords", "remove the line"),
    "prefetch is alone": (*USERDB, "warning", "userdb prefetch is the only userdb", "to whom LMTP is to deliver mail", "add the userdb"),
    "the relay's socket is missing": ("unix_listener auth-sasl-relay", "unix_listener auth-other", "warning",
                                      "no socket auth-sasl-relay", "include 07-postlatch-sasl-relay.conf"),
    "everyone may use the relay's socket": ("    mode = 0600\n    user = postlatch-sasl-relay\n", "    mode = 0666\n",
                                            "fault", "every user of this machine", "auth-sasl-relay"),
    "the relay may not use its socket": ("    user = postlatch-sasl-relay\n", "", "fault", "the SASL relay cannot use",
                                         "set user = postlatch-sasl-relay"),
    "failures are not delayed": ("protocols =", "auth_failure_delay = 0\nprotocols =", "warning",
                                 "auth_failure_delay = 0", "remove the line"),
    "it cannot be read": ("protocols =", "nonsense {", "fault", "`doveconf -n`", "run it yourself"),
}

# The same, of how tokens are checked.
TOKENS = {
    "theirs takes tokens": ("  mechanisms = plain login none\n", "", "warning", "checks bearer tokens as if they were passwords",
                            "add mechanisms = plain login none"),
}
INTROSPECTION = {
    "the portal cannot be asked": ("  introspection_url = ", "  tokeninfo_url = ", "fault", "cannot ask the portal",
                                   "include 06-postlatch-portal.conf"),
    "every answer is a yes": ("  active_attribute = active\n  active_value = true\n", "  active_attribute = active\n",
                              "fault", "active_value = true", "accepts a token whatever"),
    "it asks in another way": ("introspection_mode = post", "introspection_mode = get", "fault",
                               "introspection_mode = post", "does not understand"),
    "it looks for another name": ("username_attribute = username", "username_attribute = email", "fault",
                                  "username_attribute = username", "cannot tell to whom"),
    "a worker asks": ("  introspection_mode", "  use_worker_with_mech = yes\n  introspection_mode", "fault",
                      "hides tokens from the driver", "remove the line"),
    "the secret is missing": ("= </etc/postlatch/introspection.url", "= </nonexistent", "fault",
                              "introspection_url = </nonexistent cannot be read", "create it as 06-postlatch-portal.conf describes"),
}
DOVECOT.update(INTROSPECTION if INTROSPECTS else TOKENS)

# The same in main.cf or master.cf.
POSTFIX = {
    "mail passes while the milter is down": ("default_action=tempfail", "default_action=accept",
                                             "fault", "default_action = accept", "set default_action=tempfail"),
    "no service has a milter": ("  -o smtpd_milters=$postlatch_milter\n", "", "fault", "accepts AUTH but has no milter",
                                "add $postlatch_milter"),
    "no service accepts AUTH": ("  -o smtpd_sasl_auth_enable=yes\n", "", "warning", "no service of Postfix accepts AUTH",
                                "master.cf.postlatch"),
    "AUTH asks Cyrus SASL": ("smtpd_sasl_type = dovecot", "smtpd_sasl_type = cyrus", "fault",
                             "does not ask Dovecot about passwords", "set smtpd_sasl_type = dovecot"),
    "milters by address of clients": ("forward_path =\n", "forward_path =\nsmtpd_milter_maps = static:DISABLE\n", "warning",
                                      "smtpd_milter_maps = static:DISABLE"),
    "the former milter of sendmail": ("forward_path =\n", "forward_path =\nnon_smtpd_milters = $postlatch_milter\n",
                                      "warning", "non_smtpd_milters = {unix:postlatch/milter.sock", "remove its milter"),
    "the former listener": ("postlog ", "127.0.0.1:10588 inet n - n - - smtpd\n"
                            "  -o milter_macro_daemon_name=postlatch-redirect\npostlog ", "warning",
                            "with milter_macro_daemon_name=postlatch-redirect", "replace it"),
    ".forward files": ("forward_path =\n", "", "fault", ".forward files", "set forward_path ="),
    ".forward files by name": ("forward_path =\n", "forward_path = $home/.forward\n", "fault", ".forward files"),
    "procmail delivers": ("forward_path =\n", 'forward_path =\nmailbox_command = /usr/bin/procmail -a "$EXTENSION"\n', "fault",
                          "procmail delivers to system users and reads their .procmailrc", "mailbox_transport"),
    "redirects are accepted": ("REJECT 5.7.1", "WARN", "fault", "no service there that refuses", "master.cf.postlatch"),
    "the listener is missing": ("  -o cleanup_service_name=postlatch-redirect\n", "", "fault",
                                "no service there that refuses"),
    "AUTH without milter": (" smtpd\n  -o smtpd_sasl_auth_enable=no\n", " smtpd\n  -o smtpd_sasl_auth_enable=yes\n",
                            "fault", "accepts AUTH but has no milter", "or set smtpd_sasl_auth_enable=no"),
    "AUTH goes to Dovecot itself": ("smtpd_sasl_path = postlatch-sasl/auth", "smtpd_sasl_path = private/auth", "warning",
                                    "asks Dovecot without the SASL relay",
                                    "set smtpd_sasl_path = postlatch-sasl/auth"),
    "so does that of one service": ("  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_delay",
                                    "  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_sasl_path=private/auth\n  -o smtpd_delay",
                                    "warning", "(smtpd_sasl_path = private/auth)"),
    "a milter without AUTH": ("postlog ", "smtp inet n - n - - smtpd -o smtpd_milters=$postlatch_milter\npostlog ",
                              "warning", "has Postlatch's milter but does not accept AUTH", "remove it"),
}


def setUpModule():
    global server
    server = CheckTest.server = Server().start()


def tearDownModule():
    server.remove()


class Configurations(CheckTest):
    def setUp(self):
        self.copy_configurations()

    def test_a_server_that_is_set_up_well(self):
        status, lines = self.check(*self.options)
        self.assertEqual((status, {line[0] for line in lines}), (0, {"ok"}))
        self.assertEqual([line[1] for line in lines],
                         ["policy", *["keys"] * 3, "database", "keys", *["domains"] * 2, "services", *["dovecot"] * 2, *["postfix"] * 5,
                          *["portal"] * 4, *["sender"] * 2, "attachments"])

    def test_the_demonstration_has_its_one_fault(self):
        status, lines = self.check()
        # That it answers wrong passwords at once is for the tests.
        fault, = (line for line in lines if line[0] != "ok" and "auth_failure_delay" not in line[2])
        self.assertEqual((status, fault[0]), (2, "fault"))
        self.assertIn("accepts AUTH but has no milter", fault[2])

    def test_text_and_json_agree(self):
        self.maxDiff = None
        # How much of the disk is free changes while they run.
        free = functools.partial(re.sub, r"\d+ MB are free", "some MB are free")
        self.assertEqual([(row["level"], row["topic"], free(row["text"])) for row in self.json()],
                         [(level, topic, free(text)) for level, topic, text in self.check()[1]])

    def test_dovecot(self):
        for name, (old, new, level, *words) in DOVECOT.items():
            with self.subTest(name):
                self.setUp()
                replace(self.dovecot, old, new)
                if name == "ours is not the first":
                    # It stands twice now; the first goes.
                    with open(self.dovecot + "/dovecot.conf") as f:
                        text = f.read()
                    with open(self.dovecot + "/dovecot.conf", "w") as f:
                        f.write(text.replace(POSTLATCH_BLOCK, "", 1))
                self.finds(level, *words)

    def test_a_deny_passdb_in_front(self):
        replace(self.dovecot, "!include conf.d/05-postlatch.conf\n", DENY % "/dev/null" + "!include conf.d/05-postlatch.conf\n")
        self.assertEqual(self.check(*self.options)[0], 0)

    def test_names_by_their_local_part(self):
        replace(self.dovecot, *BY_LOCAL_PART)
        self.finds("fault", "local part of a name alone", "alias_of=OTHER")
        self.addCleanup(self.server.postlatch, "domain", "add", "local.demo.test")
        self.server.postlatch("domain", "remove", "local.demo.test", "--yes")
        self.addCleanup(self.server.postlatch, "domain", "remove", "local.demo.test")
        self.server.postlatch("domain", "add", "local.demo.test", "alias_of=demo.test")
        self.assertEqual(self.check(*self.options)[0], 0)

    def test_passdbs_that_cannot_be_asked(self):
        """The userdb is asked in their place, if it knows who exists."""
        prefetch, passwd = USERDB, (USERDB[0], USERDB[1].replace("prefetch", "passwd"))
        for userdb, words in ((passwd, [("driver pam", "locked or has expired")]),
                              (prefetch, [("driver pam", "was removed"), ("prefetch is the only userdb", "driver pam is not asked"),
                                          ("prefetch is the only userdb", "LMTP")])):
            with self.subTest(userdb[1]):
                self.setUp()
                replace(self.dovecot, OPERATORS, OPERATORS + PAM)
                replace(self.dovecot, *userdb)
                _, lines = self.check(*self.options)
                found = [line[2] for line in lines if "app passwords and tokens stay valid" in line[2] or "only userdb" in line[2]]
                self.assertEqual(len(found), len(words), lines)
                for these in words:
                    self.assertTrue([text for text in found if all(word in text for word in these)], (these, found))

    def with_database(self, driver, *lines):
        """Another passdb, which is asked as the lines say: in 2.3 in a file of their own."""
        file = self.server.dir + "/check-database"
        with open(file, "w") as f:
            f.write("".join(line + "\n" for line in lines))
        self.setUp()
        block = {"2.3": "passdb {\n  driver = %s\n  mechanisms = plain login none\n  args = %s\n}\n" % (driver, file),
                 "2.4": "passdb %s {\n%s}\n" % (driver, "".join("  %s\n" % line for line in lines))}[RELEASE]
        replace(self.dovecot, THEIR_USERDB, block + THEIR_USERDB)
        return self.check(*self.options)[1]

    def test_databases_that_are_asked_by_the_local_part(self):
        """ldap has settings of its own only where its driver is installed."""
        rows = {"2.3": (("sql", "password_query = SELECT password, domain FROM people \\", "  WHERE id = '%n'", True),
                        ("sql", "password_query = SELECT password FROM people WHERE id = '%n' AND domain = '%d'", False),
                        ("sql", "#password_query = SELECT password FROM people WHERE id = '%n'", "user_query = ... '%n'", False),
                        ("ldap", "auth_bind_userdn = uid=%Ln,ou=people", "pass_filter = (mail=%u)", "user_attrs = =home=/home/%d", True),
                        ("ldap", "pass_filter = '(uid=%{username})'", True),
                        ("ldap", "pass_filter = (uid=%n)", "base = ou=people,dc=%d", False),
                        ("ldap", "pass_filter = (uid=%{username})", "pass_filter = (mail=%u)", False)),
                "2.4": (("sql", "passdb_sql_query = SELECT password, domain FROM people WHERE id = '%{user | username}'", True),
                        ("sql", "passdb_sql_query = SELECT password FROM people WHERE id = '%{user|username}' AND domain = '%{user|domain}'",
                         False))}[RELEASE]
        for driver, *lines, found in rows:
            with self.subTest(lines):
                said = self.with_database(driver, *lines)
                self.assertEqual([line[0] for line in said if "local part of a name alone" in line[2]], ["fault"] * found, said)

    @unittest.skipUnless(RELEASE == "2.3", "Debian's test machine has no driver ldap of Dovecot 2.4")
    def test_a_directory_without_a_filter(self):
        bind = "auth_bind_userdn = mail=%u,ou=people"
        for lines, found in (([bind], True), ([bind, "pass_filter = (mail=%u)"], False), ([], False)):
            said = self.with_database("ldap", *lines)
            self.assertEqual([line[0] for line in said if "has no pass_filter" in line[2]], ["warning"] * found, said)

    @unittest.skipUnless(RELEASE == "2.3", "Dovecot 2.4 has no such files")
    def test_a_file_of_a_database_that_is_missing(self):
        replace(self.dovecot, THEIR_USERDB, "passdb {\n  driver = sql\n  mechanisms = plain login none\n  args = /nonexistent\n}\n" + THEIR_USERDB)
        self.finds("warning", "/nonexistent", "cannot be read: No such file", "as root")

    def test_system_users(self):
        policy = server.dir + "/etc/postlatch/policy.conf"
        pam = {"2.3": "passdb {\n  driver = pam\n  mechanisms = plain login none\n}\n", "2.4": "passdb pam {\n}\n"}[RELEASE]
        replace(self.dovecot, THEIR_USERDB, pam + THEIR_USERDB)
        self.finds("warning", "a passdb of driver pam sign in without a domain", "set default_domain")
        self.finds("warning", "webmail signs members in with their domain", "set auth_username_format = ")
        with open(policy) as f:
            before = f.read()
        try:
            with open(policy, "w") as f:
                f.write('default_domain = "demo.test"\n' + before)
            by_name = {"2.3": "%Ln", "2.4": "%{user | username | lower}"}[RELEASE]
            replace(self.dovecot, "protocols =", "auth_username_format = %s\nprotocols =" % by_name)
            _, lines = self.check(*self.options)
            self.assertFalse([line for line in lines if "default_domain" in line[2] or "webmail signs" in line[2]], lines)
        finally:
            with open(policy, "w") as f:
                f.write(before)

    def test_no_passdb_beside_ours(self):
        with open(self.dovecot + "/dovecot.conf") as f:
            text = f.read()
        with open(self.dovecot + "/dovecot.conf", "w") as f:
            f.write(re.sub(r"passdb [^\n]*\{.*?\n\}\n", "", text, flags=re.S))
        self.finds("warning", "no other passdb than the one of driver postlatch", "only app passwords")

    def test_postfix(self):
        for name, (old, new, level, *words) in POSTFIX.items():
            with self.subTest(name):
                self.setUp()
                replace(self.postfix, old, new)
                self.finds(level, *words)

    def test_forwards(self):
        alias_maps = "virtual_alias_maps = texthash:/etc/postfix/aliases\n"
        asked = ("postlatch_forwards = socketmap:unix:%s:forward$recipient_delimiter\n"
                 "virtual_alias_maps = $postlatch_forwards, texthash:/etc/postfix/aliases\nvirtual_alias_domains =\n")
        replace(self.postfix, alias_maps, asked % "postlatch/forward.sock")
        self.finds("warning", "Postfix asks for forwards of members, but all of them rest", "set it to on")
        replace(self.postfix, "unix:postlatch/forward.sock", "unix:postlatch/other.sock")
        self.finds("fault", "Postfix puts all mail off", "postlatch/other.sock", "start postlatch-milter")
        policy = server.dir + "/etc/postlatch/demo.conf"
        with open(policy) as f:
            before = f.read()
        try:
            with open(policy, "w") as f:
                f.write(before.replace("member_forwards = off", "member_forwards = on"))
            replace(self.postfix, "unix:postlatch/other.sock", "unix:postlatch/forward.sock")
            self.assertEqual(self.check(*self.options)[0], 0)
            replace(self.postfix, "$postlatch_forwards, ", "")
            self.finds("fault", "Postfix does not ask for forwards", "postlatch setup --forwards --write")
        finally:
            with open(policy, "w") as f:
                f.write(before)

    def test_dovecot_lda_for_system_users(self):
        lda = 'mailbox_command = /usr/lib/dovecot/dovecot-lda -f "$SENDER" -a "$RECIPIENT"'
        sieve = {"2.3": "protocol lda {\n  mail_plugins = sieve\n}\nprotocols =",
                 "2.4": "protocol lda {\n  mail_plugins {\n    sieve = yes\n  }\n}\nprotocols ="}[RELEASE]
        for line, has_sieve, is_fault in ((lda, True, True), (lda, False, False), (lda + ' -d "$USER"', True, False),
                                          (lda + "\nmailbox_transport = lmtp:unix:private/lmtp", True, False)):
            with self.subTest(line=line, has_sieve=has_sieve):
                self.setUp()
                replace(self.postfix, "forward_path =\n", "forward_path =\n%s\n" % line)
                if has_sieve:
                    replace(self.dovecot, "protocols =", sieve)
                if is_fault:
                    self.finds("fault", "dovecot-lda delivers to system users and does not ask", '-d "$USER"', "mailbox_command")
                else:
                    self.assertEqual(self.check(*self.options)[0], 0)

    def test_whether_dovecot_is_asked_about_recipients(self):
        virtual = "virtual_transport = lmtp:unix:private/dovecot-lmtp\n"
        for change, words in (
                ((virtual, virtual), ("is noted, as Dovecot delivers it (virtual_transport = lmtp:",)),
                ((virtual, "virtual_transport = virtual\n"), ("virtual(8) writes their mailboxes", "virtual_transport")),
                ((virtual, "virtual_mailbox_domains =\n"), ("local(8) writes their mailboxes", "mailbox_transport")),
                ((virtual, "virtual_mailbox_domains =\nmailbox_transport = lmtp:unix:private/dovecot-lmtp\n"),
                 ("is noted", "mailbox_transport = lmtp:")),
                ((virtual, 'virtual_mailbox_domains =\nmailbox_command = /usr/lib/dovecot/dovecot-lda -d "$USER"\n'),
                 ("is noted", "mailbox_command = /usr/lib/dovecot/dovecot-lda")),
                ((virtual, "virtual_mailbox_domains =\nlocal_transport = lmtp:unix:private/dovecot-lmtp\n"),
                 ("is noted", "local_transport = lmtp:"))):
            with self.subTest(change[1]):
                self.setUp()
                replace(self.postfix, *change)
                level = self.finds("ok", "when members last received mail", *words)
                self.assertEqual(level[1], "postfix")

    def test_restrictions_that_services_inherit(self):
        for name, line in (("smtpd_helo_restrictions", "  -o smtpd_helo_restrictions=\n"),
                           ("smtpd_recipient_restrictions",
                            "  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject\n"),
                           ("smtpd_recipient_restrictions", "  -o smtpd_recipient_restrictions=permit_mynetworks,reject\n")):
            with self.subTest(line):
                self.setUp()
                replace(self.postfix, "forward_path =\n", "forward_path =\n%s = reject_unauth_destination\n" % name)
                self.assertEqual(self.check(*self.options)[0], 0)
                replace(self.postfix, line, "")
                _, lines = self.check(*self.options)
                found = [text for level, _, text in lines if level == "warning"]
                self.assertEqual(len(found), line.count("helo") + 1, lines)
                self.assertIn("inherits %s from main.cf" % name, found[0])

    def test_another_userdb_in_front(self):
        first = {"2.3": "userdb {\n  driver = passwd-file\n  args = /etc/passwd\n%s}\n",
                 "2.4": "userdb passwd-file {\n  passwd_file_path = /etc/passwd\n%s}\n"}[RELEASE]
        for line, level in (("", "fault"), ("  result_success = continue-ok\n", None)):
            with self.subTest(line):
                self.setUp()
                replace(self.dovecot, POSTLATCH_BLOCK, first % line + POSTLATCH_BLOCK)
                if level:
                    self.finds(level, "another userdb comes before", "last received mail stays unknown", "put the userdb of driver postlatch first")
                else:
                    self.assertEqual(self.check(*self.options)[0], 0)

    def test_notifications_while_forwarding_is_forbidden(self):
        policy = server.dir + "/etc/postlatch/policy.conf"
        with open(policy) as f:
            before = f.read()
        words = "mail notifications (enotify)", "05-postlatch.conf"
        here = {"2.3": (HOST_FIELD, "  override_fields = sieve_extensions=-enotify submission_host=127.0.0.1:"),
                "2.4": (HOST_FIELD, "    sieve_extensions/enotify = no\n" + HOST_FIELD)}[RELEASE]
        everywhere = {"2.3": ("protocols =", "plugin {\n  sieve_extensions = +editheader -enotify\n}\nprotocols ="),
                      "2.4": ("protocols =", "sieve_extensions {\n  enotify = no\n}\nprotocols =")}[RELEASE]
        others = {"2.3": ("protocols =", "plugin {\n  sieve_extensions = +editheader\n}\nprotocols ="),
                  "2.4": ("protocols =", "sieve_extensions {\n  editheader = yes\n}\nprotocols =")}[RELEASE]
        self.assertEqual(self.check(*self.options)[0], 0)
        try:
            for section in ("defaults { forwarding = forbidden }", 'domain "demo.test" { forwarding = forbidden }'):
                with open(policy, "w") as f:
                    f.write(before + section + "\n")
                for change in (None, others):
                    with self.subTest(section=section, change=change):
                        self.setUp()
                        if change:
                            replace(self.dovecot, *change)
                        self.finds("warning", *words)
                for change in (here, everywhere):
                    with self.subTest(section=section, change=change):
                        self.setUp()
                        replace(self.dovecot, *change)
                        self.assertEqual(self.check(*self.options)[0], 0)
        finally:
            with open(policy, "w") as f:
                f.write(before)

    def test_configurations_that_are_not_there(self):
        self.finds("fault", "`doveconf -n`", "run it yourself", options=("--dovecot-conf", "/nonexistent.conf"))
        self.finds("fault", "`postconf -x`", "run it yourself", options=("--postfix-conf", "/nonexistent"))


class Files(FilesTest):
    """Owners, modes and contents; each test puts back what it changed."""

    def setUp(self):
        folder = server.dir + "/etc/postlatch/"
        names = ("policy.conf", "demo.conf", "verify.key", "seal.key")
        self.policy, self.ports, self.verify, self.seal = (folder + name for name in names)
        self.database = server.env["DATABASE"]

    def sql(self, statement):
        database = sqlite3.connect(self.database, isolation_level=None)
        database.execute(statement)
        database.close()

    def test_keys_open_to_others(self):
        for path in (self.verify, self.seal):
            with self.subTest(path):
                self.mode(path, 0o644)
                self.finds("fault", os.path.basename(path), "others can read or write it; chmod o= it")
                self.doCleanups()

    def test_keys_that_are_missing_short_or_links(self):
        self.away(self.verify)
        self.finds("fault", "verify.key", "it does not exist", "restore it from a backup")
        self.write(self.verify, "1 abc\n")
        os.chmod(self.verify, 0o640)
        self.finds("fault", "verify.key", "hex digits", "restore it from a backup")
        os.unlink(self.verify)
        os.symlink(self.verify + ".away", self.verify)
        self.finds("fault", "verify.key", "it is a symbolic link")
        os.unlink(self.verify)

    def test_keys_of_the_wrong_owner(self):
        self.owner(self.verify, 65534, os.stat(self.verify).st_gid)
        self.finds("fault", "verify.key", "is neither root nor postlatch;", "chown root it")

    def test_verify_key_that_dovecot_cannot_read(self):
        self.owner(self.verify, 0, 0)
        self.finds("fault", "verify.key", "the group postlatch cannot read", "chgrp postlatch")

    def test_files_that_mail_links_to(self):
        files = server.dir + "/check-files"
        os.mkdir(files)
        self.addCleanup(shutil.rmtree, files, ignore_errors=True)
        os.chown(files, 0, os.stat(self.verify).st_gid)
        os.chmod(files, 0o2771)
        self.contents(self.ports, lambda text: re.sub('(attachment_folder = ).*', r'\1"%s"' % files, text))
        self.finds("ok", "0 files of 0 MB are stored in " + files)
        self.assertEqual(os.listdir(files), [])
        blob = "ab" * 32
        os.mkdir(files + "/ab")
        self.write(files + "/ab/" + blob, "x")
        self.finds("ok", "1 files of 0 MB")
        os.utime(files + "/ab/" + blob, (1, 1))
        self.finds("fault", "1 files in %s belong to no link" % files, "start postlatch-portal")
        shutil.rmtree(files + "/ab")
        for mode, words in ((0o2751, "the group postlatch cannot write"), (0o2775, "others can list or change"),
                            (0o2770, "the web server cannot read")):
            with self.subTest(words):
                os.chmod(files, mode)
                self.finds("fault", words, "chmod 2771 it")
        os.rmdir(files)
        self.finds("fault", files + ": No such file or directory", "systemd-tmpfiles --create")

    def with_store(self):
        """A store and the file of its key, which check asks; the rest of the policy stays."""
        store, key = s3.Store(), server.dir + "/s3.key"
        self.addCleanup(store.stop)
        self.write(key, "%s %s\n" % (s3.KEY_ID, s3.SECRET))
        os.chown(key, 0, os.stat(self.verify).st_gid)
        os.chmod(key, 0o640)
        self.contents(self.ports, lambda text: text + 'attachment_s3_url = "%s"\nattachment_s3_region = "%s"\nattachment_s3_key = "%s"\n' % (
            store.url, s3.REGION, key))
        return store, key

    def test_store_of_files_that_mail_links_to(self):
        store, _ = self.with_store()
        self.finds("ok", "files can be stored in %s and removed from it" % store.url)
        self.assertEqual(store.objects, {})
        self.assertEqual([store.asked("^" + method) for method in ("GET", "PUT", "DELETE")], [2, 1, 1])
        store.versions = True
        self.finds("warning", "keeps versions", "switch versioning off")

    def test_store_that_refuses_files_that_mail_links_to(self):
        store, key = self.with_store()
        store.late = 1000
        self.finds("fault", "RequestTimeTooSkewed", "set both by NTP")
        store.late, store.secret = 0, "another"
        self.finds("fault", "SignatureDoesNotMatch", "correct the file of attachment_s3_key")
        store.secret, store.key_id = s3.SECRET, "ANOTHER"
        self.finds("fault", "InvalidAccessKeyId", "does not know the access key")
        store.key_id, store.bucket = s3.KEY_ID, "another"
        self.finds("fault", "NoSuchBucket", "create the bucket, or correct attachment_s3_url")
        store.bucket = s3.BUCKET
        for method in ("PUT", "DELETE"):
            with self.subTest(method), store.failing((403, "AccessDenied"), "^" + method):
                self.finds("fault", "it answered 403 AccessDenied", "allowed to list the bucket")
        self.contents(self.ports, lambda text: text.replace(s3.REGION, "eu-other-1"))
        self.finds("fault", "AuthorizationHeaderMalformed", "correct attachment_s3_region")
        store.stop()
        self.finds("fault", "the store http://127.0.0.1", "start it, or correct attachment_s3_url")
        store.start()
        self.mode(key, 0o644)
        self.finds("fault", "s3.key", "others can read or write it", "chmod o= it")
        os.chmod(key, 0o600)
        self.finds("fault", "the group postlatch cannot read", "s3.key", "chmod 640 it")
        os.chmod(key, 0o640)
        self.write(key, "only-one-word\n")
        self.finds("fault", "s3.key", "it must have one line \"ID SECRET\"")

    def test_files_at_the_name_of_the_portal(self):
        portal = server.env["PORTAL_URL"]
        self.contents(self.ports, lambda text: re.sub('(attachment_url = ).*', r'\1"%s"' % portal, text))
        self.finds("fault", "attachment_url has the name of portal_url")

    def test_large_files_of_webmail_that_the_portal_would_refuse(self):
        words = "webmail_url is empty, so members of demo.test cannot send large files from webmail"
        self.addCleanup(server.postlatch, "domain", "set", "demo.test", "large_attachments=inherit")
        server.postlatch("domain", "set", "demo.test", "large_attachments=on")
        self.assertNotIn(words, str(self.check()))
        self.contents(self.ports, lambda text: re.sub("(webmail_url = ).*", r'\1""', text))
        self.finds("warning", words, "set webmail_url to the address of webmail")
        server.postlatch("domain", "set", "demo.test", "large_attachments=off")
        self.assertNotIn("webmail_url", str(self.check()))

    def test_policy_file_that_others_can_write(self):
        self.mode(self.policy, 0o664)
        self.finds("fault", "policy.conf", "others than its owner can write to", "chmod go-w it")
        # Programs refuse this one.
        os.chmod(self.policy, 0o666)
        self.finds("fault", "policy.conf", "everyone can write to it", "chmod o-w it")

    def test_policy_file_that_programs_cannot_read(self):
        self.owner(self.policy, 0, 0)
        self.finds("fault", "policy.conf", "the group postlatch cannot read", "chgrp postlatch")

    def test_included_files_are_looked_at_too(self):
        path = server.dir + "/etc/postlatch/more.conf"
        self.write(path, "# nothing\n")
        self.addCleanup(os.unlink, path)
        os.chmod(path, 0o664)
        self.contents(self.policy, lambda text: text + 'include("more.conf")\n')
        self.finds("fault", "more.conf", "others than its owner can write to")

    def test_password_of_the_database_that_everyone_can_read(self):
        words = "contains the database's password", "chmod o= it"
        for uri in ("postgresql://user:geheim@127.0.0.1:1/name", "postgresql://127.0.0.1:1/name?password=geheim"):
            with self.subTest(uri):
                self.contents(self.policy, lambda text: re.sub('database = ".*"', 'database = "%s"' % uri, text))
                self.mode(self.policy, 0o644)
                self.finds("fault", "policy.conf", *words)
                os.chmod(self.policy, 0o640)
                _, lines = self.check()
                self.assertNotIn(words[0], str(lines))
                self.assertNotIn("geheim", str(lines))
                self.doCleanups()

    def test_bad_policy_file(self):
        self.contents(self.policy, lambda text: text + "defaults { pop3 = maybe }\n")
        self.finds("fault", "policy.conf:", "pop3 = maybe", "it must be one of")

    def test_missing_policy_file(self):
        self.away(self.policy)
        self.finds("fault", "policy.conf", "No such file")

    @unittest.skipUnless(INTROSPECTS, "Dovecot 2.3 does not ask the portal about tokens")
    def test_secret_that_dovecot_asks_with(self):
        path = server.dir + "/etc/postlatch/introspection.url"
        self.mode(path, 0o644)
        self.finds("fault", "introspection.url", "others can read it", "chmod 600 it")
        self.doCleanups()
        for change, words in ((lambda text: text + "\n", "ends with a line end"),
                              (lambda text: text.replace("pl_cs_", "pl_cs_x"), "no secret that the portal knows"),
                              (lambda text: text.replace("//dovecot", "//nobody"), "no secret that the portal knows"),
                              (lambda text: text.replace("@", ""), "no secret that the portal knows")):
            with self.subTest(words):
                self.contents(path, change)
                self.finds("fault", "introspection.url", words, "06-postlatch-portal.conf")
                self.doCleanups()

    def test_neither_keys_nor_database(self):
        for path in (self.verify, self.seal, self.database):
            self.away(path)
        self.finds("fault", "neither keys nor a database yet", "run `postlatch db init`")
        _, lines = self.check()
        self.assertEqual([line[1] for line in lines if line[1] in ("keys", "database")], ["keys"])

    def test_folders_that_others_can_write(self):
        etc, database = os.path.dirname(self.policy), os.path.dirname(self.database)
        for change, words in ((lambda: self.mode(etc, 0o777), "write to the directory /etc/postlatch"),
                              (lambda: self.owner(etc, 65534, os.stat(etc).st_gid), "owner of the directory /etc/postlatch is not root"),
                              (lambda: self.mode(database, 0o2777), "is accessible to everyone, who may replace the database"),
                              (lambda: self.owner(database, 65534, os.stat(database).st_gid), "neither root nor postlatch"),
                              (lambda: self.owner(self.policy, 65534, os.stat(self.policy).st_gid),
                               "the owner of /etc/postlatch/policy.conf is not root")):
            with self.subTest(words):
                change()
                self.finds("fault", words, "ch")
                self.doCleanups()

    def test_missing_database(self):
        self.away(self.database)
        self.finds("fault", "postlatch.db", "postlatch db init")
        self.assertFalse(os.path.exists(self.database))

    def settle(self):
        """When root opens a database, SQLite gives its mode to an empty -wal, which the portal keeps."""
        server.postlatch("check", check=False)

    def database_mode(self, mode):
        self.addCleanup(self.settle)
        self.mode(self.database, mode)
        self.settle()

    def test_database_that_its_group_cannot_write(self):
        self.database_mode(0o640)
        self.finds("fault", "postlatch.db", "the group postlatch cannot read and write", "chmod g+rw it")

    def test_database_that_everyone_can_read(self):
        self.database_mode(0o664)
        self.finds("fault", "postlatch.db is accessible to everyone", "chmod o= it")

    def test_folder_that_gives_files_to_another_group(self):
        self.mode(os.path.dirname(self.database), 0o770)
        self.finds("fault", "the group postlatch cannot create the -wal and -shm files", "chmod 2770 it")

    def test_side_files_of_the_wrong_group(self):
        database = sqlite3.connect(self.database)
        self.addCleanup(database.close)
        # SQLite repairs an empty -wal when root opens it.
        database.execute("UPDATE member SET created_at = created_at + 1")
        database.commit()
        for side in ("-wal", "-shm"):
            with self.subTest(side):
                os.chmod(self.database + side, 0o600)
                self.finds("fault", "postlatch.db" + side, "the group postlatch cannot write to", "chmod g+rw it")
                os.chmod(self.database + side, 0o660)

    def test_newer_database(self):
        self.sql("INSERT INTO schema_history VALUES (999, 'from the future', 0)")
        self.addCleanup(self.sql, "DELETE FROM schema_history WHERE version = 999")
        self.finds("fault", "version 999", "update this program")

    def test_damaged_database(self):
        # What stands in the log would hide the damage.
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self.database, "rb") as f:
            whole = f.read()
        self.away(self.database)
        with open(self.database, "wb") as f:
            f.write(whole[:-4096] + b"\xff" * 4096)
        os.chmod(self.database, 0o660)
        self.owner(self.database, 0, os.stat(self.database + ".away").st_gid)
        self.finds("fault", "damaged", "replace it by a backup")


class Connections(CheckTest):
    """Programs that do not answer, or answer something else."""

    def setUp(self):
        self.copy_configurations()

    def listen(self, *said, then=None, path=None):
        """A listener that says the first of these at once, and another one after each packet that it gets. Then it hangs
        up, or waits for the event. Returns its port."""
        listener = socket.socket(socket.AF_UNIX) if path else socket.create_server(("127.0.0.1", 0))
        if path:
            listener.bind(path)
            listener.listen()
            self.addCleanup(os.unlink, path)
        self.addCleanup(listener.close)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        for number, text in enumerate(said):
                            if number > 0:
                                client.recv(4096)
                            client.sendall(text)
                        if then is None:
                            client.recv(4096)
                        else:
                            then.wait(TIMEOUT)
        threading.Thread(target=serve, daemon=True).start()
        return None if path else listener.getsockname()[1]

    def test_what_listeners_answer(self):
        imap = "    port = %s\n" % server.port("IMAP")
        for said, words in (([b"* OK hello\r\n", b"a BAD no\r\n", b"a OK in\r\n"], "accepts a wrong password"),
                            ([b"* OK hello\r\n", b"a BAD no\r\n", b"a NO [UNAVAILABLE] later\r\n"],
                             'answers "a NO [UNAVAILABLE] later"'),
                            ([b"* OK hello\r\n", b"a BAD no\r\n", b"a BAD what\r\n"], 'answers "a BAD what"'),
                            ([b"* OK hello\r\n"], "does not answer (it closed the connection)")):
            with self.subTest(words):
                self.setUp()
                port = self.listen(*said)
                replace(self.dovecot, imap, "    port = %d\n" % port)
                self.finds("fault", "Dovecot's imap listener at 127.0.0.1, port %d," % port, words)

    def test_listeners_that_are_not_there(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        for name in ("IMAP", "IMAPS", "POP3", "POP3S", "SIEVE"):
            with self.subTest(name):
                self.setUp()
                replace(self.dovecot, "    port = %s\n" % server.port(name), "    port = %d\n" % port)
                self.finds("fault", "listener at 127.0.0.1, port %d, does not answer (Connection refused)" % port)
        replace(self.postfix, "127.0.0.1:%d inet" % server.port("SUBMISSION"), "127.0.0.1:%d inet" % port)
        self.finds("fault", "Postfix's service 127.0.0.1:%d at 127.0.0.1, port %d, does not answer" % (port, port))

    @unittest.skipUnless(RELEASE == "2.3", "protocols are no list of words in Dovecot 2.4")
    def test_a_list_of_protocols_in_quotes(self):
        # Debian's begins with a blank, and doveconf prints it in quotes.
        for protocols, refused in ((" imap lmtp sieve pop3", "POP3"), (" imap", "IMAP")):
            with self.subTest(protocols):
                self.setUp()
                with socket.create_server(("127.0.0.1", 0)) as free:
                    port = free.getsockname()[1]
                replace(self.dovecot, "protocols = imap", 'protocols = "%s"\n# imap' % protocols)
                replace(self.dovecot, "    port = %s\n" % server.port(refused), "    port = %d\n" % port)
                self.finds("fault", "Dovecot's %s listener at 127.0.0.1, port %d, does not answer" % (refused.lower(), port))

    def test_the_database_is_away(self):
        with server.database_away():
            _, lines = self.check(*self.options)
        found = [text for level, _, text in lines if level == "fault" and "does not refuse a wrong password" in text]
        self.assertEqual(len(found), 7, lines)
        for words in ("[UNAVAILABLE]", "[SYS/TEMP]", "TRYLATER", "454"):
            self.assertTrue([text for text in found if words in text], found)

    def milters(self, value):
        replace(self.postfix, "smtpd_milters=$postlatch_milter", "smtpd_milters=" + value)

    def test_a_milter_is_known_by_its_answer_and_not_by_its_name(self):
        # Version 6, no actions and no steps: a milter that wants everything.
        other = struct.pack(">IcIII", 13, b"O", 6, 0, 0)
        path = server.dir + "/spool/postlatch/postlatch.sock"
        self.listen(b"", other, path=path)
        port = self.listen(b"", other)
        for value in ("unix:postlatch/postlatch.sock", "inet:127.0.0.1:%d" % port, "inet:%d@127.0.0.1" % port):
            with self.subTest(value):
                self.setUp()
                self.milters(value)
                self.finds("fault", "none of its milters is Postlatch's", "add $postlatch_milter")
        for value in ("$postlatch_milter,inet:127.0.0.1:%d" % port, "inet:127.0.0.1:%d,$postlatch_milter" % port):
            with self.subTest(value):
                self.setUp()
                self.milters(value)
                self.assertEqual(self.check(*self.options)[0], 0)
        # Under another name it is still Postlatch's.
        os.symlink("milter.sock", server.dir + "/spool/postlatch/other.sock")
        self.setUp()
        self.milters("unix:postlatch/other.sock")
        self.assertEqual(self.check(*self.options)[0], 0)

    def test_a_milter_that_may_sign_before_attachments_are_taken_out(self):
        # OpenDKIM's answer: it adds and changes header fields.
        port = self.listen(b"", struct.pack(">IcIII", 13, b"O", 6, 0x111, 0))
        words = "inet:127.0.0.1:%d of the service" % port
        self.milters("inet:127.0.0.1:%d,$postlatch_milter" % port)
        self.finds("warning", words, "put $postlatch_milter before it in smtpd_milters")
        self.setUp()
        self.milters("$postlatch_milter,inet:127.0.0.1:%d" % port)
        _, lines = self.check(*self.options)
        self.assertEqual([text for _, _, text in lines if words in text], [])

    def test_a_milter_that_does_not_answer(self):
        self.milters("unix:postlatch/none.sock")
        self.finds("fault", "postlatch/none.sock", "does not answer (No such file or directory)", "start postlatch-milter")
        silent = threading.Event()
        self.addCleanup(silent.set)
        port = self.listen(b"", then=silent)
        self.setUp()
        self.milters("inet:127.0.0.1:%d" % port)
        self.finds("fault", "inet:127.0.0.1:%d" % port, "does not answer (no answer in time)")

    def test_a_milter_that_speaks_another_protocol(self):
        self.milters("inet:127.0.0.1:%d" % self.listen(b"220 hello\r\n"))
        self.finds("fault", "does not answer (it does not speak the milter protocol)")

    def test_the_relay_is_not_there(self):
        replace(self.postfix, "smtpd_sasl_path = postlatch-sasl/auth", "smtpd_sasl_path = postlatch-sasl/none")
        self.finds("fault", "smtpd_sasl_path = postlatch-sasl/none does not answer (No such file", "start postlatch-sasl-relay")

    def test_redirects_cannot_be_handed_to_postfix(self):
        there, away = ("127.0.0.1:" + port for port in (server.env["REDIRECT_PORT"], "1"))
        replace(self.dovecot, there, away)
        replace(self.postfix, there + " inet", away + " inet")
        self.finds("fault", "does not answer at submission_host = %s (" % away, "`postfix reload`")


class Domains(FilesTest):
    def setUp(self):
        self.copy_configurations()

    def known(self, value, where="1 = 1"):
        self.addCleanup(server.sql, "UPDATE domain SET known = 1")
        server.sql("UPDATE domain SET known = %d WHERE %s" % (value, where))

    def test_known_domains(self):
        self.finds("ok", "names in other domains than the 2 known are denied")

    def test_no_domain_is_known(self):
        self.known(0)
        self.finds("warning", "no domain is known", "domain import --from-postfix")

    def test_a_domain_of_postfix_is_not_known(self):
        replace(self.postfix, "virtual_mailbox_domains = demo.test", "virtual_mailbox_domains = demo.test, more.test")
        self.finds("warning", "more.test, which is not known", "postlatch domain add more.test")

    def test_the_domain_of_names_without_one_is_not_known(self):
        policy = server.dir + "/etc/postlatch/policy.conf"
        for name, is_known in (("demo.test", True), ("mistyped.test", False)):
            with self.subTest(name):
                self.contents(policy, lambda text: 'default_domain = "%s"\n' % name + text)
                if is_known:
                    self.assertEqual(self.check(*self.options)[0], 0)
                else:
                    self.finds("fault", "default_domain = mistyped.test is not known", "postlatch domain add mistyped.test")
                self.doCleanups()

    def test_members_who_must_still_register_a_second_factor(self):
        requirement = "two_factor_requirement="
        self.addCleanup(server.postlatch, "domain", "set", "demo.test", requirement + "inherit")
        for name in ("alice", "bob"):
            server.postlatch("member", "set", "--add", name + "@demo.test", "active=on")
        server.postlatch("domain", "set", "demo.test", requirement + "required_from_2090-03-01")
        self.finds("ok", "no member must still register a second factor")
        server.postlatch("domain", "set", "demo.test", requirement + "required")
        self.finds("ok", "members of the domain demo.test who must still register a second factor")
        server.postlatch("domain", "set", "demo.test", requirement + "required_from_2020-03-01")
        self.finds("warning", "the domain demo.test must have a second factor since 2020-03-01, and none of the",
                   "domain set demo.test two_factor_requirement=required_from_DATE")
        self.addCleanup(server.sql, "UPDATE member SET factor = 0 WHERE local = 'bob'")
        server.sql("UPDATE member SET factor = 1 WHERE local = 'bob'")
        self.finds("ok", "members of the domain demo.test who must still register a second factor")

    def test_members_are_shut_out(self):
        self.known(0, "name = 'demo.test'")
        self.finds("warning", "the domain demo.test is not known, so its", "members cannot sign in")


if __name__ == "__main__":
    unittest.main()
