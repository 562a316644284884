"""A forgotten password over HTTP: the code to a recovery contact, the second factor, the operator's command, and attacks."""
import concurrent.futures
import json
import os
import random
import re
import statistics
import subprocess
import time
import unittest

from command import POSTLATCH
from console import Administrator
from passwords import SCRIPTS, Service
from portal import totp
from server import TIMEOUT, wait_for
from test_portal_recovery import DAY, Recovery

PATH = "/api/forgotten-password"
NEW = "crumb.Tunnel!95.oak"
OTHER = "violet-Harbor-42-moth"


class Forgotten(Recovery):
    """The passwd-file is changed by the real script; Dovecot is a stand-in that reads the file."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dovecot.password_of = cls.password_of
        cls.service = Service(cls.portal.dir + "/policy.conf", cls.portal.dir + "/password.sock",
                              cls.portal.dir + "/password.log").start()
        cls.addClassCleanup(cls.service.stop)

    @classmethod
    def switch_on(cls, extra="password_recovery = on\n"):
        super().switch_on('password_command = "{0}/passwd-file -s PLAIN {1}/members"\npassword_socket = "{1}/password.sock"\n'
                          .format(SCRIPTS, cls.folder) + extra)

    @classmethod
    def password_of(cls, user):
        with open(cls.folder + "/members") as f:
            return dict(re.findall(r"(?m)^([^:]*):\{PLAIN\}(.*)$", f.read())).get(user)

    def setUp(self):
        with open(self.folder + "/members", "a") as f:
            f.write("m%d@example.com:{PLAIN}right\n" % (Recovery.members + 1))
        super().setUp()
        self.stranger = self.portal.browser()

    # -- steps --

    def ask_for(self, name, browser=None, **more):
        token, = self.good((browser or self.stranger).post(PATH, {"user": name, **more})).values()
        self.assertEqual(len(token), 43)
        return token

    def decided(self):
        wait_for(lambda: self.portal.sql("SELECT COUNT(*) FROM recovery_request WHERE waits = 1")[0][0] == 0, TIMEOUT)
        self.sent_all()

    def codes(self, address=None):
        """Those that were mailed, the oldest first."""
        self.decided()
        return [re.search("(?m)^Code: ([0-9]{8})$", text)[1] for subject, text, _ in self.mails(address or self.away)
                if subject == "Code for a new password"]

    def enter(self, token, code, browser=None):
        return (browser or self.stranger).post(PATH + "/code", {"token": token, "code": code})

    def set(self, proof, new=NEW, end=False):
        return self.stranger.post(PATH + "/new", {"proof": proof, "new": new, "end_app_passwords": end})

    def proof(self):
        """Of a member whose contact has confirmed it."""
        token = self.ask_for(self.member)
        return self.good(self.enter(token, self.codes()[-1]))["proof"]

    def wrong(self, answer):
        self.refused(answer, 422, "wrong-recovery")

    def register(self):
        """A second factor: its key and recovery codes."""
        key = self.good(self.browser.post("/api/account/registration"))["key"]
        codes = self.good(self.browser.post("/api/account/registration/confirm", {"code": totp(key)}))["recovery_codes"]
        return key, codes


class Chain(Forgotten):
    def test_a_code_by_mail_sets_a_new_password_and_signs_nobody_in(self):
        self.add_mail(self.away)
        device = self.signed_in()
        token = self.ask_for(self.member.upper())
        self.assertEqual(self.stranger.cookies, {})
        code, = self.codes()
        text = self.mail_to(self.away, "Code for a new password")
        self.assertIn("Account: " + self.member, text)
        self.assertIn("Asked from: " + self.stranger.ip, text)
        entered = self.good(self.enter(token, code[:4] + " " + code[4:]))
        self.assertEqual((entered["account"], entered["second_factor"]), (self.member, False))
        self.assertEqual(self.good(self.set(entered["proof"])), {"changed": True})
        self.assertEqual(self.password_of(self.member), NEW)
        self.assertEqual((self.stranger.cookies, self.stranger.state()), ({}, "none"))
        self.assertEqual((device.state(), self.browser.state()), ("none", "none"))
        self.assertEqual(self.portal.browser().sign_in(self.member).status, 401)
        self.assertEqual(self.portal.browser().sign_in(self.member, NEW).status, 200)
        self.assertIn("Your password was replaced with a recovery contact", self.told())
        self.assertIn("The password of the mail account below was replaced",
                      self.mail_to(self.away, "Your password was replaced"))
        actions = self.portal.sql("SELECT action FROM audit WHERE object = ?", self.member)
        for action in ("password-recovery.send", "password-recovery.finish", "password.change", "session.revoke-all"):
            self.assertIn((action,), actions)
        for secret in (code, token, entered["proof"], NEW):
            for text in (self.portal.log(), self.portal.sender_log(), self.service.log(), json.dumps(actions)):
                self.assertNotIn(secret, text)

    def test_a_code_by_text_message(self):
        self.decide("agree")
        self.good(self.ask("phone", self.number))
        wait_for(self.text_messages, TIMEOUT)
        self.good(self.confirm("phone", re.search("([0-9]{6})", self.text_messages()[0][3])[1]))
        token = self.ask_for(self.member, by="phone")
        self.decided()
        text, = [text for _, _, _, text in self.text_messages() if "New password" in text]
        code = re.fullmatch(r"\[Postlatch\] New password for %s: code ([0-9]{8}) \(valid for 10 minutes\)\. Tell it to nobody\.\n"
                            % re.escape(self.member), text)[1]
        expires, = self.portal.sql("SELECT expires_at - asked_at FROM recovery_request WHERE code IS NOT NULL "
                                   "ORDER BY id DESC LIMIT 1")[0]
        self.assertLess(abs(expires - 600), 5)
        self.good(self.set(self.good(self.enter(token, code))["proof"]))
        self.assertEqual(self.password_of(self.member), NEW)
        self.decided()
        self.assertTrue([text for _, _, _, text in self.text_messages() if "was replaced" in text])

    def test_who_has_no_phone_gets_mail_and_a_country_that_is_not_allowed_any_more_gets_nothing(self):
        self.add_mail(self.away)
        self.ask_for(self.member, by="phone")
        self.assertEqual(len(self.codes()), 1)
        self.good(self.ask("phone", "+81 90 1234 5678", foreign=True))
        self.sent_all()
        number, = [name for name in os.listdir(self.folder + "/sms") if "+819012345678" in self.read("sms/" + name)]
        self.good(self.confirm("phone", re.search("([0-9]{6})", self.read("sms/" + number).split("\n", 3)[3])[1]))
        before = len(os.listdir(self.folder + "/sms"))
        self.portal.sql("DELETE FROM recovery_contact WHERE kind = 'mail'")
        self.write_countries("82")
        self.ask_for(self.member, by="phone")
        self.decided()
        self.assertEqual(len(os.listdir(self.folder + "/sms")), before)
        self.write_countries("82, 81")
        self.ask_for(self.member, by="phone")
        self.decided()
        self.assertEqual(len(os.listdir(self.folder + "/sms")), before + 1)

    def read(self, name):
        with open("%s/%s" % (self.folder, name)) as f:
            return f.read()

    def write_countries(self, countries):
        path = self.folder + "/policy.conf"
        text = re.sub("(?m)^sms_countries = .*$", 'sms_countries = "%s"' % countries, self.read("policy.conf"))
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
        self.portal.reload()
        time.sleep(0.5)

    def test_a_weak_password_is_refused_with_the_reason_and_the_proof_stays(self):
        self.add_mail(self.away)
        proof = self.proof()
        for new, error in (("short", "password-too-short"), (self.member.split("@")[0] + "-abcdefgh", None)):
            answer = self.set(proof, new)
            self.assertEqual((answer.status, answer.json["field"]), (422, "new"), answer)
            self.assertEqual(error or answer.error, answer.error)
        self.assertEqual(self.password_of(self.member), "right")
        self.good(self.set(proof))

    def test_app_passwords_end_where_that_is_wished(self):
        self.add_mail(self.away)
        count = "SELECT COUNT(*) FROM app_password a JOIN member m ON m.id = a.member_id WHERE m.local = ?"
        local = self.member.split("@")[0]
        self.command("app-password", "create", self.member, "--label", "phone")
        self.good(self.set(self.proof()))
        self.assertEqual(self.portal.sql(count, local)[0][0], 1)
        self.good(self.set(self.proof(), OTHER, end=True))
        self.assertEqual(self.portal.sql(count, local)[0][0], 0)

    def command(self, *args):
        from portal import PortalTest
        return PortalTest.command.__func__(type(self), *args)

    def test_with_a_second_factor_it_takes_the_factor_too(self):
        self.add_mail(self.away)
        key, recovery = self.register()
        token = self.ask_for(self.member)
        entered = self.good(self.enter(token, self.codes()[-1]))
        self.assertTrue(entered["second_factor"])
        proof = entered["proof"]
        self.refused(self.set(proof), 403, "recovery-factor-needed")
        self.refused(self.stranger.post(PATH + "/factor", {"proof": proof, "code": "000000"}), 422, "wrong-code")
        self.refused(self.stranger.post(PATH + "/factor", {"proof": proof, "code": "AAAA-AAAA-AAAA-AAAA"}), 422,
                     "wrong-recovery-code")
        self.refused(self.set(proof), 403, "recovery-factor-needed")
        self.assertEqual(self.password_of(self.member), "right")
        self.good(self.stranger.post(PATH + "/factor", {"proof": proof, "code": totp(key, 1)}))
        self.good(self.set(proof))
        self.assertEqual(self.password_of(self.member), NEW)
        # The factor stays, and sign-in asks for it.
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(self.member, NEW).json["state"], "pending")
        proof = self.proof()
        self.good(self.stranger.post(PATH + "/factor", {"proof": proof, "code": recovery[0]}))
        self.good(self.set(proof, OTHER))
        self.portal.sql("DELETE FROM recovery_code_sent")
        self.refused(self.stranger.post(PATH + "/factor", {"proof": self.proof(), "code": recovery[0]}), 422,
                     "wrong-recovery-code")

    def test_without_the_setting_or_what_it_needs_there_is_nothing_of_it(self):
        session = self.stranger.session()
        self.assertEqual((session["password_recovery"], session["recovery_by_phone"]), (True, True))
        for extra in ("", "password_recovery = off\n"):
            self.switch_on(extra)
            self.portal.reload()
            try:
                wait_for(lambda: not self.stranger.session()["password_recovery"], TIMEOUT)
                for path, body in (("", {"user": self.member}), ("/code", {"token": "x", "code": "1"}),
                                   ("/factor", {"proof": "x", "code": "1"}),
                                   ("/new", {"proof": "x", "new": NEW, "end_app_passwords": False})):
                    self.refused(self.stranger.post(PATH + path, body), 404, "not-found")
            finally:
                self.switch_on()
                self.portal.reload()
                wait_for(lambda: self.stranger.session()["password_recovery"], TIMEOUT)


OF_ORIGIN = 100
OF_CONTACT = 3
TRIES = 5
FLOOR = 0.25


def welch(first, second):
    """Student's t of two samples whose variances differ."""
    errors = [statistics.variance(sample) / len(sample) for sample in (first, second)]
    return (statistics.mean(first) - statistics.mean(second)) / sum(errors) ** 0.5


