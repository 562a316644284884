"""Sign-in at the portal, as browsers and a webmail do it."""
import http.client
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "integration"))

from clients import TIMEOUT, connect, tls  # noqa: E402
from portal import Browser, totp  # noqa: E402
from roundcube import INBOX, Roundcube, host_of, shows_inbox  # noqa: E402

HOST = "portal.example.com"
REDIRECT = "https://webmail.example.com/battery"


def connect_by_tls(host):
    """To the web server of the site."""
    connection = http.client.HTTPSConnection(host, timeout=TIMEOUT, context=tls)
    connection.sock = tls.wrap_socket(connect(443), server_hostname=host)
    return connection


class TlsBrowser(Browser):
    """Reaches the portal through the site's web server."""

    def __init__(self):
        super().__init__(443, "https://" + HOST)

    def connect(self):
        return connect_by_tls(HOST)


class TlsRoundcube(Roundcube):
    """A Roundcube at a name of its own."""

    def __init__(self, url):
        super().__init__(443, url)

    def connect(self):
        return connect_by_tls(host_of(self.url))

    def through_portal(self, browser):
        """Its inbox, to which a browser with a session at the portal leads: "", or where it has ended."""
        to_portal = self.go(INBOX)
        if not isinstance(to_portal, str) or not to_portal.startswith(browser.url):
            return "does not lead to the portal: %s" % to_portal
        answer = browser.get(to_portal[len(browser.url):], origin=False)
        back = answer.headers.get("Location", "")
        if not back.startswith(self.url):
            return "the portal leads to %s" % (back or answer)
        inbox = self.go(back)
        return "" if shows_inbox(inbox) else "no inbox: %r" % inbox


def state(name, password):
    """What a sign-in with the account password gives: the session's state, or the refusal."""
    browser = TlsBrowser()
    answer = browser.sign_in(name, password)
    return browser.state() if answer.status == 200 else "%d" % answer.status


def put_off(name, password):
    """Signs in and registers no second factor yet: "", or the refusal."""
    browser = TlsBrowser()
    answer = browser.sign_in(name, password)
    answer = browser.post("/api/sign-in/later") if answer.status == 200 else answer
    return "" if answer.status == 200 and browser.state() == "authenticated" else repr(answer)


class Webmail:
    """A client of the portal, registered by the operator."""

    def __init__(self, site):
        self.secret = site.json("client", "add", "battery", "--redirect-uri", REDIRECT)["secret"]

    def post(self, path, **fields):
        form = urllib.parse.urlencode({"client_id": "battery", "client_secret": self.secret, **fields})
        return TlsBrowser().request("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"}, origin=False)

    def token(self, browser):
        """An access token for the session of a browser."""
        query = urllib.parse.urlencode({"response_type": "code", "client_id": "battery", "redirect_uri": REDIRECT,
                                        "scope": "openid email mail", "state": "s"})
        location = browser.get("/oauth2/authorize?" + query, origin=False).headers.get("Location", "")
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query).get("code", [""])[0]
        answer = self.post("/oauth2/token", grant_type="authorization_code", redirect_uri=REDIRECT, code=code)
        if answer.status != 200:
            raise AssertionError("%s, %r" % (location, answer))
        return answer.json["access_token"]


def right(answer):
    if answer.status != 200:
        raise AssertionError(repr(answer))
    return answer.json


def register(name, password):
    """Signs in and registers an authenticator: the browser, in which the session is whole then, and the key."""
    browser = TlsBrowser()
    right(browser.sign_in(name, password))
    key = right(browser.post("/api/sign-in/registration"))["key"]
    right(browser.post("/api/sign-in/registration/confirm", {"code": totp(key)}))
    return browser, key


def sign_in(name, password, key):
    """A browser whose session has given a code of the next period: the one of registration is used up."""
    browser = TlsBrowser()
    right(browser.sign_in(name, password))
    right(browser.post("/api/sign-in/code", {"code": totp(key, 1)}))
    return browser
