"""Roundcube as a browser without scripts sees it: signing in by the portal, and an outage of the portal."""
import contextlib
import http.client
import re
import unittest
import urllib.parse

from dovecot import INTROSPECTS
from portal import Browser
from roundcube import INBOX, Roundcube, follow, shows_inbox
from server import ROOT, TIMEOUT, Server, wait_for

ALICE = "alice@demo.test"


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


def site(kind, name):
    """A browser at one of the two sites."""
    url = server.env[name + "_URL"]
    return kind(urllib.parse.urlsplit(url).port, url)


@contextlib.contextmanager
def changed(name, change):
    """A file in the server's /etc has another text meanwhile."""
    path = server.dir + "/etc/" + name
    with open(path) as f:
        before = f.read()
    try:
        write(path, change(before))
        yield
    finally:
        write(path, before)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


@contextlib.contextmanager
def submission_as_documented():
    """The demonstration lets members send mail without TLS."""
    with changed("postfix/master.cf", lambda text: text.replace("tls_security_level=may", "tls_security_level=encrypt")):
        server.reload()
        yield
    server.reload()


def roundcube_with(lines):
    """Its configuration has these lines in front of the last one, which includes the portal's."""
    def change(text):
        rest, last = text.rstrip("\n").rsplit("\n", 1)
        return "\n".join([rest, *lines, last, ""])
    return changed("roundcube/config.inc.php", change)


def hosts_in_document():
    with open(ROOT + "/doc/webmail.md") as f:
        lines = re.findall(r"^    (\$config\['smtp_.*)$", f.read(), re.M)
    return [line.replace(":587", ":" + server.env["SUBMISSION_PORT"]) for line in lines]


class Webmail(unittest.TestCase):
    def setUp(self):
        self.webmail, self.portal = site(Roundcube, "WEBMAIL"), site(Browser, "PORTAL")
        to_portal = self.webmail.go(INBOX)
        self.assertTrue(to_portal.startswith(self.portal.url), to_portal)
        self.assertEqual(follow(self.portal, to_portal).status, 200)
        self.portal.session()
        self.assertEqual(self.portal.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        self.assertEqual(self.portal.post("/api/sign-in/later").status, 200)
        self.first = self.webmail.go(follow(self.portal, to_portal))

    def test_signing_in_leads_to_the_inbox(self):
        self.assertTrue(shows_inbox(self.first), self.first)
        self.assertRegex(server.log("dovecot"), "imap-login: Info: Log[a-z ]*in: user=<%s>, method=XOAUTH2" % ALICE)

    def test_a_token_opens_mail_only_with_the_scope_for_it(self):
        redirect = "https://program.example.test/back"
        secret = server.json("client", "add", "program", "--redirect-uri", redirect)["secret"]
        client = {"client_id": "program", "redirect_uri": redirect}
        for scope, opens in (("openid email", False), ("openid mail", True)):
            with self.subTest(scope=scope):
                query = urllib.parse.urlencode({"response_type": "code", "scope": scope, **client})
                answer = self.portal.get("/oauth2/authorize?" + query, origin=False)
                code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)["code"][0]
                form = {"grant_type": "authorization_code", "code": code, "client_secret": secret, **client}
                token = self.portal.request("POST", "/oauth2/token", urllib.parse.urlencode(form), {
                    "Content-Type": "application/x-www-form-urlencoded"}, origin=False).json["access_token"]
                for mechanism in ("XOAUTH2", "OAUTHBEARER"):
                    self.assertEqual(server.imap_bearer(ALICE, token, mechanism)[0], opens, mechanism)

    def test_mail_is_sent(self):
        self.assertEqual(self.webmail.send("bob@demo.test", "sent by Roundcube"), "")
        wait_for(lambda: "sent by Roundcube" in server.mailbox("bob@demo.test"))

    def test_mail_is_sent_by_the_lines_of_the_document_and_not_without_them(self):
        def says(subject):
            return self.webmail.send("bob@demo.test", subject)
        # What Debian's configuration has. PHP looks at a changed file after some seconds.
        of_debian = ["$config['smtp_host'] = 'localhost:%s';" % server.env["SUBMISSION_PORT"]]
        with submission_as_documented():
            with roundcube_with(of_debian):
                wait_for(lambda: "SMTP" in says("not sent"))
            with roundcube_with(of_debian + hosts_in_document()):
                wait_for(lambda: says("sent as the document says") == "")
        wait_for(lambda: "sent as the document says" in server.mailbox("bob@demo.test"))

    def test_a_message_is_read(self):
        self.assertEqual(self.webmail.send(ALICE, "to be read", "A letter by Roundcube."), "")
        wait_for(lambda: "to be read" in self.webmail.subjects())
        self.assertIn("A letter by Roundcube.", self.webmail.read(self.webmail.subjects()["to be read"]))

    def test_log_out_ends_the_session_without_an_id_token_in_an_address(self):
        token = re.search(rb'"request_token":"(\w+)"', self.first.body).group(1).decode()
        away = self.webmail.go("?_task=logout&_token=" + token)
        self.assertTrue(away.startswith(self.portal.url + "/oauth2/end-session?"), away)
        self.assertNotIn("id_token", away)
        self.assertEqual(self.portal.state(), "none")
        self.assertTrue(follow(self.portal, away).startswith(self.webmail.url))

    def test_an_outage_of_the_portal_signs_nobody_out(self):
        start = server.kill_portal()
        try:
            answer = self.webmail.go(INBOX)
            self.assertNotIsInstance(answer, str, "to the sign-in page")
            self.assertEqual(b"Connection to storage server failed" in answer.body, INTROSPECTS)
        finally:
            start()
        wait_for(lambda: self.portal.get("/health").status == 204)
        wait_for(lambda: shows_inbox(self.webmail.go(INBOX)))


