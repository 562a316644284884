"""The site's own programs have seen the mail: SpamAssassin what comes in, OpenDKIM what members send, and fetchmail what
has waited elsewhere."""
import glob
import socketserver
import threading

import clients
import mail

STRANGER = "fetched@elsewhere.example"


class MailboxElsewhere(socketserver.ThreadingTCPServer):
    """A POP3 server (RFC 1939) with one mailbox, for whoever comes."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, messages):
        self.messages, self.deleted = messages, set()
        super().__init__(("127.0.0.1", 1110), Pop3)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Pop3(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("+OK")
        for line in self.rfile:
            word, *numbers = line.decode().split()
            getattr(self, word.lower(), self.unknown)(*numbers)
            if word.upper() == "QUIT":
                return

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def unknown(self, *_):
        self.say("-ERR")

    def user(self, *_):
        self.say("+OK")

    pass_ = quit = user

    def stat(self):
        self.say("+OK %d %d" % (len(self.server.messages), sum(map(len, self.server.messages))))

    def list(self, number=None):
        sizes = ["%d %d" % row for row in enumerate(map(len, self.server.messages), 1)]
        self.say("+OK " + sizes[int(number) - 1] if number else "\r\n".join(["+OK", *sizes, "."]))

    def retr(self, number, *_):
        self.say("+OK\r\n%s\r\n." % self.server.messages[int(number) - 1])

    top = retr

    def dele(self, number):
        self.server.deleted.add(int(number))
        self.say("+OK")


setattr(Pop3, "pass", Pop3.pass_)


def fetched(site, phase):
    """fetchmail hands in mail for the first member, in which strangers have left header fields."""
    account = site.accounts[0]
    paths = mail.Paths(site, phase)
    subjects = paths.numbered("fetched")
    for subject in subjects:
        paths.expect("fetched", account.member, subject)
    with MailboxElsewhere([str(mail.message(STRANGER, "list@third.example", subject, paths.strange([account]))).replace("\n", "\r\n")
                           for subject in subjects]) as server:
        site.inside("fetchmail", "--nosyslog", "-N", "-d0", "-f", "/etc/fetchmailrc")
        server.shutdown()
    yield "fetchmail-has-taken-all", "" if len(server.deleted) == len(subjects) else "%s" % server.deleted
    yield from mail.arrived(site, paths)


def header_fields(account, word):
    """The header fields of each message whose subject has the word."""
    client = clients.Imap()
    client.login(account.names[0], account.password)
    client.select("INBOX", readonly=True)
    numbers = client.search(None, "SUBJECT", '"%s"' % word)[1][0].split()
    found = [client.fetch(number, "(BODY.PEEK[HEADER])")[1][0][1].decode() for number in numbers]
    client.logout()
    return found


def seen(site, phase):
    account = site.accounts[0]
    came = header_fields(account, "%s in-%s" % (phase, account.to[0]))
    missing = [text for text in came if "X-Spam-Checker-Version:" not in text]
    yield "spamassassin-sees-what-comes-in", "" if came and not missing else "not %d of %d" % (len(missing), len(came))
    unsigned = 0
    for name in glob.glob(site.path(mail.ELSEWHERE) + "/mail.*"):
        with open(name, errors="replace") as f:
            text = f.read().partition("\n\n")[0]
        unsigned += "Subject: %s out " % phase in text and "DKIM-Signature:" not in text
    yield "opendkim-signs-what-members-send", "%d are not signed" % unsigned if unsigned else ""


def without(site, phase):
    yield from seen(site, phase)
    yield from fetched(site, phase)


def after(site, _):
    yield from without(site, "after")
