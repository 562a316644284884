"""What members and mail programs are told about the mail server."""
import json
import subprocess
import unittest

from portal import POSTLATCH, Dovecot, Portal


class Portals(unittest.TestCase):
    settings = {"mail_server": "mail.example.com"}

    @classmethod
    def setUpClass(cls):
        cls.portal = Portal(**cls.settings)
        cls.addClassCleanup(cls.portal.remove)
        cls.dovecot = Dovecot(cls.portal.dir + "/auth")
        cls.addClassCleanup(cls.dovecot.close)
        cls.portal.init()
        cls.command("domain", "add", "example.test")
        cls.command("domain", "add", "alias.test", "alias_of=example.test")
        cls.command("domain", "add", "strict.test", "client_password=never", "pop3=off", "sieve=off")
        cls.command("domain", "add", "half.test", "client_password=until_second_factor")
        cls.command("domain", "add", "closed.test", "active=off")
        cls.portal.start()

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    @classmethod
    def command(cls, *args):
        run = subprocess.run([POSTLATCH, "-c", cls.portal.dir + "/policy.conf", "--json", *args], capture_output=True,
                             text=True)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def signed_in(self, address):
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(address).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        return browser


class Settings(Portals):
    def settings_of(self, address):
        answer = self.signed_in(address).get("/api/account/mail-settings")
        self.assertEqual(answer.status, 200)
        return answer.json

    def test_a_member_sees_server_user_name_and_the_services_that_are_on(self):
        self.command("member", "add", "limited@example.test", "imap=off", "sieve=off")
        self.assertEqual(self.settings_of("limited@example.test"), {
            "user": "limited@example.test", "server": "mail.example.com", "password": "account", "services": [
                {"service": "pop3", "port": 995, "encryption": "tls"},
                {"service": "smtp", "port": 465, "encryption": "tls"},
                {"service": "smtp", "port": 587, "encryption": "starttls"}]})

    def test_where_the_account_password_is_not_accepted_it_is_an_app_password(self):
        self.assertEqual(self.settings_of("m@strict.test")["password"], "app")
        self.assertEqual(self.settings_of("m@half.test")["password"], "account")

    def test_without_a_server_in_the_policy_file_there_is_nothing_to_type(self):
        portal = Portal(auth_socket=self.portal.dir + "/auth")
        self.addCleanup(portal.remove)
        portal.init().start()
        browser = portal.browser()
        browser.sign_in("m@example.test")
        browser.post("/api/sign-in/later")
        self.assertEqual(browser.get("/api/account/mail-settings").json,
                         {"user": "m@example.test", "server": None, "password": "account", "services": []})


if __name__ == "__main__":
    unittest.main()