class PlacedBrowser(Browser):
    """It is at the address in place."""

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT, source_address=(self.place, 0))


class AllowedNetworks(unittest.TestCase):
    """A member may use webmail from some networks only."""

    INSIDE, OUTSIDE = "127.5.0.7", "127.6.0.7"

    def setUp(self):
        self.begin()
        self.addCleanup(self.allow, "inherit")
        self.allow("127.5.0.0/16,2001:db8::/32")

    def begin(self):
        """Browsers without cookies, in a place that is allowed."""
        self.webmail, self.portal = site(Roundcube, "WEBMAIL"), site(PlacedBrowser, "PORTAL")
        self.portal.place = self.INSIDE

    def allow(self, networks):
        server.postlatch("member", "set", ALICE, "webmail_allowed_networks=" + networks)

    def sign_in(self):
        self.portal.session()
        return self.portal.sign_in(ALICE, server.passwords[ALICE])

    def enter(self):
        """The inbox, or where the way ends."""
        self.begin()
        to_portal = self.webmail.go(INBOX)
        self.assertEqual(follow(self.portal, to_portal).status, 200)
        self.assertEqual(self.sign_in().status, 200)
        self.assertEqual(self.portal.post("/api/sign-in/later").status, 200)
        return self.webmail.go(follow(self.portal, to_portal))

    def test_a_browser_inside_enters_and_one_outside_does_not(self):
        self.assertTrue(shows_inbox(self.enter()))
        self.portal = site(PlacedBrowser, "PORTAL")
        self.portal.place = self.OUTSIDE
        answer = self.sign_in()
        self.assertEqual((answer.status, answer.json["error"]), (403, "webmail-network"))
        self.assertEqual(self.portal.state(), "none")

    def test_who_does_not_know_the_password_is_not_told(self):
        self.portal.place = self.OUTSIDE
        self.portal.session()
        answer = self.portal.sign_in(ALICE, "wrong")
        self.assertEqual((answer.status, answer.json["error"]), (401, "wrong-credentials"))

    def test_a_session_ends_at_the_next_click_and_is_good_again_later(self):
        self.assertTrue(shows_inbox(self.enter()))
        self.allow("127.6.0.0/16")
        self.assertFalse(shows_inbox(self.webmail.go(INBOX)))
        self.allow("127.5.0.0/16")
        self.assertTrue(shows_inbox(self.enter()))

    def test_a_browser_that_has_moved_gets_no_code(self):
        self.assertTrue(shows_inbox(self.enter()))
        self.portal.place = self.OUTSIDE
        to_portal = site(Roundcube, "WEBMAIL").go(INBOX)
        refused = follow(self.portal, to_portal)
        self.assertIn("error=access_denied", refused)
        self.assertIn("from%20this%20network", refused)

    def test_mail_programs_are_not_limited(self):
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])


if __name__ == "__main__":
    unittest.main()
