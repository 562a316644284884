"""SCIM 2.0 as identity providers send it: users are read, made, switched off and on, and removed, with a key of an
administrator, where it reaches."""
import json
import unittest
import urllib.request

from console import ConsoleTest, OnPostgreSQL
from portal import SCIM, secure
from server import Server

BASE = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


class Provider:
    """An identity provider with a key."""

    def __init__(self, browser, key):
        self.browser, self.key = browser, key

    def request(self, method, path, value=None, **headers):
        """path is below /scim/v2, or an address. Headers have "_" for "-"; None leaves one out."""
        sent = {"Authorization": self.key and "Bearer " + self.key, "Content-Type": None if value is None else SCIM}
        sent.update({name.replace("_", "-"): text for name, text in headers.items()})
        body = value if value is None or isinstance(value, str) else json.dumps(value)
        return self.browser.request(method, BASE + path, body, sent, origin=False)

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def patch(self, path, *operations, **headers):
        return self.request("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


def user(user_name, **more):
    return {"schemas": [USER], "userName": user_name, **more}


class ScimTest(ConsoleTest):
    def setUp(self):
        super().setUp()
        self.doveadm.kicked.clear()
        self.provider = self.provider_of("domain")

    def provider_of(self, role, *options):
        if role != "server" and not options:
            options = ("--domains", self.domain)
        key = self.command("api-key", "add", "--role", role, "--label", "idp", *options)["key"]
        return Provider(self.portal.browser(), key)

    def answer(self, answer, status=200):
        """The body, which is of SCIM."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"], SCIM)
        self.assertIsNone(secure(answer))
        return answer.json

    def wrong(self, answer, status, kind=None):
        """An error as RFC 7644 3.12 has it."""
        said = self.answer(answer, status)
        self.assertEqual((said["schemas"], said["status"], said.get("scimType")), ([ERROR], str(status), kind), said)
        return said["detail"]

    def add(self, name="x", **more):
        return self.answer(self.provider.request("POST", "/Users", user("%s@%s" % (name, self.domain), **more)), 201)

    def names(self, path, provider=None):
        said = self.answer((provider or self.provider).get(path))
        self.assertEqual((said["schemas"], said["itemsPerPage"]), ([LIST], len(said["Resources"])))
        return said["totalResults"], [user["userName"].split("@")[0] for user in said["Resources"]]

    def find(self, text, provider=None):
        return self.names("/Users?filter=" + text.replace(" ", "%20").replace('"', "%22"), provider)

    def audit(self, address):
        return [(record["action"], record["before"], record["after"])
                for record in reversed(self.command("audit", "--member", address))]


class Flows(ScimTest):
    def test_as_entra_id_sends_it(self):
        name = "ada@" + self.domain
        # The test of the connection asks for somebody who is not there.
        self.assertEqual(self.find('userName eq "7c0de1b6-66e5-4c7f-9b5c"'), (0, []))
        self.assertEqual(self.find('userName eq "%s"' % name), (0, []))
        made = self.answer(self.provider.request("POST", "/Users", {
            "schemas": [USER, ENTERPRISE], "externalId": "ada", "userName": name, "active": True,
            "displayName": "Ada", "emails": [{"primary": True, "type": "work", "value": "other@elsewhere.test"}],
            "meta": {"resourceType": "User"}, "name": {"formatted": "Ada", "familyName": "L", "givenName": "A"},
            "title": "Countess", ENTERPRISE: {"department": "Engines"}}), 201)
        path = "/Users/" + made["id"]
        self.assertEqual(self.answer(self.provider.get(path)), made)
        # Names of operations and attributes as it writes them, and words for true and false.
        self.answer(self.provider.patch(path, {"op": "Replace", "path": "active", "value": "False"}))
        self.answer(self.provider.patch(
            path, {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ada@elsewhere.test"},
            {"op": "Replace", "path": "externalId", "value": "ada.l"},
            {"op": "Add", "path": ENTERPRISE + ":manager", "value": "7"},
            {"op": "Replace", "value": {"displayName": "Ada L.", "name.givenName": "Ada"}}))
        shown = self.answer(self.provider.get(path))
        self.assertEqual((shown["active"], shown["externalId"]), (False, "ada.l"))
        self.assertEqual(shown["emails"], [{"value": name, "type": "work", "primary": True}])
        self.answer(self.provider.patch(path, {"op": "Replace", "path": "active", "value": "True"}))
        self.assertEqual(self.provider.request("DELETE", path).status, 204)
        self.assertEqual(self.wrong(self.provider.get(path), 404), "not-found")
        self.assertEqual(self.audit(name), [
            ("member.add", "", ""), ("member.set", "", "external_id=ada"), ("member.set", "active=on", "active=off"),
            ("member.set", "external_id=ada", "external_id=ada.l"), ("member.set", "active=off", "active=on"),
            ("member.remove", "", "")])

    def test_as_okta_sends_it(self):
        name = "bo@" + self.domain
        self.assertEqual(self.names('/Users?filter=userName%%20eq%%20"%s"&startIndex=1&count=100' % name), (0, []))
        body = user(name, externalId="00u1", active=True, name={"givenName": "Bo", "familyName": "B"}, locale="en-US",
                    displayName="Bo", groups=[], password="not kept",
                    emails=[{"primary": True, "value": name, "type": "work"}])
        path = "/Users/" + self.answer(self.provider.request("POST", "/Users", body), 201)["id"]
        off = self.answer(self.provider.patch(path, {"op": "replace", "value": {"active": False}}))
        self.assertEqual((off["active"], off["externalId"]), (False, "00u1"))
        # An update of the profile is a whole user.
        on = self.answer(self.provider.request("PUT", path, {**body, "id": off["id"], "active": True, "title": "x"}))
        self.assertEqual((on["active"], on["id"]), (True, off["id"]))

    def test_json_of_any_client_is_taken_as_well(self):
        answer = self.provider.request("POST", "/Users", user("c@" + self.domain), Content_Type="application/json")
        made = self.answer(answer, 201)
        self.assertEqual(answer.headers["Location"], made["meta"]["location"])
        self.assertEqual(answer.headers["ETag"], made["meta"]["version"])


class Users(ScimTest):
    def test_a_user_has_what_a_member_has(self):
        made = self.add("d", externalId="D 1")
        row, = self.command("member", "list", "--domain", self.domain)
        self.assertEqual((row["member"], row["active"]), ("d@" + self.domain, True))
        self.assertEqual(made["meta"]["location"], self.portal.url + BASE + "/Users/" + made["id"])
        self.assertRegex(made["meta"]["created"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual({name: made[name] for name in ("schemas", "userName", "active", "externalId")},
                         {"schemas": [USER], "userName": "d@" + self.domain, "active": True, "externalId": "D 1"})
        self.assertEqual(self.answer(self.provider.get("/Users/" + made["id"])), made)

    def test_a_new_user_may_be_switched_off(self):
        self.assertFalse(self.add("e", active=False)["active"])

    def test_an_address_is_there_once(self):
        self.add("f")
        again = self.provider.request("POST", "/Users", user("F@" + self.domain.upper()))
        self.assertEqual(self.wrong(again, 409, "uniqueness"), "exists")

    def test_a_user_whom_somebody_else_has_added_is_found_and_taken_over(self):
        self.person("g")
        self.assertEqual(self.find('userName eq "G@%s"' % self.domain), (1, ["g"]))
        id = self.answer(self.provider.get("/Users"))["Resources"][0]["id"]
        self.assertNotIn("externalId", self.answer(self.provider.get("/Users/" + id)))
        self.answer(self.provider.patch("/Users/" + id, {"op": "add", "path": "externalId", "value": "G"}))
        self.assertEqual(self.find('externalId eq "G"'), (1, ["g"]))

    def test_a_put_leaves_what_it_does_not_name(self):
        path = "/Users/" + self.add("h", externalId="H", active=False)["id"]
        put = self.answer(self.provider.request("PUT", path, user("h@" + self.domain)))
        self.assertEqual((put["active"], put["externalId"]), (False, "H"))
        self.assertEqual(self.audit("h@" + self.domain)[2:], [])

    def test_an_external_id_is_removed(self):
        path = "/Users/" + self.add("i", externalId="I")["id"]
        self.assertNotIn("externalId", self.answer(self.provider.patch(path, {"op": "remove", "path": "externalId"})))
        self.assertEqual(self.find('externalId eq "I"'), (0, []))

    def test_the_address_does_not_change(self):
        path = "/Users/" + self.add("j")["id"]
        for name in ("k@" + self.domain, "j@" + self.foreign):
            self.wrong(self.provider.request("PUT", path, user(name)), 400, "mutability")
            self.wrong(self.provider.patch(path, {"op": "replace", "path": "userName", "value": name}), 400, "mutability")
        self.answer(self.provider.request("PUT", path, user("J@" + self.domain)))
        self.assertEqual(self.find('userName eq "j@%s"' % self.domain), (1, ["j"]))

    def test_nothing_of_a_request_that_is_wrong_is_done(self):
        path = "/Users/" + self.add("l")["id"]
        self.wrong(self.provider.patch(path, {"op": "replace", "path": "active", "value": False},
                                       {"op": "replace", "path": "userName", "value": "m@" + self.domain}), 400, "mutability")
        self.assertTrue(self.answer(self.provider.get(path))["active"])

    def test_who_knows_an_older_version_changes_nothing(self):
        made = self.add("n")
        path, off = "/Users/" + made["id"], {"op": "replace", "path": "active", "value": False}
        changed = self.answer(self.provider.patch(path, off, If_Match=made["meta"]["version"]))
        self.assertNotEqual(changed["meta"]["version"], made["meta"]["version"])
        self.wrong(self.provider.patch(path, {"op": "add", "path": "externalId", "value": "N"},
                                       If_Match=made["meta"]["version"]), 412)
        self.answer(self.provider.patch(path, {"op": "add", "path": "externalId", "value": "N"}, If_Match="*"))


class Lists(ScimTest):
    def setUp(self):
        super().setUp()
        for name in "abcde":
            self.person(name)
        self.person("z", self.foreign)

    def test_pages_go_by_position(self):
        for query, wanted in (("", "abcde"), ("?startIndex=2&count=2", "bc"), ("?startIndex=6", ""), ("?count=0", ""),
                              ("?count=-7", ""), ("?startIndex=-3&count=1", "a"), ("?startIndex=5&count=9999999999999", "e"),
                              ("?startIndex=9223372036854775807", ""), ("?sortBy=userName&attributes=id", "abcde")):
            self.assertEqual(self.names("/Users" + query), (5, list(wanted)), query)

    def test_what_is_no_number_is_refused(self):
        for query in ("startIndex=x", "count=", "count=1.5", "count=1e3", "startIndex=%2B1"):
            self.wrong(self.provider.get("/Users?" + query), 400, "invalidValue")

    def test_filters_compare_one_attribute(self):
        id = self.answer(self.provider.get("/Users?startIndex=2&count=1"))["Resources"][0]["id"]
        self.command("member", "set", "c@" + self.domain, "active=off")
        for text, wanted in (('id eq "%s"' % id, "b"), ('ID eq "0"', ""), ('id eq "x"', ""), ('id eq "-1"', ""),
                             ("active eq true", "abde"), ("ACTIVE EQ false", "c"),
                             ('username eq "d@%s"' % self.domain, "d"), ('%s:userName eq "d@%s"' % (USER, self.domain), "d"),
                             ('userName eq "z@%s"' % self.foreign, ""), ('externalId eq "x"', "")):
            self.assertEqual(self.find(text), (len(wanted), list(wanted)), text)

    def test_other_filters_are_refused(self):
        for text in ("", "userName", 'userName co "a"', "userName pr", 'name.givenName eq "a"', 'emails eq "a"',
                     'meta.location eq "a"', "userName eq a", "userName eq 1", 'active eq "true"', "active eq 1",
                     'userName eq "a" and active eq true', '(userName eq "a")', 'not (userName eq "a")',
                     'userName eq "a" x', 'userName  eq "a" or', 'id eq null'):
            self.wrong(self.provider.get("/Users?filter=" + text.replace(" ", "%20").replace('"', "%22")), 400, "invalidFilter")

    def test_an_alias_of_the_domain_names_the_same_users(self):
        self.command("domain", "add", "alias-" + self.domain, "alias_of=" + self.domain)
        self.assertEqual(self.find('userName eq "a@alias-%s"' % self.domain), (1, ["a"]))
        made = self.answer(self.provider.request("POST", "/Users", user("new@alias-" + self.domain)), 201)
        self.assertEqual(made["userName"], "new@" + self.domain)


class Wrong(ScimTest):
    def test_wrong_users_are_refused(self):
        name = "w@" + self.domain
        for body, kind in (("{", "invalidSyntax"), ("[]", "invalidSyntax"), ('{"a":1,"a":2}', "invalidSyntax"),
                           ({"userName": name}, "invalidSyntax"), ({"schemas": [ENTERPRISE], "userName": name}, "invalidSyntax"),
                           ({"schemas": USER, "userName": name}, "invalidSyntax"), ({"schemas": [USER]}, "invalidValue"),
                           (user("w"), "invalidValue"), (user(7), "invalidValue"), (user(None), "invalidValue"),
                           (user(name, active="perhaps"), "invalidValue"), (user(name, active=1), "invalidValue"),
                           (user(name, externalId=7), "invalidValue"), (user(name, externalId="x" * 256), "invalidValue"),
                           (user(name, externalId="a\nb"), "invalidValue"),
                           (user("w@" + self.foreign), "invalidValue"), (user("w@none.test"), "invalidValue")):
            self.wrong(self.provider.request("POST", "/Users", body), 400, kind)
        self.assertEqual(self.names("/Users"), (0, []))

    def test_wrong_patches_are_refused(self):
        path = "/Users/" + self.add("w")["id"]
        for operation, kind in (
                ({}, "invalidSyntax"), ("x", "invalidSyntax"), ({"op": "move", "path": "active"}, "invalidSyntax"),
                ({"op": "remove"}, "noTarget"), ({"op": "remove", "path": "active"}, "mutability"),
                ({"op": "remove", "path": "userName"}, "mutability"), ({"op": "replace", "path": "id", "value": "1"}, "mutability"),
                ({"op": "replace", "path": "meta.location", "value": "x"}, "mutability"),
                ({"op": "replace", "value": {"id": "1"}}, "mutability"), ({"op": "replace", "value": "x"}, "invalidValue"),
                ({"op": "replace"}, "invalidValue"), ({"op": "replace", "path": "active"}, "invalidValue"),
                ({"op": "replace", "path": "active", "value": "no"}, "invalidValue"),
                ({"op": "replace", "path": "active", "value": None}, "invalidValue"),
                ({"op": "replace", "path": 7, "value": False}, "invalidPath"),
                ({"op": "replace", "path": "active.x", "value": False}, "invalidPath"),
                ({"op": "replace", "path": "emails[", "value": False}, "invalidPath"),
                ({"op": "replace", "path": "", "value": False}, "invalidPath")):
            self.wrong(self.provider.patch(path, operation), 400, kind)
        self.wrong(self.provider.request("PATCH", path, {"Operations": []}), 400, "invalidSyntax")
        self.wrong(self.provider.patch(path), 400, "invalidSyntax")
        self.wrong(self.provider.patch(path, *[{"op": "add", "path": "x", "value": 1}] * 101), 400, "invalidSyntax")
        self.assertEqual(self.audit("w@" + self.domain)[1:], [])

    def test_what_the_portal_refuses_has_the_form_of_scim_as_well(self):
        self.wrong(self.provider.request("POST", "/Users", "<x/>", Content_Type="text/xml"), 415)
        self.wrong(self.provider.request("POST", "/Users", " " * 16385), 413)
        self.wrong(self.provider.request("POST", "/Users/1", user("x")), 405)
        for path in ("/Groups", "/Bulk", "/Me", "/Users/0", "/Users/x", "/Users/1/2", "/Schemas/" + ENTERPRISE):
            self.assertEqual(self.wrong(self.provider.get(path), 404), "not-found")


class Boundaries(ScimTest):
    def test_nobody_comes_in_without_a_good_key(self):
        self.provider.key = None
        self.assertEqual(self.wrong(self.provider.get("/Users"), 401), "key-refused")
        self.provider.key = "pl_key_" + "A" * 43
        answer = self.provider.get("/ServiceProviderConfig")
        self.assertEqual(self.wrong(answer, 401), "key-refused")
        self.assertIn("Bearer", answer.headers["WWW-Authenticate"])

    def test_a_session_of_an_administrator_is_no_key(self):
        one = self.make("server")
        for method, path, body in (("GET", "/Users", None), ("POST", "/Users", user("x@" + self.domain))):
            answer = one.browser.request(method, BASE + path, body and json.dumps(body),
                                         {"Content-Type": SCIM, "X-CSRF-Token": one.browser.csrf})
            self.wrong(answer, 401)

    def test_a_key_reaches_the_users_of_its_domains(self):
        theirs = self.person("o", self.foreign)
        server = self.provider_of("server")
        id = self.answer(server.get("/Users?filter=userName%%20eq%%20%%22%s%%22" % theirs))["Resources"][0]["id"]
        path = "/Users/" + id
        self.answer(server.patch(path, {"op": "add", "path": "externalId", "value": "O"}))
        for answer in (self.provider.get(path), self.provider.request("DELETE", path),
                       self.provider.request("PUT", path, user(theirs, active=False)),
                       self.provider.patch(path, {"op": "replace", "path": "active", "value": False})):
            self.assertEqual(self.wrong(answer, 404), "not-found")
        for text in ('userName eq "%s"' % theirs, 'externalId eq "O"', 'id eq "%s"' % id):
            self.assertEqual(self.find(text), (0, []))
            self.assertEqual(self.find(text, server), (1, ["o"]))
        self.assertTrue(self.answer(server.get(path))["active"])

    def test_two_tenants_may_call_their_people_alike(self):
        other = self.provider_of("domain", "--domains", self.foreign)
        self.add("p", externalId="1")
        self.answer(other.request("POST", "/Users", user("q@" + self.foreign, externalId="1")), 201)
        self.assertEqual(self.find('externalId eq "1"'), (1, ["p"]))
        self.assertEqual(self.find('externalId eq "1"', other), (1, ["q"]))

    def test_the_helpdesk_looks_and_changes_nothing(self):
        path = "/Users/" + self.add("r")["id"]
        desk = self.provider_of("helpdesk")
        self.assertEqual(self.names("/Users", desk), (1, ["r"]))
        for answer in (desk.request("POST", "/Users", user("s@" + self.domain)), desk.request("DELETE", path),
                       desk.request("PUT", path, user("r@" + self.domain, active=False)),
                       desk.patch(path, {"op": "replace", "path": "active", "value": False})):
            self.assertEqual(self.wrong(answer, 403), "role")

    def test_administrators_are_left_to_server_administrators(self):
        path = "/Users/" + self.add("t")["id"]
        self.command("admin", "add", "t@" + self.domain, "--role", "helpdesk", "--domains", self.domain)
        off = {"op": "replace", "path": "active", "value": False}
        self.assertEqual(self.wrong(self.provider.patch(path, off), 403), "administrator")
        self.assertEqual(self.wrong(self.provider.request("DELETE", path), 403), "administrator")
        self.answer(self.provider_of("server").patch(path, off))


class Described(ScimTest):
    def test_scim_describes_itself(self):
        config = self.answer(self.provider.get("/ServiceProviderConfig"))
        self.assertEqual({name: config[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")},
                         {"patch": True, "bulk": False, "filter": True, "changePassword": False, "sort": False, "etag": True})
        kinds = self.answer(self.provider.get("/ResourceTypes"))
        self.assertEqual([(kind["id"], kind["endpoint"], kind["schema"]) for kind in kinds["Resources"]], [("User", "/Users", USER)])
        self.assertEqual(self.answer(self.provider.get("/ResourceTypes/User")), kinds["Resources"][0])
        schemas = self.answer(self.provider.get("/Schemas"))
        self.assertEqual(self.answer(self.provider.get("/Schemas/" + USER)), schemas["Resources"][0])
        described = {row["name"] for row in schemas["Resources"][0]["attributes"]}
        self.assertEqual(described, set(self.add("u", externalId="U")) - {"schemas", "id", "meta"})
        for resource in (config, kinds["Resources"][0], schemas["Resources"][0]):
            self.assertEqual(self.answer(self.provider.get(resource["meta"]["location"].split(BASE)[1])), resource)


class SwitchedOff(ScimTest):
    def test_who_is_switched_off_is_signed_out_and_cannot_sign_in(self):
        made = self.add("v")
        name, path = made["userName"], "/Users/" + made["id"]
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(name).status, 200)
        self.answer(self.provider.patch(path, {"op": "Replace", "path": "active", "value": "False"}))
        self.assertEqual(browser.state(), "none")
        self.assertEqual([mask for mask in self.doveadm.kicked if name in mask][:1], [name])
        answer = self.portal.browser().sign_in(name)
        self.assertEqual((answer.status, answer.error), (403, "not-allowed"), answer)
        self.answer(self.provider.patch(path, {"op": "Replace", "path": "active", "value": "True"}))
        self.assertEqual(self.portal.browser().sign_in(name).status, 200)

    def test_who_was_removed_has_nothing_any_more(self):
        made = self.add("w")
        self.command("app-password", "create", made["userName"], "--label", "phone")
        self.assertEqual(self.provider.request("DELETE", "/Users/" + made["id"]).status, 204)
        again = self.add("w")
        self.assertNotEqual(again["id"], made["id"])
        self.assertEqual(self.command("app-password", "list", made["userName"]), [])


class FlowsOnPostgreSQL(OnPostgreSQL, Flows):
    pass


class UsersOnPostgreSQL(OnPostgreSQL, Users):
    pass


class ListsOnPostgreSQL(OnPostgreSQL, Lists):
    pass


class BoundariesOnPostgreSQL(OnPostgreSQL, Boundaries):
    pass


class RealServer(unittest.TestCase):
    def test_the_app_password_of_who_is_switched_off_is_refused(self):
        server = Server()
        self.addCleanup(server.remove)
        server.start()
        key = server.json("api-key", "add", "--role", "server", "--label", "idp")["key"]
        phone = server.app_password("alice@demo.test", label="phone")["password"]
        provider = ServerProvider(server, key)
        found = provider.get("/Users?filter=userName%20eq%20%22alice@demo.test%22")["Resources"][0]
        self.assertTrue(server.imap("alice@demo.test", phone)[0])
        for active in (False, True):
            said = provider.patch("/Users/" + found["id"], {"op": "Replace", "path": "active", "value": str(active)})
            self.assertEqual(said["active"], active)
            self.assertEqual(set(server.services("alice@demo.test", phone).values()), {active})


class ServerProvider(Provider):
    """The same at a whole server, through what is in front of the portal."""

    def __init__(self, server, key):
        super().__init__(None, key)
        self.url = server.env["PORTAL_URL"]

    def request(self, method, path, value=None, **headers):
        request = urllib.request.Request(self.url + BASE + path, value and json.dumps(value).encode(),
                                         {"Authorization": "Bearer " + self.key, "Content-Type": SCIM}, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


if __name__ == "__main__":
    unittest.main()
