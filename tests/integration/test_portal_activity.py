"""GET /api/account/activity of a whole server: logins, and changes of the account, in pages."""
import time
import unittest
import urllib.parse

from portal import Browser, PortalTest, secure
from server import Server, last_source, wait_for

ALICE, BOB = "alice@demo.test", "bob@demo.test"
PATH = "/api/account/activity"
PAGE = 20


def setUpModule():
    global server
    server = Server().start()


def tearDownModule():
    server.remove()


class Activity(unittest.TestCase):
    def signed_in(self, member):
        url = server.env["PORTAL_URL"]
        browser = Browser(urllib.parse.urlsplit(url).port, url)
        browser.session()
        self.assertEqual(browser.sign_in(member, server.passwords[member]).status, 200)
        # nginx tells the portal where each connection came from.
        browser.ip = last_source.ip
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        browser.opened_from = last_source.ip
        return browser

    def page(self, browser, after=None):
        answer = browser.get(PATH + ("" if after is None else "?after=" + after))
        self.assertEqual(answer.status, 200, answer)
        self.assertIsNone(secure(answer))
        return answer.json

    def pages(self, browser):
        """All of them, each as its entries."""
        found, after = [], None
        while not found or after is not None:
            page = self.page(browser, after)
            found.append(page["entries"])
            after = page["next"]
        return found

    def entries(self, browser):
        return [entry for page in self.pages(browser) for entry in page]

    def newest(self, browser, **fields):
        """The newest entry with these fields, once it is there."""
        def found():
            return [entry for entry in self.entries(browser) if fields.items() <= entry.items()]
        wait_for(found)
        return found()[0]

    def test_logins_with_their_credential_and_the_reason_of_a_refusal(self):
        browser = self.signed_in(ALICE)
        before = int(time.time())
        self.assertTrue(server.imap(ALICE, server.passwords[ALICE])[0])
        entry = self.newest(browser, kind="login", service="imap", ip=last_source.ip)
        self.assertGreaterEqual(entry["at"], before)
        self.assertEqual((entry["refused"], entry["credential"], entry["rule"], entry["times"]),
                         (False, "account-password", "account-password", 1))
        made = server.app_password(ALICE, label="2층 복합기", services="smtp")
        self.assertFalse(server.imap(ALICE, made["password"])[0])
        entry = self.newest(browser, kind="login", ip=last_source.ip)
        self.assertEqual((entry["refused"], entry["credential"], entry["label"], entry["rule"]),
                         (True, "app-password", "2층 복합기", "app-password-service"))
        self.assertNotIn(made["password"], repr(self.entries(browser)))
        entry = self.newest(browser, kind="login", service="webmail", ip=browser.ip)
        self.assertEqual((entry["refused"], entry["credential"]), (False, "account-password"))

    def test_changes_by_the_member_and_by_an_administrator(self):
        browser = self.signed_in(ALICE)
        entry = self.newest(browser, kind="change", action="session.open")
        self.assertEqual((entry["by"], entry["ip"], entry["label"]), ("member", browser.opened_from, "Windows 10, Chrome"))
        self.addCleanup(server.postlatch, "member", "set", ALICE, "pop3=inherit")
        server.postlatch("member", "set", ALICE, "pop3=off")
        entry = self.newest(browser, kind="change", action="member.set")
        # Which administrator it was, and where, is nobody's business but theirs.
        self.assertEqual((entry["by"], entry["ip"], entry["after"]), ("administrator", "", "pop3=off"))
        made = server.app_password(ALICE, label="phone")
        entry = self.newest(browser, kind="change", action="app-password.create")
        self.assertEqual((entry["by"], entry["label"]), ("administrator", "phone"))
        server.postlatch("app-password", "revoke", ALICE, str(made["id"]))
        self.newest(browser, kind="change", action="app-password.revoke")

    def test_pages_show_each_once_and_newest_first(self):
        browser = self.signed_in(ALICE)
        self.addCleanup(server.postlatch, "member", "set", ALICE, "pop3=inherit")
        for i in range(PAGE):
            server.postlatch("member", "set", ALICE, "pop3=" + ("off", "on")[i % 2])
            self.assertFalse(server.imap(ALICE, "wrong")[0])
        wait_for(lambda: len([row for row in server.json("member", "logins", ALICE) if row["refused"]]) >= PAGE)
        pages = self.pages(browser)
        self.assertGreater(len(pages), 2)
        for page in pages[:-1]:
            self.assertEqual(len(page), PAGE)
        entries = [entry for page in pages for entry in page]
        self.assertEqual([entry["at"] for entry in entries], sorted((entry["at"] for entry in entries), reverse=True))
        ids = [(entry["kind"], entry["id"]) for entry in entries]
        self.assertEqual(len(set(ids)), len(ids))
        changes = server.json("audit", "--member", ALICE, "--limit", "1000")
        self.assertEqual({id for kind, id in ids if kind == "change"}, {record["id"] for record in changes})
        # What comes meanwhile moves nothing from one page to the next.
        first = self.page(browser)
        server.postlatch("member", "set", ALICE, "pop3=inherit")
        self.assertEqual(self.page(browser, first["next"])["entries"], pages[1])

    def test_what_is_another_members_is_never_shown(self):
        alice, bob = self.signed_in(ALICE), self.signed_in(BOB)
        self.addCleanup(server.postlatch, "member", "set", BOB, "sieve=inherit")
        server.postlatch("member", "set", BOB, "sieve=off")
        self.assertTrue(server.imap(BOB, server.passwords[BOB])[0])
        self.newest(bob, kind="login", ip=last_source.ip)
        self.newest(bob, kind="change", after="sieve=off")
        for entry in self.entries(alice):
            self.assertNotIn(entry["ip"], (last_source.ip, bob.ip, bob.opened_from))
            self.assertNotEqual(entry.get("after"), "sieve=off")
        # A position is no key: with one of everything, Bob's page has Bob's entries.
        everything = "%d.%d.%d" % (2 ** 62, 2 ** 62, 2 ** 62)
        self.assertEqual(self.page(bob, everything)["entries"], self.page(bob)["entries"])

    def test_who_is_not_signed_in_is_refused_and_so_is_a_position_that_is_none(self):
        url = server.env["PORTAL_URL"]
        self.assertEqual(Browser(urllib.parse.urlsplit(url).port, url).get(PATH).status, 401)
        browser = self.signed_in(ALICE)
        for after in ("", "x", "1.2", "1.2.3.4", "-1.2.3", "1.2.3x", "1" * 60):
            self.assertEqual(browser.get(PATH + "?after=" + after).status, 400, after)


