"""The portal's JSON API beside nginx, which sends a file of the same size.

Both are asked directly; the portal also through nginx, as conf.d has it. The portal
notes the use of a session once a minute, so few sessions leave little to write.
"""
import http.client
import json
import os
import subprocess

import machine
from portal import free_port, wait_for_port
from rounds import Rounds

CONNECTIONS, SECONDS = 16, 1
PATHS = {"session": "/api/session", "account": "/api/account", "app passwords": "/api/account/app-passwords"}

NGINX = """\
worker_processes auto;
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/log;
user www-data;
events {{
  worker_connections 1024;
}}
http {{
  access_log off;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  default_type application/json;
  upstream portal {{
    server 127.0.0.1:{portal};
    keepalive 32;
    keepalive_timeout 10s;
  }}
  server {{
    listen 127.0.0.1:{port};
    root {dir}/files;
    location /api/ {{
      proxy_pass http://portal;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"""


class Api:
    def __init__(self, folder, here, members, portal):
        self.script, self.cookies, self.portal = here + "/api.lua", members.cookies, portal
        self.dir = folder + "/nginx"
        os.makedirs(self.dir + "/files")
        self.sizes = {name: self.make_file(name, path) for name, path in PATHS.items()}
        self.port = free_port()
        with open(self.dir + "/nginx.conf", "w") as f:
            f.write(NGINX.format(dir=self.dir, port=self.port, portal=portal.port))
        self.nginx = subprocess.Popen(["nginx", "-e", self.dir + "/log", "-c", self.dir + "/nginx.conf"],
                                      stdin=subprocess.DEVNULL)
        wait_for_port(self.port, self.nginx, self.dir + "/log")
        self.variants = {}
        for name, path in PATHS.items():
            self.variants["file, as " + name] = (self.port, "/" + name.replace(" ", "-"))
            self.variants[name] = (portal.port, path)
            self.variants[name + " through nginx"] = (self.port, path)

    def make_file(self, name, path):
        """As large as most members' answers, which are looked at on the way. Its size."""
        with open(self.cookies) as f:
            answers = [self.ask(path, *line.split()) for line in f]
        size = sorted(map(len, answers))[len(answers) // 2]
        with open("%s/files/%s" % (self.dir, name.replace(" ", "-")), "w") as f:
            f.write("x" * size)
        return size

    def ask(self, path, address, cookie):
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=60)
        connection.request("GET", path, headers={"Cookie": "__Host-postlatch=" + cookie})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200 or json.loads(body).get("address", address) != address:
            raise RuntimeError("%s of %s is %d %s" % (path, address, answer.status, body))
        return body

    def cpu_seconds(self):
        return machine.cpu_seconds(self.nginx.pid, self.portal.process.pid)

    def slice(self, variant):
        port, path = self.variants[variant]
        before = self.cpu_seconds()
        run = subprocess.run(["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % SECONDS, "-s", self.script,
                              "http://127.0.0.1:%d" % port, "--", path, self.cookies],
                             stdout=subprocess.PIPE, check=True)
        result = json.loads(run.stdout.splitlines()[-1])
        if result["failed"]:
            raise RuntimeError("%s: %d requests failed" % (variant, result["failed"]))
        return {**result, "cpu": 1e6 * (self.cpu_seconds() - before) / result["requests"]}

    def measure(self, seconds):
        for variant in self.variants:
            self.slice(variant)
        return Rounds({name: lambda name=name: self.slice(name) for name in self.variants}).run(seconds)

    def stop(self):
        self.nginx.terminate()
        self.nginx.wait(timeout=60)
