"""What mail programs are told, asked by the programs themselves: the portal's room setup."""
import base64
import contextlib
import hashlib
import http.client
import json
import re
import shutil
import ssl
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from portal import JSON, POSTLATCH, Dovecot, Portal, free_port, is_open, secure
from server import ROOT, TIMEOUT, wait_for

AUTOCONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
PACC = "/.well-known/user-agent-configuration.json"
AUTODISCOVER = "/autodiscover/autodiscover.xml"
POX = "http://schemas.microsoft.com/exchange/autodiscover/"
XML = {"Content-Type": "text/xml"}


def outlook(address, schema=POX + "outlook/responseschema/2006a"):
    """A request as Outlook sends it."""
    return ('<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="%soutlook/requestschema/2006"><Request>'
            "<EMailAddress>%s</EMailAddress><AcceptableResponseSchema>%s</AcceptableResponseSchema>"
            "</Request></Autodiscover>" % (POX, address, schema))


class Portals(unittest.TestCase):
    settings = {"mail_server": "mail.example.com"}

    @classmethod
    def setUpClass(cls):
        cls.portal = Portal(**cls.settings)
        cls.addClassCleanup(cls.portal.remove)
        cls.dovecot = Dovecot(cls.portal.dir + "/auth")
        cls.addClassCleanup(cls.dovecot.close)
        cls.portal.init()
        cls.command("domain", "add", "example.test")
        cls.command("domain", "add", "alias.test", "alias_of=example.test")
        cls.command("domain", "add", "strict.test", "client_password=never", "pop3=off", "sieve=off")
        cls.command("domain", "add", "half.test", "client_password=until_second_factor")
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
            "user": "limited@example.test", "server": "mail.example.com", "password": "account", "services": [
                {"service": "pop3", "port": 995, "encryption": "tls"},
                {"service": "smtp", "port": 465, "encryption": "tls"},
                {"service": "smtp", "port": 587, "encryption": "starttls"}]})

    def test_where_the_account_password_is_not_accepted_it_is_an_app_password(self):
        self.assertEqual(self.settings_of("m@strict.test")["password"], "app")
        self.assertEqual(self.settings_of("m@half.test")["password"], "account")

    def test_without_a_server_in_the_policy_file_there_is_nothing_to_type(self):
        portal = Portal(auth_socket=self.portal.dir + "/auth")
        self.addCleanup(portal.remove)
        portal.init().start()
        browser = portal.browser()
        browser.sign_in("m@example.test")
        browser.post("/api/sign-in/later")
        self.assertEqual(browser.get("/api/account/mail-settings").json,
                         {"user": "m@example.test", "server": None, "password": "account", "services": []})
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
        rest = ("%EMAILADDRESS%", ["password-cleartext"])
        self.assertEqual(self.servers(config, "emailProvider/incomingServer"),
                         [("imap", "mail.example.com", "993", "SSL", *rest),
                          ("pop3", "mail.example.com", "995", "SSL", *rest)])
        self.assertEqual(self.servers(config, "emailProvider/outgoingServer"),
                         [("smtp", "mail.example.com", "465", "SSL", *rest),
                          ("smtp", "mail.example.com", "587", "STARTTLS", *rest)])
        self.assertEqual(self.servers(config, "setupServer"),
                         [("managesieve", "mail.example.com", "4190", "STARTTLS", *rest)])

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
                for domain in ("example.test", "half.test", "strict.test")}
        english = {domain: texts[0].text for domain, texts in said.items()}
        self.assertIn("the account password, or with an app password", english["example.test"])
        self.assertIn("With two-step verification, sign in with an app password", english["half.test"])
        self.assertIn("the account password does not work", english["strict.test"])
        for texts in said.values():
            self.assertEqual([text.get("lang") for text in texts], ["en", "ko"])
        self.assertEqual(config.find("emailProvider/documentation").get("url"), self.portal.url + "/account/set-up")

    def test_an_alias_has_its_own_name_and_the_settings_of_its_domain(self):
        provider = self.config("m@alias.test").find("emailProvider")
        self.assertEqual((provider.get("id"), provider.findtext("domain")), ("alias.test", "alias.test"))

    def test_of_domains_that_are_not_known_or_not_active_nothing_is_told(self):
        for address in ("m@other.test", "m@closed.test", "m", "@", "@example.test", "%20", "a%3Cb@example.test"):
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
            "protocols": {"imap": host, "pop3": host, "submit": host}, "authentication": {"password": True},
            "info": {"provider": {"name": "Postlatch"}, "help": {"documentation": self.portal.url + "/account/set-up"}}})
        self.assertEqual(set(self.get(PACC, "ua-auto-config.strict.test").json["protocols"]), {"imap", "submit"})

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
