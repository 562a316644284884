"""Every route of the portal, walked with everything that must not get through.

The table is the program's own (`postlatch-portal -x routes`), so a new route is
walked without a change here.
"""
import json
import os
import socket
import unittest

from portal import JSON, Browser, Portal, PortalTest, secure
from route_table import FORM, ROUTES, changes_something, good_body, type_of, url_of
from server import TIMEOUT, plain_connect, wait_for

BODY_MAX = 16384
FILE_MAX = 32 * 1024 * 1024
PIECE_MAX = 16 * 1024 * 1024
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
WEBMAIL = "https://webmail.example.test"
OURS = ("page", "console")  # what comes from our pages
OF_OAUTH = ("program", "front-channel")
# Values of the wrong kind or size, for each kind of field.
BAD_TEXT = ["", "a\nb", "a\u0000b", "a\u007fb", "a\u0085b", 1, None, True, ["x"], {"x": "x"}]
BAD = {
    "line": BAD_TEXT, "secret": BAD_TEXT, "text": BAD_TEXT[1:],
    "code": ["", "12345", "1234567", "12345a", "+12345", "\u0661\u0662\u0663\u0664\u0665\u0666", 123456,
             None, True],
    "id": ["1", 0, -1, 1.5, True, None, [1], 10 ** 30],
    "flag": ["true", 1, 0, None, []],
    "word": ["", "USE", "use\n", "us e", 1, None],
    "names": ["x", 1, None, True, {"x": "x"}, [""], ["a\nb"], [1], [None], [["x"]], ["x"] * 1000, ["x" * 300]],
    "lines": ["x", 1, None, True, {"x": "x"}, [], [""], ["a\nb"], [1], [["x"]], ["x"] * 1000, ["x" * 400]],
    "pairs": ["x", 1, None, True, ["x"], {"x": 1}, {"x": None}, {"x": ["x"]}, {"x": "a\nb"}, {"X": "x"}, {"": "x"},
              {"x": "x" * 400}],
    "label": [*BAD_TEXT, " ", "a\u202eb", "a\u2066b", "a\u2028b", "x" * 10240],
}


def error_of(route, code):
    """The word for what is wrong with a request: RFC 6749's for programs that it is about, else ours."""
    return "invalid_request" if route.caller in OF_OAUTH else code


