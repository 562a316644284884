"""postlatch import: what comes over from other programs, and what cannot.

The dumps in tests/data/import are made by hand, by the published schemas of these programs.
"""
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import unittest
import urllib.parse

from command import BAD_DATA, ROOT, TRY_AGAIN, CommandTest
from portal import Browser, totp
from server import Server

ROUNDCUBE_SCHEMA = "/usr/share/roundcube/SQL/sqlite.initial.sql"
DATA = os.path.join(ROOT, "tests", "data", "import")
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# As new versions of Postfix Admin make them: 64 bytes.
LONG_KEY = "NB2HI4DTHIXS6ZLYMFWXA3DFFZXXEZZPORXXI4BOORSXG5DJNZTS42LOOVZS4Z3PN5SC453FMJWWC2LMFZ2GK43UOMXGG33NMRWXI4T"
SHORT_KEY = "GEZDGNBVGY3TQOJQ"

MYSQL = "-- MySQL dump 10.13\n"
POSTGRESQL = "--\n-- PostgreSQL database dump\n--\n"
EMPTY = MYSQL + """
CREATE TABLE `domain` (`domain` text, `active` int, `backupmx` int);
CREATE TABLE `mailbox` (`username` text, `active` int, `attributes` text);
CREATE TABLE `alias_domain` (`alias_domain` text, `target_domain` text, `active` int);
CREATE TABLE `alias` (`address` text, `goto` text, `active` int);
CREATE TABLE `tfa` (`username` text, `authmech` text, `secret` text, `active` int);
"""


def php(code):
    return subprocess.run(["php", "-r", code], check=True, capture_output=True, text=True, timeout=60).stdout


class Import(CommandTest):
    def data(self, name):
        with open(os.path.join(DATA, name)) as f:
            return f.read()

    def plan(self, source, name, *options):
        """What would be done with a file, which changes nothing."""
        before = self.site.state()
        answer = self.site.json("import", source, os.path.join(DATA, name), *options)
        self.assertEqual((answer["written"], self.site.state()), (False, before))
        return answer

    def write(self, source, name, *options):
        """Does it, as it was shown before; a second time, nothing changes."""
        plan = self.plan(source, name, *options)
        path = os.path.join(DATA, name)
        answer = self.site.json("import", source, path, "--write", *options)
        self.assertEqual(answer, {**plan, "written": True})
        before = self.site.state()
        again = self.site.json("import", source, path, "--write", *options)
        self.assertEqual(again["added"], {"domains": 0, "members": 0, "second_factors": 0, "forwards": 0})
        self.assertEqual({row["result"] for row in again["domains"] + again["members"]}, {"kept"})
        self.assertEqual(self.site.state(), before)
        return answer

    def left(self, answer):
        return {(row["kind"], row["count"]): row["names"] for row in answer["left_out"]}

    def reason(self, answer, kind):
        return " ".join(row["reason"] for row in answer["left_out"] if row["kind"] == kind)

    def factors(self):
        return sorted(name for name, in self.site.sql(
            "SELECT m.local FROM totp t JOIN member m ON m.id = t.member_id"))

    def forward(self, name):
        """(whether a copy is kept, the targets, which are confirmed)."""
        forward = self.site.json("forward", "show", name)
        self.assertTrue(all(target["confirmed_at"] for target in forward["targets"]))
        return forward["keep_copy"], [target["address"] for target in forward["targets"]]

    def actions(self, name):
        return [row["action"] for row in self.site.json("audit", "--member", name)]


