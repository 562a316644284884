"""The portal when its database server fails, stalls or loses an answer. A fault may
delay; it never lets in, and what may have been taken is taken."""
import concurrent.futures
import os
import subprocess
import time

from console import Administrator, Download
from oauth import Doveadm
from portal import POSTLATCH, Dovecot, Portal, totp
from postgresql import ProxiedTest
from server import wait_for

MEMBER = "member@example.test"


class Faults(ProxiedTest):
    def setUp(self):
        super().setUp()
        self.portal = Portal(database=self.proxy.uri)
        self.addCleanup(self.portal.remove)
        self.dovecot = Dovecot(self.portal.dir + "/auth")
        self.addCleanup(self.dovecot.close)
        self.portal.init().start()

    def good(self, answer):
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def later(self, answer):
        self.assertEqual((answer.status, answer.error), (503, "try-again-later"), answer)

    def register(self):
        """The member's key; the code of the step before this one is used up."""
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        key = self.good(browser.post("/api/sign-in/registration"))["key"]
        self.good(browser.post("/api/sign-in/registration/confirm", {"code": totp(key, steps=-1)}))
        return key

    def pending(self):
        browser = self.portal.browser()
        self.assertEqual(self.good(browser.sign_in(MEMBER))["next"], "code")
        return browser

    def heals(self):
        wait_for(lambda: self.portal.browser().sign_in(MEMBER).status == 200, 60)
        self.assertTrue(self.portal.alive())


class Lost(Faults):
    def test_a_code_whose_commit_was_not_answered_counts_as_used(self):
        key = self.register()
        first, second = self.pending(), self.pending()
        code = totp(key)
        self.proxy.mode = "loses commits"
        self.later(first.post("/api/sign-in/code", {"code": code}))
        self.assertEqual(self.proxy.lost, 1)
        self.proxy.mode = "passes"
        wait_for(lambda: second.session()["state"] == "pending", 60)
        answer = second.post("/api/sign-in/code", {"code": code})
        self.assertEqual((answer.status, answer.error), (422, "code-used"), answer)
        self.assertEqual(first.state(), "pending")
        self.assertIn("may have been done or not", self.portal.log())

    def test_a_registration_whose_commit_was_not_answered_is_whole(self):
        other, browser = self.portal.browser(), self.portal.browser()
        self.good(other.sign_in(MEMBER))
        self.good(other.post("/api/sign-in/later"))
        self.good(browser.sign_in(MEMBER))
        key = self.good(browser.post("/api/sign-in/registration"))["key"]
        self.proxy.mode = "loses commits"
        self.later(browser.post("/api/sign-in/registration/confirm", {"code": totp(key)}))
        self.proxy.mode = "passes"
        wait_for(lambda: other.session().get("state") == "none", 60)
        self.assertEqual(self.database.sql("SELECT COUNT(*) FROM totp"), ["1"])
        self.assertEqual(self.database.sql("SELECT COUNT(*) FROM recovery_code"), ["10"])
        self.assertEqual(self.database.sql("SELECT s.pending FROM session s JOIN member m ON m.id = s.member_id "
                                           "WHERE s.generation = m.generation"), ["0"])
        self.assertIn("may have been done or not", self.portal.log())

    def test_a_fault_between_registering_and_ending_sessions_leaves_neither(self):
        other, browser = self.portal.browser(), self.portal.browser()
        self.good(other.sign_in(MEMBER))
        self.good(other.post("/api/sign-in/later"))
        self.good(browser.sign_in(MEMBER))
        key = self.good(browser.post("/api/sign-in/registration"))["key"]
        self.database.sql("CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS "
                          "$$ BEGIN RAISE 'fault'; END $$;"
                          "CREATE TRIGGER fault BEFORE UPDATE OF generation ON session FOR EACH ROW EXECUTE FUNCTION fault()")
        answer = browser.post("/api/sign-in/registration/confirm", {"code": totp(key)})
        self.assertIn(answer.status, (500, 503), answer)
        self.assertEqual(self.database.sql("SELECT COUNT(*) FROM totp"), ["0"])
        self.assertEqual(other.session()["state"], "authenticated")
        self.database.sql("DROP TRIGGER fault ON session")
        self.good(browser.post("/api/sign-in/registration/confirm", {"code": totp(key)}))
        self.assertEqual(other.session()["state"], "none")

    def test_of_many_who_confirm_one_registration_one_wins(self):
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        key = self.good(browser.post("/api/sign-in/registration"))["key"]
        body = {"code": totp(key)}
        browsers = [browser.copy() for _ in range(8)]
        with concurrent.futures.ThreadPoolExecutor(len(browsers)) as pool:
            answers = list(pool.map(
                lambda copy: copy.post("/api/sign-in/registration/confirm", body), browsers))
        self.assertEqual([answer.status for answer in answers].count(200), 1, answers)
        self.assertEqual(self.database.sql("SELECT COUNT(*) FROM recovery_code"), ["10"])

    def test_a_code_whose_transaction_never_came_is_as_good_as_before(self):
        key = self.register()
        browser = self.pending()
        code = totp(key)
        self.proxy.mode = "refuses"
        self.proxy.hang_up_all()
        self.later(browser.post("/api/sign-in/code", {"code": code}))
        self.proxy.mode = "passes"
        wait_for(lambda: browser.session().get("state") == "pending", 60)
        self.assertEqual(self.good(browser.post("/api/sign-in/code", {"code": code}))["state"], "authenticated")


