"""The commands of sms_command for gateways of text messages: sms-nhn, sms-aligo, sms-solapi and sms-http."""
import contextlib
import os
import re
import ssl
import subprocess
import time
import unittest

from portal import free_port
from server import TIMEOUT, wait_for
from sms_services import CODE, ENVIRONMENT, FROM, NUMBER, SECRET, SETTINGS, TEXT, Command
from test_portal_recovery import Recovery

AGAIN, GIVEN_UP = 75, 65
OURS = [name for name in SETTINGS if name != "sms-http"]


class Commands(unittest.TestCase):
    def setUp(self):
        self.commands = {name: Command(name, *of) for name, of in SETTINGS.items()}
        for command in self.commands.values():
            self.addCleanup(command.close)

    def each(self, names=tuple(SETTINGS)):
        return [self.commands[name] for name in names]

    def sends(self, command, *args, **options):
        """What the gateway has taken."""
        del command.service.sent[:]
        self.assertEqual(command.run(*args, **options), (0, ""), command.program)
        taken, = command.service.sent
        return taken

    def ends(self, command, status, words, *args, **options):
        """It sends nothing, and says why."""
        del command.service.sent[:]
        ended, said = command.run(*args, **options)
        self.assertEqual(ended, status, (command.program, said))
        self.assertRegex(said, words)
        self.assertEqual(command.service.sent, [])


class Messages(Commands):
    def test_a_number_of_korea_is_written_as_the_gateway_wants_it(self):
        for number in (NUMBER, "+821112345678"):
            digits = number[3:]
            for name, wanted in (("sms-nhn", "82" + digits), ("sms-aligo", "0" + digits),
                                 ("sms-solapi", ("82", "0" + digits)), ("sms-http", number)):
                with self.subTest(command=name):
                    self.assertEqual(self.sends(self.commands[name], number)[:2], (wanted, TEXT))

    def test_numbers_of_other_countries(self):
        for country, rest in (("1", "2025550123"), ("81", "9012345678"), ("353", "12345678"), ("880", "1712345678"),
                              ("7", "9161234567"), ("971", "501234567"), ("65", "91234567")):
            number = "+" + country + rest
            with self.subTest(number=number):
                self.assertEqual(self.sends(self.commands["sms-solapi"], number)[0], (country, rest))
                self.assertEqual(self.sends(self.commands["sms-nhn"], number)[0], number[1:])
                self.assertEqual(self.sends(self.commands["sms-http"], number)[0], number)
                self.ends(self.commands["sms-aligo"], GIVEN_UP, "Aligo sends to numbers of Korea alone", number)
        self.assertEqual(self.commands["sms-aligo"].service.asked, 0)

    def test_what_is_no_number_is_given_up(self):
        for command in self.each():
            for number in ("-x", "", "01012345678", "+0821012345678", "@/etc/passwd"):
                self.ends(command, GIVEN_UP, "^sms-[a-z]+: the number is not in the form of E.164\n$", number)
            self.assertEqual(command.service.asked, 0)
        for command in self.each(OURS):
            for number in ("+8210 1234 5678", "+82", NUMBER + "\n", "+" + 16 * "1", NUMBER + "&x=y"):
                self.ends(command, GIVEN_UP, "E.164", number)
            self.assertEqual(command.service.asked, 0)

    def test_a_number_that_the_gateway_refuses_is_given_up(self):
        for name, words in (("sms-nhn", "the code -2019"), ("sms-aligo", "the code -201"),
                            ("sms-solapi", "the code 3010"), ("sms-http", "HTTP status 400")):
            with self.subTest(command=name):
                self.ends(self.commands[name], GIVEN_UP, words, "+8210123")
                self.assertEqual(self.commands[name].service.asked, 1)

    def test_a_text_of_90_bytes_is_short_and_a_longer_one_long(self):
        rows = (("x" * 90, False), ("x" * 91, True), ("가" * 45, False), ("가" * 45 + "x", True),
                ("가" * 43 + "x\nx", False), ("가" * 44 + "\nx", True), ("x" * 2000, True))
        for command in self.each(OURS):
            short_or_long = ("sms", "mms") if command.program.endswith("nhn") else ("SMS", "LMS")
            for text, long in rows:
                # Nothing is sent of the end of the last line.
                self.assertEqual(self.sends(command, text=text + "\n")[1:3], (text, short_or_long[long]))

    def test_a_long_message_by_nhn_has_the_name_of_the_portal_as_its_title(self):
        for text, title in (("[한국 대학교 메일] " + "x" * 90, "한국 대학교 메일"), ("[" + "가" * 30 + "] " + "x" * 90, "가" * 20),
                            ("가" * 20 + "\n" + "x" * 90, "가" * 20), ("x" * 100, "x" * 20), ("a\nb" + "x" * 90, "a")):
            self.assertEqual(self.sends(self.commands["sms-nhn"], text=text)[3], title)

    def test_nhn_sends_no_long_message_abroad_and_none_that_would_be_cut(self):
        command = self.commands["sms-nhn"]
        self.assertEqual(self.sends(command, "+819012345678", "x" * 255)[1:3], ("x" * 255, "sms"))
        self.ends(command, GIVEN_UP, "the text is too long for a number abroad", "+819012345678", "x" * 256)

    def test_the_text_comes_as_it_is(self):
        for command in self.each():
            for text in ('"a" \'b\' \\c \\n\\" \\\\', "첫 줄\n둘째 줄\n\n\"넷째\"", "@/etc/passwd", "a=b&c=d+e%20f;g#h?i",
                         "$HOME `id` %s {x}", "[이름] https://mail.example.com/a/b#c_d-e", "-o /x", "a\r\nb"):
                self.assertEqual(self.sends(command, text=text)[1], text)

    def test_what_euc_kr_lacks_becomes_a_question_mark(self):
        for command in self.each(OURS):
            self.assertEqual(self.sends(command, text="[메일 😀] é뷁 코드: 1")[1], "[메일 ?] ?? 코드: 1")
            self.assertEqual(self.sends(command, "+821012345678", "“코드” ·「1」 あ Я")[1], "“코드” ·「1」 あ Я")

    def test_aligo_is_told_that_it_is_a_test(self):
        command = self.commands["sms-aligo"]
        self.assertEqual(self.sends(command)[3], "")
        command.write(command.settings.format(url=command.url) + "testmode_yn = Y\n")
        self.assertEqual(self.sends(command)[3], "Y")


