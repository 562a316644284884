"""Runs the tests of one file; a line "ok NAME", "FAIL NAME" or "skip NAME: why" for each.

Where the variable RUN_AGAIN names the output of a run before, only those that failed there run.
"""
import os
import re
import sys
import unittest


def show_logs(test):
    """What the server of the test or of its module said last, when the test has failed."""
    server = getattr(test, "server", None) or getattr(sys.modules.get(type(test).__module__), "server", None)
    folder = getattr(server, "dir", "") + "/log"
    for name in ("dovecot", "mail", "portal"):
        try:
            with open("%s/%s.log" % (folder, name), errors="replace") as f:
                lines = f.readlines()[-12:]
        except OSError:
            continue
        for line in lines:
            print("    %s.log: %s" % (name, line.rstrip()))


class Lines(unittest.TextTestResult):
    def name(self, test):
        return test.id().split(".", 1)[-1]

    def addSuccess(self, test):
        super().addSuccess(test)
        if test not in self.partly:
            print("ok", self.name(test), flush=True)

    def show_failure(self, test):
        print("FAIL", self.name(test))
        show_logs(test)
        sys.stdout.flush()

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.show_failure(test)

    def addError(self, test, err):
        super().addError(test, err)
        self.show_failure(test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None and test not in self.partly:
            self.partly.append(test)
            self.show_failure(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print("skip %s: %s" % (self.name(test), reason), flush=True)

    partly = []


def failed_before():
    """The names of the tests to run again; none: everything, as when a class could not be set up."""
    if "RUN_AGAIN" not in os.environ:
        return []
    with open(os.environ["RUN_AGAIN"], errors="replace") as f:
        names = re.findall(r"^FAIL (.*)$", f.read(), re.MULTILINE)
    return names if all(re.fullmatch(r"\w+\.\w+", name) for name in names) else []


def main():
    path = os.path.abspath(sys.argv[1])
    sys.path.insert(0, os.path.dirname(path))
    sys.dont_write_bytecode = True
    names = [os.path.basename(path)[:-3] + "." + word for word in sys.argv[2:] or failed_before()]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names or [os.path.basename(path)[:-3]])
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Lines, verbosity=0).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)


main()
