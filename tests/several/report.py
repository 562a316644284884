"""What came of it: what must never happen, and how long clients waited."""
import collections
import email
import os
import re
import statistics

from clients import IN, LATER, WRONG

GOAL = 10  # seconds


def deliveries(folder):
    """For each numbered message, under which number of Postfix's queue each copy in the mailbox was delivered."""
    found = collections.defaultdict(list)
    for place in ("new", "cur"):
        for name in os.listdir("%s/%s" % (folder, place)):
            with open("%s/%s/%s" % (folder, place, name), errors="replace") as f:
                mail = email.message_from_file(f)
            number = int(mail["Subject"].split()[1])
            found[number] += re.findall(r"with ESMTPSA id (\w+)", " ".join(mail.get_all("Received")))
    return found


def outage(events, begun, ended):
    """The longest time without a sign-in of those that must succeed, of the kind that had to wait longest. One-time codes
    are left out, which are good once in 30 seconds."""
    longest = (0, "")
    kinds = collections.defaultdict(list)
    for event in events:
        if event.kind.startswith("right") and "code" not in event.kind and event.word == IN and begun - 5 <= event.ended <= ended + 5:
            kinds[event.kind].append(event.ended)
    for kind, times in kinds.items():
        times.sort()
        longest = max([longest] + [(later - earlier, kind) for earlier, later in zip(times, times[1:])])
    return longest


def never(name, found):
    """A line for what must not happen, with the first of what did."""
    found = list(found)
    print("ok %s" % name if not found else "FAIL %s: %d, such as %s" % (name, len(found), found[0]), flush=True)
    return not found


def mail_rows(load, found):
    """Postfix delivers a message again if Dovecot was stopped after it had stored it and before it had said so. Nobody
    beside these two can tell, so it is a note. Whatever else doubles a message is a failure."""
    taken = [number for number, is_taken in load.mails.items() if is_taken]
    again = sum(len(queued) - len(set(queued)) for queued in found.values())
    print("note %d messages taken on, %d with no answer, %d not taken on; %d delivered again as Dovecot was stopped" % (
        len(taken), *(sum(state is wanted for state in load.mails.values()) for wanted in (None, False)), again))
    return [never("no-mail-is-lost", [number for number in taken if not found[number]]),
            never("no-mail-is-doubled", [number for number, queued in found.items() if len(set(queued)) > 1])]


def sign_in_rows(events):
    for kind in sorted({event.kind for event in events}):
        words = collections.Counter(event.word for event in events if event.kind == kind)
        print("note %s: %s" % (kind, ", ".join("%d %s" % (words[word], word) for word in (IN, WRONG, LATER))))
    return [never("nobody-is-wrongly-let-in", [e for e in events if not e.kind.startswith("right") and e.word == IN]),
            never("no-right-password-is-called-wrong", [e for e in events if e.kind.startswith("right") and e.word == WRONG])]


def fault_rows(events, windows):
    """windows: (name, begun, ended) of each fault. A goal that was missed is no failure, but is said."""
    for name in dict.fromkeys(name for name, _, _ in windows):
        waits = [outage(events, begun, ended) for other, begun, ended in windows if other == name]
        longest, kind = max(waits)
        print("note %s: %d times, longest time without a sign-in %.1f s (%s), median %.1f s%s" % (
            name, len(waits), longest, kind, statistics.median(wait for wait, _ in waits),
            "" if longest < GOAL else ", which is over the goal of %d s" % GOAL), flush=True)


def report(load, windows, mailbox):
    fault_rows(load.events, windows)
    taken = collections.Counter((number, code) for number, code, words in load.codes for word in words if word == IN)
    results = sign_in_rows(load.events) + mail_rows(load, deliveries(mailbox)) + [
        never("no-code-is-taken-twice", [code for code, count in taken.items() if count > 1])]
    print("note %d codes, %d app passwords revoked" % (len(taken), len(load.revoked)))
    return all(results)
