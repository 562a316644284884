"""The tables that the benchmark prints."""


def absolute(rounds, fields):
    """A row for each variant. Good beside its neighbours only."""
    print("%-20s" % "" + "".join("%16s" % title for title in fields.values()))
    for variant in rounds.slices:
        figures = (rounds.median(variant, field) for field in fields)
        print("%-20s" % variant + "".join("%16.0f" % figure for figure in figures))
    print()


def head():
    print("%-46s%8s  %-15s%-12s" % ("", "median", "quartiles", "target"))


def verdict(good):
    return "reached" if good else "not reached"


def ratio(rounds, label, field, variant, neighbour, least=None, most=None):
    middle, lower, upper = rounds.ratio(field, variant, neighbour)
    line = "%-46s%8.2f  %-15s" % (label, middle, "%.2f-%.2f" % (lower, upper))
    if least is not None:
        line += "%-12s%s" % (">= %.2f" % least, verdict(middle >= least))
    elif most is not None:
        line += "%-12s%s" % ("<= %.2f" % most, verdict(middle <= most))
    # CPU time is a process's own; rates and delays are the whole machine's.
    if (least is not None or most is not None) and field != "cpu" and not rounds.was_quiet():
        line += ", on a disturbed machine: no verdict"
    print(line.rstrip())


def figure(label, value, unit, most):
    print("%-46s%8.1f  %-15s%-12s%s" % (label, value, unit, "<= %g" % most, verdict(value <= most)))
