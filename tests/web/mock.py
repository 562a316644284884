#!/usr/bin/python3
"""A stand-in for the portal, so that the pages can be tried alone: mock.py [PORT]

It serves the pages with the real content security policy, checks origin, type and
CSRF token as the portal does, and keeps one small account per session. All passwords
are "secret" and all right codes "123456". What happens depends on the member; what stands behind a "+" only makes the name longer:

  code@      has a factor; its code is asked for
  lost@      the same, and has a recovery contact for an identity check
  offer@     has none, and may register later
  soon@      the same, until 1 March 2090
  must@      has none, and must register
  plain@     has none and leaves it out: in at once; changes want the password
  trusted@   has a factor and a trusted device: in at once; changes want a code
  required@  the same, but the administrator requires the factor
  unkept@    the same, but recovery codes were shown that nobody has kept
  off@       two-step verification is switched off for the member
  former@    the same, but an authenticator is still registered
  many@      like trusted@, with many devices signed in
  excused@   an administrator has left the factor out
  full@      like trusted@, with as many app passwords as there can be
  forbidden@ like trusted@, where app passwords are switched off
  forwarder@ like trusted@, with a forward of which one address is not confirmed
  sender@    like trusted@, with links to files: valid, extended, withdrawn and expired ones
  resting@   the same as forwarder@, where an administrator has switched forwarding off
  copier@    signed in at once; each look at a connection test shows one more attempt
  denied@    the right password, and yet not allowed

Prints its address when it listens.
"""
import http.server
import json
import os
import re
import secrets
import sys
import time

WEB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../web")
TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
         "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
PAGES = re.compile(r"/(sign-in|account)(/[a-z0-9-]+)*|/sign-out|/consent|/recovery-contact|/forgotten-password(/[a-z]+)?")
FILES = re.compile(r"/web/((?:[a-z]+/)?[a-z_-]+(?:\.[a-z]+)+)")
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
CODE = "123456"
FORGOTTEN_CODE = "12345678"
USED_CODE = "111111"
PASSWORD = "secret"
RECOVERY = ["abcd-efgh-ijkl-mno%d" % i for i in range(2, 8)] + ["qrst-uvwx-yz23-456%s" % c for c in "abcd"]
FIRST_STEP = {"code": "code", "lost": "code", "offer": "offer", "soon": "offer", "must": "register"}
LONG_IP = "2001:db8:85a3:8d3:1319:8a2e:370:7348"
DAY = 86400
SERVICES = ("imap", "pop3", "smtp", "sieve")
KINDS = [{"name": "mail", "services": list(SERVICES), "asks": []},
         {"name": "scanner", "services": ["smtp"], "asks": ["networks"]},
         {"name": "script", "services": list(SERVICES), "asks": ["services", "networks", "expires_at"]},
         {"name": "decoy", "services": list(SERVICES), "asks": []}]
MOST = 20
MAIL_SERVICES = [
    {"service": "imap", "port": 993, "encryption": "tls"}, {"service": "pop3", "port": 995, "encryption": "tls"},
    {"service": "smtp", "port": 465, "encryption": "tls"}, {"service": "smtp", "port": 587, "encryption": "starttls"},
    {"service": "sieve", "port": 4190, "encryption": "starttls"}]
# What holds for mail programs of some members, beside an app password.
MAIL_SETTINGS = {"plain": {"password": "account"}, "required": {"password": "account", "app_passwords": False},
                 "former": {"password": "none", "app_passwords": False, "oauth": False},
                 "forbidden": {"password": "none", "app_passwords": False}, "off": {"server": None, "services": []},
                 "excused": {"services": []}}


class Refused(Exception):
    def __init__(self, status, code, **more):
        super().__init__(code)
        self.status, self.body = status, dict(more, error=code)


def drawing():
    """Squares that look like a QR code."""
    dots = "".join("M%d %dh1v1h-1z" % (x, y) for x in range(33) for y in range(33)
                   if corner(x, y) or (not near_corner(x, y) and (x * 7 + y * 13 + x * y * 5 + (x ^ y)) % 3 == 0))
    return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 37 37"><path d="%s"/></svg>' % dots


def near_corner(x, y):
    return (x < 8 or x > 24) and (y < 8 or y > 24) and not (x > 24 and y > 24)


def corner(x, y):
    if not near_corner(x, y):
        return False
    x, y = (x if x < 8 else x - 26), (y if y < 8 else y - 26)
    ring = max(abs(x - 3), abs(y - 3))
    return ring in (0, 1, 3) and 0 <= x <= 6 and 0 <= y <= 6


