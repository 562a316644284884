"""What mail programs are told, and profiles over links that work once: the portal's room setup."""
import base64
import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import os
import plistlib
import re
import shutil
import ssl
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from portal import JSON, POSTLATCH, Portal, PortalTest, free_port, is_open, secure
from server import ROOT, TIMEOUT, wait_for

AUTOCONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
PACC = "/.well-known/user-agent-configuration.json"
AUTODISCOVER = "/autodiscover/autodiscover.xml"
PROFILE = "application/x-apple-aspen-config"
POX = "http://schemas.microsoft.com/exchange/autodiscover/"
XML = {"Content-Type": "text/xml"}


def outlook(address, schema=POX + "outlook/responseschema/2006a"):
    """A request as Outlook sends it."""
    return ('<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="%soutlook/requestschema/2006"><Request>'
            "<EMailAddress>%s</EMailAddress><AcceptableResponseSchema>%s</AcceptableResponseSchema>"
            "</Request></Autodiscover>" % (POX, address, schema))


class Portals(PortalTest):
    settings = {"mail_server": "mail.example.com"}

    @classmethod
    def setUpClass(cls):
        cls.make_portal()
        cls.portal.init()
        cls.command("domain", "add", "example.test")
        cls.command("domain", "add", "alias.test", "alias_of=example.test")
        cls.command("domain", "add", "strict.test", "client_password=never", "pop3=off", "sieve=off",
                    "connected_applications=off")
        cls.command("domain", "add", "half.test", "client_password=until_second_factor")
        cls.command("domain", "add", "plain.test", "app_passwords=off")
        cls.command("domain", "add", "none.test", "app_passwords=off", "client_password=never",
                    "connected_applications=off")
        cls.command("domain", "add", "oauth.test", "app_passwords=off", "client_password=never")
        cls.command("domain", "add", "closed.test", "active=off")
        cls.portal.start()

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    @classmethod
    def command(cls, *args):
        run = subprocess.run([POSTLATCH, "-c", cls.portal.dir + "/policy.conf", "--json", *args], capture_output=True,
                             text=True)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def get(self, path, host=None, status=200):
        headers = {"Host": host} if host else {}
        answer = self.portal.browser().request("GET", path, headers=headers, origin=False)
        self.assertEqual(answer.status, status, answer)
        self.assertIsNone(secure(answer))
        return answer

    def signed_in(self, address):
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(address).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        return browser


class Settings(Portals):
    def settings_of(self, address):
        answer = self.signed_in(address).get("/api/account/mail-settings")
        self.assertEqual(answer.status, 200)
        return answer.json

    def test_a_member_sees_server_user_name_and_the_services_that_are_on(self):
        self.command("member", "add", "limited@example.test", "imap=off", "sieve=off")
        self.assertEqual(self.settings_of("limited@example.test"), {
            "user": "limited@example.test", "server": "mail.example.com", "password": "account", "app_passwords": True, "oauth": True, "services": [
                {"service": "pop3", "port": 995, "encryption": "tls"},
                {"service": "smtp", "port": 465, "encryption": "tls"},
                {"service": "smtp", "port": 587, "encryption": "starttls"}]})

    def test_where_the_account_password_is_not_accepted_it_is_an_app_password(self):
        self.assertEqual(self.settings_of("m@strict.test")["password"], "app")
        self.assertEqual(self.settings_of("m@half.test")["password"], "account")

    def test_where_app_passwords_are_off_there_may_be_no_password_at_all(self):
        self.assertEqual([self.settings_of("m@plain.test")[name] for name in ("password", "app_passwords")], ["account", False])
        self.assertEqual(self.settings_of("m@none.test")["password"], "none")

    def test_without_a_server_in_the_policy_file_there_is_nothing_to_type(self):
        portal = Portal(auth_socket=self.portal.dir + "/auth")
        self.addCleanup(portal.remove)
        portal.init().start()
        browser = portal.browser()
        browser.sign_in("m@example.test")
        browser.post("/api/sign-in/later")
        self.assertEqual(browser.get("/api/account/mail-settings").json,
                         {"user": "m@example.test", "server": None, "password": "account", "app_passwords": True,
                          "oauth": True, "services": []})
        self.assertEqual(browser.get(AUTOCONFIG + "?emailaddress=m@example.test").status, 404)
        self.assertEqual(browser.get(PACC, headers={"Host": "ua-auto-config.example.test"}).status, 404)


