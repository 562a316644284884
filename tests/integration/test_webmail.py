"""Roundcube as a browser without scripts sees it: signing in by the portal, and an outage of the portal."""
import re
import unittest
import urllib.parse

from dovecot import INTROSPECTS
from portal import Browser
from server import Server, wait_for

ALICE = "alice@demo.test"
INBOX = "/?_task=mail"


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


class Site(Browser):
    """A browser at one of the two sites; it follows links within it."""

    def __init__(self, name):
        url = server.env[name + "_URL"]
        super().__init__(urllib.parse.urlsplit(url).port, url)

    def go(self, url):
        """The first answer that is a page, or leads to another site."""
        for _ in range(10):
            url = urllib.parse.urljoin(self.url + "/", url)
            if not url.startswith(self.url + "/"):
                return url
            answer = self.get(url[len(self.url):], origin=False, headers={"Host": self.url.partition("//")[2]})
            url = answer.headers.get("Location")
            if url is None:
                return answer
        raise AssertionError("it goes round in circles")


class Webmail(unittest.TestCase):
    def setUp(self):
        self.webmail, self.portal = Site("WEBMAIL"), Site("PORTAL")
        to_portal = self.webmail.go(INBOX)
        self.assertTrue(to_portal.startswith(self.portal.url), to_portal)
        self.assertEqual(self.portal.go(to_portal).status, 200)
        self.portal.session()
        self.assertEqual(self.portal.sign_in(ALICE, server.passwords[ALICE]).status, 200)
        self.assertEqual(self.portal.post("/api/sign-in/later").status, 200)
        self.first = self.webmail.go(self.portal.go(to_portal))

    def shows_inbox(self, answer):
        return not isinstance(answer, str) and answer.status == 200 and b'id="messagelist"' in answer.body

    def test_signing_in_leads_to_the_inbox(self):
        self.assertTrue(self.shows_inbox(self.first), self.first)
        self.assertRegex(server.log("dovecot"), "imap-login: Info: Log[a-z ]*in: user=<%s>, method=XOAUTH2" % ALICE)

    def test_mail_is_sent_as_the_document_says(self):
        compose = self.webmail.go("/?_task=mail&_action=compose").body.decode()
        def value(pattern):
            return re.search(pattern, compose).group(1)
        form = {"_token": value(r'"request_token":"(\w+)"'), "_task": "mail", "_action": "send",
                "_id": value(r'"compose_id":"(\w+)"'), "_from": value(r'(?s)name="_from".*?value="(\d+)"'), "_to": "bob@demo.test",
                "_subject": "sent by Roundcube", "_message": "words", "_is_html": "0"}
        self.webmail.request("POST", "/?_task=mail&_action=send", urllib.parse.urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded", "Host": self.webmail.url.partition("//")[2]}, origin=False)
        wait_for(lambda: "sent by Roundcube" in server.mailbox("bob@demo.test"))

    def test_log_out_ends_the_session_without_an_id_token_in_an_address(self):
        token = re.search(rb'"request_token":"(\w+)"', self.first.body).group(1).decode()
        away = self.webmail.go("/?_task=logout&_token=" + token)
        self.assertTrue(away.startswith(self.portal.url + "/oauth2/end-session?"), away)
        self.assertNotIn("id_token", away)
        self.assertEqual(self.portal.state(), "none")
        self.assertTrue(self.portal.go(away).startswith(self.webmail.url))

    def test_an_outage_of_the_portal_signs_nobody_out(self):
        start = server.kill_portal()
        try:
            answer = self.webmail.go(INBOX)
            self.assertNotIsInstance(answer, str, "to the sign-in page")
            self.assertEqual(b"Connection to storage server failed" in answer.body, INTROSPECTS)
        finally:
            start()
        wait_for(lambda: self.portal.get("/health").status == 204)
        wait_for(lambda: self.shows_inbox(self.webmail.go(INBOX)))


if __name__ == "__main__":
    unittest.main()