class Session:
    def __init__(self, user):
        now = int(time.time())
        word = user.split("@")[0].split("+")[0]
        self.address = user if "@" in user else user + "@demo.test"
        self.next = FIRST_STEP.get(word)
        self.state = "pending" if self.next else "authenticated"
        self.csrf = secrets.token_urlsafe(32)
        self.recent = word == "code"
        self.registered = word in ("code", "lost", "trusted", "many", "required", "unkept", "former", "full", "forbidden", "forwarder", "resting",
                                   "sender", "stepper")
        self.codes = 10 if self.registered else 0
        self.kept = word != "unkept"
        self.registered_at = now - 40 * DAY
        self.two_factor = word not in ("off", "former")
        self.two_factor_requirement = {"must": "required", "required": "required", "stepper": "step_up"}.get(word, "optional")
        self.two_factor_mode, self.two_factor_mode_source = ("use", "built-in")
        if word == "excused":
            self.two_factor_mode = "skip"
        self.opted_out = False
        self.forbidden, self.app_passwords = word == "forbidden", app_passwords_of(word)
        self.forward = forward_of(word)
        self.links = links_of(word)
        self.recovery = recovery_of(word)
        self.test = ConnectionTest(shows=word == "copier")
        if word == "plain":
            self.opted_out = True
        self.devices = [
            {"id": 11, "name": "Windows 10, Chrome", "created_at": now - DAY, "used_at": now - 3600, "ip": "192.0.2.14",
             "expires_at": now + 29 * DAY, "current": True},
            {"id": 12, "name": "iPhone, Safari", "created_at": now - 9 * DAY, "used_at": now - 9 * DAY, "ip": LONG_IP,
             "expires_at": now + 21 * DAY, "current": False}]
        self.sessions = [
            {"id": 21, "name": "Windows 10, Chrome", "seen_at": now - 20, "created_at": now - 3600,
             "ip": "192.0.2.14", "current": True},
            {"id": 22, "name": "Linux, Firefox", "seen_at": now - 2 * DAY, "created_at": now - 3 * DAY,
             "ip": "198.51.100.7", "current": False},
            {"id": 23, "name": "iPhone, Safari", "seen_at": now - 4 * DAY, "created_at": now - 9 * DAY,
             "ip": LONG_IP, "current": False}]
        row = {"verified": False, "services": ["imap", "smtp"], "created_at": now - 40 * DAY, "seen_at": now - 600,
               "expires_at": now + 170 * DAY, "ip": LONG_IP, "used_service": "imap"}
        self.applications = [] if word == "plain" else [
            dict(row, id=51, name="Thunderbird"), dict(row, id=52, name="메일 앱", verified=True, used_service="")]
        if word == "many":
            self.sessions += [
                {"id": 31 + i, "name": ("Windows 10, Chrome", "회원 지원실 PC")[i % 2], "seen_at": now - (3 + i) * DAY,
                 "created_at": now - 20 * DAY, "ip": "203.0.113.%d" % (i + 1), "current": False} for i in range(8)]

    def status(self):
        pending = self.state == "pending"
        return {"state": self.state, "why": None, "recovery_kept": pending or self.kept, "address": self.address, "csrf": self.csrf,
                "next": self.next if pending else None, "name": "Postlatch",
                "required_from": "2090-03-01" if pending and self.address.startswith("soon") else None,
                "recovery": pending and self.codes > 0, "recovery_by_phone": pending and self.address.startswith("lost"),
                "identity_check": pending and self.registered and self.address.startswith("lost"), "factors": ["totp"] if pending and self.registered else [],
                "allowed_factors": ["totp"] if pending else [], "passkeys": False, "passkey_sign_in": False, "idle_minutes": 30, "webmail": "http://localhost/mail/",
                "password_change": not pending and not self.forbidden,
                "large_attachments": not pending and not self.forbidden,
                "recovery_contacts": not pending and self.recovery is not None,
                "recovery_consent": not pending and self.recovery is not None and self.recovery["decision"] is None}

    def mail_settings(self):
        return {"user": self.address, "server": "mail.demo.test", "password": "app", "app_passwords": True, "oauth": True,
                "services": MAIL_SERVICES, **MAIL_SETTINGS.get(self.address.split("@")[0], {})}

    def account(self):
        factor = {"registered": self.registered, "kinds": ["totp"] if self.registered else [], "allowed": ["totp"], "registered_at": self.registered_at if self.registered else None,
                  "registered_ip": "192.0.2.14" if self.registered else None, "recovery_codes": self.codes, "recovery_kept": self.kept}
        return {"address": self.address, "factor": factor,
                "last_access": {"at": int(time.time()) - DAY, "ip": LONG_IP, "device": "Windows 10, Chrome"} if self.registered else None, "two_factor": self.two_factor,
                "two_factor_requirement": self.two_factor_requirement, "two_factor_mode": self.two_factor_mode,
                "two_factor_mode_source": self.two_factor_mode_source, "opted_out": self.opted_out, "reauthenticated": self.recent,
                "devices": self.devices, "sessions": self.sessions}

    def activity(self, after):
        """Two pages, the second one short; of a member without a factor, nothing."""
        now = int(time.time())
        if not self.registered:
            return {"days": 30, "entries": [], "next": None}
        entries = [
            {"kind": "login", "refused": True, "service": "imap", "credential": "unknown", "label": "",
             "rule": "wrong-password", "times": 12, "ip": "203.0.113.9"},
            {"kind": "login", "refused": False, "service": "smtp", "credential": "app-password",
             "label": "사무실 복합기", "rule": "app-password", "times": 1, "ip": "192.0.2.80"},
            {"kind": "login", "refused": True, "service": "pop3", "credential": "account-password", "label": "",
             "rule": "client-password-never", "times": 1, "ip": LONG_IP},
            {"kind": "change", "action": "member.set", "by": "administrator", "label": "", "ip": "", "reason": "call 7",
             "before": "pop3=on client_password=inherit", "after": "pop3=off client_password=never_from_2027-03-01"},
            {"kind": "change", "action": "app-password.create", "by": "member", "label": "<b>phone</b>", "ip": "192.0.2.14",
             "before": "", "after": ""},
            {"kind": "change", "action": "session.open", "by": "member", "label": "Windows 10, Chrome", "ip": "192.0.2.14",
             "before": "", "after": ""},
            {"kind": "login", "refused": False, "service": "webmail", "credential": "account-password", "label": "",
             "rule": "second-factor-code", "times": 1, "ip": "192.0.2.14"},
            {"kind": "change", "action": "of-tomorrow", "by": "server", "label": "", "ip": "", "before": "", "after": ""},
            {"kind": "login", "refused": True, "service": "imap", "credential": "unknown", "label": "",
             "rule": "of-tomorrow", "times": 1, "ip": "192.0.2.14"}]
        if after == "5.6.7":
            entries = entries[1:2]
        for i, entry in enumerate(entries):
            at = now - (i + (100 if after else 1)) * 3600
            entry.update(id=i + (100 if after else 1), at=at, first_at=at - 1800)
        return {"days": 30, "entries": entries, "next": None if after else "5.6.7"}