class Mailcow(Import):
    def test_domains_members_switches_and_factors(self):
        answer = self.write("mailcow", "mailcow.sql")
        self.assertEqual(answer["added"], {"domains": 3, "members": 4, "second_factors": 1, "forwards": 1})
        self.assertEqual(self.forward("ben@mail.test"), (True, ["ben@elsewhere.test"]))
        domains = {row["domain"]: row for row in self.site.json("domain", "list")}
        self.assertEqual({name: (row["active"], row.get("alias_of")) for name, row in domains.items()}, {
            "mail.test": (True, None), "closed.test": (False, None), "mail-too.test": (True, "mail.test")})
        self.assertEqual(self.own("anna@mail.test"), {"pop3": "off"})
        self.assertEqual(self.own("ben@mail.test"), {
            "webmail": "off", "imap": "off", "pop3": "off", "smtp": "off", "sieve": "off",
            "two_factor_requirement": "required"})
        active = {row["member"]: row["active"] for row in self.site.json("member", "list")}
        self.assertEqual(active, {"anna@mail.test": True, "ben@mail.test": True, "cleo@mail.test": False,
                                  "dora@closed.test": False})
        self.assertEqual(self.factors(), ["anna"])
        self.assertEqual(self.actions("anna@mail.test"), ["totp.import", "member.add"])

    def test_what_cannot_come_over_has_a_reason(self):
        answer = self.plan("mailcow", "mailcow.sql")
        self.assertEqual(self.left(answer), {
            ("account passwords", 4): [],
            ("switches that enforce TLS", 1): ["anna@mail.test"],
            ("switches of ActiveSync and DAV", 1): ["ben@mail.test"],
            ("resources", 1): ["room@mail.test"],
            ("administrators", 1): ["admin"],
            ("aliases", 1): ["office@mail.test to anna@mail.test,ben@mail.test"],
            ("catch-all aliases", 1): ["@mail.test to anna@mail.test"],
            ("app passwords", 2): ["anna@mail.test", "ben@mail.test"],
            ("passkeys", 1): ["anna@mail.test"],
            ("security keys", 1): ["ben@mail.test"],
            ("Yubico OTP keys", 1): ["cleo@mail.test"],
            ("second factors of administrators", 1): ["admin"],
            ("second factors", 1): ["dora@closed.test"],
            ("relay domains", 1): ["relay.test"]})
        self.assertIn("not switched on", self.reason(answer, "second factors"))
        self.assertIn("not base32", self.reason(answer, "second factors"))
        self.assertIn("only hashes", self.reason(answer, "app passwords"))

    def test_a_dump_of_the_other_program_is_refused_by_its_tables(self):
        for source, name, other, table in (("postfixadmin", "mailcow.sql", "mailcow", "tfa"),
                                           ("mailcow", "postfixadmin-mysql.sql", "postfixadmin", "mailbox_app_password")):
            run = self.site.run("import", source, os.path.join(DATA, name), "--write")
            self.assertEqual(run.returncode, 65)
            self.assertIn("it has a table %s, so it is not a dump of" % table, run.stderr)
            self.assertIn("use `postlatch import %s`" % other, run.stderr)
        self.assertEqual(self.site.json("member", "list"), [])

    def test_a_resource_is_no_member_and_its_factor_no_administrators(self):
        text = self.data("mailcow.sql").replace("'{}','location','mailcow'", "'{}','Thing','mailcow'").replace(
            "(2,'key','ben@", "(9,'phone','room@mail.test','totp','JBSWY3DPEHPK3PXP',0,1),\n(2,'key','ben@")
        answer = self.site.json("import", "mailcow", self.site.write("resource.sql", text), "--write")
        left = self.left(answer)
        self.assertEqual(left[("resources", 1)], ["room@mail.test"])
        self.assertIn("nobody signs in", self.reason(answer, "resources"))
        self.assertEqual(left[("second factors without a member", 1)], ["room@mail.test"])
        self.assertEqual(left[("second factors of administrators", 1)], ["admin"])
        self.assertNotIn("room@mail.test", [row["member"] for row in answer["members"]])

    def test_forwards_that_cannot_be_set_have_a_reason(self):
        with open(os.path.join(DATA, "mailcow.sql"), encoding="utf-8") as f:
            dump = f.read()
        for go_to, reason in (("null@localhost", "no address of a domain"), ("not an address", "no address of a domain"),
                              (",".join("x%d@elsewhere.test" % i for i in range(11)), "forward_targets"),
                              ("ben@elsewhere.test,BEN@elsewhere.test", "given twice"),
                              ("ben+list@mail.test", "own address")):
            with self.subTest(go_to):
                text = dump.replace("'ben@mail.test,ben@elsewhere.test'", "'%s'" % go_to)
                self.assertNotEqual(text, dump)
                answer = self.site.json("import", "mailcow", "-", stdin=text)
                self.assertEqual(self.left(answer)["forwards", 1], ["ben@mail.test to " + go_to])
                self.assertIn(reason, self.reason(answer, "forwards"))
                self.assertEqual((answer["added"]["forwards"], answer["added"]["members"]), (0, 4))

    def test_forwards_that_are_there_stay_and_those_that_are_off_are_left(self):
        self.site.ok("domain", "add", "mail.test")
        self.site.ok("member", "add", "ben@mail.test")
        self.site.ok("forward", "set", "ben@mail.test", "own@elsewhere.test")
        text = self.site.ok("import", "mailcow", os.path.join(DATA, "mailcow.sql"), "--write")
        self.assertIn("keep forward of ben@mail.test", text)
        self.assertEqual(self.forward("ben@mail.test"), (False, ["own@elsewhere.test"]))
        self.site.ok("forward", "clear", "ben@mail.test")
        with open(os.path.join(DATA, "mailcow.sql"), encoding="utf-8") as f:
            dump = f.read()
        off = "".join(re.sub(r",1\)([,;])$", r",0)\1", line) if "ben@elsewhere" in line else line
                      for line in dump.splitlines(True))
        self.assertNotEqual(off, dump)
        answer = self.site.json("import", "mailcow", "-", stdin=off)
        self.assertIn("switched off", self.reason(answer, "forwards"))
        self.assertIn("member_forwards", self.site.ok("import", "mailcow", os.path.join(DATA, "mailcow.sql")))

    def test_no_secret_is_shown(self):
        for options in ((), ("--json",)):
            run = self.site.run(*options, "import", "mailcow", os.path.join(DATA, "mailcow.sql"))
            for secret in (KEY, "not-a-hash", "not base32!"):
                self.assertNotIn(secret, run.stdout + run.stderr)
        self.write("mailcow", "mailcow.sql")
        self.assertNotIn(KEY.encode(), open(self.site.database, "rb").read())

    def test_what_is_there_already_stays(self):
        self.site.ok("domain", "add", "mail.test", "smtp=off")
        self.site.ok("member", "add", "anna@mail.test", "imap=off")
        self.site.ok("member", "add", "ben@mail.test")
        answer = self.site.json("import", "mailcow", os.path.join(DATA, "mailcow.sql"), "--write")
        self.assertEqual(answer["added"], {"domains": 2, "members": 2, "second_factors": 1, "forwards": 1})
        kept = [row.get("domain") or row["member"] for row in answer["domains"] + answer["members"]
                if row["result"] == "kept"]
        self.assertEqual(kept, ["mail.test", "anna@mail.test", "ben@mail.test"])
        self.assertEqual((self.own("anna@mail.test"), self.own("ben@mail.test")), ({"imap": "off"}, {}))
        self.assertEqual(self.factors(), ["anna"])

    def test_a_factor_that_is_there_stays(self):
        self.write("mailcow", "mailcow.sql")
        sealed = self.site.sql("SELECT secret FROM totp")
        other = self.data("mailcow.sql").replace(KEY, SHORT_KEY)
        answer = self.site.json("import", "mailcow", self.site.write("other.sql", other), "--write")
        self.assertEqual([row["second_factor"] for row in answer["members"] if "second_factor" in row], ["kept"])
        self.assertEqual(self.site.sql("SELECT secret FROM totp"), sealed)

    def test_text(self):
        path = os.path.join(DATA, "mailcow.sql")
        text = self.site.ok("import", "mailcow", path)
        for line in ("add  domain mail-too.test alias_of=mail.test", "add  domain closed.test active=off",
                     "add  member anna@mail.test pop3=off", "add  second factor of anna@mail.test",
                     "leave out catch-all aliases (1): they are delivery", "    @mail.test to anna@mail.test",
                     "added: domains 3, members 4, second factors 1, forwards 1; there already: domains 0, members 0",
                     "nothing was changed; `postlatch import mailcow FILE --write` does this"):
            self.assertIn("\n" + line, "\n" + text)
        text = self.site.ok("import", "mailcow", path, "--write")
        self.assertNotIn("nothing was changed", text)
        text = self.site.ok("import", "mailcow", path, "--write")
        self.assertIn("keep member anna@mail.test: it is there already, and its settings are not changed\n"
                      "keep second factor of anna@mail.test: one is registered already\n", text)

    def test_many_names_are_shortened_in_text_only(self):
        rows = ",".join("('x%02d@mail.test','anna@mail.test',1)" % i for i in range(30))
        path = self.site.write("many.sql", EMPTY + "INSERT INTO `alias` VALUES %s;\n" % rows)
        self.assertIn("    x09@mail.test to anna@mail.test\n    and 20 more; --json lists all\n",
                      self.site.ok("import", "mailcow", path))
        self.assertEqual(len(self.site.json("import", "mailcow", path)["left_out"][0]["names"]), 30)

    def test_standard_input_and_a_prefix(self):
        text = re.sub("(CREATE TABLE|INSERT INTO) `", r"\1 `mc_", self.data("mailcow.sql"))
        answer = self.site.json("import", "mailcow", "-", "--table-prefix", "mc_", stdin=text)
        self.assertEqual(answer["added"]["members"], 4)

    def test_domains_that_shut_others_out_are_told(self):
        self.site.ok("member", "add", "x@other.test")
        text = self.site.ok("import", "mailcow", os.path.join(DATA, "mailcow.sql"), "--write")
        self.assertIn("other.test", text)


