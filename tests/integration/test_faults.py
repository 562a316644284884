"""Faults of the database, the keys and the policy file: they delay, and no more.

Each is made for real. A right password is then answered with a temporary failure,
never with "wrong password", or still lets the member in; once the fault is repaired
the same login works, and nothing was started anew.
"""
import concurrent.futures
import os
import re
import smtplib
import sqlite3
import time
import unittest

from server import Server, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
TRY_AGAIN = 75

TEMPORARY = {"imap": r"\[UNAVAILABLE\]", "pop3": r"-ERR \[SYS/TEMP\]", "smtp": r"454 4\.7\.0 ",
             "sieve": r"NO \(TRYLATER\)"}


def setUpModule():
    global server, good_copy, app_password
    server = Server().start()
    app_password = server.app_password(ALICE, label="phone")["password"]
    good_copy = server.dir + "/good-copy.db"
    server.postlatch("db", "backup", good_copy)
    # Mail to members is delivered whenever it likes, and Dovecot opens the database for it.
    with open(server.env["POLICY_FILE"], "a") as policy:
        policy.write('sendmail = ""\n')
    time.sleep(3)


def tearDownModule():
    server.remove()


def database():
    return server.env["DATABASE"]


def own(path, mode=0o660):
    """As `postlatch db init` leaves its files."""
    os.chown(path, 0, os.stat(os.path.dirname(database())).st_gid)
    os.chmod(path, mode)


def copy_of_good():
    """A copy beside the database, ready to be renamed to it."""
    path = database() + ".new"
    with open(good_copy, "rb") as f, open(path, "wb") as to:
        to.write(f.read())
    own(path)
    return path


def replace_database(path):
    """How a backup is put in place: what the old file left beside it goes first."""
    for name in ("-wal", "-shm"):
        if os.path.exists(database() + name):
            os.unlink(database() + name)
    os.rename(path, database())
    # The driver looks for another file ten times a second.
    time.sleep(0.3)


def hold_locked():
    """Puts a database in place that another program has locked against readers; returns that program's hold."""
    path = copy_of_good()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    replace_database(path)
    return holder


def rubbish():
    return os.urandom(os.path.getsize(good_copy))


def replace_with(content):
    path = copy_of_good()
    with open(path, "wb") as f:
        f.write(content)
    replace_database(path)


class Faults(unittest.TestCase):
    """What the tests below share."""

    def setUp(self):
        # The last of the cleanups to run.
        self.addCleanup(self.restore)
        self.mark = len(server.log("dovecot"))
        self.auth = server.pids("auth")

    def restore(self):
        replace_database(copy_of_good())
        self.assert_heals()

    def answers(self, *passwords, member=ALICE):
        """What every service says to each password: {(service, password): (let in?, the answer)}."""
        asked = [(service, password) for service in server.SERVICES for password in passwords]
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            said = pool.map(lambda pair: getattr(server, pair[0])(member, pair[1]), asked)
            return dict(zip(asked, said))

    def both(self):
        return server.passwords[ALICE], app_password

    def assert_let_in(self, *passwords):
        for (service, _), (let_in, said) in self.answers(*passwords).items():
            self.assertTrue(let_in, "%s: %s" % (service, said))

    def assert_temporary_failure(self, *passwords):
        for (service, _), (let_in, said) in self.answers(*passwords).items():
            self.assertFalse(let_in, "%s: %s" % (service, said))
            self.assertRegex(said, TEMPORARY[service])

    def wait_for_the_fault(self):
        """The driver looks at its files ten times a second."""
        wait_for(lambda: not server.imap(ALICE, app_password)[0])

    def assert_logged(self, pattern):
        wait_for(lambda: re.search(pattern, server.log("dovecot")[self.mark:]))

    def assert_heals(self):
        wait_for(lambda: all(let_in for let_in, _ in self.answers(*self.both()).values()), 60)

    def assert_same_auth_process(self):
        self.assertEqual(server.pids("auth"), self.auth)


