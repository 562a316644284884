"""Every route of the administrators' API, walked by those who must not get through.

The table is the program's own, so that a new route is walked without a change here. What names an object elsewhere than
in its path needs a row of NAMED, and a route that names none stands in NAMELESS: without either, a new route fails.
"""
import json
import subprocess
import unittest
import urllib.parse

import authenticator
import phone
from console import API, Administrator, ConsoleTest, OnPostgreSQL
from oauth import Program
from portal import PORTAL, totp
from route_table import ROUTES, changes_something, good_body, in_url, type_of
from server import TIMEOUT, wait_for

CONSOLE = [route for route in ROUTES if route.caller == "console"]
RANK = {"helpdesk": 1, "domain": 2, "server": 3}
# What a helpdesk may change: it resets factors, ends sessions and revokes credentials, of many members at once as well.
OF_HELPDESK = {("POST", "/members/{member}/factor/remove"), ("POST", "/members/{member}/password-recovery"),
               ("POST", "/members/{member}/sessions/end"),
               ("POST", "/members/{member}/sessions/end-all"), ("DELETE", "/members/{member}/devices/{id}"),
               ("DELETE", "/members/{member}/passkeys/{id}"), ("DELETE", "/members/{member}/phones/{id}"),
               ("DELETE", "/members/{member}/app-passwords/{id}"), ("DELETE", "/members/{member}/applications/{id}"),
               ("POST", "/jobs/preview"), ("POST", "/jobs"), ("POST", "/jobs/{id}/pause"), ("POST", "/jobs/{id}/resume")}
NAMELESS = {("GET", "/me"), ("GET", "/jobs"), ("GET", "/administrators"), ("GET", "/keys"),
            ("DELETE", "/administrators/{id}"), ("DELETE", "/keys/{id}")}
NONE = {"domain": "none.test", "member": "none@none.test"}
NOTHING = {"items": [], "total": 0, "next": None}
NO_DOMAIN = {"error": "not-found"}
# For each route that names an object in its query or body: the query, the body, the status and what the answer has for a
# domain administrator of another domain. DOMAIN and MEMBER stand for what is not that administrator's.
NAMED = {
    ("GET", "/domains"): ("q=DOMAIN", None, 200, NOTHING),
    ("POST", "/domains"): ("", {"domain": "new.DOMAIN", "alias_of": "DOMAIN"}, 403, {"error": "role"}),
    ("GET", "/members"): ("domain=DOMAIN", None, 200, NOTHING),
    ("GET", "/export/members"): ("domain=DOMAIN", None, 200, 1),
    ("POST", "/members"): ("", {"member": "new@DOMAIN"}, 404, NO_DOMAIN),
    ("GET", "/forwards"): ("domain=DOMAIN", None, 200, NOTHING),
    ("POST", "/forwards/end"): ("", {"members": ["MEMBER"]}, 200, {"ended": 0, "not_found": 1}),
    ("POST", "/administrators"): ("", {"member": "MEMBER", "role": "domain", "domains": ["DOMAIN"]}, 403, {"error": "role"}),
    ("POST", "/keys"): ("", {"label": "x", "role": "domain", "domains": ["DOMAIN"]}, 403, {"error": "role"}),
    ("GET", "/audit"): ("object=MEMBER", None, 200, NOTHING),
    ("GET", "/audit/export"): ("object=DOMAIN", None, 200, 1),
    ("GET", "/overview"): ("domain=DOMAIN", None, 404, NO_DOMAIN),
    ("GET", "/counts"): ("domain=DOMAIN", None, 404, NO_DOMAIN),
    ("POST", "/jobs/preview"): ("", {"members": ["MEMBER"], "action": "end-sessions"}, 200, {"matching": 0, "not_found": 1}),
    ("POST", "/jobs"): ("", {"filter": {"domain": "DOMAIN"}, "action": "end-sessions", "expect": 2}, 409, {"matching": 0}),
    ("POST", "/import/members/preview"): ("", "address,pop3\nMEMBER,off\n", 200, {"members": 1, "wrong": 1, "changed": 0}),
    ("POST", "/import/members"): ("", "address,pop3\nMEMBER,off\n", 409, {"error": "wrong-lines"}),
}


def short(route):
    return route.method, route.path.removeprefix(API)


def names_object(route):
    """In its path, and so that its guard or its handler looks for it among the administrator's."""
    return "{" in route.path and short(route) not in NAMELESS