class Autoconfig(Portals):
    def config(self, address="m@example.test", path=AUTOCONFIG, host=None):
        answer = self.get(path + ("?emailaddress=" + address if address else ""), host)
        self.assertEqual(answer.headers["Content-Type"], "application/xml; charset=utf-8")
        return ElementTree.fromstring(answer.body)

    @staticmethod
    def servers(config, path):
        return [(server.get("type"), *(server.findtext(name) for name in ("hostname", "port", "socketType", "username")),
                 [way.text for way in server.findall("authentication")]) for server in config.findall(path)]

    def test_it_names_servers_ports_encryption_and_user_name(self):
        config = self.config()
        self.assertEqual((config.tag, config.get("version")), ("clientConfig", "1.2"))
        provider = config.find("emailProvider")
        self.assertEqual(provider.get("id"), "example.test")
        self.assertEqual([domain.text for domain in provider.findall("domain")], ["example.test"])
        self.assertEqual((provider.findtext("displayName"), provider.findtext("displayShortName")),
                         ("Postlatch", "Postlatch"))
        rest = ("%EMAILADDRESS%", ["OAuth2", "password-cleartext"])
        self.assertEqual(self.servers(config, "emailProvider/incomingServer"),
                         [("imap", "mail.example.com", "993", "SSL", *rest),
                          ("pop3", "mail.example.com", "995", "SSL", *rest)])
        self.assertEqual(self.servers(config, "emailProvider/outgoingServer"),
                         [("smtp", "mail.example.com", "465", "SSL", *rest),
                          ("smtp", "mail.example.com", "587", "STARTTLS", *rest)])
        self.assertEqual(self.servers(config, "setupServer"),
                         [("managesieve", "mail.example.com", "4190", "STARTTLS", *rest)])

    def test_the_oauth_server_is_named_where_programs_can_be_connected(self):
        url = self.portal.url
        self.assertEqual([(element.tag, element.text) for element in self.config().find("oAuth2")], [
            ("authURL", url + "/oauth2/authorize"), ("tokenURL", url + "/oauth2/token"), ("issuer", url),
            ("scope", "urn:ietf:params:oauth:scope:mail offline_access")])
        metadata = self.get("/.well-known/oauth-authorization-server").json
        self.assertEqual((metadata["authorization_endpoint"], metadata["token_endpoint"], metadata["issuer"]),
                         (url + "/oauth2/authorize", url + "/oauth2/token", url))
        strict, only = self.config("m@strict.test"), self.config("m@oauth.test")
        self.assertIsNone(strict.find("oAuth2"))
        self.assertEqual({way.text for way in strict.iter("authentication")}, {"password-cleartext"})
        self.assertEqual({way.text for way in only.iter("authentication")}, {"OAuth2"})

    def test_it_is_the_same_for_every_address_of_a_domain(self):
        self.command("member", "add", "known@example.test", "imap=off")
        first = self.get(AUTOCONFIG + "?emailaddress=known@example.test").body
        for address in ("unknown@example.test", "KNOWN@Example.Test", "x" * 64 + "@example.test"):
            self.assertEqual(self.get(AUTOCONFIG + "?emailaddress=" + address).body, first)
        for path in (AUTOCONFIG, WELL_KNOWN):
            for host in ("autoconfig.example.test", "AutoConfig.Example.Test:443", "example.test"):
                self.assertEqual(self.get(path, host).body, first)
        self.assertEqual(self.get(WELL_KNOWN + "?emailaddress=a@example.test", "elsewhere.test").body, first)

    def test_it_follows_the_policy_of_the_domain(self):
        config = self.config("m@strict.test")
        self.assertEqual([server[0] for server in self.servers(config, "emailProvider/incomingServer")], ["imap"])
        self.assertEqual(self.servers(config, "setupServer"), [])
        said = {domain: self.config("m@" + domain).findall("emailProvider/documentation/descr")
                for domain in ("example.test", "half.test", "strict.test", "plain.test")}
        english = {domain: texts[0].text for domain, texts in said.items()}
        self.assertIn("the account password, or with an app password", english["example.test"])
        self.assertIn("With two-step verification, sign in with an app password", english["half.test"])
        self.assertIn("the account password does not work", english["strict.test"])
        self.assertEqual(english["plain.test"], "Sign in with the account password")
        for texts in said.values():
            self.assertEqual([text.get("lang") for text in texts], ["en", "ko"])
        self.assertEqual(config.find("emailProvider/documentation").get("url"), self.portal.url + "/account/set-up")

    def test_an_alias_has_its_own_name_and_the_settings_of_its_domain(self):
        provider = self.config("m@alias.test").find("emailProvider")
        self.assertEqual((provider.get("id"), provider.findtext("domain")), ("alias.test", "alias.test"))

    def test_of_domains_that_are_not_known_or_not_active_nothing_is_told(self):
        for address in ("m@other.test", "m@closed.test", "m@none.test", "m", "@", "@example.test", "%20", "a%3Cb@example.test"):
            self.get(AUTOCONFIG + "?emailaddress=" + address, "127.0.0.1", status=404)
        for host in ("autoconfig.other.test", "autoconfig.", "localhost", "x" * 300 + ".test", "a b"):
            self.get(AUTOCONFIG, host, status=404)

    def test_addresses_without_end_are_refused(self):
        for length in (1100, 5000, 10240):
            answer = self.get(AUTOCONFIG + "?emailaddress=" + "x" * length + "@example.test", status=400)
            self.assertEqual(answer.error, "invalid_request")

    def test_the_operators_name_is_text(self):
        portal = Portal(portal_name="Mail & <Post> \\\"가\\\" with a name longer than twenty letters", **self.settings)
        self.addCleanup(portal.remove)
        portal.init().start()
        provider = ElementTree.fromstring(portal.browser().get(AUTOCONFIG + "?emailaddress=m@a.test").body)[0]
        self.assertEqual(provider.findtext("displayName"), 'Mail & <Post> "가" with a name longer than twenty letters')
        self.assertEqual(provider.findtext("displayShortName"), 'Mail & <Post> "가" wi')


