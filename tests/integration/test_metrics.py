"""What Prometheus reads from a portal and from a milter: true figures, for this machine and for who has the token."""
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from milter import CONTINUE, MILTER, REPLY, Process, free_port
from portal import Browser, Portal, PortalTest
from rewriting import ALICE, RewritingTest, with_file
from server import TIMEOUT, wait_for

MEMBER = "carol@demo.test"
TOKEN = "a token of this test"
RULES = "conf.d/prometheus/postlatch.rules.yml"
DASHBOARD = "conf.d/grafana/postlatch.json"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROMTOOL = shutil.which("promtool")


def figures(text):
    """{"name{labels}": value}"""
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and line[0] != "#"}


class Metrics(PortalTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal.settings["metrics_token_file"] = cls.portal.dir + "/metrics.token"
        with open(cls.portal.settings["metrics_token_file"], "w") as f:
            f.write(TOKEN + "\n")
        cls.portal.write_policy()
        cls.portal.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "policy file: read again" in cls.portal.log(), TIMEOUT)
        cls.command("member", "add", MEMBER)

    def read(self, ip="127.0.0.1", **headers):
        return Browser(self.portal.port, self.portal.url).get("/metrics", headers={"X-Forwarded-For": ip, **headers})

    def figures(self):
        answer = self.read()
        self.assertEqual(answer.status, 200)
        return figures(answer.body.decode())

    def test_only_this_machine_and_the_token_may_read(self):
        self.assertEqual(self.read("127.0.0.9").status, 200)
        self.assertEqual(self.read("::1").status, 200)
        stranger = "203.0.113.7"
        self.assertEqual(self.read(stranger).status, 401)
        self.assertEqual(self.read(stranger, Authorization="Bearer " + TOKEN).status, 200)
        for wrong in ("Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x", "Bearer ", "Basic " + TOKEN, TOKEN):
            with self.subTest(wrong):
                answer = self.read(stranger, Authorization=wrong)
                self.assertEqual(answer.status, 401)
                self.assertNotIn(b"postlatch_", answer.body)
        # Who sends a wrong one from here is refused as well.
        self.assertEqual(self.read(Authorization="Bearer wrong").status, 401)

    def test_requests_and_sign_ins_are_counted(self):
        before = self.figures()
        browser = Browser(self.portal.port, self.portal.url)
        self.assertEqual(browser.sign_in(MEMBER, "wrong").status, 401)
        self.assertEqual(browser.sign_in(MEMBER).status, 200)
        page_4xx = 'postlatch_http_requests_total{caller="page",status="4xx"}'
        page_2xx = 'postlatch_http_requests_total{caller="page",status="2xx"}'
        after = self.figures()
        self.assertEqual(after[page_4xx] - before[page_4xx], 1)
        self.assertEqual(after[page_2xx] - before[page_2xx], 1)
        seconds = 'postlatch_http_request_seconds_count{caller="page"}'
        self.assertEqual(after[seconds] - before[seconds], 2)
        self.assertEqual(after['postlatch_http_request_seconds_bucket{caller="page",le="+Inf"}'], after[seconds])

        # A wrong password is counted by Dovecot, which is none here; this sign-in waits for its second step.
        pending = ('postlatch_logins_total{service="webmail",channel="webmail",credential="account-password",'
                   'rule="second-factor-offered",outcome="pending"}')
        wait_for(lambda: self.figures().get(pending, 0) - before.get(pending, 0) == 1, TIMEOUT)

    def test_no_figure_is_about_a_person(self):
        text = self.read().body.decode()
        for word in ("carol", "alice", "demo.test", "127.0.0.1", TOKEN):
            self.assertNotIn(word, text)

    def test_it_answers_while_the_database_is_away(self):
        path = self.portal.settings["database"].removeprefix("sqlite:")
        self.assertEqual(self.figures()["postlatch_database_up"], 1)
        os.rename(path, path + ".away")
        try:
            away = self.figures()
        finally:
            os.rename(path + ".away", path)
        self.assertEqual(away["postlatch_database_up"], 0)
        self.assertIn("process_resident_memory_bytes", away)
        wait_for(lambda: self.figures()["postlatch_database_up"] == 1, TIMEOUT)

    @unittest.skipUnless(PROMTOOL, "promtool is not installed")
    def test_promtool_finds_nothing_wrong(self):
        run = subprocess.run([PROMTOOL, "check", "metrics"], input=self.read().body, capture_output=True, timeout=TIMEOUT)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, b""))


