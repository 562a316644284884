"""Tests of a server whose Dovecot has another configuration than the demonstration's."""
import unittest


class Reconfigured(unittest.TestCase):
    """A file is changed for the class, and put back after it. The module sets Reconfigured.server."""

    server = None
    file = "dovecot.conf"
    changes = {}  # each text that is replaced where it stands first, and what it becomes

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.config = cls.server.dir + "/etc/dovecot/" + cls.file
        with open(cls.config) as f:
            cls.before = text = f.read()
        for old, new in cls.changes.items():
            assert old in text, old
            text = text.replace(old, new, 1)
        cls.configure(text)

    @classmethod
    def tearDownClass(cls):
        cls.configure(cls.before)
        super().tearDownClass()

    @classmethod
    def configure(cls, text):
        with open(cls.config, "w") as f:
            f.write(text)
        cls.server.reload()
