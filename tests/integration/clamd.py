"""ClamAV's daemon with two signatures of its own, and a stand-in for it. Nothing is downloaded."""
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import threading

from server import TIMEOUT, wait_for

INSTALLED = shutil.which("clamd", path="/usr/sbin:/usr/bin")
# Harmless, and nothing but these signatures knows them.
PATTERN = b"Postlatch's pattern for tests of the scanner"
KNOWN_FILE = b"Postlatch's file for tests of the scanner\n" * 40000


class Clamd:
    """The real one, in the foreground, with its socket at path. settings: of clamd.conf, beside those that it needs."""

    def __init__(self, folder, path, **settings):
        self.folder, self.path = folder, path
        os.makedirs(folder + "/signatures", exist_ok=True)
        os.makedirs(folder + "/tmp", exist_ok=True)
        with open(folder + "/signatures/test.hdb", "w") as f:
            f.write("%s:%d:Test.File\n" % (hashlib.md5(KNOWN_FILE).hexdigest(), len(KNOWN_FILE)))
        with open(folder + "/signatures/test.ndb", "w") as f:
            f.write("Test.Pattern:0:*:%s\n" % PATTERN.hex())
        settings = {"LocalSocket": path, "LocalSocketMode": "666", "FixStaleSocket": "yes", "Foreground": "yes",
                    "DatabaseDirectory": folder + "/signatures", "TemporaryDirectory": folder + "/tmp",
                    "SelfCheck": "0", "AlertExceedsMax": "yes", **settings}
        with open(folder + "/clamd.conf", "w") as f:
            f.writelines("%s %s\n" % setting for setting in settings.items())

    def __enter__(self):
        self.log = open(self.folder + "/log", "w")
        # A copy: a profile of AppArmor that the package brings would keep the installed one from files of the test.
        program = shutil.copy(INSTALLED, self.folder + "/program")
        self.process = subprocess.Popen([program, "-c", self.folder + "/clamd.conf"], stdout=self.log, stderr=self.log)
        wait_for(lambda: self.answers() or self.process.poll() is not None)
        assert self.process.poll() is None, open(self.folder + "/log").read()
        return self

    def __exit__(self, *_):
        self.kill()
        os.unlink(self.path)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            try:
                client.connect(self.path)
                client.sendall(b"zPING\0")
                return client.recv(16) == b"PONG\0"
            except OSError:
                return False

    def stop(self):
        """It is there, and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """Its socket stays, as it does after a crash."""
        self.process.kill()
        self.process.wait(TIMEOUT)
        self.log.close()

    def connections(self):
        """How many clients are connected, or wait to be."""
        with open("/proc/net/unix") as f:
            # The first is the socket that listens.
            return sum(line.split()[-1] == self.path for line in f) - 1


class StandIn:
    """A stand-in for ClamAV's daemon: it finds the word VIRUS, and reads up to a limit."""

    def __init__(self, path, limit):
        self.limit, self.seen = limit, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.path = path
        os.chmod(path, 0o666)
        self.listener.listen()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)
        self.thread.join()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as file:
                file.write(self.answer(file) + b"\0")

    def answer(self, file):
        assert file.read(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(file.read(4), "big"):
            content += file.read(size)
            if len(content) > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
        self.seen.append(content)
        return b"stream: Test.Virus FOUND" if b"VIRUS" in content else b"stream: OK"
