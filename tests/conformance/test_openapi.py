"""The description of the administrators' API is right: read by a linter, and compared with what the portal does."""
import glob
import json
import os
import subprocess
import tempfile
import unittest

from portal import PORTAL, PortalTest

HERE = os.path.dirname(os.path.abspath(__file__))
NODE_FOLDER = os.environ["NODE_FOLDER"]
# Rules of the linter that do not hold for a document whose licence is that of the project.
SKIPPED_RULES = ("info-license",)
# Answers that only faults bring about; tests of the outage of the portal's database have them.
FAULTS = ("503",)
DOMAINS = ("one.test", "two.test")


def setUpModule():
    global folder, document
    folder = tempfile.TemporaryDirectory(prefix="postlatch-openapi-", dir="/var/tmp")
    unittest.addModuleCleanup(folder.cleanup)
    document = folder.name + "/openapi.json"
    with open(document, "w") as f:
        subprocess.run([PORTAL, "--openapi"], stdout=f, check=True)


def node(script, *args, **options):
    run = subprocess.run(["node", "%s/%s" % (HERE, script), *args], capture_output=True, text=True, timeout=600,
                         env={**os.environ, "NODE_FOLDER": NODE_FOLDER}, **options)
    if run.returncode != 0:
        raise AssertionError(run.stdout + run.stderr)
    return json.loads(run.stdout)


class Document(unittest.TestCase):
    def test_a_linter_finds_nothing(self):
        run = subprocess.run([NODE_FOLDER + "/node_modules/.bin/redocly", "lint", document,
                              *(word for rule in SKIPPED_RULES for word in ("--skip-rule", rule))],
                             capture_output=True, text=True, timeout=600,
                             env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertNotIn("warning", run.stderr.lower().replace("deprecation warning", ""))

    def test_it_has_every_route_of_the_console(self):
        routes = subprocess.run([PORTAL, "-x", "routes"], stdout=subprocess.PIPE, text=True, check=True).stdout
        wanted = {tuple(line.split()[:2]) for line in routes.splitlines()
                  if not line.startswith(" ") and line.split()[3] == "console"}
        with open(document) as f:
            paths = json.load(f)["paths"]
        self.assertEqual({(method.upper(), path) for path in paths for method in paths[path]}, wanted)


class Requests(PortalTest):
    """A portal answers requests that are made from the description."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for domain in (*DOMAINS, "foreign.test"):
            cls.command("domain", "add", domain)
        cls.members = ["m%d@%s" % (i, domain) for domain in DOMAINS for i in range(4)]
        for member in cls.members:
            cls.command("member", "add", member)
            cls.command("app-password", "create", member, "--label", "phone")

    def test_right_and_wrong_ones_are_answered_as_described(self):
        keys = [self.command("api-key", "add", *words)["key"] for words in (
            ("--role", "server", "--label", "all"),
            ("--role", "domain", "--domains", "foreign.test", "--label", "foreign"))]
        asked = {"base": self.portal.url.replace("localhost", "127.0.0.1"), "key": keys[0], "foreign": keys[1],
                 "domains": DOMAINS, "members": self.members}
        answer = node("requests.mjs", document, input=json.dumps(asked))
        self.assertEqual(answer["complaints"], [], answer)
        self.assertTrue(self.portal.alive(), self.portal.log())
        self.assertGreater(answer["count"], 50)


class Recorded(unittest.TestCase):
    """What the tests of the console exchange with portals."""

    def test_every_answer_is_as_described_and_each_operation_was_seen(self):
        record = folder.name + "/record"
        for module in sorted(glob.glob(HERE + "/../integration/test_console_*.py")):
            subprocess.run(["/usr/bin/python3", HERE + "/../integration/run.py", module], stdout=subprocess.DEVNULL,
                           env={**os.environ, "POSTLATCH_TEST_RECORD": record}, check=True)
        answer = node("recorded.mjs", document, record)
        self.assertEqual(answer["complaints"], [])
        print("note described, and seen in no test of the console: %s" %
              ", ".join(name for name in answer["unseen"] if not name.endswith(FAULTS)))
        self.assertEqual(answer["untried"], [], "no test of the console has an answer of theirs")
