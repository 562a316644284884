#!/usr/bin/python3
"""trial.py WORK NETWORK ROUNDS [FAULT ...] - breaks the site that tests/several/run has made while members use it, and
prints what came of it: "ok NAME", "FAIL NAME: why" and "note ..."."""
import json
import sys
import time

import clients
import faults
from load import RECIPIENT, Load, member
from report import never, report
from machines import FRONTS, Site


def ends_on_both(site, load):
    """What one front end revokes ends the connections on both."""
    password = load.postlatch("front1", "app-password", "create", member(10))["password"]
    opened = [clients.open_imap(member(10), password) for _ in range(4)]
    hosts = [site.on(name, "doveadm", "who", "-1", member(10)).stdout.count("imap") for name in FRONTS]
    yield from (said for _, said in opened if not said.startswith("a OK"))
    yield from ("%s has no connection" % name for name, count in zip(FRONTS, hosts) if count == 0)
    site.on("front2", "postlatch", "app-password", "revoke", member(10), "--all")
    for lines, _ in opened:
        lines.socket.settimeout(10)
        try:
            said = lines.read()
        except (OSError, clients.Closed):
            said = "* BYE"
        if not said.startswith("* BYE"):
            yield said


def happen(site, fault):
    """A fault, from its beginning until all is well again."""
    begun = time.time()
    for seconds in fault(site):
        time.sleep(seconds)
    site.wait_until_well()
    time.sleep(5)
    return fault.__name__, begun, time.time()


def wait_for_mail(site):
    deadline = time.time() + 300
    while any(site.on(name, "postqueue", "-j").stdout for name in FRONTS) and time.time() < deadline:
        for name in FRONTS:
            site.on(name, "postqueue", "-f")
        time.sleep(2)


def main(work, network, rounds, *names):
    site = Site(work, network)
    site.enter_network()
    load, windows = Load(site.on), []
    load.prepare()
    faults.prepare_clock(site, "front2")
    site.wait_until_well()
    results = [never("open-connections-end-on-both", ends_on_both(site, load))]
    load.start()
    time.sleep(10)
    for _ in range(int(rounds)):
        for fault in faults.FAULTS:
            if not names or fault.__name__ in names:
                windows.append(happen(site, fault))
                print("note %s took %.0f s" % (fault.__name__, windows[-1][2] - windows[-1][1]), flush=True)
    load.stop()
    wait_for_mail(site)
    with open(work + "/events.json", "w") as f:
        json.dump({"windows": windows, "events": load.events, "codes": load.codes, "mails": load.mails}, f)
    results.append(report(load, windows, "%s/mailboxes/%s/Maildir" % (work, RECIPIENT)))
    return 0 if all(results) else 1


sys.exit(main(*sys.argv[1:]))
