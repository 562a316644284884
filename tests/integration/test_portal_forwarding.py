"""The page of the member's own forward over HTTP: addresses, codes by mail, on and off."""
import email
import email.policy
import json
import os
import re
import subprocess
import time
import unittest

from portal import POSTLATCH, PortalTest, secure
from server import TIMEOUT, wait_for

PATH = "/api/account/forwarding"
DAY = 86400


class Forwarding(PortalTest):
    members = 0

    @classmethod
    def setUpClass(cls):
        cls.make_portal()
        cls.set_policy("")
        cls.portal.init().start()
        cls.portal.start_sender()

    @classmethod
    def set_policy(cls, extra, forwards="on"):
        cls.portal.write_policy('member_forwards = %s\nforward_targets = 3\n'
                                "%s" % (forwards, extra))

    def setUp(self):
        Forwarding.members += 1
        self.domain = "d%d.test" % self.members
        self.member = "m%d@%s" % (self.members, self.domain)
        self.away = "Away.%d@elsewhere.example" % self.members
        self.command("domain", "add", self.domain, "forwarding=on")
        self.browser = self.signed_in(self.member)

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def command(self, *args):
        run = subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", "--json", *args], check=True,
                             capture_output=True, text=True)
        return json.loads(run.stdout) if run.stdout else None

    def signed_in(self, member):
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(member).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        self.reauthenticate(browser)
        return browser

    def reauthenticate(self, browser):
        self.good(browser.post("/api/account/reauthentication", {"password": "right"}))

    def good(self, answer):
        self.assertEqual(answer.status, 200, (answer, self.portal.log()[-2000:]))
        self.assertIsNone(secure(answer))
        return answer.json

    def refused(self, answer, status, error, **more):
        self.assertEqual((answer.status, answer.json), (status, {"error": error, **more}))
        self.assertIsNone(secure(answer))

    def state(self):
        return self.good(self.browser.get(PATH))

    def add(self, address):
        """The answer's row of it."""
        answer = self.good(self.browser.post(PATH + "/targets", {"address": address}))
        return next(row for row in answer["targets"] if row["address"].lower() == address.lower())

    def confirm(self, target, code):
        return self.browser.post(PATH + "/targets/confirm", {"id": target, "code": code})

    def mails(self, address):
        found = []
        for text in self.portal.mails():
            arguments, message = text.split("\n", 1)
            if arguments.split()[-1] == address:
                message = email.message_from_string(message, policy=email.policy.default)
                self.assertEqual(message["To"].addresses[0].addr_spec, address)
                found.append((message["Subject"], message.get_content(), message))
        # In the order in which they were written.
        return sorted(found, key=lambda mail: int(re.search("postlatch-([0-9]+)", mail[2]["Message-ID"])[1]))

    def codes(self, address, count=1):
        """Those that were mailed to it; there are so many of them at last."""
        wait_for(lambda: len(self.mails(address)) >= count, TIMEOUT)
        return [re.search("(?m)^Code: ([0-9]{6})$", text)[1] for _, text, _ in self.mails(address)]

    def sent_all(self):
        """What is not sent when nothing waits any more never is."""
        wait_for(lambda: self.portal.sql("SELECT COUNT(*) FROM outbox")[0][0] == 0, TIMEOUT)

    def told(self):
        self.sent_all()
        return [subject for subject, _, _ in self.mails(self.member)]

    def audit(self):
        return [(record["action"], record["before"], record["after"])
                for record in self.command("audit", "--member", self.member)]

    def resolved(self):
        """(enabled, copies, confirmed targets) as the command sees them."""
        shown = self.command("forward", "show", self.member)
        return (shown["enabled"], shown["keep_copy"], [t["address"] for t in shown["targets"] if t["confirmed_at"]])