class Database(Faults):
    def setUp(self):
        super().setUp()
        self.assert_let_in(server.passwords[ALICE])
        self.auth = server.pids("auth")

    def fails_until(self, repair, why):
        self.wait_for_the_fault()
        self.assert_temporary_failure(*self.both())
        self.assert_logged(why)
        repair()
        self.assert_heals()
        self.assert_logged("database: can be read again")
        self.assert_same_auth_process()

    def test_moved_away(self):
        os.rename(database(), database() + ".away")

        def put_back():
            self.assertFalse(os.path.exists(database()), "a new database was made")
            os.rename(database() + ".away", database())
        self.fails_until(put_back, "cannot be opened")

    def test_locked(self):
        holder = hold_locked()
        self.fails_until(holder.close, "locked by another program")

    def test_rubbish_in_its_place(self):
        replace_with(rubbish())
        self.fails_until(lambda: replace_database(copy_of_good()), "is damaged")

    def test_an_empty_file_in_its_place(self):
        replace_with(b"")
        self.fails_until(lambda: replace_database(copy_of_good()), "no such table")

    def test_readable_by_root_only(self):
        path = copy_of_good()
        os.chown(path, 0, 0)
        os.chmod(path, 0o600)
        replace_database(path)
        self.fails_until(lambda: own(database()), "this user may read and write it")

    def test_of_a_newer_and_of_an_older_version(self):
        for change, why in (
                ("INSERT INTO schema_history SELECT MAX(version) + 1, 'later', 0 FROM schema_history",
                 "update this program"),
                ("DELETE FROM schema_history WHERE version = (SELECT MAX(version) FROM schema_history)",
                 "run `postlatch db migrate`")):
            with self.subTest(why=why):
                path = copy_of_good()
                with sqlite3.connect(path) as changed:
                    changed.execute(change)
                changed.close()
                replace_database(path)
                self.fails_until(lambda: replace_database(copy_of_good()), why)

    def test_shared_memory_of_root_only(self):
        """It is there before the database is, or else a thread of the auth process may be first to open both."""
        replace_with(rubbish())
        self.wait_for_the_fault()
        with open(database() + "-shm", "xb"):
            own(database() + "-shm", 0o600)
        os.rename(copy_of_good(), database())
        time.sleep(0.3)
        self.fails_until(lambda: own(database() + "-shm"), "its -shm")

    def goes_on_from_memory_or_fails(self):
        """What was read before may still serve; nothing is read out of the damaged file."""
        for (service, _), (let_in, said) in self.answers(*self.both()).items():
            if not let_in:
                self.assertRegex(said, TEMPORARY[service])
        self.assertFalse(server.pop3(BOB, server.passwords[BOB])[0])
        return re.search("is damaged|no such table", server.log("dovecot")[self.mark:])

    def survives(self, damage):
        server.postlatch("member", "set", BOB, "pop3=off")
        self.assertFalse(server.pop3(BOB, server.passwords[BOB])[0])
        damage()
        wait_for(self.goes_on_from_memory_or_fails, 60)
        replace_database(copy_of_good())
        self.assert_heals()
        self.assert_same_auth_process()

    def test_written_over_while_open(self):
        def damage():
            with open(database(), "r+b") as f:
                f.write(rubbish())
        self.survives(damage)

    def test_truncated_while_open(self):
        self.survives(lambda: os.truncate(database(), 0))

    def test_a_backup_put_in_place_counts_at_once(self):
        server.postlatch("member", "set", ALICE, "pop3=off")
        self.assertFalse(server.pop3(ALICE, app_password)[0])
        replace_database(copy_of_good())
        wait_for(lambda: server.pop3(ALICE, app_password)[0])
        self.assert_same_auth_process()


