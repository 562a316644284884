"""A file that mail links to, fetched by many at once: from the portal, from the portal through nginx as conf.d has it, and
the same file from nginx alone.

All fetch with one ticket, so that one download is counted: it is the sending that is measured.
"""
import http.client
import json
import os
import subprocess

import machine
from portal import free_port, wait_for_port
from rounds import Rounds

AT_ONCE, SECONDS, SIZE = 200, 2, 8 * 1048576
ALONE, PORTAL, THROUGH = "nginx alone", "portal", "portal through nginx"
HOST = "files.bench.test"

LINKS = """\
attachment_url = "https://{host}"
attachment_folder = "{dir}/files"
"""

NGINX = """\
worker_processes auto;
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/nginx.log;
user www-data;
events {{
  worker_connections 1024;
}}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  upstream portal {{
    server 127.0.0.1:{portal};
  }}
  server {{
    listen 127.0.0.1:{port};
    location /f/ {{
      proxy_pass http://portal;
      proxy_set_header Host $http_host;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_buffer_size 64k;
      proxy_buffers 4 64k;
    }}
    location / {{
      root {dir}/alone;
    }}
  }}
}}
"""


class Downloads:
    def __init__(self, folder, here, build, web, database, members):
        self.dir, self.script = folder + "/downloads", here + "/downloads.lua"
        for path in (self.dir, self.dir + "/files", self.dir + "/alone"):
            os.mkdir(path, 0o755)
        with open(self.dir + "/alone/file", "wb") as f:
            f.write(os.urandom(SIZE))
        policy = members.write_policy(self.dir + "/policy.conf", members.dir, "http://localhost", "/nonexistent")
        with open(policy, "a") as f:
            f.write(LINKS.format(host=HOST, dir=self.dir))
        self.port, self.nginx_port = free_port(), free_port()
        self.portal = self.start([build + "/portal/postlatch-portal", "-f", "-c", policy, "-w", web, "-p",
                                  "inet:127.0.0.1:%d" % self.port], self.port, "portal.log")
        ticket = self.ticket(build, policy, database)
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(NGINX.format(dir=self.dir, port=self.nginx_port, portal=self.port))
        self.nginx = self.start(["nginx", "-e", self.dir + "/nginx.log", "-c", self.dir + "/nginx.conf"],
                                self.nginx_port, "nginx.log")
        self.variants = {ALONE: (self.nginx_port, "/file"), PORTAL: (self.port, ticket),
                         THROUGH: (self.nginx_port, ticket)}

    def start(self, command, port, log):
        with open(self.dir + "/" + log, "w") as f:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=f)
        wait_for_port(port, process, self.dir + "/" + log)
        return process

    def ticket(self, build, policy, database):
        """What the button of the page of a new link leads to."""
        with open(database.credentials) as f:
            member = f.readline().split()[0]
        link = subprocess.run([build + "/tests/integration/make_link", policy, member, "scanned", self.dir + "/alone/file",
                               "file.bin"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]
        page = self.ask("GET", "/l/" + link)[1].decode()
        form = "file=" + page.partition('name="file" value="')[2].partition('"')[0]
        answer, _ = self.ask("POST", "/l/" + link, form, {"Content-Type": "application/x-www-form-urlencoded"})
        ticket = answer.headers["Location"]
        with open(self.dir + "/alone/file", "rb") as f:
            if self.ask("GET", ticket)[1] != f.read():
                raise RuntimeError("the portal sends another file; see %s/portal.log" % self.dir)
        return ticket

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {"Host": HOST, **(headers or {})})
        answer = connection.getresponse()
        got = answer.read()
        connection.close()
        return answer, got

    def slice(self, variant):
        port, path = self.variants[variant]
        before = machine.cpu_seconds(self.portal.pid, self.nginx.pid)
        run = subprocess.run(["wrk", "-t2", "-c%d" % AT_ONCE, "-d%ds" % SECONDS, "--timeout", "60s", "-s", self.script,
                              "http://127.0.0.1:%d" % port, "--", path, HOST], stdout=subprocess.PIPE, check=True)
        result = json.loads(run.stdout.splitlines()[-1])
        if result["failed"]:
            raise RuntimeError("%s: %d downloads failed" % (variant, result["failed"]))
        megabytes = result["bytes"] / 1e6
        return {"megabytes": megabytes / result["seconds"],
                "cpu": 1e6 * (machine.cpu_seconds(self.portal.pid, self.nginx.pid) - before) / megabytes}

    def measure(self, seconds):
        for variant in self.variants:
            self.slice(variant)
        return Rounds({name: lambda name=name: self.slice(name) for name in self.variants}).run(seconds)

    def stop(self):
        for process in (self.nginx, self.portal):
            process.terminate()
            process.wait(timeout=60)