CONSENT_TEXTS = {language: open("%s/../../conf.d/consent/1.%s.txt" % (os.path.dirname(os.path.abspath(__file__)), language)).read()
                 for language in ("en", "ko")}


def recovery_of(word):
    """A member who is asked, and one who has a contact that is being changed; of others, the operator has none."""
    now = int(time.time())
    if word not in ("asked", "contact"):
        return None
    none = {"value": "", "confirmed_at": 0, "asked": "", "due_at": 0}
    state = {"decision": None, "agreed": False, "contacts": {"mail": dict(none), "phone": dict(none)}}
    if word == "contact":
        state.update(decision={"decision": "agree", "text": 1, "sha256": "x", "language": "ko", "at": now - DAY,
                               "ip": "192.0.2.1", "device": "Windows 10, Chrome"}, agreed=True)
        state["contacts"]["mail"].update(value="a***@elsewhere.test", asked="b***@elsewhere.test", due_at=now + 3600)
        state["contacts"]["phone"].update(asked="+82***5678")
    return state


def recovery_answer(session, language="en"):
    return {"consent": {"number": 1, "language": language, "sha256": "x", "text": CONSENT_TEXTS[language]},
            "asks": session.recovery["decision"] is None, "phone_possible": True, "foreign_possible": True,
            "reauthenticated": session.recent, **session.recovery}


def post_recovery_decision(session, body):
    session.recovery.update(decision={"decision": body["decision"], "text": 1, "sha256": "x", "language": body["language"],
                                      "at": int(time.time()), "ip": "192.0.2.1", "device": ""},
                            agreed=body["decision"] == "agree")
    if body["decision"] != "agree":
        for contact in session.recovery["contacts"].values():
            contact.update(value="", asked="", due_at=0)
    return recovery_answer(session, body["language"])


def post_recovery_contact(session, body):
    if body["value"].endswith("@demo.test"):
        raise Refused(422, "contact-here")
    session.recovery["contacts"][body["kind"]]["asked"] = "*" + body["value"][-12:]
    return recovery_answer(session, body["language"])


def post_recovery_confirm(session, body):
    contact = session.recovery["contacts"][body["kind"]]
    if body["code"] != CODE:
        raise Refused(422, "wrong-contact-code")
    if contact["value"]:
        contact["due_at"] = int(time.time()) + DAY
    else:
        contact.update(value=contact["asked"], asked="", confirmed_at=int(time.time()))
    return recovery_answer(session, body["language"])


def post_recovery_cancel(session, body):
    session.recovery["contacts"][body["kind"]].update(asked="", due_at=0)
    return recovery_answer(session, body["language"])


def post_recovery_remove(session, body):
    session.recovery["contacts"][body["kind"]].update(value="", asked="", due_at=0)
    return recovery_answer(session, body["language"])


def app_password(number, label, **fields):
    now = int(time.time())
    return {"id": number, "kind": "mail", "label": label, "services": list(SERVICES), "networks": "", "expires_at": 0,
            "created_at": now - 30 * DAY + number, "last_used_at": 0, "last_used_ip": "", "last_used_service": "", **fields}


