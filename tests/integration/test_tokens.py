"""Webmail tokens at the services, over XOAUTH2 and OAUTHBEARER; and webmail that sends passwords."""
import concurrent.futures
import os
import re
import time
import unittest

from sasl import sign_in
from server import TIMEOUT, Server, last_source, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
BEARER = ("XOAUTH2", "OAUTHBEARER")
SERVICES = ("imap", "pop3", "smtp", "sieve")
HOUR = 3600


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


def issue_token(*args):
    return server.issue_token(*args)


def new_session(member=ALICE, channel="webmail", lives=HOUR, token_lives=HOUR):
    """(the session's id, its token)."""
    return issue_token(member, channel, lives, token_lives)


class Members(unittest.TestCase):
    """Alice and her domain are as on the first day, after each test again."""

    def setUp(self):
        self.reset()
        self.addCleanup(self.reset)

    def reset(self):
        server.postlatch("domain", "set", "demo.test", "active=on", "imap=inherit", "pop3=inherit", "smtp=inherit",
                         "sieve=inherit", "webmail=inherit", "client_password=inherit", "two_factor_requirement=inherit",
                         "two_factor_mode=inherit", "two_factor=inherit", "--scope", "all")
        server.postlatch("member", "set", ALICE, "active=on")
        server.postlatch("app-password", "revoke", ALICE, "--all")

    def opened_by(self, token, user=ALICE, services=SERVICES, mechanisms=BEARER):
        """The services that this token opens, with every mechanism."""
        ways = [(service, mechanism) for service in services for mechanism in mechanisms]
        with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
            let_in = pool.map(lambda way: sign_in(server, *way, user, token)[0], ways)
            return {way for way, opened in zip(ways, let_in) if opened}

    def all_of(self, services=SERVICES):
        return {(service, mechanism) for service in services for mechanism in BEARER}

    def refused(self, token, user=ALICE, services=("imap", "smtp")):
        self.assertEqual(self.opened_by(token, user, services, ("XOAUTH2",)), set())


class Tokens(Members):
    def test_a_token_opens_every_service(self):
        self.assertEqual(self.opened_by(new_session()[1]), self.all_of())

    def delay_failures(self):
        """Dovecot 2.4 remembers no failure of an address while it does not delay them."""
        path = server.dir + "/dovecot-local.conf"
        os.rename(path, path + ".away")
        self.addCleanup(server.reload)
        self.addCleanup(os.rename, path + ".away", path)
        server.reload()

    def test_tokens_that_have_ended_do_not_slow_down_others_of_the_address(self):
        self.delay_failures()
        for mechanism in BEARER:
            self.assertFalse(sign_in(server, "imap", mechanism, ALICE, "ended")[0])
            self.assertNotIn(last_source.ip, server.inside("doveadm", "penalty").stdout)
        self.assertFalse(sign_in(server, "imap", "PLAIN", ALICE, "wrong")[0])
        self.assertIn(last_source.ip, server.inside("doveadm", "penalty").stdout)

    def test_a_member_limited_to_webmail_reads_and_sends_there(self):
        server.postlatch("member", "set", ALICE, "imap=off", "smtp=off", "client_password=never")
        self.assertFalse(server.imap(ALICE, server.passwords[ALICE])[0])
        services = ("imap", "smtp")
        self.assertEqual(self.opened_by(new_session()[1], services=services), self.all_of(services))

    def test_pop3_and_sieve_stay_shut_when_off(self):
        server.postlatch("member", "set", ALICE, "pop3=off", "sieve=off")
        self.assertEqual(self.opened_by(new_session()[1]), self.all_of(("imap", "smtp")))

    def test_webmail_off(self):
        token = new_session()[1]
        server.postlatch("member", "set", ALICE, "webmail=off")
        self.refused(token)

    def test_inactive_member_and_domain(self):
        token = new_session()[1]
        server.postlatch("member", "set", ALICE, "active=off")
        self.refused(token)
        server.postlatch("member", "set", ALICE, "active=on")
        server.postlatch("domain", "set", "demo.test", "active=off")
        self.refused(token)

    def test_expired(self):
        self.refused(new_session(lives=-1)[1])
        self.refused(new_session(token_lives=-1)[1])

    def test_it_expires_while_in_use(self):
        token = new_session(token_lives=3)[1]
        self.assertTrue(sign_in(server, "imap", "XOAUTH2", ALICE, token)[0])
        wait_for(lambda: not sign_in(server, "imap", "XOAUTH2", ALICE, token)[0])

    def test_revoked_is_dead_at_the_next_login(self):
        session, token = new_session()
        self.assertTrue(sign_in(server, "imap", "XOAUTH2", ALICE, token)[0])
        issue_token("revoke", ALICE, session)
        self.refused(token)

    def test_revoking_all_ends_every_session_but_no_later_one(self):
        tokens = [new_session()[1] for _ in range(3)]
        issue_token("revoke-all", ALICE)
        for token in tokens:
            self.refused(token, services=("imap",))
        self.assertTrue(sign_in(server, "imap", "XOAUTH2", ALICE, new_session()[1])[0])

    def test_unknown(self):
        token = new_session()[1]
        changed = token[:-1] + ("A" if token[-1] != "A" else "Q")
        wrong = ["pl_at_" + "A" * 43, changed, token[:-1], token + "A", token.upper(), "", " ", "x" * 5000]
        with concurrent.futures.ThreadPoolExecutor(len(wrong)) as pool:
            answers = pool.map(lambda text: sign_in(server, "imap", "XOAUTH2", ALICE, text)[0], wrong)
            self.assertEqual([text for text, let_in in zip(wrong, answers) if let_in], [])

    def test_of_another_member(self):
        self.refused(new_session(BOB)[1])
        self.refused(new_session()[1], user=BOB)
        self.refused(new_session()[1], user="nobody@demo.test")

    def test_user_name_in_capitals_is_the_same_member(self):
        self.assertTrue(sign_in(server, "imap", "XOAUTH2", ALICE.upper(), new_session()[1])[0])

    def test_a_token_is_no_password(self):
        token = new_session()[1]
        self.assertFalse(any(server.services(ALICE, token).values()))

    def test_a_password_is_no_token(self):
        app_password = server.app_password(ALICE, label="phone")["password"]
        for secret in (server.passwords[ALICE], app_password, app_password.replace(" ", "")):
            self.assertEqual(self.opened_by(secret), set())

    def test_acting_as_somebody_else(self):
        password = server.passwords[ALICE]
        for service in SERVICES:
            self.assertFalse(sign_in(server, service, "PLAIN", ALICE, password, BOB)[0])

    def test_a_session_of_the_client_channel_obeys_the_switches(self):
        token = new_session(channel="client")[1]
        self.assertEqual(self.opened_by(token), self.all_of())
        server.postlatch("member", "set", ALICE, "imap=off", "webmail=off")
        self.assertEqual(self.opened_by(token), self.all_of(("pop3", "smtp", "sieve")))

    def test_the_log_holds_no_token(self):
        session, token = new_session()
        sign_in(server, "imap", "XOAUTH2", ALICE, token)
        issue_token("revoke", ALICE, session)
        sign_in(server, "imap", "XOAUTH2", ALICE, token)
        for log in ("dovecot", "mail", "milter"):
            self.assertNotIn(token, server.log(log))


