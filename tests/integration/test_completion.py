"""Completion in bash, with the shipped file in an interactive shell, as at a person's fingers."""
import os
import pty
import re
import select
import subprocess
import time
import unittest

from command import BUILD, ROOT, Site

TIMEOUT = 60


class Shell:
    """An interactive bash on a terminal, with completion for postlatch."""

    def __init__(self, folder):
        self.ours, theirs = pty.openpty()
        with open(folder + "/rc", "w") as f:
            f.write("PATH=%s/ctl:$PATH\nPS1='ready> '\nsource %s/ctl/postlatch.bash\n"
                    "bind 'set show-all-if-ambiguous on'\nbind 'set completion-query-items 0'\n"
                    "bind 'set page-completions off'\nbind 'set enable-bracketed-paste off'\n" % (BUILD, ROOT))
        self.process = subprocess.Popen(["bash", "--noprofile", "--rcfile", folder + "/rc", "-i"], stdin=theirs,
                                        stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True,
                                        env={**os.environ, "TERM": "dumb", "COLUMNS": "200", "INPUTRC": "/dev/null"})
        os.close(theirs)
        self.read_until("ready> ")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def read_until(self, words):
        text, deadline = "", time.monotonic() + TIMEOUT
        while words not in text:
            if not select.select([self.ours], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("the shell says only %r" % text)
            text += os.read(self.ours, 65536).decode()
        return text.replace("\r", "").replace("\a", "")

    def type(self, line):
        """The words that are offered after the line and a tab, and what the line becomes."""
        # Behind the tab comes what shows the line as it is then, and clears it.
        os.write(self.ours, line.encode() + b"\t" + b"\x01echo '<\x05>'\n")
        text = self.read_until("ready> " if False else "'\n<")
        text += self.read_until("ready> ")
        became = re.search(r"\n<(.*)>\n", text).group(1)
        shown = text.split("\nready> ")[0].split("\n")[1:] if "\nready> " in text.split("\n<")[0] else []
        return {word for row in shown for word in row.split()}, became
