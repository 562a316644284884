"""Changes of the account password: the page's route, postlatch-password, and the scripts against what they change."""
import email.policy
import glob
import os
import re
import shutil
import stat
import subprocess
import threading
import unittest
import urllib.parse

from passwords import Directory, MariaDB, SCRIPTS, Service, run
from portal import Browser, PortalTest, totp
from postgresql import PostgreSQL
from server import Server, TIMEOUT, rewrite, wait_for

PATH = "/api/account/password"
GOOD = ("sail quartz 7 lemon", "violet-Harbor-42-moth", "crumb.Tunnel!95.oak", "Ferry^lantern_31 pine", "모래 Window 58 달빛")
CHANGED, WRONG, REFUSED, LATER = 0, 77, 65, 75
HOSTILE = ("'; DROP TABLE mailbox; --@one.test", "x' OR '1'='1@one.test", "\\'@one.test", ":new@one.test", "$(id)@one.test")


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


class Members(unittest.TestCase):
    """A whole server, whose passwd-file is changed."""

    @classmethod
    def setUpClass(cls):
        cls.server = server
        cls.file = cls.server.dir + "/etc/dovecot/members"
        path = cls.server.dir + "/run/password.sock"
        policy = cls.server.dir + "/etc/postlatch/policy.conf"
        with open(policy) as f:
            text = f.read()
        rewrite(policy, text + 'password_command = "%s/passwd-file %s"\npassword_socket = "%s"\n' % (SCRIPTS, cls.file, path))
        # The service is started where /etc is that of the machine.
        own = cls.server.dir + "/password.conf"
        with open(own, "w") as f:
            f.write('password_command = "%s/passwd-file %s"\n' % (SCRIPTS, cls.file))
        cls.service = Service(own, path, cls.server.dir + "/log/password.log").start()
        cls.addClassCleanup(cls.service.stop)
        os.chmod(path, 0o666)

    def signed_in(self, member, later=True):
        url = self.server.env["PORTAL_URL"]
        browser = Browser(urllib.parse.urlsplit(url).port, url)
        browser.session()
        answer = browser.sign_in(member, self.server.passwords[member])
        self.assertEqual(answer.status, 200, answer)
        if later:
            self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        wait_for(lambda: browser.session()["password_change"] or not later)
        return browser

    def change(self, browser, member, new, end_others=False, old=None):
        old = self.server.passwords[member] if old is None else old
        answer = browser.post(PATH, {"old": old, "new": new, "end_others": end_others})
        if answer.status == 200:
            self.server.passwords[member] = new
        return answer

    def refused(self, answer, status, error):
        self.assertEqual((answer.status, answer.error), (status, error))

    def test_the_new_password_holds_everywhere_and_the_old_one_nowhere(self):
        member = "alice@demo.test"
        browser, old, before = self.signed_in(member), self.server.passwords[member], os.stat(self.file)
        with open(self.file) as f:
            others = [line for line in f if not line.startswith(member)]
        self.server.sql("UPDATE member SET password_changed_at = 0")
        self.assertEqual(self.change(browser, member, GOOD[0]).json, {"changed": True, "ended": False})
        for protocol in (self.server.imap, self.server.pop3, self.server.smtp):
            self.assertEqual((protocol(member, old)[0], protocol(member, GOOD[0])[0]), (False, True))
        self.assertEqual(browser.state(), "authenticated")
        self.assertEqual(self.signed_in(member).state(), "authenticated")
        self.assertIsNotNone(self.server.json("member", "show", member)["password_changed_at"])
        self.assertIn("password.change", self.server.postlatch("audit").stdout)
        after = os.stat(self.file)
        self.assertEqual([(s.st_uid, s.st_gid, stat.S_IMODE(s.st_mode)) for s in (after,)],
                         [(before.st_uid, before.st_gid, stat.S_IMODE(before.st_mode))])
        with open(self.file) as f:
            self.assertEqual([line for line in f if not line.startswith(member)], others)

    def test_it_is_changed_only_with_the_old_password_of_the_account_that_is_signed_in(self):
        member, other = "bob@demo.test", "carol@demo.test"
        browser = self.signed_in(member)
        with open(self.file) as f:
            before = f.read()
        app = self.server.app_password(member, label="phone")["password"]
        for old in ("guess", app, app.replace(" ", ""), self.server.passwords[other]):
            with self.subTest(old=old):
                self.refused(self.change(browser, member, GOOD[1], old=old), 401, "wrong-password")
        body = {"old": self.server.passwords[member], "new": GOOD[1], "end_others": False}
        for wrong in ({"old": ""}, {"old": None}, {"new": ""}, {"new": "two\nlines of it"}, {"end_others": "yes"}, {"old": "a\0b"}):
            with self.subTest(wrong=wrong):
                self.assertEqual(browser.post(PATH, {**body, **wrong}).status, 400)
        self.assertEqual(browser.post(PATH, body, X_CSRF_Token="x", **{"X-CSRF-Token": "wrong"}).status, 403)
        self.assertEqual(Browser(browser.port, browser.url).post(PATH, body).status, 401)
        with open(self.file) as f:
            self.assertEqual(f.read(), before)
        # A name in the body is nobody's.
        answer = browser.post(PATH, {**body, "user": other, "member": other, "address": other})
        if answer.status == 200:
            self.server.passwords[member] = GOOD[1]
        self.assertTrue(self.server.imap(other, self.server.passwords[other])[0])
        self.assertTrue(self.server.imap(member, self.server.passwords[member])[0])

    def test_a_member_with_a_factor_needs_a_recent_code_too(self):
        member = "dave@demo.test"
        browser = self.signed_in(member)
        key = browser.post("/api/account/registration").json["key"]
        self.assertEqual(browser.post("/api/account/registration/confirm", {"code": totp(key)}).status, 200)
        self.server.sql("UPDATE session SET reauthenticated_at = 1")
        self.refused(self.change(browser, member, GOOD[2]), 403, "reauthentication-needed")
        self.assertTrue(self.server.imap(member, self.server.passwords[member])[0])
        pending = self.signed_in(member, later=False)
        self.assertEqual(pending.state(), "pending")
        self.assertEqual(self.change(pending, member, GOOD[2]).status, 401)
        code = totp(key, 1)
        self.assertEqual(browser.post("/api/account/reauthentication", {"code": code}).status, 200)
        self.assertEqual(self.change(browser, member, GOOD[2]).status, 200)
        self.server.postlatch("totp", "reset", member)

    def test_other_sign_ins_end_where_that_is_wished(self):
        member = "carol@demo.test"
        browser, other = self.signed_in(member), self.signed_in(member)
        app = self.server.app_password(member, label="phone")["password"]
        self.assertEqual(self.change(browser, member, GOOD[3], end_others=False).status, 200)
        self.assertEqual(other.state(), "authenticated")
        self.assertTrue(self.server.imap(member, app)[0])
        self.assertEqual(self.change(browser, member, GOOD[4], end_others=True).json, {"changed": True, "ended": True})
        self.assertEqual((browser.state(), other.state()), ("authenticated", "none"))
        self.assertFalse(self.server.imap(member, app)[0])
        self.assertEqual(self.signed_in(member).state(), "authenticated")

    def test_of_two_changes_at_once_one_wins(self):
        member = "erin@demo.test"
        self.server.passwords[member] = "the first word"
        with open(self.file, "r+") as f:
            text = f.read()
            f.write("" if member in text else "%s:{PLAIN}the first word::::::\n" % member)
        results, ready = {}, threading.Barrier(4)

        def attempt(new):
            ready.wait(TIMEOUT)
            results[new] = self.service.ask(("%s\n%s\n%s\n" % (member, "the first word", new)).encode())
        threads = [threading.Thread(target=attempt, args=(new,)) for new in GOOD[:4]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        self.assertEqual(sorted(results.values()), ["changed\n"] + ["wrong\n"] * 3)
        winner, = (new for new, answer in results.items() if answer == "changed\n")
        self.assertEqual([self.server.imap(member, new)[0] for new in GOOD[:4]], [new == winner for new in GOOD[:4]])

    def test_a_weak_password_is_refused_with_the_reason(self):
        member = "carol@demo.test"
        browser, old = self.signed_in(member), self.server.passwords[member]
        for new, error in (("a1B", "password-too-short"), (old, "password-same"), ("password", "password-dictionary"),
                           (old.swapcase(), "password-similar"), ("xk7-Carol-vv29", "password-name"),
                           ("Amanaplanac-canalpanamA", "password-palindrome")):
            with self.subTest(new=new):
                answer = self.change(browser, member, new)
                self.refused(answer, 422, error)
                self.assertEqual(answer.json["field"], "new")
        self.assertGreaterEqual(self.change(browser, member, "a1B").json["number"], 6)
        self.assertTrue(self.server.imap(member, old)[0])

    def test_check_says_whether_the_service_answers(self):
        self.assertIn("postlatch-password answers", self.server.postlatch("check", check=False).stdout)
        self.service.stop()
        try:
            self.assertIn("systemctl enable --now postlatch-password", self.server.postlatch("check", check=False).stdout)
        finally:
            self.service.start()
            os.chmod(self.service.path, 0o666)

    def test_no_password_stands_in_a_log_or_a_record(self):
        member = "alice@demo.test"
        browser = self.signed_in(member)
        secrets = ("wrong-Old-word-63", "unseen Wagon 77 pear")
        self.change(browser, member, secrets[1], old=secrets[0])
        secrets += (self.server.passwords[member],)
        self.assertEqual(self.change(browser, member, secrets[1]).status, 200)
        texts = [self.server.postlatch("--json", "audit").stdout]
        for name in glob.glob(self.server.dir + "/log/*.log"):
            with open(name, errors="replace") as f:
                texts.append(f.read())
        self.assertIn("password of %s: changed" % member, "".join(texts))
        for secret in secrets:
            self.assertNotIn(secret, "".join(texts))


class Command(PortalTest):
    """What a command says, and what becomes of it; Dovecot is a stand-in that knows the passwords of a file."""

    @classmethod
    def setUpClass(cls):
        cls.make_portal()
        cls.dovecot.password_of = cls.password_of
        cls.dir = cls.portal.dir + "/command"
        os.mkdir(cls.dir)
        cls.portal.settings.update(password_command="%s/run  --one two " % cls.dir, password_command_seconds=2,
                                   password_socket=cls.portal.dir + "/password.sock")
        cls.portal.write_policy()
        cls.portal.init().start()
        cls.script()
        cls.service = Service(cls.portal.dir + "/policy.conf", cls.portal.dir + "/password.sock",
                              cls.portal.dir + "/password.log").start()
        cls.addClassCleanup(cls.service.stop)

    @classmethod
    def password_of(cls, user):
        path = "%s/%s" % (cls.dir, user)
        if not os.path.exists(path):
            return "right"
        with open(path) as f:
            return f.read()

    @classmethod
    def script(cls, *lines):
        """The command is this script; without lines it does what it should."""
        text = "#!/bin/bash\nread -r old; read -r new\n" + "\n".join(
            lines or ('[ "$old" = "$(cat %s/$3 2>/dev/null || echo right)" ] || exit 77' % cls.dir,
                      'printf %%s "$new" >%s/$3' % cls.dir)) + "\n"
        with open(cls.dir + "/new", "w") as f:
            f.write(text)
        os.chmod(cls.dir + "/new", 0o755)
        os.rename(cls.dir + "/new", cls.dir + "/run")

    def signed_in(self, name):
        browser = self.portal.browser()
        browser.session()
        self.assertEqual(browser.sign_in(name, self.password_of(name)).status, 200)
        browser.post("/api/sign-in/later")
        self.assertTrue(browser.session()["password_change"])
        return browser

    def change(self, browser, new=GOOD[0], old="right"):
        return browser.post(PATH, {"old": old, "new": new, "end_others": True})

    def changed_at(self, member):
        return self.command("member", "show", member).get("password_changed_at")

    def test_its_arguments_are_the_words_and_the_member_and_the_passwords_are_on_standard_input(self):
        browser = self.signed_in("args@one.test")
        self.script('{ tr "\\0" "\\n" </proc/$$/cmdline; env; ls -l /proc/$$/fd; } >%s/seen' % self.dir,
                    'printf %%s "$new" >%s/$3' % self.dir)
        self.addCleanup(self.script)
        self.assertEqual(self.change(browser).status, 200)
        with open(self.dir + "/seen") as f:
            seen = f.read()
        self.assertIn("\n%s/run\n--one\ntwo\nargs@one.test\n" % self.dir, seen)
        for secret in ("right", GOOD[0]):
            self.assertNotIn(secret, seen)
        self.assertNotIn("password.sock", seen)

    def test_each_end_has_its_answer(self):
        browser = self.signed_in("ends@one.test")
        self.addCleanup(self.script)
        for line, status, error, reason in (
                ("exit 77", 401, "wrong-password", None), ("exit 65", 422, "password-refused", ""),
                ("echo \"not $new\"; exit 65", 422, "password-refused", ""),
                ("echo 'Used before.'; echo more; exit 65", 422, "password-refused-because", "Used before."),
                ("exit 75", 503, "password-later", None), ("exit 1", 503, "password-unknown", None),
                ("echo changed; kill -9 $$", 503, "password-unknown", None),
                ("echo 'changed'; echo 'changed' >&2; exit 12", 503, "password-unknown", None)):
            with self.subTest(line=line):
                self.script(line)
                answer = self.change(browser)
                self.assertEqual((answer.status, answer.error, answer.json.get("reason")), (status, error, reason))
        os.unlink(self.dir + "/run")
        self.assertEqual(self.change(browser).error, "password-later")
        self.assertIsNone(self.changed_at("ends@one.test"))

    def test_a_success_that_dovecot_does_not_confirm_is_none(self):
        browser = self.signed_in("fake@one.test")
        self.script("exit 0")
        self.addCleanup(self.script)
        answer = self.change(browser)
        self.assertEqual((answer.status, answer.error), (503, "password-unknown"))
        self.assertIsNone(self.changed_at("fake@one.test"))
        self.assertIn("Dovecot does not accept the new one", self.portal.log())
        self.script()
        self.assertEqual(self.change(browser).status, 200)
        self.assertIsNotNone(self.changed_at("fake@one.test"))

    def test_a_command_that_takes_too_long_is_killed_with_what_it_has_started(self):
        browser = self.signed_in("slow@one.test")
        self.script("sleep 600 & echo $! >%s/pid" % self.dir, "wait")
        self.addCleanup(self.script)
        self.assertEqual(self.change(browser).error, "password-unknown")
        with open(self.dir + "/pid") as f:
            pid = f.read().strip()
        wait_for(lambda: not os.path.exists("/proc/%s/fd/0" % pid))

    def test_the_member_is_told_by_mail(self):
        browser = self.signed_in("told@one.test")
        self.assertEqual(self.change(browser).status, 200)
        sender = self.portal.start_sender()
        self.addCleanup(sender.kill)

        def told():
            mails = [mail.partition("\n") for mail in self.portal.mails()]
            return [email.message_from_string(text, policy=email.policy.default)["Subject"] for arguments, _, text in mails
                    if arguments.endswith(" told@one.test")]
        wait_for(lambda: "Your password was changed" in told())

    def test_while_the_service_is_away_nothing_is_changed(self):
        browser = self.signed_in("away@one.test")
        self.service.stop()
        try:
            self.assertEqual(self.change(browser).error, "password-later")
        finally:
            self.service.start()
        self.assertEqual(self.change(browser).status, 200)

    def test_what_is_no_request_is_refused(self):
        self.script("echo ran >%s/ran" % self.dir)
        self.addCleanup(self.script)
        for data in (b"a@one.test\nold\nnew", b"a@one.test\nold\n", b"a@one.test\nold\nnew\nmore\n", b"a@one.test\n\nnew\n",
                     b"a@one.test\nold\n\n", b"a\nold\nnew\n", b"--x@one.test\nold\nnew\n", b"A@ONE.test \nold\nnew\n",
                     b"a@one.test\no\0d\nnew\n", b"a@one.test\nold\nn\xff\n", b"a@one.test\n" + b"x" * 513 + b"\nnew\n", b"x" * 9999):
            with self.subTest(data=data[:40]):
                try:
                    self.assertEqual(self.service.ask(data), "later\n")
                except ConnectionError:
                    pass  # it has read enough
        self.assertEqual(self.service.ask(b""), "")
        self.assertFalse(os.path.exists(self.dir + "/ran"))

    def test_what_a_careless_command_writes_about_passwords_is_not_logged(self):
        browser = self.signed_in("loud@one.test")
        self.script('echo "cannot set $new" >&2', "exit 75")
        self.addCleanup(self.script)
        self.change(browser)
        self.assertIn("(a line with a password)", self.service.log())
        self.assertNotIn(GOOD[0], self.service.log() + self.portal.log())


class Unset(PortalTest):
    def test_without_a_command_there_is_no_page_and_no_route(self):
        browser = self.portal.browser()
        browser.session()
        browser.sign_in("a@one.test")
        browser.post("/api/sign-in/later")
        self.assertIs(browser.session()["password_change"], False)
        answer = browser.post(PATH, {"old": "right", "new": GOOD[0], "end_others": True})
        self.assertEqual((answer.status, answer.error), (404, "not-found"))


class PasswdFile(unittest.TestCase):
    """The rest of it is tested with a whole server."""

    def setUp(self):
        self.file = "/var/tmp/postlatch-passwd-file.%d" % os.getpid()
        self.addCleanup(lambda: [os.unlink(name) for name in glob.glob(self.file + "*")])

    def write(self, text):
        with open(self.file, "w") as f:
            f.write(text)

    def test_each_scheme_that_can_be_checked(self):
        made = {scheme: subprocess.run(["doveadm", "pw", "-s", scheme], input="old word\nold word\n", capture_output=True,
                                       text=True, check=True).stdout.strip()
                for scheme in ("PLAIN", "SHA512-CRYPT", "SHA256-CRYPT", "BLF-CRYPT", "MD5-CRYPT")}
        made["none"] = made["SHA512-CRYPT"].partition("}")[2]
        for scheme, value in made.items():
            with self.subTest(scheme=scheme):
                self.write("x@one.test:%s:1:2::/home::allow_nets=1.2.3.4\n" % value)
                self.assertEqual(run("passwd-file", self.file, "x@one.test", old="old wor", new="n")[0], WRONG)
                self.assertEqual(run("passwd-file", self.file, "x@one.test", old="old word", new="new word")[0], CHANGED)
                with open(self.file) as f:
                    self.assertRegex(f.read(), r"^x@one\.test:\{SHA512-CRYPT\}\$6\$[^:]+:1:2::/home::allow_nets=1\.2\.3\.4\n$")

    def test_what_it_cannot_do_changes_nothing(self):
        for text, member, status in (("x@one.test:{SSHA}abcdabcdabcdabcd\n", "x@one.test", LATER), ("", "x@one.test", WRONG),
                                     ("x@one.test:{PLAIN}a\nx@one.test:{PLAIN}a\n", "x@one.test", LATER),
                                     ("x@one.test:\n", "x@one.test", WRONG), ("xa@one.test:{PLAIN}a\n", "x.@one.test", WRONG),
                                     ("x@one.test:{CRYPT}*\n", "x@one.test", WRONG)):
            with self.subTest(text=text):
                self.write(text)
                self.assertEqual(run("passwd-file", self.file, member, old="a", new="new word")[0], status)
                with open(self.file) as f:
                    self.assertEqual(f.read(), text)
                self.assertEqual(glob.glob(self.file + ".*"), [])

    def test_a_forgotten_one_is_replaced_but_a_locked_account_stays_locked(self):
        for value, status in (("{PLAIN}a", CHANGED), ("{SSHA}abcdabcdabcdabcd", CHANGED), ("{PLAIN}!a", CHANGED), ("", WRONG),
                              ("{CRYPT}*", WRONG), ("!", WRONG), ("{SHA512-CRYPT}!$6$x$y", WRONG)):
            with self.subTest(value=value):
                self.write("x@one.test:%s\n" % value)
                self.assertEqual(run("passwd-file", self.file, "x@one.test", old="", new="new word")[0], status)
                with open(self.file) as f:
                    self.assertEqual(f.read() == "x@one.test:%s\n" % value, status == WRONG)
        self.assertEqual(run("passwd-file", self.file, "y@one.test", old="", new="new word")[0], WRONG)
        self.assertEqual(run("passwd-file", self.file, "x@one.test", old="", new="")[0], LATER)

    def test_local_parts_and_another_scheme(self):
        self.write("x:{PLAIN}old word::\n")
        self.assertEqual(run("passwd-file", "-n", "-s", "BLF-CRYPT", self.file, "x@one.test", old="old word", new="a b")[0], CHANGED)
        with open(self.file) as f:
            self.assertRegex(f.read(), r"^x:\{BLF-CRYPT\}\$2y\$")


class Sql:
    """Of both clients: self.database has sql(), self.settings the lines of the file."""

    CREATE = "CREATE TABLE mailbox (username varchar(200) PRIMARY KEY, password varchar(200) NOT NULL);"

    @classmethod
    def prepare(cls, settings):
        cls.database.sql(cls.CREATE)
        cls.conf = "/var/tmp/postlatch-sql.%d.conf" % os.getpid()
        cls.addClassCleanup(os.unlink, cls.conf)
        with open(cls.conf, "w") as f:
            f.write(settings + "\nselect = SELECT password FROM mailbox WHERE username = :member\nupdate = UPDATE mailbox SET "
                    "password = :new WHERE username = :member AND password = :current\ndefault = PLAIN\n")

    def setUp(self):
        self.database.sql("DELETE FROM mailbox; INSERT INTO mailbox VALUES ('a@one.test', 'old word'), ('b@one.test', 'other');")

    def hashes(self):
        rows = self.database.sql("SELECT username, password FROM mailbox")
        return dict(re.split(r"[|\t]", row, maxsplit=1) for row in (rows.splitlines() if isinstance(rows, str) else rows))

    def test_one_row_is_changed_with_the_old_password(self):
        self.assertEqual(run("sql", self.conf, "a@one.test", old="new", new="new word")[0], WRONG)
        self.assertEqual(run("sql", self.conf, "c@one.test", old="old word", new="new word")[0], WRONG)
        self.assertEqual(self.hashes()["a@one.test"], "old word")
        self.assertEqual(run("sql", self.conf, "a@one.test", old="old word", new="new word"), (CHANGED, ""))
        self.assertRegex(self.hashes()["a@one.test"], r"^\{SHA512-CRYPT\}\$6\$")
        self.assertEqual(self.hashes()["b@one.test"], "other")
        self.assertEqual(run("sql", self.conf, "a@one.test", old="old word", new="third")[0], WRONG)
        self.assertEqual(run("sql", self.conf, "a@one.test", old="new word", new="third")[0], CHANGED)

    def test_a_forgotten_one_is_replaced_but_a_locked_account_stays_locked(self):
        self.assertEqual(run("sql", self.conf, "a@one.test", old="", new="new word"), (CHANGED, ""))
        self.assertRegex(self.hashes()["a@one.test"], r"^\{SHA512-CRYPT\}\$6\$")
        self.assertEqual(self.hashes()["b@one.test"], "other")
        self.assertEqual(run("sql", self.conf, "c@one.test", old="", new="new word")[0], WRONG)
        self.database.sql("UPDATE mailbox SET password = '{CRYPT}!' WHERE username = 'b@one.test'")
        self.assertEqual(run("sql", self.conf, "b@one.test", old="", new="new word")[0], WRONG)
        self.assertEqual(self.hashes()["b@one.test"], "{CRYPT}!")

    def test_whatever_is_in_a_name_or_a_password_is_a_value(self):
        for text in HOSTILE + ("a\" ; DROP TABLE mailbox", "\\echo x", "x'; UPDATE mailbox SET password = 'y'; --"):
            with self.subTest(text=text):
                before = self.hashes()
                self.assertEqual(run("sql", self.conf, text, old=text, new=text)[0], WRONG)
                self.assertEqual(self.hashes(), before)
        self.assertEqual(run("sql", self.conf, "a@one.test", old="old word", new=HOSTILE[0])[0], CHANGED)
        self.assertEqual(run("sql", self.conf, "a@one.test", old=HOSTILE[0], new="x")[0], CHANGED)

    def test_of_two_changes_at_once_one_wins(self):
        results = []
        threads = [threading.Thread(target=lambda new=new: results.append(
            run("sql", self.conf, "a@one.test", old="old word", new=new)[0])) for new in GOOD[:3]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        self.assertEqual(sorted(results), [CHANGED, WRONG, WRONG])


class OnPostgreSQL(Sql, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = PostgreSQL()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start().sql("CREATE SCHEMA IF NOT EXISTS postlatch")
        cls.prepare("client = psql\nconnection = host=%s user=postlatch dbname=postlatch options=-csearch_path=postlatch"
                    % cls.database.dir)

    def test_without_a_server_nothing_is_known_to_have_changed(self):
        self.database.stop()
        try:
            self.assertEqual(run("sql", self.conf, "a@one.test", old="old word", new="new word")[0], LATER)
        finally:
            self.database.again()


@unittest.skipUnless(shutil.which("mariadbd"), "MariaDB is not installed")
class OnMariaDB(Sql, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = MariaDB()
        cls.addClassCleanup(cls.database.remove)
        cls.database.start()
        cls.prepare("client = mariadb\nconnection = " + cls.database.options)


@unittest.skipUnless(shutil.which("slapd") and shutil.which("ldappasswd"), "OpenLDAP is not installed")
class Ldap(unittest.TestCase):
    DN = "uid=%n,ou=people,dc=one,dc=test"

    @classmethod
    def setUpClass(cls):
        cls.directory = Directory()
        cls.addClassCleanup(cls.directory.remove)
        cls.directory.start(alice="pass-alice", bob="pass-bob")

    def change(self, member, old, new):
        return run("ldap", self.directory.uri, self.DN, member, old=old, new=new)

    def test_the_member_changes_it_by_a_bind_of_its_own(self):
        self.assertEqual(self.change("alice@one.test", "guess", "new words")[0], WRONG)
        self.assertEqual(self.change("nobody@one.test", "guess", "new words")[0], WRONG)
        self.assertTrue(self.directory.opens("alice", "pass-alice"))
        new = "with ' \" $(id) \\ 한"
        self.assertEqual(self.change("alice@one.test", "pass-alice", new), (CHANGED, ""))
        self.assertEqual([self.directory.opens("alice", one) for one in ("pass-alice", new)], [False, True])
        self.assertEqual(self.change("alice@one.test", new, "pass-alice")[0], CHANGED)

    def test_a_forgotten_one_is_replaced_by_the_account_that_may(self):
        secret = "/var/tmp/postlatch-ldap.%d.secret" % os.getpid()
        self.addCleanup(os.unlink, secret)
        with open(secret, "w") as f:
            f.write("words")
        arguments = ("-r", "cn=admin,dc=one,dc=test", "-y", secret, self.directory.uri, self.DN)
        self.assertEqual(run("ldap", *arguments, "alice@one.test", old="", new="set anew"), (CHANGED, ""))
        self.assertEqual([self.directory.opens("alice", one) for one in ("pass-alice", "set anew")], [False, True])
        self.assertTrue(self.directory.opens("bob", "pass-bob"))
        self.assertNotEqual(run("ldap", *arguments, "nobody@one.test", old="", new="set anew")[0], CHANGED)
        self.assertEqual(run("ldap", *arguments, "alice@one.test", old="", new="")[0], LATER)
        # With the old one it is the member's own bind all the same.
        self.assertEqual(run("ldap", *arguments, "alice@one.test", old="guess", new="other words")[0], WRONG)
        self.assertEqual(run("ldap", *arguments, "alice@one.test", old="set anew", new="pass-alice")[0], CHANGED)

    def test_the_rules_of_the_directory_refuse_with_a_reason(self):
        status, said = self.change("bob@one.test", "pass-bob", "short")
        self.assertEqual((status, "quality" in said), (REFUSED, True), said)
        self.assertTrue(self.directory.opens("bob", "pass-bob"))

    def test_a_name_stays_within_its_value(self):
        for name in ("bob,ou=people", "bob,ou=people,dc=one,dc=test+uid=bob", "*", "bob)(uid=*", "bob#", "bob\\2c"):
            with self.subTest(name=name):
                self.assertEqual(self.change(name + "@one.test", "pass-bob", "new words")[0], WRONG)
        self.assertTrue(self.directory.opens("bob", "pass-bob"))

    def test_an_empty_password_is_no_bind_and_no_directory_is_later(self):
        self.assertEqual(self.change("bob@one.test", "", "new words")[0], LATER)
        self.assertEqual(run("ldap", "ldap://127.0.0.1:1", self.DN, "bob@one.test", old="pass-bob", new="new words")[0], LATER)


@unittest.skipUnless(os.path.exists("/usr/sbin/unix_chkpwd"), "PAM's unix_chkpwd is not installed")
class Pam(unittest.TestCase):
    """In the folder of a server, whose /etc is its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = server
        for file, line in (("passwd", "zoe:x:4711:4711:Zoe:/nonexistent:/bin/false\nlow:x:333:333:Low:/nonexistent:/bin/false\n"),
                           ("shadow", "zoe:*:19000:0:99999:7:::\nlow:*:19000:0:99999:7:::\n")):
            with open("%s/etc/%s" % (cls.server.dir, file), "a") as f:
                f.write(line)
        done = cls.server.inside("chpasswd", input="zoe:old word\nlow:old word\n")
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def change(self, member, old, new):
        return run("pam", "one.test", "two.test", member, old=old, new=new, inside=self.server.inside)[0]

    def test_a_user_of_the_system_is_changed_with_the_old_password(self):
        with open("/etc/shadow") as f:
            machine = f.read()
        self.assertEqual(self.change("zoe@two.test", "guess", "new word"), WRONG)
        self.assertEqual(self.change("zoe@two.test", "old word", "new: 'word' $(id) 한"), CHANGED)
        self.assertEqual(self.change("zoe@one.test", "old word", "third"), WRONG)
        self.assertEqual(self.change("zoe@one.test", "new: 'word' $(id) 한", "old word"), CHANGED)
        with open("/etc/shadow") as f:
            self.assertEqual(f.read(), machine)

    def test_a_forgotten_one_is_replaced_but_a_locked_user_stays_locked(self):
        self.assertEqual(self.change("zoe@one.test", "", "set anew"), CHANGED)
        self.assertEqual(self.change("zoe@one.test", "set anew", "old word"), CHANGED)
        self.assertEqual(self.server.inside("passwd", "-l", "zoe").returncode, 0)
        try:
            self.assertEqual(self.change("zoe@one.test", "", "set anew"), WRONG)
        finally:
            self.server.inside("passwd", "-u", "zoe")
        self.assertEqual(self.change("zoe@one.test", "old word", "third word"), CHANGED)
        self.assertEqual(self.change("zoe@one.test", "third word", "old word"), CHANGED)
        self.assertEqual(self.change("ghost@one.test", "", "set anew"), WRONG)

    def test_others_are_not(self):
        for member, status in (("zoe@three.test", LATER), ("low@one.test", LATER), ("root@one.test", LATER), ("ghost@one.test", WRONG),
                               ("zoe:x@one.test", LATER), ("-zoe@one.test", LATER), ("@one.test", LATER)):
            with self.subTest(member=member):
                self.assertEqual(self.change(member, "old word", "new word"), status)


if __name__ == "__main__":
    unittest.main()
