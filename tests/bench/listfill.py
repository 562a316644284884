"""A database with many members in varied states, filled by SQL that both databases understand.

What a member's own settings are is copied from a few members that the command has made, so the columns
by which lists are filtered agree with them. Everything else follows from the number of a row.
"""
import os
import sqlite3
import subprocess
import time

DOMAINS = 1000  # two thirds of the members are in 49 of them, and three tenths in the first
LARGE = "domain1.test"
KEYS = 20       # administrators; two fifths of all domains, the others of three or of one
DAYS = 28       # of counts of logins
MODELS = {      # settings, and how many of a hundred members have them
    "none": (["active=on"], 78), "networks": (["webmail_allowed_networks=192.0.2.0/24"], 2), "pop3": (["pop3=off"], 10),
    "required": (["two_factor_requirement=required"], 4),
    "skip": (["two_factor_mode=skip"], 3), "dated": (["client_password=never_from_2099-01-01"], 2),
    "both": (["smtp=off", "forwarding=off"], 1),
}
DIALECTS = {
    "sqlite": {"blob": "CAST({0} AS BLOB)"},
    "postgresql": {"blob": "convert_to({0}, 'UTF8')"},
}
NAMES = "kim lee park choi jung kang cho yoon jang lim han oh seo shin kwon hwang ahn song ryu hong".split()
GIVEN = "minsu jihoon seoyeon jiwoo hana sora yuna taeho eunji dongwon".split()


def pick(words, number):
    return "CASE %s %% %d %s END" % (number, len(words), " ".join(
        "WHEN %d THEN '%s'" % (i, word) for i, word in enumerate(words)))


def numbers(count):
    return "(WITH RECURSIVE number (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM number WHERE n < %d) " \
           "SELECT n FROM number) x" % count


def of_domain(number):
    """30 of a hundred rows are of the first domain, 60 of the next 49, the others of all behind them."""
    return ("CASE WHEN {0} % 10 < 3 THEN 1 WHEN {0} % 10 < 9 THEN 2 + {0} % 49 ELSE 51 + {0} / 10 % {1} END"
            .format(number, DOMAINS - 50))


ADDRESS = "m.local || '@' || d.name"
FROM_MEMBERS = "FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.class <> 'model' AND "


def last_use(service, credential, condition, age):
    return ("INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT m.id, '%s', '%s', "
            "{now} - (m.id * 7919 %% %d) * 8640, '192.0.2.' || (m.id %% 250) FROM member m WHERE m.class <> 'model' AND %s" % (
                service, credential, age * 10, condition))