def described():
    """The operations of the description that the portal prints, as (method, path)."""
    text = subprocess.run([PORTAL, "--openapi"], check=True, capture_output=True, text=True).stdout
    return {(method.upper(), path) for path, methods in json.loads(text)["paths"].items() for method in methods}


class Boundaries(ConsoleTest):
    def program(self, role, *domains, options=()):
        more = ("--domains", ",".join(domains)) if domains else ()
        key = self.command("api-key", "add", "--role", role, "--label", role, *more, *options)
        one = Administrator(self.portal.browser(), key["key"])
        one.id = key["id"]
        return one

    def fill(self):
        """A member who has one of everything, and what else a path can name; the names of both."""
        member = self.person("target")
        browser, key = self.register(member)
        authenticator.register_another(self.portal, browser)
        phone.register_another(self.portal, browser)
        trusting = self.portal.browser()
        self.good(trusting.sign_in(member))
        self.good(trusting.post("/api/sign-in/code", {"code": totp(key), "trust": True}))
        Program(self.portal).tokens(browser)
        self.command("app-password", "create", member, "--label", "phone")
        self.command("member", "set", member, "forwarding=on")
        self.command("forward", "set", member, "me@elsewhere.example")
        desk = self.person()
        self.command("admin", "add", desk, "--role", "helpdesk", "--domains", self.domain)
        own = self.program("domain", self.domain)
        job = self.good(own.post("/jobs", {"members": [member], "change": {"pop3": "off"}, "expect": 1}))
        wait_for(lambda: self.good(own.get("/jobs/%d" % job["id"]))["state"] == "done", TIMEOUT)
        self.ids = {what: self.good(own.get("/members/%s/%s" % (member, what)))["items"][0]["id"]
                    for what in ("devices", "app-passwords", "applications", "sessions", "passkeys", "phones")}
        self.ids.update(jobs=job["id"], keys=own.id, administrators=self.administrator_id(desk))
        self.names = {"domain": self.domain, "member": member}

    def administrator_id(self, member):
        local, domain = member.split("@")
        return int(self.sql("SELECT a.id FROM administrator a JOIN member m ON m.id = a.member_id JOIN domain d ON d.id = "
                            "m.domain_id WHERE m.local = '%s' AND d.name = '%s'" % (local, domain))[0][0])

    def url(self, route, names=None, number=None):
        """The path, below that of the API, of the objects that there are, or of others."""
        words = []
        for word in route.path.removeprefix(API).split("/"):
            if word == "{id}":
                word = str(number or self.ids[words[-1]])
            words.append((names or self.names).get(word.strip("{}"), word) if word.startswith("{") else word)
        query = "&".join(field.name + "=" + in_url(field) for field in route.query if field.required)
        return "/".join(words) + ("?" + query if query else "")

    def send(self, one, route, url=None, body=None, **headers):
        if route.path.endswith("/sessions/end") and body is None:
            body = {"id": self.ids["sessions"]}
        body = good_body(route) if body is None else body
        return one.request(route.method, url or self.url(route), body, **{"Content_Type": type_of(route), **headers})

    def everything(self):
        """What a server administrator sees of the objects."""
        server = self.program("server")
        seen = [self.good(server.get(self.url(route))) for route in CONSOLE
                if route.method == "GET" and names_object(route) and "explain" not in route.path]
        return json.dumps(seen, sort_keys=True)

    def same(self, answer, other):
        """Nobody learns from the answer what there is."""
        headers = [{name: text for name, text in each.headers.items() if name != "Date"} for each in (answer, other)]
        self.assertEqual((answer.status, answer.body, headers[0]), (other.status, other.body, headers[1]))