class PostfixAdmin(Import):
    def test_mysql(self):
        answer = self.write("postfixadmin", "postfixadmin-mysql.sql")
        self.assertEqual(answer["added"], {"domains": 4, "members": 3, "second_factors": 1, "forwards": 1})
        self.assertEqual(self.forward("ben@post.test"), (True, ["archive@post.test"]))
        domains = {row["domain"]: row.get("alias_of") for row in self.site.json("domain", "list")}
        self.assertEqual(domains, {"post.test": None, "post-too.test": "post.test", "own.test": None,
                                   "again.test": None})
        self.assertEqual((self.own("ben@post.test"), self.factors()), ({"smtp": "off"}, ["anna"]))
        self.assertFalse(self.site.json("member", "show", "eve@own.test")["active"])
        left = self.left(answer)
        self.assertNotIn(("forwards", 1), left)
        self.assertEqual(left["addresses without a second factor", 2],
                         ["anna@post.test from 192.0.2.7", "everybody from 192.0.2.8"])
        self.assertEqual(left["domains", 1], ["bad_domain..test"])
        self.assertIn("has members of its own", self.reason(answer, "alias domains"))
        self.assertIn("alias of an alias", self.reason(answer, "alias domains"))
        self.assertIn("no domain missing.test", self.reason(answer, "alias domains"))

    def test_postgresql_with_copy_and_with_inserts(self):
        answers = [self.plan("postfixadmin", "postfixadmin-postgresql%s.sql" % kind) for kind in ("", "-inserts")]
        self.assertEqual(answers[0], answers[1])
        answer = self.write("postfixadmin", "postfixadmin-postgresql.sql")
        self.assertEqual(answer["added"], {"domains": 1, "members": 2, "second_factors": 1, "forwards": 1})
        self.assertEqual(self.own("ben@pg.test"), {"smtp": "off"})
        self.assertFalse(self.site.json("member", "show", "ben@pg.test")["active"])

    def test_the_same_address_in_another_case_is_one_member(self):
        text = self.data("postfixadmin-postgresql.sql").replace("ben@pg.test\t$1", "ANNA@pg.test\t$1")
        answer = self.site.json("import", "postfixadmin", self.site.write("twice.sql", text), "--write")
        self.assertEqual(self.left(answer)["members", 1], ["ANNA@pg.test"])


