"""Addresses of clients pass HAProxy, and those of browsers pass the webmail, at a listener of its own."""
import clients

WEBMAIL = "127.0.0.77"
LISTENERS = {"own-listener": "127.0.0.3", "haproxy": "127.0.0.1"}


class Imap(clients.Imap):
    def __init__(self, host):
        self.listener = host
        super().__init__(WEBMAIL)

    def _create_socket(self, timeout):
        return clients.connect(self.port, self.source, self.listener)


def from_browser(account, address, host):
    """The webmail signs in with a password, and tells Dovecot where the browser is (RFC 2971)."""
    client = Imap(host)
    try:
        client.xatom("ID", '("x-originating-ip" "%s")' % address)
        client.login(account.names[0], account.password)
        return ""
    except client.error as error:
        return str(error)
    finally:
        client.shutdown()


def after(site, account):
    """The first member has a second factor, the second has none."""
    other = site.accounts[1]
    for name, host in LISTENERS.items():
        yield "webmail-signs-in-for-browsers/" + name, from_browser(other, "203.0.113.77", host)
        site.postlatch("member", "set", other.member, "webmail=off")
        yield "webmail-off-holds-for-browsers/" + name, "" if from_browser(other, "203.0.113.77", host) else "let in"
        site.postlatch("member", "set", other.member, "webmail=on")
        yield "second-factor-holds-for-browsers/" + name, "" if from_browser(account, "203.0.113.77", host) else "let in"
    limited = site.json("app-password", "create", other.member, "--networks", "127.9.0.0/16")["password"]
    for service, sign_in in clients.SERVICES.items():
        near, far = (sign_in(other.names[0], limited, source=source) for source in ("127.9.0.7", "127.10.0.7"))
        yield "networks/" + service, near if near else "" if far else "let in from elsewhere"