class Foreign(Boundaries):
    def setUp(self):
        super().setUp()
        self.fill()
        self.strangers = []
        for role in ("domain", "helpdesk"):
            member = self.person(domain=self.foreign)
            self.strangers += [self.make(role, [self.foreign], member), self.program(role, self.foreign)]

    def role(self, one):
        return self.good(one.get("/me"))["role"]

    def test_every_route_is_walked(self):
        walked = [short(route) for route in CONSOLE if names_object(route)]
        self.assertEqual(sorted([*walked, *NAMED, *NAMELESS]), sorted(map(short, CONSOLE)))
        self.assertEqual({(route.method, route.path) for route in CONSOLE}, described())

    def test_what_a_path_names_is_not_found_by_those_of_another_domain(self):
        before, tried = self.everything(), 0
        for one in self.strangers:
            role = self.role(one)
            for route in filter(names_object, CONSOLE):
                with self.subTest(role=role, key=one.key is not None, route=short(route)):
                    answer = self.send(one, route)
                    self.same(answer, self.send(one, route, self.url(route, NONE, 2 ** 62)))
                    if RANK[role] < RANK[route.access]:
                        self.refused(answer, 403, "role")
                    else:
                        self.refused(answer, 404, "not-found")
                tried += 1
        paths = [path for _, path in described() if "{" in path]
        self.assertEqual(tried, len(self.strangers) * (len(paths) - 2))  # those of administrators and keys are of one role
        self.assertEqual(self.everything(), before)

    def test_what_belongs_to_another_is_not_found_beside_ones_own_member(self):
        own = self.person(domain=self.foreign)
        before, tried = self.everything(), 0
        for route in CONSOLE:
            if route.path.endswith("/{id}") and "{member}" in route.path or route.path.endswith("/sessions/end"):
                for one in self.strangers:
                    with self.subTest(route=short(route)):
                        self.refused(self.send(one, route, self.url(route, {"member": own})), 404, "not-found")
                        tried += 1
        self.assertEqual(tried, 6 * len(self.strangers))
        self.assertEqual(self.everything(), before)

    def named(self, one, key, domain, member):
        route = next(route for route in CONSOLE if short(route) == key)
        query, body, *_ = NAMED[key]

        def fill(text):
            return text.replace("DOMAIN", domain).replace("MEMBER", member)
        path = key[1] + ("?" + urllib.parse.quote(fill(query), safe="=&") if query else "")
        sent = None if body is None else fill(body if isinstance(body, str) else json.dumps(body))
        return self.send(one, route, path, sent)

    def test_what_a_query_or_a_body_names_is_as_if_it_were_not_there(self):
        before, tried = self.everything(), 0
        for one in self.strangers:
            role = self.role(one)
            for key, (_, _, status, wanted) in NAMED.items():
                with self.subTest(role=role, key=one.key is not None, route=key):
                    answer = self.named(one, key, self.domain, self.names["member"])
                    none = self.named(one, key, "none.test", "target@none.test")
                    self.assertEqual((answer.status, answer.body.replace(self.domain.encode(), b"none.test")),
                                     (none.status, none.body))
                    access = next(route.access for route in CONSOLE if short(route) == key)
                    if RANK[role] < RANK[access]:
                        self.refused(answer, 403, "role")
                    elif isinstance(wanted, int):
                        self.assertEqual((answer.status, answer.body.count(b"\n")), (status, wanted))
                    else:
                        self.assertEqual((answer.status, {**answer.json, **wanted}), (status, answer.json))
                tried += 1
        self.assertEqual(tried, len(self.strangers) * len(NAMED))
        self.assertEqual(self.everything(), before)

    def test_the_lists_of_all_are_those_of_ones_own(self):
        for one in self.strangers:
            self.assertEqual(self.good(one.get("/me"))["domains"], [self.foreign])
            self.assertEqual(self.good(one.get("/jobs")), NOTHING)
            for path in ("/domains", "/members", "/forwards", "/audit", "/export/members", "/audit/export", "/counts",
                         "/overview"):
                self.assertNotIn(self.domain, one.get(path).body.decode(), path)

    def test_administrators_and_keys_are_for_server_administrators(self):
        tried = 0
        for one in [*self.strangers, self.program("domain", self.domain), self.program("helpdesk", self.domain)]:
            for route in CONSOLE:
                if short(route)[1].split("/")[1] in ("administrators", "keys"):
                    self.refused(self.send(one, route), 403, "role")
                    tried += 1
        self.assertEqual(tried, 6 * 6)

    def test_a_helpdesk_changes_nothing_but_credentials_and_sessions(self):
        self.assertEqual({short(route) for route in CONSOLE if changes_something(route) and route.access == "helpdesk"},
                         OF_HELPDESK)
        desks = self.make("helpdesk"), self.program("helpdesk", self.domain)
        before, tried = self.everything(), 0
        for one in desks:
            for route in CONSOLE:
                if changes_something(route) and short(route) not in OF_HELPDESK:
                    with self.subTest(route=short(route)):
                        self.refused(self.send(one, route), 403, "role")
                    tried += 1
        self.assertEqual(tried, 2 * (sum(map(changes_something, CONSOLE)) - len(OF_HELPDESK)))
        self.assertEqual(self.everything(), before)


class ForeignOnPostgreSQL(OnPostgreSQL, Foreign):
    pass


