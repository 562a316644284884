"""Submitted and re-sent mail, with real Postfix, Pigeonhole and postlatch-milter."""
import base64
import collections
import concurrent.futures
import contextlib
import itertools
import os
import signal
import smtplib
import time
import unittest
import uuid

from dovecot import RELEASE
from server import Server, rewrite, wait_for

ALICE, BOB, CAROL, DAVE = (name + "@demo.test" for name in ("alice", "bob", "carol", "dave"))
AWAY = "away@elsewhere.example"


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


def unique(word):
    return "%s-%s" % (word, uuid.uuid4().hex[:8])


def sign_in(client, member, password=None):
    client.ehlo()
    plain = base64.b64encode(("\0%s\0%s" % (member, password or server.passwords[member])).encode()).decode()
    assert client.docmd("AUTH", "PLAIN " + plain)[0] == 235


def sign_in_with_token(client, member, token):
    client.ehlo()
    first = base64.b64encode(("user=%s\x01auth=Bearer %s\x01\x01" % (member, token)).encode()).decode()
    assert client.docmd("AUTH", "XOAUTH2 " + first)[0] == 235


def submit(client, sender, to, subject):
    """The code of the first refusal, or 250."""
    message = "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nbody\r\n" % (sender, to, subject)
    try:
        client.sendmail(sender, [to], message)
        return 250, ""
    except smtplib.SMTPServerDisconnected:
        return 0, ""
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, error.smtp_error.decode()


