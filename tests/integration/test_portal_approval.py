"""Approval on a phone over HTTP: registration, approval, and everything that must not let anybody in."""
import hashlib
import json
import threading
import time
import unittest

from authenticator import PRESENT, VERIFIED, encode
from phone import AGAIN, LIST, OFFER, STEP, Phone, PhoneTest
from portal import totp
from server import wait_for


class Approval(PhoneTest):
    def no_entry(self, browser):
        self.refused(browser.post(STEP + "/finish", {}), 409, "approval-not-given")
        self.assertEqual(browser.state(), "pending")

    def test_phone_shows_the_sign_in_and_its_number_lets_the_browser_in_once(self):
        phone = self.registered()
        self.assertIsNone(phone.waiting())
        browser, number = self.knock()
        asked = phone.waiting()
        self.assertEqual((asked["for"], asked["ip"]), ("sign-in", browser.ip))
        self.assertLess(abs(asked["at"] - time.time()), 60)
        self.assertNotIn(str(number), str({**asked, "id": "", "at": 0, "seconds": 0, "ip": "", "browser": ""}))
        self.no_entry(browser)
        self.good(self.approve(phone, number))
        self.assertEqual(self.good(browser.get(STEP))["state"], "approved")
        # Nobody else's browser, and this one once.
        other = self.portal.browser()
        self.good(other.sign_in(self.member))
        self.no_entry(other)
        self.assertEqual(self.good(browser.post(STEP + "/finish", {}))["state"], "authenticated")
        self.assertIsNone(phone.waiting())
        row, = self.good(browser.get(LIST))["phones"]
        self.assertEqual((row["name"], row["last_used_ip"]), ("phone", phone.browser.ip))
        wait_for(lambda: "Two-step verification was set up" in self.subjects())

    def test_secret_of_the_qr_code_registers_and_is_good_once(self):
        offer = self.offered()
        self.assertIn("<svg", offer["svg"])
        secret = encode(bytes(16))
        phone = Phone(self.portal)
        self.refused(phone.send("registration/secret", secret=secret, name="x"), 422, "wrong-issue-code")
        # What is drawn cannot be read here: the same digest in its place.
        self.portal.sql("UPDATE approval_enrolment SET secret = ? WHERE member_id = (SELECT id FROM member WHERE local = ?)",
                 hashlib.sha256(bytes(16)).digest(), self.member.split("@")[0])
        claimed = self.good(phone.send("registration/secret", secret=secret, name="x"))
        late = Phone(self.portal)
        self.refused(late.send("registration/secret", secret=secret, name="x"), 422, "wrong-issue-code")
        self.refused(self.claim(late, offer), 422, "wrong-issue-code")
        # Without the member's word the phone is nothing; nor with another number, or in another browser.
        self.refused(phone.send("request"), 403, "device-unknown")
        wrong = "%06d" % ((int(claimed["number"]) + 1) % 10 ** 6)
        self.refused(self.browser.post(OFFER + "/confirm", {"number": wrong}), 422, "registration-expired")
        other = self.portal.browser()
        self.good(other.sign_in(self.member))
        self.refused(other.post(OFFER + "/confirm", {"number": claimed["number"]}), 422, "registration-expired")
        self.good(self.browser.post(OFFER + "/confirm", {"number": claimed["number"]}))
        self.assertIsNone(phone.waiting())

    def test_three_wrong_codes_end_a_registration_and_unknown_names_are_answered_alike(self):
        offer = self.offered()
        wrong = "%05d" % ((int(offer["code"]) + 1) % 10 ** 5)
        phone = Phone(self.portal)
        answers = [self.claim(phone, offer, code=wrong) for _ in range(3)]
        answers += [self.claim(phone, offer), self.claim(phone, offer, user="nobody"),
                    self.claim(phone, offer, institution="elsewhere.test"), self.claim(phone, offer, user="a b")]
        self.assertEqual({(answer.status, answer.body) for answer in answers}, {(422, answers[0].body)})
        self.assertEqual(self.good(self.browser.get(OFFER))["state"], "none")
        # A new one has three again; the old code is none of them.
        again = self.good(self.browser.post(OFFER))
        self.portal.sql("DELETE FROM sign_in_failure")
        self.good(self.claim(phone, again))

    def test_codes_end_in_ten_minutes_and_a_new_one_takes_the_place_of_the_old(self):
        first = self.offered()
        second = self.good(self.browser.post(OFFER))
        phone = Phone(self.portal)
        if first["code"] != second["code"]:
            self.refused(self.claim(phone, first), 422, "wrong-issue-code")
        self.assertTrue(550 < second["expires_at"] - time.time() <= 601)
        self.portal.sql("UPDATE approval_enrolment SET expires_at = 1")
        self.refused(self.claim(phone, second), 422, "wrong-issue-code")

    def test_guesses_for_many_members_end_for_all_of_them(self):
        offer = self.offered()
        self.portal.sql("DELETE FROM approval_try")
        self.portal.sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
                 "INSERT INTO approval_try (tried_at) SELECT ? FROM n", int(time.time()))
        phone = Phone(self.portal)
        self.refused(self.claim(phone, offer), 429, "too-many-issue-codes")
        self.portal.sql("UPDATE approval_try SET tried_at = tried_at - 601")
        self.good(self.claim(phone, offer))
        self.portal.sql("DELETE FROM approval_try")

    def test_guesses_of_one_address_are_slowed(self):
        offer = self.offered()
        phone = Phone(self.portal)
        wrong = "%05d" % ((int(offer["code"]) + 1) % 10 ** 5)
        answers = [self.claim(phone, offer, code=wrong) for _ in range(12)]
        self.assertEqual((answers[-1].status, answers[-1].error), (429, "too-many-issue-codes"))

    def test_nothing_but_the_phone_s_own_signature_counts(self):
        phone, stranger = self.registered(), Phone(self.portal)
        browser, number = self.knock()
        path, asked = "/api/approve/approve", phone.waiting()["id"]
        good = phone.body(path, request=asked, number=number)
        theirs = stranger.body(path, request=asked, number=number)
        rows = {
            "another's key": {**theirs, "key": good["key"]},
            "another number": {**phone.body(path, request=asked, number=10), "number": 11},
            "another request": {**good, "request": encode(bytes(16))},
            "another time": {**good, "time": good["time"] + 1},
            "another route": {**phone.body("/api/approve/deny", request=asked), "number": number},
            "no signature": {**good, "signature": encode(bytes(64))},
            "short signature": {**good, "signature": encode(bytes(63))},
            "no point": {**good, "key": encode(b"\x04" + bytes(64))},
            "compressed point": {**good, "key": encode(b"\x02" + phone.point[1:33])},
        }
        for name, body in rows.items():
            with self.subTest(name):
                self.refused(self.portal.browser().post(path, body), 403, "wrong-signature")
                self.no_entry(browser)
        self.refused(stranger.browser.post(path, theirs), 403, "device-unknown")
        for clock in (-300, 300):
            phone.clock = clock
            self.refused(phone.send("request"), 403, "device-clock")
        phone.clock = 0
        self.no_entry(browser)
        self.good(phone.browser.post(path, good))
        self.refused(phone.browser.post(path, good), 409, "approval-gone")
        self.good(browser.post(STEP + "/finish", {}))
        self.refused(phone.browser.post(path, good), 409, "approval-gone")

    def test_phone_of_another_member_approves_nothing(self):
        phone = self.registered()
        other = "b%d@example.test" % self.members
        theirs = self.registered(self.portal.browser(), other)
        browser, number = self.knock()
        asked = phone.waiting()["id"]
        self.assertIsNone(theirs.waiting())
        self.refused(theirs.send("approve", request=asked, number=number), 409, "approval-gone")
        self.refused(theirs.send("deny", request=asked), 409, "approval-gone")
        self.no_entry(browser)

    def test_wrong_number_ends_the_request(self):
        phone = self.registered()
        browser, number = self.knock()
        asked = phone.waiting()["id"]
        self.refused(phone.send("approve", request=asked, number=10 + (number - 9) % 90), 422, "wrong-number")
        self.assertEqual(self.good(browser.get(STEP))["state"], "wrong-number")
        self.refused(phone.send("approve", request=asked, number=number), 409, "approval-gone")
        self.no_entry(browser)

    def test_denial_ends_the_sign_in_and_is_told(self):
        phone = self.registered()
        for when in ("open", "approved", "redeemed"):
            with self.subTest(when):
                browser, number = self.knock()
                asked = phone.waiting()["id"]
                if when != "open":
                    self.good(phone.send("approve", request=asked, number=number))
                if when == "redeemed":
                    self.good(browser.post(STEP + "/finish", {}))
                self.good(phone.send("deny", request=asked))
                self.refused(phone.send("approve", request=asked, number=number), 409, "approval-gone")
                self.assertEqual(browser.post(STEP + "/finish", {}).status, 401)
                self.assertEqual((browser.get("/api/account").status, browser.session()["why"]), (401, "ended"))
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM audit WHERE action = 'approval.deny' AND object = ?",
                                  self.member), [(3,)])
        wait_for(lambda: sum(text.startswith("A sign-in was denied on your phone") for text in self.subjects()) == 3)

    def test_race_of_approval_and_denial_never_lets_in(self):
        phone = self.registered()
        for _ in range(6):
            browser, number = self.knock()
            asked = phone.waiting()["id"]
            bodies = [("/api/approve/approve", phone.body("/api/approve/approve", request=asked, number=number)),
                      ("/api/approve/deny", phone.body("/api/approve/deny", request=asked))]
            senders = [threading.Thread(target=self.portal.browser().post, args=body) for body in bodies]
            for sender in senders:
                sender.start()
            browser.post(STEP + "/finish", {})
            for sender in senders:
                sender.join()
            browser.post(STEP + "/finish", {})
            self.assertEqual(browser.session()["state"], "none")

    def test_requests_are_few_and_one_at_a_time(self):
        phone = self.registered()
        browser, _ = self.knock()
        first = phone.waiting()["id"]
        self.good(browser.post(STEP))
        self.assertEqual(phone.waiting()["id"], first)
        other = self.portal.browser()
        self.good(other.sign_in(self.member))
        self.refused(other.post(STEP), 429, "approval-busy")
        for _ in range(2):
            self.portal.sql("UPDATE approval_request SET expires_at = 1")
            self.good(other.post(STEP))
        self.portal.sql("UPDATE approval_request SET expires_at = 1")
        self.refused(other.post(STEP), 429, "too-many-approvals")
        # Nor by signing in anew.
        self.good(other.post("/api/sign-out"))
        self.good(other.sign_in(self.member))
        self.refused(other.post(STEP), 429, "too-many-approvals")
        self.portal.sql("UPDATE approval_request SET created_at = created_at - 901")
        self.good(other.post(STEP))

    def test_request_dies_with_time_and_with_its_sign_in(self):
        phone = self.registered()
        browser, number = self.knock()
        asked = phone.waiting()["id"]
        self.good(browser.post("/api/sign-out"))
        self.assertIsNone(phone.waiting())
        self.refused(phone.send("approve", request=asked, number=number), 409, "approval-gone")
        browser, number = self.knock()
        asked = phone.waiting()["id"]
        self.portal.sql("UPDATE approval_request SET expires_at = 1")
        self.refused(phone.send("approve", request=asked, number=number), 409, "approval-gone")
        self.assertEqual(self.good(browser.get(STEP))["state"], "none")
        # Approved, and too late for the browser.
        browser, number = self.knock()
        self.good(self.approve(phone, number))
        self.portal.sql("UPDATE approval_request SET expires_at = 1")
        self.no_entry(browser)

    def test_restart_of_the_portal_in_the_middle_loses_nothing(self):
        phone = self.registered()
        browser, number = self.knock()
        self.portal.stop()
        self.portal.start(self.portal.port)
        self.good(self.approve(phone, number))
        self.good(browser.post(STEP + "/finish", {}))

    def test_account_page_proves_adds_and_removes(self):
        phone = self.registered()
        self.portal.sql("UPDATE session SET reauthenticated_at = 1")
        answer = self.browser.post(LIST + "/registration")
        self.assertEqual((answer.status, answer.json), (403, {"error": "reauthentication-needed", "by": "approval"}))
        number = self.good(self.browser.post(AGAIN))["number"]
        self.assertEqual(phone.waiting()["for"], "change")
        self.refused(self.browser.post(AGAIN + "/finish"), 409, "approval-not-given")
        self.good(self.approve(phone, number))
        self.assertEqual(self.good(self.browser.get(AGAIN))["state"], "approved")
        self.assertTrue(self.good(self.browser.post(AGAIN + "/finish"))["reauthenticated"])
        second = Phone(self.portal)
        claimed = self.good(self.claim(second, self.good(self.browser.post(LIST + "/registration"))))
        self.assertEqual(self.good(self.browser.get(LIST + "/registration"))["state"], "claimed")
        answer = self.good(self.browser.post(LIST, {"number": claimed["number"]}))
        self.assertNotIn("recovery_codes", answer)
        first, last = [row["id"] for row in answer["phones"]]
        wait_for(lambda: "A phone was registered" in self.subjects())
        self.refused(self.browser.post(LIST + "/remove", {"id": 10 ** 9}), 404, "not-found")
        rows = self.good(self.browser.post(LIST + "/remove", {"id": first}))["phones"]
        self.assertEqual([row["id"] for row in rows], [last])
        self.refused(phone.send("request"), 403, "device-unknown")
        browser, number = self.knock()
        self.good(self.approve(second, number))
        self.good(browser.post(STEP + "/finish", {}))
        self.good(self.browser.post(LIST + "/remove", {"id": last}))
        account = self.good(self.browser.get("/api/account"))
        self.assertEqual((account["factor"]["registered"], account["factor"]["recovery_codes"]), (False, 0))

    def test_approval_and_a_code_stand_beside_each_other(self):
        self.registered()
        key = self.good(self.browser.post("/api/account/registration"))["key"]
        self.good(self.browser.post("/api/account/registration/confirm", {"code": totp(key, steps=-1)}))
        browser = self.portal.browser()
        answer = self.good(browser.sign_in(self.member))
        self.assertEqual(answer["factors"], ["totp", "approval"])
        self.good(browser.post(STEP))
        self.good(browser.post("/api/sign-in/code", {"code": totp(key)}))

    def test_reset_by_the_command_takes_phones(self):
        phone = self.registered()
        self.assertTrue(self.command("totp", "reset", self.member)["removed"])
        self.assertEqual(self.good(self.portal.browser().sign_in(self.member))["next"], "offer")
        self.refused(phone.send("request"), 403, "device-unknown")

    def test_page_is_a_program_to_be_installed(self):
        answer = self.portal.browser().get("/approve/manifest.webmanifest")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/manifest+json"))
        manifest = json.loads(answer.body)
        self.assertEqual((manifest["start_url"], manifest["display"]), ("/approve", "standalone"))


