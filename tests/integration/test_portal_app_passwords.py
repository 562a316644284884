"""The page of app passwords over HTTP: made, shown once, listed, narrowed, revoked."""
import concurrent.futures
import email
import email.policy
import json
import os
import re
import subprocess
import time
import unittest

from oauth import portal_with_doveadm
from portal import POSTLATCH, Answers, Portal, secure, totp
from server import TIMEOUT, wait_for

PATH = "/api/account/app-passwords"
SHAPE = r"^[a-z]{4}( [a-z]{4}){3}$"
MOST = 20


class AppPasswords(Answers, unittest.TestCase):
    members = 0

    @classmethod
    def setUpClass(cls):
        portal_with_doveadm(cls, Portal)
        cls.portal.init().start()
        cls.portal.start_sender()

    def setUp(self):
        AppPasswords.members += 1
        self.domain = "d%d.test" % self.members
        self.member = "m%d@%s" % (self.members, self.domain)
        self.command("domain", "add", self.domain)
        self.browser = self.portal.browser()
        self.doveadm.kicked.clear()
        self.doveadm.old = False

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def command(self, *args):
        run = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", *args], check=True,
                             capture_output=True, text=True)
        return json.loads(run.stdout)

    def signed_in(self):
        self.assertEqual(self.browser.sign_in(self.member).status, 200)
        self.assertEqual(self.browser.post("/api/sign-in/later").status, 200)
        return self.browser

    def registered(self):
        """Signed in with a second factor, of which a code was entered just now."""
        self.assertEqual(self.browser.sign_in(self.member).status, 200)
        key = self.browser.post("/api/sign-in/registration").json["key"]
        self.good(self.browser.post("/api/sign-in/registration/confirm", {"code": totp(key, steps=-1)}))
        return self.browser

    def refused(self, answer, status, error, **more):
        self.assertEqual((answer.status, answer.json), (status, {"error": error, **more}))
        self.assertIsNone(secure(answer))

    def list(self):
        return self.good(self.browser.get(PATH))

    def make(self, **fields):
        """The answer, in which the new one is created and the last of the list."""
        return self.good(self.browser.post(PATH, {"kind": "mail", "label": "phone", **fields}))

    def audit(self):
        return [(record["action"], record["before"], record["after"])
                for record in self.command("audit", "--member", self.member)]

    def mails(self):
        found = []
        for text in self.portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == self.member:
                message = email.message_from_string(message, policy=email.policy.default)
                found.append((message["Subject"], message.get_content()))
        return found


