"""Forwards that members set, with real Postfix, Dovecot and postlatch-milter: no message is lost, doubled or diverted."""
import collections
import contextlib
import email
import glob
import os
import signal
import smtplib
import socket
import time
import unittest
import unittest.mock
import uuid

from server import Server, TIMEOUT, rewrite, wait_for

ALICE, BOB, CAROL, DAVE = MEMBERS = [name + "@demo.test" for name in ("alice", "bob", "carol", "dave")]
AWAY, OTHER = "Away.User@elsewhere.example", "other@elsewhere.example"


def setUpModule():
    global server
    server = Server(forwards=True).start()


def tearDownModule():
    server.remove()


def unique(word):
    return "%s-%s" % (word, uuid.uuid4().hex[:8])


@contextlib.contextmanager
def policy(text):
    path = server.env["POLICY_FILE"]
    with open(path) as f:
        before = f.read()
    try:
        rewrite(path, before + text + "\n")
        time.sleep(1.5)  # a file that was just written is left alone for a second
        yield
    finally:
        rewrite(path, before)
        time.sleep(1.5)


def milter_pid():
    with open(server.dir + "/run/milter.pid") as f:
        return int(f.read())


def start_milter():
    """As demo/inside does, whose process of it was killed."""
    script = ('"$1/root/usr/sbin/postlatch-milter" -f -p "unix:$1/spool/postlatch/milter.sock" '
              '-s "unix:$1/spool/postlatch/forward.sock" -u postlatch-milter -g postfix </dev/null '
              '>>"$1/log/milter.log" 2>&1 & echo $! >"$1/run/milter.pid"')
    before = server.log("milter").count(": ready")
    server.inside("setsid", "sh", "-c", script, "sh", server.dir)
    wait_for(lambda: server.log("milter").count(": ready") > before)


def left():
    """(recipient, subject) of what left for other servers."""
    found = []
    for name in glob.glob(server.env["SINK"] + "/*"):
        with open(name, errors="replace") as f:
            message = email.message_from_file(f)
        found.append((message["Delivered-To"], message["Subject"]))
    return found


def arrived(subject):
    """How often a message is where: a Counter of addresses."""
    found = collections.Counter(to for to, word in left() if word == subject)
    for member in MEMBERS:
        found[member] += server.mailbox(member).count(subject)
    return +found


def refused_for_now(to):
    with server.smtp_client("SMTP") as client:
        client.ehlo()
        client.mail("outside@elsewhere.example")
        return client.rcpt(to)[0] == 451


class ForwardTest(unittest.TestCase):
    def setUp(self):
        for member in MEMBERS:
            server.postlatch("member", "set", "--add", member, "forwarding=on", "active=on")
            server.postlatch("forward", "clear", member, check=False)
        server.postlatch("domain", "set", "demo.test", "forwarding=inherit")

    def forward(self, member, *targets, copy=False):
        server.postlatch("forward", "set", member, *targets, *(["--keep-copy"] if copy else []))

    def deliver(self, to, word="forward", sender="outside@elsewhere.example"):
        """Sends a message; returns where it has come to."""
        subject = unique(word)
        server.send(to, subject, sender)
        return self.settled(subject)

    def settled(self, subject):
        server.settle(lambda: arrived(subject))
        return dict(arrived(subject))