class Targets(Forwarding):
    def test_there_is_none_at_first(self):
        self.assertEqual(self.state(), {"enabled": True, "keep_copy": True, "targets": [], "most": 3, "refusal": None,
                                        "differs": None, "reauthenticated": True})

    def test_one_outside_counts_when_the_code_that_was_mailed_to_it_was_entered(self):
        target = self.add(self.away)
        self.assertEqual((target["address"], target["outside"], target["confirmed_at"]), (self.away, True, 0))
        self.assertEqual(self.resolved(), (True, True, []))
        code, = self.codes(self.away)
        answer = self.good(self.confirm(target["id"], code[:3] + " " + code[3:]))
        self.assertNotEqual(answer["targets"][0]["confirmed_at"], 0)
        self.assertEqual(self.resolved(), (True, True, [self.away]))
        self.assertEqual(self.audit()[:2], [
            ("forward.set", "on keep-copy to=%s(unconfirmed)" % self.away, "on keep-copy to=" + self.away),
            ("forward.code", "", "on keep-copy to=%s(unconfirmed)" % self.away)])
        self.assertEqual(self.told(), ["Your mail is forwarded to another address"])
        self.assertIn("Forwarded to: " + self.away, self.mails(self.member)[0][1])
        self.assertEqual(self.good(self.confirm(target["id"], "000000"))["targets"], answer["targets"])

    def test_the_mail_names_who_asks_and_from_where(self):
        self.add(self.away)
        self.codes(self.away)
        (subject, text, message), = self.mails(self.away)
        self.assertEqual(subject, "Confirm that mail is forwarded to this address")
        for words in ("Account: " + self.member, "Asked from: " + self.browser.ip, "Device: Windows 10, Chrome", "Time: 20",
                      self.portal.url + "/account/forwarding", "without the code no mail is forwarded"):
            self.assertIn(words, text)
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        korean = self.signed_in("k" + self.member)
        korean.language = "ko"
        self.good(korean.post(PATH + "/targets", {"address": "ko-" + self.away}))
        wait_for(lambda: self.mails("ko-" + self.away), TIMEOUT)
        self.assertIn("코드를 입력하지 않으면 메일은 전달되지", self.mails("ko-" + self.away)[0][1])

    def test_nothing_that_is_stored_or_logged_has_the_code(self):
        # What a sender has claimed when it is killed is not sent for ten minutes.
        self.sent_all()
        self.portal.senders[0].kill()
        self.portal.senders.pop().wait(TIMEOUT)
        try:
            target = self.add(self.away)
            (kind, payload, sealed), = self.portal.sql("SELECT kind, payload, length(sealed) FROM outbox WHERE kind <> 'notice'")
            self.assertEqual((kind, payload), ("contact", ""))
            self.assertGreater(sealed, 100)
            (stored,), = self.portal.sql("SELECT length(code) FROM forward_target WHERE id = ?", target["id"])
            self.assertEqual(stored, 32)
        finally:
            self.portal.start_sender()
        code, = self.codes(self.away)
        for text in (self.portal.log(), self.portal.sender_log(), json.dumps(self.audit())):
            self.assertNotRegex(text, r"\b%s\b" % code)

    def test_the_sender_believes_no_row_that_is_not_sealed(self):
        self.add(self.away)
        self.codes(self.away)
        self.portal.sql("INSERT INTO outbox (member_id, kind, what, made_at, due_at, expires_at, payload) SELECT member_id, "
                        "'contact', 'target-code', 0, 0, ?, ? FROM forward_target WHERE address = ?", time.time() + DAY,
                        "to=victim@elsewhere.example\nsecret=123456\n", self.away)
        wait_for(lambda: "target-code of %s: it is not sealed" % self.member in self.portal.sender_log(), TIMEOUT)
        self.portal.sql("DELETE FROM outbox")
        self.assertEqual(self.mails("victim@elsewhere.example"), [])

    def test_one_inside_needs_no_code_whether_there_is_such_a_member_or_not(self):
        for address in ("m1@" + self.domain, "nobody@" + self.domain):
            target = self.add(address)
            self.assertEqual(target["outside"], False)
            self.assertNotEqual(target["confirmed_at"], 0)
        self.assertEqual(self.told(), ["Your mail is forwarded to another address"] * 2)
        self.assertEqual(self.audit()[0][0], "forward.set")

    def test_what_cannot_be_one_is_refused_as_by_the_command(self):
        for address in ("x", "x@", "@x.test", ".x@y.test", "a..b@y.test", "x@y.test,z@y.test", "x y@y.test", "x@y..test",
                        "-f@y.test\\", "<x@y.test>", "x" * 65 + "@y.test"):
            with self.subTest(address=address):
                self.refused(self.browser.post(PATH + "/targets", {"address": address}), 400, "bad-request", field="address")
        for address in (self.member, self.member.upper(), self.member.replace("@", "+x@")):
            self.refused(self.browser.post(PATH + "/targets", {"address": address}), 422, "forward-to-oneself")
        self.add(self.away)
        self.refused(self.browser.post(PATH + "/targets", {"address": self.away.upper()}), 422, "forward-twice")
        for i in range(2):
            self.add("x%d@%s" % (i, self.domain))
        self.refused(self.browser.post(PATH + "/targets", {"address": "y@" + self.domain}), 403, "too-many-forwards")
        self.assertEqual(len(self.state()["targets"]), 3)

    def test_an_address_of_utf_8(self):
        target = self.add("한글%d@elsewhere.example" % self.members)
        self.good(self.confirm(target["id"], self.codes(target["address"])[0]))

    def test_an_alias_of_the_domain_is_the_members_own_address(self):
        self.command("domain", "add", "alias." + self.domain, "alias_of=" + self.domain)
        self.refused(self.browser.post(PATH + "/targets", {"address": self.member.replace("@", "@alias.")}), 422,
                     "forward-to-oneself")

    def test_the_last_one_that_is_removed_ends_the_forward(self):
        first, second = self.add("x@" + self.domain), self.add("y@" + self.domain)
        for target, left in ((first, 1), (second, 0)):
            answer = self.good(self.browser.post(PATH + "/targets/remove", {"id": target["id"]}))
            self.assertEqual(len(answer["targets"]), left)
            self.refused(self.browser.post(PATH + "/targets/remove", {"id": target["id"]}), 404, "not-found")
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM forward w JOIN member m ON m.id = w.member_id "
                                         "WHERE m.local = ?", self.member.split("@")[0]), [(0,)])
        self.assertEqual([action for action, _, _ in self.audit()[:2]], ["forward.clear", "forward.set"])
        self.assertEqual(self.told()[2:], ["Your mail is no longer forwarded to an address"] * 2)

    def test_those_of_others_are_out_of_reach(self):
        target = self.add(self.away)["id"]
        code, = self.codes(self.away)
        self.browser = self.signed_in("other@" + self.domain)
        self.refused(self.confirm(target, code), 404, "not-found")
        for path in ("/targets/remove", "/targets/code"):
            self.refused(self.browser.post(PATH + path, {"id": target}), 404, "not-found")
        self.assertEqual(self.resolved(), (True, True, []))

    def test_a_recent_proof_is_needed_to_add_and_not_to_remove(self):
        target = self.add("x@" + self.domain)
        self.portal.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - 1300")
        self.assertFalse(self.state()["reauthenticated"])
        for path, body in (("", {"enabled": True, "keep_copy": False}), ("/targets", {"address": self.away}),
                           ("/targets/code", {"id": target["id"]})):
            self.refused(self.browser.post(PATH + path, body), 403, "reauthentication-needed", by="password")
        self.assertEqual(self.good(self.browser.post(PATH + "/targets/remove", {"id": target["id"]}))["targets"], [])


