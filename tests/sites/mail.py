"""Numbered messages on every path that mail takes, and where they have arrived."""
import collections
import email.message
import glob
import smtplib
import time

from clients import Sieve, address, encode, smtp_client, steps, subjects

ELSEWHERE = "/var/tmp/elsewhere"
COUNT = 10
REDIRECTED_TO = "redirected@elsewhere.example"


def start_elsewhere(site):
    """All other machines are this one; a file for each message that reaches them."""
    site.inside("sh", "-ec", "mkdir -p %s; chmod 777 %s; systemctl is-active -q elsewhere || systemd-run -q --unit=elsewhere "
                "-p WorkingDirectory=%s smtp-sink -u nobody -R %s -d mail. 127.0.0.1:2525 100" % ((ELSEWHERE,) * 4))


def arrived_elsewhere(site):
    """(recipient, subject) of each message."""
    found = []
    for name in glob.glob(site.path(ELSEWHERE) + "/mail.*"):
        with open(name, errors="replace") as f:
            text = f.read().partition("\n\n")[0]
        fields = [line.partition(":")[::2] for line in text.splitlines()]
        subject = [value.strip() for name, value in fields if name == "Subject"][:1]
        for to in (value for name, value in fields if name == "X-Rcpt-Args"):
            found.append((to.split(">")[0].strip().lstrip("<"), subject[0] if subject else ""))
    return found


def message(sender, to, subject, strange=()):
    """strange: (name, value) of header fields that other programs have left, above the others."""
    mail = email.message.EmailMessage()
    for name, value in strange:
        mail[name] = value
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = "<%s@%s>" % (subject.replace(" ", "-").replace("@", "-"), sender.rpartition("@")[2] or "here.test")
    mail.set_content("words")
    return mail


class Paths:
    """Sends, and notes where each message is to arrive: (mailbox or address elsewhere, subject)."""

    def __init__(self, site, phase):
        self.site, self.phase = site, phase
        self.sent = collections.defaultdict(collections.Counter)

    def numbered(self, path):
        return ["%s %s %d" % (self.phase, path, i) for i in range(COUNT)]

    def expect(self, path, place, subject):
        self.sent[path][place, subject] += 1

    def strange(self, accounts):
        """Header fields of mail for these accounts that must not lead it elsewhere: those that a redirect leaves, and
        that of a mailing list, above that of somebody else here."""
        others = [account.to[0] for account in self.site.accounts if account not in accounts][:1]
        return [("X-Sieve-Redirected-From", "victim@third.example"), ("Delivered-To", "list@third.example")] + [
            ("Delivered-To", other) for other in others]

    def come_in(self, path, to, accounts, places):
        """Mail of strangers at port 25. Each has written for the first time."""
        with smtplib.SMTP("127.0.0.1", 25, "elsewhere.example", timeout=60, source_address=(address(), 0)) as client:
            for i, subject in enumerate(self.numbered(path)):
                sender = "writer-%s-%d@elsewhere.example" % (self.phase, i)
                client.send_message(message(sender, to, subject, self.strange(accounts) if i % 2 else ()), sender, [to])
                for place in places(sender, subject):
                    self.expect(path, *place)

    def submit(self, path, account, port, to, place):
        client = smtp_client(port)
        client.docmd("AUTH", "PLAIN " + encode(steps("PLAIN", account.names[0], account.password)[0]))
        for subject in self.numbered(path):
            client.send_message(message(account.to[0], to, subject), account.to[0], [to])
            self.expect(path, place, subject)
        client.quit()

    def sendmail(self, path, accounts):
        """A program on the machine hands in mail for several."""
        for subject in self.numbered(path):
            sender = "cron@elsewhere.example"
            self.site.inside("sendmail", "-i", "-f", sender, *(account.to[0] for account in accounts),
                             stdin=str(message(sender, "everybody@elsewhere.example", subject, self.strange(accounts))))
            for account in accounts:
                self.expect(path, final_place(account, self.phase), subject)

    def found(self):
        """Where mail of this phase is, as far as it has arrived."""
        places = collections.Counter()
        for account in self.site.accounts:
            for subject in subjects(account.names[0], account.password):
                places[account.member, subject] += 1
        for place in arrived_elsewhere(self.site):
            places[place] += 1
        return collections.Counter({place: n for place, n in places.items() if self.phase + " " in place[1]})

    def differences(self, path, found):
        """What is lost, doubled or diverted of one path, in words; "" when all is right."""
        here = collections.Counter({place: n for place, n in found.items() if " %s " % path in place[1]})
        lost, more = self.sent[path] - here, here - self.sent[path]
        return "" if not lost and not more else "missing %s, too many %s" % (sorted(lost)[:3], sorted(more)[:3])


