"""postlatch-milter in a real Postfix: killed in the middle of a message, and with which privileges it runs."""
import base64
import os
import re
import signal
import unittest
import uuid

from server import Server, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


def milter_pid():
    with open(server.dir + "/run/milter.pid") as f:
        return int(f.read())


def status(pid, name):
    with open("/proc/%d/status" % pid) as f:
        return re.search(r"(?m)^%s:\s*(.*)$" % name, f.read()).group(1).split()


def kill_milter():
    pid = milter_pid()
    os.kill(pid, signal.SIGKILL)
    # The holder of the namespace may leave it as a zombie, which has no files.
    wait_for(lambda: not os.path.exists("/proc/%d/fd/0" % pid))


def start_milter():
    """As demo/inside does, whose process of it was killed."""
    script = ('"$1/root/usr/sbin/postlatch-milter" -f -p "unix:$1/spool/postlatch/milter.sock" -u postlatch-milter '
              '-g postfix </dev/null >>"$1/log/milter.log" 2>&1 & echo $! >"$1/run/milter.pid"')
    before = server.log("milter").count(": ready")
    server.inside("setsid", "sh", "-c", script, "sh", server.dir)
    wait_for(lambda: server.log("milter").count(": ready") > before)


class Killed(unittest.TestCase):
    def setUp(self):
        self.subject = "kill-" + uuid.uuid4().hex[:8]
        self.message = "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nbody\r\n.\r\n" % (ALICE, BOB, self.subject)

    def submission(self):
        client = server.smtp_client()
        self.addCleanup(client.close)
        client.ehlo()
        plain = base64.b64encode(("\0%s\0%s" % (ALICE, server.passwords[ALICE])).encode()).decode()
        self.assertEqual(client.docmd("AUTH", "PLAIN " + plain)[0], 235)
        return client

    def end(self, client):
        client.send(self.message)
        return client.getreply()[0]

    def transaction(self, client, kill_before=None):
        """The code of the first step that does not go well, or of the last one. Kills the milter before one."""
        steps = (("mail", lambda: client.mail(ALICE)[0]), ("rcpt", lambda: client.rcpt(BOB)[0]),
                 ("data", lambda: client.docmd("DATA")[0]), ("end", lambda: self.end(client)))
        for name, step in steps:
            if name == kill_before:
                kill_milter()
            code = step()
            if code >= 400:
                return code
        return code

    def arrives_once(self):
        server.settle(lambda: self.subject in server.mailbox(BOB), 60)
        self.assertEqual(server.mailbox(BOB).count(self.subject), 1)

    def try_service(self, service, steps):
        for step in steps:
            with self.subTest(step=step):
                self.setUp()
                client = service()
                code = self.transaction(client, step)
                try:
                    self.assertIn(code, range(400, 500))
                    self.assertNotIn(self.subject, server.mailbox(BOB))
                finally:
                    start_milter()
                self.assertEqual(self.transaction(service()), 250)
                self.arrives_once()

    def test_submission_is_told_to_try_again_and_nothing_is_lost_or_doubled(self):
        self.try_service(self.submission, ("mail", "rcpt", "data", "end"))


class Privileges(unittest.TestCase):
    def test_it_runs_as_its_user_in_the_group_of_the_database(self):
        ids = {name: int(server.inside("id", option, "postlatch-milter").stdout) for name, option in
               (("user", "-u"), ("group", "-g"))}
        database = int(server.inside("stat", "-c", "%g", server.env["DATABASE"]).stdout)
        pid = milter_pid()
        self.assertEqual(status(pid, "Uid"), [str(ids["user"])] * 4)
        self.assertEqual(status(pid, "Gid"), [str(ids["group"])] * 4)
        self.assertIn(str(database), status(pid, "Groups"))
        self.assertNotIn("0", status(pid, "Groups"))
        self.assertEqual({int(bits[0], 16) for bits in (status(pid, "CapEff"), status(pid, "CapPrm"))}, {0})


if __name__ == "__main__":
    unittest.main()
