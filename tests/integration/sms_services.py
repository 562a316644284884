"""Stand-ins for gateways of text messages, and the commands that send by them.

Each takes what the public documents of its gateway describe, and nothing else.
"""
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

from server import ROOT, TIMEOUT

SECRET = "S3cret/+=key"
FROM, CODE = "0212345678", "908172"
NUMBER, TEXT = "+821012345678", "[이름] 확인 코드: %s (10분간 유효)" % CODE
# As postlatch-sender makes it.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def euc_kr(text):
    """How many bytes it has, or None when EUC-KR lacks something of it."""
    try:
        return len(text.replace("\n", "\r\n").encode("euc_kr"))
    except UnicodeEncodeError:
        return None


class StandIn(http.server.ThreadingHTTPServer):
    """answer, status and text, is sent to everybody when it is set; while held is not set, nobody is answered."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.sent, self.answer, self.held = 0, [], None, threading.Event()
        self.held.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.held.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """The command has gone."""

    def take(self, path, fields, body):
        """Status and object for a request."""
        raise NotImplementedError


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked += 1
        self.server.held.wait(TIMEOUT)
        status, text = self.server.answer or self.server.take(self.path, self.headers, body)
        text = (text if isinstance(text, str) else json.dumps(text)).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:%d/elsewhere" % self.server.server_port)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    def log_message(self, *_):
        pass


class NhnService(StandIn):
    """Notification, SMS, API v3.0 of NHN Cloud: "Send Short SMS", "Send Long MMS" and the table of result codes."""

    def take(self, path, fields, body):
        def failure(code):
            return 200, {"header": {"isSuccessful": False, "resultCode": code, "resultMessage": "?"}}
        kind = re.fullmatch("/sms/v3.0/appKeys/app1/sender/(sms|mms)", path)
        if not kind:
            return failure(-1000)
        if fields["X-Secret-Key"] != SECRET:
            return 403, "not described"
        if fields["Content-Type"] != "application/json;charset=UTF-8":
            return failure(-9996)
        message = json.loads(body)
        recipient, = message["recipientList"]
        size, code, long = euc_kr(message["body"]), 0, kind[1] == "mms"
        if set(message) != {"body", "sendNo", "recipientList"} | ({"title"} if long else set()):
            return failure(4)
        if message["sendNo"] != FROM:
            return failure(-2312)
        if size is None:
            return failure(-2023)
        if long and not recipient["internationalRecipientNo"].startswith("82"):
            return failure(-2024)
        if size > (2000 if long else 255) or long and not 0 < euc_kr(message["title"]) <= 40:
            return failure(4)
        if not re.fullmatch("[1-9][0-9]{8,14}", recipient["internationalRecipientNo"]) or len(recipient) > 1:
            code = -2019
        else:
            self.sent.append((recipient["internationalRecipientNo"], message["body"], kind[1], message.get("title")))
        return 200, {"header": {"isSuccessful": True, "resultCode": 0, "resultMessage": "SUCCESS"},
                     "body": {"data": {"requestId": "r", "statusCode": "2", "sendResultList": [
                         {"recipientNo": "1", "resultCode": code, "resultMessage": "?", "recipientSeq": 1}]}}}


class AligoService(StandIn):
    """The specification of Aligo's API, "send". The only code of a failure that it has is that of a wrong key, -101."""

    def take(self, path, fields, body):
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        if path != "/send/" or fields["Content-Type"] != "application/x-www-form-urlencoded":
            return 404, "<html>"
        if (form.get("key"), form.get("user_id")) != (SECRET, "user1"):
            return 200, {"result_code": -101, "message": "인증오류입니다."}
        size, kind = euc_kr(form["msg"]), form["msg_type"]
        if set(form) != {"key", "user_id", "sender", "receiver", "msg", "msg_type", "testmode_yn"} \
                or form["sender"] != FROM or not re.fullmatch("01[0-9]{8,9}", form["receiver"]) \
                or size is None or size > {"SMS": 90, "LMS": 2000}[kind]:
            return 200, {"result_code": "-201", "message": "?"}
        self.sent.append((form["receiver"], form["msg"], kind, form["testmode_yn"]))
        return 200, {"result_code": "1", "message": "success", "msg_id": "1", "success_cnt": 1, "error_cnt": 0,
                     "msg_type": kind}