class Making(AppPasswords):
    def test_it_is_shown_once_and_stands_in_the_list(self):
        self.registered()
        self.assertEqual((self.list()["app_passwords"], self.list()["refusal"], self.list()["most"]), ([], None, MOST))
        answer = self.make(label="2층 복합기", kind="scanner", networks="192.0.2.0/24", expires_at=4102444800)
        self.assertRegex(answer["created"]["password"], SHAPE)
        row, = answer["app_passwords"]
        self.assertLess(abs(row.pop("created_at") - time.time()), 600)
        self.assertEqual(row, {"id": answer["created"]["id"], "kind": "scanner", "label": "2층 복합기", "services": ["smtp"],
                               "networks": "192.0.2.0/24", "expires_at": 4102444800, "last_used_at": 0, "last_used_ip": "",
                               "last_used_service": ""})
        self.assertNotIn("created", self.list())

    def test_what_was_made_is_what_dovecot_lets_in(self):
        self.registered()
        made = self.make(kind="scanner")["created"]
        self.assertEqual([row["id"] for row in self.command("app-password", "list", self.member)], [made["id"]])
        self.assertEqual(self.command("app-password", "list", self.member)[0]["services"], "smtp")

    def test_equal_labels_are_two(self):
        self.registered()
        first, second = (self.make()["created"] for _ in range(2))
        self.assertNotEqual(first["id"], second["id"])
        self.assertNotEqual(first["password"], second["password"])
        self.assertEqual([row["label"] for row in self.list()["app_passwords"]], ["phone", "phone"])

    def test_a_decoy_is_made_and_cannot_be_limited(self):
        self.registered()
        made = self.make(kind="decoy", label="passwords.txt")["created"]
        row, = self.list()["app_passwords"]
        self.assertEqual((row["id"], row["kind"], row["expires_at"]), (made["id"], "decoy", 0))
        answer = self.browser.post("/api/account/app-passwords/narrow", {
            "id": made["id"], "services": "smtp", "networks": "", "expires_at": 0})
        self.assertEqual(answer.status, 400)

    def test_each_kind_has_the_services_that_are_on(self):
        self.registered()
        everything = ["imap", "pop3", "smtp", "sieve"]
        self.assertEqual(self.list()["kinds"], [
            {"name": "mail", "services": everything, "asks": []},
            {"name": "scanner", "services": ["smtp"], "asks": ["networks"]},
            {"name": "script", "services": everything, "asks": ["services", "networks", "expires_at"]},
            {"name": "decoy", "services": everything, "asks": []}])
        self.command("member", "set", self.member, "pop3=off", "smtp=off")
        self.assertEqual([(kind["name"], kind["services"]) for kind in self.list()["kinds"]],
                         [("mail", ["imap", "sieve"]), ("script", ["imap", "sieve"]), ("decoy", ["imap", "sieve"])])
        self.command("member", "set", self.member, "imap=off", "sieve=off")
        self.assertEqual(self.list()["kinds"], [])

    def test_limits_that_make_no_sense_are_refused_and_leave_nothing(self):
        self.registered()
        for fields in ({"services": "webmail"}, {"services": ","}, {"services": "imap,smtp", "kind": "scanner"},
                       {"networks": "192.0.2.1/24"}, {"networks": "home"}, {"networks": "1" * 512}, {"networks": "1" * 513},
                       {"expires_at": int(time.time())}, {"kind": "fax"}):
            with self.subTest(**fields):
                self.refused(self.browser.post(PATH, {"kind": "mail", "label": "phone", **fields}), 400, "bad-request",
                             field=list(fields)[0])
        self.assertEqual(self.list()["app_passwords"], [])

    def test_a_label_is_a_name_that_can_be_read(self):
        self.registered()
        for label in ("", "   ", "\u3000", "x" * 129, "x" * 10240, "복" * 129, "bell\a", "two\nlines", "c1\u0085", "scan\u202eoffice",
                      "\u2066x\u2069", "x\u200f", "x\u2028y", None, 7, ["x"]):
            with self.subTest(label=label):
                self.refused(self.browser.post(PATH, {"kind": "mail", "label": label}), 400, "bad-request", field="label")
        self.assertEqual(self.list()["app_passwords"], [])
        for label in ("복" * 128, "x", "מדפסת", "\U0001f5a8 <b>&amp;\"'"):
            self.make(label=label)
            self.assertEqual(self.list()["app_passwords"][-1]["label"], label)
            self.assertEqual(self.command("app-password", "list", self.member)[-1]["label"], label)

    def test_ten_thousand_that_are_asked_for_are_twenty(self):
        self.registered()
        def ask(number):
            return self.browser.copy().post(PATH, {"kind": "mail", "label": "number %d" % number})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(MOST + 30)))
        self.assertEqual(sorted(answer.status for answer in answers), [200] * MOST + [403] * 30)
        self.assertEqual({answer.error for answer in answers if answer.status != 200}, {"too-many-app-passwords"})
        self.assertEqual(len({answer.json["created"]["password"] for answer in answers if answer.status == 200}), MOST)
        self.assertEqual((len(self.list()["app_passwords"]), self.list()["refusal"]), (MOST, "too-many-app-passwords"))
        self.assertEqual(len([action for action, *_ in self.audit() if action == "app-password.create"]), MOST)
        self.good(self.browser.post(PATH + "/revoke", {"id": self.list()["app_passwords"][3]["id"]}))
        self.assertIsNone(self.list()["refusal"])
        self.make()

    def test_it_is_in_one_answer_and_nowhere_else(self):
        self.registered()
        shown = self.make(label="secret")["created"]["password"]
        self.good(self.browser.post(PATH + "/revoke", {"id": self.list()["app_passwords"][0]["id"]}))
        wait_for(lambda: len(self.mails()) >= 3, TIMEOUT)
        found = [json.dumps(self.list()), json.dumps(self.audit()), self.portal.log(), *map(str, self.mails())]
        for name in ("postlatch.db", "postlatch.db-wal"):
            with open(self.portal.dir + "/" + name, "rb") as f:
                found.append(f.read().decode("latin-1"))
        for text in found:
            self.assertNotIn(shown, text)
            self.assertNotIn(shown.replace(" ", ""), text)


