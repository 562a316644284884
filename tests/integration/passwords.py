"""postlatch-password as a process, a directory of OpenLDAP, and a server of MariaDB, all on 127.0.0.1."""
import os
import shutil
import socket
import subprocess
import tempfile

from server import BUILD, ROOT, TIMEOUT, wait_for

PASSWORD = BUILD + "/password/postlatch-password"
SCRIPTS = ROOT + "/password"


class Service:
    """postlatch-password for a policy file; password_socket is there."""

    def __init__(self, policy, path, log):
        self.policy, self.path, self.log_path = policy, path, log
        self.process = None

    def start(self):
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen([PASSWORD, "-c", self.policy, "-p", "unix:" + self.path, "-f"], stderr=log)
        wait_for(lambda: self.process.poll() is not None or os.path.exists(self.path), TIMEOUT)
        if self.process.poll() is not None:
            raise AssertionError("it ended with %d: %s" % (self.process.returncode, self.log()))
        return self

    def stop(self):
        self.process.terminate()
        return self.process.wait(TIMEOUT)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def ask(self, data):
        """What it answers to these bytes."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(self.path)
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return client.makefile().read()


def run(script, *args, old, new, env=None, inside=None):
    """A script, as the service starts it: its status, and what it says."""
    started = inside or (lambda *words, **options: subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT,
                                                                  **options))
    done = started(SCRIPTS + "/" + script, *args, input="%s\n%s\n" % (old, new),
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(env or {})})
    return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Directory:
    """slapd with ou=people,dc=one,dc=test."""

    CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {dir}/pid
database mdb
suffix "dc=one,dc=test"
rootdn "cn=admin,dc=one,dc=test"
rootpw words
directory {dir}/data
overlay ppolicy
ppolicy_default "cn=rules,dc=one,dc=test"
access to attrs=userPassword by self write by anonymous auth by * none
access to * by * read
"""
    ENTRIES = """dn: dc=one,dc=test
objectClass: dcObject
objectClass: organization
o: one
dc: one

dn: ou=people,dc=one,dc=test
objectClass: organizationalUnit
ou: people

dn: cn=rules,dc=one,dc=test
objectClass: pwdPolicy
objectClass: device
cn: rules
pwdAttribute: userPassword
pwdMinLength: 9
pwdCheckQuality: 2
"""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-ldap-", dir="/var/tmp")
        self.port = free_port()
        self.uri = "ldap://127.0.0.1:%d" % self.port
        self.process = None

    def start(self, **people):
        os.mkdir(self.dir + "/data")
        with open(self.dir + "/slapd.conf", "w") as f:
            f.write(self.CONF.format(dir=self.dir))
        entries = self.ENTRIES
        for name, password in people.items():
            entries += "\ndn: uid=%s,ou=people,dc=one,dc=test\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\nsn: %s\n" \
                "userPassword: %s\n" % (name, name, name, name, password)
        subprocess.run(["slapadd", "-f", self.dir + "/slapd.conf"], input=entries, text=True, check=True,
                       capture_output=True)
        with open(self.dir + "/log", "w") as log:
            self.process = subprocess.Popen(["slapd", "-f", self.dir + "/slapd.conf", "-h", self.uri, "-d", "0"],
                                            stdout=log, stderr=log)
        wait_for(lambda: is_open(self.port), TIMEOUT)
        return self

    def opens(self, name, password):
        done = subprocess.run(["ldapwhoami", "-x", "-H", self.uri, "-D", "uid=%s,ou=people,dc=one,dc=test" % name,
                               "-w", password], capture_output=True, timeout=TIMEOUT)
        return done.returncode == 0

    def remove(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(TIMEOUT)
        shutil.rmtree(self.dir, ignore_errors=True)


class MariaDB:
    """A server with a database "mail"; options is a file for its client."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="postlatch-mariadb-", dir="/var/tmp")
        self.options = self.dir + "/client.cnf"
        self.process = None

    def start(self):
        data, path = self.dir + "/data", self.dir + "/sock"
        subprocess.run(["mariadb-install-db", "--no-defaults", "--user=root", "--datadir=" + data,
                        "--auth-root-authentication-method=normal", "--skip-test-db"], check=True, capture_output=True)
        self.process = subprocess.Popen(["mariadbd", "--no-defaults", "--user=root", "--datadir=" + data, "--socket=" + path,
                                         "--skip-networking", "--pid-file=" + self.dir + "/pid"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(self.options, "w") as f:
            f.write("[client]\nsocket=%s\nuser=root\n" % path)
        wait_for(lambda: self.client("SELECT 1").returncode == 0, TIMEOUT)
        self.sql("CREATE DATABASE mail")
        with open(self.options, "a") as f:
            f.write("database=mail\n")
        return self

    def client(self, statement):
        return subprocess.run(["mariadb", "--defaults-file=" + self.options, "--batch", "--raw", "--skip-column-names"],
                              input=statement, capture_output=True, text=True, timeout=TIMEOUT)

    def sql(self, statement):
        done = self.client(statement)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout

    def remove(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(TIMEOUT)
        shutil.rmtree(self.dir, ignore_errors=True)