class Roundcube(Import):
    def test_plugins(self):
        self.site.ok("domain", "add", "webmail.test")
        answer = self.write("roundcube-2fa", "roundcube.sql", "--table-prefix", "rc_")
        self.assertEqual(answer["added"], {"domains": 0, "members": 2, "second_factors": 2, "forwards": 0})
        self.assertEqual(self.factors(), ["anna", "cleo"])
        left = self.left(answer)
        self.assertEqual(left["recovery codes", 1], ["anna@webmail.test"])
        self.assertEqual(left["other second factors", 1], ["cleo@webmail.test"])
        self.assertEqual(left["second factors", 1], ["ben@webmail.test"])
        self.assertEqual(left["second factors", 2], ["cleo@webmail.test", "gina@webmail.test"])
        self.assertEqual(left["preferences", 1], ["hans@webmail.test"])
        reasons = self.reason(answer, "members")
        self.assertIn("domain is not known", reasons)
        self.assertIn("has no domain", reasons)

    def test_sqlite(self):
        self.site.ok("domain", "add", "webmail.test")
        answer = self.write("roundcube-2fa", "roundcube-sqlite.sql")
        self.assertEqual(answer["added"], {"domains": 0, "members": 1, "second_factors": 1, "forwards": 0})
        self.assertEqual((self.factors(), answer["left_out"]), (["anna"], []))

    @unittest.skipUnless(os.path.exists(ROUNDCUBE_SCHEMA), "Roundcube is not installed")
    def test_what_sqlite3_writes_of_roundcubes_own_tables(self):
        """With line ends of each kind, and words that look like them, in front of the secret."""
        database = self.site.path("roundcube.db")
        subprocess.run(["sqlite3", database, ".read " + ROUNDCUBE_SCHEMA], check=True, timeout=60)
        names = []
        for i, text in enumerate(("\n", "\r\n", "\r\n \\r\\n \\012\\015", "it's; --", "\\", "PRAGMA", "',char(10))")):
            names.append("user%d" % i)
            preferences = 'a:2:{s:1:"x";s:%d:"%s";s:24:"twofactor_gauthenticator";a:2:{s:6:"secret";s:16:"%s";s:8:"activate";b:1;}}' % (
                len(text), text, SHORT_KEY)
            with contextlib.closing(sqlite3.connect(database)) as db, db:
                db.execute("INSERT INTO users (username, mail_host, preferences) VALUES (?, 'localhost', ?)",
                           (names[-1] + "@webmail.test", preferences))
        dump = subprocess.run(["sqlite3", database, ".dump"], check=True, capture_output=True, text=True,
                              timeout=60).stdout
        self.site.ok("domain", "add", "webmail.test")
        self.site.ok("import", "roundcube-2fa", "-", "--write", stdin=dump)
        self.assertEqual(self.factors(), names)

    def test_a_name_without_a_domain_gets_the_default(self):
        self.site.policy('default_domain = "webmail.test"')
        self.write("roundcube-2fa", "roundcube.sql", "--table-prefix", "rc_")
        self.assertIn("fred", self.factors())

    def dump(self, preferences):
        return self.site.write("users.sql", POSTGRESQL + "COPY public.users (username, preferences) FROM stdin;\n"
                               "anna@webmail.test\t%s\n\\.\n" % preferences)

    @unittest.skipUnless(shutil.which("php"), "PHP is not installed")
    def test_what_php_has_encrypted(self):
        key = "rcmail-!24ByteDESkey*Str"
        clear = '{"secret":"%s","activate":true,"recovery_codes":["1234567890"]}' % SHORT_KEY
        for cipher, tagged in (("DES-EDE3-CBC", False), ("AES-256-CBC", False), ("AES-256-GCM", True)):
            path = self.dump(php("""
                $iv = random_bytes(openssl_cipher_iv_length('%s')); $tag = null;
                $text = %s;
                $text = (%d ? "##$tag##" : "") . $iv . $text;
                echo serialize(["x" => null, "y" => 1.5, "z" => [1, true], "twofactor_gauthenticator" => base64_encode($text)]);
                """ % (cipher, "openssl_encrypt('%s', '%s', '%s', OPENSSL_RAW_DATA, $iv%s)" % (
                    clear, cipher, key, ", $tag" if tagged else ""), tagged)))
            with self.subTest(cipher=cipher):
                options = ("import", "roundcube-2fa", path)
                self.assertIn("give --des-key", self.site.ok(*options))
                right = ("--des-key", self.site.write("key", key + "\n"), "--cipher", cipher)
                answer = self.site.json(*options, *right)
                self.assertEqual((answer["added"]["second_factors"], answer["left_out"][0]["kind"]), (1, "recovery codes"))
                wrong = ("--des-key", self.site.write("key", "another"), "--cipher", cipher)
                self.assertIn("another key or cipher", self.site.ok(*options, *wrong))
        self.refused(BAD_DATA, *options, "--cipher", "ROT13", says="there is no cipher ROT13")
        self.refused(BAD_DATA, *options, "--des-key", self.site.write("key", "\n"), says="is empty")
        self.refused(BAD_DATA, *options, "--des-key", self.site.path("none"), says="No such file")