class Submission(unittest.TestCase):
    def setUp(self):
        self.reset()
        self.addCleanup(self.reset)

    def reset(self):
        server.postlatch("member", "set", ALICE, "smtp=inherit", "webmail=inherit", "client_password=inherit",
                         "active=on")
        server.postlatch("domain", "set", "demo.test", "smtp=inherit")
        server.postlatch("app-password", "revoke", ALICE, "--all")

    def session(self, member=ALICE, password=None):
        client = server.smtp_client()
        sign_in(client, member, password)
        self.addCleanup(client.close)
        return client

    def token_session(self, channel):
        session, token = server.issue_token(ALICE, channel, 3600, 3600)
        client = server.smtp_client()
        sign_in_with_token(client, ALICE, token)
        self.addCleanup(client.close)
        return session, client

    def goes(self, client, sender=ALICE):
        subject = unique("goes")
        self.assertEqual(submit(client, sender, BOB, subject)[0], 250)
        wait_for(lambda: subject in server.mailbox(BOB))

    def is_told_to_sign_in_again(self, client):
        subject = unique("stale")
        code, text = submit(client, ALICE, BOB, subject)
        self.assertEqual(code, 421)
        self.assertIn("4.7.0", text)
        self.assertIn("sign in again", text)
        # Postfix hangs up.
        self.assertEqual(submit(client, ALICE, BOB, subject)[0], 0)
        self.assertNotIn(subject, server.mailbox(BOB))

    def test_accepted_while_nothing_changes(self):
        client = self.session()
        for _ in range(3):
            self.goes(client)

    def test_the_first_sign_in_of_a_member_changes_nothing(self):
        server.postlatch("member", "remove", DAVE, check=False)
        client = self.session(DAVE)
        wait_for(lambda: server.postlatch("member", "show", DAVE, check=False).returncode == 0)
        self.goes(client, DAVE)

    def test_session_from_before_a_switch_signs_in_again(self):
        client, idle = self.session(), self.session()
        self.goes(client)
        server.postlatch("member", "set", ALICE, "smtp=off")
        self.is_told_to_sign_in_again(client)
        self.is_told_to_sign_in_again(idle)
        self.assertFalse(server.smtp(ALICE, server.passwords[ALICE])[0])
        server.postlatch("member", "set", ALICE, "smtp=on")
        self.goes(self.session())

    def test_so_it_does_after_any_change_that_concerns_it(self):
        for change in (("member", "set", ALICE, "active=off"), ("member", "set", ALICE, "client_password=never"),
                       ("domain", "set", "demo.test", "smtp=off"),
                       ("session", "revoke", ALICE, "--all")):
            with self.subTest(change=change):
                client = self.session()
                server.postlatch(*change)
                self.is_told_to_sign_in_again(client)
                self.reset()
        self.goes(self.session())

    def test_an_app_password_that_is_revoked(self):
        made = server.app_password(ALICE)
        client, other = self.session(password=made["password"]), self.session(BOB)
        self.goes(client)
        server.postlatch("app-password", "revoke", ALICE, str(made["id"]))
        self.is_told_to_sign_in_again(client)
        self.assertFalse(server.smtp(ALICE, made["password"])[0])
        self.goes(other, BOB)

    def test_a_mail_program_with_a_token_needs_smtp_and_no_webmail(self):
        server.postlatch("member", "set", ALICE, "webmail=off", "smtp=on")
        self.goes(self.token_session("client")[1])

    def test_a_token_of_a_mail_program_ends_with_smtp(self):
        _, client = self.token_session("client")
        self.goes(client)
        server.postlatch("member", "set", ALICE, "smtp=off")
        self.is_told_to_sign_in_again(client)

    def test_webmail_sends_while_smtp_is_off(self):
        server.postlatch("member", "set", ALICE, "smtp=off")
        session, client = self.token_session("webmail")
        self.goes(client)
        server.issue_token("revoke", ALICE, session)
        self.is_told_to_sign_in_again(client)

    def test_a_changed_policy_file(self):
        policy = server.env["POLICY_FILE"]
        with open(policy) as f:
            before = f.read()
        client = self.session()
        try:
            rewrite(policy, before + "\ndefaults { client_password = never }\n")
            wait_for(lambda: not server.smtp(ALICE, server.passwords[ALICE])[0])
            time.sleep(0.2)  # the milter looks ten times a second, too
            self.is_told_to_sign_in_again(client)
        finally:
            rewrite(policy, before)
        wait_for(lambda: server.smtp(ALICE, server.passwords[ALICE])[0])
        time.sleep(0.2)
        self.goes(self.session())

    def test_one_log_line_with_the_queue_id(self):
        subject = unique("log")
        submit(self.session(), ALICE, BOB, subject)
        lines = [line for line in server.log("milter").splitlines() if "member=" + ALICE in line]
        self.assertRegex(lines[-1], r": [0-9A-Za-z]{6,}: member=\S+ service=smtp action=accept client=127\.")

    def test_incoming_mail_does_not_need_the_milter(self):
        pid = milter_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            subject = unique("incoming")
            server.send(BOB, subject)
            wait_for(lambda: subject in server.mailbox(BOB))
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_database_that_is_away_is_451_until_it_is_back(self):
        client = self.session()
        with server.database_away():
            self.assertEqual(submit(client, ALICE, BOB, unique("refused"))[0], 451)
        # A server may have gone for good: it is asked again a moment later.
        wait_for(lambda: submit(client, ALICE, BOB, unique("healed"))[0] == 250)

    def test_reload_keeps_the_last_good_policy(self):
        policy = server.env["POLICY_FILE"]
        with open(policy) as f:
            before = f.read()
        client = self.session()
        try:
            rewrite(policy, "defaults { pop3 = maybe }\n")
            for _ in range(50):
                os.kill(milter_pid(), signal.SIGHUP)
            wait_for(lambda: "pop3 = maybe" in server.log("milter"))
            self.assertIn("policy.conf:1", server.log("milter"))
            self.goes(self.session())
        finally:
            rewrite(policy, before)
            os.kill(milter_pid(), signal.SIGHUP)
        client.close()

    def test_restrictions_of_main_cf_are_for_other_servers(self):
        restrictions = ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data")
        with server.main_cf(*("smtpd_%s_restrictions = reject" % name for name in restrictions), "smtpd_helo_required = yes",
                     "smtpd_milters = inet:127.0.0.1:1"):
            self.goes(self.session())
        with server.main_cf("smtpd_recipient_restrictions = reject_unauth_destination",
                     "smtpd_helo_restrictions = reject_non_fqdn_helo_hostname, reject_unknown_helo_hostname"):
            subject = unique("restricted")
            self.assertEqual(submit(self.session(), ALICE, AWAY, subject)[0], 250)
            wait_for(lambda: subject in server.sink())


