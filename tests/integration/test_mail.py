"""Submitted and re-sent mail, with real Postfix, Pigeonhole and postlatch-milter."""
import base64
import os
import signal
import smtplib
import time
import unittest
import uuid

from server import Server, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
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


def submit(client, sender, to, subject):
    """The code of the first refusal, or 250."""
    message = "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nbody\r\n" % (sender, to, subject)
    try:
        client.sendmail(sender, [to], message)
        return 250, ""
    except smtplib.SMTPResponseException as error:
        client.rset()
        return error.smtp_code, error.smtp_error.decode()


class Submission(unittest.TestCase):
    def setUp(self):
        server.postlatch("member", "set", ALICE, "smtp=inherit", "active=on")
        server.postlatch("domain", "set", "demo.test", "smtp=inherit")

    def tearDown(self):
        self.setUp()

    def session(self):
        client = server.smtp_client()
        sign_in(client, ALICE)
        self.addCleanup(client.close)
        return client

    def test_accepted_while_on(self):
        subject = unique("on")
        self.assertEqual(submit(self.session(), ALICE, BOB, subject)[0], 250)
        wait_for(lambda: subject in server.mailbox(BOB))

    def test_session_from_before_the_switch_stops(self):
        client = self.session()
        self.assertEqual(submit(client, ALICE, BOB, unique("before"))[0], 250)
        server.postlatch("member", "set", ALICE, "smtp=off")
        code, text = submit(client, ALICE, BOB, unique("after"))
        self.assertEqual(code, 550)
        self.assertIn("SMTP is switched off for this account", text)
        server.postlatch("member", "set", ALICE, "smtp=on")
        self.assertEqual(submit(client, ALICE, BOB, unique("again"))[0], 250)

    def test_inactive_member_stops(self):
        client = self.session()
        server.postlatch("member", "set", ALICE, "active=off")
        self.assertEqual(submit(client, ALICE, BOB, unique("inactive"))[0], 550)

    def test_webmail_network_is_exempt(self):
        policy = server.env["POLICY_FILE"]
        with open(policy) as f:
            before = f.read()
        client = self.session()
        server.postlatch("member", "set", ALICE, "smtp=off")
        try:
            rewrite(policy, before.replace("127.0.0.2/32", "127.0.0.0/8"))
            time.sleep(1.5)
            self.assertEqual(submit(client, ALICE, BOB, unique("webmail"))[0], 250)
        finally:
            rewrite(policy, before)
            time.sleep(1.5)
        self.assertEqual(submit(client, ALICE, BOB, unique("client"))[0], 550)

    def test_one_log_line_with_the_queue_id(self):
        subject = unique("log")
        submit(self.session(), ALICE, BOB, subject)
        lines = [line for line in server.log("milter").splitlines() if "member=" + ALICE in line]
        self.assertRegex(lines[-1], r": [0-9A-Za-z]{6,}: member=\S+ service=smtp action=accept rule=signed-in-before")

    def test_incoming_mail_does_not_need_the_milter(self):
        pid = milter_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            subject = unique("incoming")
            server.send(BOB, subject)
            wait_for(lambda: subject in server.mailbox(BOB))
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_store_trouble_is_451_and_heals(self):
        client = self.session()
        with server.database_away():
            self.assertEqual(submit(client, ALICE, BOB, unique("trouble"))[0], 451)
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
            self.assertEqual(submit(client, ALICE, BOB, unique("reload"))[0], 250)
        finally:
            rewrite(policy, before)
            os.kill(milter_pid(), signal.SIGHUP)


def milter_pid():
    with open(server.dir + "/run/milter.pid") as f:
        return int(f.read())


def rewrite(path, text):
    """In place, so that owner and mode stay."""
    with open(path, "w") as f:
        f.write(text)