class Failures(Commands):
    def test_statuses_that_pass_are_tried_again(self):
        for command in self.each():
            for status in (408, 429, 500, 502, 503, 504):
                command.service.answer = status, '{"header": {}, "result_code": "-201", "errorCode": "x"}'
                self.ends(command, AGAIN, "HTTP status %d" % status)
        for command in self.each(OURS):
            for status in (302, 401, 402, 403, 404, 425):
                for answer in ("<html>", '{"header": {"resultCode": 7}, "result_code": 1, "errorCode": "x"}'):
                    before = command.service.asked
                    command.service.answer = status, answer
                    self.ends(command, AGAIN, "HTTP status %d" % status)
                    self.assertEqual(command.service.asked, before + 1)

    def test_a_bad_request_is_given_up(self):
        for command in self.each():
            command.service.answer = 400, "Bad Request"
            self.ends(command, GIVEN_UP, "HTTP status 400")

    def test_an_answer_that_is_not_understood_is_tried_again(self):
        for command in self.each(OURS):
            for answer in ("", "<html>", "[]", "null", '"x"', "{}", '{"header": 1, "result_code": [], "groupInfo": {}, '
                           '"failedMessageList": [1]}', '{"header": {"isSuccessful": true}, "result_code": {"a": 1}}',
                           '{"header": {"isSuccessful": true, "resultCode": 0}, "body": []}',
                           '{"header": {"resultCode": "a b"}, "result_code": "a b", "errorCode": "a b"}', "x" * 200000,
                           '{"x": "' + "x" * 65500 + '"}'):
                command.service.answer = 200, answer
                self.ends(command, AGAIN, "^(curl: .*\n)?sms-[a-z]+: .*(answer of the gateway|gateway answers).*\n$")

    def test_a_code_that_is_not_of_the_message_is_tried_again(self):
        def nhn(code):
            return {"header": {"isSuccessful": False, "resultCode": code}}

        def taken(code):
            return {"header": {"isSuccessful": True, "resultCode": 0},
                    "body": {"data": {"sendResultList": [{"resultCode": code}]}}}

        def solapi(code):
            return {"groupInfo": {}, "failedMessageList": [{"statusCode": code}]}
        for name, status, answers in (
                ("sms-nhn", AGAIN, [answer(code) for answer in (nhn, taken) for code in (
                    -1000, -1001, -1002, -1003, -1004, -1008, -2021, -9999, -2312, -2313)]),
                ("sms-nhn", GIVEN_UP, [answer(code) for code in (4, -2019, -2023, -2024, -6001, 77777)
                                       for answer in (nhn, taken)] + [nhn(0)]),
                ("sms-aligo", AGAIN, [{"result_code": "-101"}, {"result_code": -101}]),
                ("sms-aligo", GIVEN_UP, [{"result_code": -201}, {"result_code": "0"},
                                         {"result_code": 1, "error_cnt": 1}]),
                ("sms-solapi", AGAIN, [solapi(code) for code in (
                    "1020", "1030", "1062", "2062", "2063", "2230", "1024", "2024")]),
                ("sms-solapi", GIVEN_UP, [solapi(code) for code in ("1011", "1060", "3010", "9999")])):
            command = self.commands[name]
            for answer in answers:
                with self.subTest(command=name, answer=answer):
                    command.service.answer = 200, answer
                    self.ends(command, status, "the gateway answers with the code ")

    def test_wrong_credentials_are_tried_again_once_the_file_is_right(self):
        for name, right, words in (("sms-nhn", "app1", "the code -1000"), ("sms-nhn", SECRET, "HTTP status 403"),
                                   ("sms-aligo", SECRET, "the code -101"), ("sms-aligo", "user1", "the code -101"),
                                   ("sms-solapi", "api1", r"HTTP status 403 \(InvalidAPIKey\)"),
                                   ("sms-solapi", SECRET, r"HTTP status 403 \(SignatureDoesNotMatch\)")):
            command = self.commands[name]
            with self.subTest(command=name, right=right):
                command.write(command.settings.format(url=command.url).replace(right, "wrong"))
                self.ends(command, AGAIN, words)
                command.write(command.settings.format(url=command.url))
                self.sends(command)

    def test_a_gateway_that_is_not_reached_is_tried_again(self):
        for command in self.each():
            command.write(command.settings.format(url="http://127.0.0.1:%d" % free_port()))
            self.ends(command, AGAIN, "curl: \\(7\\)")

    def test_a_gateway_that_does_not_answer_is_tried_again_before_the_sender_ends_the_command(self):
        processes = []
        for command in self.commands.values():
            command.service.held.clear()
            processes.append((command, command.start(), time.monotonic()))
        for command, process, started in processes:
            with self.subTest(command=command.program):
                status, said = command.end(process)
                self.assertEqual(status, AGAIN)
                self.assertIn("curl: (28)", said)
                self.assertLess(time.monotonic() - started, 10)

    def test_tls_is_required_and_its_certificate_checked(self):
        for command in self.each():
            certificate = command.folder + "/cert.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                            "-keyout", command.folder + "/key.pem", "-out", certificate],
                           check=True, capture_output=True)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate, command.folder + "/key.pem")
            command.service.socket = context.wrap_socket(command.service.socket, server_side=True)
            command.write(command.settings.format(url=command.url.replace("http:", "https:")))
            self.ends(command, AGAIN, "curl: \\(60\\)")
            with trusting(certificate):
                self.sends(command)
        for command in self.each(OURS):
            for url in ("http://a.example", "http://127.0.0.1.example/", "ftp://127.0.0.1/", "file:///etc/passwd"):
                command.write(command.settings.format(url=url))
                self.ends(command, AGAIN, "url begins neither with https:// nor with http://127.0.0.1")