def milter_pid():
    with open(server.dir + "/run/milter.pid") as f:
        return int(f.read())


class MailTest(unittest.TestCase):
    """Members without scripts, who inherit forwarding, which is off."""

    def setUp(self):
        for member in (ALICE, BOB):
            server.postlatch("member", "set", member, "forwarding=inherit")
            self.script("keep;", member)

    def script(self, text, member=ALICE):
        sieve = server.sieve_client(member, server.passwords[member])
        sieve.activate(text)
        sieve.close()

    def deliver(self, word, to=ALICE, sender="outside@elsewhere.example"):
        subject = unique(word)
        server.send(to, subject, sender)
        server.settle(lambda: subject in server.mailbox(to) + server.sink() + server.folder(to, "filed"))
        return subject

    def sendmail(self, header, *recipients, sender="x@elsewhere.example"):
        """As a content filter or a mailing list does; returns the subject."""
        subject = unique("sendmail")
        server.inside("sendmail", "-i", "-f", sender, *recipients, check=True,
                      input="%sSubject: %s\n\nx\n" % (header, subject))
        server.settle(lambda: subject in server.mailbox(ALICE) + server.mailbox(BOB) + server.sink())
        return subject

    def counts(self, subject, member=ALICE):
        return server.mailbox(member).count(subject), server.sink().count(subject)

    def bounces(self):
        return [s for s in server.sink() if "Undelivered" in s]


