"""conf.d/policy.conf shows every setting at its default, and manual pages are sound.

Needs no server, only the built command. Writes nothing but a temporary folder.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from server import BUILD, ROOT

POSTLATCH = BUILD + "/ctl/postlatch"
SHIPPED = ROOT + "/conf.d/policy.conf"
# What is commented out, as opposed to prose: nothing stands between '#' and the word.
COMMENTED = re.compile(r"^(\s*)#([a-z0-9_]+ = .*|[a-z]+( \"[^\"]*\")? \{|\}|include\(.*\))$", re.M)


def table(name):
    """Names in a table of the program, in order, with the text about each."""
    text = subprocess.run([POSTLATCH, "-x", name], capture_output=True, text=True, check=True).stdout
    return dict(item.split("\n", 1) for item in text.split(".It Cm ")[1:])


class PolicyConf(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-policy-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.dir)
        with open(SHIPPED) as f:
            self.shipped = f.read()
        self.uncommented = COMMENTED.sub(r"\1\2", self.shipped)

    def settings(self, text):
        """What holds in a domain that has no section of its own."""
        for name in ("database", "verify_key", "seal_key", "outbox_key"):
            text = re.sub("^%s = .*$" % name, "", text, flags=re.M)
            text += '%s = "%s%s/%s"\n' % (name, "sqlite:" if name == "database" else "", self.dir, name)
        with open(self.dir + "/policy.conf", "w") as f:
            f.write(text)
        with open(self.dir + "/domains.conf", "w") as f:
            f.write("# none yet\n")
        if not os.path.exists(self.dir + "/database"):
            self.postlatch("db", "init")
        return json.loads(self.postlatch("--json", "domain", "show", "elsewhere.test"))["settings"]

    def postlatch(self, *args):
        run = subprocess.run([POSTLATCH, "-c", self.dir + "/policy.conf", *args], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_as_shipped_it_changes_nothing(self):
        sources = {value["source"] for value in self.settings(self.shipped).values()}
        self.assertEqual(sources, {"built-in"})

    def test_every_inherited_setting_stands_there_at_its_default(self):
        built_in = self.settings(self.shipped)
        shown = self.settings(self.uncommented)
        for name in table("settings"):
            self.assertEqual(shown[name], {"value": built_in[name]["value"], "source": "policy-defaults"}, name)

    def test_every_plain_setting_stands_there_at_its_default(self):
        shown = dict(re.findall(r'^([a-z0-9_]+) = "?([^"\n]*)"?$', self.uncommented, re.M))
        defaults = {name: re.search("^Default: (.*)$", text, re.M).group(1) for name, text in table("policy").items()}
        self.assertEqual(shown, {name: "" if text == "empty" else text for name, text in defaults.items()})


class ManualPages(unittest.TestCase):
    def test_mandoc_has_no_warning(self):
        pages = glob.glob(BUILD + "/man/*.[158]")
        self.assertEqual(len(pages), 7)
        run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
        self.assertEqual(run.stdout, "")
        self.assertEqual(run.returncode, 0)

    def test_pages_name_every_row_of_their_tables(self):
        for page, tables in (("postlatch.1", ("commands", "rules")), ("policy.conf.5", ("policy", "settings", "brand"))):
            run = subprocess.run(["mandoc", "-T", "ascii", "%s/man/%s" % (BUILD, page)], capture_output=True,
                                 text=True, check=True)
            plain = re.sub(".\b", "", run.stdout)
            for name in tables:
                for row in table(name):
                    with self.subTest(page=page, row=row):
                        self.assertRegex(plain, r"(?m)^ +%s\b" % re.escape(row.split(" Ar ")[0]))


if __name__ == "__main__":
    unittest.main()
