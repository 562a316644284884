"""A store that speaks the protocol of Amazon S3, as far as Postlatch does, and verifies each signature.

It fails in every way that a test wants. Signature Version 4 is computed as Amazon's documents have it ("Authenticating
Requests: Using the Authorization Header"); test_s3_store.py compares it with the examples there, and
tests/conformance/test_s3.py has a server that others have made.
"""
import calendar
import contextlib
import hashlib
import hmac
import http.server
import re
import ssl
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

BUCKET, REGION = "mail-files", "eu-test-1"
KEY_ID, SECRET = "POSTLATCHTEST", "kept/secret+42"
SKEW = 900  # seconds
PAGE = 1000
ALGORITHM = "AWS4-HMAC-SHA256"


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, method, path, query, headers, signed, body_digest, at, region):
    """The signature of a request; headers are {name in lower case: value}, signed are names in their order."""
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join([
        method, urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~"),
        "&".join("%s=%s" % tuple(urllib.parse.quote(word, safe="-_.~") for word in pair) for pair in pairs),
        *("%s:%s" % (name, re.sub(" +", " ", headers[name].strip())) for name in signed), "", ";".join(signed), body_digest])
    scope = "%s/%s/s3/aws4_request" % (at[:8], region)
    text = "\n".join([ALGORITHM, at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for word in (at[:8], region, "s3", "aws4_request"):
        key = sign(key, word)
    return sign(key, text).hex()


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class Object:
    def __init__(self, body, digest):
        self.body, self.digest, self.modified = body, digest, time.time()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def handle(self):
        # Whoever does not know the certificate, or has no room for an object, hangs up.
        with contextlib.suppress(ssl.SSLError, ConnectionResetError):
            super().handle()

    def log_message(self, *_):
        pass

    def verify(self, body):
        store, found = self.server.store, self.headers.get("Authorization", "")
        match = re.fullmatch(ALGORITHM + r" Credential=([^/,]+)/(\d{8})/([^/,]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?"
                             r"Signature=([0-9a-f]{64})", found)
        if match is None:
            raise Refused(403, "AccessDenied")
        key_id, day, region, signed, given = match.groups()
        signed, headers = signed.split(";"), {name.lower(): value for name, value in self.headers.items()}
        at, digest = headers.get("x-amz-date", ""), headers.get("x-amz-content-sha256", "")
        if key_id != store.key_id:
            raise Refused(403, "InvalidAccessKeyId")
        if region != REGION:
            raise Refused(400, "AuthorizationHeaderMalformed")
        if re.fullmatch(r"\d{8}T\d{6}Z", at) is None or at[:8] != day:
            raise Refused(403, "AccessDenied")
        if abs(calendar.timegm(time.strptime(at, "%Y%m%dT%H%M%SZ")) - store.now()) > SKEW:
            raise Refused(403, "RequestTimeTooSkewed")
        unsigned = [name for name in headers if (name == "host" or name.startswith("x-amz-")) and name not in signed]
        path, _, query = self.path.partition("?")
        if unsigned or signed != sorted(signed) or signature(store.secret, self.command, path, query, headers, signed, digest, at,
                                                             region) != given:
            raise Refused(403, "SignatureDoesNotMatch")
        if hashlib.sha256(body).hexdigest() != digest:
            raise Refused(400, "XAmzContentSHA256Mismatch")

    def answer(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def fail(self, status, code):
        self.close_connection = True
        self.answer(status, ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>No.</Message></Error>" % code)
                    .encode(), Content_Type="application/xml")

    def handle_request(self):
        # Whoever has waited too long is not there any more.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.handle_whole_request()

    def handle_whole_request(self):
        store = self.server.store
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = "%s %s" % (self.command, urllib.parse.unquote(self.path))
        with store.lock:
            store.requests.append(name)
            store.headers.append(str(self.headers))
        fault = store.fault if re.search(store.fault_at, name) else None
        if fault == "silent":
            store.released.wait(120)
        if isinstance(fault, tuple):
            return self.fail(*fault)
        if fault == "moved":
            return self.answer(307, Location="http://127.0.0.1:%d/%s/elsewhere" % (self.server.server_port, BUCKET))
        if fault == "babbles":
            return self.answer(200, b"<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult>&b;</ListBucketResult>")
        try:
            self.verify(body)
            self.serve(body, fault)
        except Refused as refused:
            self.fail(refused.status, refused.code)

    def serve(self, body, fault):
        store, (path, _, query) = self.server.store, self.path.partition("?")
        _, bucket, key = (urllib.parse.unquote(path) + "/").split("/", 2)
        key = key.rstrip("/")
        if bucket != store.bucket:
            raise Refused(404, "NoSuchBucket")
        if self.command == "GET" and key == "":
            return self.list(dict(urllib.parse.parse_qsl(query)))
        if self.command == "PUT":
            store.objects[key] = Object(body, self.headers.get("x-amz-meta-sha256"))
            return self.answer(200, **({"x_amz_version_id": "1"} if store.versions else {}))
        if self.command == "DELETE":
            store.objects.pop(key, None)
            return self.answer(204)
        found = store.objects.get(key)
        if found is None:
            raise Refused(404, "NoSuchKey")
        return self.give(found, fault)

    def give(self, found, fault):
        body = bytes(len(found.body)) if fault == "wrong" else found.body
        kept = {} if found.digest is None else {"x-amz-meta-sha256": found.digest}
        if fault == "cut":
            self.close_connection = True
            return self.answer(200, body[:len(body) // 2], len(body), **kept)
        if fault == "short":
            return self.answer(200, body[:len(body) // 2], **kept)
        return self.answer(200, body, len(body), **kept)

    def list(self, query):
        store = self.server.store
        after = "" if store.repeats else query.get("start-after", "")
        keys = sorted(key for key in store.objects if key.startswith(query.get("prefix", "")) and key > after)
        page, more = keys[:store.page], len(keys) > store.page
        text = "".join("<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>&quot;e&quot;</ETag><Size>%d</Size></Contents>" % (
            escape(key), time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(store.objects[key].modified)), len(store.objects[key].body))
            for key in page)
        token = "<NextContinuationToken>a+/=</NextContinuationToken>" if more else ""
        self.answer(200, ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                          "<Name>%s</Name><IsTruncated>%s</IsTruncated>%s%s</ListBucketResult>" % (
                              BUCKET, "true" if more else "false", token, text)).encode(), Content_Type="application/xml")

    do_GET = do_PUT = do_HEAD = do_DELETE = handle_request


class Store:
    """The server and its objects, {key: Object}."""

    def __init__(self, certificate=None):
        """With a certificate and its key in one file, it speaks TLS."""
        self.certificate = certificate
        self.lock, self.released = threading.Lock(), threading.Event()
        self.objects, self.requests, self.headers = {}, [], []
        self.bucket, self.key_id, self.secret, self.page = BUCKET, KEY_ID, SECRET, PAGE
        self.versions = self.repeats = False  # repeats: each page is the first one
        self.late = 0  # seconds by which its clock is wrong
        self.well()
        self.port = 0
        self.start()

    def start(self):
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads, self.server.store = True, self
        self.port = self.server.server_port
        self.url = "%s://127.0.0.1:%d/%s" % ("https" if self.certificate else "http", self.port, BUCKET)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def now(self):
        return time.time() + self.late

    def well(self):
        self.fault, self.fault_at = None, ""

    @contextlib.contextmanager
    def failing(self, fault, at=""):
        """With a fault of requests whose method and address match: (status, code), "silent", "cut", "short", "wrong", "moved",
        "babbles"."""
        self.fault, self.fault_at = fault, at
        try:
            yield
        finally:
            self.well()
            self.released.set()
            self.released = threading.Event()

    def asked(self, pattern):
        """How many requests there were of that kind."""
        with self.lock:
            return sum(re.search(pattern, request) is not None for request in self.requests)

    def blobs(self):
        """{name: bytes} of the blobs."""
        return {key.split("/")[-1]: found.body for key, found in self.objects.items() if re.search("/[0-9a-f]{64}$", key)}