class Set(ForwardTest):
    def test_without_a_forward_mail_stays(self):
        self.assertEqual(self.deliver(ALICE), {ALICE: 1})

    def test_to_one_address_without_a_copy(self):
        self.forward(ALICE, AWAY)
        self.assertEqual(self.deliver(ALICE), {AWAY: 1})
        self.assertEqual(self.deliver(BOB), {BOB: 1})

    def test_with_a_copy(self):
        self.forward(ALICE, AWAY, copy=True)
        self.assertEqual(self.deliver(ALICE), {ALICE: 1, AWAY: 1})

    def test_to_several_inside_and_outside(self):
        self.forward(ALICE, AWAY, BOB, OTHER)
        self.assertEqual(self.deliver(ALICE), {AWAY: 1, BOB: 1, OTHER: 1})

    def test_a_changed_forward_counts_at_once(self):
        self.forward(ALICE, AWAY)
        self.forward(ALICE, OTHER, copy=True)
        self.assertEqual(self.deliver(ALICE), {OTHER: 1, ALICE: 1})
        server.postlatch("forward", "off", ALICE)
        self.assertEqual(self.deliver(ALICE), {ALICE: 1})
        server.postlatch("forward", "on", ALICE)
        self.assertEqual(self.deliver(ALICE), {OTHER: 1, ALICE: 1})
        server.postlatch("forward", "clear", ALICE)
        self.assertEqual(self.deliver(ALICE), {ALICE: 1})

    def test_case_does_not_matter(self):
        self.forward(ALICE, AWAY)
        self.assertEqual(self.deliver("Alice@Demo.TEST"), {AWAY: 1})

    def test_targets_get_no_extension(self):
        self.forward(ALICE, AWAY)
        self.assertEqual(self.deliver("alice+list@demo.test"), {AWAY: 1})

    def test_the_copy_keeps_the_extension(self):
        self.forward(ALICE, AWAY, copy=True)
        subject = unique("extension")
        before = server.log("mail").count("to=<alice+list@demo.test>")
        server.send("alice+list@demo.test", subject)
        server.settle(lambda: server.log("mail").count("to=<alice+list@demo.test>") > before)
        self.assertEqual(left().count((AWAY, subject)), 1)

    def test_the_null_sender(self):
        self.forward(ALICE, AWAY)
        subject = unique("bounce")
        with server.smtp_client("SMTP") as client:
            client.sendmail("", [ALICE], "From: MAILER-DAEMON@elsewhere.example\r\nSubject: %s\r\n\r\nx\r\n" % subject)
        self.assertEqual(self.settled(subject), {AWAY: 1})

    def test_mail_between_members_and_from_sendmail(self):
        self.forward(ALICE, AWAY)
        subject = unique("sendmail")
        server.inside("sendmail", "-i", "-f", BOB, ALICE, check=True, input="Subject: %s\n\nx\n" % subject)
        self.assertEqual(self.settled(subject), {AWAY: 1})

    def test_an_address_of_utf_8(self):
        member = "한글@demo.test"
        server.postlatch("member", "set", "--add", member, "forwarding=on")
        self.addCleanup(server.postlatch, "member", "remove", member)
        self.forward(member, AWAY)
        self.forward(ALICE, member)
        for to in (member, ALICE):
            subject = unique("utf8")
            with server.smtp_client("SMTP") as client:
                client.ehlo()
                client.sendmail("outside@elsewhere.example", [to],
                                ("From: x@elsewhere.example\r\nSubject: %s\r\n\r\nx\r\n" % subject).encode(),
                                mail_options=["SMTPUTF8"])
            self.assertEqual(self.settled(subject), {AWAY: 1})

    def test_a_list_with_a_member_who_forwards(self):
        self.forward(BOB, AWAY)
        self.assertEqual(self.deliver("team@demo.test"), {ALICE: 1, AWAY: 1, "outside@elsewhere.example": 1})


