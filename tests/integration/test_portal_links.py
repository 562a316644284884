"""The page of the member's own links to files over HTTP: what is stored, for longer, withdrawn."""
import email
import email.policy
import time
import unittest
import urllib.parse

from server import TIMEOUT, wait_for
from test_downloads import ALICE, FORM, MB, Downloads

PATH = "/api/account/links"
DAY = 86400


def body(mail):
    message = email.message_from_string(mail.split("\n", 1)[1], policy=email.policy.default)
    return message.get_content()


class Links(Downloads):
    def setUp(self):
        self.portal.sql("DELETE FROM attachment_link")
        self.browser = self.signed_in(ALICE)

    def signed_in(self, member):
        browser = self.portal.browser()
        self.assertEqual(browser.sign_in(member).status, 200)
        self.assertEqual(browser.post("/api/sign-in/later").status, 200)
        return browser

    def good(self, answer):
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def refused(self, answer, status, error):
        self.assertEqual((answer.status, answer.json), (status, {"error": error}))

    def post(self, what, link, browser=None):
        return (browser or self.browser).post(PATH + "/" + what, {"id": link})

    def only(self):
        link, = self.good(self.browser.get(PATH))["links"]
        return link

    def audit(self, action):
        return self.portal.sql("SELECT who, object, before FROM audit WHERE action = ? ORDER BY id DESC LIMIT 1", action)

    def test_links_are_listed_with_their_files_downloads_and_room(self):
        empty = self.good(self.browser.get(PATH))
        self.assertEqual(empty, {"links": [], "next": None, "stored": 0, "quota": 5120 * MB, "left": 5120 * MB, "days": 30})
        link, path = self.link((b"x" * 100, "보고서.pdf", "scanned"), (b"y" * 7, "b.zip"))
        self.get(self.ticket(link, path))
        self.wait_counted(link, 1, 0)
        answer = self.good(self.browser.get(PATH))
        self.assertEqual((answer["stored"], answer["left"]), (107, 5120 * MB - 107))
        only = answer["links"][0]
        first, second = self.files(link)
        self.assertEqual(only["files"], [
            {"id": first, "name": "보고서.pdf", "size": 100, "scanned": True, "downloads": 1},
            {"id": second, "name": "b.zip", "size": 7, "scanned": False, "downloads": 0}])
        self.assertEqual({name: only[name] for name in ("id", "subject", "origin", "state", "downloads_most", "extended",
                                                        "password")},
                         {"id": link, "subject": "Files", "origin": "mail", "state": "valid", "downloads_most": 100,
                          "extended": False, "password": False})
        self.assertEqual(only["expires_at"] - only["made_at"], 30 * DAY)

    def test_the_list_goes_on_where_a_page_ends(self):
        links = [self.link((b"x", "%d" % i))[0] for i in range(22)][::-1]
        first = self.good(self.browser.get(PATH))
        self.assertEqual([row["id"] for row in first["links"]], links[:20])
        second = self.good(self.browser.get(PATH + "?after=%d" % first["next"]))
        self.assertEqual(([row["id"] for row in second["links"]], second["next"]), (links[20:], None))

    def test_a_link_is_extended_once(self):
        link, path = self.link((b"x", "a.txt"))
        until = self.only()["expires_at"]
        changed = self.good(self.post("extend", link))["link"]
        self.assertEqual((changed["expires_at"], changed["extended"]), (until + 30 * DAY, True))
        self.refused(self.post("extend", link), 409, "link-over")
        self.assertEqual(self.only()["expires_at"], until + 30 * DAY)
        self.assertEqual(self.audit("link.extend"), [(ALICE, ALICE, "id=%d" % link)])
        self.assertEqual(self.get(path).status, 200)

    def test_a_link_that_has_ended_is_not_extended(self):
        link, _ = self.link((b"x", "a.txt"))
        self.portal.sql("UPDATE attachment_link SET expires_at = made_at")
        self.refused(self.post("extend", link), 409, "link-over")
        self.assertEqual(self.only()["state"], "expired")

    def test_a_withdrawn_link_gives_nothing_and_its_room_back(self):
        link, path = self.link((b"x" * 100, "a.txt"))
        answer = self.good(self.post("withdraw", link))
        self.assertEqual((answer["link"]["state"], answer["stored"]), ("withdrawn", 0))
        self.assertEqual(self.get(path).status, 410)
        self.assertEqual(self.audit("link.withdraw"), [(ALICE, ALICE, "id=%d" % link)])
        for what in ("withdraw", "extend"):
            self.refused(self.post(what, link), 409, "link-over")

    def test_links_of_others_are_not_there(self):
        link, path = self.link((b"x" * 100, "a.txt"))
        bob = self.signed_in("bob@example.test")
        self.assertEqual(self.good(bob.get(PATH))["links"], [])
        for what in ("withdraw", "extend"):
            self.refused(self.post(what, link, bob), 404, "not-found")
            self.refused(self.post(what, link + 1000), 404, "not-found")
        self.assertEqual(self.get(path).status, 200)
        self.assertFalse(self.only()["extended"])

    def test_the_sender_is_told_of_what_nobody_fetches(self):
        link, _ = self.link((b"x", "보고서.pdf"), (b"y", "b.zip"))
        self.portal.sql("UPDATE attachment_link SET made_at = made_at - 28 * 86400, expires_at = expires_at - 28 * 86400")
        self.portal.stop()
        self.portal.start()
        wait_for(lambda: self.portal.sql("SELECT told_at FROM attachment_link WHERE id = ?", link)[0][0], TIMEOUT)
        sender = self.portal.start_sender()
        self.addCleanup(sender.wait, TIMEOUT)
        self.addCleanup(sender.terminate)
        wait_for(lambda: any("/account/large-attachments" in body(mail) for mail in self.portal.mails()), TIMEOUT)
        text = next(body(mail) for mail in self.portal.mails() if "/account/large-attachments" in body(mail))
        until = time.strftime("%Y-%m-%d", time.gmtime(self.only()["expires_at"]))
        for words in ("Nobody has downloaded the files below", "Available until (UTC): " + until, "Files: 보고서.pdf, b.zip",
                      "아직 아무도 내려받지 않았습니다", "보관 기한 (UTC): " + until):
            self.assertIn(words, text)

    def password(self, link, password):
        return self.browser.post(PATH + "/password", {"id": link, **({"password": password} if password else {})})

    def enter(self, path, link, password):
        text = "file=%d&password=%s" % (self.files(link)[0], urllib.parse.quote(password))
        return self.request("POST", path, text, {"Content-Type": FORM})

    def test_a_password_is_asked_for_and_holds_for_ranges(self):
        link, path = self.link((b"0123456789", "a.txt"))
        self.assertTrue(self.good(self.password(link, "열려라 참깨"))["link"]["password"])
        self.assertEqual(self.audit("link.password"), [(ALICE, ALICE, "")])
        stored, = self.portal.sql("SELECT password FROM attachment_link WHERE id = ?", link)[0]
        self.assertRegex(stored, "^[0-9a-f]{64}$")
        page = self.get(path)
        self.assertEqual(page.status, 200)
        self.assertIn(b'name="password"', page.body)
        for wrong in ("", "열려라", "x" * 2000):
            answer = self.enter(path, link, wrong)
            self.assertEqual(answer.status, 403, answer)
            self.assertIn("This password is not right.", answer.body.decode())
        self.assertEqual(self.press(path, self.files(link)[0]).status, 403)
        answer = self.enter(path, link, "열려라 참깨")
        self.assertEqual(answer.status, 303, answer)
        ticket = answer.headers["Location"]
        self.assertEqual(self.get(ticket, Range="bytes=0-4").body, b"01234")
        self.assertEqual(self.get(ticket, Range="bytes=5-").body, b"56789")
        self.wait_counted(link, 1)
        self.assertFalse(self.good(self.password(link, ""))["link"]["password"])
        self.assertEqual(self.press(path, self.files(link)[0]).status, 303)

    def test_too_many_wrong_passwords_are_refused_for_a_time_and_so_is_the_right_one(self):
        link, path = self.link((b"x", "a.txt"))
        self.good(self.password(link, "right one"))
        for _ in range(3):
            self.assertEqual(self.enter(path, link, "right one").status, 303)
        for _ in range(10):
            self.assertEqual(self.enter(path, link, "wrong one").status, 403)
        answers = [self.enter(path, link, word) for word in ("right one", "wrong one")]
        for answer in answers:
            self.assertEqual(answer.status, 429, answer)
            self.assertIn("too many wrong passwords", answer.body.decode())
            self.assertLessEqual(int(answer.headers["Retry-After"]), 900)
        self.assertEqual(answers[0].body, answers[1].body)
        self.portal.sql("UPDATE attachment_link SET tried_at = tried_at - 900")
        self.assertEqual(self.enter(path, link, "right one").status, 303)

    def test_a_password_must_be_long_enough_and_of_ones_own_link(self):
        link, _ = self.link((b"x", "a.txt"))
        for wrong in ("12345", "가나다라마", "x" * 129):
            answer = self.password(link, wrong)
            self.assertEqual((answer.status, answer.json), (400, {"error": "bad-request", "field": "password"}))
        self.refused(self.signed_in("bob@example.test").post(PATH + "/password", {"id": link, "password": "123456"}), 404,
                     "not-found")
        self.assertFalse(self.only()["password"])

    def test_the_session_tells_whether_there_are_links(self):
        self.assertTrue(self.browser.session()["large_attachments"])


if __name__ == "__main__":
    unittest.main()
