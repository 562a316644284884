"""Recovery contacts over HTTP: consent, codes by mail and by text message, changes that wait, the record."""
import email
import email.policy
import hashlib
import http.server
import os
import re
import subprocess
import threading
import time
import unittest
import urllib.parse

from portal import Portal, PortalTest, POSTLATCH, secure
from server import ROOT, TIMEOUT, wait_for

PATH = "/api/account/recovery"
DAY = 86400
TEXT_MESSAGE = """#!/bin/sh
test "$1" = --log || exit 65
test -e {0}/later && exit 75
test -e {0}/never && exit 1
f=$(mktemp {0}/sms.XXXXXX)
{{ echo "$#"; echo "$3"; env | sort | tr '\\n' ' '; echo; cat; }} >"$f"
mv "$f" {0}/sms/
"""


class Recovery(PortalTest):
    members = 0

    @classmethod
    def setUpClass(cls):
        cls.make_portal()
        cls.folder = cls.portal.dir
        os.mkdir(cls.folder + "/sms")
        os.mkdir(cls.folder + "/consent")
        cls.write("text-message", TEXT_MESSAGE.format(cls.folder))
        os.chmod(cls.folder + "/text-message", 0o755)
        cls.put_text(1)
        cls.switch_on()
        cls.portal.init().start()
        cls.portal.start_sender()

    @classmethod
    def write(cls, name, text):
        with open("%s/%s" % (cls.folder, name), "w") as f:
            f.write(text)

    @classmethod
    def put_text(cls, number):
        for language in ("en", "ko"):
            with open("%s/conf.d/consent/1.%s.txt" % (ROOT, language)) as f:
                cls.write("consent/%d.%s.txt" % (number, language), f.read() + "%d\n" % number)

    @classmethod
    def switch_on(cls, extra=""):
        cls.portal.write_policy('recovery_contacts = on\nconsent_dir = "{0}/consent"\n'
                                'sms_command = "{0}/text-message --log x"\nsms_countries = "82, 81"\n'
                                .format(cls.folder) + extra)

    def setUp(self):
        Recovery.members += 1
        self.member = "m%d@example.com" % self.members
        self.away = "away.%d@elsewhere.example" % self.members
        self.number = "+8210%08d" % self.members
        self.browser = self.signed_in()

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def signed_in(self):
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(self.member).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        self.good(browser.post("/api/account/reauthentication", {"password": "right"}))
        return browser

    def good(self, answer):
        self.assertEqual(answer.status, 200, (answer, self.portal.log()[-2000:]))
        self.assertIsNone(secure(answer))
        return answer.json

    def refused(self, answer, status, error, **more):
        self.assertEqual((answer.status, answer.json), (status, {"error": error, **more}))
        self.assertIsNone(secure(answer))

    def state(self, language="ko"):
        return self.good(self.browser.get(PATH + "?language=" + language))

    def decide(self, decision, language="ko"):
        digest = self.state(language)["consent"]["sha256"]
        return self.good(self.browser.post(PATH + "/decision", {"decision": decision, "sha256": digest,
                                                                "language": language}))

    def ask(self, kind, value, **more):
        return self.browser.post(PATH + "/contact", {"kind": kind, "value": value, **more})

    def confirm(self, kind, code):
        return self.browser.post(PATH + "/confirm", {"kind": kind, "code": code})

    def mails(self, address):
        found = []
        for text in self.portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == address:
                message = email.message_from_string(message, policy=email.policy.default)
                self.assertEqual(message["To"].addresses[0].addr_spec, address)
                found.append((message["Subject"], message.get_content(), message))
        return sorted(found, key=lambda mail: int(re.search("postlatch-([0-9]+)", mail[2]["Message-ID"])[1]))

    def mail_to(self, address, subject):
        """The newest one."""
        def found():
            return [text for its, text, _ in self.mails(address) if subject in its]
        wait_for(found, TIMEOUT)
        return found()[-1]

    def code_mailed(self, address):
        return re.search("(?m)^Code: ([0-9]{6})$", self.mail_to(address, "Confirm this address"))[1]

    def text_messages(self):
        """(number of arguments, number, environment, text) of each to the member's."""
        texts = []
        for name in os.listdir(self.folder + "/sms"):
            with open("%s/sms/%s" % (self.folder, name)) as f:
                count, number, environment, text = f.read().split("\n", 3)
            if number == self.number:
                texts.append((int(count), number, environment, text))
        return texts

    def sent_all(self):
        wait_for(lambda: self.portal.sql("SELECT COUNT(*) FROM outbox")[0][0] == 0, TIMEOUT)

    def told(self):
        self.sent_all()
        return [subject for subject, _, _ in self.mails(self.member)]

    def add_mail(self, address):
        self.decide("agree")
        self.good(self.ask("mail", address))
        return self.good(self.confirm("mail", self.code_mailed(address)))