class Pacc(Portals):
    def test_the_record_that_the_command_prints_is_the_digest_of_what_is_served(self):
        for domain in ("example.test", "strict.test", "alias.test"):
            body = self.get(PACC, "ua-auto-config." + domain).body
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            self.assertEqual(self.command("autoconfig", "digest", domain)["record"], "v=UAAC1; a=sha256; d=" + digest)

    def test_it_has_the_services_with_the_ports_that_programs_take_for_granted(self):
        answer = self.get(PACC, "ua-auto-config.example.test")
        self.assertEqual(answer.headers["Content-Type"], JSON)
        host = {"host": "mail.example.com"}
        self.assertEqual(answer.json, {
            "protocols": {"imap": host, "pop3": host, "submit": host}, "authentication": {"password": True, "oauth-public": {"issuer": self.portal.url}},
            "info": {"provider": {"name": "Postlatch"}, "help": {"documentation": self.portal.url + "/account/set-up"}}})
        strict = self.get(PACC, "ua-auto-config.strict.test").json
        self.assertEqual((set(strict["protocols"]), strict["authentication"]), ({"imap", "submit"}, {"password": True}))
        self.assertFalse(self.get(PACC, "ua-auto-config.oauth.test").json["authentication"]["password"])

    def test_of_other_domains_nothing_is_told(self):
        for host in (None, "ua-auto-config.other.test", "ua-auto-config.closed.test"):
            self.get(PACC, host, status=404)