class Locks(PhoneTest):
    """The phone's key says that it is the phone; its lock, that its owner has unlocked it."""

    def set_lock(self, word):
        self.portal.write_policy("approval_lock = %s\n" % word)
        self.portal.reload()
        phone = Phone(self.portal)
        phone.lock = None
        error = {"required": "phone-lock-needed", "optional": "wrong-issue-code"}[word]
        wait_for(lambda: phone.send("registration/code", institution="x.test", user="a b", code="1", name="x").error == error)

    def waits(self, phone, browser):
        self.assertIsNotNone(phone.waiting())
        self.refused(browser.post(STEP + "/finish", {}), 409, "approval-not-given")

    def test_nobody_approves_without_the_lock_that_was_registered(self):
        phone, other = self.registered(), Phone(self.portal)
        browser, number = self.knock()
        asked = {"request": phone.waiting()["id"], "number": number}
        lock = phone.lock

        def prove(changes=None, **client):
            def fields(path, body):
                answer = lock.prove(phone.challenge(path, {**body, **(changes or {})}), handle=bytes(32), **client)
                return {"lock_" + name: answer[name] for name in ("client_data", "authenticator_data", "signature")}
            return fields

        def without(name):
            return lambda path, body: {key: value for key, value in prove()(path, body).items() if key != name}

        def by_other(path, body):
            answer = other.lock.prove(phone.challenge(path, body), handle=bytes(32))
            return {"lock_" + name: answer[name] for name in ("client_data", "authenticator_data", "signature")}

        wrong = {
            "nothing": lambda path, body: {},
            "no client data": without("lock_client_data"), "no data": without("lock_authenticator_data"),
            "no signature": without("lock_signature"), "another phone's": by_other,
            "for another number": prove({"number": 10 + (number - 9) % 90}),
            "for another request": prove({"request": encode(bytes(16))}),
            "of another time": prove({"time": int(time.time()) - 60}),
            "another origin": prove(origin="https://elsewhere.test"), "in a frame": prove(crossOrigin=True),
            "of a registration": prove(type="webauthn.create"),
        }
        for name, fields in wrong.items():
            self.refused(phone.send_with("approve", fields, **asked), 422, "wrong-phone-lock")
            self.waits(phone, browser)
        for lock.flags in (0, PRESENT, VERIFIED):
            self.refused(phone.send_with("approve", prove(), **asked), 422, "wrong-phone-lock")
            self.waits(phone, browser)
        lock.flags = PRESENT | VERIFIED
        self.good(phone.send_with("approve", prove(), **asked))
        self.assertEqual(self.good(browser.post(STEP + "/finish", {}))["state"], "authenticated")
        # Who says that it is not the owner needs no lock.
        self.good(phone.send("deny", request=asked["request"]))

    def test_a_lock_of_one_request_opens_no_other(self):
        phone = self.registered()
        first, number = self.knock()
        old = phone.body("/api/approve/approve", request=phone.waiting()["id"], number=number)
        second, number = self.knock()
        taken = {name: old[name] for name in old if name.startswith("lock_")}
        self.refused(phone.send_with("approve", lambda path, body: taken, request=phone.waiting()["id"], number=number),
                     422, "wrong-phone-lock")
        self.waits(phone, second)

    def test_a_phone_without_a_lock_is_not_registered(self):
        phone, offer = Phone(self.portal), self.offered()
        lock, phone.lock = phone.lock, None
        self.refused(self.claim(phone, offer), 422, "phone-lock-needed")
        phone.lock = lock
        for lock.flags in (0, PRESENT, VERIFIED):
            self.refused(self.claim(phone, offer), 422, "wrong-phone-lock")
        lock.flags = PRESENT | VERIFIED
        theirs = lock.make(phone.challenge("/api/approve/registration/code", {"key": "another"}))
        self.refused(phone.send_with("registration/code", lambda path, body: {
            "lock_client_data": theirs["client_data"], "lock_authenticator_data": theirs["authenticator_data"]},
            institution=offer["institution"], user=offer["user"], code=offer["code"], name="x"), 422, "wrong-phone-lock")
        self.assertEqual(self.good(self.claim(phone, offer))["state"], "waiting")

    def test_where_it_is_optional_phones_without_one_approve_until_it_is_required(self):
        self.set_lock("optional")
        try:
            phone = Phone(self.portal)
            phone.lock = None
            claimed = self.good(self.claim(phone, self.offered()))
            self.good(self.browser.post(OFFER + "/confirm", {"number": claimed["number"]}))
            browser, number = self.knock()
            self.good(self.approve(phone, number))
            self.good(browser.post(STEP + "/finish", {}))
            # Who has one has to use it all the same.
            locked = self.registered(self.portal.browser(), "other" + self.member)
            browser, number = self.knock("other" + self.member)
            self.refused(locked.send_with("approve", lambda path, body: {}, request=locked.waiting()["id"], number=number),
                         422, "wrong-phone-lock")
            self.set_lock("required")
            browser, number = self.knock()
            self.refused(self.approve(phone, number), 403, "phone-lock-needed")
            self.waits(phone, browser)
        finally:
            self.set_lock("required")


if __name__ == "__main__":
    unittest.main()