class Consent(Recovery):
    def test_it_is_asked_once_with_the_whole_text_and_its_digest(self):
        self.assertTrue(self.browser.session()["recovery_consent"])
        for language, words in (("ko", ("수집 항목: 이메일 주소, 휴대폰 번호", "이용 목적", "보유 기간", "거부할 수 있으며")),
                                ("en", ("mail address, mobile phone number", "What for", "How long", "You may refuse"))):
            consent = self.state(language)["consent"]
            for each in words:
                self.assertIn(each, consent["text"])
            self.assertEqual(consent["language"], language)
            self.assertEqual(consent["sha256"], hashlib.sha256(consent["text"].encode()).hexdigest())
        self.assertTrue(self.state()["asks"])
        self.decide("agree")
        self.assertFalse(self.browser.session()["recovery_consent"])
        self.assertFalse(self.signed_in().session()["recovery_consent"])

    def test_refusing_costs_nothing_but_contacts(self):
        self.decide("refuse")
        session = self.signed_in().session()
        self.assertEqual((session["state"], session["recovery_consent"]), ("authenticated", False))
        self.refused(self.ask("mail", self.away), 403, "no-consent")
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM outbox WHERE kind = 'contact'")[0][0], 0)
        self.assertEqual(self.portal.sql(
            "SELECT COUNT(*) FROM recovery_change c JOIN member m ON m.id = c.member_id WHERE m.local || '@example.com' = ?",
            self.member)[0][0], 0)
        # Who has refused may agree later.
        self.assertTrue(self.decide("agree")["agreed"])

    def test_what_was_not_shown_is_not_agreed_to(self):
        for digest in ("0" * 64, "x"):
            self.refused(self.browser.post(PATH + "/decision", {"decision": "agree", "sha256": digest, "language": "ko"}),
                         409, "consent-changed")
        self.assertIsNone(self.state()["decision"])

    def test_a_text_with_a_new_number_asks_again(self):
        self.add_mail(self.away)
        number = self.state()["consent"]["number"] + 1
        self.put_text(number)
        self.assertTrue(self.browser.session()["recovery_consent"])
        now = self.state()
        self.assertEqual((now["consent"]["number"], now["agreed"]), (number, False))
        self.assertEqual(now["contacts"]["mail"]["value"], "a***@elsewhere.example")
        self.refused(self.ask("mail", "b@elsewhere.example"), 403, "no-consent")
        self.assertEqual(self.decide("refuse")["contacts"]["mail"]["value"], "")

    def test_without_the_setting_nothing_of_it_is_there(self):
        self.portal.write_policy("")
        self.portal.reload()
        try:
            wait_for(lambda: not self.browser.session()["recovery_contacts"], TIMEOUT)
            self.assertFalse(self.browser.session()["recovery_consent"])
            self.refused(self.browser.get(PATH), 404, "not-found")
            self.refused(self.browser.get(PATH + "/decisions"), 404, "not-found")
            self.refused(self.ask("mail", self.away), 404, "not-found")
        finally:
            self.switch_on()
            self.portal.reload()
            wait_for(lambda: self.browser.session()["recovery_contacts"], TIMEOUT)

    def test_the_record_says_what_was_shown_when_and_from_where(self):
        text = self.state("en")["consent"]
        self.decide("agree", "en")
        self.decide("withdraw", "ko")
        record = self.good(self.browser.get(PATH + "/decisions"))
        self.assertEqual(record["account"], self.member)
        first, second = record["decisions"]
        self.assertLess(abs(first.pop("at") - time.time()), 60)
        self.assertEqual({key: first[key] for key in ("decision", "text", "sha256", "language", "ip")},
                         {"decision": "agree", "text": text["number"], "sha256": text["sha256"], "language": "en",
                          "ip": self.browser.ip})
        self.assertEqual((second["decision"], second["language"]), ("withdraw", "ko"))