@contextlib.contextmanager
def trusting(certificate):
    ENVIRONMENT["SSL_CERT_FILE"] = certificate
    try:
        yield
    finally:
        del ENVIRONMENT["SSL_CERT_FILE"]


class Files(Commands):
    def test_a_file_that_cannot_be_read_is_named_and_the_message_waits(self):
        for command in self.each():
            os.chmod(command.file, 0o600)
            self.ends(command, AGAIN, "%s cannot be read" % re.escape(command.file), user="nobody", group="nogroup")
            os.unlink(command.file)
            self.ends(command, AGAIN, "%s cannot be read" % re.escape(command.file))
            self.assertEqual(command.service.asked, 0)
            command.write(command.settings.format(url=command.url))
            os.chmod(command.file, 0o644)
            self.assertEqual(self.sends(command, user="nobody", group="nogroup")[1], TEXT)

    def test_a_wrong_line_is_named_by_its_number_and_not_shown(self):
        for command in self.each(OURS):
            right = command.settings.format(url=command.url)
            for line in ("passwort = %s" % SECRET, SECRET, "url = %s x" % SECRET, "url =", "url = a\x01%s" % SECRET,
                         "= %s" % SECRET, 'url = "%s' % SECRET, "url = 한글%s" % SECRET):
                command.write("# first\n\n" + line + "\n" + right)
                self.ends(command, AGAIN, '%s, line 3: this is not "name = value" with one of the names .*\\burl\\b'
                          % re.escape(command.file))
            self.assertEqual(command.service.asked, 0)
        # This one is for curl to read.
        command = self.commands["sms-http"]
        command.write('uri = "%s/send"\n' % command.url)
        self.ends(command, AGAIN, "curl: .*\n(.*\n)?sms-http: curl has no answer of the gateway\n$")

    def test_a_missing_setting_is_named(self):
        for command in self.each(OURS):
            lines = command.settings.format(url=command.url).splitlines(True)
            for line in lines:
                name = re.match(r"\s*(\w+)\s*=", line)
                if name and name[1] != "url":
                    command.write("".join(each for each in lines if each != line))
                    self.ends(command, AGAIN, "^sms-[a-z]+: %s: %s is missing\n$" % (re.escape(command.file), name[1]))
            self.assertEqual(command.service.asked, 0)

    def test_without_its_arguments_a_command_says_how_it_is_used(self):
        for command in self.each():
            for args in ([], [command.file], [command.file, NUMBER, "x"]):
                run = subprocess.run([command.program, *args], input="x", capture_output=True, text=True,
                                     timeout=TIMEOUT)
                self.assertEqual(run.returncode, AGAIN)
                self.assertIn("usage: ", run.stderr)

    def test_a_machine_without_curl_or_perl_is_told_what_to_install(self):
        for command in self.each(OURS):
            os.makedirs(command.folder + "/JSON")
            with open(command.folder + "/JSON/PP.pm", "w") as f:
                f.write("die;")
            for env, package in (({"PATH": command.folder}, "curl"), ({"PERL5LIB": command.folder}, "perl")):
                run = subprocess.run([command.program, command.file, NUMBER], input="x", capture_output=True, text=True,
                                     timeout=TIMEOUT, env={**ENVIRONMENT, **env})
                self.assertEqual(run.returncode, AGAIN)
                self.assertRegex(run.stderr, "install the package %s\n$" % package)

    def test_no_process_shows_a_secret_or_the_text(self):
        for command in self.each():
            command.service.held.clear()
            process = command.start()
            wait_for(lambda: command.service.asked == 1, TIMEOUT)
            seen = {name: shown(name) for name in os.listdir("/proc") if name.isdigit() and group(name) == process.pid}
            command.service.held.set()
            self.assertEqual(command.end(process), (0, ""))
            self.assertTrue(any(b"curl\0" in each for each in seen.values()), seen)
            self.assertTrue(any(command.program.encode() in each for each in seen.values()), seen)
            for each in seen.values():
                for hidden in (SECRET, CODE, FROM, "app1", "api1", "user1"):
                    self.assertNotIn(hidden.encode(), each)