class Gone(Faults):
    def test_hung_up_connections_are_opened_anew(self):
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        self.proxy.hang_up_all()
        self.assertEqual(browser.session()["address"], MEMBER)

    def test_while_it_is_away_everyone_is_told_at_once(self):
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        self.proxy.mode = "silent"
        begin = time.monotonic()
        for _ in range(40):
            self.later(browser.get("/api/session"))
        # Each would wait two seconds for a connection without the breaker.
        self.assertLess(time.monotonic() - begin, 40)
        self.proxy.mode = "passes"
        self.heals()

    def test_a_server_that_ends_and_comes_back(self):
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        self.database.stop()
        try:
            for password in ("right", "wrong"):
                self.later(self.portal.browser().sign_in(MEMBER, password))
        finally:
            self.database.again()
        self.heals()
        self.assertEqual(browser.session()["address"], MEMBER)

    def test_too_many_connections(self):
        self.database.sql("DROP ROLE IF EXISTS site; CREATE ROLE site LOGIN; "
                          "GRANT ALL ON SCHEMA postlatch TO site; "
                          "GRANT ALL ON ALL TABLES IN SCHEMA postlatch TO site")
        self.portal.settings["database"] = self.proxy.uri.replace("postlatch@", "site@")
        self.portal.write_policy()
        self.portal.reload()
        self.heals()
        self.database.sql("ALTER ROLE site CONNECTION LIMIT 0")
        self.proxy.hang_up_all()
        self.later(self.portal.browser().sign_in(MEMBER))
        self.assertIn("too many connections", self.portal.log())
        self.database.sql("ALTER ROLE site CONNECTION LIMIT -1")
        self.heals()


class Reads(Faults):
    """What one request of a sign-in asks the database, as its server logs it."""

    def setUp(self):
        self.database.sql("ALTER ROLE postlatch SET log_statement = 'all'")
        self.addCleanup(self.database.sql, "ALTER ROLE postlatch RESET log_statement")
        super().setUp()

    def assert_reads_its_member(self, request, times=1):
        path = self.database.dir + "/server.log"
        start = os.path.getsize(path)
        answer = self.good(request())
        with open(path, encoding="utf-8", errors="replace") as log:
            log.seek(start)
            statements = [line for line in log if "LOG:  execute " in line]
        accounts = [line for line in statements if "LEFT JOIN member m ON m.domain_id" in line]
        self.assertEqual(len(accounts), times, "".join(statements))
        return answer

    def test_no_step_of_a_sign_in_reads_its_member_more_often_than_it_must(self):
        browser = self.portal.browser()
        self.assert_reads_its_member(lambda: browser.sign_in(MEMBER))
        # With a session twice: before anything else, and again in the transaction that changes something.
        key = self.assert_reads_its_member(lambda: browser.post("/api/sign-in/registration"), times=2)["key"]
        codes = self.assert_reads_its_member(lambda: browser.post(
            "/api/sign-in/registration/confirm", {"code": totp(key, steps=-1)}), times=2)["recovery_codes"]
        browser = self.portal.browser()
        self.assert_reads_its_member(lambda: browser.sign_in(MEMBER))
        self.assert_reads_its_member(lambda: browser.post(
            "/api/sign-in/code", {"code": totp(key), "trust": True}), times=2)
        browser.cookies.pop("__Host-postlatch")
        # Also before the password is checked, as a trusted device has failures of its own.
        answer = self.assert_reads_its_member(lambda: browser.sign_in(MEMBER), times=2)
        self.assertEqual(answer["state"], "authenticated")
        browser = self.pending()
        self.assert_reads_its_member(lambda: browser.post("/api/sign-in/recovery", {"code": codes[0]}),
                                          times=2)


