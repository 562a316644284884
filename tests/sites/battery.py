#!/usr/bin/python3
"""battery.py SITE LEADER PHASE - what members do on a site, and what its operator does wrong.

A phase is "before" Postlatch is installed, "after" that, "wrong" for what `postlatch check` says, and "removed". Prints
"ok PHASE/NAME" or "FAIL PHASE/NAME: why", and "note PHASE: ..." with how much was done.
"""
import collections
import concurrent.futures
import ctypes
import importlib
import json
import os
import re
import sys
import time
import tomllib

import mail
import refusals
import webmail
from clients import SERVICES, subjects
from site_table import Site

HERE = os.path.dirname(os.path.abspath(__file__))


def enter_network(leader):
    """The clients are on the site's own machine, from which there is no way out."""
    with open("/proc/%s/ns/net" % leader) as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def sign_ins(site):
    """Everybody, by each name, at each service, with each mechanism."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = {(name, service): [pool.submit(sign_in, name, account.password, mechanism) for mechanism in site.mechanisms]
                   for account in site.accounts for name in account.names for service, sign_in in SERVICES.items()}
        for other in site.others:
            for service in other["services"]:
                running[other["name"], service] = [pool.submit(SERVICES[service], other["name"], other["password"])]
        for (name, service), answers in running.items():
            yield "sign-in/%s/%s" % (service, name), "; ".join(filter(None, (a.result() for a in answers))), len(answers)


def daily_life(site, phase):
    mail.start_elsewhere(site)
    yield from sign_ins(site)
    yield from mail.send_everywhere(site, phase)


def findings(site):
    """What `postlatch check` says that is not as it should be, without what it must say on this site."""
    # The portal's certificate is its own authority.
    found = site.inside("env", "SSL_CERT_FILE=/etc/ssl/certs/portal.example.com.pem", "postlatch", "--json", "check", check=False)
    return [row["text"] for row in json.loads(found.stdout) if row["level"] != "ok" and
            not any(re.search(pattern, row["text"]) for pattern in site.check)]


def extra(site, function, *args):
    """Tests of this site alone, which are a function of the module extra in its folder: without Postlatch, or after."""
    if os.path.exists(site.folder + "/extra.py"):
        sys.path.append(site.folder)
        yield from getattr(importlib.import_module("extra"), function, lambda *_: ())(site, *args)


def with_postlatch(site, phase):
    # A policy file that was just changed is read once it has been the same for a second.
    time.sleep(3)
    yield from daily_life(site, phase)
    account = site.accounts[0]
    client = webmail.Webmail(site)
    yield "check", "; ".join(findings(site))
    yield from refusals.required(site, account)
    _, key = webmail.register(account.names[0], account.password)
    token = client.token(webmail.sign_in(account.names[0], account.password, key))
    credentials = refusals.Credentials(account, site.json("app-password", "create", account.member)["password"], token)
    notices = mail.arrives(site, lambda: [
        subject for subject in subjects(account.names[0], account.password) if "verification" in subject])
    yield "notice", "" if len(notices) == 1 else "notices: %s" % notices
    # A webmail signs in with the address that the portal tells it.
    written = [name for name in account.names if not name.isascii()]
    for kind, name in [("password", account.names[0]), ("app-password", account.names[0]), ("token", account.member)] + [
            (kind, name) for name in written for kind in ("password", "app-password")]:
        missing = set(refusals.TRIED) - set(refusals.let_in(credentials, (kind,), [name])[kind, name])
        yield "opens/%s/%s" % (kind, name), "not at " + ", ".join(missing) if missing else "", len(refusals.TRIED)
    yield from extra(site, "after", account)
    yield from mail.while_forwarding_is_off(site)
    yield from refusals.results("code-is-asked", refusals.let_in(
        credentials, ("portal",), refusals.variants(account, site.domains)))
    yield from refusals.refusals(site, account, credentials)


UNITS = "dovecot postfix nginx postlatch-milter postlatch-sasl-relay postlatch-portal postlatch-sender"
# check tries wrong passwords after each fault: Dovecot does not let them wait meanwhile.
# After a reload Dovecot kills an auth process that Postfix still uses, a minute later and in the middle of a login.
AT_ONCE = "echo 'auth_failure_delay = 0' >/etc/dovecot/conf.d/99-at-once.conf; systemctl restart dovecot"
AS_BEFORE = "rm /etc/dovecot/conf.d/99-at-once.conf; systemctl restart dovecot"
KEEP = "mkdir /packages/good; cp -a /etc/postfix /etc/dovecot /etc/postlatch /packages/good/"
MEND = """for folder in postfix dovecot postlatch; do
	! diff -r /etc/$folder /packages/good/$folder >/dev/null || [ $folder = postlatch ] || continue
	rm -rf /etc/$folder
	cp -a /packages/good/$folder /etc/
	[ $folder = postlatch ] || systemctl reload-or-restart $folder
done
systemctl start """ + UNITS


def whatever_is_wrong(site, _):
    """Each fault of the tables is made, and `postlatch check` names it; without them it is silent."""
    rows = site.wrong
    for name in site.common_faults:
        with open("%s/wrong/%s.toml" % (HERE, name), "rb") as f:
            rows = rows + tomllib.load(f)["wrong"]
    site.inside("sh", "-ec", AT_ONCE)
    site.inside("sh", "-ec", KEEP)
    for row in rows:
        site.inside("sh", "-ec", row["make"])
        said = findings(site)
        site.inside("sh", "-ec", row.get("mend", "") + "\n" + MEND)
        named = any(re.search(row["says"], text) for text in said)
        yield row["name"], "" if named else "check says %s" % said
    site.inside("sh", "-ec", AS_BEFORE)
    yield "check-is-silent-again", "; ".join(findings(site))


def without_postlatch(site, phase):
    yield from daily_life(site, phase)
    yield from extra(site, "without", phase)


PHASES = {"before": without_postlatch, "after": with_postlatch, "wrong": whatever_is_wrong, "removed": without_postlatch}


COUNTED = {"sign-in": "sign-ins", "opens": "sign-ins", "mail": "messages"}


def counted(phase, name):
    """What a test counts. Names of refusals have three parts: the case, the credential and the name."""
    parts = name.split("/")
    return "faults" if phase == "wrong" else COUNTED.get(parts[0], "refusals" if len(parts) == 3 else "questions")


def main(folder, leader, phase):
    site = Site(folder, leader)
    enter_network(leader)
    done = collections.Counter()
    for name, why, *count in PHASES[phase](site, phase):
        done[counted(phase, name)] += count[0] if count else 1
        print("FAIL %s/%s: %s" % (phase, name, why) if why else "ok %s/%s" % (phase, name), flush=True)
    print("note %s: %s" % (phase, ", ".join("%d %s" % (n, kind) for kind, n in done.items())), flush=True)


main(*sys.argv[1:])