class Autodiscover(Portals):
    def post(self, body, path=AUTODISCOVER, kind="text/xml"):
        return self.portal.browser().request("POST", path, body, {"Content-Type": kind}, origin=False)

    def answer(self, body, **options):
        answer = self.post(body, **options)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/xml; charset=utf-8"), answer)
        self.assertIsNone(secure(answer))
        return ElementTree.fromstring(answer.body)

    def error(self, body):
        return self.answer(body).findtext("./{*}Response/{*}Error/{*}ErrorCode")

    def protocols(self, root):
        schema = "{%soutlook/responseschema/2006a}" % POX
        self.assertEqual(root.tag, "{%sresponseschema/2006}Autodiscover" % POX)
        account = root.find(schema + "Response/" + schema + "Account")
        self.assertEqual((account.findtext(schema + "AccountType"), account.findtext(schema + "Action")),
                         ("email", "settings"))
        names = ("Type", "Server", "Port", "Encryption", "SSL", "LoginName", "SPA", "AuthRequired")
        return [tuple(protocol.findtext(schema + name) for name in names)
                for protocol in account.findall(schema + "Protocol")]

    def test_outlook_gets_servers_ports_and_user_name(self):
        end = ("on", "m@example.test", "off", "on")
        wanted = [("IMAP", "mail.example.com", "993", "SSL", *end), ("POP3", "mail.example.com", "995", "SSL", *end),
                  ("SMTP", "mail.example.com", "465", "SSL", *end)]
        for path in (AUTODISCOVER, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml"):
            self.assertEqual(self.protocols(self.answer(outlook("m@example.test"), path=path)), wanted)
        body = outlook("m@example.test").replace("utf-8", "utf-16").encode("utf-16")
        self.assertEqual(self.protocols(self.answer(body, kind="application/xml; charset=utf-16")), wanted)

    def test_it_follows_the_domain_and_is_the_same_for_every_address(self):
        types = [protocol[0] for protocol in self.protocols(self.answer(outlook("m@strict.test")))]
        self.assertEqual(types, ["IMAP", "SMTP"])
        self.command("member", "add", "there@example.test", "imap=off")
        bodies = {self.post(outlook(name + "@example.test")).body.replace(name.encode(), b"") for name in ("there", "not")}
        self.assertEqual(len(bodies), 1)

    def test_what_cannot_be_answered_has_the_code_that_outlook_knows(self):
        self.assertEqual(self.error(outlook("m@other.test")), "500")
        self.assertEqual(self.error(outlook("m@closed.test")), "500")
        self.assertEqual(self.error(outlook("nobody")), "500")
        self.assertEqual(self.error(outlook("m@example.test", POX + "mobilesync/responseschema/2006")), "601")
        self.assertEqual(self.error(outlook("m@oauth.test")), "601")

    def test_what_is_not_such_a_request_is_refused(self):
        laughs = "".join('<!ENTITY a%d "%s">' % (i, "&a%d;" % (i - 1) * 10) for i in range(1, 10))
        for body in ("", "x", "<a>", "{}", outlook("m@example.test")[:-3], outlook(""), outlook("<b>m</b>@example.test"),
                     outlook("m@example.test") + "<x/>", outlook("</EMailAddress><EMailAddress>"),
                     outlook("a@b.test</EMailAddress><EMailAddress>m@example.test"), outlook("x" * 2000 + "@a.test"),
                     '<!DOCTYPE a [<!ENTITY a0 "ha">%s]>' % laughs + outlook("&a9;@example.test").split("?>")[1],
                     '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + outlook("&x;").split("?>")[1],
                     '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x">' + outlook("m@example.test").split("?>")[1],
                     "<a>" * 3000 + "</a>" * 1000, b"\xff\xfe\xff", outlook("m@example.test").encode() + b"\0"):
            self.assertEqual(self.error(body), "600", body[:100])
        self.assertEqual(self.post("<a>" + "x" * 20000).status, 413)


class WithAppPassword(Portals):
    """The member is signed in, and has an app password that the page has just shown."""

    def setUp(self):
        self.address = "p%s@example.test" % self.id().split(".")[-1].replace("_", "")[:40]
        self.browser = self.signed_in(self.address)
        self.made = self.app_password(self.address)

    def app_password(self, address, *options):
        return self.command("app-password", "create", address, "--label", "phone & <tablet>", *options)

    def ask(self, made=None, browser=None, **fields):
        made = made or self.made
        return (browser or self.browser).post("/api/account/app-passwords/profile",
                                              {"id": made["id"], "password": made["password"], **fields})

    def link(self, **options):
        answer = self.ask(**options)
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.json["url"].startswith(self.portal.url + "/profile/pl_pf_"), answer)
        return answer.json["url"][len(self.portal.url):]

    def open(self, path, language="en", method="GET"):
        """By another device, which is signed in nowhere."""
        answer = self.portal.browser(language=language).request(method, path, origin=False)
        self.assertIsNone(secure(answer))
        return answer

    def file_of(self, link):
        page = self.open(link)
        self.assertEqual(page.status, 200)
        return re.search('href="(/profile/[^"]*)"', page.body.decode()).group(1)

    def profile(self, made=None):
        answer = self.open(self.file_of(self.link(made=made)))
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, PROFILE), answer)
        return plistlib.loads(answer.body)

    def gone(self, path):
        answer = self.open(path)
        self.assertEqual(answer.status, 410)
        self.assertIn("This link does not work any more", answer.body.decode())
        self.assertIn("더 이상 사용할 수 없습니다", self.open(path, "ko").body.decode())