class Attacks(Forgotten):
    def forget_limits_of_contacts(self):
        self.portal.sql("DELETE FROM recovery_code_sent")

    def forget_limits(self):
        self.forget_limits_of_contacts()
        self.portal.sql("DELETE FROM recovery_request")

    def test_the_answer_is_the_same_for_everyone_byte_for_byte_and_in_time(self):
        self.add_mail(self.away)
        plain = self.portal.browser()  # a member without a contact
        local = self.member.split("@")[0]
        names = {"contact": self.member, "nobody": "x" * len(local) + "@example.com", "elsewhere": local + "@example.org",
                 "blocked": "blocked%d@example.com" % self.members, "no address": "y" * len(self.member)}
        self.command("member", "add", names["blocked"])
        self.command("member", "set", names["blocked"], "active=off")
        times, looks = {group: [] for group in names}, set()
        for _ in range(25):
            self.forget_limits()
            for group in random.sample(sorted(names), len(names)):
                browser = self.portal.browser()
                begin = time.perf_counter()
                answer = browser.post(PATH, {"user": names[group]})
                times[group].append(time.perf_counter() - begin)
                token, = self.good(answer).values()
                looks.add((answer.body.replace(token.encode(), b"T"), len(token), tuple(sorted(
                    (name, value) for name, value in answer.headers.items() if name.lower() != "date"))))
        self.assertEqual(len(looks), 1, looks)
        self.assertEqual(plain.cookies, {})
        # What is done for a name is done after the answer, and the answer waits for a time that has nothing to do with it.
        self.assertGreaterEqual(min(min(sample) for sample in times.values()), FLOOR)
        for group, sample in times.items():
            with self.subTest(group):
                self.assertLess(abs(welch(times["contact"], sample)), 4.5, {g: statistics.mean(s) for g, s in times.items()})

    def test_wrong_codes_are_alike_for_everyone_in_bytes_and_in_time(self):
        self.add_mail(self.away)
        self.forget_limits()
        tokens = {"code sent": self.ask_for(self.member), "nobody": self.ask_for("nobody@example.com"), "no token": "x" * 43}
        self.decided()
        times, looks = {group: [] for group in tokens}, set()
        for _ in range(25):
            self.portal.sql("UPDATE recovery_request SET tries = 0")
            for group in random.sample(sorted(tokens), len(tokens)):
                begin = time.perf_counter()
                answer = self.enter(tokens[group], "00000000", self.portal.browser())
                times[group].append(time.perf_counter() - begin)
                self.wrong(answer)
                looks.add((answer.body, tuple(sorted((name, value) for name, value in answer.headers.items()
                                                     if name.lower() != "date"))))
        self.assertEqual(len(looks), 1, looks)
        self.assertGreaterEqual(min(min(sample) for sample in times.values()), FLOOR)
        for group, sample in times.items():
            with self.subTest(group):
                self.assertLess(abs(welch(times["code sent"], sample)), 4.5)

    def test_nothing_that_is_typed_becomes_a_header_or_another_recipient(self):
        self.add_mail(self.away)
        self.sent_all()
        before = sorted(self.portal.mails())
        for name in (self.member + "\r\nBcc: thief@evil.example", self.member + "\nBcc: thief@evil.example",
                     self.member + "\x00", self.member + ",thief@evil.example", self.member + " thief@evil.example",
                     "\"" + self.member + "\" <thief@evil.example>", self.member + "%0d%0aBcc:thief@evil.example",
                     self.member + "\u2028Bcc: thief@evil.example", "thief@evil.example," + self.member,
                     self.member + "@evil.example", "a" * 400, "@", "", "-oQ/tmp", self.member + "\u0000thief"):
            with self.subTest(name):
                answer = self.portal.browser().post(PATH, {"user": name})
                self.assertIn(answer.status, (200, 400), answer)
        for value in (["a"], {"address": self.member}, 1, None, True):
            self.assertEqual(self.portal.browser().post(PATH, {"user": value}).status, 400)
        self.assertEqual(self.portal.browser().post(PATH, {"user": self.member, "by": "fax"}).status, 400)
        self.ask_for("nobody@example.com", to=self.away, contact=self.away, member=self.member)
        self.decided()
        self.assertEqual(sorted(self.portal.mails()), before)
        # What the browser says of itself is shown to the contact: as text, in the body, on its line.
        browser = self.portal.browser()
        browser.AGENT = "Firefox/130.0 Bcc: thief@evil.example =?utf-8?Q?=0ABcc:thief@evil.example?= \xffCode: 11111111"
        browser.language = "en\tBcc"
        self.ask_for(self.member, browser)
        code, = self.codes()
        self.assertNotEqual(code, "11111111")
        _, text, message = self.mails(self.away)[-1]
        self.assertEqual(message.keys(), [name for name in message.keys() if name not in ("Bcc", "Cc", "Reply-To")])
        self.assertEqual([str(address) for address in message["To"].addresses], [self.away])
        self.assertNotIn("thief", message.as_string().split("\n\n", 1)[0])
        self.assertEqual(len(re.findall("(?m)^Code:", text)), 1)

    def test_many_members_from_one_address(self):
        self.add_mail(self.away)
        self.forget_limits()
        thief = self.portal.browser()
        names = ["list%d@example.com" % i for i in range(OF_ORIGIN)] + [self.member] * 20
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            tokens = list(pool.map(lambda name: self.ask_for(name, thief.copy_address()), names[:OF_ORIGIN]))
            # Those who come too late are told nothing of it.
            tokens += pool.map(lambda name: self.ask_for(name, thief.copy_address()), names[OF_ORIGIN:])
        self.assertEqual(len(set(tokens)), len(names))
        self.assertEqual(self.codes(), [])
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM recovery_request")[0][0], OF_ORIGIN)
        # Others are not hindered by it, and bombing a contact from everywhere sends three codes.
        for _ in range(OF_CONTACT + 3):
            self.ask_for(self.member, self.portal.browser())
        self.assertEqual(len(self.codes()), OF_CONTACT)
        self.assertEqual(len(set(self.codes())), OF_CONTACT)

    def test_guesses_end_with_the_token_and_wait_by_address(self):
        self.add_mail(self.away)
        token = self.ask_for(self.member)
        code, = self.codes()
        for guess in range(TRIES):
            self.wrong(self.enter(token, "%08d" % (int(code) ^ guess + 1), self.portal.browser()))
        self.wrong(self.enter(token, code, self.portal.browser()))
        thief = self.portal.browser()
        statuses = [self.enter("x" * 43, "00000000", thief).status for _ in range(20)]
        self.assertEqual(statuses[0], 422)
        self.assertEqual(statuses[-1], 429)
        # The right one of another browser is taken meanwhile.
        token = self.ask_for(self.member)
        self.good(self.enter(token, self.codes()[-1]))

    def test_of_two_tokens_the_newer_is_alive_and_none_is_used_twice(self):
        self.add_mail(self.away)
        first, thief = self.ask_for(self.member), self.portal.browser()
        old, = self.codes()
        second = self.ask_for(self.member, thief)
        new = self.codes()[-1]
        self.wrong(self.enter(first, old))
        self.wrong(self.enter(first, new))
        self.wrong(self.enter(second, old, thief))
        proof = self.good(self.enter(second, new, thief))["proof"]
        self.wrong(self.enter(second, new, thief))
        self.wrong(self.enter(proof, new, thief))
        self.refused(self.set(second), 403, "recovery-over")
        # Whoever enters another code ends the proof that was there; who asks for one does not.
        self.forget_limits_of_contacts()
        third = self.ask_for(self.member)
        newest = self.codes()[-1]
        self.refused(self.set(proof, "short"), 422, "password-too-short", field="new", number=8)
        self.good(self.enter(third, newest))
        self.refused(self.set(proof), 403, "recovery-over")
        self.assertEqual(self.password_of(self.member), "right")
        self.forget_limits()
        proof = self.proof()
        self.good(self.set(proof))
        self.refused(self.set(proof, OTHER), 403, "recovery-over")
        self.assertEqual(self.password_of(self.member), NEW)

    def test_of_two_who_have_a_proof_one_sets_the_password(self):
        self.add_mail(self.away)
        proof, wanted = self.proof(), [NEW, OTHER, "lantern:Gravel.27-fig", "saddle_Comet-61-elm"]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda new: self.portal.browser().post(
                PATH + "/new", {"proof": proof, "new": new, "end_app_passwords": False}), wanted))
        done = [new for new, answer in zip(wanted, answers) if answer.status == 200]
        self.assertEqual(len(done), 1, answers)
        self.assertEqual(self.password_of(self.member), done[0])
        for answer in answers:
            self.assertIn((answer.status, answer.error), {(200, None), (503, "password-later"), (403, "recovery-over")})

    def test_a_factor_that_is_registered_meanwhile_is_asked(self):
        self.add_mail(self.away)
        proof = self.proof()
        key, _ = self.register()
        self.refused(self.set(proof), 403, "recovery-factor-needed")
        self.assertEqual(self.password_of(self.member), "right")
        self.good(self.stranger.post(PATH + "/factor", {"proof": proof, "code": totp(key, 1)}))
        self.good(self.set(proof))

    def test_wrong_factors_are_counted_as_at_sign_in(self):
        self.add_mail(self.away)
        self.register()
        proof = self.proof()
        answers = [self.stranger.post(PATH + "/factor", {"proof": proof, "code": "000000"}) for _ in range(12)]
        self.assertEqual((answers[0].status, answers[-1].status), (422, 429), answers)
        self.refused(self.set(proof), 403, "recovery-factor-needed")

    def test_nothing_of_it_signs_in(self):
        self.add_mail(self.away)
        token = self.ask_for(self.member)
        entered = self.enter(token, self.codes()[-1])
        proof = self.good(entered)["proof"]
        changed = self.set(proof)
        self.good(changed)
        for answer in (entered, changed):
            self.assertEqual(answer.cookies, [])
        for secret in (token, proof):
            for cookie in ("__Host-session", "session"):
                browser = self.portal.browser()
                browser.cookies[cookie] = secret
                self.assertEqual(browser.state(), "none")
            answer = self.portal.browser().request("GET", "/api/account", headers={"Authorization": "Bearer " + secret})
            self.assertEqual(answer.status, 401)


