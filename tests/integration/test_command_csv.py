"""postlatch member import and export."""
import os
import subprocess
import unittest

from command import BAD_DATA, POSTLATCH, REFUSED, TIMEOUT, TRY_AGAIN, CommandTest

HEADER = ("address,active,class,webmail,imap,pop3,smtp,sieve,forwarding,large_attachments,two_factor,"
          "two_factor_requirement,two_factor_mode,client_password,app_passwords,connected_applications,"
          "webmail_allowed_networks\n")


class Import(CommandTest):
    def read(self, text, *options):
        return self.site.json("member", "import", self.site.write("members.csv", text), *options)

    def test_adds_and_changes(self):
        self.site.ok("member", "add", "a@x.test", "pop3=on")
        answer = self.read("address,pop3,class\na@x.test,off,staff\nb@x.test,,\n")
        self.assertEqual(answer, {"dry_run": False, "members": 2, "changed": 2, "left_columns": []})
        self.assertEqual((self.own("a@x.test"), self.own("b@x.test")), ({"pop3": "off"}, {}))
        self.assertEqual(self.site.json("member", "show", "a@x.test")["class"], "staff")

    def test_text_answer(self):
        path = self.site.write("members.csv", "address\na@x.test\n")
        self.assertEqual(self.site.ok("member", "import", path), "changed 1 of 1 members\nadded 1 domain\n")
        self.assertEqual(self.site.ok("member", "import", path), "changed 0 of 1 members\n")
        self.assertEqual(self.site.ok("member", "import", path, "--dry-run"), "would change 0 of 1 members\n")

    def test_every_column(self):
        self.read(HEADER + "a@x.test,off,boss,off,off,off,off,off,on,on,off,required,skip,never,off,off,"
                  "\"192.0.2.0/24, 2001:db8::/32\"\n")
        self.assertEqual(self.own("a@x.test"), {
            "webmail": "off", "imap": "off", "pop3": "off", "smtp": "off", "sieve": "off", "forwarding": "on",
            "large_attachments": "on", "two_factor": "off", "two_factor_requirement": "required", "two_factor_mode": "skip",
            "client_password": "never", "app_passwords": "off", "connected_applications": "off",
            "webmail_allowed_networks": "192.0.2.0/24,2001:db8::/32"})
        self.assertFalse(self.site.json("member", "show", "a@x.test")["active"])

    def test_empty_field_inherits_and_missing_column_stays(self):
        self.site.ok("member", "add", "a@x.test", "pop3=off", "imap=off", "active=off", "class=staff")
        self.read("address,pop3,active\na@x.test,,\n")
        shown = self.site.json("member", "show", "a@x.test")
        self.assertEqual((self.own("a@x.test"), shown["active"], shown["class"]), ({"imap": "off"}, True, "staff"))

    def test_byte_order_mark_crlf_and_quotes(self):
        self.read('\ufeff"address","pop3"\r\n"a@x.test","off"\r\nB@X.test,off'.encode())
        self.assertEqual((self.own("a@x.test"), self.own("b@x.test")), ({"pop3": "off"}, {"pop3": "off"}))

    def test_standard_input(self):
        self.site.ok("member", "import", "-", stdin="address,pop3\na@x.test,off\n")
        self.assertEqual(self.own("a@x.test"), {"pop3": "off"})

    def test_dry_run(self):
        before = self.site.state()
        self.assertEqual(self.read("address\na@x.test\n", "--dry-run"),
                         {"dry_run": True, "members": 1, "changed": 1, "left_columns": []})
        self.assertEqual(self.site.state(), before)

    def test_all_bad_lines_are_named(self):
        before = self.site.state()
        path = self.site.write("members.csv", "\ufeffAddress;POP3\r\na@x.test;off\r\nb@x.test;maybe\r\nc@;on\r\n;\r\n")
        run = self.site.run("member", "import", path)
        self.assertEqual((run.returncode, self.site.state()), (BAD_DATA, before))
        lines = run.stderr.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith("postlatch: %s: line 3: pop3=maybe: it must be one of on, off" % path))
        self.assertTrue(lines[1].startswith("postlatch: %s: line 4: " % path))
        self.assertEqual(lines[2], "postlatch: %s: 2 lines are wrong, and nothing is changed" % path)

    def test_a_bad_line_is_named_and_nothing_changes(self):
        good = "address,pop3\na@x.test,off\n"
        for text, *says in (
                (good + "no address,off\n", "line 3", "write it as user@example.com"),
                (good + "b@x.test,maybe\n", "line 3", "pop3=maybe", "on, off, inherit"),
                (good + "b@x.test\n", "line 3", "fewer fields"),
                (good + "b@x.test,off,on\n", "line 3", "more fields"),
                (good + 'b@x.test,"off\n', "line 3", "quoted field"),
                (good + 'b@x.test,o"ff\n', "line 3", "quoted field"),
                (good + "A@X.test,on\n", "line 3", "is already in line 2"),
                (good + "b@x.test," + "x" * 600 + "\n", "line 3", "too long"),
                (good.encode() + b"b@x.test,\xff\n", "line 3", "UTF-8"),
                (good.encode() + b"b@x.test,o\0ff\n", "line 3", "NUL"),
                ("address,popp3\n", "line 1", "there is no column popp3"),
                ("address,requirement\n", "line 1", "the column requirement is now called two_factor_requirement"),
                ("address,pop3,address\n", "line 1", "two columns are called address"),
                ("pop3,imap\non,on\n", "line 1", "no column address"),
                ("", "the file is empty")):
            with self.subTest(text=text[-40:]):
                self.refused(BAD_DATA, "member", "import", self.site.write("bad.csv", text),
                             says=(*says, "bad.csv: "))
        self.refused(BAD_DATA, "member", "import", "-", stdin="nosuch\n", says="standard input: line 1")

    def test_what_the_policy_forbids_changes_nothing(self):
        self.site.policy('domain "x.test" { pop3 = forbidden }')
        path = self.site.write("m.csv", "address,pop3\na@y.test,on\nb@x.test,on\n")
        self.refused(REFUSED, "member", "import", path, says=("line 3", "b@x.test", "forbids it"))

    def test_files_that_cannot_be_read(self):
        self.refused(BAD_DATA, "member", "import", self.site.path("none.csv"), says=("none.csv", "No such file"))
        self.refused(BAD_DATA, "member", "import", self.site.dir, says="cannot be read")

    def test_twenty_thousand(self):
        lines = ["user%05d@domain%d.test,off,staff" % (i, i % 20) for i in range(20000)]
        text = "address,pop3,class\n" + "\n".join(lines) + "\n"
        self.assertEqual(self.read(text)["changed"], 20000)
        status = self.site.json("db", "status")
        self.assertEqual((status["members"], status["domains"]), (20000, 20))
        self.assertEqual(self.own("user19999@domain19.test"), {"pop3": "off"})


