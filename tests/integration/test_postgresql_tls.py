"""A PostgreSQL server on another machine must prove its name before it is told anything.

The network is a namespace of the test's own, in which the server has an address that is
not this machine's loopback.
"""
import os
import shutil
import subprocess
import unittest

from postgresql import COMMAND, PostgreSQL
from server import BUILD

POSTLATCH = BUILD + "/ctl/postlatch"
ADDRESS = "192.0.2.10"


class Tls(unittest.TestCase):
    def setUp(self):
        self.database = PostgreSQL()
        self.addCleanup(self.database.remove)
        self.database.start()
        self.database.stop()
        with open(self.database.dir + "/data/pg_hba.conf", "a") as f:
            f.write("host all all %s/24 trust\n" % ADDRESS)
        self.make_certificate()

    def path(self, name):
        return "%s/%s" % (self.database.dir, name)

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=db", "-addext", "subjectAltName=DNS:db.example.test", "-keyout",
                        self.path("key"), "-out", self.path("certificate")], check=True, capture_output=True)
        os.chmod(self.path("key"), 0o600)
        shutil.chown(self.path("key"), "postgres")

    def init(self, tls, *words, host="db.example.test"):
        """What `db init` says on the server's network; words are added to the connection string."""
        uri = "postgresql://postlatch@%s/postlatch?%s" % (host, "&".join(words))
        with open(self.path("policy.conf"), "w") as f:
            f.write('database = "%s"\nverify_key = "%s"\nseal_key = "%s"\noutbox_key = "%s"\n' % (
                uri, self.path("verify.key"), self.path("seal.key"), self.path("outbox.key")))
        options = "-h %s -c ssl=%s -c ssl_cert_file=%s -c ssl_key_file=%s" % (
            ADDRESS, "on" if tls else "off", self.path("certificate"), self.path("key"))
        # A fresh machine has no /etc/hosts to mount over.
        script = """
            ip address add %s/24 dev lo && ip link set lo up
            rm -rf "%s" && cp -a /etc "%s" && echo "%s db.example.test other.example.test" >>"%s/hosts"
            mount --bind "%s" /etc
            %s again %s || exit 99
            %s -c %s db init; status=$?
            %s stop %s
            exit $status
        """ % (ADDRESS, *[self.path("etc")] * 2, ADDRESS, *[self.path("etc")] * 2, COMMAND, self.database.dir,
               POSTLATCH, self.path("policy.conf"), COMMAND, self.database.dir)
        run = subprocess.run(["unshare", "--net", "--mount", "bash", "-c", script], capture_output=True,
                             text=True, timeout=120, env={**os.environ, "PGSERVER_OPTIONS": options,
                                                               "PGSERVICEFILE": self.path("pg_service.conf")})
        self.assertNotEqual(run.returncode, 99, run.stderr)
        return run

    def assert_refused(self, run, why):
        self.assertEqual(run.returncode, 75, run.stdout + run.stderr)
        self.assertRegex(run.stderr, why)

    def test_a_server_without_tls_is_told_nothing(self):
        self.assert_refused(self.init(False), "does not support SSL")

    def test_nor_one_with_words_that_say_nothing(self):
        for word in ("hostaddr=", "sslmode="):
            with self.subTest(word=word):
                self.assert_refused(self.init(False, word), "does not support SSL")

    def test_nor_one_that_a_service_file_names(self):
        with open(self.path("pg_service.conf"), "w") as f:
            f.write("[mail]\nhost=db.example.test\n")
        self.assert_refused(self.init(False, "service=mail", host=""), "does not support SSL")

    def test_a_server_whose_authority_is_unknown_is_told_nothing(self):
        # A small Debian without ca-certificates knows no authority at all.
        self.assert_refused(self.init(True), "certificate verify failed|root certificate file .* does not exist")

    def test_a_server_of_another_name_is_told_nothing(self):
        run = self.init(True, "sslrootcert=" + self.path("certificate"), host="other.example.test")
        self.assert_refused(run, 'does not match host name "other.example.test"')

    def test_a_server_that_proves_its_name_is_used(self):
        run = self.init(True, "sslrootcert=" + self.path("certificate"))
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_the_operator_may_do_without(self):
        run = self.init(False, "sslmode=disable")
        self.assertEqual(run.returncode, 0, run.stderr)