def statements(members, now, blob):
    """What fills the tables, in this order."""
    age = "(m.id * 7919 % 2000)"
    rows = [
        "UPDATE domain SET settings = CASE WHEN id % 7 = 0 THEN 'pop3=off' WHEN id % 11 = 0 THEN "
        "'two_factor_requirement=required' WHEN id % 13 = 0 THEN 'pop3=off client_password=never' ELSE '' END",
        members_statement(members),
        last_use("imap", "app-password", "m.id % 10 < 6", 200),
        last_use("imap", "account-password", "m.id % 10 = 6", 200),
        last_use("smtp", "app-password", "m.id % 10 < 4", 100),
        last_use("smtp", "account-password", "m.id % 20 = 6", 100),
        last_use("pop3", "account-password", "m.id % 10 = 8", 300),
        last_use("webmail", "webmail", "m.id % 5 < 2", 100),
        "UPDATE member SET seen_day = COALESCE((SELECT MAX(u.used_at) / 86400 FROM member_use u WHERE u.member_id = "
        "member.id), 0)" + "".join(
            ", %s_day = COALESCE((SELECT u.used_at / 86400 FROM member_use u WHERE u.member_id = member.id AND "
            "u.service = '%s' AND u.credential = 'account-password'), 0)" % (service, service)
            for service in ("imap", "pop3", "smtp")),
        "INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) SELECT m.id, 1, {now} - %s * 43200, "
        "'192.0.2.1' FROM member m WHERE m.class <> 'model' AND m.factor = 1" % age,
        "INSERT INTO app_password (member_id, mac, key_id, label, services, networks, expires_at, created_at, "
        "last_used_at) SELECT m.id, {blob}, 1, 'phone ' || x.n, 'imap smtp', '', 0, {now} - %s * 86400, CASE WHEN "
        "m.id %% 3 > 0 THEN m.app_password_day * 86400 END FROM member m CROSS JOIN %s WHERE m.app_password_day >= 0 "
        "AND m.id %% 4 >= x.n" % (age, numbers(3)),
        "INSERT INTO member_delivery (member_id, at) SELECT m.id, {now} - m.id * 31 % 900000 FROM member m WHERE "
        "m.id % 5 > 0",
        "UPDATE member SET received_day = COALESCE((SELECT l.at / 86400 FROM member_delivery l WHERE l.member_id = "
        "member.id), 0)",
        "INSERT INTO login_record (member_id, refused, day, first_at, at, times, service, ip, credential, "
        "app_password_id, label, rule) SELECT m.id, CASE WHEN x.n = 1 THEN 1 ELSE 0 END, {today} - x.n, {now} - x.n * "
        "86400, {now} - x.n * 86400, 3, 'imap', '192.0.2.9', 'app-password', 0, 'phone', 'app-password' FROM member m "
        "CROSS JOIN %s WHERE m.id %% 10 = 1" % numbers(10),
        "INSERT INTO session (member_id, channel, generation, created_at, expires_at, ip, device, seen_at, second_factor) "
        "SELECT m.id, 'webmail', m.generation, {now} - m.id % 86400, {now} + 86400, '192.0.2.3', 'Firefox', {now} - "
        "m.id % 80000, 1 FROM member m WHERE m.id % 20 = 1",
        "INSERT INTO audit (at, who, source, action, object, before, after, domain) SELECT {now} - m.id * 31 % 34560000, "
        "CASE WHEN m.id % 3 = 0 THEN " + ADDRESS + " ELSE 'admin' || (m.id % 20) || '@domain1.test' END, '192.0.2.' || (m.id % 250), "
        + pick(["member.set", "member.add", "totp.register", "app-password.add", "app-password.remove", "session.end",
                "member.import", "profile-link.use"], "m.id") + ", " + ADDRESS + ", '', 'pop3=off job=' || (m.id % 100), d.name "
        + FROM_MEMBERS + "m.id > 0 ORDER BY m.id * 31 % 34560000 DESC",
        login_counts("{hour} - x.n * 3600", "x.n %% 5", numbers(3 * 24), members),
        login_counts("({today} - 3 - x.n) * 86400", "x.n %% 50", numbers(DAYS - 3), members),
        "INSERT INTO guess_count (day, domain_id, origin, count) SELECT ({today} - x.n) * 86400, 1 + y.n %% 50, '198.51.' || (y.n / 250) "
        "|| '.' || (y.n %% 250), 1 + y.n %% 17 FROM %s CROSS JOIN (SELECT n FROM %s) y" % (numbers(DAYS), numbers(2000)),
        "INSERT INTO adoption (day, domain_id, members, required, registered, overdue, opted_out, different, "
        "account_password) SELECT ({today} - x.n) * 86400, d.id, 100, 50, 40, 10, 5, 20, 30 FROM domain d CROSS JOIN %s" % numbers(400),
        "INSERT INTO job (administrator_id, who, source, action, change, filter, made_at, ended_at, state, reason, position, "
        "highest, total, changed, same, skipped, failed, runner, leased_until) SELECT 1 + x.n %% %d, 'api-key 1', '192.0.2.1', "
        "'change', 'pop3=off', '', {now} - x.n * 3600, {now} - x.n * 3600, 'done', '', 0, 0, 100, 90, 5, 0, 5, '', 0 FROM %s" % (
            KEYS, numbers(500)),
        "INSERT INTO job_member (job_id, member_id, address, outcome, reason, before, after) SELECT (SELECT MAX(id) FROM "
        "job), m.id, m.local, 'failed', 'forbidden', '', '' FROM member m WHERE m.id < 5000",
    ]
    values = {"now": str(now), "today": str(now // 86400), "hour": str(now - now % 3600),
              "blob": blob.format("'mac ' || m.id || ' ' || x.n")}
    for row in rows:
        for name, value in values.items():
            row = row.replace("{%s}" % name, value)
        yield row


def login_counts(hour, more, times, members):
    """Of hours, or of days that are over, which have one row each."""
    return (
        "INSERT INTO login_count (hour, domain_id, service, channel, credential, rule, outcome, count) SELECT %s, d.id, "
        "s.service, 'client', s.credential, s.rule, s.outcome, 7 + %s FROM domain d CROSS JOIN %s CROSS JOIN "
        "(SELECT 'imap' AS service, 'app-password' AS credential, 'app-password' AS rule, 'allowed' AS outcome UNION ALL "
        "SELECT 'smtp', 'app-password', 'app-password', 'allowed' UNION ALL SELECT 'pop3', 'account-password', "
        "'client-password', 'allowed' UNION ALL SELECT 'imap', 'account-password', 'wrong-password', 'refused') s WHERE "
        "d.id <= %d" % (hour, more.replace("%%", "%"), times, max(50, members // 5000)))


def members_statement(members):
    """From the models, of which each has its part of every hundred."""
    parts, first = [], 0
    for name, (_, share) in MODELS.items():
        parts.append("WHEN x.n %% 100 < %d THEN 'model-%s'" % (first + share, name))
        first += share
    return (
        "INSERT INTO member (domain_id, local, active, class, created_at, settings, state, dated_state, dated_from, "
        "required_from, factor, app_password_day, opted_out) SELECT %s, %s || '.' || %s || x.n, CASE WHEN x.n %% 50 = 0 THEN 0 "
        "ELSE 1 END, CASE WHEN x.n %% 9 = 0 THEN 'staff' WHEN x.n %% 17 = 0 THEN 'guest' ELSE '' END, {now} - x.n * 7919 %% "
        "63072000, o.settings, o.state, o.dated_state, o.dated_from, o.required_from, CASE WHEN x.n * 31 %% 100 < 35 THEN 1 "
        "ELSE 0 END, CASE WHEN x.n %% 10 < 4 THEN -1 WHEN x.n %% 3 = 0 THEN 0 ELSE {today} - x.n * 13 %% 300 END, 0 FROM %s JOIN "
        "member o ON o.class = 'model' AND o.local = CASE %s END"
        % (of_domain("x.n"), pick(NAMES, "x.n"), pick(GIVEN, "(x.n / 20)"), numbers(members), " ".join(parts)))


class ListFill:
    """uri is of an empty database, which the policy file names."""

    def __init__(self, uri, members):
        self.uri, self.members = uri, members
        self.is_sqlite = uri.startswith("sqlite:")
        self.seconds = None

    def fill(self, command):
        start = time.monotonic()
        command("db", "init")
        self.run(["INSERT INTO domain (name, active, created_at) SELECT 'domain' || x.n || '.test', 1, 1700000000 FROM %s "
                  "ORDER BY x.n" % numbers(DOMAINS)])
        for name, (settings, _) in MODELS.items():
            command("member", "add", "model-%s@%s" % (name, LARGE), "class=model", *settings)
        blob = DIALECTS["sqlite" if self.is_sqlite else "postgresql"]["blob"]
        self.run(list(statements(self.members, int(time.time()), blob)))
        if not self.is_sqlite:
            self.psql("VACUUM ANALYZE")
        self.seconds = time.monotonic() - start

    @staticmethod
    def is_active(local):
        """Whether the member may sign in: every 50th may not."""
        digits = local.lstrip("abcdefghijklmnopqrstuvwxyz.-")
        return digits == "" or int(digits) % 50 != 0

    def run(self, texts):
        """One statement after the other, in one transaction."""
        if not self.is_sqlite:
            return self.psql("BEGIN;\nSET LOCAL jit = off;\n%s;\nCOMMIT" % ";\nANALYZE;\n".join(texts))
        with sqlite3.connect(self.uri.removeprefix("sqlite:")) as db:
            db.execute("PRAGMA cache_size = -500000")
            for text in texts:
                db.execute(text)
        db.close()

    def psql(self, text):
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", self.uri], input=text, text=True, check=True,
                       env={**os.environ, "PGOPTIONS": "-c search_path=postlatch,public"})
