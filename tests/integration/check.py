"""What the tests of `postlatch check` share: running it on a server, and changing one thing."""
import json
import os
import re
import shutil
import unittest


def replace(folder, old, new):
    """In every file of the folder where it stands; at least one."""
    found = 0
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path) as f:
                text = f.read()
            if old in text:
                found += 1
                with open(path, "w") as f:
                    f.write(text.replace(old, new))
    assert found > 0, old


class CheckTest(unittest.TestCase):
    server = None  # the module's, started by its setUpModule
    options = ()

    def check(self, *options):
        """Its exit status and findings as (level, topic, text)."""
        run = self.server.postlatch("check", *options, check=False)
        self.assertEqual(run.stderr, "")
        return run.returncode, [tuple(re.split(" +", line, maxsplit=2)) for line in run.stdout.splitlines()]

    def json(self, *options):
        return json.loads(self.server.postlatch("--json", "check", *options, check=False).stdout)

    def finds(self, level, *words, options=None):
        status, lines = self.check(*(self.options if options is None else options))
        found = [line for line in lines if line[0] == level and all(word in line[2] for word in words)]
        self.assertEqual(len(found), 1, lines)
        worst = {"fault": 2, "warning": 1}
        self.assertEqual(status, max(worst.get(line[0], 0) for line in lines), lines)
        self.assertGreaterEqual(status, worst.get(level, 0))
        return found[0]

    def copy_configurations(self):
        """Copies of Dovecot's and Postfix's, to be changed; without the one fault of the demonstration."""
        self.dovecot, self.postfix = (self.server.dir + "/check-" + name for name in ("dovecot", "postfix"))
        for name, copy in (("dovecot", self.dovecot), ("postfix", self.postfix)):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.server.dir + "/etc/" + name, copy)
        # It takes AUTH on a port without milter, so that every service can be tried.
        first = " smtpd\n  -o smtpd_sasl_auth_enable=%s\npostlog"
        replace(self.postfix, first % "yes", first % "no")
        # The server answers wrong passwords at once, so that tests are quick; the copy does not say so.
        replace(self.dovecot, "!include_try %s/dovecot-local.conf\n" % self.server.dir, "")
        self.options = ("--dovecot-conf", self.dovecot + "/dovecot.conf", "--postfix-conf", self.postfix)


class FilesTest(CheckTest):
    """Changes owners, modes and contents of files, and puts back what it changed."""

    def away(self, path):
        os.rename(path, path + ".away")
        self.addCleanup(os.rename, path + ".away", path)

    def mode(self, path, mode):
        before = os.stat(path).st_mode & 0o7777
        os.chmod(path, mode)
        self.addCleanup(os.chmod, path, before)

    def owner(self, path, user, group):
        before = os.stat(path)
        os.chown(path, user, group)
        # chown clears the set-group-id bit.
        self.addCleanup(os.chmod, path, before.st_mode & 0o7777)
        self.addCleanup(os.chown, path, before.st_uid, before.st_gid)

    def contents(self, path, change):
        """change: a function of the old text."""
        with open(path) as f:
            before = f.read()
        self.addCleanup(self.write, path, before)
        self.write(path, change(before))

    def write(self, path, text):
        with open(path, "w") as f:
            f.write(text)