def app_passwords_of(word):
    """Those of a member, with each limit and each kind of last use."""
    now = int(time.time())
    if word == "full":
        return [app_password(number, "number %d" % number) for number in range(1, MOST + 1)]
    if word not in ("trusted", "former", "forbidden"):
        return []
    return [app_password(31, "Phone", last_used_at=now - 300, last_used_ip="198.51.100.7", last_used_service="imap"),
            app_password(32, "2\uce35 \ubcf5\ud569\uae30", kind="scanner", services=["smtp"], networks="192.0.2.0/24, 2001:db8:85a3::/48",
                         last_used_at=now - 2 * DAY, last_used_ip=LONG_IP, last_used_service="smtp"),
            app_password(33, "Phone"),
            app_password(34, "backup " + 16 * "x", kind="script", services=["imap", "sieve"], expires_at=now + 90 * DAY)]


def links_of(word):
    """Newest first; the list goes on after 20."""
    if word != "sender":
        return []
    now = int(time.time())
    file = {"id": 1, "name": "2026년 사업 계획서 최종_수정본.pdf", "size": 34567890, "scanned": True, "downloads": 3}
    row = {"subject": "Plans for 2027", "origin": "mail", "state": "valid", "made_at": now - 3 * DAY, "expires_at": now + 27 * DAY,
           "downloads_most": 100, "extended": False, "password": False, "files": [file]}
    return [dict(row, id=99, files=[file, dict(file, id=2, name="a_long_name_of_a_film_" + 20 * "x" + ".mp4", size=3 << 30,
                                               downloads=0)]),
            dict(row, id=98, subject="", extended=True),
            dict(row, id=97, subject="Photographs", state="withdrawn"),
            dict(row, id=96, subject="Minutes", state="expired", expires_at=now - DAY)] + [
                dict(row, id=95 - i, subject="Report %d" % i) for i in range(20)]


ROOM = {"stored": 3 << 30, "quota": 5 << 30, "left": 2 << 30, "days": 30}


def links(session, after=0):
    rows = [row for row in session.links if not after or row["id"] < after]
    return {"links": rows[:20], "next": rows[19]["id"] if len(rows) > 20 else None, **ROOM}


def link_of(session, body):
    row = next((row for row in session.links if row["id"] == body["id"]), None)
    if row is None:
        raise Refused(404, "not-found")
    if row["state"] != "valid":
        raise Refused(409, "link-over")
    return row


def post_link_extend(session, body):
    row = link_of(session, body)
    if row["extended"]:
        raise Refused(409, "link-over")
    row.update(extended=True, expires_at=row["expires_at"] + 30 * DAY)
    return {"link": row, **ROOM}


def post_link_password(session, body):
    row, password = link_of(session, body), body.get("password", "")
    if 0 < len(password) < 6:
        raise bad_field("password")
    row["password"] = bool(password)
    return {"link": row, **ROOM}


def post_link_withdraw(session, body):
    row = link_of(session, body)
    row["state"] = "withdrawn"
    return {"link": row, **dict(ROOM, stored=2 << 30, left=3 << 30)}


def forward_of(word):
    now = int(time.time())
    row = {"outside": True, "added_at": now - 9 * DAY, "confirmed_at": now - 9 * DAY}
    targets = [dict(row, id=61, address="me@elsewhere.example"),
               dict(row, id=62, address="a.very.long.local.part.of.an.address@mail.of.another.server.example", confirmed_at=0)]
    has = word in ("forwarder", "resting")
    return {"enabled": True, "keep_copy": True, "targets": targets if has else [], "most": 4, "differs": None,
            "refusal": "forwarding-off" if word == "resting" else None}


def post_forwarding(session, body):
    session.forward.update(body)
    return session.forward


def post_forwarding_target(session, body):
    address, targets = body["address"], session.forward["targets"]
    if "@" not in address:
        raise bad_field("address")
    if address == session.address:
        raise Refused(422, "forward-to-oneself")
    outside, now = not address.endswith("@demo.test"), int(time.time())
    targets.append({"id": 70 + len(targets), "address": address, "outside": outside, "added_at": now,
                    "confirmed_at": 0 if outside else now})
    return session.forward


def forwarding_target(session, body):
    row = next((row for row in session.forward["targets"] if row["id"] == body["id"]), None)
    if row is None:
        raise Refused(404, "not-found")
    return row


def post_forwarding_code(session, body):
    forwarding_target(session, body)
    return session.forward


def post_forwarding_confirm(session, body):
    if body["code"] != CODE:
        raise Refused(422, "wrong-forward-code")
    forwarding_target(session, body)["confirmed_at"] = int(time.time())
    return session.forward


def post_forwarding_remove(session, body):
    session.forward["targets"].remove(forwarding_target(session, body))
    return session.forward