class Csv(Import):
    def test_members_with_secrets(self):
        answer = self.write("csv", "members.csv")
        self.assertEqual(answer["added"], {"domains": 1, "members": 3, "second_factors": 1, "forwards": 0})
        self.assertEqual((self.own("anna@csv.test"), self.factors()), ({"pop3": "off"}, ["anna"]))
        self.assertEqual(self.site.json("member", "show", "anna@csv.test")["class"], "staff")
        self.assertEqual(self.left(answer), {("second factors", 1): ["cleo@csv.test"]})

    def test_wrong_lines_are_told_together(self):
        path = self.site.write("wrong.csv", "address,pop3\na@x.test,maybe\nnobody,off\n")
        says = self.refused(BAD_DATA, "import", "csv", path, "--write", says="2 lines are wrong")
        self.assertEqual(len(says.splitlines()), 3)

    def test_member_import_has_no_secrets(self):
        self.refused(BAD_DATA, "member", "import", os.path.join(DATA, "members.csv"),
                     says="the column totp_secret is for `postlatch import csv`")


class Refusals(Import):
    def refuse(self, text, *says, source="mailcow"):
        for options in ((), ("--write",)):
            self.refused(BAD_DATA, "import", source, self.site.write("dump", text), *options, says=says)

    def test_files_that_are_no_dumps(self):
        for text, says in ((b"\x1f\x8b\x08", "gunzip"), (b"PGDMP\x01", "pg_restore"), (b"\xff\xfe-\0-\0", "UTF-16"),
                           ("SQLite format 3\0", ".dump"), ("", "is not a dump"), ("hello", "is not a dump")):
            with self.subTest(says=says):
                self.refuse(text, says)

    def test_dumps_of_other_programs(self):
        self.refuse(self.data("roundcube.sql"), "it has no table domain, so it is not a dump of mailcow", "--table-prefix")
        self.refuse(self.data("roundcube.sql"), "--table-prefix", source="roundcube-2fa")
        self.refuse(self.data("postfixadmin-mysql.sql"), "use `postlatch import postfixadmin`")
        self.refuse(self.data("postfixadmin-postgresql.sql"), "the table mailbox has no column attributes")

    def test_dumps_that_are_not_whole(self):
        for name, source in (("mailcow.sql", "mailcow"), ("postfixadmin-postgresql.sql", "postfixadmin"),
                             ("postfixadmin-postgresql-inserts.sql", "postfixadmin"),
                             ("roundcube-sqlite.sql", "roundcube-2fa")):
            text = self.data(name)
            end = text.rindex("@") + 3
            with self.subTest(name=name):
                self.refuse(text[:end], "not whole", source=source)

    def test_what_is_not_understood_has_its_line(self):
        table = EMPTY.rstrip("\n") + "\n"
        line = "line %d: " % (table.count("\n") + 1)
        for text, says in (
                ("INSERT INTO `alias` VALUES ('a');\n", "a value for each column"),
                ("INSERT INTO `alias` VALUES ('a','b','c','d');\n", "more values"),
                ("INSERT INTO `alias` VALUES ('a',CONCAT('b'));\n", "is not a constant"),
                ("INSERT INTO `alias` VALUES ('a',2+2);\n", "no ')'"),
                ("INSERT INTO `alias` SELECT 1;\n", "no VALUES"),
                ("INSERT INTO `alias` VALUES ('a','b',1) RETURNING x;\n", "goes on after its rows"),
                ("CREATE TABLE `alias` (`x` int);\n", "created twice"),
                ("INSERT INTO `app_passwd` VALUES (1);\n", "before their table is created"),
                ("INSERT INTO `%s` VALUES (1);\n" % ("x" * 70), "too long"),
        ):
            with self.subTest(says=says):
                self.refuse(table + text, line, says)

    def test_without_the_seal_key(self):
        os.remove(self.site.path("seal.key"))
        self.refused(TRY_AGAIN, "import", "mailcow", os.path.join(DATA, "mailcow.sql"), says="seal.key")


