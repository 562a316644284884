"""A member's phone, as the portal sees it, and tests with members who have one."""
import hashlib
import time

from authenticator import Passkey, encode, run
from portal import FactorTest

STEP = "/api/sign-in/approval"
OFFER = "/api/sign-in/registration/approval"
AGAIN = "/api/account/reauthentication/approval"
LIST = "/api/account/phones"


class Phone:
    """A phone with a key of its own, which signs what it sends, and a lock, or None."""

    def __init__(self, portal):
        self.portal, self.browser, self.clock = portal, portal.browser(), 0
        self.key = Passkey(portal.url)
        self.lock = Passkey(portal.url)
        self.point = b"\x04" + run("ec", "-pubout", "-outform", "DER", data=self.key.key)[-64:]

    def signature(self, lines):
        """r and s, each of 32 bytes, of what openssl writes in DER."""
        der = self.key.sign("".join(line + "\n" for line in lines).encode())
        r_len = der[3]
        numbers = der[4:4 + r_len], der[6 + r_len:]
        return encode(b"".join(number[-32:].rjust(32, b"\0") for number in numbers))

    def lines(self, path, body):
        return ["postlatch-approval-1", self.portal.url, path] + ["%s=%s" % row for row in body.items()]

    def challenge(self, path, body):
        text = "".join(line + "\n" for line in self.lines(path, body))
        return {"challenge": encode(hashlib.sha256(text.encode()).digest()), "user_id": encode(bytes(32))}

    def send_with(self, what, lock, **fields):
        """With fields of the lock that lock(path, body) makes; the phone's own signature is right."""
        path = "/api/approve/" + what
        body = {"key": encode(self.point), "time": int(time.time()) + self.clock, **fields}
        body.update(lock(path, body))
        return self.browser.post(path, {**body, "signature": self.signature(self.lines(path, body))})

    def locked(self, path, body):
        """The fields of the lock, where there are any."""
        if self.lock is None:
            return {}
        if path.startswith("/api/approve/registration/"):
            answer = self.lock.make(self.challenge(path, body))
        elif path == "/api/approve/approve":
            answer = self.lock.prove(self.challenge(path, body), handle=bytes(32))
        else:
            return {}
        return {"lock_" + name: answer[name] for name in ("client_data", "authenticator_data", "signature") if name in answer}

    def body(self, path, **fields):
        body = {"key": encode(self.point), "time": int(time.time()) + self.clock, **fields}
        body.update(self.locked(path, body))
        return {**body, "signature": self.signature(self.lines(path, body))}

    def send(self, what, **fields):
        path = "/api/approve/" + what
        return self.browser.post(path, self.body(path, **fields))

    def waiting(self):
        return self.send("request").json["request"]


def register_another(portal, browser):
    """A phone of a member whose browser has proved a factor lately."""
    offer, phone = browser.post(LIST + "/registration").json, Phone(portal)
    claimed = phone.send("registration/code", institution=offer["institution"], user=offer["user"], code=offer["code"],
                         name="phone").json
    assert browser.post(LIST, {"number": claimed["number"]}).status == 200
    return phone


class PhoneTest(FactorTest):
    def claim(self, phone, offer, **changed):
        return phone.send("registration/code", **{
            "institution": offer["institution"], "user": offer["user"], "code": offer["code"], "name": "phone",
            **changed})

    def offered(self, browser=None, member=None):
        """What the browser shows of a member who is to register."""
        browser = browser or self.browser
        self.assertEqual(self.good(browser.sign_in(member or self.member))["next"], "offer")
        return self.good(browser.post(OFFER))

    def registered(self, browser=None, member=None):
        browser, phone = browser or self.browser, Phone(self.portal)
        claimed = self.good(self.claim(phone, self.offered(browser, member)))
        self.assertEqual(claimed["state"], "waiting")
        seen = self.good(browser.get(OFFER))
        self.assertEqual((seen["state"], seen["name"], seen["number"]), ("claimed", "phone", claimed["number"]))
        answer = self.good(browser.post(OFFER + "/confirm", {"number": seen["number"]}))
        self.assertEqual((answer["state"], len(answer["recovery_codes"])), ("authenticated", 10))
        self.assertEqual(self.good(phone.send("registration"))["state"], "registered")
        return phone

    def knock(self, member=None):
        """A browser that has entered the password, and asks the phone; and the number that it shows."""
        browser = self.portal.browser()
        answer = self.good(browser.sign_in(member or self.member))
        self.assertEqual((answer["next"], answer["factors"]), ("code", ["approval"]))
        self.portal.sql("UPDATE approval_request SET created_at = created_at - 1000, expires_at = expires_at - 1000")
        asked = self.good(browser.post(STEP))
        self.assertEqual(asked["state"], "open")
        return browser, asked["number"]

    def approve(self, phone, number):
        return phone.send("approve", request=phone.waiting()["id"], number=number)