class Proof(Boundaries):
    """What an administrator has to prove, whatever the route."""

    def setUp(self):
        super().setUp()
        self.fill()
        self.before = self.state()

    def tearDown(self):
        self.assertEqual(self.state(), self.before)
        super().tearDown()

    def state(self):
        """What the requests would have changed; there are more members and administrators than before."""
        own = self.program("helpdesk", self.domain)
        member = self.good(own.get("/members/" + self.names["member"]))
        lists = [self.good(own.get(self.url(route))) for route in CONSOLE if route.method == "GET" and
                 route.path.endswith(("/devices", "/app-passwords", "/applications", "/sessions", "/forward", "/passkeys",
                                      "/phones"))]
        return member, lists, self.sql("SELECT COUNT(*) FROM job"), self.sql("SELECT COUNT(*) FROM domain WHERE name = 'x'")

    def walk(self, one, status, error, wanted=lambda route: True, **more):
        """Sends what is right but for who sends it, to each route that is wanted; counts them."""
        tried = 0
        for route in filter(wanted, CONSOLE):
            with self.subTest(route=short(route)):
                self.refused(self.send(one, route), status, error, **more)
            tried += 1
        return tried

    def test_without_a_second_factor_no_route_is_open(self):
        for role in ("server", "helpdesk"):
            member = self.person()
            self.command("admin", "add", member, "--role", role, *(("--domains", self.domain) if role != "server" else ()))
            one = Administrator(self.portal.browser())
            self.good(one.browser.sign_in(member))
            self.assertEqual(self.walk(one, 401, "sign-in-again", why="ended"), len(described()))
            self.good(one.browser.post("/api/sign-in/later"))
            self.assertEqual(self.walk(one, 403, "second-factor-needed"), len(described()))

    def test_a_trusted_device_opens_no_route(self):
        member, browser = self.person(), self.portal.browser()
        self.command("admin", "add", member, "--role", "server")
        self.good(browser.sign_in(member))
        key = self.good(browser.post("/api/sign-in/registration"))["key"]
        self.good(browser.post("/api/sign-in/registration/confirm", {"code": totp(key), "trust": True}))
        self.good(browser.post("/api/sign-out"))
        self.good(browser.sign_in(member))
        self.assertEqual(browser.state(), "authenticated")
        self.assertEqual(self.walk(Administrator(browser), 403, "reauthentication-needed", by="code"), len(described()))

    def test_a_proof_that_is_older_than_the_limit_is_asked_for_again_by_every_change(self):
        one, minutes = self.make("server"), 20
        shift = "UPDATE %s SET %s = %s - %d WHERE member_id = (SELECT MAX(member_id) FROM administrator)"
        for table, column in (("second_factor", "registered_at"), ("session", "reauthenticated_at")):
            self.sql(shift % (table, column, column, minutes * 60))
        tried = self.walk(one, 403, "reauthentication-needed", changes_something, by="code")
        self.assertEqual(tried, sum(method != "GET" for method, _ in described()))
        looked = 0
        for route in CONSOLE:
            if not changes_something(route):
                with self.subTest(route=short(route)):
                    self.assertIn(self.send(one, route).status, (200, 400))
                    looked += 1
        self.assertEqual(looked + tried, len(described()))

    def test_without_the_token_of_the_session_nothing_is_changed(self):
        one, other = self.make("server"), self.make("server")
        changes = [route for route in CONSOLE if changes_something(route)]
        self.assertEqual({route.csrf for route in changes}, {True})
        for token in (None, "x", other.browser.csrf):
            for route in changes:
                with self.subTest(route=short(route)):
                    self.refused(self.send(one, route, X_CSRF_Token=token), 403, "csrf")

    def test_a_key_that_is_good_no_more_opens_no_route(self):
        expired, elsewhere = self.program("server"), self.program("server", options=("--networks", "192.0.2.0/24"))
        removed = self.program("server")
        self.sql("UPDATE api_key SET expires_at = 1 WHERE administrator_id = %d" % expired.id)
        self.command("api-key", "remove", str(removed.id))
        for one in (expired, elsewhere, removed):
            self.assertEqual(self.walk(one, 401, "key-refused"), len(described()))

    def test_who_is_an_administrator_no_more_reaches_no_route(self):
        one = self.make("server")
        self.command("admin", "remove", one.browser.member)
        self.assertEqual(self.walk(one, 403, "not-an-administrator"), len(described()))


if __name__ == "__main__":
    unittest.main()
