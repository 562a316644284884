"""What all commands of `postlatch` have in common: help, options, exit statuses, output."""
import os
import pty
import re
import subprocess
import unittest

from command import CONFIG, POSTLATCH, ROOT, TRY_AGAIN, TIMEOUT, USAGE, CommandTest


def table():
    """Rows of ctl/commands.def: (noun, verb, least and most arguments, option names)."""
    with open(os.path.join(ROOT, "ctl/commands.def")) as f:
        text = f.read()
    with open(os.path.join(ROOT, "ctl/options.def")) as f:
        names = dict(re.findall(r'^CTL_OPTION\((\w+), "([^"]+)"', f.read(), re.M))
    row = re.compile(r'^CTL_COMMAND\("([^"]+)", "([^"]*)", "[^"]*", (\d+), (-?\d+), (.*?), cmd_', re.M | re.S)
    return [(noun, verb, int(least), int(most), [names[word] for word in re.findall(r"CTL_(?:TAKES|NEEDS)\((\w+)\)", rest)])
            for noun, verb, least, most, rest in row.findall(text)]


COMMANDS = table()


def words(noun, verb):
    return [noun, verb] if verb else [noun]


class Help(CommandTest):
    def test_the_table_is_read(self):
        self.assertGreater(len(COMMANDS), 20)

    def test_help_lists_every_command(self):
        for run in (self.site.run("--help"), self.site.run("help")):
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            for noun, verb, *_ in COMMANDS:
                self.assertRegex(run.stdout, r"(?m)^  %s +\S" % " ".join(words(noun, verb)))

    def test_every_command_has_help_with_its_options(self):
        for noun, verb, _, _, options in COMMANDS:
            with self.subTest(noun=noun, verb=verb):
                run = self.site.run(*words(noun, verb), "--help")
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertRegex(run.stdout, r"^Usage: postlatch %s\b" % " ".join(words(noun, verb)))
                self.assertEqual(sorted(re.findall(r"(?m)^  --(\S+)", run.stdout)), sorted(options))
                self.assertEqual(self.site.run("help", *words(noun, verb)).stdout, run.stdout)

    def test_help_of_a_noun_lists_its_verbs(self):
        for run in (self.site.run("member", "--help"), self.site.run("help", "member")):
            self.assertEqual(run.returncode, 0)
            self.assertEqual(len(re.findall(r"(?m)^  postlatch member ", run.stdout)), 10)

    def test_help_of_what_is_no_command(self):
        self.refused(USAGE, "help", "meber", says=("meber", "member"))

    def test_no_command_prints_the_help_as_an_error(self):
        run = self.site.run()
        self.assertEqual((run.returncode, run.stdout), (USAGE, ""))
        self.assertIn("Commands:", run.stderr)

    def test_version(self):
        self.assertRegex(self.site.ok("--version"), r"^[Pp]ostlatch \d")

    def test_help_needs_no_policy_file(self):
        run = subprocess.run([POSTLATCH, "-c", "/nonexistent", "domain", "list", "--help"], timeout=TIMEOUT)
        self.assertEqual(run.returncode, 0)

    def test_sections_of_the_manual(self):
        for section in ("commands", "settings", "policy", "words", "setting-words"):
            self.assertGreater(len(self.site.ok("-x", section)), 100)
        self.refused(USAGE, "-x", "nothing", says="nothing")