class Contacts(Recovery):
    def test_mail_counts_once_its_code_was_entered(self):
        self.decide("agree")
        asked = self.good(self.ask("mail", self.away))["contacts"]["mail"]
        self.assertEqual((asked["value"], asked["asked"], asked["due_at"]), ("", "a***@elsewhere.example", 0))
        self.refused(self.confirm("mail", "000000"), 422, "wrong-contact-code")
        text = self.mail_to(self.away, "Confirm this address")
        self.assertIn("Account: " + self.member, text)
        self.assertIn("Asked from: " + self.browser.ip, text)
        added = self.good(self.confirm("mail", self.code_mailed(self.away)))["contacts"]["mail"]
        self.assertEqual((added["value"], added["asked"]), ("a***@elsewhere.example", ""))
        self.assertIn("A recovery contact was added", self.told())
        with open(self.portal.dir + "/postlatch.db", "rb") as f:
            self.assertNotIn(self.away.encode(), f.read())

    def test_a_number_gets_its_code_from_sms_command_without_a_shell(self):
        self.decide("agree")
        self.good(self.ask("phone", "0" + self.number[3:5] + "-" + self.number[5:9] + "-" + self.number[9:]))
        wait_for(self.text_messages, TIMEOUT)
        count, _, environment, text = self.text_messages()[0]
        self.assertEqual(count, 3)
        self.assertIn("HOME=/nonexistent", environment)
        self.assertEqual(len(text.splitlines()), 1)
        code = re.fullmatch(r"\[Postlatch\] Code for %s: ([0-9]{6}) \(valid for 10 minutes\). Tell it to nobody.\n"
                            % re.escape(self.member), text)[1]
        added = self.good(self.confirm("phone", code))["contacts"]["phone"]
        self.assertEqual(added["value"], "+82***" + self.number[-4:])
        self.assertNotIn(code, self.portal.sender_log())

    def test_foreign_numbers_say_that_they_are(self):
        self.decide("agree")
        self.refused(self.ask("phone", "+81 90 1234 5678"), 422, "contact-country")
        self.good(self.ask("phone", "+81 90 1234 5678", foreign=True))
        self.refused(self.ask("phone", "+1 202 555 0123", foreign=True), 422, "contact-country")
        self.refused(self.ask("phone", "; rm -rf /"), 400, "bad-request", field="value")

    def test_text_messages_are_tried_again_or_given_up_as_the_command_says(self):
        self.decide("agree")
        waiting = "SELECT tries, due_at FROM outbox WHERE what = 'contact-code-phone'"
        self.write("later", "")
        self.good(self.ask("phone", self.number))
        wait_for(lambda: "sms_command did not take it, and it is tried again" in self.portal.sender_log(), TIMEOUT)
        wait_for(lambda: self.portal.sql(waiting)[0][1] < time.time() + 120, TIMEOUT)
        os.unlink(self.folder + "/later")
        self.portal.sql("UPDATE outbox SET due_at = 1 WHERE what = 'contact-code-phone'")
        wait_for(self.text_messages, TIMEOUT)
        self.sent_all()
        self.write("never", "")
        self.good(self.ask("phone", self.number))
        wait_for(lambda: "sms_command did not take it, and it is given up" in self.portal.sender_log(), TIMEOUT)
        self.sent_all()
        os.unlink(self.folder + "/never")
        self.assertEqual(len(self.text_messages()), 1)

    def test_mailboxes_of_this_server_are_refused(self):
        self.decide("agree")
        for address in (self.member, self.member.upper(), "other@example.com", self.member.replace("@", "+x@")):
            self.refused(self.ask("mail", address), 422, "contact-here")
        self.refused(self.ask("mail", "a@b.test\r\nBcc: c@d.test"), 400, "bad-request", field="value")

    def test_a_contact_needs_a_recent_proof(self):
        self.decide("agree")
        self.portal.sql("UPDATE session SET reauthenticated_at = 1")
        self.refused(self.ask("mail", self.away), 403, "reauthentication-needed", by="password")

    def test_a_change_waits_tells_the_old_contact_and_is_stopped_from_there(self):
        self.add_mail(self.away)
        self.good(self.ask("mail", "new" + self.away))
        waits = self.good(self.confirm("mail", self.code_mailed("new" + self.away)))["contacts"]["mail"]
        self.assertEqual((waits["value"], waits["asked"]), ("a***@elsewhere.example", "n***@elsewhere.example"))
        self.assertLess(abs(waits["due_at"] - time.time() - DAY), 60)
        self.assertIn("A recovery contact is to be changed", self.told())
        link = re.search(re.escape(self.portal.url) + r"/recovery-contact#(\S+)",
                         self.mail_to(self.away, "is to be changed"))
        stranger = self.portal.browser()
        self.refused(stranger.post("/api/recovery/stop", {"token": "x" * 43}), 404, "contact-stop-over")
        self.assertEqual(self.good(stranger.post("/api/recovery/stop", {"token": link[1]})), {"stopped": True})
        self.refused(stranger.post("/api/recovery/stop", {"token": link[1]}), 404, "contact-stop-over")
        self.assertEqual(self.state()["contacts"]["mail"]["asked"], "")
        self.assertIn("A change of a recovery contact was stopped", self.told())

    def test_withdrawal_erases_at_once_and_leaves_the_record(self):
        self.add_mail(self.away)
        self.good(self.ask("mail", "new" + self.away))
        after = self.decide("withdraw")
        self.assertEqual((after["contacts"]["mail"]["value"], after["contacts"]["mail"]["asked"], after["agreed"]),
                         ("", "", False))
        member = self.portal.sql("SELECT member_id FROM recovery_decision WHERE member = ? LIMIT 1", self.member)[0][0]
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM recovery_change WHERE member_id = ?", member)[0][0], 0)
        self.assertEqual(self.portal.sql("SELECT sealed FROM recovery_contact WHERE member_id = ?", member), [(None,)])
        self.assertEqual(self.portal.sql("SELECT COUNT(target) FROM recovery_code_sent WHERE member_id = ?", member),
                         [(0,)])
        self.assertEqual(len(self.good(self.browser.get(PATH + "/decisions"))["decisions"]), 2)
        self.assertIn("Recovery contacts were removed", self.told())
        subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "member", "remove", self.member], check=True)
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM recovery_contact WHERE member_id = ?", member), [(0,)])
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM recovery_decision WHERE member_id = ?", member), [(2,)])