class Switch(ForwardTest):
    """While forwarding is off, mail stays in the mailbox from the next message on; on brings the same forward back."""

    def rests(self):
        self.assertEqual(self.deliver(ALICE), {ALICE: 1})

    def test_the_switch(self):
        self.forward(ALICE, AWAY)
        server.postlatch("member", "set", ALICE, "forwarding=off")
        self.rests()
        server.postlatch("member", "set", ALICE, "forwarding=inherit")
        self.rests()
        server.postlatch("domain", "set", "demo.test", "forwarding=on")
        self.assertEqual(self.deliver(ALICE), {AWAY: 1})
        server.postlatch("member", "set", ALICE, "active=off")
        self.rests()
        server.postlatch("member", "set", ALICE, "active=on")
        self.assertEqual(self.deliver(ALICE), {AWAY: 1})

    def test_the_policy_file(self):
        self.forward(ALICE, AWAY)
        for text in ("defaults { forwarding = forbidden }", 'domain "demo.test" { forwarding = forbidden }'):
            with self.subTest(text=text), policy(text):
                self.rests()
        self.addCleanup(server.postlatch, "member", "set", ALICE, "class=")
        server.postlatch("domain", "set", "demo.test", "forwarding=on")
        server.postlatch("member", "set", ALICE, "forwarding=inherit")
        with policy('class "interns" { forwarding = off }'):
            self.assertEqual(self.deliver(ALICE), {AWAY: 1})
            server.postlatch("member", "set", ALICE, "class=interns")
            self.rests()
        path = server.env["POLICY_FILE"].replace("policy.conf", "demo.conf")
        with open(path) as f:
            before = f.read()
        try:
            rewrite(path, before.replace("member_forwards = on", "member_forwards = off"))
            time.sleep(1.5)
            self.rests()
        finally:
            rewrite(path, before)
            time.sleep(1.5)
        self.assertEqual(self.deliver(ALICE), {AWAY: 1})


class Circles(ForwardTest):
    """Nothing goes round: what leads back stays with each of those whom it leads to."""

    def test_two_who_forward_to_each_other(self):
        self.forward(ALICE, BOB)
        self.forward(BOB, ALICE, AWAY)
        for to in (ALICE, BOB):
            with self.subTest(to=to):
                self.assertEqual(self.deliver(to), {ALICE: 1, BOB: 1, AWAY: 1})

    def test_one_of_them_keeps_a_copy(self):
        self.forward(ALICE, BOB)
        self.forward(BOB, ALICE, copy=True)
        self.assertEqual(self.deliver(ALICE), {ALICE: 1, BOB: 1})
        self.assertEqual(self.deliver(BOB), {ALICE: 1, BOB: 1})

    def test_three_and_one_who_leads_to_them(self):
        self.forward(ALICE, BOB)
        self.forward(BOB, CAROL)
        self.forward(CAROL, ALICE)
        self.forward(DAVE, ALICE)
        self.assertEqual(self.deliver(DAVE), {ALICE: 1, BOB: 1, CAROL: 1})

    def test_to_oneself_is_refused(self):
        for target in (ALICE, "ALICE@demo.test", "alice+x@demo.test"):
            run = server.postlatch("forward", "set", ALICE, target, check=False)
            self.assertEqual(run.returncode, 65)
            self.assertIn("own address", run.stderr)

    def test_through_an_alias_of_postfix(self):
        # team is alice, bob and outside.
        self.forward(ALICE, "team@demo.test")
        self.assertEqual(self.deliver(ALICE), {ALICE: 1, BOB: 1, "outside@elsewhere.example": 1})
        self.forward(BOB, ALICE)
        self.assertEqual(self.deliver("team@demo.test"), {ALICE: 1, BOB: 1, "outside@elsewhere.example": 1})