class Waiting(Faults):
    """More requests wait for another program than the portal has connections to the database."""

    MANY = 20

    def while_many_wait(self, requests, gate, waiting):
        gate.clear()
        self.addCleanup(gate.set)
        with concurrent.futures.ThreadPoolExecutor(self.MANY) as pool:
            answers = [pool.submit(request) for request in requests]
            wait_for(lambda: len(waiting) == self.MANY, 30)
            try:
                self.good(self.portal.browser().get("/api/session"))
            finally:
                gate.set()
        return [answer.result() for answer in answers]

    def test_nobody_waits_for_passwords_that_dovecot_checks(self):
        browsers = [self.portal.browser() for _ in range(self.MANY)]
        answers = self.while_many_wait(
            [lambda b=b, i=i: b.sign_in("m%d@example.test" % i, "right" if i % 2 else "wrong")
             for i, b in enumerate(browsers)], self.dovecot.gate, self.dovecot.asked)
        self.assertEqual([answer.status for answer in answers], [401, 200] * (self.MANY // 2))

    def test_nobody_waits_for_connections_that_doveadm_ends(self):
        doveadm = Doveadm()
        self.addCleanup(doveadm.close)
        with open(self.portal.dir + "/doveadm.key", "w") as f:
            f.write("key\n")
        os.chmod(f.name, 0o600)
        self.portal.settings.update(doveadm_url=doveadm.url, doveadm_key_file=f.name)
        self.portal.write_policy()
        self.portal.stop()
        self.portal.start()
        browsers = [self.portal.browser() for _ in range(self.MANY)]
        for i, browser in enumerate(browsers):
            self.good(browser.sign_in("m%d@example.test" % i))
            self.good(browser.post("/api/sign-in/later"))
        answers = self.while_many_wait([lambda b=b: b.post("/api/sign-out") for b in browsers],
                                       doveadm.gate, doveadm.kicked)
        self.assertEqual({answer.status for answer in answers}, {200})


class Tables(Faults):
    MEMBERS, STREAMS = 15000, 3

    def test_tables_that_wait_for_their_clients_hold_no_transaction_and_have_all_rows(self):
        self.database.sql("INSERT INTO domain (name, known, active, created_at, settings) VALUES ('many.test', 1, 1, 1, '')")
        self.database.sql("INSERT INTO member (domain_id, local, active, class, created_at, settings) SELECT d.id, 'm' || "
                          "lpad(n::text, 7, '0'), 1, '', 1700000000, '' FROM domain d, generate_series(1, %d) n "
                          "WHERE d.name = 'many.test'" % self.MEMBERS)
        key = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "api-key", "add", "--role", "server",
                              "--label", "test"], check=True, capture_output=True, text=True).stdout.split()[0]
        one = Administrator(self.portal.browser(), key)
        downloads = []
        for _ in range(self.STREAMS):
            downloads.append(Download(self, one, "/export/members?domain=many.test"))
            self.assertEqual(downloads[-1].answer.status, 200)
            downloads[-1].read(1000)
        wait_for(lambda: self.database.sql("SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in%'") == [])
        for download in downloads:
            self.assertEqual([row["address"] for row in download.rest()],
                             ["m%07d@many.test" % i for i in range(1, self.MEMBERS + 1)])


class Slow(Faults):
    def test_a_slow_server_delays(self):
        key = self.register()
        self.proxy.delay = 0.05
        browser = self.pending()
        self.assertEqual(self.good(browser.post("/api/sign-in/code", {"code": totp(key)}))["state"], "authenticated")

    def test_a_server_that_stalls_is_not_waited_for(self):
        browser = self.portal.browser()
        self.good(browser.sign_in(MEMBER))
        self.proxy.delay = 30
        begin = time.monotonic()
        self.later(browser.get("/api/session"))
        self.assertLess(time.monotonic() - begin, 25)
        self.proxy.delay = 0
        self.proxy.hang_up_all()
        self.heals()


