#!/usr/bin/python3
"""expect.py FILE - passes results of tests on, and knows from FILE which are expected to fail.

A line is a pattern of names of tests, in any case, and the reason: "after/switched-off/*  the driver decides ...". Every
test that a pattern fits must fail; when one holds, that is a failure, so that the pattern is taken away.
"""
import fnmatch
import os
import re
import sys


def expectations(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        lines = [line.split(None, 1) for line in f if line.strip() and not line.startswith("#")]
    return [(pattern, reason.strip()) for pattern, reason in lines]


def main(path):
    rows = expectations(path)
    used, counts = set(), {"ok": 0, "FAIL": 0, "note": 0}

    def say(result, text):
        counts[result] += 1
        print(result, text, flush=True)

    for line in sys.stdin:
        match = re.match(r"(ok|FAIL) ([^\s:]+)(.*)", line)
        if not match:
            print(line, end="", flush=True)
            continue
        result, name, rest = match.groups()
        found = [row for row in rows if fnmatch.fnmatchcase(name.lower(), row[0].lower())]
        used.update(found)
        if not found:
            say(result, name + rest)
        elif result == "FAIL":
            say("note", "%s is expected to fail: %s" % (name, found[0][1]))
        else:
            say("FAIL", "%s holds now: take %r out of %s" % (name, found[0][0], path))
    for row in rows:
        if row not in used:
            say("FAIL", "%s is the name of no test: take it out of %s" % (row[0], path))
    print("%(ok)d hold, %(FAIL)d do not, %(note)d are expected not to" % counts)
    sys.exit(counts["FAIL"] > 0)


main(*sys.argv[1:])
