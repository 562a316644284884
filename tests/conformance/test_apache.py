"""A page behind Apache's mod_auth_openidc, as Debian packages it, is for those who have signed in at the portal."""
import os
import secrets
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from oauth import Client
from portal import free_port, is_open, totp
from provider import Provider, Site
from server import TIMEOUT, wait_for

PAGE = "what only members see"

APACHE = """
ServerRoot %(dir)s
ServerName localhost
Listen 127.0.0.1:%(port)d
PidFile %(dir)s/pid
ErrorLog %(dir)s/error.log
LogLevel warn auth_openidc:info
DefaultRuntimeDir %(dir)s
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
DocumentRoot %(dir)s/htdocs
OIDCProviderMetadataURL %(issuer)s/.well-known/openid-configuration
OIDCCABundlePath %(certificate)s
OIDCClientID %(id)s
OIDCClientSecret %(secret)s
OIDCRedirectURI %(redirect)s
OIDCCryptoPassphrase %(passphrase)s
OIDCScope "openid email"
OIDCPKCEMethod S256
OIDCRemoteUserClaim email
OIDCRefreshAccessTokenBeforeExpiry 3590 logout_on_error
<Location /members>
    AuthType openid-connect
    Require valid-user
    Header set X-Member "expr=%%{REMOTE_USER}"
</Location>
"""


class Apache:
    """A web server with a folder of its own, which asks the portal who may see /members."""

    def __init__(self, portal):
        self.dir = tempfile.mkdtemp(prefix="postlatch-apache-", dir="/var/tmp")
        self.port = free_port()
        self.site = "http://localhost:%d" % self.port
        self.redirect = self.site + "/members/callback"
        client = Client(portal, "apache", redirect=self.redirect, logout=self.site + "/bye")
        os.chmod(self.dir, 0o755)
        os.makedirs(self.dir + "/htdocs/members")
        for name, text in (("members/page", PAGE), ("bye", "good bye")):
            with open("%s/htdocs/%s" % (self.dir, name), "w") as f:
                f.write(text)
        with open(self.dir + "/apache.conf", "w") as f:
            f.write(APACHE % {**vars(self), "issuer": portal.url, "certificate": portal.certificate, "id": client.id,
                              "secret": client.secret, "passphrase": secrets.token_hex(16)})
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/apache2", "-f", self.dir + "/apache.conf", "-DFOREGROUND"])
        wait_for(lambda: self.process.poll() is not None or is_open(self.port), TIMEOUT)
        assert self.process.poll() is None, self.log()
        return self

    def remove(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(TIMEOUT)
        shutil.rmtree(self.dir)

    def log(self):
        try:
            with open(self.dir + "/error.log", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return "apache2 has written no log"


class Members(Provider):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apache = Apache(cls.portal)
        cls.addClassCleanup(cls.apache.remove)
        cls.apache.start()

    def setUp(self):
        super().setUp()
        self.site = Site(self.apache.port)
        self.page = self.apache.site + "/members/page"

    def to_portal(self, answer):
        self.assertEqual(answer.status, 302, (answer, self.apache.log()))
        location = answer.headers["Location"]
        self.assertTrue(location.startswith(self.portal.url + "/oauth2/authorize?"), location)
        return location

    def back(self, location):
        """The page, to which the portal's answer leads."""
        self.assertTrue(location.startswith(self.apache.redirect + "?code="), location)
        answer = self.site.visit(location)
        self.assertEqual((answer.status, answer.headers["Location"]), (302, self.page), (answer, self.apache.log()))
        return self.shows_page()

    def shows_page(self):
        answer = self.site.visit(self.page)
        self.assertEqual((answer.status, answer.body.decode(), answer.headers["X-Member"]), (200, PAGE, self.member),
                         self.apache.log())

    def open_page(self):
        """With a second factor; its key."""
        key = self.register(self.signed_in(), "/api/account/registration")
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        self.portal.sql("UPDATE totp SET last_step = 0")
        continued, _ = self.asks_to_sign_in(self.leads(self.to_portal(self.site.visit(self.page))))
        self.assertEqual(self.browser.sign_in(self.member).json["state"], "pending")
        # The password alone leads nowhere.
        self.asks_to_sign_in(self.leads(continued))
        self.assertEqual(self.browser.post("/api/sign-in/code", {"code": totp(key)}).status, 200)
        self.back(self.leads(continued))
        return key

    def test_the_second_factor_opens_the_page_and_log_out_closes_it(self):
        self.open_page()
        away = self.site.visit(self.apache.redirect + "?logout=" + urllib.parse.quote(self.apache.site + "/bye", ""))
        self.assertEqual(away.status, 302, (away, self.apache.log()))
        self.assertIn("id_token_hint=", away.headers["Location"])
        self.assertEqual(self.leads(away.headers["Location"]), self.apache.site + "/bye")
        self.assertEqual(self.browser.state(), "none")
        self.asks_to_sign_in(self.leads(self.to_portal(self.site.visit(self.page))))

    def test_log_out_at_the_portal_closes_the_page_too(self):
        self.open_page()
        self.assertEqual(self.browser.post("/api/sign-out").status, 200)
        # Apache refreshes its tokens as configured, and takes a refusal for the end.
        wait_for(lambda: self.site.visit(self.page).status != 200, TIMEOUT)
        self.asks_to_sign_in(self.leads(self.to_portal(self.site.visit(self.page))))

    def test_who_has_a_session_already_is_not_asked_again(self):
        self.signed_in()
        self.back(self.leads(self.to_portal(self.site.visit(self.page))))

    def test_a_code_of_another_browser_opens_nothing(self):
        self.signed_in()
        location = self.leads(self.to_portal(self.site.visit(self.page)))
        self.site = Site(self.apache.port)
        answer = self.site.visit(location)
        self.assertNotIn(PAGE, answer.body.decode())
        self.to_portal(self.site.visit(self.page))


if __name__ == "__main__":
    unittest.main()
