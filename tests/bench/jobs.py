"""Changes of many members as jobs, beside 20 administrators at work and logins at half of their full rate.

A job is run by jobload, as a portal does. Meanwhile another connection writes a row every few milliseconds; how
long that takes is how long a job keeps others waiting.
"""
import json
import subprocess

import report
from listfill import LARGE

ADMINISTRATOR = "model-none@" + LARGE
WAIT_MS = 200     # others, at most
WITHOUT = 30      # seconds without a job, as a disk, and the other work, keep others waiting, too
PREVIEW = 2.25    # seconds, of 1,000,000 members
# What is done, and the arguments of jobload. The large domain has three tenths of the members.
JOBS = {
    "all members": ("imap=off",),
    "a domain, for who inherits": ("pop3=off", LARGE, "inheriting"),
    "a domain, for new members": ("sieve=off", LARGE, "new"),
    "a domain, for all": ("imap=on", LARGE, "all"),
}


def seconds_most(members):
    return 10 if members <= 100000 else 120 * members / 1000000


def prepare(build, policy):
    subprocess.run([build + "/ctl/postlatch", "-c", policy, "admin", "add", ADMINISTRATOR, "--role", "server"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(build, policy, arguments):
    ended = subprocess.run([build + "/tests/bench/jobload", policy, *arguments], stdout=subprocess.PIPE, check=True)
    result = json.loads(ended.stdout)
    if result["failed"]:
        raise RuntimeError("jobload: another connection could not write")
    return result


def show_waits(result, words="", most=None):
    label = "longest wait of %d writes%s" % (result["writes"], words)
    if most is None:
        print("%-46s%8.1f  %s" % (label, result["wait_longest_ms"], "ms"))
    else:
        report.figure(label, result["wait_longest_ms"], "ms", most)
    print("%-46s%8.1f  %s" % ("p99 of them", result["wait_p99_ms"], "ms"))


def measure(build, policy, members):
    report.head()
    show_waits(run(build, policy, [str(WITHOUT)]), ", no job")
    for name, arguments in JOBS.items():
        result = run(build, policy, (ADMINISTRATOR, *arguments))
        if result["preview_seconds"]:
            report.figure("preview: %s" % name, result["preview_seconds"], "seconds", PREVIEW)
        report.figure("job: %s, %d changed" % (name, result["changed"]), result["seconds"], "seconds", seconds_most(members))
        show_waits(result, most=WAIT_MS)