class Usage(CommandTest):
    def test_what_is_near_is_suggested(self):
        for wrong, right in (("membr", "member"), ("chekc", "check"), ("app-pasword list", "app-password"),
                             ("domain lst", "domain list"), ("member imort", "member import")):
            with self.subTest(wrong=wrong):
                self.refused(USAGE, *wrong.split(), says="(did you mean `postlatch %s`?)" % right)

    def test_what_is_far_is_not(self):
        said = self.refused(USAGE, "frobnicate", says=("frobnicate", "--help"))
        self.assertNotIn("did you mean", said)

    def test_a_noun_alone_lists_its_verbs(self):
        run = self.site.run("domain")
        self.assertEqual((run.returncode, run.stdout), (USAGE, ""))
        self.assertIn("postlatch domain list", run.stderr)

    def test_missing_arguments_are_named(self):
        for noun, verb, least, _, _ in COMMANDS:
            if least > 0:
                with self.subTest(noun=noun, verb=verb):
                    self.refused(USAGE, *words(noun, verb), *["x"] * (least - 1),
                                 says=("an argument is missing", " ".join([*words(noun, verb), "--help"])))

    def test_arguments_too_many_are_named(self):
        for noun, verb, _, most, _ in COMMANDS:
            if most >= 0:
                with self.subTest(noun=noun, verb=verb):
                    self.refused(USAGE, *words(noun, verb), *["x"] * most, "surplus", says="surplus")

    def test_options_of_other_commands_are_refused(self):
        every = {"scope": "new", "label": "x", "services": "imap", "service": "imap", "yes": None,
                 "stdin": None, "since": "2026-01-01", "dry-run": None, "domain": "example.test"}
        for noun, verb, least, _, options in COMMANDS:
            for option in sorted(set(every) - set(options)):
                with self.subTest(noun=noun, verb=verb, option=option):
                    value = [every[option]] if every[option] else []
                    self.refused(USAGE, *words(noun, verb), *["x"] * least, "--" + option, *value,
                                 says="has no option --" + option)

    def test_unknown_option_and_missing_value(self):
        self.refused_by_getopt("--frobnicate")
        self.refused_by_getopt("audit", "--since")
        self.refused_by_getopt("-c")

    def refused_by_getopt(self, *args):
        run = subprocess.run([POSTLATCH, *args], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual((run.returncode, run.stdout), (USAGE, ""))
        self.assertIn(args[-1].lstrip("-"), run.stderr)

    def test_an_option_that_is_near_is_suggested(self):
        for wrong, right in (("--dryrun", "--dry-run"), ("--dry_run=x", "--dry-run"), ("--serivce", "--service"),
                             ("--damain", "--domain")):
            with self.subTest(wrong=wrong):
                self.refused(USAGE, "member", "set", wrong, says="(did you mean %s?)" % right)

    def test_an_option_that_is_needed_is_named(self):
        self.refused(USAGE, "db", "copy", says="an option is missing: --from")
        self.refused(USAGE, "db", "copy", "--from", "sqlite:/x", says="an option is missing: --to")

    def test_two_dashes_end_the_options(self):
        self.site.ok("member", "add", "--", "-dash@example.test")
        self.assertIn("-dash@example.test", self.site.ok("member", "list"))


class Refusals(CommandTest):
    def test_bad_policy_file_names_line_and_setting(self):
        self.site.policy("defaults { pop3 = maybe }")
        self.refused(CONFIG, "domain", "list", says=("policy.conf:5", "pop3 = maybe", "must be one of"))

    def test_missing_policy_file(self):
        os.unlink(self.site.policy_file)
        self.refused(CONFIG, "domain", "list", says=(self.site.policy_file, "No such file"))

    def test_unknown_kind_of_database(self):
        self.site.write("policy.conf", 'database = "oracle://user:secret@host/x"\n')
        said = self.refused(CONFIG, "domain", "list", says=("database: it must be sqlite:PATH",))
        self.assertNotIn("secret", said)

    def test_missing_database_is_not_made(self):
        os.unlink(self.site.database)
        self.refused(TRY_AGAIN, "domain", "list", says=(self.site.database, "postlatch db init"))
        self.assertFalse(os.path.exists(self.site.database))

    def test_locked_database(self):
        lock = subprocess.Popen(["sqlite3", self.site.database], text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        lock.stdin.write("BEGIN EXCLUSIVE; SELECT 'locked';\n")
        lock.stdin.flush()
        self.assertEqual(lock.stdout.readline(), "locked\n")
        try:
            run = self.site.run("domain", "add", "example.test")
        finally:
            lock.communicate("ROLLBACK;\n", timeout=TIMEOUT)
        self.assertEqual(run.returncode, TRY_AGAIN)
        self.assertIn("locked by another program", run.stderr)

    def test_damaged_database(self):
        with open(self.site.database, "r+b") as f:
            f.write(b"this is no database at all")
        run = self.site.run("domain", "list")
        self.assertEqual(run.returncode, CONFIG)
        self.assertIn("damaged", run.stderr)

    def test_older_and_newer_database(self):
        self.site.sql("UPDATE schema_history SET version = 999 WHERE version = "
                      "(SELECT MAX(version) FROM schema_history)")
        self.refused(CONFIG, "domain", "list", says=("999", "update this program"))
        self.site.sql("DELETE FROM schema_history WHERE version > 1")
        self.refused(CONFIG, "domain", "list", says=("version 1", "postlatch db migrate"))

    def test_a_key_file_that_others_may_read_is_not_used(self):
        os.chmod(self.site.path("verify.key"), 0o644)
        self.refused(TRY_AGAIN, "app-password", "create", "a@example.test", says=("verify.key", "chmod o= it"))

    def test_a_missing_key_file_is_to_come_from_a_backup(self):
        os.remove(self.site.path("verify.key"))
        self.refused(TRY_AGAIN, "app-password", "create", "a@example.test", says=("verify.key", "from a backup"))

    def test_an_answer_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([POSTLATCH, "-c", self.site.policy_file, "domain", "show", "example.test"],
                                 stdout=full, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
        self.assertEqual(run.returncode, TRY_AGAIN)
        self.assertIn("could not be written", run.stderr)

    def test_control_characters_do_not_reach_the_terminal(self):
        run = self.site.run("member", "show", "evil\x1b[2J@example.test")
        self.assertEqual(run.returncode, 65)
        self.assertNotIn("\x1b", run.stderr + run.stdout)


class Progress(CommandTest):
    def rows(self, count):
        lines = ["address,pop3"] + ["user%05d@example.test,off" % i for i in range(count)]
        return self.site.write("members.csv", "\n".join(lines) + "\n")

    def test_silent_when_standard_error_is_no_terminal(self):
        self.assertEqual(self.site.run("member", "import", self.rows(3000)).stderr, "")

    def test_counts_on_a_terminal(self):
        path = self.rows(3000)
        ours, theirs = pty.openpty()
        run = subprocess.Popen([POSTLATCH, "-c", self.site.policy_file, "member", "import", path],
                               stdout=subprocess.PIPE, stderr=theirs, text=True)
        os.close(theirs)
        answer = run.communicate(timeout=TIMEOUT)[0]
        shown = read_all(ours)
        os.close(ours)
        self.assertEqual(answer, "changed 3000 of 3000 members\nadded 1 domain\n")
        self.assertIn("members: 1000 of 3000", shown)
        self.assertTrue(shown.endswith("members: 3000 of 3000\r\n"), shown)


def read_all(fd):
    """What was written to a terminal whose other side is closed."""
    text = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:
            return text.decode()
        text += part


if __name__ == "__main__":
    unittest.main()