class Profiles(WithAppPassword):
    def test_the_profile_sets_up_the_account_with_the_app_password(self):
        profile = self.profile()
        self.assertEqual((profile["PayloadType"], profile["PayloadVersion"]), ("Configuration", 1))
        self.assertIn("phone & <tablet>", profile["PayloadDescription"])
        account, = profile["PayloadContent"]
        password = self.made["password"].replace(" ", "")
        self.assertEqual({name: value for name, value in account.items() if "UUID" not in name}, {
            "PayloadType": "com.apple.mail.managed", "PayloadVersion": 1,
            "PayloadIdentifier": profile["PayloadIdentifier"] + ".account",
            "EmailAccountType": "EmailTypeIMAP", "EmailAccountDescription": "Postlatch", "EmailAddress": self.address,
            "IncomingMailServerAuthentication": "EmailAuthPassword", "IncomingMailServerHostName": "mail.example.com",
            "IncomingMailServerPortNumber": 993, "IncomingMailServerUseSSL": True,
            "IncomingMailServerUsername": self.address, "IncomingPassword": password,
            "OutgoingMailServerAuthentication": "EmailAuthPassword", "OutgoingMailServerHostName": "mail.example.com",
            "OutgoingMailServerPortNumber": 465, "OutgoingMailServerUseSSL": True,
            "OutgoingMailServerUsername": self.address, "OutgoingPassword": password})

    def test_a_new_profile_replaces_the_one_that_a_device_has(self):
        first, again = self.profile(), self.profile()
        other = self.profile(self.app_password(self.address))
        uuids = [[profile["PayloadUUID"], profile["PayloadContent"][0]["PayloadUUID"]] for profile in (first, again, other)]
        self.assertEqual(uuids[0], uuids[1])
        self.assertEqual(len({*uuids[0], *uuids[2]}), 4)
        for uuid in uuids[0]:
            self.assertRegex(uuid, "^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$")
        self.assertEqual(len({profile["PayloadIdentifier"] for profile in (first, again, other)}), 1)
        neighbour = "n" + self.address
        browser = self.signed_in(neighbour)
        answer = self.ask(made=self.app_password(neighbour), browser=browser).json["url"][len(self.portal.url):]
        theirs = plistlib.loads(self.open(self.file_of(answer)).body)
        self.assertNotEqual(theirs["PayloadIdentifier"], first["PayloadIdentifier"])

    def test_a_link_works_once(self):
        link = self.link()
        file = self.file_of(link)
        self.assertEqual(self.open(file).status, 200)
        for path in (link, file):
            self.gone(path)

    def test_what_looks_at_the_link_or_asks_for_the_head_alone_does_not_use_it_up(self):
        link = self.link()
        for _ in range(3):
            page = self.open(link)
            self.assertNotIn(self.made["password"].replace(" ", ""), page.body.decode())
            self.assertEqual(self.open(self.file_of(link), method="HEAD").status, 200)
        self.assertEqual(self.open(self.file_of(link)).status, 200)

    def test_one_of_many_who_come_at_once_gets_it(self):
        file = self.file_of(self.link())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = sorted(answer.status for answer in pool.map(self.open, [file] * 16))
        self.assertEqual(statuses, [200] + [410] * 15)

    def test_its_time_is_five_minutes(self):
        link = self.link()
        self.portal.sql("UPDATE profile_link SET expires_at = expires_at - 299")
        file = self.file_of(link)
        self.portal.sql("UPDATE profile_link SET expires_at = expires_at - 2")
        for path in (link, file):
            self.gone(path)

    def test_links_that_are_guessed_lead_nowhere(self):
        link = self.link()
        for path in (link[:-1], link + "x", "/profile/x", link.replace("pl_pf_", "pl_ss_"), "/profile/" + link[9:].upper(),
                     "/profile/%27%20OR%201=1", "/profile/" + "x" * 64):
            self.gone(path)
            self.gone(path + "/mail.mobileconfig")
        self.assertEqual(self.open("/profile/" + "x" * 65).status, 404)
        self.assertEqual(self.open(link + "/other.mobileconfig").status, 404)

    def test_another_link_ends_the_first_and_so_does_a_revocation(self):
        first = self.link()
        second = self.link()
        self.gone(first)
        self.assertEqual(self.open(second).status, 200)
        self.command("app-password", "revoke", self.address, str(self.made["id"]))
        self.gone(second)

    def test_the_database_does_not_show_the_password_that_waits(self):
        self.link()
        password = self.made["password"].replace(" ", "").encode()
        row, = self.portal.sql("SELECT digest, sealed FROM profile_link ORDER BY expires_at DESC LIMIT 1")
        self.assertNotIn(password, row[1])
        for name in os.listdir(self.portal.dir):
            if name.startswith("postlatch.db"):
                with open(self.portal.dir + "/" + name, "rb") as f:
                    self.assertNotIn(password, f.read())

    def test_only_the_members_own_app_password_gets_a_link(self):
        other = self.app_password("other@example.test")
        wrong = {"id": self.made["id"], "password": "abcd efgh ijkl mnop"}
        for made in (wrong, {**other, "id": self.made["id"]}, {**self.made, "id": other["id"]}, other,
                     {**self.made, "id": 10 ** 9}, {**self.made, "password": "right"}):
            answer = self.ask(made=made)
            self.assertEqual((answer.status, answer.error), (404, "not-found"), made)
        self.assertEqual(self.ask(made={"id": self.made["id"], "password": self.made["password"].upper()}).status, 200)

    def test_what_the_app_password_or_the_policy_does_not_allow_is_left_out(self):
        sends = self.app_password(self.address, "--services", "smtp")
        answer = self.ask(made=sends)
        self.assertEqual((answer.status, answer.error), (409, "no-profile"))
        self.assertEqual(self.portal.sql("SELECT COUNT(*) FROM profile_link WHERE app_password_id = ?", sends["id"]), [(0,)])
        self.command("member", "set", self.address, "imap=off")
        self.assertEqual(self.profile()["PayloadContent"][0]["EmailAccountType"], "EmailTypePOP")
        file = self.file_of(self.link())
        self.command("member", "set", self.address, "smtp=off")
        self.gone(file)
        self.command("member", "set", self.address, "smtp=inherit", "app_passwords=off")
        self.assertEqual(self.ask().error, "no-profile")

    def test_both_steps_are_in_the_audit_records(self):
        self.profile()
        records = self.command("audit", "--member", self.address)
        mine = [(record["action"], record["who"], record["after"]) for record in records
                if record["action"].startswith("profile-link")]
        self.assertEqual(mine, [("profile-link.use", "portal", "id=%d" % self.made["id"]),
                                ("profile-link.make", self.address, "id=%d" % self.made["id"])])

    def test_reauthentication_is_needed(self):
        self.portal.sql("UPDATE session SET reauthenticated_at = 0")
        answer = self.ask()
        self.assertEqual((answer.status, answer.error), (403, "reauthentication-needed"))