def shown(process):
    """Arguments and environment."""
    text = b""
    for name in ("cmdline", "environ"):
        with contextlib.suppress(OSError), open("/proc/%s/%s" % (process, name), "rb") as f:
            text += f.read()
    return text


def group(process):
    try:
        return os.getpgid(int(process))
    except ProcessLookupError:
        return None


class Sender(Recovery):
    """postlatch-sender and sms-nhn: a member registers a number."""

    @classmethod
    def setUpClass(cls):
        cls.gateway = Command("sms-nhn", *SETTINGS["sms-nhn"])
        cls.addClassCleanup(cls.gateway.close)
        super().setUpClass()

    @classmethod
    def switch_on(cls, extra=""):
        cls.portal.write_policy('recovery_contacts = on\nconsent_dir = "%s/consent"\nsms_command = "%s %s"\n%s'
                                % (cls.folder, cls.gateway.program, cls.gateway.file, extra))

    def setUp(self):
        super().setUp()
        self.gateway.service.answer = None
        del self.gateway.service.sent[:]
        self.decide("agree")

    def code(self):
        (number, text, *_), = self.gateway.service.sent
        self.assertEqual("+" + number, self.number)
        return re.search(r"\b([0-9]{6})\b", text)[1]

    def test_a_code_goes_to_the_member_and_confirms_the_number(self):
        self.good(self.ask("phone", self.number))
        self.sent_all()
        code = self.code()
        self.assertTrue(self.good(self.confirm("phone", code))["contacts"]["phone"]["value"])
        self.assertNotIn(code, self.portal.sender_log())

    def test_a_busy_gateway_gets_the_message_later(self):
        self.gateway.service.answer = 429, "slowly"
        self.good(self.ask("phone", self.number))
        wait_for(lambda: "sms-nhn: the gateway answers with HTTP status 429" in self.portal.sender_log(), TIMEOUT)
        wait_for(lambda: "sms_command did not take it, and it is tried again" in self.portal.sender_log(), TIMEOUT)
        self.gateway.service.answer = None
        wait_for(lambda: self.portal.sql("SELECT tries FROM outbox WHERE due_at > ?", int(time.time())), TIMEOUT)
        self.portal.sql("UPDATE outbox SET due_at = 1")
        self.sent_all()
        self.good(self.confirm("phone", self.code()))

    def test_what_the_gateway_refuses_is_given_up(self):
        self.gateway.service.answer = 200, {"header": {"isSuccessful": False, "resultCode": -2019}}
        self.good(self.ask("phone", self.number))
        self.sent_all()
        self.assertIn("sms-nhn: the gateway answers with the code -2019", self.portal.sender_log())
        self.assertIn("sms_command did not take it, and it is given up", self.portal.sender_log())


if __name__ == "__main__":
    unittest.main()