def write_script(account, script):
    client = Sieve()
    client.command('AUTHENTICATE "PLAIN" "%s"' % encode(steps("PLAIN", account.names[0], account.password)[0]))
    client.activate(script)
    client.close()


def queue_is_empty(site):
    return site.inside("postqueue", "-j").stdout.strip() == ""


def settle(site, seconds=300):
    """Waits until Postfix has delivered everything."""
    deadline, flush = time.monotonic() + seconds, time.monotonic() + 5
    while not queue_is_empty(site) and time.monotonic() < deadline:
        time.sleep(0.2)
        if time.monotonic() > flush:
            flush += 5
            site.inside("postqueue", "-f")


def arrives(site, find, seconds=120):
    """What find() returns as soon as that is something; a program may not have handed in the mail yet."""
    deadline = time.monotonic() + seconds
    settle(site)
    found = find()
    while not found and time.monotonic() < deadline:
        time.sleep(0.5)
        settle(site)
        found = find()
    return found


SCRIPTS = {"redirect": 'redirect "%s";\r\n' % REDIRECTED_TO,
           "vacation": 'require "vacation";\r\nvacation :subject "absent" "I am not there.";\r\n'}


def final_place(account, phase):
    """Where mail for an account arrives. The documents say that .forward files are switched off."""
    if account.sieve == "redirect":
        return REDIRECTED_TO
    return account.forward if account.forward and phase != "after" else account.member


def send_everywhere(site, phase):
    """Every path with its numbered messages: (path, what is wrong, how many)."""
    paths = Paths(site, phase)
    replies = collections.Counter()

    def arrival(accounts, replying):
        def places(sender, subject):
            if replying:
                replies[sender, "absent"] = 1
            return [(final_place(account, phase), subject) for account in accounts]
        return places

    for account in site.accounts:
        if account.sieve:
            write_script(account, SCRIPTS[account.sieve])
        for to in account.to:
            paths.come_in("in-" + to, to, [account], arrival([account], account.sieve == "vacation"))
    for to, members in site.lists.items():
        accounts = [account for account in site.accounts if account.member in members]
        paths.come_in("list-" + to, to, accounts, arrival(accounts, False))
    writer = site.accounts[0]
    for port in (25, 587, 465):
        paths.submit("submitted-%d" % port, writer, port, writer.to[-1], final_place(writer, phase))
    paths.submit("out", writer, 587, "out@elsewhere.example", "out@elsewhere.example")
    paths.sendmail("sendmail", [writer])
    paths.sendmail("sendmail-to-all", [account for account in site.accounts if not account.sieve])
    yield from arrived(site, paths)
    if replies:
        answered = collections.Counter(place for place in arrived_elsewhere(site)
                                       if place[1] == "absent" and "-%s-" % phase in place[0])
        yield ("mail/vacation", "" if answered == replies else "replies: %s" % (answered - replies or replies - answered),
               sum(replies.values()))


def arrived(site, paths):
    """(path, what is wrong, how many) when everything has been delivered."""
    settle(site)
    found = paths.found()
    for path in paths.sent:
        yield "mail/" + path, paths.differences(path, found), sum(paths.sent[path].values())


def while_forwarding_is_off(site):
    """Redirects stay in the member's mailbox."""
    paths = Paths(site, "forwarding-off")
    for account in site.accounts:
        if account.sieve == "redirect":
            site.postlatch("member", "set", account.member, "forwarding=off")
            for to in account.to:
                paths.come_in("redirect-" + to, to, [account], lambda _, subject, place=account.member: [(place, subject)])
            yield from arrived(site, paths)
            site.postlatch("member", "set", account.member, "forwarding=inherit")