def attempt(number, service, port, tls, mechanism, name, rule, allowed=False):
    return {"id": 100 + number, "at": int(time.time()), "service": service, "port": port, "tls": tls, "mechanism": mechanism,
            "name": name, "ip": LONG_IP if number % 2 else "192.0.2.77", "rule": rule, "allowed": allowed}


ATTEMPTS = [("smtp", 0, "yes", "LOGIN", "copier", "name-invalid"), ("smtp", 0, "none", "PLAIN", "copier@demo.test", "wrong-password"),
            ("imap", 993, "yes", "PLAIN", "copier@demo.test", "app-password-service"),
            ("smtp", 0, "yes", "LOGIN", "copier@demo.test", "app-password", True),
            ("smtp", 587, "TLSv1.2", "LOGIN", "copier@demo.test", "message", True),
            ("sieve", 4190, "yes", "PLAIN", "copier@demo.test", "a-new-rule")]


class ConnectionTest:
    def __init__(self, shows):
        self.end, self.shows, self.attempts = 0, shows, []

    def look(self, since=0):
        left = max(0, int(self.end - time.time()))
        if left and self.shows and len(self.attempts) < len(ATTEMPTS):
            self.attempts.append(attempt(len(self.attempts), *ATTEMPTS[len(self.attempts)]))
        return {"tested": self.end > 0, "seconds_left": left, "full": False,
                "attempts": [row for row in self.attempts if row["id"] > since]}


def post_connection_test(session, _body):
    session.test = ConnectionTest(session.test.shows)
    session.test.end = time.time() + 600
    return {"tested": True, "seconds_left": 600, "full": False, "attempts": []}


def post_connection_test_stop(session, _body):
    session.test.end = time.time()
    return dict(session.test.look(), attempts=session.test.attempts)


NOBODY = {"state": "none", "why": None, "recovery_kept": True, "address": None, "csrf": None, "next": None,
          "required_from": None, "name": "Postlatch", "recovery": False, "identity_check": False, "factors": [], "allowed_factors": [], "passkeys": False, "passkey_sign_in": False, "password_change": False,
          "large_attachments": False, "recovery_contacts": False, "recovery_consent": False,
          "password_recovery": True, "recovery_by_phone": True, "idle_minutes": 30, "webmail": None}


def post_forgotten(body):
    """Its token has the name, by which the other steps tell what the account has."""
    assert body.get("by", "mail") in ("mail", "phone")
    return {"token": body["user"].split("@")[0]}


def post_forgotten_code(body):
    if body["code"] != ("" if body["token"] == "link" else FORGOTTEN_CODE):
        raise Refused(422, "wrong-recovery")
    return {"proof": body["token"], "account": body["token"] + "@demo.test", "second_factor": body["token"] == "code"}


def post_forgotten_factor(body):
    if body["code"] not in (CODE, *RECOVERY):
        raise Refused(422, "wrong-code" if body["code"].isdigit() else "wrong-recovery-code")
    return {"proved": True}


def post_forgotten_password(body):
    if body["proof"] == "late":
        raise Refused(403, "recovery-over")
    if len(body["new"]) < 8:
        raise Refused(422, "password-too-short", field="new", number=8)
    return {"changed": True}


FORGOTTEN = {"/api/forgotten-password": post_forgotten, "/api/forgotten-password/code": post_forgotten_code,
             "/api/forgotten-password/factor": post_forgotten_factor, "/api/forgotten-password/new": post_forgotten_password}


def check_code(body):
    if body.get("code") == USED_CODE:
        raise Refused(422, "code-used")
    if body.get("code") != CODE:
        raise Refused(422, "wrong-code")


def authenticated(session, recent=True):
    session.state, session.recent = "authenticated", recent
    session.csrf = secrets.token_urlsafe(32)
    return session.status()


def post_code(session, body):
    check_code(body)
    return authenticated(session)


def post_recovery(session, body):
    if body["code"].replace("-", "") not in [code.replace("-", "") for code in RECOVERY]:
        raise Refused(422, "wrong-recovery-code")
    session.codes -= 1
    return authenticated(session)


def post_identity(session, body):
    return {"token": body["by"]}


def post_identity_code(session, body):
    if body["code"] != "12345678":
        raise Refused(422, "wrong-contact-code")
    return {"proof": body["token"]}


def post_identity_confirm(session, body):
    if body["code"] not in RECOVERY:
        raise Refused(422, "wrong-recovery-code")
    session.registered, session.codes, session.next = False, 0, "register"
    return session.status()


def post_registration(session, _body):
    return {"account": session.address, "issuer": "Postlatch", "svg": drawing(),
            "key": "TYIC A5YT 5Z2V JELN TL6P EHD7 2P27 202X"}


def confirmed(session, body):
    check_code(body)
    session.registered, session.codes, session.registered_at = True, len(RECOVERY), int(time.time())
    session.kept = False


def post_registration_confirm(session, body):
    confirmed(session, body)
    return dict(authenticated(session), recovery_codes=RECOVERY)


