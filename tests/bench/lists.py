"""Every list of the administrators' API, asked for by 20 administrators at once.

Each is a key of the API with a role and domains of its own, asks for one list after the other in an order of
its own, and rests between them as people do. How long an answer takes is measured from the request to the
end of its body. What it costs is measured beforehand, of each list alone: CPU time of the portal, and of
PostgreSQL.
"""
import concurrent.futures
import contextlib
import http.client
import json
import random
import statistics
import subprocess
import threading
import time
import urllib.parse

import machine
from listfill import KEYS, LARGE
from portal import free_port, wait_for_port

REST = 2      # seconds between the pages of an administrator, on average
LOGIN_SLICE = 0.5  # seconds of logins, and of rest behind them
ALONE = 3       # times that each list is asked for alone
API = "/api/admin/v1"
# Two administrators of five have all domains, two the first and the smaller ones, one a small one.
ROLES = ({"role": "server"}, {"role": "domain", "domains": LARGE + ",domain7.test,domain60.test"}, {"role": "server"},
         {"role": "helpdesk", "domains": LARGE + ",domain8.test"}, {"role": "domain", "domains": "domain61.test"})

MEMBER_FILTERS = (
    "domain=" + LARGE, "domain=domain60.test", "domain=domain9.test&sort=-created_at", "class=staff", "class=nobody",
    "active=off", "pop3=on", "pop3=off", "smtp=off", "two_factor_requirement=required", "two_factor_mode=skip",
    "client_password=never", "own=yes", "own=no", "own_networks=yes", "factor=registered", "factor=none", "overdue=yes",
    "account_password=any", "account_password=pop3", "unseen=yes", "app_passwords_used=unused", "app_passwords_used=none",
    "joined_since={month}", "received=recent", "received=unknown", "overdue=yes&account_password=imap&domain=" + LARGE, "pop3=on&unseen=yes&class=staff")
SORTS = ("member", "created_at", "-created_at", "last_seen", "-last_seen", "received_at", "-received_at")
TEXTS = ("a", "kim", "kim.minsu1", "domain9", "lee.jihoon12345", "@domain7.test", "nobody+has+this", "%25_")
AUDIT_FILTERS = (
    "who=admin3@domain1.test", "action=member", "action=member.set", "action=nothing", "object=" + LARGE,
    "object=domain60.test", "object={member}", "address=192.0.2.7", "since={month}", "since={month}&until={week}",
    "q=pop3", "q=kim.minsu", "q=nobody+has+this", "q=kim&since={month}", "who=admin3@domain1.test&action=totp")
OTHERS = {
    "domains": ("/domains", "/domains?q=9", "/domains?q=nothing", "/domains?after=domain5.test", "/domains?limit=200"),
    "a domain": ("/domains/" + LARGE,),
    "jobs": ("/jobs", "/jobs?after=200", "/jobs/{job}/failures", "/jobs/{job}/failures?after=4000"),
    "keys, administrators": ("/keys", "/administrators", "/me"),
    "overview": ("/overview", "/overview?domain=" + LARGE, "/counts?by=rule", "/counts?step=hour&by=service",
                 "/overview?days=90"),
    "a member": ("/members/{member}", "/members/{member}/app-passwords", "/members/{member}/sessions",
                 "/members/{member}/devices", "/members/{member}/applications", "/members/{member}/activity",
                 "/members/{member}/audit", "/members/{member}/explain?service=imap"),
}


