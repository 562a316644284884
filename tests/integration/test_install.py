"""make install and make uninstall, into a folder."""
import os
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ["BUILD_DIR"]


class Install(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="postlatch-install.")
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, target):
        run = subprocess.run(["make", "-C", BUILD, target, "DESTDIR=" + self.folder], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout[-2000:] + run.stderr[-2000:])

    def ours(self):
        """Paths that bear our name, but the policy file, which the operator may have changed."""
        found = (os.path.join(where, name) for where, folders, names in os.walk(self.folder) for name in folders + names)
        return [path for path in found if "postlatch" in path[len(self.folder):] and "/etc/" not in path]

    def test_uninstall_leaves_neither_files_nor_folders(self):
        self.make("install")
        self.assertTrue([path for path in self.ours() if path.endswith("/share/postlatch/conf.d")], self.ours())
        self.make("uninstall")
        self.assertEqual(self.ours(), [])


if __name__ == "__main__":
    unittest.main()