class Codes(Forwarding):
    def wrong(self, target, code):
        self.refused(self.confirm(target, code), 422, "wrong-forward-code")

    def other(self, code):
        return "%06d" % ((int(code) + 1) % 1000000)

    def test_after_five_tries_the_right_one_is_wrong_and_a_new_one_is_right(self):
        target = self.add(self.away)["id"]
        code, = self.codes(self.away)
        for _ in range(5):
            self.wrong(target, self.other(code))
        self.wrong(target, code)
        self.good(self.browser.post(PATH + "/targets/code", {"id": target}))
        old, new = self.codes(self.away, 2)
        self.wrong(target, old if old != new else self.other(new))
        self.good(self.confirm(target, new))
        self.assertEqual(self.resolved()[2], [self.away])

    def test_it_is_good_for_a_day(self):
        target = self.add(self.away)["id"]
        code, = self.codes(self.away)
        self.portal.sql("UPDATE forward_target SET code_expires_at = code_expires_at - ? WHERE id = ?", DAY, target)
        self.wrong(target, code)

    def test_it_is_good_for_its_target_alone(self):
        first, second = self.add(self.away)["id"], self.add("also." + self.away)["id"]
        code, = self.codes(self.away)
        if [code] != self.codes("also." + self.away):
            self.wrong(second, code)
        self.good(self.confirm(first, code))

    def test_a_target_is_sent_three_a_day_whoever_asks_and_nobody_learns_of_it(self):
        target = self.add(self.away)["id"]
        for _ in range(3):
            answer = self.good(self.browser.post(PATH + "/targets/code", {"id": target}))
        code = self.codes(self.away, 3)[2]
        other = self.signed_in("other@" + self.domain)
        extended = self.away.replace("@", "+x@")
        told = self.good(other.post(PATH + "/targets", {"address": extended}))
        for row in answer["targets"] + told["targets"]:
            del row["id"], row["added_at"], row["address"]
        self.assertEqual(told, answer)
        self.sent_all()
        self.assertEqual((len(self.mails(self.away)), self.mails(extended)), (3, []))
        # The last that was sent is still good.
        self.good(self.confirm(target, code))
        # The day after, it may be asked again.
        self.portal.sql("UPDATE forward_code SET sent_at = sent_at - ?", DAY)
        waiting = other.get(PATH).json["targets"][0]["id"]
        self.good(other.post(PATH + "/targets/code", {"id": waiting}))
        self.codes(extended)

    def test_a_member_asks_for_ten_a_day_also_of_targets_that_it_removes(self):
        for i in range(10):
            target = self.add("%d.%s" % (i, self.away))["id"]
            self.good(self.browser.post(PATH + "/targets/remove", {"id": target}))
        self.refused(self.browser.post(PATH + "/targets", {"address": self.away}), 403, "too-many-forward-codes")
        self.assertEqual(self.state()["targets"], [])
        self.add("x@" + self.domain)

    def test_without_the_outbox_key_none_is_asked_for(self):
        key = self.portal.settings["outbox_key"]
        os.rename(key, key + ".away")
        try:
            self.portal.reload()
            wait_for(lambda: key + ":" in self.portal.log(), TIMEOUT)
            self.assertEqual(self.browser.post(PATH + "/targets", {"address": self.away}).status, 503)
        finally:
            os.rename(key + ".away", key)
        wait_for(lambda: self.browser.post(PATH + "/targets", {"address": self.away}).status == 200, TIMEOUT)
        self.codes(self.away)