class Export(CommandTest):
    def setUp(self):
        super().setUp()
        self.site.ok("member", "add", "a@x.test", "class=staff", "pop3=off", "two_factor_mode=skip")
        self.site.ok("member", "add", "b@x.test", "active=off")
        self.site.ok("member", "add", "=c@y.test")

    def test_standard_output(self):
        text = self.site.ok("member", "export")
        self.assertEqual(text, self.site.ok("member", "export", "-"))
        self.assertEqual(text, HEADER + '"a@x.test",on,staff,,,off,,,,,,,skip,,,,\n"b@x.test",off,,,,,,,,,,,,,,,\n'
                                        '"=c@y.test",on,,,,,,,,,,,,,,,\n')

    def test_round_trip(self):
        self.assert_comes_back()

    def assert_comes_back(self):
        """What is exported changes nothing, and makes the same members anew."""
        members, text = self.site.json("member", "list"), self.site.ok("member", "export")
        path = self.site.write("out.csv", text)
        self.assertEqual(self.site.json("member", "import", path)["changed"], 0)
        for domain in ("x.test", "y.test"):
            self.site.ok("domain", "remove", domain, "--yes")
        self.site.ok("member", "import", path)
        self.assertEqual(self.site.json("member", "list"), members)
        self.assertEqual(self.site.ok("member", "export"), text)

    def test_odd_addresses_come_back(self):
        for local in ("'=d", "''+e", "'f", "-g", "김+철수", "＝h", "'＋i", "o'neil"):
            self.site.ok("member", "add", "--", local + "@y.test", "pop3=off")
        self.assert_comes_back()

    def test_columns_that_only_show_what_is_are_left_as_they_are(self):
        text = "address,pop3,flags,last_imap,created\n'=c@y.test,off,US,2026-01-02T03:04:05Z,yesterday\n"
        path = self.site.write("out.csv", text)
        self.assertEqual(self.site.ok("member", "import", path, "--dry-run"),
                         "would change 1 of 1 members\nwould add 1 domain\nleft as they are: flags, last_imap, created\n")
        answer = self.site.json("member", "import", path)
        self.assertEqual((answer["changed"], answer["left_columns"]), (1, ["flags", "last_imap", "created"]))
        self.assertEqual(self.own("=c@y.test"), {"pop3": "off"})
        answer = self.site.json("import", "csv", path)
        left, = [entry for entry in answer["left_out"] if entry["kind"] == "columns"]
        self.assertEqual(left["names"], ["flags", "last_imap", "created"])

    def test_filters(self):
        self.assertEqual(len(self.site.ok("member", "export", "--domain", "x.test").splitlines()), 3)
        self.assertEqual(len(self.site.ok("member", "export", "--class", "staff").splitlines()), 2)

    def test_a_file_is_never_overwritten(self):
        path = self.site.path("out.csv")
        self.site.ok("member", "export", path)
        with open(path) as f:
            self.assertEqual(f.read(), self.site.ok("member", "export"))
        self.refused(BAD_DATA, "member", "export", path, says=("out.csv", "is not overwritten"))

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([POSTLATCH, "-c", self.site.policy_file, "member", "export"], stdout=full,
                                 stderr=subprocess.PIPE, text=True, timeout=TIMEOUT, env=os.environ)
        self.assertEqual(run.returncode, TRY_AGAIN)
        self.assertIn("could not be written", run.stderr)


if __name__ == "__main__":
    unittest.main()