def all_lists():
    """{class: paths}."""
    members = "/members?"
    return {
        "members": ("/members", "/members?limit=200"),
        "members, filtered": tuple(members + text for text in MEMBER_FILTERS),
        "members, sorted": tuple("%ssort=%s" % (members, sort) for sort in SORTS),
        "members, filtered and sorted": tuple("%s%s&sort=%s" % (members, text, sort) for sort in SORTS[1:]
                                              for text in ("pop3=off", "unseen=yes", "domain=" + LARGE)),
        "members, searched": tuple(members + "q=" + text for text in TEXTS) + tuple(
            "%sq=%s&sort=-last_seen" % (members, text) for text in TEXTS[1::2]),
        "members, deep": tuple("%ssort=%s&{deep-%s}" % (members, sort, sort) for sort in SORTS) + (
            members + "factor=none&after=kim.minsu5@domain40.test",),
        "audit": ("/audit", "/audit?after={deep-audit}"),
        "audit, filtered": tuple("/audit?" + text for text in AUDIT_FILTERS),
        **OTHERS,
    }


class Answers:
    """How long the answers took: (class, path, seconds)."""

    def __init__(self):
        self.lock, self.rows, self.failures = threading.Lock(), [], {}

    def add(self, kind, path, seconds, status):
        with self.lock:
            self.rows.append((kind, path, seconds))
            if status not in (200, 403, 404):
                self.failures.setdefault(status, path)


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


