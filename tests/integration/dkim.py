"""OpenDKIM behind Postfix, and mailauth, which verifies what it has signed."""
import json
import os
import pwd
import subprocess

from server import BUILD, ROOT, TIMEOUT, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
NODE_FOLDER = os.path.join(BUILD, "tests/integration/npm")


def npm_packages():
    """Brings the npm packages of this folder into the build."""
    subprocess.run([ROOT + "/tests/npm-packages", HERE + "/npm", NODE_FOLDER], check=True, timeout=600)


class OpenDKIM:
    """Signs the mail of a domain; Postfix reaches it at address."""

    def __init__(self, folder, domain, port):
        self.folder, self.address = folder, "inet:127.0.0.1:%d" % port
        os.makedirs(folder)
        subprocess.run(["openssl", "genrsa", "-out", folder + "/key", "2048"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", folder + "/key", "-pubout"], check=True, capture_output=True, text=True)
        self.records = {"test._domainkey." + domain: "v=DKIM1; k=rsa; p=" + "".join(public.stdout.splitlines()[1:-1])}
        settings = {"Mode": "s", "Domain": domain, "Selector": "test", "KeyFile": folder + "/key", "Canonicalization": "relaxed/simple",
                    "Socket": "inet:%d@127.0.0.1" % port, "PidFile": folder + "/pid", "UserID": "opendkim",
                    "OversignHeaders": "From", "Background": "no", "RequireSafeKeys": "no"}
        with open(folder + "/opendkim.conf", "w") as f:
            f.writelines("%s %s\n" % setting for setting in settings.items())
        user = pwd.getpwnam("opendkim")
        for path in (folder, folder + "/key"):
            os.chown(path, user.pw_uid, user.pw_gid)

    def __enter__(self):
        self.log = open(self.folder + "/log", "w")
        self.process = subprocess.Popen(["opendkim", "-f", "-x", self.folder + "/opendkim.conf"], stdout=self.log, stderr=self.log)
        wait_for(lambda: os.path.exists(self.folder + "/pid") or self.process.poll() is not None)
        assert self.process.poll() is None, open(self.folder + "/log").read()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(TIMEOUT)
        self.log.close()

    def verify(self, message):
        """What mailauth says of the signatures of a message with CR and LF: [(domain, result), ...]."""
        run = subprocess.run(["node", HERE + "/dkim.mjs", json.dumps(self.records)], input=message, capture_output=True,
                             env={**os.environ, "NODE_FOLDER": NODE_FOLDER}, timeout=TIMEOUT)
        assert run.returncode == 0, run.stderr
        return [(found["domain"], found["result"]) for found in json.loads(run.stdout)]