class Standing(Forwarding):
    def set(self, enabled, keep_copy):
        return self.browser.post(PATH, {"enabled": enabled, "keep_copy": keep_copy})

    def test_on_and_off_and_the_copy(self):
        self.add("x@" + self.domain)
        for enabled, keep_copy in ((True, False), (False, False), (True, True)):
            answer = self.good(self.set(enabled, keep_copy))
            self.assertEqual((answer["enabled"], answer["keep_copy"]), (enabled, keep_copy))
            self.assertEqual(self.resolved()[:2], (enabled, keep_copy))
        self.good(self.set(True, True))
        self.assertEqual(self.told()[1:], [
            "Forwarding of your mail was switched on", "Forwarding of your mail was switched off",
            "Forwarding of your mail was switched on"])
        self.assertEqual(self.audit()[0], ("forward.set", "off to=x@" + self.domain, "on keep-copy to=x@" + self.domain))

    def test_while_an_administrator_has_it_off_the_forward_is_kept_and_only_less_can_be_done(self):
        target = self.add("x@" + self.domain)
        for change, undo in (("forwarding=off", "forwarding=inherit"),):
            self.command("member", "set", self.member, change)
            self.off("forwarding-off", target["id"])
            self.command("member", "set", self.member, undo)
            self.assertIsNone(self.state()["refusal"])
        for policy, why in (({"extra": 'domain "%s" { forwarding = forbidden }\n' % self.domain}, "forwarding-off"),
                            ({"extra": "", "forwards": "off"}, "forwarding-not-offered")):
            self.set_policy(**policy)
            try:
                wait_for(lambda why=why: self.state()["refusal"] == why, TIMEOUT)
                self.off(why, target["id"])
            finally:
                self.set_policy("")
            wait_for(lambda: self.state()["refusal"] is None, TIMEOUT)
        self.command("member", "set", self.member, "forwarding=off")
        self.assertEqual(self.good(self.browser.post(PATH + "/targets/remove", {"id": target["id"]}))["targets"], [])

    def off(self, why, target):
        state = self.state()
        self.assertEqual((state["refusal"], state["enabled"], len(state["targets"])), (why, True, 1))
        for path, body in (("", {"enabled": False, "keep_copy": False}), ("/targets", {"address": self.away}),
                           ("/targets/code", {"id": target}), ("/targets/confirm", {"id": target, "code": "123456"})):
            self.refused(self.browser.post(PATH + path, body), 403, why)

    def test_a_forward_that_leads_back_says_so(self):
        other = "other@" + self.domain
        self.command("member", "add", other)
        self.add(other)
        self.good(self.set(True, False))
        self.assertIsNone(self.state()["differs"])
        self.command("forward", "set", other, self.member)
        self.assertEqual(self.state()["differs"], "leads-back")
        self.good(self.set(True, True))
        self.assertIsNone(self.state()["differs"])
        # Eleven forwards, one behind the other.
        for i in range(11):
            self.command("member", "add", "c%d@%s" % (i, self.domain))
            self.command("forward", "set", "c%d@%s" % (i, self.domain), "c%d@%s" % (i + 1, self.domain))
        self.command("forward", "set", other, "c0@" + self.domain)
        self.assertEqual(self.state()["differs"], "leads-too-far")

    def test_activity_shows_what_was_done(self):
        self.add(self.away)
        entries = [entry for entry in self.browser.get("/api/account/activity").json["entries"] if entry["kind"] == "change"]
        self.assertEqual((entries[0]["action"], entries[0]["by"], entries[0]["ip"]), ("forward.code", "member", self.browser.ip))


if __name__ == "__main__":
    unittest.main()
