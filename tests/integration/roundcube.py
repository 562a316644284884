"""Roundcube 1.6 as a browser without scripts sees it."""
import json
import re
import urllib.parse

from portal import Browser

INBOX = "?_task=mail"
FORM = "application/x-www-form-urlencoded"


def follow(browser, url):
    """The first answer that is a page of the browser's site, or the address at which that leads elsewhere."""
    for _ in range(10):
        url = urllib.parse.urljoin(browser.url + "/", url)
        if not url.startswith(browser.url + "/"):
            return url
        answer = browser.get(path_of(url), origin=False, headers={"Host": host_of(browser.url)})
        url = answer.headers.get("Location")
        if url is None:
            return answer
    raise AssertionError("it goes round in circles")


def host_of(url):
    return urllib.parse.urlsplit(url).netloc


def path_of(url):
    return urllib.parse.urlunsplit(("", "") + urllib.parse.urlsplit(url)[2:])


def value(page, pattern):
    match = re.search(pattern, page)
    if match is None:
        raise AssertionError("no %s in %s" % (pattern, page[:2000]))
    return match.group(1)


class Roundcube(Browser):
    """A browser at the Roundcube with this address; go() follows links within it."""

    def go(self, url):
        return follow(self, url)

    def page(self, url):
        answer = self.go(url)
        if isinstance(answer, str):
            raise AssertionError("led to " + answer)
        return answer.body.decode()

    def submit(self, query, fields):
        return self.request("POST", path_of(self.url + "/" + query), urllib.parse.urlencode(fields),
                            {"Content-Type": FORM, "Host": host_of(self.url)}, origin=False)

    def log_in(self, name, password):
        """With the password, in Roundcube's own form: "", or what it says."""
        form = self.go("?_task=login")
        if isinstance(form, str):
            return "no form: it leads to " + form
        token = value(form.body.decode(), r'"request_token":"(\w+)"')
        answer = self.submit("?_task=login", {"_token": token, "_task": "login", "_action": "login", "_user": name,
                                              "_pass": password})
        return "" if answer.status == 302 else "%d: %s" % (answer.status, said(answer.body.decode()))

    def send(self, to, subject, words="words"):
        """ "", or what it says. """
        compose = self.page("?_task=mail&_action=compose")
        answer = self.submit("?_task=mail&_action=send", {
            "_token": value(compose, r'"request_token":"(\w+)"'), "_task": "mail", "_action": "send",
            "_id": value(compose, r'"compose_id":"(\w+)"'), "_from": value(compose, r'(?s)name="_from".*?value="(\d+)"'),
            "_to": to, "_subject": subject, "_message": words, "_is_html": "0"})
        page = answer.body.decode()
        return "" if "sent_successfully" in page else "%d: %s" % (answer.status, said(page))

    def subjects(self):
        """{subject: uid} of the first page of the inbox."""
        token = value(self.page(INBOX), r'"request_token":"(\w+)"')
        answer = self.get(path_of(self.url + "/?_task=mail&_action=list&_mbox=INBOX&_remote=1"), origin=False, headers={
            "Host": host_of(self.url), "X-Requested-With": "XMLHttpRequest", "X-Roundcube-Request": token})
        script = json.loads(answer.body)["exec"]
        rows = re.findall(r'add_message_row\((\d+),(\{.*?\}),', script)
        return {json.loads(columns)["subject"]: uid for uid, columns in rows}

    def read(self, uid):
        """The page of a message in the inbox."""
        return self.page("?_task=mail&_action=show&_mbox=INBOX&_uid=" + uid)


def shows_inbox(answer):
    return not isinstance(answer, str) and answer.status == 200 and b'id="messagelist"' in answer.body


def said(page):
    """What Roundcube shows in a box."""
    return "; ".join(re.findall(r'display_message\("(.*?)"', page)) or page[:300]
