"""Addresses of clients pass HAProxy, and those of browsers pass the webmail."""
import clients

WEBMAIL = "127.0.0.77"


def from_browser(account, address):
    """The webmail signs in with a password, and tells Dovecot where the browser is (RFC 2971)."""
    client = clients.Imap(WEBMAIL)
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
    yield "webmail-signs-in-for-browsers", from_browser(other, "203.0.113.77")
    site.postlatch("member", "set", other.member, "webmail=off")
    yield "webmail-off-holds-for-browsers", "" if from_browser(other, "203.0.113.77") else "let in"
    site.postlatch("member", "set", other.member, "webmail=on")
    yield "second-factor-holds-for-browsers", "" if from_browser(account, "203.0.113.77") else "let in"
    limited = site.json("app-password", "create", other.member, "--networks", "127.9.0.0/16")["password"]
    for service, sign_in in clients.SERVICES.items():
        near, far = (sign_in(other.names[0], limited, source=source) for source in ("127.9.0.7", "127.10.0.7"))
        yield "networks/" + service, near if near else "" if far else "let in from elsewhere"
