"""Phones are woken through push services: what a service is sent, and what becomes of its answers.

The service is a stand-in that listens with TLS on a public address, in a network namespace that has nothing but itself;
the sender is a real one, in the same namespace.
"""
import json
import os
import subprocess
import sys
import time

from authenticator import decode, run
from phone import PhoneTest
from server import wait_for

SERVICE, INSIDE = "push.example", "inside.push.example"
PUBLIC, PRIVATE = "203.0.113.7", "10.9.8.7"
SERVICES = "push.example, *.push.example"
ENDPOINT = "https://%s/wake/abc" % SERVICE

# In the namespace: DIR, then the sender. Each request becomes a file; "status" says what is answered.
STAND_IN = """
import http.server, json, os, ssl, sys, threading, time
folder = sys.argv[1]

class Service(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        asked = {"path": self.path, "body": body, "to": self.server.server_address[0], "fields": dict(self.headers.items())}
        name = "%s/push/%d" % (folder, time.time_ns())
        with open(name + ".new", "w") as f:
            json.dump(asked, f)
        os.rename(name + ".new", name + ".json")
        with open(folder + "/status") as f:
            status = f.read()
        self.send_response(int(status))
        if status[0] == "3":
            self.send_header("Location", "https://push.example/other")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(folder + "/cert.pem", folder + "/cert.key")
for address in ("203.0.113.7", "10.9.8.7"):
    server = http.server.ThreadingHTTPServer((address, 443), Service)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
open(folder + "/listens", "w").close()
sys.stdin.read()
"""
# Ends with the sender, which it becomes. A fresh machine may have neither of the two files, so /etc is a copy.
NAMESPACE = """
ip link set lo up && ip addr add 203.0.113.7/32 dev lo && ip addr add 10.9.8.7/32 dev lo &&
cp -a /etc "$1/etc" && mkdir -p "$1/etc/ssl/certs" && cp "$1/hosts" "$1/etc/hosts" &&
cp "$1/cert.pem" "$1/etc/ssl/certs/ca-certificates.crt" && mount --bind "$1/etc" /etc || exit
mkfifo "$1/end" && {{ {python} "$1/stand_in.py" "$1" <"$1/end" & }} && exec 9>"$1/end" || exit
while [ ! -e "$1/listens" ]; do sleep 0.05; done
shift && exec "$@"
"""


def read(path):
    with open(path) as f:
        return f.read()