class SecondFactor(Members):
    """Passwords of members for whom a second factor is due, or registered."""

    def reset(self):
        super().reset()
        self.write_policy(webmail_networks=None)
        server.sql("DELETE FROM second_factor")

    def register(self):
        server.sql("INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) "
                   "SELECT id, 1, %d, '' FROM member WHERE local = 'alice'" % time.time())

    def write_policy(self, webmail_networks):
        path = server.env["POLICY_FILE"]
        with open(path) as f:
            before = f.read()
        text = re.sub(r"webmail_networks = .*\n", "", before)
        if webmail_networks:
            text += 'webmail_networks = "%s"\n' % webmail_networks
        if text == before:
            return
        with open(path, "w") as f:
            f.write(text)
        time.sleep(3)  # the driver reads what has been the same for a second

    def webmail_is_everywhere(self):
        """Every address of the tests becomes one of a webmail; waits until the driver has noticed."""
        server.postlatch("member", "set", BOB, "webmail=off")
        self.addCleanup(server.postlatch, "member", "set", BOB, "webmail=inherit")
        self.write_policy("127.0.0.0/8")
        wait_for(lambda: not server.imap(BOB, server.passwords[BOB])[0])

    def opens(self):
        return server.services(ALICE, server.passwords[ALICE])

    def test_clients_may_use_the_account_password_until_one_is_registered(self):
        server.postlatch("member", "set", ALICE, "client_password=until_second_factor")
        self.assertTrue(all(self.opens().values()))
        self.register()
        self.assertFalse(any(self.opens().values()))
        app_password = server.app_password(ALICE, label="phone")["password"]
        self.assertTrue(all(server.services(ALICE, app_password).values()))

    def test_clients_may_use_it_afterwards_where_the_policy_says_always(self):
        self.register()
        self.assertTrue(all(self.opens().values()))

    def test_webmail_with_passwords_is_open_while_no_factor_is_due(self):
        self.webmail_is_everywhere()
        self.assertTrue(all(self.opens().values()))
        self.register()
        self.assertFalse(any(self.opens().values()))
        server.postlatch("member", "set", ALICE, "two_factor_mode=skip")
        self.assertTrue(all(self.opens().values()))
        server.postlatch("member", "set", ALICE, "two_factor_mode=inherit", "two_factor=off")
        self.assertTrue(all(self.opens().values()))

    def test_webmail_with_passwords_is_shut_to_who_must_register(self):
        self.webmail_is_everywhere()
        server.postlatch("member", "set", ALICE, "two_factor_requirement=required")
        self.assertFalse(any(self.opens().values()))

    def test_webmail_with_passwords_ignores_the_switches_of_clients(self):
        self.webmail_is_everywhere()
        server.postlatch("member", "set", ALICE, "imap=off", "smtp=off", "client_password=never")
        self.assertEqual({service for service, opened in self.opens().items() if opened}, set(SERVICES))

    def test_webmail_with_passwords_takes_no_app_password(self):
        self.webmail_is_everywhere()
        app_password = server.app_password(ALICE, label="phone")["password"]
        self.assertFalse(any(server.services(ALICE, app_password).values()))

    def test_a_token_opens_whatever_the_second_factor(self):
        self.register()
        server.postlatch("member", "set", ALICE, "two_factor_requirement=required", "client_password=until_second_factor")
        self.assertEqual(self.opened_by(new_session()[1]), self.all_of())


if __name__ == "__main__":
    unittest.main()
