"""postlatch explain: the decision about a login, and why."""
import json
import os
import unittest

from command import UNDECIDED, CommandTest

ALICE = "alice@example.test"
SERVICES = ("webmail", "imap", "pop3", "smtp", "sieve", "forwarding", "large_attachments", "two_factor",
            "app_passwords", "connected_applications")

# Settings of the member, options of the command; exit status and rule.
OFFICE = "webmail_allowed_networks=192.0.2.0/24"
ROWS = [
    ("", "--service imap", 0, "account-password"),
    ("", "--service sieve --credential account-password", 0, "account-password"),
    ("", "--service imap --credential app-password", 1, "app-password-none"),
    ("app_passwords=off", "--service imap --credential app-password", 1, "app-passwords-off"),
    ("app_passwords=off", "--service imap", 0, "account-password"),
    ("app_passwords=off", "--service app_passwords", 1, "service-off"),
    ("", "--service app_passwords", 0, "feature-on"),
    ("", "--service imap --credential token", 0, "token"),
    ("", "--service webmail", 0, "second-factor-offered"),
    ("", "--service forwarding", 1, "service-off"),
    ("", "--service two_factor", 0, "feature-on"),
    ("forwarding=on", "--service forwarding", 0, "feature-on"),
    ("large_attachments=on", "--service large_attachments", 0, "feature-on"),
    ("pop3=off", "--service pop3", 1, "service-off"),
    ("pop3=off", "--service imap", 0, "account-password"),
    ("imap=off", "--service imap --channel webmail", 0, "second-factor-offered"),
    ("imap=off", "--service imap --credential token", 0, "token"),
    ("webmail=off", "--service imap --credential token", 1, "service-off"),
    ("webmail=off", "--service webmail", 1, "service-off"),
    ("active=off", "--service imap", 1, "member-inactive"),
    ("client_password=never", "--service imap", 1, "client-password-never"),
    ("client_password=never", "--service webmail", 0, "second-factor-offered"),
    ("client_password=until_second_factor", "--service smtp", 0, "account-password"),
    ("two_factor_requirement=required", "--service webmail", 2, "second-factor-register"),
    ("two_factor_requirement=required", "--service imap", 0, "account-password"),
    ("two_factor_requirement=required", "--service imap --channel webmail", 1, "webmail-needs-sign-in-page"),
    ("two_factor_requirement=required two_factor_mode=skip", "--service webmail", 0, "second-factor-skipped"),
    ("two_factor_requirement=required two_factor=off", "--service webmail", 0, "second-factor-off"),
    ("", "--service webmail --channel client", 0, "account-password"),
    ("", "--service imap --credential token --channel client", 0, "token"),
    ("connected_applications=off", "--service imap --credential token --channel client", 1, "connected-applications-off"),
    ("connected_applications=off", "--service imap --credential token", 0, "token"),
    ("", "--service webmail --credential app-password", 1, "app-password-on-webmail"),
    ("", "--service imap --ip 203.0.113.9", 0, "account-password"),
    (OFFICE, "--service webmail --ip 192.0.2.9", 0, "second-factor-offered"),
    (OFFICE, "--service webmail --ip ::ffff:192.0.2.9", 0, "second-factor-offered"),
    (OFFICE, "--service webmail --ip 203.0.113.9", 1, "webmail-network"),
    (OFFICE, "--service webmail", 1, "webmail-network"),
    (OFFICE, "--service imap --credential token --ip 203.0.113.9", 1, "webmail-network"),
    (OFFICE, "--service imap --ip 203.0.113.9", 0, "account-password"),
]
VERDICTS = {0: ("allow",), 1: ("deny",), 2: ("need credential", "need second factor")}