class ByAdministrators(Forgotten):
    """Those who begin it see neither the contact, nor the link, nor the password."""

    def program(self):
        key = self.command("api-key", "add", "--role", "helpdesk", "--label", "desk", "--domains", "example.com")
        return Administrator(self.portal.browser(), key["key"])

    def run_command(self, *args):
        return subprocess.run([POSTLATCH, "-c", self.portal.dir + "/policy.conf", *args], capture_output=True, text=True)

    def begin(self, desk, **fields):
        return desk.post("/members/%s/password-recovery" % self.member, fields or None)

    def follow(self, link):
        return self.stranger.post(PATH + "/code", {"token": link})

    def links(self):
        self.decided()
        found = (re.search("/forgotten-password/link#([^ \n]+)", text) for _, text, _ in self.mails(self.away))
        return [link[1] for link in found if link]

    def test_a_member_is_sent_a_link_that_sets_a_new_password(self):
        self.add_mail(self.away)
        device = self.signed_in()
        answer = self.begin(self.program(), reason="asked by telephone")
        self.assertEqual(self.good(answer)["password_recovery"], "possible")
        link, = self.links()
        for secret in (link, self.away):
            self.assertNotIn(secret, json.dumps(answer.json))
        self.assertEqual(self.password_of(self.member), "right")
        self.assertEqual(device.state(), "authenticated")
        proof = self.good(self.follow(link))["proof"]
        self.wrong(self.follow(link))
        self.good(self.set(proof))
        self.assertEqual(self.password_of(self.member), NEW)
        (record,), = self.portal.sql("SELECT after FROM audit WHERE action = 'password-recovery.start' AND object = ?",
                                     self.member)
        self.assertIn("asked by telephone", record)

    def test_the_command_does_the_same(self):
        self.add_mail(self.away)
        self.assertEqual(self.command("member", "recover-password", self.member), {"begun": True})
        link, = self.links()
        self.good(self.follow(link))

    def test_a_second_factor_is_asked_all_the_same(self):
        self.add_mail(self.away)
        key, _ = self.register()
        self.good(self.begin(self.program()))
        proof = self.good(self.follow(self.links()[0]))["proof"]
        self.refused(self.set(proof), 403, "recovery-factor-needed")
        self.good(self.stranger.post(PATH + "/factor", {"proof": proof, "code": totp(key, 1)}))
        self.good(self.set(proof))

    def test_it_is_refused_where_no_link_can_be_sent(self):
        desk = self.program()
        self.refused(self.begin(desk), 409, "no-recovery-contact")
        self.assertEqual(self.good(desk.get("/members/" + self.member))["password_recovery"], "no-contact")
        for name in (self.member, "nobody@example.com"):
            run = self.run_command("member", "recover-password", name)
            self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
        self.add_mail(self.away)
        self.switch_on("")
        self.portal.reload()
        try:
            wait_for(lambda: not self.stranger.session()["password_recovery"], TIMEOUT)
            self.refused_while_it_is_off(desk)
        finally:
            self.switch_on()
            self.portal.reload()
            wait_for(lambda: self.stranger.session()["password_recovery"], TIMEOUT)

    def refused_while_it_is_off(self, desk):
        self.refused(self.begin(desk), 409, "password-recovery-off")
        self.assertEqual(self.run_command("member", "recover-password", self.member).returncode, 78)
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM recovery_request WHERE by_administrator = 1 AND waits = 1"),
                         [(0,)])

    def test_links_are_as_few_as_codes(self):
        self.add_mail(self.away)
        desk = self.program()
        for _ in range(5):
            self.good(self.begin(desk))
        # The code that confirmed the contact was one of them.
        self.assertEqual(len(self.links()), OF_CONTACT - 1)


if __name__ == "__main__":
    unittest.main()
