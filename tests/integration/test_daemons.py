"""The manual page of each daemon names the options that its --help names, and no others."""
import re
import subprocess
import unittest

from server import BUILD, TIMEOUT

DAEMONS = {"postlatch-milter": "milter", "postlatch-portal": "portal", "postlatch-sasl-relay": "sasl-relay",
           "postlatch-sender": "sender", "postlatch-password": "password"}


def said(name):
    return subprocess.run(["%s/%s/%s" % (BUILD, DAEMONS[name], name), "--help"], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=TIMEOUT).stdout


def section(name, title):
    """The source of a section of the manual page."""
    with open("%s/man/%s.8" % (BUILD, name)) as f:
        return re.search(r"^\.Sh %s\n(.*?)^\.Sh " % title, f.read(), re.M | re.S).group(1)


class Options(unittest.TestCase):
    def test_help_and_manual_name_the_same_options(self):
        for name in DAEMONS:
            with self.subTest(daemon=name):
                described = re.findall(r"^  -(-?\w+)(?: ([A-Z]+))?  ", said(name), re.M)
                items = re.findall(r"^\.It Fl (?:\\(?=-))?(-?\w+)(?: Ar (\w+)| Cm .*)?$", section(name, "DESCRIPTION"), re.M)
                arguments = {option: argument for option, argument in described}
                self.assertGreater(len(arguments), 4)
                self.assertEqual(set(arguments), {option for option, _ in items})
                for option, argument in items:
                    if option != "x":  # has an item for each of its arguments
                        self.assertEqual(argument.upper(), arguments[option], option)

    def test_the_first_lines_of_both_name_the_same_options(self):
        for name in DAEMONS:
            with self.subTest(daemon=name):
                usage = said(name).partition("\n\n")[0]
                self.assertEqual(set(re.findall(r"(?:\s|\[)-(\w)", usage)),
                                 set(re.findall(r"^\.(?:Op )?Fl (\w)", section(name, "SYNOPSIS"), re.M)))

    def test_options_that_are_not_named_are_refused(self):
        for name, folder in DAEMONS.items():
            letters = set(re.findall(r"^  -(\w) ", said(name), re.M)) | {"h"}
            for letter in sorted(set("abcdefghijklmnopqrstuvwxyz") - letters):
                run = subprocess.run(["%s/%s/%s" % (BUILD, folder, name), "-" + letter], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)
                self.assertEqual(run.returncode, 64, (name, letter, run.stdout))


if __name__ == "__main__":
    unittest.main()
