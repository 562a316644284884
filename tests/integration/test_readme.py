"""What README.md and demo/what-next tell people to type does what they say.

Both are blocks of shell commands. A comment behind a command is the first line that
it prints; a command without one must succeed. Spaces between words do not count.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from server import BUILD, ROOT, TIMEOUT

MARK = "@@status"
TOUR_DIR = "/var/tmp/postlatch-tour"


def commands(block):
    """(command, first line that it should print or None) for each line of a block."""
    for line in re.sub(r"\\\n\s*", "", block).splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            command, _, expected = re.sub(r"\s+# ", "\n", line, count=1).partition("\n")
            yield command, expected or None


def run(block):
    """Runs a block in one bash; (command, expected, status, first line) for each command."""
    wanted = list(commands(block))
    script = "".join('%s\nprintf "\\n%s %%d\\n" $?\n' % (command, MARK) for command, _ in wanted)
    shell = subprocess.run(["bash"], input=script, text=True, cwd=ROOT, timeout=4 * TIMEOUT,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = re.split(r"\n%s (\d+)\n" % MARK, shell.stdout)
    assert len(said) == 2 * len(wanted) + 1, shell.stdout
    return [(command, expected, int(said[2 * i + 1]), said[2 * i].strip().partition("\n")[0])
            for i, (command, expected) in enumerate(wanted)]


class Documents(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-readme-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(self.quickstart, "--stop")

    def quickstart(self, *options):
        return subprocess.run([ROOT + "/quickstart", "--dir", self.dir, "--build", BUILD, *options], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300).stdout

    def follow(self, block):
        for command, expected, status, first_line in run(block):
            with self.subTest(command=command):
                if expected is None:
                    self.assertEqual(status, 0, first_line)
                else:
                    self.assertEqual(first_line.split(), expected.split())

    def follow_section(self, title):
        """All blocks of a section, in one shell."""
        with open(ROOT + "/README.md") as f:
            section = f.read().partition("\n## %s\n" % title)[2].partition("\n## ")[0]
        block = "".join(re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S))
        self.assertIn("--background", block)
        self.assertIn("--stop", block)
        block = block.replace(TOUR_DIR, self.dir).replace("./quickstart ", "./quickstart --build %s " % BUILD)
        self.follow(block)

    def test_readme_tour(self):
        self.follow_section("Five minutes")

    def test_readme_webmail(self):
        self.follow_section("Webmail, with a browser")

    def test_what_next(self):
        said = self.quickstart("--background")
        with open(self.dir + "/env") as f:
            env = dict(line.strip().split("=", 1) for line in f)
        for url in (env["WEBMAIL_URL"], env["PORTAL_URL"] + "/account"):
            self.assertRegex(said, "(?m)^    .* %s$" % re.escape(url))
        block = "\n".join(re.findall(r"^  (\S.*)$", said, re.M))
        self.assertIn("app-password create", block)
        self.follow(block)


if __name__ == "__main__":
    unittest.main()