def post_later(session, _body):
    if session.next != "offer":
        raise Refused(403, "not-allowed")
    return authenticated(session, recent=False)


def post_reauthentication(session, body):
    if session.registered:
        check_code(body)
    elif body.get("password") != PASSWORD:
        raise Refused(401, "wrong-credentials")
    session.recent = True
    return session.account()


def post_verification(session, _body):
    return session.account()


def post_two_factor_mode(session, body):
    if session.two_factor_requirement != "optional":
        raise Refused(403, "not-allowed")
    session.opted_out = body["two_factor_mode"] == "skip"
    return session.account()


def post_account_confirm(session, body):
    confirmed(session, body)
    return dict(session.account(), recovery_codes=RECOVERY)


def post_factor_remove(session, body):
    check_code(body)
    session.registered, session.codes = False, 0
    return session.account()


def post_recovery_codes(session, _body):
    session.codes, session.kept = len(RECOVERY), False
    return dict(session.account(), recovery_codes=RECOVERY)


def post_recovery_codes_kept(session, _body):
    session.kept = True
    return session.account()


def post_device_remove(session, body):
    session.devices = [device for device in session.devices if device["id"] != body["id"]]
    return session.account()


def post_session_end(session, body):
    session.sessions = [row for row in session.sessions if row["id"] != body["id"]]
    return session.account()


def app_passwords(session, **more):
    refusal = None
    if session.forbidden:
        refusal = "app-passwords-off"
    elif not session.registered:
        refusal = "second-factor-needed" if session.two_factor else "second-factor-off"
    elif len(session.app_passwords) >= MOST:
        refusal = "too-many-app-passwords"
    return {"app_passwords": session.app_passwords, "most": MOST, "refusal": refusal, "kinds": KINDS,
            "reauthenticated": session.recent, **more}


def bad_field(name):
    return Refused(400, "bad-request", field=name)


def limits(body):
    """As of the portal, as far as the tests go."""
    if body.get("networks") == "home":
        raise bad_field("networks")
    if body.get("expires_at", time.time() + DAY) <= time.time():
        raise bad_field("expires_at")
    return {"networks": body.get("networks", ""), "expires_at": body.get("expires_at", 0)}


def post_app_password(session, body):
    refusal = app_passwords(session)["refusal"]
    if refusal:
        raise Refused(403, refusal)
    if not 1 <= len(body["label"]) <= 128 or "\u202e" in body["label"]:
        raise bad_field("label")
    kind = next(kind for kind in KINDS if kind["name"] == body["kind"])
    services = body["services"].split(",") if "services" in body else kind["services"]
    number = max([row["id"] for row in session.app_passwords], default=30) + 1
    session.app_passwords.append(app_password(number, body["label"], kind=body["kind"], services=services,
                                              created_at=int(time.time()), **limits(body)))
    return app_passwords(session, created={"id": number, "password": "abcd efgh ijkl mnop"})


def of_id(session, body):
    row = next((row for row in session.app_passwords if row["id"] == body["id"]), None)
    if row is None:
        raise Refused(404, "not-found")
    return row


def post_app_password_narrow(session, body):
    row, wanted = of_id(session, body), limits(body)
    if row["networks"] and not wanted["networks"]:
        raise Refused(422, "wider-limits")
    row.update(wanted, services=body["services"].split(","))
    return app_passwords(session)


def post_app_password_revoke(session, body):
    session.app_passwords.remove(of_id(session, body))
    return app_passwords(session)


def post_password(session, body):
    if body["old"] != "secret":
        raise Refused(401, "wrong-password", field="old")
    if len(body["new"]) < 8:
        raise Refused(422, "password-too-short", field="new", number=8)
    if body["new"] == "used before":
        raise Refused(422, "password-refused-because", field="new", reason="Used before.")
    return {"changed": True, "ended": body["end_others"]}


def post_profile(session, body):
    of_id(session, body)
    return {"url": "http://localhost/profile/x", "qr": drawing(), "expires_at": int(time.time()) + 300}


CONSENT = {"name": "Thunderbird", "verified": False, "returns_to": {"kind": "device"}, "mail": True, "identity": True,
           "services": ["imap", "pop3", "smtp", "sieve"]}


def get_consent(session):
    return dict(CONSENT, address=session.address)


def post_consent(session, body):
    if body["allow"] and not session.recent:
        raise Refused(403, "reauthentication-needed", by="code" if session.registered else "password")
    session.consent = body
    return {"continue": "/sign-out?%s" % ("agreed=" + body.get("services", "") if body["allow"] else "denied")}


def post_application_revoke(session, body):
    session.applications = [row for row in session.applications if row["id"] != body["id"]]
    return {"applications": session.applications}


def post_session_end_all(session, _body):
    session.sessions = [row for row in session.sessions if row["current"]]
    session.devices = []
    return session.account()


