"""Members who sign in and write mail all the time, and what they were told."""
import collections
import json
import random
import threading
import time

import clients
from clients import IN, LATER, WRONG
from portal import STEP, totp

DOMAIN = "example.com"
RECIPIENT = "member12@" + DOMAIN

Event = collections.namedtuple("Event", "kind begun ended word said")


def password_of(number):
    return "pass-member%d" % number


def member(number):
    return "member%d@%s" % (number, DOMAIN)


class Load:
    """Each kind of sign-in has a thread, which goes on at once when it was answered. `on` runs a command on a machine."""

    def __init__(self, on):
        self.on = on
        self.events, self.threads, self.is_over = [], [], threading.Event()
        self.revoked, self.codes, self.mails = [], [], {}
        self.revocations_failed = 0

    def postlatch(self, machine, *words):
        run = self.on(machine, "postlatch", "--json", *words, check=False)
        return json.loads(run.stdout or "null") if run.returncode == 0 else None

    def prepare(self):
        self.app_passwords = {number: self.postlatch("front1", "app-password", "create", member(number))["password"]
                              for number in (1, 2, 3, 4, 11)}
        self.postlatch("front2", "member", "add", member(6))
        self.postlatch("front2", "member", "set", member(6), "pop3=off")
        self.keys = {number: self.register(number) for number in (7, 8)}

    def register(self, number):
        browser = clients.Visitor(member(number))
        for path, value in (("/api/sign-in", {"user": member(number), "password": password_of(number)}),
                            ("/api/sign-in/registration", None)):
            word, said, answer = browser.step(path, value)
            assert word == IN, said
        key = answer.json["key"]
        word, said, _ = browser.step("/api/sign-in/registration/confirm", {"code": totp(key)})
        assert word == IN, said
        return key

    def kinds(self):
        """What each thread does again and again; a name that begins with "right" must be let in."""
        for number, service in enumerate(("imap", "pop3", "submission", "sieve"), 1):
            yield "right app password, " + service, lambda n=number, s=service: self.mail_program(s, n, self.app_passwords[n])
        for service in ("imap", "submissions"):
            yield "right account password, " + service, lambda s=service: self.mail_program(s, 5, password_of(5))
        yield "right account password, webmail", lambda: self.browser(12, password_of(12))
        yield "wrong password, webmail", lambda: self.browser(9, "guess")
        yield "wrong password, imap", lambda: self.mail_program("imap", 9, "guess")
        yield "wrong password, submission", lambda: self.mail_program("submission", 9, "guess")
        yield "switched off, pop3", lambda: self.mail_program("pop3", 6, password_of(6))
        yield "revoked app password", self.revoked_password

    def mail_program(self, service, number, password):
        return clients.sign_in(service, member(number), password)

    def browser(self, number, password):
        return clients.Visitor(member(number)).step("/api/sign-in", {"user": member(number), "password": password})[:2]

    def revoked_password(self):
        if not self.revoked:
            time.sleep(1)
            return None
        return clients.sign_in(random.choice(list(clients.OPEN)), member(10), random.choice(self.revoked[-3:] + self.revoked))

    def note(self, kind, begun, result):
        self.events.append(Event(kind, begun, time.time(), *result))

    def repeat(self, kind, act):
        while not self.is_over.is_set():
            begun = time.time()
            result = act()
            if result is not None:
                self.note(kind, begun, result)
            time.sleep(0.2)

    def revoke(self):
        """One front end makes an app password, the other one revokes it. It counts from when that was confirmed."""
        front, other = random.sample(("front1", "front2"), 2)
        made = self.postlatch(front, "app-password", "create", member(10))
        if made is None:
            return
        while not self.is_over.is_set():
            if self.on(other, "postlatch", "app-password", "revoke", member(10), "--all", check=False).returncode == 0:
                self.revoked.append(made["password"])
                return
            self.revocations_failed += 1

    def sign_in_to_webmail(self, number, code):
        """Three browsers show the same code at once; what each was told."""
        browsers = [clients.Visitor(member(number)) for _ in range(3)]
        signed_in = [browser.step("/api/sign-in", {"user": member(number), "password": password_of(number)})
                     for browser in browsers]
        answers = [word for word, _, _ in signed_in if word != IN]
        threads = [threading.Thread(target=lambda b=browser: answers.append(b.step("/api/sign-in/code", {"code": code})[0]))
                   for browser, (word, _, _) in zip(browsers, signed_in) if word == IN]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.codes.append((number, code, answers))
        return answers

    def webmail(self, number):
        """A code is good once, so there is one sign-in in each step of 30 seconds. Where a browser had no answer, it may
        have used the code up all the same."""
        last = unsure = time.time() // STEP  # its code may have been used at the registration
        while not self.is_over.is_set():
            begun, step = time.time(), time.time() // STEP
            if step != last:
                answers = self.sign_in_to_webmail(number, totp(self.keys[number]))
                is_unsure, unsure = unsure == step, step if LATER in answers else unsure
                if IN in answers:
                    last = step
                word = IN if IN in answers else LATER if LATER in answers or is_unsure else WRONG
                self.note("right code, webmail", begun, (word, str(answers)))
            time.sleep(0.5)

    def write_mail(self):
        number = 0
        while not self.is_over.is_set():
            number += 1
            self.mails[number] = clients.send(member(11), self.app_passwords[11], RECIPIENT, number)
            time.sleep(0.2)

    def start(self):
        acts = [lambda kind=kind, act=act: self.repeat(kind, act) for kind, act in self.kinds()]
        acts += [lambda n=number: self.webmail(n) for number in self.keys] + [self.write_mail, self.revoke_on]
        self.threads = [threading.Thread(target=act, daemon=True) for act in acts]
        for thread in self.threads:
            thread.start()

    def revoke_on(self):
        while not self.is_over.is_set():
            self.revoke()
            time.sleep(2)

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(120)

