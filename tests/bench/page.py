"""The sign-in page on a slow line: Chromium in front of nginx, as conf.d has it, in front of the portal."""
import json
import os
import re
import statistics
import subprocess

from portal import free_port, wait_for_port

COUNT = 5
FRAGMENT = "conf.d/nginx/postlatch-portal.conf"
NGINX = """\
worker_processes auto;
daemon off;
pid {dir}/nginx.pid;
user www-data;
events {{
  worker_connections 1024;
}}
http {{
  access_log off;
  include {dir}/portal.conf;
}}
"""


class Page:
    def __init__(self, folder, root, node_folder, portal):
        self.dir, self.root, self.node_folder = folder + "/page", root, node_folder
        os.mkdir(self.dir)
        self.port = free_port()
        self.make_certificate()
        with open(self.dir + "/portal.conf", "w") as f:
            f.write(self.fragment(portal.port))
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(NGINX.format(dir=self.dir))
        self.nginx = subprocess.Popen(["nginx", "-e", self.dir + "/log", "-c", self.dir + "/nginx.conf"],
                                      stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.nginx, self.dir + "/log")

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=localhost", "-keyout", self.dir + "/key",
                        "-out", self.dir + "/certificate"], check=True, stderr=subprocess.DEVNULL)

    def fragment(self, portal_port):
        """As it is shipped, with the ports and files of this run; the server for Dovecot is left out."""
        with open("%s/%s" % (self.root, FRAGMENT)) as f:
            text = f.read().split("# Dovecot 2.4 asks here")[0]
        for pattern, value in ((r"unix:/run/postlatch/portal.sock", "127.0.0.1:%d" % portal_port),
                               (r"listen 443 ", "listen 127.0.0.1:%d " % self.port), (r"listen \[::\].*", ""),
                               (r"ssl_certificate /.*;", "ssl_certificate %s/certificate;" % self.dir),
                               (r"ssl_certificate_key /.*;", "ssl_certificate_key %s/key;" % self.dir)):
            text, count = re.subn(pattern, value, text)
            assert count == 1, pattern
        return text

    def measure(self):
        """The medians of some visits, by name."""
        address = "https://localhost:%d/sign-in" % self.port
        run = subprocess.run(["node", self.root + "/tests/bench/page.mjs", address, str(COUNT)], stdout=subprocess.PIPE,
                             env={**os.environ, "NODE_FOLDER": self.node_folder}, text=True, check=True)
        visits = [json.loads(line) for line in run.stdout.splitlines()]
        return {name: statistics.median(visit[name] for visit in visits) for name in visits[0]}

    def stop(self):
        self.nginx.terminate()
        self.nginx.wait(timeout=60)
