"""The commands in README.md, doc/*.md and demo/what-next do what the text says.

They are in blocks of shell commands. A comment behind a command is the first line that the command prints; a
command without one must succeed. Spaces between words do not count. A word behind "```sh" names the blocks that
are executed in a special way; BLOCKS says where each block is executed, or checked.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from command import POSTLATCH, Site
from postgresql import PostgreSQL
from server import BUILD, ROOT, TIMEOUT

MARK = "@@status"
TOUR_DIR = "/var/tmp/postlatch-tour"
HERE, PACKAGES, CHECKED, RESTORE = "here", "tests/packages/documents.sh", "tools/check-docs.sh", "test_restore.py"
ROTATION = "test_key_rotation.py"
LAST_VERSION, SEVERAL = "tests/packages/last_version.sh", "tests/several/site.sh"
# Document and word of each kind of block, and where it is executed or checked.
BLOCKS = {
    ("README.md", ""): HERE,
    ("doc/install.md", ""): PACKAGES, ("doc/install.md", "packages"): PACKAGES, ("doc/install.md", "source"): PACKAGES,
    ("doc/install.md", "users"): PACKAGES, ("doc/install.md", "removing"): PACKAGES,
    ("doc/webmail.md", "tour"): HERE, ("doc/webmail.md", ""): PACKAGES, ("doc/webmail.md", "nginx"): PACKAGES,
    ("doc/account-password.md", ""): HERE, ("doc/connected-applications.md", ""): HERE,
    ("doc/operations.md", ""): HERE, ("doc/operations.md", "fail2ban"): HERE, ("doc/operations.md", "upgrade"): CHECKED,
    ("doc/operations.md", "check"): CHECKED, ("doc/operations.md", "back"): LAST_VERSION,
    **{("doc/operations.md", word): RESTORE for word in ("backup", "restore", "postgresql", "back_postgresql")},
    **{("doc/operations.md", word): ROTATION for word in ("rotate", "finish")},
    ("doc/several-machines.md", ""): HERE, ("doc/migration.md", ""): HERE,
    **{("doc/several-machines.md", word): SEVERAL for word in ("database", "cluster", "first", "other", "front")},
    ("doc/administration.md", ""): HERE, ("doc/administration.ko.md", ""): HERE,
    ("doc/api.md", "tour"): HERE,
}


def read(document):
    with open(os.path.join(ROOT, document)) as f:
        return f.read()


def blocks(document):
    """(word, text) of each block of shell commands."""
    found = re.findall(r"^( *)```sh(?: (\w+))?\n(.*?)^ *```$", read(document), re.M | re.S)
    return [(word, re.sub("(?m)^" + indent, "", text)) for indent, word, text in found]


def block(document, word=""):
    """All blocks of that kind, as one."""
    return "".join(text for kind, text in blocks(document) if kind == word)


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
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900).stdout

    def follow(self, block):
        for command, expected, status, first_line in run(block):
            with self.subTest(command=command):
                if expected is None:
                    self.assertEqual(status, 0, first_line)
                else:
                    self.assertEqual(first_line.split(), expected.split())

    def tour(self, text):
        """Follows the commands, which start and stop a demonstration server."""
        self.assertIn("--background", text)
        self.assertIn("--stop", text)
        self.follow(text.replace(TOUR_DIR, self.dir).replace("./quickstart ", "./quickstart --build %s " % BUILD))

    def test_readme_tour(self):
        self.tour(block("README.md"))

    def test_readme_names_what_the_page_shows(self):
        """tests/browser/test_app_passwords.mjs follows these steps."""
        steps = re.search("(?s)Open that address in a browser.*?```", read("README.md")).group()
        words = re.findall(r"\*\*(.*?)\*\*", steps)
        shown = "".join(read("web/messages/%sen.js" % part) for part in ("", "steps.", "account."))
        self.assertEqual(len(words), 4)
        for word in words:
            self.assertRegex(shown, '": "%s",' % re.escape(word))

    def test_webmail_tour(self):
        self.tour(block("doc/webmail.md", "tour"))

    def test_api_tour(self):
        self.tour(block("doc/api.md", "tour"))

    def test_what_next(self):
        said = self.quickstart("--background")
        with open(self.dir + "/env") as f:
            env = dict(line.strip().split("=", 1) for line in f)
        for url in (env["WEBMAIL_URL"], env["PORTAL_URL"] + "/account", env["CONSOLE_URL"]):
            self.assertRegex(said, "(?m)^    .* %s$" % re.escape(url))
        block = "\n".join(re.findall(r"^  (\S.*)$", said, re.M))
        self.assertIn("app-password create", block)
        self.follow(block)


class Codes(unittest.TestCase):
    def test_the_codes_of_409_are_those_of_the_api(self):
        document = json.loads(subprocess.run([BUILD + "/portal/postlatch-portal", "--openapi"], check=True,
                                             stdout=subprocess.PIPE).stdout)
        _, _, table = read("doc/api.md").partition("The codes of 409:")
        self.assertEqual(re.findall(r"(?m)^\| `([a-z-]+)` \| (.*) \|$", table), list(document["x-conflicts"].items()))


class Quickstart(unittest.TestCase):
    """What keeps it from starting is said in its last line."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-readme-", dir="/var/tmp")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def last_line(self, folder, *options):
        run = subprocess.run([ROOT + "/quickstart", "--dir", folder, "--build", BUILD, "--background", *options],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
        self.assertNotEqual(run.returncode, 0)
        return run.stdout.splitlines()[-1]

    def test_a_folder_with_a_blank(self):
        self.assertIn("may not have blanks", self.last_line(self.dir + "/my server"))

    def test_a_full_disk(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "none", self.dir], check=True)
        self.addCleanup(subprocess.run, ["umount", self.dir], check=True)
        self.assertIn("and the server needs 300", self.last_line(self.dir))

    def test_what_a_killed_one_has_left(self):
        for name in ("run/dovecot", "spool/pid"):
            os.makedirs(os.path.join(self.dir, name))
            with open(os.path.join(self.dir, name, "master.pid"), "w") as f:
                f.write("1\n")
        self.addCleanup(subprocess.run, [ROOT + "/quickstart", "--dir", self.dir, "--stop"], check=True)
        subprocess.run([ROOT + "/quickstart", "--dir", self.dir, "--build", BUILD, "--background"], check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)