class WhoMay(AppPasswords):
    def policy(self, extra):
        """Until the test ends, for whose member it makes a difference."""
        before = self.list()["refusal"]
        self.addCleanup(lambda: wait_for(lambda: self.list()["refusal"] == before, TIMEOUT))
        self.addCleanup(self.portal.write_policy)
        self.portal.write_policy(extra)

    def test_without_a_second_factor_none_is_made(self):
        self.signed_in()
        self.assertEqual(self.list()["refusal"], "second-factor-needed")
        self.refused(self.browser.post(PATH, {"kind": "mail", "label": "phone"}), 403, "second-factor-needed")
        self.command("member", "set", self.member, "two_factor=off")
        self.assertEqual(self.list()["refusal"], "second-factor-off")
        self.refused(self.browser.post(PATH, {"kind": "mail", "label": "phone"}), 403, "second-factor-off")
        self.assertNotIn("app-password.create", str(self.audit()))

    def test_unless_the_policy_file_says_that_it_is_not_required(self):
        self.signed_in()
        self.policy('app_password_requires_second_factor = "off"\n')
        wait_for(lambda: self.list()["refusal"] is None, TIMEOUT)
        self.make()

    def test_what_was_made_before_a_factor_was_removed_stays(self):
        self.registered()
        made = self.make()["created"]["id"]
        self.command("totp", "reset", self.member)
        self.signed_in()
        self.assertEqual([row["id"] for row in self.list()["app_passwords"]], [made])
        self.assertEqual(self.list()["refusal"], "second-factor-needed")

    def test_a_recent_code_is_needed_to_make_one_and_not_to_revoke_one(self):
        self.registered()
        made = self.make()["created"]["id"]
        self.portal.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - 1300")
        self.assertFalse(self.list()["reauthenticated"])
        self.refused(self.browser.post(PATH, {"kind": "mail", "label": "phone"}), 403, "reauthentication-needed", by="code")
        self.assertEqual(len(self.list()["app_passwords"]), 1)
        self.assertEqual(self.good(self.browser.post(PATH + "/revoke", {"id": made}))["app_passwords"], [])

    def test_where_they_are_off_none_is_made_and_those_that_there_are_say_so(self):
        self.registered()
        self.make()
        login = ("explain", self.member, "--service", "imap", "--credential", "app-password")
        self.assertEqual(self.command(*login)["rule"], "app-password")
        for change, undo in ((("domain", "set", self.domain, "app_passwords=off"), "app_passwords=inherit"),
                             (("member", "set", self.member, "app_passwords=off"), "app_passwords=inherit")):
            self.command(*change)
            self.assertEqual((self.list()["refusal"], len(self.list()["app_passwords"])), ("app-passwords-off", 1))
            self.refused(self.browser.post(PATH, {"kind": "mail", "label": "phone"}), 403, "app-passwords-off")
            run = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", *login],
                                 capture_output=True, text=True)
            self.assertEqual((run.returncode, json.loads(run.stdout)["rule"]), (1, "app-passwords-off"))
            self.command(*change[:3], undo)
        self.command("member", "set", self.member, "app_passwords=on")
        self.policy('domain "%s" { app_passwords = forbidden }\n' % self.domain)
        wait_for(lambda: self.list()["refusal"] == "app-passwords-off", TIMEOUT)

    def test_those_of_others_are_out_of_reach(self):
        self.registered()
        made = self.make()["created"]["id"]
        self.setUp()
        self.registered()
        self.assertEqual(self.list()["app_passwords"], [])
        self.refused(self.browser.post(PATH + "/revoke", {"id": made}), 404, "not-found")
        self.refused(self.browser.post(PATH + "/narrow", {"id": made}), 404, "not-found")
        self.assertEqual(self.doveadm.kicked, [])

    def test_without_the_hmac_key_it_cannot_be_told_now(self):
        self.registered()
        key = self.portal.settings["verify_key"]
        os.rename(key, key + ".away")
        try:
            wait_for(lambda: self.browser.post(PATH, {"kind": "mail", "label": "phone"}).status == 503, TIMEOUT)
        finally:
            os.rename(key + ".away", key)
        wait_for(lambda: self.browser.post(PATH, {"kind": "mail", "label": "phone"}).status == 200, TIMEOUT)


