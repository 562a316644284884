"""Debian's Thunderbird without a window, in a profile of its own, and remote-controlled by Marionette."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from portal import free_port, is_open
from server import TIMEOUT, plain_connect, wait_for


def is_installed():
    return shutil.which("thunderbird") is not None


class Thunderbird:
    """proxy: the port of a web server that is asked for every name, so that no name is looked up elsewhere."""

    def __init__(self, proxy, **preferences):
        self.dir = tempfile.mkdtemp(prefix="postlatch-thunderbird-", dir="/var/tmp")
        self.port, self.next = free_port(), 0
        self.write_preferences({
            "marionette.port": self.port, "network.proxy.type": 1, "network.proxy.http": "127.0.0.1",
            "network.proxy.http_port": proxy, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": proxy,
            "network.proxy.no_proxies_on": "localhost", "app.update.enabled": False, "mail.provider.suppress_dialog_on_startup": True,
            "mailnews.start_page.enabled": False, "toolkit.telemetry.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
            "mail.shell.checkDefaultClient": False, "mail.spotlight.firstRunDone": True, "mailnews.auto_config_url": "",
            **preferences})
        with open(self.dir + "/log", "wb") as log:
            self.process = subprocess.Popen(["thunderbird", "--headless", "--no-remote", "--profile", self.dir, "--marionette",
                                             "--remote-allow-system-access"], stdout=log, stderr=log, start_new_session=True,
                                            env={**os.environ, "HOME": self.dir, "MOZ_HEADLESS": "1"})
        wait_for(lambda: self.process.poll() is not None or is_open(self.port), TIMEOUT)
        self.socket = plain_connect(("127.0.0.1", self.port), TIMEOUT)
        self.lines = self.socket.makefile("rb")
        self.receive()  # who it is
        self.send("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"timeouts": {"script": TIMEOUT * 1000}}}})
        self.send("Marionette:SetContext", {"value": "chrome"})

    def write_preferences(self, preferences):
        with open(self.dir + "/user.js", "w") as f:
            f.writelines("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value))
                         for name, value in preferences.items())

    def receive(self):
        length = b""
        while not length.endswith(b":"):
            byte = self.lines.read(1)
            if not byte:
                raise AssertionError("Thunderbird ended: " + self.log())
            length += byte
        return json.loads(self.lines.read(int(length[:-1])))

    def send(self, command, parameters):
        self.next += 1
        text = json.dumps([0, self.next, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self.receive()
        assert number == self.next
        if error is not None:
            raise AssertionError("%s: %s" % (error["error"], error["message"]))
        return result

    def run(self, script, *args):
        """What an async function with this body returns; it may do whatever Thunderbird can."""
        body = ("const done = arguments[arguments.length - 1]; (async (...args) => {%s})(...arguments)"
                ".then(value => done({ value }), error => done({ error: String(error?.message ?? error) }));" % script)
        result = self.send("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(args), "sandbox": "system",
                                                            "newSandbox": True})["value"]
        if "error" in result:
            raise AssertionError(result["error"])
        return result.get("value")

    def log(self):
        with open(self.dir + "/log", errors="replace") as f:
            return f.read()

    def remove(self):
        for stream in (self.lines, self.socket):
            stream.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        shutil.rmtree(self.dir, ignore_errors=True)