class Removed(PortalTest):
    """An address can be that of several members, one after the other."""

    def changes(self, member):
        """Of who signs in now, the newest first."""
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(member).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        answer = browser.get("/api/account/activity")
        self.assertEqual(answer.status, 200, answer)
        self.assertIsNone(secure(answer))
        return [(entry["action"], entry["by"]) for entry in answer.json["entries"] if entry["kind"] == "change"]

    def test_a_member_sees_what_happened_since_the_address_is_hers(self):
        member = "m@example.test"
        self.command("domain", "add", "example.test")
        self.command("member", "add", member)
        self.command("member", "set", member, "pop3=off")
        before = self.changes(member)
        self.assertIn(("member.set", "administrator"), before)
        self.assertIn(("session.open", "member"), before)
        self.command("member", "remove", member)
        self.portal.sql("UPDATE audit SET at = at - 10 WHERE object = ?", member)
        self.command("member", "add", member)
        after = self.changes(member)
        self.assertIn(("session.open", "member"), after)
        self.assertIn(("member.add", "administrator"), after)
        self.assertNotIn("member.set", [action for action, _ in after])
        self.assertNotIn("member.remove", [action for action, _ in after])
        self.assertEqual([action for action, _ in after].count("session.open"), 1)


if __name__ == "__main__":
    unittest.main()
