"""Members read and send mail in two Roundcubes: Debian's on Apache with the password, and another one by the portal."""
import contextlib

import clients
import mail
import webmail
from roundcube import Roundcube


def with_password():
    return Roundcube(80, "http://localhost/roundcube")


def by_portal():
    return webmail.TlsRoundcube("https://webmail.example.com")


def sends_and_reads(site, name, roundcube, account, to):
    """A message to oneself is read there, and one to somebody else arrives."""
    own, other = ("%s to %s" % (name, place) for place in ("oneself", to.member))
    said = roundcube.send(account.to[0], own, "A letter by %s." % name) or roundcube.send(to.to[0], other)
    yield name + "-sends", said
    mail.settle(site)
    yield name + "-delivers", "" if other in clients.subjects(to.names[0], to.password) else "not in the mailbox of " + to.member
    uid = roundcube.subjects().get(own)
    yield name + "-reads", "" if uid and "A letter by %s." % name in roundcube.read(uid) else "no letter with uid %s" % uid


@contextlib.contextmanager
def setting(site, member, change, undo):
    site.postlatch("member", "set", member, change)
    yield
    site.postlatch("member", "set", member, undo)


def without(site, phase):
    """Both take passwords. As they are installed they cannot send: Postfix wants TLS for submission."""
    account = site.accounts[3]
    for name, roundcube in ("apache", with_password()), ("nginx", by_portal()):
        yield name + "-lets-in", roundcube.log_in(account.names[0], account.password)
        subject = "%s %s with default hosts" % (phase, name)
        said = roundcube.send(account.to[0], subject)
        yield name + "-cannot-send-to-its-default-host", "" if "SMTP" in said else "says %r" % said


def refused(case, account):
    """Wherever a webmail that takes passwords signs in from: localhost has two addresses."""
    yield "apache-refuses-%s" % case, "" if with_password().log_in(account.names[0], account.password) else "let in"
    for source in "127.0.0.1", "::1":
        for service in "imap", "sieve", "smtp-587":
            said = clients.SERVICES[service](account.names[0], account.password, source=source)
            yield "%s-from-%s-refuses-%s" % (service, source.replace(":", "."), case), "" if said else "let in"


def password_alone(site, registered, plain):
    roundcube = with_password()
    yield "apache-lets-in", roundcube.log_in(plain.names[0], plain.password)
    yield from sends_and_reads(site, "apache", roundcube, plain, registered)
    yield from refused("a-second-factor", registered)
    for change, undo in ("two_factor_requirement=required", "two_factor_requirement=inherit"), ("webmail=off", "webmail=inherit"):
        with setting(site, plain.member, change, undo):
            yield from refused(change, plain)
        yield "apache-lets-in-after-" + change, with_password().log_in(plain.names[0], plain.password)


def second_factor(site, account, to):
    _, key = webmail.register(account.names[0], account.password)
    password_only = webmail.TlsBrowser()
    password_only.sign_in(account.names[0], account.password)
    yield "nginx-wants-the-code", "" if by_portal().through_portal(password_only) else "let in without"
    yield "nginx-refuses-passwords", "" if by_portal().log_in(account.names[0], account.password) else "let in"
    roundcube = by_portal()
    yield "nginx-lets-in", roundcube.through_portal(webmail.sign_in(account.names[0], account.password, key))
    yield from sends_and_reads(site, "nginx", roundcube, account, to)
    notices = mail.arrives(site, lambda: [uid for subject, uid in roundcube.subjects().items() if "verification" in subject])
    yield "nginx-shows-the-notice", "" if len(notices) == 1 and account.member in roundcube.read(notices[0]) else "%s" % notices
    with setting(site, account.member, "imap=off", "imap=inherit"):
        yield "nginx-reads-while-imap-is-off", "" if roundcube.subjects() else "no messages"
    site.postlatch("session", "revoke", account.member, "--all")
    yield "nginx-ends-with-the-session", "" if isinstance(roundcube.go("?_task=mail"), str) else "still in"


def after(site, account):
    """The first member has a second factor; the third one has only the password, and the last one gets a second factor."""
    yield from password_alone(site, account, site.accounts[2])
    yield from second_factor(site, site.accounts[3], account)