# path: state of the session, reauthentication needed, handler
ROUTES = {
    "/api/sign-in/code": ("pending", False, post_code),
    "/api/sign-in/recovery": ("pending", False, post_recovery),
    "/api/sign-in/identity": ("pending", False, post_identity),
    "/api/sign-in/identity/code": ("pending", False, post_identity_code),
    "/api/sign-in/identity/confirm": ("pending", False, post_identity_confirm),
    "/api/sign-in/registration": ("pending", False, post_registration),
    "/api/sign-in/registration/confirm": ("pending", False, post_registration_confirm),
    "/api/sign-in/later": ("pending", False, post_later),
    "/api/account/reauthentication": ("authenticated", False, post_reauthentication),
    "/api/account/verification": ("authenticated", True, post_verification),
    "/api/account/two-factor-mode": ("authenticated", True, post_two_factor_mode),
    "/api/account/registration": ("authenticated", True, post_registration),
    "/api/account/registration/confirm": ("authenticated", True, post_account_confirm),
    "/api/account/recovery-codes/kept": ("authenticated", False, post_recovery_codes_kept),
    "/api/account/factor/remove": ("authenticated", False, post_factor_remove),
    "/api/account/recovery-codes": ("authenticated", True, post_recovery_codes),
    "/api/account/connection-test": ("authenticated", False, post_connection_test),
    "/api/account/connection-test/stop": ("authenticated", False, post_connection_test_stop),
    "/api/account/devices/remove": ("authenticated", False, post_device_remove),
    "/api/account/app-passwords": ("authenticated", True, post_app_password),
    "/api/account/app-passwords/profile": ("authenticated", True, post_profile),
    "/api/account/app-passwords/narrow": ("authenticated", False, post_app_password_narrow),
    "/api/account/app-passwords/revoke": ("authenticated", False, post_app_password_revoke),
    "/api/consent": ("authenticated", False, post_consent),
    "/api/account/applications/revoke": ("authenticated", False, post_application_revoke),
    "/api/account/forwarding": ("authenticated", True, post_forwarding),
    "/api/account/forwarding/targets": ("authenticated", True, post_forwarding_target),
    "/api/account/forwarding/targets/code": ("authenticated", True, post_forwarding_code),
    "/api/account/forwarding/targets/confirm": ("authenticated", False, post_forwarding_confirm),
    "/api/account/forwarding/targets/remove": ("authenticated", False, post_forwarding_remove),
    "/api/account/links/extend": ("authenticated", False, post_link_extend),
    "/api/account/links/password": ("authenticated", False, post_link_password),
    "/api/account/links/withdraw": ("authenticated", False, post_link_withdraw),
    "/api/account/password": ("authenticated", True, post_password),
    "/api/account/recovery/decision": ("authenticated", False, post_recovery_decision),
    "/api/account/recovery/contact": ("authenticated", True, post_recovery_contact),
    "/api/account/recovery/confirm": ("authenticated", False, post_recovery_confirm),
    "/api/account/recovery/cancel": ("authenticated", False, post_recovery_cancel),
    "/api/account/recovery/remove": ("authenticated", False, post_recovery_remove),
    "/api/account/sessions/end": ("authenticated", False, post_session_end),
    "/api/account/sessions/end-all": ("authenticated", True, post_session_end_all),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sessions = {}

    def log_message(self, *_args):
        pass

    def answer(self, status, content, kind, headers=(), cache="no-store"):
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))),
                            ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"),
                            ("Referrer-Policy", "no-referrer"), ("Cache-Control", cache), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def answer_json(self, status, body, headers=()):
        self.answer(status, json.dumps(body).encode(), "application/json", headers)

    def cookie(self):
        for pair in self.headers.get("Cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == "__Host-postlatch" and value:
                return value
        return None

    def session(self):
        return self.sessions.get(self.cookie())

    def do_GET(self):
        path = self.path.split("?")[0]
        try:
            file = FILES.fullmatch(path)
            if PAGES.fullmatch(path):
                self.index()
            elif file:
                self.file(file[1])
            elif path == "/api/session":
                self.answer_json(200, self.status())
            elif path == "/api/account":
                self.answer_json(200, self.member("authenticated").account())
            elif path == "/api/account/phones":
                self.answer_json(200, {"phones": [], "possible": False, "most": 5})
            elif path == "/api/account/passkeys":
                self.answer_json(200, {"passkeys": [], "possible": False, "most": 20})
            elif path == "/api/account/app-passwords":
                self.answer_json(200, app_passwords(self.member("authenticated")))
            elif path == "/api/account/forwarding":
                self.answer_json(200, self.member("authenticated").forward)
            elif path == "/api/account/recovery":
                self.answer_json(200, recovery_answer(self.member("authenticated"),
                                                      self.path.partition("?language=")[2] or "en"))
            elif path == "/api/account/recovery/decisions":
                session = self.member("authenticated")
                self.answer_json(200, {"account": session.address, "decisions": [session.recovery["decision"]]})
            elif path == "/api/account/links":
                self.answer_json(200, links(self.member("authenticated"), int(self.path.partition("?after=")[2] or 0)))
            elif path == "/api/account/applications":
                self.answer_json(200, {"applications": self.member("authenticated").applications})
            elif path == "/api/consent":
                if "request=over" in self.path:
                    raise Refused(404, "consent-over")
                self.answer_json(200, get_consent(self.member("authenticated")))
            elif path == "/api/account/mail-settings":
                self.answer_json(200, self.member("authenticated").mail_settings())
            elif path == "/api/account/connection-test":
                since = int(self.path.partition("?since=")[2] or 0)
                self.answer_json(200, self.member("authenticated").test.look(since))
            elif path == "/api/account/activity":
                self.answer_json(200, self.member("authenticated").activity(self.path.partition("?after=")[2]))
            elif path == "/oauth2/authorize":
                self.answer(200, b"back at the webmail", "text/plain")
            else:
                raise Refused(404, "not-found")
        except Refused as refused:
            self.answer_json(refused.status, refused.body)

    def file(self, name):
        try:
            with open(os.path.join(WEB, name), "rb") as file:
                self.answer(200, file.read(), TYPES[name.rsplit(".", 1)[-1]], cache="max-age=3600")
        except (OSError, KeyError):
            raise Refused(404, "not-found") from None

    def status(self):
        session = self.session()
        return session.status() if session else dict(NOBODY, why=self.why())

    def index(self):
        language = re.split("[-,;]", self.headers.get("Accept-Language", ""))[0]
        state = json.dumps(self.status()).replace("<", "\\u003c")
        values = {"name": "Postlatch", "language": "ko" if language == "ko" else "en", "web": "/web",
                  "icon": "/web/icon.svg", "state": '<script type="application/json" id="state">%s</script>' % state}
        values["sheets"] = "".join('<link rel="stylesheet" href="/web/css/%s.css">' % name for name in ("base", "form"))
        if self.path.split("?")[0] in ("/", "/sign-in") and self.session() is None:
            values["first"] = " data-first"
        else:
            values["early"] = " hidden"
        if self.path.startswith("/account"):
            values["part"] = '<link rel="stylesheet" href="/web/css/account.css">'
        with open(os.path.join(WEB, "index.html"), encoding="utf-8") as file:
            text = re.sub("{{([a-z]+)}}", lambda placeholder: values.get(placeholder[1], ""), file.read())
        self.answer(200, text.encode(), TYPES["html"])

    def why(self):
        """Every session that is not known was ended; "expired" as a cookie makes it one that has run out."""
        return {None: None, "expired": "expired"}.get(self.cookie(), "ended")

    def member(self, state):
        session = self.session()
        if session and session.state == "authenticated" and state == "pending":
            raise Refused(409, "already-signed-in")
        if not session or session.state != state:
            raise Refused(401, "sign-in-again", why=self.why() or "signed-out")
        return session

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.headers.get("Origin") != "http://" + self.headers["Host"]:
                raise Refused(403, "foreign-origin")
            if text and self.headers.get("Content-Type") != "application/json":
                raise Refused(415, "unsupported-media-type")
            return self.post(json.loads(text or b"{}"))
        except Refused as refused:
            return self.answer_json(refused.status, refused.body)

    def post(self, body):
        if self.path == "/api/sign-in":
            return self.sign_in(body)
        if self.path == "/api/sign-out":
            self.check_csrf(self.session())
            cookie = "__Host-postlatch=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
            return self.answer_json(200, NOBODY, [("Set-Cookie", cookie)])
        if self.path in FORGOTTEN:
            return self.answer_json(200, FORGOTTEN[self.path](body))
        if self.path == "/api/recovery/stop":
            if body["token"] != "good":
                raise Refused(404, "contact-stop-over")
            return self.answer_json(200, {"stopped": True})
        if self.path not in ROUTES:
            raise Refused(404, "not-found")
        state, sensitive, handler = ROUTES[self.path]
        session = self.member(state)
        self.check_csrf(session)
        if sensitive and not session.recent:
            raise Refused(403, "reauthentication-needed", by="code" if session.registered else "password")
        return self.answer_json(200, handler(session, body))

    def check_csrf(self, session):
        if session and self.headers.get("X-CSRF-Token") != session.csrf:
            raise Refused(403, "csrf")

    def sign_in(self, body):
        if body.get("password") != PASSWORD:
            raise Refused(401, "wrong-credentials")
        if body["user"].startswith("denied"):
            raise Refused(403, "not-allowed")
        session, token = Session(body["user"]), secrets.token_urlsafe(32)
        self.sessions[token] = session
        cookie = "__Host-postlatch=%s; Path=/; Secure; HttpOnly; SameSite=Lax" % token
        self.answer_json(200, session.status(), [("Set-Cookie", cookie)])


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Browsers close connections at any time."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = Server(("127.0.0.1", port), Handler)
    print("http://localhost:%d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