class SignedProfiles(WithAppPassword):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.portal.dir + "/certificates"
        os.mkdir(cls.folder)
        for name, subject, options in (("root", "/CN=Test root", ()),
                                       ("profile", "/CN=login.example.com", ("-CA", "root.pem", "-CAkey", "root.key"))):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-days", "2", "-subj", subject, "-keyout", name + ".key", "-out", name + ".pem",
                            *options, *(("-addext", "extendedKeyUsage=emailProtection,serverAuth") if options else ())],
                           cwd=cls.folder, check=True, capture_output=True)
        cls.portal.settings.update(profile_certificate=cls.folder + "/profile.pem", profile_key=cls.folder + "/profile.key")
        cls.portal.write_policy()
        cls.portal.stop()
        cls.portal.start()

    def verify(self, data):
        return subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-CAfile", self.folder + "/root.pem",
                               "-purpose", "any", "-binary"], input=data, capture_output=True)

    def verified(self, data):
        run = self.verify(data)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_openssl_verifies_a_profile_and_finds_the_account_in_it(self):
        answer = self.open(self.file_of(self.link()))
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, PROFILE), answer)
        account, = plistlib.loads(self.verified(answer.body))["PayloadContent"]
        self.assertEqual(account["IncomingPassword"], self.made["password"].replace(" ", ""))
        changed = answer.body.replace(b"EmailTypeIMAP", b"EmailTypePOP3")
        self.assertNotEqual(changed, answer.body)
        self.assertNotEqual(self.verify(changed).returncode, 0)

    def test_a_key_that_cannot_be_read_uses_nothing_up_and_is_named_in_the_log(self):
        file = self.file_of(self.link())
        key, away = self.folder + "/profile.key", self.folder + "/away.key"
        os.rename(key, away)
        self.addCleanup(os.rename, away, key)
        self.assertEqual(self.open(file).status, 503)
        shutil.copy(self.folder + "/root.key", key)
        self.assertEqual(self.open(file).status, 503)
        self.assertRegex(self.portal.log(), "profile_key %s.*\n(.*\n)*.*profile_certificate %s/profile.pem"
                         % (key, self.folder))
        shutil.copy(away, key)
        self.assertEqual(self.open(file).status, 200)


@unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
class Nginx(Portals):
    """conf.d/nginx/postlatch-autoconfig.conf, with ports of the test's own."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-nginx-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.dir)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=autoconfig.example.test", "-keyout", "tls.key", "-out", "tls.pem"],
                       cwd=self.dir, check=True, capture_output=True)
        self.plain, self.tls = free_port(), free_port()
        with open(ROOT + "/conf.d/nginx/postlatch-autoconfig.conf") as f:
            site = f.read()
        for pattern, text in ((r"listen \[::\]:\d+.*;", ""), ("listen 80;", "listen 127.0.0.1:%d;" % self.plain),
                              ("listen 443 ssl;", "listen 127.0.0.1:%d ssl;" % self.tls),
                              (r"/etc/ssl/\w+/autoconfig.example.com.pem", self.dir + "/tls.pem"),
                              (r"/etc/ssl/\w+/autoconfig.example.com.key", self.dir + "/tls.key"),
                              (r"(autoconfig|ua-auto-config|autodiscover)\.example\.com", r"\1.example.test")):
            site = re.sub(pattern, text, site)
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write("pid %s/pid; error_log %s/log; worker_processes 1; events {}\nhttp { access_log off;\n"
                    "upstream postlatch-portal { server 127.0.0.1:%d; }\n%s}\n" % (self.dir, self.dir, self.portal.port, site))
        nginx = subprocess.Popen(["nginx", "-p", self.dir, "-c", self.dir + "/nginx.conf", "-g", "daemon off;"],
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(nginx.stderr.close)
        self.addCleanup(nginx.wait, TIMEOUT)
        self.addCleanup(nginx.terminate)
        wait_for(lambda: nginx.poll() is not None or (is_open(self.plain) and is_open(self.tls)), TIMEOUT)
        self.assertIsNone(nginx.poll(), nginx.poll() is not None and nginx.stderr.read())

    def ask(self, path, host, method="GET", body=None, tls=True):
        if tls:
            context = ssl.create_default_context(cafile=self.dir + "/tls.pem")
            context.check_hostname = False
            connection = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=TIMEOUT, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=TIMEOUT)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Host": host, **(XML if body else {})})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def test_the_three_names_lead_to_the_documents(self):
        for tls in (True, False):
            self.assertEqual(self.ask(AUTOCONFIG + "?emailaddress=m@strict.test", "autoconfig.example.test", tls=tls),
                             (200, self.get(AUTOCONFIG + "?emailaddress=m@strict.test").body))
            self.assertEqual(self.ask(WELL_KNOWN, "autoconfig.example.test", tls=tls),
                             (200, self.get(WELL_KNOWN, "autoconfig.example.test").body))
            self.assertEqual(self.ask(PACC, "ua-auto-config.example.test", tls=tls),
                             (200, self.get(PACC, "ua-auto-config.example.test").body))
            for path in (AUTODISCOVER, "/Autodiscover/Autodiscover.xml", "/AUTODISCOVER/autodiscover.XML"):
                status, body = self.ask(path, "autodiscover.example.test", "POST", outlook("m@example.test"), tls)
                self.assertEqual((status, body.count(b"<Protocol>")), (200, 3), path)

    def test_nothing_else_is_served_there(self):
        for path in ("/", "/sign-in", "/account", "/api/session", "/health", "/oauth2/authorize", "/profile/x", "/web/main.js",
                     "/.well-known/openid-configuration", "/mail/", "/mail/config-v1.1.xml/x"):
            self.assertEqual(self.ask(path, "autoconfig.example.test")[0], 404, path)


if __name__ == "__main__":
    unittest.main()