class Writing(Faults):
    """The database can be read, but not written: logins go on."""

    def assert_use_trouble_is_logged(self, why):
        """It is found out later than the login that it is about, and told with the next."""
        def told():
            return server.imap(ALICE, app_password)[0] and \
                re.search("records of logins: .*" + why, server.log("dovecot")[self.mark:])
        wait_for(told)

    def last_used(self):
        return {service: use["at"] for service, use in server.json("member", "show", ALICE)["last_used"].items()}

    def set_fails(self, why):
        """A change is refused as a whole: the member and the audit are as before."""
        before = server.postlatch("member", "show", ALICE).stdout, server.postlatch("audit").stdout
        run = server.postlatch("member", "set", ALICE, "pop3=off", "imap=off", check=False)
        self.assertEqual(run.returncode, TRY_AGAIN, run.stdout)
        self.assertIn(why, run.stderr)
        self.assertEqual((server.postlatch("member", "show", ALICE).stdout, server.postlatch("audit").stdout), before)

    def next_second(self):
        now = int(time.time())
        wait_for(lambda: int(time.time()) > now)
        return now + 1

    def assert_uses_arrive(self, since):
        """Of every service, though only the IMAP service is used after the repair."""
        def arrived():
            self.assertTrue(server.imap(ALICE, app_password)[0])
            used = self.last_used()
            return set(used) == set(server.SERVICES) and min(used.values()) >= since
        wait_for(arrived)

    def test_a_long_write_delays_no_login_and_loses_no_use(self):
        replace_database(copy_of_good())
        since = self.next_second()
        writer = sqlite3.connect(database(), isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        self.assert_let_in(*self.both())
        self.assert_use_trouble_is_logged("locked")
        # All were let in while the lock was held, so none waited for it.
        self.assert_let_in(*self.both())
        writer.execute("ROLLBACK")
        writer.close()
        self.assert_uses_arrive(since)

    def test_folder_is_read_only(self):
        replace_database(copy_of_good())
        self.assert_let_in(*self.both())
        folder = os.path.dirname(database())
        self.addCleanup(server.inside, "umount", "--lazy", folder)
        wait_for(lambda: self.mounted_read_only(folder))
        self.open_anew_inside(folder)
        since = self.next_second()
        self.assert_let_in(*self.both())
        self.assert_use_trouble_is_logged("not writable")
        self.set_fails("not writable")
        server.inside("umount", "--lazy", folder, check=True)
        self.assert_uses_arrive(since)

    @staticmethod
    def mounted_read_only(folder):
        """Who opens a file there between the two commands can write it, so that the second is refused."""
        server.inside("mount", "--bind", folder, folder, check=True)
        if server.inside("mount", "-o", "remount,ro,bind", folder).returncode == 0:
            return True
        server.inside("umount", "--lazy", folder, check=True)
        return False

    def open_anew_inside(self, folder):
        """Out here the folder can be written: away with the file, and back again, until the thread that writes
        last uses has noticed. What it holds open it could still write."""
        path = folder + "/postlatch.db"

        def noticed():
            server.imap(ALICE, app_password)
            os.rename(path, path + ".away")
            time.sleep(2)
            os.rename(path + ".away", path)
            wait_for(lambda: server.imap(ALICE, app_password)[0])
            return "records of logins: " in server.log("dovecot")[self.mark:]
        wait_for(noticed)

    def test_disk_is_full(self):
        folder = os.path.dirname(database())
        replace_database(copy_of_good())
        self.mount_small_disk(folder)
        self.assert_let_in(*self.both())
        wait_for(lambda: set(self.last_used()) == set(server.SERVICES))
        filled = server.inside("dd", "if=/dev/zero", "of=" + folder + "/filler", "bs=4k")
        self.assertIn("No space left", filled.stderr)
        since = self.next_second()
        wait_for(lambda: self.change_fails())
        self.set_fails("disk of the database is full")
        self.assert_let_in(*self.both())
        self.assert_use_trouble_is_logged("disk of the database is full")
        self.assert_let_in(*self.both())
        server.inside("rm", folder + "/filler", check=True)
        self.assert_uses_arrive(since)
        self.assertTrue(server.json("db", "status")["bytes"] > 0)

    def mount_small_disk(self, folder):
        group = os.stat(folder).st_gid
        other = server.dir + "/small"
        os.makedirs(other, exist_ok=True)
        server.inside("mount", "-t", "tmpfs", "-o", "size=2m,mode=2770,gid=%d" % group, "none", other, check=True)
        server.inside("cp", "-p", database(), other, check=True)
        server.inside("mount", "--move", other, folder, check=True)
        self.addCleanup(server.inside, "umount", "--lazy", folder)

    def change_fails(self):
        """The -wal file may have room left for some changes."""
        return server.postlatch("member", "set", ALICE, "sieve=on", "webmail=on", check=False).returncode != 0 or \
            server.postlatch("member", "set", ALICE, "sieve=inherit", "webmail=inherit", check=False).returncode != 0


class Keys(Faults):
    """Without the HMAC key nobody can tell what is an app password; the rest goes on."""

    def setUp(self):
        super().setUp()
        self.key = server.dir + "/etc/postlatch/verify.key"
        self.addCleanup(self.put_back)

    def take_away(self):
        os.rename(self.key, self.key + ".away")

    def put_back(self):
        if os.path.exists(self.key + ".away"):
            os.rename(self.key + ".away", self.key)
        os.chmod(self.key, 0o640)

    def only_app_passwords_fail(self, why):
        self.wait_for_the_fault()
        self.assert_temporary_failure(app_password)
        self.assert_let_in(server.passwords[ALICE])
        self.assert_logged("key file .*" + why)

    def test_removed_while_running(self):
        self.take_away()
        self.only_app_passwords_fail("it does not exist")
        self.assertFalse(os.path.exists(self.key), "a new key was made")
        self.put_back()
        self.assert_heals()

    def test_missing_at_the_start(self):
        self.take_away()
        server.reload()
        self.only_app_passwords_fail("it does not exist")
        started = server.pids("auth")
        self.put_back()
        self.assert_heals()
        self.assertEqual(server.pids("auth"), started)

    def test_readable_by_all(self):
        os.chmod(self.key, 0o644)
        self.only_app_passwords_fail("others can read or write it")
        self.put_back()
        self.assert_heals()

    def test_a_switch_that_is_off_stays_off(self):
        server.postlatch("member", "set", ALICE, "imap=off")
        self.take_away()
        wait_for(lambda: not server.pop3(ALICE, app_password)[0])
        let_in, said = server.imap(ALICE, server.passwords[ALICE])
        self.assertFalse(let_in)
        self.assertIn("[AUTHENTICATIONFAILED]", said)


class PolicyFile(Faults):
    def setUp(self):
        super().setUp()
        self.path = server.env["POLICY_FILE"]
        with open(self.path) as f:
            self.before = f.read()
        self.addCleanup(self.write, self.before)
        self.bad = self.before + "defaults { pop3 = maybe }\n"
        self.mistake = r"policy\.conf:%d: .*pop3 = maybe" % (self.before.count("\n") + 1)

    def write(self, text):
        with open(self.path, "w") as f:
            f.write(text)

    def test_a_change_counts_without_a_restart(self):
        self.write(self.before + 'domain "demo.test" { pop3 = forbidden }\n')
        wait_for(lambda: not server.pop3(ALICE, app_password)[0])
        self.assertTrue(server.imap(ALICE, app_password)[0])
        self.write(self.before)
        self.assert_heals()
        self.assert_same_auth_process()

    def test_a_bad_one_changes_nothing_while_running(self):
        server.postlatch("member", "set", ALICE, "pop3=off")
        self.write(self.bad)
        wait_for(lambda: server.imap(ALICE, app_password)[0] and
                 re.search("keeping the last good policy: .*" + self.mistake, server.log("dovecot")[self.mark:]))
        self.assertFalse(server.pop3(ALICE, app_password)[0])
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])
        self.write(self.before)
        wait_for(lambda: server.imap(ALICE, app_password)[0] and
                 "policy file: read again" in server.log("dovecot")[self.mark:])

    def test_a_bad_one_at_the_start_refuses_all_until_it_is_mended(self):
        self.write(self.bad)
        server.reload()
        self.assert_temporary_failure(*self.both())
        self.assert_logged(self.mistake)
        started = server.pids("auth")
        self.write(self.before)
        self.assert_heals()
        self.assertEqual(server.pids("auth"), started)

    def test_the_milter_does_not_start_with_a_bad_one(self):
        self.write(self.bad)
        run = server.inside(server.dir + "/root/usr/sbin/postlatch-milter", "-f", "-p",
                            "unix:" + server.dir + "/run/second-milter.sock")
        self.assertNotEqual(run.returncode, 0)
        self.assertRegex(run.stderr, self.mistake)


