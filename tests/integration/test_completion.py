"""Completion in bash, with the shipped file."""
import os
import pty
import re
import select
import shlex
import subprocess
import tempfile
import time
import unittest

from command import BUILD, ROOT, TIMEOUT

NOUNS = {"admin", "api-key", "domain", "member", "app-password", "application", "totp", "session", "device", "client",
         "signing-key", "key", "explain", "audit", "report", "check", "autoconfig", "setup", "import", "db", "forward", "link"}
SETUP = "PATH=%s:$PATH; source %s" % (shlex.quote(BUILD + "/ctl"), shlex.quote(ROOT + "/ctl/postlatch.bash"))


def complete(*words):
    """What is offered for the last word; bash divides words at '=' too."""
    script = '%s; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _postlatch; printf "%%s\\n" "${COMPREPLY[@]}"' % SETUP
    run = subprocess.run(["bash", "--noprofile", "--norc", "-c", script, "bash", "postlatch", *words],
                         capture_output=True, text=True, timeout=TIMEOUT, check=True, cwd=ROOT + "/tests")
    assert run.stderr == "", run.stderr
    return {word for word in run.stdout.splitlines() if word}


class Offers(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(complete(""), NOUNS | {"help", "--json", "--help", "--version", "-c"})
        self.assertEqual(complete("d"), {"domain", "device", "db"})
        self.assertEqual(complete("--json", "mem"), {"member"})

    def test_verbs(self):
        self.assertEqual(complete("member", ""), {"add", "set", "show", "list", "logins", "note-password-change", "recover-password", "remove", "import",
                                                   "export"})
        self.assertEqual(complete("db", "ba"), {"backup"})
        self.assertEqual(complete("app-password", "--json", "r"), {"revoke"})
        self.assertEqual(complete("link", "p"), {"password"})

    def test_behind_another_policy_file(self):
        self.assertEqual(complete("-c", "/etc/other.conf", "memb"), {"member"})
        self.assertEqual(complete("-c", "/etc/other.conf", "member", "imp"), {"import"})

    def test_options_of_the_command(self):
        self.assertEqual(complete("domain", "set", "-"), {"--scope", "--dry-run", "--json", "--help"})
        self.assertEqual(complete("explain", "--c"), {"--channel", "--credential"})
        self.assertEqual(complete("link", "password", "3", "--r"), {"--remove"})
        self.assertEqual(complete("member", "set", "a", "@", "x.test", "--d"), {"--domain", "--dry-run"})

    def test_settings(self):
        self.assertEqual(complete("member", "set", "po"), {"pop3=on", "pop3=off", "pop3=inherit"})
        self.assertIn("client_password=never", complete("domain", "set", "x.test", ""))

    def test_values_behind_the_equals_sign(self):
        self.assertEqual(complete("member", "set", "pop3", "="), {"on", "off", "inherit"})
        self.assertEqual(complete("member", "set", "client_password", "=", "un"), {"until_second_factor"})
        self.assertEqual(complete("member", "add", "active", "="), {"on", "off"})

    def test_values_of_options(self):
        self.assertEqual(complete("explain", "a", "@", "x.test", "--channel", ""), {"client", "webmail"})
        self.assertEqual(complete("explain", "--service", "=", "p"), {"pop3"})
        self.assertEqual(complete("explain", "--credential", "a"), {"account-password", "app-password"})
        self.assertEqual(complete("domain", "set", "x.test", "--scope", ""), {"inheriting", "new", "all"})
        self.assertEqual(complete("domain", "set", "x.test", "--scope", "=", "n"), {"new"})
        self.assertIn("two_factor", complete("explain", "--service", ""))

    def test_files(self):
        self.assertEqual(complete("member", "import", "integration/comm"), {"integration/command.py"})


class AtTheKeyboard(unittest.TestCase):
    """An interactive bash on a terminal."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        rc = self.folder.name + "/rc"
        with open(rc, "w") as f:
            f.write("PS1='ready> '\n%s\nbind 'set enable-bracketed-paste off'\n" % SETUP)
        self.terminal, theirs = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        shell = subprocess.Popen(["bash", "--noprofile", "--rcfile", rc, "-i"], stdin=theirs, stdout=theirs,
                                 stderr=theirs, start_new_session=True,
                                 env={**os.environ, "TERM": "dumb", "COLUMNS": "200", "INPUTRC": "/dev/null"})
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        os.close(theirs)
        self.read("ready> ")

    def read(self, pattern):
        text, deadline = "", time.monotonic() + TIMEOUT
        while not re.search(pattern, text):
            ready = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]
            self.assertTrue(ready, "the shell says only %r" % text)
            text += os.read(self.terminal, 65536).decode().replace("\r", "")
        return re.search(pattern, text)

    def becomes(self, line):
        """The line after the tab key. Its beginning and end are put between the words of an echo."""
        os.write(self.terminal, line.encode() + b"\t\x01echo '<\x05>'\n")
        return self.read(r"\n<(.*)>\n").group(1)

    def test_lines(self):
        for typed, line in (("postlatch memb", "postlatch member "),
                            ("postlatch member imp", "postlatch member import "),
                            ("postlatch member set a@x.test pop3=of", "postlatch member set a@x.test pop3=off "),
                            ("postlatch domain set x.test --dr", "postlatch domain set x.test --dry-run "),
                            ("postlatch -c /x/y explain --serv", "postlatch -c /x/y explain --service ")):
            with self.subTest(typed=typed):
                self.assertEqual(self.becomes(typed), line)


if __name__ == "__main__":
    unittest.main()