class MilterMetrics(RewritingTest):
    def setUp(self):
        super().setUp()
        self.set_policy("member_forwards = on")
        self.port = free_port()
        self.milter = self.start("-m", "inet:127.0.0.1:%d" % self.port, "-s", "unix:" + self.site.path("forward.sock"))

    def get(self, path="/metrics", method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        self.addCleanup(connection.close)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer, answer.read()

    def figures(self):
        answer, body = self.get()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return figures(body.decode())

    def ask(self, text):
        """What Postfix would be told about a forward."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(self.site.path("forward.sock"))
            client.sendall(b"%d:%s," % (len(text), text.encode()))
            return client.recv(65536).decode()

    def test_messages_are_counted_by_the_answer(self):
        def messages():
            return [self.figures()['postlatch_messages_total{action="%s"}' % action]
                    for action in ("accept", "sign-in-again", "tempfail")]
        self.assertEqual(messages(), [0, 0, 0])
        client = self.client_of(self.milter)
        self.assertEqual(self.figures()["postlatch_smtp_clients"], 1)
        self.assertEqual(client.message(login=ALICE)[-1][0], CONTINUE)
        self.assertEqual(client.message()[-1][0], CONTINUE)  # nobody's: none of its business
        self.assertEqual(messages(), [1, 0, 0])
        self.site.ok("member", "set", ALICE, "pop3=off")
        self.assertEqual(client.message(login=ALICE)[-1][0], REPLY)
        self.assertEqual(messages(), [1, 1, 0])
        os.rename(self.site.database, self.site.database + ".away")
        self.assertEqual(client.message(login=ALICE)[-1][0], REPLY)
        self.assertEqual(messages(), [1, 1, 1])
        self.assertEqual(self.figures()["postlatch_message_seconds_count"], 3)
        client.close()
        wait_for(lambda: self.figures()["postlatch_smtp_clients"] == 0, TIMEOUT)

    def test_questions_about_forwards_are_counted(self):
        def lookups():
            return [self.figures()['postlatch_forward_lookups_total{answer="%s"}' % answer]
                    for answer in ("found", "not-found", "tempfail")]
        self.site.ok("member", "set", ALICE, "forwarding=on")
        self.assertIn("NOTFOUND", self.ask("forward " + ALICE))
        self.assertEqual(lookups(), [0, 1, 0])
        self.site.ok("forward", "set", ALICE, "there@elsewhere.example")
        self.assertIn("OK there@elsewhere.example", self.ask("forward " + ALICE))
        os.rename(self.site.database, self.site.database + ".away")
        self.assertIn("TEMP", self.ask("forward " + ALICE))
        self.assertEqual(lookups(), [1, 1, 1])
        self.assertEqual(self.figures()["postlatch_forward_lookup_seconds_count"], 3)

    def test_large_attachments_are_counted_by_what_becomes_of_them(self):
        replaced = 'postlatch_attachments_total{outcome="replaced"}'
        self.assertEqual(self.figures()[replaced], 0)
        self.pass_through(self.client_of(self.milter), with_file(bytes(range(256)) * 8192))
        self.assertEqual(self.figures()[replaced], 1)
        self.assertEqual(self.figures()['postlatch_pool_connections{pool="attachments",state="idle"}'], 1)

    def test_it_answers_nothing_else_and_nobody_else(self):
        self.assertEqual(self.get("/")[0].status, 404)
        self.assertEqual(self.get("/metrics/..")[0].status, 404)
        answer, body = self.get(method="POST")
        self.assertEqual((answer.status, answer.headers["Allow"], body), (405, "GET, HEAD", b""))
        answer, body = self.get(method="HEAD")
        self.assertEqual((answer.status, body), (200, b""))
        run = subprocess.run([MILTER, "-f", "-c", self.site.policy_file, "-p", "unix:" + self.site.path("other.sock"),
                              "-m", "inet:0.0.0.0:%d" % free_port()], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(run.returncode, 69)
        self.assertIn("it must be inet:127.0.0.1:PORT", run.stderr)

    def test_it_is_asked_on_a_unix_socket(self):
        path = self.site.path("metrics.sock")
        milter = Process(self.site, "inet", "-m", "unix:" + path)
        self.addCleanup(milter.kill)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o660)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(path)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 "))
        milter.signal(signal.SIGTERM)
        wait_for(lambda: not milter.alive(), TIMEOUT)
        self.assertFalse(os.path.exists(path))

    def test_no_figure_is_about_a_person(self):
        self.client_of(self.milter).message(login=ALICE)
        text = self.get()[1].decode()
        for word in ("alice", "example.test", "127.0.0.1", "elsewhere"):
            self.assertNotIn(word, text)

    @unittest.skipUnless(PROMTOOL, "promtool is not installed")
    def test_promtool_finds_nothing_wrong(self):
        run = subprocess.run([PROMTOOL, "check", "metrics"], input=self.get()[1], capture_output=True, timeout=TIMEOUT)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, b""))

    def test_the_dashboard_and_the_alerts_ask_for_what_there_is(self):
        portal = Portal().init().start()
        self.addCleanup(portal.remove)
        text = Browser(portal.port, portal.url).get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).body.decode()
        text += self.get()[1].decode()
        there = set(re.findall(r"^# TYPE (\w+)", text, re.M))
        for name in (RULES, DASHBOARD):
            with open(os.path.join(ROOT, name)) as f:
                asked = set(re.findall(r"\b((?:postlatch|process)_\w+)", f.read()))
            self.assertTrue(asked)
            self.assertEqual({re.sub(r"_(bucket|sum|count)$", "", word) if "seconds_bucket" in word else word
                              for word in asked} - there, set(), name)


# What each alert needs to be raised, and what a well portal says.
ALERTS = {
    "PostlatchPortalDown": ('up{job="postlatch"', "0", "1"),
    "PostlatchDatabaseAway": ("postlatch_database_up", "0", "1"),
    "PostlatchConnectionsUsedUp": ('postlatch_pool_connections{pool="portal",state="taken"', "16", "3"),
    "PostlatchMilterDown": ('up{job="postlatch-milter"', "0", "1"),
    "PostlatchMailPutOff": ('postlatch_messages_total{action="tempfail"', "0+1x60", "0"),
    "PostlatchAttachmentsNotTakenOut": ('postlatch_attachments_total{outcome="not-scanned"', "0+1x60", "0"),
    "PostlatchErrors": ('postlatch_http_requests_total{caller="page",status="5xx"', "0+10x60", "0"),
    "PostlatchSlow": ('postlatch_http_request_seconds_bucket{caller="page",le="5"', "0+100x60", "0"),
    "PostlatchMessagesWait": ("postlatch_outbox_waiting_seconds", "1000", "10"),
    "PostlatchMessagesRefused": ("postlatch_outbox_refused_messages", "2", "0"),
    "PostlatchNotPruned": ("postlatch_prune_last_success_timestamp_seconds", "1", "0"),
    "PostlatchDecoyTried": ('postlatch_logins_total{rule="decoy"', "1", "0"),
    "PostlatchGuessing": ('postlatch_logins_total{outcome="refused"', "0+600x200", "0"),
}
BESIDE = {
    "PostlatchConnectionsUsedUp": [('postlatch_pool_limit{pool="portal"', "16+0x200")],
    "PostlatchSlow": [('postlatch_http_request_seconds_bucket{caller="page",le="+Inf"', "0+100x60"),
                      ('postlatch_http_request_seconds_bucket{caller="page",le="2.5"', "0+1x60")],
}


@unittest.skipUnless(PROMTOOL, "promtool is not installed")
class Alerts(unittest.TestCase):
    def promtool(self, *args, text=None):
        run = subprocess.run([PROMTOOL, *args], input=text, capture_output=True, text=True, cwd=ROOT, timeout=TIMEOUT)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def test_every_alert_is_raised_by_its_fault_alone(self):
        with open(os.path.join(ROOT, RULES)) as f:
            self.assertEqual(re.findall(r"alert: (\w+)", f.read()), list(ALERTS))
        self.promtool("check", "rules", RULES)
        lines = ["rule_files: [%s]" % os.path.join(ROOT, RULES), "evaluation_interval: 1m", "tests:"]
        for faulty in ALERTS:
            lines.append("  - interval: 1m\n    input_series:")
            series = []
            for alert, (name, bad, good) in ALERTS.items():
                value = bad if alert == faulty else good
                series.append((name, value if "x" in value else value + "+0x200"))
                series += [one for one in BESIDE.get(alert, []) if alert == faulty or "limit" in one[0]]
            for name, values in series:
                labels = (name if "{" in name else name + "{") + (",", "")["{" not in name]
                lines.append("      - series: '%sinstance=\"one\"}'\n        values: '%s'"
                             % (labels, values))
            lines.append("    promql_expr_test:\n      - expr: 'count by (alertname) (ALERTS{alertstate=\"firing\"})'\n"
                         "        eval_time: 50m\n        exp_samples:\n"
                         "          - labels: '{alertname=\"%s\"}'\n            value: 1" % faulty)
            if faulty == "PostlatchNotPruned":
                lines[-1] = lines[-1].replace("50m", "190m")
        with tempfile.NamedTemporaryFile("w", suffix=".yml", dir="/var/tmp") as f:
            f.write("\n".join(lines) + "\n")
            f.flush()
            self.promtool("test", "rules", f.name)


if __name__ == "__main__":
    unittest.main()