class Mail(Faults):
    """Mail of a session from before the fault is put off, never refused for good."""

    def setUp(self):
        super().setUp()
        self.client = server.smtp_client()
        self.addCleanup(self.client.close)
        self.client.ehlo()
        self.client.login(ALICE, server.passwords[ALICE])
        self.assertEqual(self.submit(), 250)

    def submit(self):
        """The code of the first refusal, or 250."""
        try:
            self.client.sendmail(ALICE, [BOB], "Subject: fault\r\n\r\nbody\r\n")
            return 250
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        except smtplib.SMTPRecipientsRefused as error:
            return error.recipients[BOB][0]

    def put_off_until(self, repair):
        self.assertEqual(self.submit(), 451)
        repair()
        wait_for(lambda: self.submit() == 250)

    def test_moved_away(self):
        os.rename(database(), database() + ".away")
        self.put_off_until(lambda: os.rename(database() + ".away", database()))

    def test_locked(self):
        holder = hold_locked()
        self.put_off_until(holder.close)

    def test_rubbish_in_its_place(self):
        replace_with(rubbish())
        self.put_off_until(lambda: replace_database(copy_of_good()))

    def test_an_empty_file_in_its_place(self):
        replace_with(b"")
        self.put_off_until(lambda: replace_database(copy_of_good()))


if __name__ == "__main__":
    unittest.main()