class SolapiService(StandIn):
    """API v4 of Solapi: the way of API keys, "send-many/detail", and the table of status codes."""

    def __init__(self):
        super().__init__()
        self.signatures = set()

    def refuses(self, field):
        """The error of a field Authorization."""
        parts = re.fullmatch("HMAC-SHA256 apiKey=(.*), date=(.*), salt=(.{12,64}), signature=([0-9a-f]{64})",
                             field or "")
        if not parts or parts[1] != "api1":
            return "InvalidAPIKey"
        date = time.strptime(parts[2], "%Y-%m-%dT%H:%M:%SZ")
        if abs(time.time() - (time.mktime(date) - time.timezone)) > 900:
            return "RequestTimeTooSkewed"
        if parts[4] != hmac.new(SECRET.encode(), (parts[2] + parts[3]).encode(), hashlib.sha256).hexdigest():
            return "SignatureDoesNotMatch"
        if parts[4] in self.signatures:
            return "DuplicatedSignature"
        self.signatures.add(parts[4])
        return None

    def take(self, path, fields, body):
        error = self.refuses(fields["Authorization"])
        if error:
            return 403, {"errorCode": error, "errorMessage": "?"}
        if path != "/messages/v4/send-many/detail" or fields["Content-Type"] != "application/json":
            return 404, {"errorCode": "ResourceNotFound", "errorMessage": "?"}
        message, = json.loads(body)["messages"]
        size, korea = euc_kr(message["text"]), message.get("country", "82") == "82"
        code = None
        if set(message) - {"to", "from", "text", "country"}:
            return 400, {"errorCode": "ValidationError", "errorMessage": "?"}
        if message["from"] != FROM:
            code = "1062"
        elif size is None:
            code = "1029"
        elif size > 2000:
            code = "1031"
        elif not re.fullmatch("01[0-9]{8,9}" if korea else "[1-9][0-9]{5,13}", message["to"]):
            code = "3010"
        else:
            kind = "LMS" if size > 90 else "SMS"
            self.sent.append(((message["country"], message["to"]), message["text"], kind, None))
        failed = [] if code is None else [{"to": message["to"], "statusCode": code, "statusMessage": "?"}]
        return 200, {"groupInfo": {"groupId": "G4V1", "status": "SENDING"}, "failedMessageList": failed}


class HttpService(StandIn):
    def take(self, path, fields, body):
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        if fields["Authorization"] != "Bearer " + SECRET:
            return 401, "?"
        if path != "/send" or set(form) != {"from", "to", "text"} \
                or not re.fullmatch(r"\+[1-9][0-9]{9,14}", form["to"]):
            return 400, "?"
        self.sent.append((form["to"], form["text"].rstrip("\n"), None, None))
        return 202, "{}"


class Command:
    """A command, its gateway, and the file between them."""

    def __init__(self, name, service, settings):
        self.service = service()
        self.folder = tempfile.mkdtemp(prefix="postlatch-sms-", dir="/var/tmp")
        os.chmod(self.folder, 0o755)
        for each in (name, "gateway.pl"):  # to a place that every user reads
            shutil.copy("%s/sender/%s" % (ROOT, each), self.folder)
        self.program, self.file = self.folder + "/" + name, self.folder + "/sms.conf"
        self.url = "http://127.0.0.1:%d" % self.service.server_port
        self.settings = settings
        self.write(settings.format(url=self.url))

    def close(self):
        self.service.close()
        shutil.rmtree(self.folder)

    def write(self, text):
        with open(self.file, "w") as f:
            f.write(text)

    def start(self, number=NUMBER, text=TEXT, **options):
        """As the sender does: with a file as standard input, and in a group of its own."""
        with tempfile.TemporaryFile() as file:
            file.write((text + "\n").encode())
            file.seek(0)
            return subprocess.Popen([self.program, self.file, number], stdin=file, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, start_new_session=True, env=ENVIRONMENT, **options)

    def end(self, process):
        """Exit status, and what it says; the latter has neither a secret nor the code in it."""
        out, err = process.communicate(timeout=TIMEOUT)
        for hidden in (SECRET, CODE):
            assert hidden not in (out + err).decode(), err
        return process.returncode, (out + err).decode()

    def run(self, *args, **options):
        return self.end(self.start(*args, **options))


SETTINGS = {
    "sms-nhn": (NhnService, "# NHN Cloud\nappKey = app1\nsecretKey = %s\nsendNo = %s\nurl = {url}\n" % (SECRET, FROM)),
    "sms-aligo": (AligoService, "key=%s\n\nuser_id=\"user1\"\n sender = %s \nurl = {url}\n" % (SECRET, FROM)),
    "sms-solapi": (SolapiService, "apiKey = api1\napiSecret = %s\nfrom = %s\nurl = {url}\n" % (SECRET, FROM)),
    "sms-http": (HttpService, 'url = "{url}/send"\nheader = "Authorization: Bearer %s"\ndata = "from=%s"\n'
                 % (SECRET, FROM)),
}