class SignIn(unittest.TestCase):
    """The authenticators of before sign in at a real portal."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.remove)

    def test_members_keep_their_authenticators(self):
        domain = self.server.env["DOMAIN"]
        members = ["alice@" + domain, "bob@" + domain, "carol@" + domain]
        keys = dict(zip(members, (KEY, LONG_KEY, SHORT_KEY)))
        known = [member for member in members if member in self.server.passwords]
        text = "address,totp_secret\n" + "".join("%s,%s\n" % (member, keys[member]) for member in known)
        self.server.postlatch("import", "csv", "-", "--write", stdin=text)
        url = self.server.env["PORTAL_URL"]
        for member in known:
            with self.subTest(member=member):
                browser = Browser(urllib.parse.urlsplit(url).port, url)
                browser.session()
                answer = browser.sign_in(member, self.server.passwords[member])
                self.assertEqual((answer.status, answer.json["next"]), (200, "code"), answer)
                answer = browser.post("/api/sign-in/code", {"code": "000000", "trust": False})
                self.assertEqual(answer.error, "wrong-code", answer)
                answer = browser.post("/api/sign-in/code", {"code": totp(keys[member]), "trust": False})
                self.assertEqual((answer.status, answer.json["state"]), (200, "authenticated"), answer)
                # New recovery codes are shown, as the old ones did not come over.
                self.assertFalse(answer.json["recovery_kept"])
        self.assertGreaterEqual(len(known), 2)


if __name__ == "__main__":
    unittest.main()
