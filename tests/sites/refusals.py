"""What an operator forbids a member holds for every name that opens the account, and for every credential."""
import concurrent.futures
import unicodedata

import webmail
from clients import SERVICES

# AUTH is one at all ports of Postfix: one of them is enough here.
TRIED = ["imap", "pop3", "sieve", "smtp-587"]
# The case; what the operator changes, and what takes it back; and what no longer signs in.
CASES = (
    ("switched-off", ["active=off"], ["active=on"], ("password", "app-password", "token", "portal")),
    ("services-off", ["imap=off", "pop3=off", "smtp=off", "sieve=off"], ["imap=on", "pop3=on", "smtp=on", "sieve=on"],
     ("password", "app-password")),
    ("webmail-off", ["webmail=off"], ["webmail=on"], ("token", "portal")),
    ("app-passwords-only", ["client_password=never"], ["client_password=inherit"], ("password",)),
    ("second-factor-registered", ["client_password=until_second_factor"], ["client_password=inherit"], ("password",)),
)


def u_label(domain):
    """As people write a domain whose A-label this is; otherwise the same."""
    return domain.encode().decode("idna")


def variants(account, domains):
    """The names of an account, and others that may be taken for them."""
    local, _, domain = account.names[0].partition("@")
    names = list(account.names) + [account.names[0].upper(), account.names[0].capitalize()]
    if domain:
        for label in domain, u_label(domain), unicodedata.normalize("NFD", u_label(domain)):
            names += ["%s@%s" % (local, label), "%s+ext@%s" % (local, label), "%s@%s." % (local, label),
                      "%s@%s" % (local, label.upper())]
    names += ["%s@%s" % (local, other) for other in domains if other != domain]
    return list(dict.fromkeys(names))


class Credentials:
    """What a member signs in with."""

    def __init__(self, account, app_password, token):
        self.secrets = {"password": (account.password, "PLAIN"), "app-password": (app_password, "PLAIN"),
                        "token": (token, "XOAUTH2")}
        self.account = account

    def tries(self, kind):
        """(service, function of a name that returns a refusal or "")."""
        if kind == "portal":
            return [("portal", self.at_portal)]
        secret, mechanism = self.secrets[kind]
        return [(service, lambda name, sign_in=SERVICES[service]: sign_in(name, secret, mechanism)) for service in TRIED]

    def at_portal(self, name):
        state = webmail.state(name, self.account.password)
        return "" if state == "authenticated" else state


def let_in(credentials, kinds, names):
    """{(kind, name): services that let it in}."""
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        running = {(kind, name, service): pool.submit(function, name)
                   for kind in kinds for name in names for service, function in credentials.tries(kind)}
        found = {(kind, name): [] for kind in kinds for name in names}
        for (kind, name, service), answer in running.items():
            if answer.result() == "":
                found[kind, name].append(service)
        return found


def results(case, found):
    for (kind, name), services in found.items():
        tries = 1 if kind == "portal" else len(TRIED)
        yield "%s/%s/%s" % (case, kind, name), "let in at " + ", ".join(services) if services else "", tries


def required(site, account):
    """Nobody can put off the registration of a second factor that is required, whatever name is typed."""
    names = variants(account, site.domains)
    yield "put-off/" + account.names[0], webmail.put_off(account.names[0], account.password)
    site.postlatch("member", "set", account.member, "two_factor_requirement=required")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: webmail.put_off(name, account.password), names))
    yield from results("required", {("portal", name): [] if said else ["portal"] for name, said in zip(names, answers)})
    site.postlatch("member", "set", account.member, "two_factor_requirement=inherit")


def refusals(site, account, credentials):
    names = variants(account, site.domains)
    for case, change, undo, kinds in CASES:
        site.postlatch("member", "set", account.member, *change)
        yield from results(case, let_in(credentials, kinds, names))
        site.postlatch("member", "set", account.member, *undo)
    for block in site.blocks:
        site.inside("sh", "-ec", block["make"])
        known = block.get("services", TRIED) + ["portal"]
        found = let_in(credentials, ("password", "app-password", "token", "portal"), names)
        yield from results(block["name"], {case: [service for service in services if service in known] for case, services in found.items()})
        site.inside("sh", "-ec", block["mend"])
    site.postlatch("app-password", "revoke", account.member, "--all")
    site.postlatch("session", "revoke", account.member, "--all")
    yield from results("revoked", let_in(credentials, ("app-password", "token"), names))