class Lists:
    """policy is that of a filled database, uri that of the database."""

    def __init__(self, folder, build, web, policy, processes=()):
        self.build, self.policy, self.others = build, policy, processes
        self.port = free_port()
        self.keys = [self.make_key(number) for number in range(KEYS)]
        log = folder + "/portal.log"
        with open(log, "w") as f:
            self.portal = subprocess.Popen([build + "/portal/postlatch-portal", "-f", "-c", policy, "-w", web,
                                            "-p", "inet:127.0.0.1:%d" % self.port],
                                           stdin=subprocess.DEVNULL, stderr=f)
        wait_for_port(self.port, self.portal, log)
        self.values = self.find_values()

    def make_key(self, number):
        words = [word for name, value in ROLES[number % len(ROLES)].items() for word in ("--" + name, value)]
        run = subprocess.run([self.build + "/ctl/postlatch", "-c", self.policy, "api-key", "add", *words, "--label",
                              "bench %d" % number], check=True, stdout=subprocess.PIPE, text=True)
        return run.stdout.split()[0]

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, connection, key, path):
        """(status, body, seconds)"""
        start = time.monotonic()
        connection.request("GET", API + path, headers={"Authorization": "Bearer " + key})
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, body, time.monotonic() - start

    def json(self, path):
        connection = self.connect()
        status, body, _ = self.ask(connection, self.keys[0], path)
        connection.close()
        if status != 200:
            raise RuntimeError("%s is answered with %d %s" % (path, status, body[:200]))
        return json.loads(body)

    def find_values(self):
        """What stands for the names in braces: dates, a member, a job, places in the middle of lists."""
        now = int(time.time())
        values = {"month": now - 30 * 86400, "week": now - 7 * 86400,
                  "member": self.json("/members?limit=1&domain=" + LARGE)["items"][0]["member"],
                  "job": self.json("/jobs?limit=1")["items"][0]["id"],
                  "deep-audit": "%d-1" % (now - 200 * 86400),
                  "deep-member": "after=kim.minsu5@domain40.test"}
        for sort, age in (("created_at", 365), ("last_seen", 100), ("received_at", 5)):
            for sign in ("", "-"):
                at = now - age * 86400
                values["deep-" + sign + sort] = "after=%d.1" % (at if sort == "created_at" else at // 86400)
        return values

    def path(self, template):
        for name, value in self.values.items():
            template = template.replace("{%s}" % name, str(value))
        return template

    # -- alone --

    def cpu_seconds(self):
        return machine.cpu_seconds(self.portal.pid, *self.others)

    def costs(self):
        """{(class, path): (CPU ms of a request, median ms of an answer)}, asked by a server administrator."""
        connection, found = self.connect(), {}
        for kind, paths in all_lists().items():
            for template in paths:
                path = self.path(template)
                self.ask(connection, self.keys[0], path)
                before = self.cpu_seconds()
                answers = [self.ask(connection, self.keys[0], path) for _ in range(ALONE)]
                if answers[0][0] != 200:
                    raise RuntimeError("%s is answered with %d %s" % (path, answers[0][0], answers[0][1][:200]))
                cpu = 1000 * (self.cpu_seconds() - before) / ALONE
                found[kind, template] = cpu, 1000 * statistics.median(seconds for _, _, seconds in answers)
        connection.close()
        return found

    # -- together --

    def work(self, key, seed, ends, answers):
        order = [(kind, template) for kind, paths in all_lists().items() for template in paths]
        chance = random.Random(seed)
        connection = self.connect()
        chance.shuffle(order)
        ends.wait(chance.uniform(0, REST))
        while True:
            for kind, template in order:
                if ends.is_set():
                    connection.close()
                    return
                status, _, seconds = self.ask(connection, key, self.path(template))
                answers.add(kind, template, seconds, status)
                ends.wait(chance.uniform(0, 2 * REST))

    @contextlib.contextmanager
    def at_work(self):
        """All administrators; the answers that they get meanwhile."""
        answers, ends = Answers(), threading.Event()
        with concurrent.futures.ThreadPoolExecutor(KEYS) as pool:
            work = [pool.submit(self.work, key, seed, ends, answers) for seed, key in enumerate(self.keys)]
            try:
                yield answers
            finally:
                ends.set()
            for done in work:
                done.result()
        if answers.failures:
            raise RuntimeError("answers that are errors: %s" % answers.failures)

    def together(self, seconds):
        with self.at_work() as answers:
            time.sleep(seconds)
        return answers.rows

    def stop(self):
        self.portal.terminate()
        self.portal.wait(timeout=60)


class HalfOfTheLogins:
    """Logins by access token, as fast as they are answered, for half of the time."""

    def __init__(self, generator, dovecot, tokens):
        self.command = [generator, dovecot.socket, "XOAUTH2", tokens, "4", "4", "0"]
        self.ends, self.thread = threading.Event(), threading.Thread(target=self.run)
        self.answers, self.seconds, self.refused = 0, 0.0, 0

    def slice(self):
        run = subprocess.run([*self.command, str(LOGIN_SLICE)], stdout=subprocess.PIPE, check=True)
        return json.loads(run.stdout)

    def run(self):
        start = time.monotonic()
        while not self.ends.is_set():
            result = self.slice()
            self.answers += result["answers"]
            self.refused += result["refused"]
            time.sleep(LOGIN_SLICE)
        self.seconds = time.monotonic() - start

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()


def print_costs(costs):
    print("Alone: CPU ms of a request and median ms of an answer, in a class and of its dearest list")
    print("%-32s%10s%10s%10s%10s  %s" % ("", "CPU", "median", "CPU most", "median", "dearest"))
    for kind, paths in all_lists().items():
        rows = [costs[kind, path] for path in paths]
        worst = max(paths, key=lambda path: costs[kind, path][0])
        print("%-32s%10.0f%10.0f%10.0f%10.0f  %s" % (
            kind, statistics.mean(row[0] for row in rows), statistics.median(row[1] for row in rows),
            *costs[kind, worst], worst))


def print_delays(rows):
    """Whose p95 is the longest is named for each class."""
    print("%-32s%8s%8s%8s%8s%8s  %s" % ("ms, beside the logins", "answers", "p50", "p95", "p99", "longest", "slowest"))
    for kind in [*all_lists(), None]:
        delays = {}
        for of, path, seconds in rows:
            if kind in (of, None):
                delays.setdefault(path, []).append(1000 * seconds)
        together = [delay for path in delays.values() for delay in path]
        if together:
            print("%-32s%8d%8.0f%8.0f%8.0f%8.0f  %s" % (
                kind or "all", len(together), *(percentile(together, percent) for percent in (50, 95, 99)), max(together),
                max(delays, key=lambda path: percentile(delays[path], 95))))