class Redirect(unittest.TestCase):
    """Forwarding off leaves the message in the mailbox, and nowhere else."""

    def setUp(self):
        for member in (ALICE, BOB):
            server.postlatch("member", "set", member, "forwarding=inherit")
            sieve = server.sieve_client(member, server.passwords[member])
            sieve.activate("keep;")
            sieve.close()

    def script(self, text, member=ALICE):
        sieve = server.sieve_client(member, server.passwords[member])
        sieve.activate(text)
        sieve.close()

    def deliver(self, word, to=ALICE):
        subject = unique(word)
        server.send(to, subject)
        server.settle(lambda: subject in server.mailbox(to) + server.sink())
        return subject

    def counts(self, subject, member=ALICE):
        return server.mailbox(member).count(subject), server.sink().count(subject)

    def bounces(self):
        return [s for s in server.sink() if "Undelivered" in s]

    def through_sendmail(self, yes):
        conf = server.dir + "/etc/dovecot/conf.d/95-postlatch-sieve.conf"
        with open(conf) as f:
            text = f.read()
        text = text.replace("\nsubmission_host", "\n#submission_host") if yes else \
            text.replace("\n#submission_host", "\nsubmission_host")
        rewrite(conf, text)
        server.inside("doveadm", "reload")
        time.sleep(1)

    def test_forwarding_on_redirects(self):
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.script('redirect "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("on")), (0, 1))

    def test_off_through_submission_host_keeps(self):
        self.script('redirect "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("off")), (1, 0))
        self.assertEqual(self.bounces(), [])

    def test_off_with_a_copy_keeps_one(self):
        self.script('require "copy"; redirect :copy "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("copy")), (1, 0))

    def test_off_to_several_keeps_one(self):
        self.script('redirect "%s"; redirect "b%s";' % (AWAY, AWAY))
        self.assertEqual(self.counts(self.deliver("several")), (1, 0))

    def test_switching_on_again_brings_it_back(self):
        self.script('redirect "%s";' % AWAY)
        self.assertEqual(self.counts(self.deliver("off")), (1, 0))
        server.postlatch("member", "set", ALICE, "forwarding=on")
        self.assertEqual(self.counts(self.deliver("on")), (0, 1))

    def test_off_through_sendmail_comes_back(self):
        self.script('redirect "%s";' % AWAY)
        self.through_sendmail(True)
        try:
            subject = self.deliver("sendmail")
            server.settle(lambda: subject in server.mailbox(ALICE))
            self.assertEqual(self.counts(subject), (1, 0))
            self.assertEqual(self.bounces(), [])
            server.postlatch("member", "set", ALICE, "forwarding=on")
            self.assertEqual(self.counts(self.deliver("sendmail-on")), (0, 1))
        finally:
            self.through_sendmail(False)

    def test_address_extension(self):
        self.script('redirect "%s";' % AWAY)
        subject = unique("extension")
        server.send("alice+tag@demo.test", subject)
        server.settle(lambda: subject in server.mailbox(ALICE) + server.sink() + server.mailbox("alice+tag@demo.test"))
        self.assertEqual(server.sink().count(subject), 0)

    def test_a_forward_of_a_forward_is_judged_by_who_sends_now(self):
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

    def test_store_trouble_delays_a_redirect(self):
        self.script('redirect "%s";' % AWAY)
        subject = unique("trouble")
        with server.database_away():
            server.send(ALICE, subject)
            wait_for(lambda: "4.3.0" in server.log("mail") or "temporary failure" in server.log("dovecot"))
            self.assertEqual(self.counts(subject), (0, 0))
        server.settle(lambda: subject in server.mailbox(ALICE), 60)
        self.assertEqual(self.counts(subject), (1, 0))


class ForwardFile(unittest.TestCase):
    """.forward files of real users, delivered by Postfix's local(8)."""

    member = "local@local.demo.test"

    def forward(self, text):
        path = server.dir + "/home/local/.forward"
        with open(path, "w") as f:
            f.write(text)
        os.chown(path, 5903, 5903)
        os.chmod(path, 0o644)

    def deliver(self, word):
        subject = unique(word)
        server.send(self.member, subject)
        return subject

    def kept(self):
        path = server.dir + "/mail/local/local"
        if not os.path.exists(path):
            return ""
        with open(path, errors="replace") as f:
            return f.read()

    def setUp(self):
        server.postlatch("member", "set", self.member, "forwarding=off")

    def test_address_in_a_forward_file_is_not_lost(self):
        self.forward(AWAY + "\n")
        subject = self.deliver("forward")
        server.settle(lambda: subject in server.sink())

    def test_sendmail_in_a_forward_file_is_not_lost_and_does_not_loop(self):
        self.forward('"|/usr/sbin/sendmail -i %s"\n' % AWAY)
        subject = self.deliver("pipe")
        wait_for(lambda: "action=hold" in server.log("milter"))
        time.sleep(2)
        held = server.inside("postqueue", "-p").stdout
        self.assertEqual(held.count("!"), 1, held)
        self.assertNotIn(subject, server.sink())
        self.assertEqual([s for s in server.sink() if "Undelivered" in s], [])
        server.inside("postsuper", "-d", "ALL", "hold")

    def test_own_copy_beside_sendmail_is_kept(self):
        self.forward('\\local, "|/usr/sbin/sendmail -i %s"\n' % AWAY)
        subject = self.deliver("copy")
        wait_for(lambda: subject in self.kept())
        time.sleep(2)
        self.assertNotIn(subject, server.sink())
        server.inside("postsuper", "-d", "ALL", "hold")

    def test_forwarding_on_lets_it_go(self):
        server.postlatch("member", "set", self.member, "forwarding=on")
        self.forward('"|/usr/sbin/sendmail -i %s"\n' % AWAY)
        subject = self.deliver("on")
        server.settle(lambda: subject in server.sink())
        self.assertEqual(server.sink().count(subject), 1)


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