class Faults(ForwardTest):
    def refused_for_now(self, to, subject):
        with server.smtp_client("SMTP") as client:
            client.ehlo()
            client.mail("outside@elsewhere.example")
            return client.rcpt(to)[0]

    def test_while_the_database_is_away_mail_is_put_off_and_then_comes_once(self):
        self.forward(ALICE, AWAY)
        with server.database_away():
            wait_for(lambda: self.refused_for_now(ALICE, "x") == 451)
            self.assertEqual(self.refused_for_now(BOB, "x"), 451)
        wait_for(lambda: self.refused_for_now(ALICE, "x") == 250)
        self.assertEqual(self.deliver(ALICE), {AWAY: 1})

    def test_while_the_milter_is_gone_mail_is_put_off_and_then_comes_once(self):
        self.forward(ALICE, AWAY)
        pid = milter_pid()
        os.kill(pid, signal.SIGKILL)
        try:
            wait_for(lambda: not os.path.exists("/proc/%d/fd/0" % pid))
            self.assertEqual(self.refused_for_now(ALICE, "x"), 451)
            subject = unique("sendmail")
            server.inside("sendmail", "-i", "-f", BOB, ALICE, check=True, input="Subject: %s\n\nx\n" % subject)
            time.sleep(1)
            self.assertEqual(dict(arrived(subject)), {})
        finally:
            start_milter()
        server.settle(lambda: arrived(subject), 120)
        self.assertEqual(dict(arrived(subject)), {AWAY: 1})
        self.assertEqual(self.deliver(ALICE), {AWAY: 1})

    def test_while_the_target_is_down_mail_waits_and_then_comes_once(self):
        self.forward(ALICE, AWAY, copy=True)
        subject = unique("down")
        with server.main_cf("transport_maps = inline:{elsewhere.example=smtp:[127.0.0.1]:1}"):
            server.send(ALICE, subject)
            wait_for(lambda: server.mailbox(ALICE).count(subject) == 1)
            self.assertEqual(dict(arrived(subject)), {ALICE: 1})
        server.settle(lambda: (AWAY, subject) in left())
        self.assertEqual(dict(arrived(subject)), {ALICE: 1, AWAY: 1})

    def test_a_target_that_refuses_bounces_to_the_sender(self):
        self.forward(ALICE, AWAY)
        writer = "%s@back.example" % unique("writer")
        subject = unique("refused")
        with server.main_cf("transport_maps = inline:{elsewhere.example=error:no}"):
            server.send(ALICE, subject, writer)
            wait_for(lambda: any(to == writer for to, _ in left()))
        self.assertEqual(dict(arrived(subject)), {})


class OnPostgreSQL(ForwardTest):
    """The same mail where the database is a server."""

    @classmethod
    def setUpClass(cls):
        global server
        cls.before = server
        with unittest.mock.patch.dict(os.environ, POSTLATCH_TEST_ON="postgresql"):
            server = Server(forwards=True)
        server.start()

    @classmethod
    def tearDownClass(cls):
        global server
        server.remove()
        server = cls.before

    def test_mail_is_forwarded_and_put_off_while_the_server_is_away_and_then_comes_once(self):
        self.forward(ALICE, AWAY, BOB, copy=True)
        self.assertEqual(self.deliver(ALICE), {ALICE: 1, AWAY: 1, BOB: 1})
        with server.database_away():
            wait_for(lambda: refused_for_now(ALICE))
        wait_for(lambda: not refused_for_now(ALICE))
        self.assertEqual(self.deliver("alice+list@demo.test")[AWAY], 1)
        server.postlatch("member", "set", ALICE, "forwarding=off")
        self.assertEqual(self.deliver(ALICE), {ALICE: 1})


class Protocol(unittest.TestCase):
    """What is sent to the socket, by programs that are not Postfix."""

    def socket(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIMEOUT)
        client.connect(server.dir + "/spool/postlatch/forward.sock")
        self.addCleanup(client.close)
        return client

    def ask(self, client, text):
        payload = text.encode()
        client.sendall(b"%d:%s," % (len(payload), payload))
        return self.reply(client)

    def reply(self, client):
        data = b""
        while not data.endswith(b","):
            piece = client.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, rest = data.partition(b":")
        self.assertEqual(len(rest) - 1, int(head))
        return rest[:-1].decode()

    def test_answers(self):
        server.postlatch("member", "set", "--add", ALICE, "forwarding=on")
        server.postlatch("forward", "set", ALICE, AWAY, OTHER, "--keep-copy")
        client = self.socket()
        for question, answer in (("forward+ " + ALICE, "OK %s,%s,%s" % (ALICE, AWAY, OTHER)),
                                 ("forward alice+x@demo.test", "NOTFOUND "), ("forward+ ", "NOTFOUND "),
                                 ("forward+ demo.test", "NOTFOUND "), ("forward+ a'b\"@demo.test", "NOTFOUND "),
                                 ("other x", "PERM no such map")):
            with self.subTest(question=question):
                self.assertEqual(self.ask(client, question), answer)
        server.postlatch("forward", "clear", ALICE)
        self.assertEqual(self.ask(client, "forward+ " + ALICE), "NOTFOUND ")

    def test_pieces_and_several_at_once(self):
        client = self.socket()
        for byte in b"16:forward x@y.test,":
            client.sendall(bytes([byte]))
        self.assertEqual(self.reply(client), "NOTFOUND ")
        client.sendall(b"16:forward x@y.test,16:forward z@y.test,")
        data = b""
        while data.count(b",") < 2:
            data += client.recv(1000)
        self.assertEqual(data, b"9:NOTFOUND ,9:NOTFOUND ,")

    def test_what_is_no_request_ends_the_connection(self):
        for data in (b"x", b"GET / HTTP/1.1\r\n\r\n", b"99999999:", b"3:abc,", b"11:forward\0a@b,", b"5:abc dX"):
            with self.subTest(data=data):
                client = self.socket()
                client.sendall(data)
                self.assertEqual(client.recv(100), b"")
        self.assertEqual(self.ask(self.socket(), "forward x@y.test"), "NOTFOUND ")