class Operation(unittest.TestCase):
    """Commands of an operator, on a site without a mail server."""

    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)

    def follow(self, text, **places):
        for place, here in {"/root/": self.site.dir + "/", "/etc/postlatch/": self.site.dir + "/", **places}.items():
            text = text.replace(place, here)
        text = re.sub(r"(?m)^postlatch ", "%s -c %s " % (POSTLATCH, self.site.policy_file), text)
        for command, expected, status, first_line in run(text):
            with self.subTest(command=command):
                if expected is None:
                    self.assertEqual(status, 0, first_line)
                else:
                    self.assertEqual(first_line.split(), expected.split())

    def test_operations(self):
        self.follow(block("doc/operations.md"))

    def test_the_account_password_is_retired(self):
        self.follow(block("doc/account-password.md"))

    def test_members_come_from_other_programs(self):
        for name, here in (("mailcow.sql", "mailcow.sql"), ("postfixadmin-mysql.sql", "postfix.sql"),
                           ("roundcube.sql", "roundcube.sql"), ("members.csv", "members.csv")):
            with open(os.path.join(ROOT, "tests/data/import", name)) as f:
                self.site.write(here, f.read().replace("`rc_", "`"))
        self.site.write("des_key", "rcmail-!24ByteDESkey*Str\n")
        self.follow(block("doc/migration.md"))

    def test_connected_applications_are_looked_after(self):
        for member in ("alice@example.com", "bob@example.com"):
            self.site.ok("member", "add", member)
        self.follow(block("doc/connected-applications.md"))

    def test_the_first_administrator(self):
        self.assertEqual(block("doc/administration.md"), block("doc/administration.ko.md"))
        self.site.ok("member", "add", "you@example.com")
        self.follow(block("doc/administration.md"))
        self.assertEqual([(row["member"], row["role"]) for row in self.site.json("admin", "list")],
                         [("you@example.com", "server")])

    def test_fail2ban(self):
        shutil.copytree("/etc/fail2ban", self.site.path("fail2ban"))
        # Debian's own jail needs the log of an SSH server.
        os.remove(self.site.path("fail2ban/jail.d/defaults-debian.conf"))
        self.follow(block("doc/operations.md", "fail2ban").replace(
            "fail2ban-client reload", "fail2ban-client -c %s -t" % self.site.path("fail2ban")), **{
                "/etc/fail2ban": self.site.path("fail2ban"), "/usr/share/postlatch/": ROOT + "/"})

    def test_a_database_moves_to_postgresql(self):
        server = PostgreSQL().start()
        self.addCleanup(server.remove)
        self.site.ok("member", "add", "alice@example.com")
        self.follow(block("doc/several-machines.md"), **{
            "sqlite:/var/lib/postlatch/postlatch.db": "sqlite:" + self.site.database,
            "postgresql://postlatch@db1.example.com/postlatch": server.uri})


class Blocks(unittest.TestCase):
    def test_every_block_is_executed_or_checked(self):
        documents = ["README.md"] + ["doc/" + name for name in sorted(os.listdir(ROOT + "/doc")) if name.endswith(".md")]
        found = {(document, word) for document in documents for word, _ in blocks(document)}
        self.assertEqual(found, set(BLOCKS))
        for document in documents:
            self.assertEqual(read(document).count("```"), 2 * len(blocks(document)), document)

    def test_the_readme_installs_as_the_document_for_operators_does(self):
        self.assertIn("\n\n" + re.sub("(?m)^", "    ", block("doc/install.md", "packages")).rstrip() + "\n\n",
                      read("README.md"))


if __name__ == "__main__":
    unittest.main()