class Portals(PortalTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal.settings.update(webmail_url=WEBMAIL + "/", recovery_contacts="on", password_command="/bin/false",
                                   password_recovery="on")
        cls.portal.write_policy()
        cls.portal.stop()
        cls.portal.start()

    def tearDown(self):
        self.assertTrue(self.portal.alive(), self.portal.log())

    def check(self, answer, status, error=None):
        self.assertEqual((answer.status, answer.error), (status, error), answer)
        self.assertIsNone(secure(answer))
        return answer

    def walk(self, wanted):
        walked = 0
        for route in ROUTES:
            if wanted(route):
                walked += 1
                with self.subTest(route=route.method + " " + route.path):
                    yield route
        self.assertGreater(walked, 0)

    def host(self, route):
        return self.portal.files_host() if route.site == "files" else None

    def origin(self, route):
        """Of the page that may ask: one of ours, or of webmail where that may."""
        return WEBMAIL if route.path.startswith("/upload/") else self.portal.url

    def browser(self, route):
        """One that asks at the name where the route is."""
        browser = self.portal.browser(host=self.host(route))
        browser.url = self.origin(route)
        return browser

    def send(self, route, browser=None, body=None, **headers):
        """The request that is right in all but what the caller says."""
        browser = browser or self.browser(route)
        sent = {"Host": self.host(route), "Content-Type": type_of(route), "X-CSRF-Token": browser.csrf,
                "Origin": self.origin(route)}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return browser.request(route.method, url_of(route), good_body(route) if body is None else body, sent)

    def signed_in(self, state):
        browser = self.portal.browser()
        self.check(browser.sign_in("walker@example.test"), 200)
        if state == "authenticated":
            self.check(browser.post("/api/sign-in/later"), 200)
        self.assertEqual(browser.state(), state)
        return browser


class BeforeTheHandler(Portals):
    """What is wrong with a request whoever sends it."""

    def test_another_method_gets_405_and_those_that_are_allowed(self):
        for route in self.walk(lambda route: True):
            allowed = {r.method for r in ROUTES if r.path == route.path}
            if "GET" in allowed:
                allowed.add("HEAD")
            for method in METHODS - allowed:
                answer = self.browser(route).request(method, url_of(route))
                self.check(answer, 405, None if method == "HEAD" else "method-not-allowed")
                self.assertEqual(sorted(answer.headers["Allow"].split(", ")), sorted(allowed))

    def test_head_answers_as_get_without_a_body(self):
        for route in self.walk(lambda route: route.method == "GET"):
            answer = self.browser(route).request("HEAD", url_of(route))
            self.assertEqual(answer.status, self.browser(route).get(url_of(route)).status)
            self.assertEqual(answer.body, b"")

    def test_a_parameter_of_the_path_that_is_out_of_bounds_gets_404(self):
        for route in ROUTES:
            for field in route.parameters:
                with self.subTest(route=route.path, field=field.name):
                    answer = self.browser(route).request(route.method, url_of(route, field))
                    self.check(answer, 404, "not-found")

    def test_a_query_field_that_a_page_does_not_know_or_that_is_wrong_gets_400(self):
        for route in self.walk(lambda route: route.caller in OURS):
            good = url_of(route)
            urls = [good + ("&" if "?" in good else "?") + "unknown=x"]
            urls += [url_of(route, field) for field in route.query]
            for url in urls:
                headers = {"Content-Type": type_of(route)}
                answer = self.browser(route).request(route.method, url, good_body(route), headers)
                self.check(answer, 400, "bad-request")

    def test_a_query_field_that_nobody_knows_changes_nothing_for_programs(self):
        for route in self.walk(lambda route: route.caller not in OURS):
            answers = [self.browser(route).request(route.method, url_of(route) + extra, good_body(route),
                                                     {"Content-Type": type_of(route)})
                       for extra in ("", "?unknown=x")]
            self.assertEqual(answers[0].status, answers[1].status)
            self.assertEqual(answers[0].body, answers[1].body)

    def test_a_foreign_origin_gets_403(self):
        for route in self.walk(lambda route: route.caller in OURS and changes_something(route)):
            for origin, site in (("https://evil.test", None), ("null", "same-origin"), (None, None),
                                 (self.portal.url + "0", None),
                                 (self.portal.url.replace("http", "https"), None),
                                 (None, "cross-site"), (None, "same-site"), (None, "none")):
                self.check(self.send(route, Origin=origin, Sec_Fetch_Site=site), 403, "foreign-origin")
            answer = self.send(route, Origin=None, Sec_Fetch_Site="same-origin")
            self.assertNotEqual(answer.error, "foreign-origin")

    def test_another_content_type_gets_415(self):
        for route in self.walk(lambda route: route.body != "none"):
            error = error_of(route, "unsupported-media-type")
            other = FORM if route.body.startswith("json") else JSON
            for kind in (None, "text/plain", "multipart/form-data; boundary=x", other, type_of(route) + "x"):
                self.check(self.send(route, Content_Type=kind), 415, error)

    def test_a_body_that_is_too_long_gets_413_before_it_is_read(self):
        for route in self.walk(lambda route: True):
            error = error_of(route, "too-large")
            length = {"none": 0, "csv": FILE_MAX, "bytes": PIECE_MAX}.get(route.body, BODY_MAX) + 1
            for announced in (length, 10 ** 9, 2 ** 63):
                with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
                    head = "%s %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: %s\r\n" % (
                        route.method, url_of(route), self.host(route) or "x", self.origin(route), type_of(route) or JSON)
                    client.sendall((head + "Content-Length: %d\r\n\r\n" % announced).encode())
                    answer = client.makefile("rb").read().decode()
                self.assertTrue(answer.startswith("HTTP/1.1 413 "), answer)
                self.assertTrue(answer.endswith('"%s":"%s"}' % ("detail" if route.caller == "scim" else "error", error)), answer)

    def test_a_body_of_unknown_length_gets_411(self):
        for route in self.walk(lambda route: True):
            answer = self.send(route, body=iter([b"{}"]), Transfer_Encoding="chunked")
            self.check(answer, 411, "bad-request")

    def test_the_longest_body_that_is_allowed_is_read(self):
        body = json.dumps({"user": "x", "password": "y"}).ljust(BODY_MAX)
        route = next(r for r in ROUTES if r.path == "/api/sign-in")
        self.check(self.send(route, body=body), 401, "wrong-credentials")

    def test_a_field_that_is_missing_or_wrong_gets_400(self):
        for route in self.walk(lambda route: route.fields):
            good = json.loads(good_body(route))
            for field in route.fields:
                wrong = [dict(good, **{field.name: value}) for value in BAD[field.kind]]
                wrong.append(dict(good, **{field.name: "x" * (field.limit + 1)}))
                if field.required:
                    wrong.append({name: value for name, value in good.items() if name != field.name})
                for value in wrong:
                    answer = self.send(route, body=json.dumps(value))
                    self.assertEqual((answer.status, answer.error), (400, error_of(route, "bad-request")), (value, answer))

    def test_a_field_that_the_console_does_not_know_gets_400(self):
        for route in ROUTES:
            if route.caller == "console" and route.body == "json":
                with self.subTest(route=route.method + " " + route.path):
                    answer = self.send(route, body=json.dumps(dict(json.loads(good_body(route)), unknown=1)))
                    self.assertEqual((answer.status, answer.json), (400, {"error": "bad-request"}))

    def test_what_is_no_json_object_gets_400(self):
        bodies = [b"", b"{", b"[]", b"null", b'"x"', b"7", b"{}{}", b'{"user":"a","user":"b"}', b"\xff\xfe{}",
                  b'{"user":"\xff"}', b'{"user":"\\ud800"}', b"[" * 16000, b'{"a":' * 3000, b"\x00" * 100]
        for route in self.walk(lambda route: route.body.startswith("json")):
            error = "invalid_request" if route.caller == "program" else "bad-request"
            for body in bodies[route.body == "json-if-any":]:  # nothing is all right there
                answer = self.send(route, body=body)
                self.assertEqual((answer.status, answer.error), (400, error), (body[:40], answer))

    def test_a_form_or_query_that_is_malformed_gets_400(self):
        bad = ["%", "a=%0", "a=%zz", "a=%00", "a=b%0Ac", "a=%ff", "=x", "a=" + "x" * 5000,
               "&".join("f%d=x" % i for i in range(30))]
        for route in self.walk(lambda route: route.body == "form"):
            # What a browser is sent to answers with a page.
            error = None if route.caller == "front-channel" else "invalid_request"
            for body in [*bad, "a=b\0&c=d"]:
                self.check(self.send(route, body=body), 400, error)
        for route in self.walk(lambda route: route.method == "GET"):
            for query in bad:
                answer = self.browser(route).request("GET", url_of(route).split("?")[0] + "?" + query)
                self.assertEqual(answer.status, 400, (query, answer))

    def test_an_unknown_path_gets_404(self):
        for path in ("/api", "/api/", "/api/session/", "/API/session", "/api/session%00", "/api/%73ession",
                     "//", "/api//session", "/oauth2", "/.git/config", "/web", "/web/", "/web/none.js",
                     "/web/README.md", "/web/.hidden.js", "/web/../policy.conf", "/web/%2e%2e/policy.conf",
                     "/web//main.js", "/web/lib", "/web/lib/", "/web/lib/../main.js", "/web/lib%2Fapi.js",
                     "/web/lib/README.md", "/web/main.js/", "/index.html", "/web/lib/index.html",
                     "/sign-in/", "/sign-in//", "/sign-in-x", "/account/a/", "/account/A", "/account/..", "/account/a%2fb",
                     "/account/a.js", "/account/" + "a" * 65, "/account" + "/a" * 5, "/sign-out/x",
                     "http://localhost/api/session"):
            with self.subTest(path=path):
                self.check(self.portal.browser().get(path), 404, "not-found")


class WhoMay(Portals):
    """Sessions, clients, tokens and reauthentication."""

    def refused(self, route, browser):
        error = {"client": (401, "invalid_client"), "bearer": (401, "invalid_token"),
                 "metrics": (401, "invalid_token"), "webmail": (401, "invalid_token"), "upload": (404, "not-found"),
                 "device-key": (403, "wrong-signature"), "device": (403, "wrong-signature"),
                 "recovering": (403, "recovery-over")}
        other = (401, "key-refused" if route.caller == "scim" else "sign-in-again")
        self.check(self.send(route, browser), *error.get(route.access, other))

    def test_a_stranger_reaches_public_routes_only(self):
        for route in self.walk(lambda route: route.access not in ("public", "anonymous")):
            self.refused(route, self.portal.browser())
            for cookie in ("x", "pl_ss_" + "A" * 43, "x" * 600, "'; DROP TABLE session"):
                browser = self.portal.browser()
                browser.cookies["__Host-postlatch"] = cookie
                self.refused(route, browser)

    def test_a_member_without_a_role_administers_nothing(self):
        browser = self.signed_in("authenticated")
        for route in self.walk(lambda route: route.caller == "console"):
            self.assertIn(route.access, ("helpdesk", "domain", "server"))
            self.check(self.send(route, browser), 403, "not-an-administrator")

    def test_credentials_of_oauth_that_are_wrong_are_refused(self):
        for route in self.walk(lambda route: route.access in ("client", "bearer", "webmail")):
            for value in ("Basic", "Basic ", "Basic !!!!", "Basic eDp5", "Basic eA==", "Bearer", "Bearer x",
                          "Bearer pl_at_" + "A" * 43, "Bearer " + "x" * 2000, "Digest x", "x"):
                answer = self.send(route, Authorization=value)
                self.assertEqual(answer.status, 401, (value, answer))
                self.assertIn("WWW-Authenticate", answer.headers)

    def test_a_pending_session_can_do_nothing_but_the_second_step(self):
        browser = self.signed_in("pending")
        for route in self.walk(lambda route: route.access not in ("public", "anonymous", "pending")):
            self.refused(route, browser)

    def test_an_authenticated_session_has_no_second_step(self):
        browser = self.signed_in("authenticated")
        for route in self.walk(lambda route: route.access == "pending"):
            self.check(self.send(route, browser), 409, "already-signed-in")

    def test_a_stale_session_must_reauthenticate_for_sensitive_changes(self):
        browser = self.signed_in("authenticated")
        for age in (20 * 60, 11 * 3600):
            self.portal.sql("UPDATE session SET reauthenticated_at = reauthenticated_at - ?", age)
            for route in self.walk(lambda route: route.access == "reauthenticated"):
                answer = self.check(self.send(route, browser), 403, "reauthentication-needed")
                self.assertEqual(answer.json["by"], "password")

    def test_without_the_csrf_token_nothing_is_done(self):
        browsers = {state: self.signed_in(state) for state in ("pending", "authenticated")}
        foreign = self.signed_in("authenticated").csrf
        self.assertEqual(len(foreign), 43)
        for route in self.walk(lambda route: route.csrf and route.caller == "page"):
            browser = browsers["pending" if route.access == "pending" else "authenticated"]
            own = browser.session()["csrf"]
            for token in (None, "", "x", foreign, own[:-1], own + "x", own[:-1] + "\xe9"):
                self.check(self.send(route, browser, X_CSRF_Token=token), 403, "csrf")

    def test_every_route_that_changes_something_for_a_session_has_a_csrf_token(self):
        accesses = ("pending", "authenticated", "reauthenticated")
        for route in self.walk(lambda route: changes_something(route) and route.access in accesses):
            self.assertTrue(route.csrf)
            self.assertEqual(route.caller, "page")
        for route in ROUTES:
            if route.caller == "console":
                self.assertEqual(route.csrf, changes_something(route), route)

    def test_a_session_that_idled_or_ran_out_is_none(self):
        for change in ("seen_at = seen_at - 7201", "expires_at = created_at", "generation = generation - 1"):
            browser = self.signed_in("authenticated")
            self.assertEqual(browser.get("/api/account").status, 200)
            self.portal.sql("UPDATE session SET " + change)
            self.check(browser.get("/api/account"), 401, "sign-in-again")
            self.assertEqual(browser.state(), "none")


class Sites(Portals):
    """The portal is at one name, and files that mail links to are at another."""

    def options(self, route, host):
        """A request with a method that no row has: 405 for what is known at that name."""
        return self.portal.browser(host=host).request("LOCK", url_of(route))

    def test_no_route_of_one_name_is_at_another(self):
        port, files = self.portal.port, self.portal.files_host()
        portal = ("localhost:%d" % port, "127.0.0.1:%d" % port, "portal.example.test", "files.localhost", files + "0",
                  files.replace(":", ".:"), "x." + files, "")
        for route in self.walk(lambda route: True):
            here, there = ((files, files.upper()), portal) if route.site == "files" else (portal, (files, files.upper()))
            for host in there:
                self.check(self.send(route, self.portal.browser(host=host), Host=host), 404, "not-found")
                self.check(self.options(route, host), 404, "not-found")
            for host in here:
                self.check(self.options(route, host), 405, "method-not-allowed")

    def test_the_name_of_files_knows_nobody(self):
        for route in self.walk(lambda route: route.site == "files"):
            self.assertEqual((route.access, route.csrf), ("anonymous", False))
            self.assertNotIn(route.caller, OURS)
        # What a browser asks before a script of webmail may ask at the portal's name is of nobody, too.
        for route in self.walk(lambda route: route.access == "anonymous" and route.method != "OPTIONS"):
            self.assertEqual(route.site, "files")


class Pages(Portals):
    def test_files_have_their_types(self):
        browser, path = self.portal.browser(), self.portal.web() + "/main.js"
        answer = self.check(browser.get(path), 200)
        self.assertEqual(answer.headers["Content-Type"], "text/javascript; charset=utf-8")
        self.assertEqual(self.check(browser.request("HEAD", path), 200).body, b"")
        self.check(browser.request("POST", path), 405, "method-not-allowed")

    def test_the_single_page_has_the_operators_name_and_the_readers_language(self):
        portal = Portal(portal_name="Mail & <Post>")
        self.addCleanup(portal.remove)
        portal.init().start()
        for path in ("/", "/sign-in", "/account", "/sign-out"):
            for language, code in (("ko-KR,en;q=0.5", "ko"), ("fr,en;q=0.5,ko;q=0.1", "en"), ("kok", "en")):
                browser = portal.browser(language=language)
                answer = self.check(browser.get(path), 200)
                self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
                self.assertEqual(answer.body.decode(),
                                 '<html lang="%s"><title>Mail &amp; &lt;Post&gt;</title>' % code)
            self.assertEqual(self.check(browser.request("HEAD", path), 200).body, b"")
            self.check(browser.request("POST", path), 405, "method-not-allowed")
        # The page about a wrong link, too.
        self.assertIn("<strong>Mail &amp; &lt;Post&gt;</strong>", browser.get("/oauth2/authorize?x=y").body.decode())

    def test_paths_below_those_of_the_single_page_are_the_page_too(self):
        page = self.portal.browser().get("/account").body
        for path in ("/account/devices", "/account/app-passwords/17/edit", "/sign-in/code", "/account/" + "a" * 64,
                     "/account" + "/a" * 4):
            answer = self.check(self.portal.browser().get(path), 200)
            self.assertEqual((answer.body, answer.headers["Content-Type"]), (page, "text/html; charset=utf-8"))
            self.check(self.portal.browser().request("POST", path), 405, "method-not-allowed")

    def test_files_of_folders_below_are_pages_and_links_are_not_followed(self):
        portal = Portal()
        self.addCleanup(portal.remove)
        folder = portal.dir + "/web/"
        os.makedirs(folder + "vendor/a/b/c")
        with open(folder + "vendor/a/b/c/signals.mjs", "w") as f:
            f.write("// signals\n")
        os.symlink("vendor", folder + "linked")
        os.symlink("/etc", folder + "vendor/etc")
        portal.init().start()
        for path, text in (("/lib/api.js", "// api\n"), ("/vendor/a/b/c/signals.mjs", "// signals\n")):
            answer = self.check(portal.browser().get(portal.web() + path), 200)
            self.assertEqual((answer.body.decode(), answer.headers["Content-Type"]),
                             (text, "text/javascript; charset=utf-8"))
        for path in ("/linked/a/b/c/signals.mjs", "/vendor/etc/passwd", "/vendor/a"):
            self.check(portal.browser().get(portal.web() + path), 404, "not-found")

    def test_a_page_with_a_query_is_the_page(self):
        self.check(self.portal.browser().get("/sign-in?continue=%2Foauth2%2Fauthorize%3Fx"), 200)

    def test_strict_transport_security_is_told_over_tls_only(self):
        self.assertIsNone(self.portal.browser().get("/sign-in").headers["Strict-Transport-Security"])
        portal = Portal(portal_url="https://login.example.test")
        self.addCleanup(portal.remove)
        portal.init().start()
        for path in ("/sign-in", "/api/session", "/none", portal.web() + "/main.js"):
            value = portal.browser().get(path).headers["Strict-Transport-Security"]
            self.assertEqual(value, "max-age=31536000")
        portal.settings["hsts_subdomains"] = "on"
        portal.write_policy()
        portal.stop()
        portal.start()
        self.assertEqual(portal.browser().get("/sign-in").headers["Strict-Transport-Security"],
                         "max-age=31536000; includeSubDomains")

    def test_health_is_204(self):
        self.check(self.portal.browser().get("/health"), 204)


class Floods(Portals):
    """More of something than anybody needs. The process lives on and others are served."""

    def raw(self, data):
        """The first line of the answer; "" when the connection was closed."""
        with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
            try:
                client.sendall(data)
            except OSError:
                pass  # it answered and closed before all was sent
            try:
                return client.makefile("rb").readline().decode(errors="replace").strip()
            except ConnectionResetError:
                return ""

    def served(self):
        answer = self.portal.browser().get("/api/session")
        self.check(answer, 200)

    def test_headers_cookies_and_addresses_without_end(self):
        for name, lines in (("headers", "".join("X-%d: y\r\n" % i for i in range(10000))),
                            ("cookies", "Cookie: " + "a=b; " * 10 ** 6 + "\r\n"),
                            ("cookie", "Cookie: __Host-postlatch=" + "x" * 10 ** 6 + "\r\n"),
                            ("many cookie headers", "Cookie: a=b\r\n" * 10000)):
            with self.subTest(name=name):
                head = "GET /api/account HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n"
                self.assertRegex(self.raw(head.encode()), "^(HTTP/1.1 (400|413|431) .*|)$")
                self.served()
        line = self.raw(b"GET /" + b"x" * 10 ** 6 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertRegex(line, "^(HTTP/1.1 4.*|)$")
        self.served()

    def test_many_small_fields_are_answered(self):
        session = "GET /api/session%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
        for target, lines, status in (("?" + "&" * 600, "", 200), ("?" + "a=b&" * 500, "", 400),
                                      ("?" + "&".join("a%d=b" % i for i in range(500)), "", 400),
                                      ("", "Cookie: " + "; ".join("a%d=b" % i for i in range(400)) + "\r\n", 200)):
            self.assertRegex(self.raw((session % (target, lines)).encode()), "^HTTP/1.1 %d " % status)

    def test_many_small_cookies_do_not_hide_the_session(self):
        browser = self.signed_in("authenticated")
        mine = dict(browser.cookies)
        browser.cookies = {**{"c%d" % i: "x" for i in range(180)}, **mine}
        self.assertEqual(browser.state(), "authenticated")
        browser.cookies = {"x__Host-postlatch": "y", "__Host-postlatchx": "y", **mine}
        self.assertEqual(browser.state(), "authenticated")

    def test_requests_that_are_no_http(self):
        for data in (b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\xff\xfe\r\n\r\n",
                     b"\r\n" * 5000, b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
                     b"POST /api/sign-in HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST /api/sign-in HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                     b"POST /api/sign-in HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
            with plain_connect(("127.0.0.1", self.portal.port), TIMEOUT) as client:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                try:
                    line = client.makefile("rb").readline().decode(errors="replace")
                except ConnectionResetError:
                    line = ""
            self.assertNotRegex(line, "^HTTP/1.1 (2|500)", data[:60])
            self.served()

    def half_open(self, count):
        """Connections that have begun a request, some in its head and some in its body."""
        clients = []
        for i in range(count):
            client = plain_connect(("127.0.0.1", self.portal.port), TIMEOUT)
            self.addCleanup(client.close)
            client.sendall(b"GET /api/session HTTP/1.1\r\nHost: x\r\nX-Slow: " if i % 2 else
                           b"POST /api/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: " + self.portal.url.encode() +
                           b"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
            clients.append(client)
        return clients

    def test_connections_that_stay_half_open_stop_nobody_and_end(self):
        clients = self.half_open(400)
        for _ in range(20):
            self.served()
        for client in clients[::40]:
            client.settimeout(TIMEOUT)
            # A body that never comes is answered or dropped; either way the connection ends.
            while client.recv(65536):
                pass

    def test_more_connections_than_there_is_room_for_heal(self):
        self.half_open(1100)
        wait_for(lambda: self.try_served(), TIMEOUT)

    def try_served(self):
        try:
            browser = Browser(self.portal.port, self.portal.url)
            return browser.get("/api/session").status == 200
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