class Numbered(ForwardTest):
    """Many messages while forwards change and daemons are killed: each arrives where it should, once.
    A fifth of them have the null sender, and meanwhile one member's switch is off again and again. `make forwards` sends
    10,000 of them."""

    def test_none_is_lost_or_doubled_or_diverted(self):
        count = int(os.environ.get("POSTLATCH_TEST_MESSAGES", "300"))
        self.forward(ALICE, AWAY)
        self.forward(BOB, OTHER, CAROL, copy=True)
        self.forward(CAROL, DAVE)
        self.forward(DAVE, CAROL)
        both = {CAROL: 1, DAVE: 1}  # they forward to each other
        wanted = {ALICE: {AWAY: 1}, BOB: {BOB: 1, OTHER: 1, **both}, CAROL: both, DAVE: both, "alice+tag@demo.test": {AWAY: 1},
                  "team@demo.test": {AWAY: 1, BOB: 1, OTHER: 1, **both, "outside@elsewhere.example": 1}}
        run = unique("n")
        sent, places, off = {}, {}, False
        for i in range(count):
            to = list(wanted)[i % len(wanted)]
            subject = "%s-%d" % (run, i)
            sent[subject] = to
            if i % (count // 6) == count // 12:
                self.disturb(i // (count // 6))
            if i % (count // 6) == count // 9:
                off = not off
                server.postlatch("member", "set", ALICE, "forwarding=" + ("off" if off else "on"))
            # Where it belongs is decided when it is taken.
            places[subject] = {ALICE if off and place == AWAY else place: 1 for place in wanted[to]}
            self.send_at_last(to, subject, "" if i % 5 == 4 else "outside@elsewhere.example")
        server.settle(lambda: sum(word.startswith(run) for _, word in left()) >= sum(
            any(not place.endswith("@demo.test") for place in all_of) for all_of in places.values()), 300)
        found = collections.defaultdict(collections.Counter)
        for to, word in left():
            found[word][to] += 1
        for member in MEMBERS:
            for word in server.mailbox(member):
                found[word][member] += 1
        for subject, to in sent.items():
            self.assertEqual(dict(found[subject]), places[subject], "%s to %s" % (subject, to))
        print("%d messages" % count)

    def disturb(self, which):
        if which % 4 == 0:
            server.inside("postfix", "reload", check=True)
        elif which % 4 == 1:
            with server.database_away():
                wait_for(lambda: refused_for_now(ALICE))
        elif which % 4 == 2:
            pid = milter_pid()
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not os.path.exists("/proc/%d/fd/0" % pid))
            start_milter()
        else:
            # What the stop breaks off after Dovecot has taken it is delivered again, as by any server (RFC 1047).
            server.settle(server.queue_is_empty, 300)
            server.inside("postfix", "stop", check=False)
            server.inside("postfix", "start", check=False)

    def send_at_last(self, to, subject, sender):
        """As a server that tries again when it is told to."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return server.send(to, subject, sender)
            except (OSError, smtplib.SMTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


if __name__ == "__main__":
    unittest.main()