class Changes(AppPasswords):
    def test_revoked_it_is_gone_and_its_connections_end(self):
        self.registered()
        kept, gone = (self.make(label=label)["created"]["id"] for label in ("kept", "gone"))
        self.assertEqual([row["id"] for row in self.good(self.browser.post(PATH + "/revoke", {"id": gone}))["app_passwords"]],
                         [kept])
        wait_for(lambda: self.doveadm.kicked == ["app-password-%d" % gone], TIMEOUT)
        self.refused(self.browser.post(PATH + "/revoke", {"id": gone}), 404, "not-found")
        self.assertEqual(self.audit()[0], ("app-password.revoke", "id=%d label=gone" % gone, ""))

    def test_an_older_dovecot_ends_those_from_where_it_was_used(self):
        self.registered()
        self.doveadm.old = True
        used, never = (self.make()["created"]["id"] for _ in range(2))
        for network in ("192.0.2.0/24", "2001:db8:7::/48"):
            self.portal.sql("INSERT INTO app_password_network VALUES (?, ?, 1)", used, network)
        self.good(self.browser.post(PATH + "/revoke", {"id": used}))
        wait_for(lambda: self.doveadm.kicked == ["%s 192.0.2.0/24" % self.member, "%s 2001:db8:7::/48" % self.member], TIMEOUT)
        self.doveadm.kicked.clear()
        self.good(self.browser.post(PATH + "/revoke", {"id": never}))
        wait_for(lambda: self.doveadm.kicked == [self.member], TIMEOUT)

    def test_limits_can_be_narrowed_and_never_widened(self):
        self.registered()
        made = self.make(kind="script", services="imap,smtp", networks="192.0.2.0/24 198.51.100.7",
                         expires_at=4102444800)["created"]["id"]
        narrow = {"id": made, "services": "imap,smtp", "networks": "192.0.2.0/24 198.51.100.7", "expires_at": 4102444800}
        for fields in ({"services": "imap,smtp,sieve"}, {"services": None}, {"networks": "192.0.0.0/16"}, {"networks": None},
                       {"networks": "192.0.2.0/25 198.51.100.0/24"}, {"expires_at": 4102444801}, {"expires_at": None}):
            wider = {name: value for name, value in {**narrow, **fields}.items() if value is not None}
            with self.subTest(**fields):
                self.refused(self.browser.post(PATH + "/narrow", wider), 422, "wider-limits")
        self.refused(self.browser.post(PATH + "/narrow", {**narrow, "networks": "home"}), 400, "bad-request",
                     field="networks")
        self.refused(self.browser.post(PATH + "/narrow", {**narrow, "expires_at": 1}), 400, "bad-request",
                     field="expires_at")
        self.assertEqual(self.doveadm.kicked, [])
        row, = self.good(self.browser.post(PATH + "/narrow", {"id": made, "services": "smtp", "networks": "192.0.2.128/25",
                                                              "expires_at": 4102444799}))["app_passwords"]
        self.assertEqual((row["services"], row["networks"], row["expires_at"]), (["smtp"], "192.0.2.128/25", 4102444799))
        wait_for(lambda: self.doveadm.kicked == ["app-password-%d" % made], TIMEOUT)
        self.assertEqual(self.audit()[0], (
            "app-password.narrow",
            "id=%d services=imap,smtp networks=192.0.2.0/24 198.51.100.7 expires=4102444800 label=phone" % made,
            "id=%d services=smtp networks=192.0.2.128/25 expires=4102444799 label=phone" % made))

    def test_one_without_limits_gets_some(self):
        self.registered()
        made = self.make()["created"]["id"]
        row, = self.good(self.browser.post(PATH + "/narrow", {"id": made, "services": "imap", "networks": "192.0.2.0/24",
                                                              "expires_at": 4102444800}))["app_passwords"]
        self.assertEqual((row["services"], row["networks"], row["expires_at"]), (["imap"], "192.0.2.0/24", 4102444800))

    def test_the_log_names_it_by_label_and_id(self):
        self.registered()
        made = self.make(label="office scanner")["created"]["id"]
        self.good(self.browser.post(PATH + "/revoke", {"id": made}))
        lines = re.findall("app-password address=(.*)", self.portal.log())
        self.assertEqual([line for line in lines if line.startswith(self.member)],
                         ['%s ip=%s result=%s id=%d label="office scanner"' % (self.member, self.browser.ip, result, made)
                          for result in ("created", "revoked")])

    def test_the_member_is_told_of_each(self):
        self.registered()
        made = self.make(label="2nd floor scanner")["created"]["id"]
        self.good(self.browser.post(PATH + "/revoke", {"id": made}))
        self.command("app-password", "create", self.member, "--label", "by an administrator")
        self.command("app-password", "revoke", self.member, "--all")

        def told():
            return sorted((subject, label) for subject, text in self.mails()
                          for label in re.findall("(?m)^Device: (.*)$", text) if "pp password" in subject)
        both = ["2nd floor scanner", "by an administrator"]
        wait_for(lambda: len(told()) == 4, TIMEOUT)
        self.assertEqual([label for _, label in told()], both * 2)
        self.assertEqual(told()[0][0].split(" / ")[0], "An app password was made")
        self.assertEqual(told()[2][0].split(" / ")[0], "An app password was revoked")


if __name__ == "__main__":
    unittest.main()