class WebPush(PhoneTest):
    settings = {"web_push_services": SERVICES}

    @classmethod
    def start_sender(cls):
        cls.make_service()
        cls.portal.start_sender(wrap=("unshare", "--net", "--mount", "sh", "-c", NAMESPACE.format(python=sys.executable), "sh",
                                      cls.portal.dir))

    @classmethod
    def make_service(cls):
        folder = cls.portal.dir
        os.mkdir(folder + "/push")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=" + SERVICE, "-addext", "subjectAltName=DNS:%s,DNS:%s" % (SERVICE, INSIDE), "-days", "2",
                        "-keyout", folder + "/cert.key", "-out", folder + "/cert.pem"], check=True, capture_output=True)
        for name, text in (("stand_in.py", STAND_IN), ("hosts", "127.0.0.1 localhost\n%s %s\n%s %s\n" % (
                PUBLIC, SERVICE, PRIVATE, INSIDE))):
            with open(folder + "/" + name, "w") as f:
                f.write(text)

    def setUp(self):
        super().setUp()
        self.answer_with(201)
        for name in os.listdir(self.portal.dir + "/push"):
            os.unlink(self.portal.dir + "/push/" + name)

    def answer_with(self, status):
        with open(self.portal.dir + "/status.new", "w") as f:
            f.write(str(status))
        os.rename(self.portal.dir + "/status.new", self.portal.dir + "/status")

    def requests(self):
        folder = self.portal.dir + "/push/"
        return [json.loads(read(folder + name)) for name in sorted(os.listdir(folder)) if name.endswith(".json")]

    def endpoint(self):
        """What the portal knows of the member's phone."""
        (row,), = self.portal.sql("SELECT a.push_endpoint FROM approval_device a JOIN member m ON m.id = a.member_id WHERE "
                                  "m.local = ?", self.member.split("@")[0])
        return row

    def waiting(self):
        """How many messages to push services there are."""
        (count,), = self.portal.sql("SELECT COUNT(*) FROM outbox WHERE kind = 'push'")
        return count

    def woken(self, endpoint=ENDPOINT):
        phone = self.registered()
        self.assertTrue(self.good(phone.send("push-key"))["key"])
        self.good(phone.send("push", endpoint=endpoint))
        return phone

    def test_what_the_service_is_sent_names_nobody_and_is_signed_with_the_key_that_phones_are_told(self):
        phone = self.woken()
        key = self.good(phone.send("push-key"))["key"]
        self.assertEqual((len(decode(key)), decode(key)[0]), (65, 4))
        self.knock()
        wait_for(self.requests)
        asked, = self.requests()
        fields = {name.lower(): value for name, value in asked["fields"].items()}
        self.assertEqual((asked["path"], asked["body"], asked["to"]), ("/wake/abc", "", PUBLIC))
        self.assertEqual((fields["ttl"], fields["urgency"], fields["topic"]), ("120", "high", "approval"))
        self.assertNotIn(self.member.split("@")[0], str(asked))
        self.assertTrue(fields["authorization"].startswith("vapid t="), fields)
        token, told = fields["authorization"][len("vapid t="):].split(", k=")
        self.assertEqual(told, key)
        header, claims, signature = token.split(".")
        self.assertEqual(json.loads(decode(header)), {"typ": "JWT", "alg": "ES256"})
        claims_read = json.loads(decode(claims))
        self.assertEqual((claims_read["aud"], claims_read["sub"]), ("https://" + SERVICE, self.portal.url))
        self.assertTrue(time.time() < claims_read["exp"] <= time.time() + 86400)
        self.assertTrue(self.is_signed(key, header + "." + claims, decode(signature)))
        self.assertFalse(self.is_signed(key, header + "." + claims + "x", decode(signature)))
        wait_for(lambda: self.waiting() == 0)

    def is_signed(self, key, text, signature):
        """openssl's word: the point in its DER, and the two numbers as a sequence."""
        folder = self.portal.dir
        numbers = b"".join(b"\x02" + bytes([len(n)]) + n for n in (
            (b"\0" + half.lstrip(b"\0") if half.lstrip(b"\0")[0] & 0x80 else half.lstrip(b"\0"))
            for half in (signature[:32], signature[32:])))
        public = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + decode(key)
        for name, data in (("point", public), ("signature", b"\x30" + bytes([len(numbers)]) + numbers), ("text", text.encode())):
            with open("%s/%s" % (folder, name), "wb") as f:
                f.write(data)
        run("pkey", "-pubin", "-inform", "DER", "-in", folder + "/point", "-out", folder + "/point.pem")
        return subprocess.run(["openssl", "dgst", "-sha256", "-verify", folder + "/point.pem", "-signature",
                               folder + "/signature", folder + "/text"], capture_output=True).returncode == 0

    def test_every_phone_of_the_member_and_no_other_is_woken(self):
        self.woken()
        first = self.browser
        member, self.browser = self.member, self.portal.browser()
        type(self).members += 1
        self.member = "m%d@example.test" % self.members
        self.woken("https://push.example/wake/other")
        self.member, self.browser = member, first
        self.knock()
        wait_for(self.requests)
        time.sleep(1.5)
        self.assertEqual([asked["path"] for asked in self.requests()], ["/wake/abc"])

    def test_a_phone_that_the_service_does_not_know_is_forgotten_and_approves_all_the_same(self):
        phone = self.woken()
        for status in (404, 410, 403):
            with self.subTest(status=status):
                self.answer_with(status)
                self.good(phone.send("push", endpoint=ENDPOINT))
                browser, number = self.knock()
                wait_for(lambda: self.endpoint() == "")
                self.assertEqual(self.waiting(), 0)
                self.good(self.approve(phone, number))
                self.assertEqual(self.good(browser.post("/api/sign-in/approval/finish", {}))["state"], "authenticated")
        self.assertIn("of " + self.member, self.portal.sender_log())
        self.assertNotIn("wake/abc", self.portal.sender_log())

    def test_a_service_that_fails_is_asked_again_as_long_as_the_sign_in_waits(self):
        self.woken()
        self.answer_with(503)
        self.knock()
        wait_for(self.requests)
        wait_for(lambda: "push service did not take it, and it is tried again" in self.portal.sender_log())
        self.assertEqual((self.endpoint(), self.waiting()), (ENDPOINT, 1))
        (due, ends), = self.portal.sql("SELECT due_at - made_at, expires_at - made_at FROM outbox WHERE kind = 'push'")
        self.assertTrue(60 <= due < ends == 120, (due, ends))
        self.answer_with(201)
        self.portal.sql("UPDATE outbox SET due_at = 0 WHERE kind = 'push'")
        wait_for(lambda: self.waiting() == 0)
        self.assertEqual(len(self.requests()), 2)

    def test_a_redirection_is_not_followed(self):
        self.woken()
        self.answer_with(307)
        self.knock()
        wait_for(lambda: self.endpoint() == "")
        self.assertEqual([asked["path"] for asked in self.requests()], ["/wake/abc"])

    def test_a_name_that_stands_for_a_private_address_is_not_connected_to(self):
        self.woken("https://%s/wake" % INSIDE)
        self.knock()
        self.addCleanup(self.portal.sql, "DELETE FROM outbox WHERE kind = 'push'")
        wait_for(lambda: any(self.member in line and "tried again" in line for line in self.portal.sender_log().splitlines()))
        self.assertEqual(self.requests(), [])

    def test_addresses_that_are_none_of_a_service_are_refused(self):
        phone = self.woken()
        for endpoint in ("http://push.example/x", "https://elsewhere.example/x", "https://push.example:8443/x",
                         "https://user@push.example/x", "https://push.example", "https://push.example.evil.test/x",
                         "https://evilpush.example/x", "https://PUSH.example/x", "https://push.example/a b",
                         "https://push.example/#x", "https://push.example\\.evil.test/x", "https://127.0.0.1/x",
                         "https://push.example/\"", "ftp://push.example/x", "push.example/x"):
            with self.subTest(endpoint=endpoint):
                self.refused(phone.send("push", endpoint=endpoint), 422, "push-service")
        self.assertEqual(self.endpoint(), ENDPOINT)
        self.good(phone.send("push", endpoint="https://a.b.push.example/x?y=z"))
        self.good(phone.send("push", endpoint=""))
        self.assertEqual(self.endpoint(), "")

    def test_a_service_that_the_operator_has_taken_away_is_not_asked_any_more(self):
        phone = self.woken()
        self.portal.settings["web_push_services"] = ""
        self.portal.write_policy()
        self.addCleanup(self.give_service_back, phone)
        wait_for(lambda: self.good(phone.send("push-key"))["key"] is None)
        self.knock()
        wait_for(lambda: self.endpoint() == "")
        self.assertEqual(self.requests(), [])

    def give_service_back(self, phone):
        self.portal.settings["web_push_services"] = SERVICES
        self.portal.write_policy()
        wait_for(lambda: self.good(phone.send("push-key"))["key"])
        time.sleep(1.5)  # for the sender, which looks at the file once a second

    def test_only_a_registered_phone_says_where_it_is_woken(self):
        phone = self.woken()
        body = phone.body("/api/approve/push", endpoint=ENDPOINT)
        self.refused(phone.browser.post("/api/approve/push", {**body, "endpoint": "https://push.example/thief"}), 403,
                     "wrong-signature")
        self.assertEqual(self.endpoint(), ENDPOINT)