class Redirect(MailTest):
    """Forwarding off leaves the message in the mailbox, and nowhere else."""

    def test_forwarding_on_redirects(self):
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.script('redirect "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("on")), (0, 1))

    def test_off_keeps(self):
        self.script('redirect "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("off")), (1, 0))
        self.assertEqual(self.bounces(), [])

    def test_off_with_a_copy_keeps_one(self):
        for script in ('require "copy"; redirect :copy "%s";', 'redirect "%s"; keep;', 'redirect "%s"; discard;'):
            with self.subTest(script=script):
                self.script(script % AWAY)
                self.assertEqual(self.counts(self.deliver("copy")), (1, 0))

    def test_off_to_several_keeps_one(self):
        self.script('redirect "%s"; redirect "b%s";' % (AWAY, AWAY))
        self.assertEqual(self.counts(self.deliver("several")), (1, 0))

    def test_switching_on_again_brings_it_back(self):
        self.script('redirect "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("off")), (1, 0))
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.assertEqual(self.counts(self.deliver("on")), (0, 1))

    def test_a_member_who_is_switched_off_redirects_nothing(self):
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.script('redirect "%s";' % AWAY)
        self.addCleanup(server.postlatch, "member", "set", ALICE, "active=on")
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertEqual(self.counts(self.deliver("inactive")), (1, 0))
        server.postlatch("member", "set", ALICE, "active=on")
        self.assertEqual(self.counts(self.deliver("active")), (0, 1))

    def test_the_rest_of_the_script_happens(self):
        self.script('require ["fileinto", "mailbox", "vacation", "imap4flags", "enotify"]; '
                    'vacation :days 1 "away"; notify "mailto:phone@elsewhere.example"; '
                    'redirect "%s"; setflag "\\\\Flagged"; fileinto :create "filed"; ' % AWAY)
        subject = self.deliver("rest", sender="%s@elsewhere.example" % unique("writer"))
        server.settle(lambda: "Auto: " + subject in server.sink())
        # Sieve keeps a message in the mailbox whose redirect was refused, beside what the script does.
        self.assertEqual(self.counts(subject), (1, 0))
        self.assertEqual(server.folder(ALICE, "filed").count(subject), 1)
        self.assertEqual([s for s in server.sink() if subject in s],
                         ["Auto: " + subject, "Notification: " + subject])

    def test_a_script_without_a_redirect_is_untouched(self):
        self.script('require ["fileinto", "mailbox"]; fileinto :create "filed";')
        subject = self.deliver("filed")
        self.assertEqual((*self.counts(subject), server.folder(ALICE, "filed").count(subject)), (0, 0, 1))
        self.script('require "reject"; reject "no, thank you";')
        subject = unique("rejected")
        server.send(ALICE, subject)
        server.settle(lambda: "Rejected: " + subject in server.sink())
        self.assertEqual(self.counts(subject), (0, 0))

    def test_the_switch_of_another_member_does_not_matter(self):
        server.postlatch("member", "set", BOB, "forwarding=on")
        for member in (ALICE, BOB):
            self.script('redirect "%s";' % AWAY, member)
        self.assertEqual(self.counts(self.deliver("alice")), (1, 0))
        self.assertEqual(self.counts(self.deliver("bob", BOB), BOB), (0, 1))

    def test_header_fields_of_the_message_do_not_matter(self):
        server.postlatch("member", "set", BOB, "forwarding=on")
        for member in (ALICE, BOB):
            self.script('redirect "%s";' % AWAY, member)
        for field in ("X-Sieve-Redirected-From: %s\n", "Delivered-To: %s\n", "X-Postlatch-Returned: %s\n"):
            with self.subTest(field=field):
                self.assertEqual(self.counts(self.sendmail(field % BOB, ALICE)), (1, 0))
                self.assertEqual(self.counts(self.sendmail(field % ALICE, BOB), BOB), (0, 1))

    def test_it_is_the_decision_that_explain_prints(self):
        policy = server.env["POLICY_FILE"]
        with open(policy) as f:
            before = f.read()
        try:
            for words, more in (("forwarding=on", ""), ("forwarding=off", ""), ("forwarding=inherit", ""),
                                ("forwarding=inherit", "defaults { forwarding = on }"),
                                ("forwarding=off", "domain demo.test { forwarding = on }"),
                                ("forwarding=inherit", "defaults { forwarding = forbidden }")):
                with self.subTest(words=words, more=more):
                    rewrite(policy, before + more + "\n")
                    server.postlatch("member", "set", ALICE, words)
                    denied = server.postlatch("explain", ALICE, "--service", "forwarding", check=False).returncode
                    wait_for(lambda: self.submission_host(ALICE) == (["127.0.0.1:" + server.env["REDIRECT_PORT"]]
                                                                     if denied else []))
        finally:
            rewrite(policy, before)

    def submission_host(self, member):
        run = server.inside("doveadm", "user", member, check=True)
        return [line.split()[1] for line in run.stdout.splitlines() if line.startswith("submission_host")]

    def test_who_is_not_there_is_not_made_up(self):
        run = server.inside("doveadm", "user", "nobody@demo.test")
        self.assertIn("doesn't exist", run.stdout + run.stderr)

    def test_address_extension(self):
        self.script('redirect "%s";' % AWAY)
        subject = unique("extension")
        server.send("alice+tag@demo.test", subject)
        server.settle(lambda: subject in server.mailbox(ALICE) + server.sink() + server.mailbox("alice+tag@demo.test"))
        self.assertEqual(server.sink().count(subject), 0)

    def test_a_forward_of_a_forward_depends_on_the_member_who_sends_it_now(self):
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.script('redirect "%s";' % BOB)
        self.script('redirect "%s";' % AWAY, BOB)
        subject = unique("chain")
        server.send(ALICE, subject)
        server.settle(lambda: subject in server.mailbox(BOB) + server.sink())
        self.assertEqual((self.counts(subject)[0], *self.counts(subject, BOB)), (0, 1, 0))

    def test_alias_expansion_loses_nothing(self):
        subject = unique("alias")
        server.send("team@demo.test", subject)
        server.settle(lambda: subject in server.mailbox(ALICE) and subject in server.mailbox(BOB) and
                      subject in server.sink())
        self.assertEqual((*self.counts(subject), self.counts(subject, BOB)[0]), (1, 1, 1))

    def test_restrictions_of_main_cf_are_for_other_servers(self):
        self.script('require "vacation"; vacation :days 1 "away"; redirect "%s";' % AWAY)
        restrictions = ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data")
        with server.main_cf(*("smtpd_%s_restrictions = reject" % name for name in restrictions), "smtpd_helo_required = yes",
                     "smtpd_milters = inet:127.0.0.1:1", "receive_override_options = no_header_body_checks",
                     "smtpd_proxy_filter = 127.0.0.1:1", "smtpd_upstream_proxy_protocol = haproxy",
                     "header_checks = regexp:{{/^Auto-Submitted:/ DISCARD}}"):
            subject = self.sendmail("To: %s\n" % ALICE, ALICE, sender="%s@elsewhere.example" % unique("writer"))
            server.settle(lambda: "Auto: " + subject in server.sink())
            self.assertEqual(self.counts(subject), (1, 0))

    def test_mail_waits_while_it_cannot_be_decided(self):
        self.script('redirect "%s";' % AWAY)
        subject = unique("undecided")
        deferred = server.log("mail").count("status=deferred")
        with server.database_away():
            time.sleep(0.5)  # until the driver has looked whether its file is still the one
            server.send(ALICE, subject)
            wait_for(lambda: server.log("mail").count("status=deferred") > deferred)
            self.assertEqual(self.counts(subject), (0, 0))
        server.settle(lambda: subject in server.mailbox(ALICE), 60)
        self.assertEqual(self.counts(subject), (1, 0))

    def test_mail_waits_while_the_listener_is_away(self):
        self.script('redirect "%s";' % AWAY)
        master = server.dir + "/etc/postfix/master.cf"
        with open(master) as f:
            before = f.read()
        port = "127.0.0.1:%s inet" % server.env["REDIRECT_PORT"]
        subject = unique("no-listener")
        deferred = server.log("mail").count("status=deferred")
        try:
            rewrite(master, before.replace(port, "127.0.0.1:%d inet" % (server.port("REDIRECT") + 1)))
            server.inside("postfix", "reload", check=True)
            time.sleep(1)
            server.send(ALICE, subject)
            wait_for(lambda: server.log("mail").count("status=deferred") > deferred)
            self.assertEqual(self.counts(subject), (0, 0))
        finally:
            rewrite(master, before)
            server.inside("postfix", "reload", check=True)
        server.settle(lambda: subject in server.mailbox(ALICE), 60)
        self.assertEqual(self.counts(subject), (1, 0))


class Notifications(MailTest):
    """The field that 05-postlatch.conf names takes mail notifications away from members whose forwarding is off."""

    FIELD = {"2.3": ("override_fields = ", "override_fields = sieve_extensions=-enotify "),
             "2.4": ("    submission_host = ", "    sieve_extensions/enotify = no\n    submission_host = ")}[RELEASE]

    SCRIPT = 'require "enotify"; notify "mailto:%s";' % AWAY

    def setUp(self):
        super().setUp()
        self.script(self.SCRIPT)
        path = server.dir + "/etc/dovecot/conf.d/05-postlatch.conf"
        with open(path) as f:
            before = f.read()
        self.assertIn(self.FIELD[0], before)
        self.addCleanup(server.reload)
        self.addCleanup(rewrite, path, before)
        rewrite(path, before.replace(*self.FIELD))
        server.reload()

    def notified(self, word):
        """How often the message is in the mailbox, and how often somebody was told."""
        subject = self.deliver(word)
        return self.counts(subject)[0], server.sink().count("Notification: " + subject)

    def test_off_ends_them_and_keeps_the_message(self):
        self.assertEqual(self.notified("off"), (1, 0))
        with self.assertRaisesRegex(AssertionError, "NO"):
            self.script(self.SCRIPT + "keep;")
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.assertEqual(self.notified("on"), (1, 1))


class Sendmail(MailTest):
    """Mail from the sendmail command is nobody's forward: it goes to its recipients, once each."""

    def test_a_field_that_names_a_member(self):
        for field in ("Delivered-To: %s\n", "X-Sieve-Redirected-From: %s\n"):
            for member in (ALICE, BOB, "victim@third.example"):
                with self.subTest(field=field, member=member):
                    self.assertEqual(self.counts(self.sendmail(field % member, BOB), BOB), (1, 0))

    def test_a_list_with_several_fields(self):
        subject = self.sendmail("Delivered-To: list@demo.test\nDelivered-To: %s\n" % ALICE, ALICE, BOB, AWAY)
        server.settle(lambda: subject in server.mailbox(ALICE) and subject in server.mailbox(BOB) and
                      subject in server.sink())
        self.assertEqual((*self.counts(subject), self.counts(subject, BOB)[0]), (1, 1, 1))

    def test_incoming_mail_with_such_fields(self):
        subject = unique("forged")
        with server.smtp_client("SMTP") as client:
            client.sendmail("x@elsewhere.example", [BOB], "X-Sieve-Redirected-From: %s\r\nDelivered-To: %s\r\n"
                            "Subject: %s\r\n\r\nx\r\n" % (ALICE, ALICE, subject))
        server.settle(lambda: subject in server.mailbox(BOB))
        self.assertEqual((*self.counts(subject), self.counts(subject, BOB)[0]), (0, 0, 1))

    def test_the_milter_is_not_asked(self):
        pid = milter_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(self.counts(self.sendmail("Delivered-To: %s\n" % ALICE, BOB), BOB), (1, 0))
        finally:
            os.kill(pid, signal.SIGCONT)


class ForwardFile(unittest.TestCase):
    """.forward files are local(8)'s own, and main.cf.postlatch switches them off."""

    member = "local@local.demo.test"

    def forward(self, text):
        path = server.dir + "/home/local/.forward"
        with open(path, "w") as f:
            f.write(text)
        os.chown(path, 5903, 5903)
        os.chmod(path, 0o644)

    def kept(self):
        path = server.dir + "/mail/local/local"
        if not os.path.exists(path):
            return ""
        with open(path, errors="replace") as f:
            return f.read()

    def test_it_is_not_read(self):
        for text in (AWAY, '"|/usr/sbin/sendmail -i %s"' % AWAY, '\\local, %s' % AWAY):
            with self.subTest(text=text):
                self.forward(text + "\n")
                subject = unique("forward")
                server.send(self.member, subject)
                server.settle(lambda: subject in self.kept() or subject in server.sink())
                self.assertEqual((self.kept().count("Subject: " + subject), server.sink().count(subject)), (1, 0))


class Numbered(MailTest):
    """Many messages on every way at once, while daemons are killed: each arrives where it should, once.
    `make messages` sends many more of them."""

    MESSAGES = int(os.environ.get("POSTLATCH_MESSAGES", "90"))

    def tries_until_accepted(self, subject, send):
        """As a mail program or another server does."""
        for _ in range(240):
            try:
                send(subject)
                return
            except (smtplib.SMTPException, OSError, AssertionError):
                time.sleep(0.5)
        raise AssertionError("never accepted: " + subject)

    def submits(self, subject):
        with contextlib.closing(server.smtp_client()) as client:
            sign_in(client, ALICE)
            assert submit(client, ALICE, BOB, subject)[0] == 250

    def submits_from_webmail(self, subject):
        with contextlib.closing(server.smtp_client()) as client:
            sign_in_with_token(client, ALICE, self.token)
            assert submit(client, ALICE, BOB, subject)[0] == 250

    def enters_sendmail(self, *recipients):
        def enters(subject):
            server.inside("sendmail", "-i", "-f", "x@elsewhere.example", *recipients, check=True,
                          input="Delivered-To: %s\nX-Sieve-Redirected-From: %s\nSubject: %s\n\nx\n" % (
                              ALICE, AWAY, subject))
        return enters

    def arrives(self, to):
        return lambda subject: server.send(to, subject)

    def restart_milter(self):
        os.kill(milter_pid(), signal.SIGKILL)
        script = ('"$1/root/usr/sbin/postlatch-milter" -f -p "unix:$1/spool/postlatch/milter.sock" -u postlatch-milter '
                  '-g postfix </dev/null >>"$1/log/milter.log" 2>&1 & echo $! >"$1/run/milter.pid"')
        time.sleep(0.5)
        server.inside("setsid", "sh", "-c", script, "sh", server.dir)

    def disturb(self):
        self.restart_milter()
        # Not lmtp, whose mail Postfix delivers again when the answer is missing.
        for pid in server.pids("auth"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def prepare_members(self):
        for member, forwarding in ((ALICE, "off"), (BOB, "off"), (CAROL, "on"), (DAVE, "on")):
            server.postlatch("member", "set", "--add", member, "forwarding=" + forwarding)
        self.script('redirect "%s";' % AWAY, ALICE)
        self.script('require "vacation"; vacation :days 1 "gone";', BOB)
        self.script('redirect "%s";' % AWAY, CAROL)
        self.script('require "copy"; redirect :copy "%s";' % AWAY, DAVE)
        self.addCleanup(self.script, "keep;", DAVE)
        self.token = server.issue_token(ALICE, "webmail", 86400, 86400)[1]

    def wait_until_delivered(self):
        """What was put off while a daemon was away is tried again at once, not in minutes."""
        def is_delivered():
            server.inside("postqueue", "-f")
            time.sleep(2)
            return server.queue_is_empty()
        wait_for(is_delivered, 120 + self.MESSAGES / 5)
        time.sleep(1)

    def test_none_is_lost_doubled_or_diverted(self):
        # Each idle lmtp process would fail once more, at the auth process that was killed.
        self.addCleanup(server.reload)
        self.prepare_members()
        ways = {"submitted": (self.submits, [BOB]),
                "webmail": (self.submits_from_webmail, [BOB]),
                "sendmail": (self.enters_sendmail(BOB), [BOB]),
                "list": (self.enters_sendmail(ALICE, BOB, DAVE), [ALICE, BOB, DAVE, AWAY]),
                "alias": (self.arrives("team@demo.test"), [ALICE, BOB, AWAY]),
                "extension": (self.arrives("bob+box@demo.test"), [BOB]),
                "off": (self.arrives(ALICE), [ALICE]),
                "on": (self.arrives(CAROL), [AWAY]),
                "copy": (self.arrives(DAVE), [DAVE, AWAY])}
        sent = {way: [unique(way) for _ in range(self.MESSAGES // len(ways))] for way in ways}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(self.tries_until_accepted, subject, ways[way][0])
                    for numbers in zip(*sent.values()) for way, subject in zip(sent, numbers)]
            for disturbances in itertools.count(1):
                time.sleep(1 if disturbances < 4 else 10)
                self.disturb()
                if disturbances >= 3 and all(job.done() for job in jobs):
                    break
            for job in jobs:
                job.result()
        self.wait_until_delivered()
        boxes = {member: collections.Counter(server.mailbox(member)) for member in (ALICE, BOB, CAROL, DAVE)}
        boxes[AWAY] = collections.Counter(server.sink())
        for way, subjects in sent.items():
            for subject in subjects:
                self.assertEqual({place: box[subject] for place, box in boxes.items() if subject in box},
                                 dict.fromkeys(ways[way][1], 1), subject)
        print("%d messages, daemons killed %d times" % (sum(map(len, sent.values())), disturbances))


class Load(unittest.TestCase):
    def test_two_hundred_sessions_at_once(self):
        clients = []
        server.postlatch("member", "set", ALICE, "smtp=on")
        for _ in range(200):
            client = server.smtp_client()
            sign_in(client, ALICE)
            clients.append(client)
        codes = [submit(client, ALICE, BOB, "load")[0] for client in clients]
        self.assertEqual(codes, [250] * 200)
        for client in clients:
            client.close()


if __name__ == "__main__":
    unittest.main()
