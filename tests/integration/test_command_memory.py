"""The command under valgrind: no leak and no wrong access, also on the way out of errors."""
import concurrent.futures
import os
import subprocess
import unittest

from command import POSTLATCH, Site

# Each group is run in order on a site of its own; the status that each line must have.
GROUPS = [
    [(0, "--help"), (0, "help member"), (0, "member set --help"), (64, ""), (64, "membr"), (64, "member lst"),
     (64, "audit --nothing"), (64, "audit --scope x"), (0, "-x commands"), (0, "-x words"), (0, "-x setting-words"),
     (78, "-c bad.conf domain list"), (78, "-c oracle.conf domain list"), (75, "-c nodb.conf domain list"),
     (75, "-c nokey.conf app-password create a@x.test"), (78, "-c damaged.conf domain list"),
     (2, "-c damaged.conf check --dovecot-conf dovecot.conf --postfix-conf /nonexistent"),
     (2, "--json check --dovecot-conf /nonexistent --postfix-conf /nonexistent")],
    [(0, "domain add x.test pop3=off"), (1, "domain add x.test"), (65, "domain add x..test"),
     (0, "domain set x.test imap=off --scope all"), (1, "domain set y.test imap=on"),
     (0, "--json domain show x.test"), (0, "domain list"), (0, "member add a@x.test class=staff"),
     (0, "member set --add a@x.test b@x.test pop3=on"), (0, "--json member set --domain x.test imap=off --dry-run"),
     (0, "member set --stdin pop3=off"), (65, "member set a@x.test no pop3=on"),
     (1, "member set a@forbidden.test imap=on"), (0, "domain set x.test imap=on --scope new"),
     (0, "member show a@x.test"), (0, "--json member show a@x.test"), (0, "--json member list --class staff"),
     (1, "member remove a@x.test nobody@x.test"), (1, "domain remove x.test"), (0, "domain remove x.test --yes")],
    [(0, "member import good.csv"), (0, "--json member import good.csv --dry-run"), (65, "member import bad.csv"),
     (65, "member import twins.csv"), (65, "member import empty.csv"), (65, "member import db"),
     (1, "member import forbidden.csv"), (0, "member export"), (0, "member export out.csv"),
     (65, "member export out.csv"),
     (1, "db init"), (0, "db status"), (0, "--json db migrate"), (0, "db backup copy.db"), (1, "db backup copy.db"),
     (75, "db backup none/copy.db"), (0, "db verify copy.db"), (78, "db verify policy.conf"),
     (0, "db restore copy.db --dry-run"), (0, "--json db restore copy.db"), (75, "db restore none.db")],
    [(0, "domain add x.test"), (0, "domain import domains"), (65, "domain import db"),
     (1, "domain import --from-postfix --postfix-conf /nonexistent"), (1, "app-password create a@y.test"),
     (0, "app-password create a@x.test --label phone --services imap --networks 192.0.2.0/24 --expires 90d"),
     (0, "--json app-password create a@x.test"), (65, "app-password create a@x.test --networks 1.2"),
     (0, "app-password list a@x.test"), (0, "--json app-password list a@x.test"),
     (1, "app-password revoke a@x.test 99"),
     (0, "--json app-password revoke a@x.test --all"), (64, "app-password revoke a@x.test"),
     (0, "explain a@x.test --service smtp"), (1, "--json explain a@x.test --service forwarding"),
     (1, "explain a@x.test --service imap --credential app-password"), (2, "explain a@x.test --service imap --ip x"),
     (0, "audit"), (0, "--json audit --domain x.test --since 2026-01-01 --limit 5"), (65, "audit --since x")],
]

FILES = {
    "domains": "# ours\na.test\nx.test\n",
    "good.csv": "address,pop3\nd@x.test,on\ne@x.test,\n",
    "bad.csv": "address,pop3\nd@x.test,on\ne@x.test,maybe\n",
    "twins.csv": "address\nd@x.test\nD@x.test\n",
    "forbidden.csv": "address,imap\nd@x.test,off\na@forbidden.test,on\n",
    "empty.csv": "",
    "bad.conf": 'domain "x.test" {\n pop3 = maybe\n',
    "oracle.conf": 'database = "oracle:x"\n',
    "nodb.conf": 'database = "sqlite:/nonexistent/x.db"\n',
    "damaged.conf": 'database = "sqlite:%(dir)s/damaged.db"\n',
    "nokey.conf": 'database = "sqlite:%(dir)s/db/postlatch.db"\nverify_key = "/nonexistent/key"\n',
    "damaged.db": "this is no database\n" * 1000,
    "dovecot.conf": "passdb {\n  driver = postlatch\n}\nuserdb {\n  driver = prefetch\n}\n",
}


class Memory(unittest.TestCase):
    def site(self):
        site = Site('domain "forbidden.test" { imap = forbidden }\ndefaults { sieve = off }\nclass "staff" { }')
        self.addCleanup(site.remove)
        for name, text in FILES.items():
            site.write(name, text.replace("%(dir)s", site.dir))
        return site

    def run_line(self, site, line):
        words = line.split() if line.startswith("-c") else ["-c", "policy.conf", *line.split()]
        return subprocess.run(["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", POSTLATCH, *words],
                              capture_output=True, text=True, timeout=300, cwd=site.dir,
                              input="a@x.test # a comment\n\n")

    def run_group(self, group):
        site = self.site()
        return [(line, status, self.run_line(site, line)) for status, line in group]

    def test_every_command_and_error(self):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for results in pool.map(self.run_group, GROUPS):
                for line, status, run in results:
                    with self.subTest(line=line):
                        self.assertEqual(run.returncode, status, run.stderr)
                        self.assertNotIn("==", run.stderr)


if __name__ == "__main__":
    unittest.main()