class Gateway(http.server.BaseHTTPRequestHandler):
    status, forms = 200, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.forms.append((self.headers["Authorization"], dict(urllib.parse.parse_qsl(body))))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_):
        pass


class GenericCommand(unittest.TestCase):
    def test_a_form_goes_to_the_gateway_and_its_answer_is_the_exit_status(self):
        gateway = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        self.addCleanup(gateway.server_close)
        self.addCleanup(gateway.shutdown)
        portal = Portal()
        self.addCleanup(portal.remove)
        file = portal.dir + "/sms.conf"
        with open(file, "w") as f:
            f.write('url = "http://127.0.0.1:%d/send"\nheader = "Authorization: Bearer key"\ndata = "from=0212345678"\n'
                    % gateway.server_port)

        def run(number="+821012345678"):
            return subprocess.run([ROOT + "/sender/sms-http", file, number], input="[이름] 코드: 123456\n", text=True,
                                  capture_output=True)
        for Gateway.status, status in ((200, 0), (202, 0), (429, 75), (503, 75), (400, 65), (401, 65)):
            ended = run()
            self.assertEqual(ended.returncode, status, Gateway.status)
            self.assertEqual(ended.stderr, "sms-http: the gateway answers with HTTP status %d\n" % Gateway.status
                             if status else "")
        self.assertEqual(Gateway.forms[0], ("Bearer key", {"from": "0212345678", "to": "+821012345678",
                                                           "text": "[이름] 코드: 123456\n"}))
        self.assertEqual(run("-x").returncode, 65)
        gateway.shutdown()
        gateway.server_close()
        self.assertEqual(run().returncode, 75)
        os.unlink(file)
        ended = run()
        self.assertEqual((ended.returncode, ended.stderr), (75, "sms-http: %s cannot be read\n" % file))


if __name__ == "__main__":
    unittest.main()
