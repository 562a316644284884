"""A member's connection test at a portal."""
from portal import Portal
from server import wait_for


def portal_of(server):
    """A portal of its own on the database of a server, whose browsers may have any address."""
    return Portal(database=server.database or "sqlite:" + server.env["DATABASE"],
                  verify_key=server.dir + "/etc/postlatch/verify.key", seal_key=server.dir + "/etc/postlatch/seal.key",
                  auth_socket=server.dir + "/run/dovecot/auth-postlatch")


class Watch:
    """A member's page."""

    PATH = "/api/account/connection-test"

    def __init__(self, where, member, password, ip=None):
        self.browser = where.browser()
        self.browser.ip = ip or self.browser.ip
        answer = self.browser.sign_in(member, password)
        assert answer.status == 200, answer
        if answer.json["state"] == "pending":
            self.browser.post("/api/sign-in/later")
        self.seen = []

    def start(self):
        answer = self.browser.post(self.PATH)
        assert answer.status == 200, answer
        return answer.json

    def stop(self):
        return self.browser.post(self.PATH + "/stop").json

    def look(self):
        """What is new."""
        since = "?since=%d" % self.seen[-1]["id"] if self.seen else ""
        answer = self.browser.get(self.PATH + since)
        assert answer.status == 200, answer
        self.seen += answer.json["attempts"]
        return answer.json

    def next(self, count=1):
        """The next attempts; fails when there are more."""
        before = len(self.seen)
        wait_for(lambda: self.look() and len(self.seen) >= before + count)
        new = self.seen[before:]
        assert len(new) == count, new
        return new
