"""A portal behind TLS, as the clients that others have made want it, and those clients.

Clients reach the portal at https://localhost, through nginx, and know no certificate but its own. Members are at
their browsers, which go to the portal directly.
"""
import json
import os
import shutil
import subprocess
import tempfile
import urllib.parse

from oauth import OAuth, consent
from portal import Browser, Portal, free_port, is_open
from server import TIMEOUT, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))

NGINX = """
user root;
daemon off;
pid %(dir)s/nginx.pid;
error_log %(dir)s/nginx.log;
events { }
http {
    access_log off;
    client_body_temp_path %(dir)s/nginx-body;
    proxy_temp_path %(dir)s/nginx-proxy;
    fastcgi_temp_path %(dir)s/nginx-fastcgi;
    uwsgi_temp_path %(dir)s/nginx-uwsgi;
    scgi_temp_path %(dir)s/nginx-scgi;
    server {
        listen 127.0.0.1:%(front)d ssl;
        ssl_certificate %(certificate)s;
        ssl_certificate_key %(dir)s/tls.key;
        location / {
            proxy_pass http://127.0.0.1:%(port)d;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }
    }
}
"""


class TlsPortal(Portal):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.front = free_port()
        self.nginx = None
        self.url = "https://localhost:%d" % self.front
        self.settings["portal_url"] = self.url
        self.write_policy()
        # Also for daemons that are not root.
        self.public = tempfile.mkdtemp(prefix="postlatch-clients-", dir="/var/tmp")
        os.chmod(self.public, 0o755)
        self.certificate = self.public + "/tls.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", self.dir + "/tls.key", "-out",
                        self.certificate], check=True, capture_output=True)

    def start(self, port=None):
        super().start(port)
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(NGINX % vars(self))
        self.nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", self.dir + "/nginx.conf", "-e", self.dir + "/nginx.log"])
        wait_for(lambda: self.nginx.poll() is not None or is_open(self.front), TIMEOUT)
        assert self.nginx.poll() is None, open(self.dir + "/nginx.log").read()
        return self

    def remove(self):
        if self.nginx is not None:
            self.nginx.terminate()
            self.nginx.wait(TIMEOUT)
        shutil.rmtree(self.public, ignore_errors=True)
        super().remove()


class Provider(OAuth):
    """A portal for clients that others have made."""

    portal_class = TlsPortal

    def leads(self, url, browser=None):
        """Where this browser is led from an address of the portal: another site, or a page of the portal. To a mail
        program the member agrees."""
        assert url.startswith(self.portal.url + "/"), url
        answer = (browser or self.browser).get(url[len(self.portal.url):], origin=False)
        self.assertEqual(answer.status, 303, answer)
        location = urllib.parse.urljoin(self.portal.url, answer.headers["Location"])
        if location.startswith(self.portal.url + "/consent?"):
            return consent(browser or self.browser, location).json["continue"]
        return location

    def asks_to_sign_in(self, location):
        """That it is the sign-in page; the address to which it comes back, and the page's own parameters."""
        self.assertTrue(location.startswith(self.portal.url + "/sign-in?"), location)
        fields = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        return urllib.parse.urljoin(self.portal.url, fields.pop("continue")), fields


class Refused(Exception):
    """By the library; its argument is the code of the error."""


class Node:
    """A process for the relying parties of a portal; see client.mjs."""

    def __init__(self, portal):
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": portal.certificate}
        # nginx listens on 127.0.0.1 alone, and Node 18 does not try another address of localhost.
        self.process = subprocess.Popen(["node", "--dns-result-order=ipv4first", HERE + "/client.mjs"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"], answer["message"])
        return answer["value"]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(TIMEOUT)


class RelyingParty:
    """A client of the portal, made with a library of npm. It has read the portal's discovery document."""

    parties = 0

    def __init__(self, node, library, client, **options):
        RelyingParty.parties += 1
        self.number = RelyingParty.parties
        self.node, self.library, self.client = node, library, client
        self.metadata = self.ask("discover", issuer=client.portal.url, id=client.id, secret=client.secret,
                                 way=client.way, **options)

    def ask(self, what, **fields):
        return self.node.ask(party=self.number, library=self.library, do=what, **fields)

    def authorize(self, **fields):
        """The address to which it sends the browser."""
        return self.ask("authorize", **{"redirect_uri": self.client.redirect, **fields})


class Registered(RelyingParty):
    """One that registers itself as a mail program."""

    def __init__(self, node, library, portal, **metadata):
        RelyingParty.parties += 1
        self.number = RelyingParty.parties
        self.node, self.library = node, library
        self.metadata = self.ask("register", issuer=portal.url, metadata={
            "client_name": "Native Mail", "redirect_uris": ["http://127.0.0.1/back"],
            "token_endpoint_auth_method": "none", **metadata})


class Site(Browser):
    """A browser at another site of this machine, which it knows as http://localhost."""

    def __init__(self, port):
        super().__init__(port, "http://localhost:%d" % port)

    def visit(self, url):
        assert url.startswith(self.url + "/"), url
        return self.get(url[len(self.url):], origin=False,
                        headers={"Host": "localhost:%d" % self.port, "Accept": "text/html,*/*;q=0.8"})
