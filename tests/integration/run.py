"""Runs the tests of one file; a line "ok NAME", "FAIL NAME" or "skip NAME: why" for each."""
import os
import sys
import unittest


class Lines(unittest.TextTestResult):
    def name(self, test):
        return test.id().split(".", 1)[-1]

    def addSuccess(self, test):
        super().addSuccess(test)
        if test not in self.partly:
            print("ok", self.name(test), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print("FAIL", self.name(test), flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        print("FAIL", self.name(test), flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None and test not in self.partly:
            self.partly.append(test)
            print("FAIL", self.name(test), flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print("skip %s: %s" % (self.name(test), reason), flush=True)

    partly = []


def main():
    path = os.path.abspath(sys.argv[1])
    sys.path.insert(0, os.path.dirname(path))
    sys.dont_write_bytecode = True
    names = [os.path.basename(path)[:-3] + "." + word for word in sys.argv[2:]]
    suite = unittest.defaultTestLoader.loadTestsFromNames(names or [os.path.basename(path)[:-3]])
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Lines, verbosity=0).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)


main()