class Explain(CommandTest):
    def ask(self, *options, member=ALICE):
        run = self.site.run("--json", "explain", member, *options)
        return run.returncode, json.loads(run.stdout) if run.stdout else run.stderr

    def test_table(self):
        for settings, options, status, rule in ROWS:
            with self.subTest(settings=settings, options=options):
                self.site.run("member", "remove", ALICE)
                self.site.ok("member", "add", ALICE, *settings.split())
                got, answer = self.ask(*options.split())
                self.assertEqual((got, answer["rule"]), (status, rule))
                self.assertIn(answer["verdict"], VERDICTS[status])

    def test_json_tells_all(self):
        self.site.policy('domain "example.test" { sieve = off }')
        self.site.ok("member", "add", ALICE, "pop3=off")
        status, answer = self.ask("--service", "pop3")
        settings = answer.pop("settings")
        self.assertEqual((status, answer), (1, {
            "member": ALICE, "default_domain": False, "domain_known": True, "opted_out": False,
            "service": "pop3", "channel": "client", "credential": "account-password",
            "verdict": "deny", "rule": "service-off", "reason": "POP3 is switched off for this account."}))
        self.assertEqual(settings["pop3"], {"value": "off", "source": "member"})
        self.assertEqual(settings["sieve"], {"value": "off", "source": "policy-domain"})
        self.assertEqual(settings["imap"], {"value": "on", "source": "built-in"})
        self.assertEqual(len(settings), 14)

    def test_text_begins_with_verdict_and_reason(self):
        self.site.ok("member", "add", ALICE, "pop3=off")
        run = self.site.run("explain", ALICE, "--service", "pop3")
        self.assertEqual((run.returncode, run.stderr), (1, ""))
        self.assertRegex(run.stdout, r"^deny: POP3 is switched off for this account\.\n")
        self.assertRegex(run.stdout, r"(?m)^rule +service-off$")
        self.assertRegex(run.stdout, r"(?m)^  pop3 +off +from member$")

    def test_without_a_service_all_are_explained(self):
        self.site.ok("member", "add", ALICE, "pop3=off")
        status, answer = self.ask()
        self.assertEqual((status, sorted(answer["services"])), (0, sorted(SERVICES)))
        self.assertEqual(answer["services"]["pop3"], {"channel": "client", "verdict": "deny", "rule": "service-off",
                                                      "reason": "POP3 is switched off for this account."})
        for service in SERVICES:
            self.assertEqual(answer["services"][service]["rule"], self.ask("--service", service)[1]["rule"])
        said = self.site.ok("explain", ALICE)
        self.assertRegex(said, r"(?m)^pop3 +deny: POP3 is switched off for this account\.$")
        self.assertRegex(said, r"(?m)^imap +allow: ")
        self.assertRegex(said, r"(?m)^  pop3 +off +from member$")

    def test_every_service_has_an_answer(self):
        for service in SERVICES:
            for channel in ("client", "webmail"):
                for credential in ("account-password", "app-password", "token"):
                    with self.subTest(service=service, channel=channel, credential=credential):
                        status, answer = self.ask("--service", service, "--channel", channel,
                                                  "--credential", credential)
                        self.assertIn(answer["verdict"], VERDICTS[status])
                        self.assertEqual((answer["service"], answer["channel"], answer["credential"]),
                                         (service, channel, credential))

    def test_unknown_members_follow_their_domain(self):
        self.site.ok("domain", "add", "example.test", "pop3=off")
        status, answer = self.ask("--service", "pop3", member="stranger@example.test")
        self.assertEqual((status, answer["settings"]["pop3"]["source"]), (1, "domain"))
        status, answer = self.ask("--service", "pop3", member="who@nowhere.test")
        self.assertEqual((status, answer["rule"], answer["domain_known"]), (1, "domain-unknown", False))
        for name in ("who", "no address", "who@"):
            status, answer = self.ask("--service", "pop3", member=name)
            self.assertEqual((status, answer["rule"], answer["member"]), (1, "name-invalid", name))
        self.site.policy("default_domain = example.test")
        status, answer = self.ask("--service", "pop3", member="who")
        self.assertEqual((status, answer["member"], answer["default_domain"]), (1, "who@example.test", True))
        self.assertRegex(self.site.run("explain", "who", "--service", "imap").stdout, r"(?m)^completed by +default_domain$")
        self.assertIn("no, the domain's settings apply", self.site.run("explain", "x@example.test", "--service",
                                                                     "imap").stdout)
        self.assertEqual(self.site.json("member", "list"), [])

    def test_inactive_domain(self):
        self.site.ok("domain", "add", "example.test", "active=off")
        self.assertEqual(self.ask("--service", "imap")[1]["rule"], "domain-inactive")

    def test_forbidden_by_the_policy_file(self):
        self.site.policy("defaults { imap = forbidden }")
        status, answer = self.ask("--service", "imap")
        self.assertEqual((status, answer["rule"], answer["settings"]["imap"]["source"]),
                         (1, "service-forbidden", "forbidden"))

    def test_limits_of_app_passwords(self):
        self.site.ok("app-password", "create", ALICE, "--services", "imap", "--networks", "192.0.2.0/24")
        ask = ["--credential", "app-password", "--service"]
        self.assertEqual(self.ask(*ask, "imap", "--ip", "192.0.2.7")[1]["rule"], "app-password")
        self.assertEqual(self.ask(*ask, "imap", "--ip", "198.51.100.7")[1]["rule"], "app-password-network")
        self.assertEqual(self.ask(*ask, "pop3", "--ip", "192.0.2.7")[1]["rule"], "app-password-service")
        self.site.sql("UPDATE app_password SET expires_at = 1000")
        self.assertEqual(self.ask(*ask, "imap", "--ip", "192.0.2.7")[1]["rule"], "app-password-expired")

    def test_second_factor_and_trusted_device(self):
        self.site.ok("member", "add", ALICE, "client_password=until_second_factor")
        self.site.sql("INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) SELECT id, 1, 1, '' FROM member")
        status, answer = self.ask("--service", "webmail")
        self.assertEqual((status, answer["verdict"], answer["rule"]), (2, "need second factor", "second-factor-code"))
        self.assertEqual(self.ask("--service", "webmail", "--device-trusted")[1]["rule"], "trusted-device")
        self.assertEqual(self.ask("--service", "imap")[1]["rule"], "client-password-second-factor")

    def test_webmail_networks_are_the_webmail_channel(self):
        self.site.policy('webmail_networks = "192.0.2.0/24"')
        for options, channel in (("--ip 192.0.2.7", "webmail"), ("--ip 198.51.100.7", "client"),
                                 ("--ip 192.0.2.7 --channel client", "client")):
            self.assertEqual(self.ask("--service", "imap", *options.split())[1]["channel"], channel)

    def test_what_cannot_be_decided_is_two(self):
        for words, *says in ((["--service", "fax"], "--service fax", "postlatch explain --help"),
                             (["--service", "two_factor_requirement"], "two_factor_requirement"),
                             (["--service", "imap", "--channel", "phone"], "--channel phone", "client or webmail"),
                             (["--service", "imap", "--credential", "pin"], "--credential pin",
                              "token or passkey"),
                             (["--service", "imap", "--ip", "300.1.1.1"], "--ip 300.1.1.1", "write it as")):
            with self.subTest(words=words):
                self.refused(UNDECIDED, "explain", ALICE, *words, says=says)
        self.refused(UNDECIDED, "explain", "no address", "--service", "imap", says="no address")

    def test_trouble_is_two_and_never_allow(self):
        os.rename(self.site.database, self.site.database + ".away")
        self.refused(UNDECIDED, "explain", ALICE, "--service", "imap", says=self.site.database)
        run = self.site.run("--json", "explain", ALICE, "--service", "imap")
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        os.rename(self.site.database + ".away", self.site.database)
        self.site.policy("nonsense")
        self.refused(UNDECIDED, "explain", ALICE, "--service", "imap", says="policy.conf:5")

    def test_it_writes_nothing(self):
        before = self.site.state()
        for service in SERVICES:
            self.ask("--service", service)
        self.assertEqual(self.site.state(), before)


if __name__ == "__main__":
    unittest.main()
