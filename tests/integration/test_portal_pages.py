"""The portal's pages: files with versions, the single page that the server fills in, the operator's brand."""
import base64
import hashlib
import html.parser
import json
import os
import re
import subprocess
import unittest

from portal import POSTLATCH, Dovecot, Portal, secure
from server import ROOT, TIMEOUT, wait_for

FOREVER = "public, max-age=31536000, immutable"
INDEX = ('<html lang="{{language}}"><title>{{name}}</title><link rel="icon" href="{{icon}}">{{part}}{{style}}'
         '<script type="module" src="{{web}}/main.js"></script>{{modules}}{{brand}}{{state}}{{logo}}{{footer}}')
HOSTILE = "</script><script>alert(1)</script><!--<script>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BRAND = """
name_en = "Hanbit <Mail>"
name_ko = "한빛상사"
default_language = "ko"
footer_en = "Ask & <you shall> be helped"
help_link = "mailto:help@example.test"
light_accent = "#9a3412"
"""


class Page(html.parser.HTMLParser):
    """What a browser makes of a page: addresses that it loads, and the data in it."""

    def __init__(self, answer):
        super().__init__()
        self.scripts, self.links, self.images, self.data, self.reading = [], [], [], {}, None
        self.text = answer.body.decode()
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "script":
            self.scripts.append(attrs)
            self.reading = attrs.get("id")
        elif tag == "link":
            self.links.append((attrs["rel"], attrs["href"]))
        elif tag in ("img", "source"):
            self.images.append(attrs.get("src") or attrs.get("srcset"))

    def handle_endtag(self, tag):
        self.reading = None

    def handle_data(self, data):
        if self.reading:
            self.data[self.reading] = json.loads(data)

    def state(self):
        return self.data.get("state")

    def linked(self, rel):
        return [href for name, href in self.links if name == rel]

    def web(self):
        """Where the files are."""
        return re.search('src="(/web/[0-9a-f]{16})/main.js"', self.text).group(1)


class PagesTest(unittest.TestCase):
    def portal(self, **settings):
        portal = Portal(**settings)
        self.addCleanup(portal.remove)
        self.write(portal, "index.html", INDEX)
        return portal

    def write(self, portal, name, text):
        path = "%s/web/%s" % (portal.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def page(self, browser, path="/sign-in"):
        answer = browser.get(path)
        self.assertEqual((answer.status, secure(answer)), (200, None), answer)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIsNone(answer.headers["ETag"])
        return Page(answer)


class Versions(PagesTest):
    def test_files_are_kept_for_ever_at_an_address_with_their_version(self):
        browser = self.portal().init().start().browser()
        web = self.page(browser).web()
        answer = browser.get(web + "/lib/api.js")
        self.assertEqual((answer.status, answer.headers["Cache-Control"], answer.body), (200, FOREVER, b"// api\n"))
        self.assertIsNone(secure(answer))

    def test_another_version_and_no_version_get_404(self):
        browser = self.portal().init().start().browser()
        web = self.page(browser).web()
        for path in ("/web/lib/api.js", "/web/0000000000000000/lib/api.js", web[:-1] + "/main.js", web + "0/main.js", web,
                     web + "/", web + "/index.html", web + "//main.js", web + "/lib/../main.js", web + "/lib%2Fapi.js",
                     web + "/%6dain.js", web + "/lib", web + "/README.md", web + "/.hidden.js", web.upper() + "/main.js"):
            answer = browser.get(path)
            self.assertEqual((answer.status, answer.error, answer.headers["Cache-Control"]), (404, "not-found", "no-store"), path)

    def test_a_changed_file_changes_all_addresses_and_the_old_ones_are_gone(self):
        portal = self.portal().init().start()
        before = self.page(portal.browser()).web()
        portal.stop()
        portal.start()
        self.assertEqual(self.page(portal.browser()).web(), before)
        for change in (lambda: self.write(portal, "lib/api.js", "// apj\n"),
                       lambda: os.rename(portal.dir + "/web/lib/api.js", portal.dir + "/web/lib/apj.js")):
            portal.stop()
            change()
            portal.start()
            after = self.page(portal.browser()).web()
            self.assertNotEqual(after, before)
            self.assertEqual(portal.browser().get(before + "/main.js").status, 404)
            before = after

    def test_the_page_names_all_modules_that_its_first_one_imports(self):
        portal = self.portal()
        self.write(portal, "main.js", 'import { a } from "./lib/api.js";\nconst later = () => import("./later.js");\n')
        self.write(portal, "lib/api.js", 'import "../vendor/x.mjs";\nimport "./api.js";\nimport "../lib/none.js";\n')
        self.write(portal, "vendor/x.mjs", "")
        self.write(portal, "later.js", "")
        self.write(portal, "account/account.js", 'import "../lib/api.js";\nimport "./pages.js";\n')
        self.write(portal, "account/pages.js", "")
        self.write(portal, "css/base.css", "main { margin: 0; }\n")
        self.write(portal, "css/form.css", "form { margin: 0; }\n")
        for language in ("en", "ko"):
            self.write(portal, "messages/%s.js" % language, "")
            self.write(portal, "messages/steps.%s.js" % language, "")
            self.write(portal, "messages/account.%s.js" % language, "")
        browser = portal.init().start().browser()
        page = self.page(browser)
        web = page.web()
        modules, english = [web + "/lib/api.js", web + "/vendor/x.mjs"], web + "/messages/en.js"
        self.assertEqual(page.linked("modulepreload"), [*modules, english])
        korean = self.page(portal.browser(language="ko"))
        self.assertEqual(korean.linked("modulepreload"), [*modules, web + "/messages/ko.js"])
        account = self.page(browser, "/account/devices")
        below = [web + "/account/" + name for name in ("account.js", "pages.js")]
        self.assertEqual(account.linked("modulepreload"), [*modules, *below, english, web + "/messages/steps.en.js", web + "/messages/account.en.js"])
        for href in account.linked("modulepreload"):
            self.assertEqual(browser.get(href).status, 200)

    def test_the_sign_in_page_has_its_style_in_it_and_its_policy_names_no_other(self):
        portal = self.portal()
        self.write(portal, "index.html", "<html>{{sheets}}<body{{first}}><main{{early}}></main>{{state}}")
        self.write(portal, "css/base.css", "main > h1 { color: red; }\n")
        self.write(portal, "css/form.css", "form { margin: 0; }\n")
        browser = portal.init().start().browser()
        for path in ("/", "/sign-in", "/sign-in?continue=/account"):
            answer = browser.get(path)
            style = re.search("(?s)<style>(.*)</style>", answer.body.decode()).group(1)
            self.assertEqual(style, "main > h1 { color: red; }\nform { margin: 0; }\n")
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            self.assertIn("; style-src 'self' 'sha256-%s'; " % digest, answer.headers["Content-Security-Policy"])
            self.assertIn(b"<body data-first><main></main>", answer.body)
        for path in ("/account", "/sign-in/code", "/sign-out"):
            answer = browser.get(path)
            self.assertIn(b'/css/base.css">', answer.body)
            self.assertIn(b"<body><main hidden></main>", answer.body)
            self.assertIn("; style-src 'self'; ", answer.headers["Content-Security-Policy"])

    def test_a_style_that_would_end_its_element_is_refused(self):
        portal = self.portal().init()
        self.write(portal, "css/base.css", "/* </style> */")
        with self.assertRaisesRegex(AssertionError, 'css/base.css: a style sheet of the pages has "</"'):
            portal.start()

    def test_only_parts_with_tables_have_their_style_sheet(self):
        browser = self.portal().init().start().browser()
        for path, sheets in (("/sign-in", []), ("/account", ["/css/account.css"]), ("/account/devices", ["/css/account.css"]),
                             ("/console", ["/css/account.css"]), ("/sign-out", [])):
            page = self.page(browser, path)
            self.assertEqual(page.linked("stylesheet"), [page.web() + sheet for sheet in sheets], path)


class FirstState(PagesTest):
    @classmethod
    def setUpClass(cls):
        cls.here = Portal(portal_name=HOSTILE)
        cls.addClassCleanup(cls.here.remove)
        with open(cls.here.dir + "/web/index.html", "w") as f:
            f.write(INDEX)
        cls.here.init().start()
        cls.dovecot = Dovecot(cls.here.dir + "/auth")
        cls.addClassCleanup(cls.dovecot.close)

    def test_the_page_has_what_the_session_would_be_asked_for(self):
        browser = self.here.browser()
        for path in ("/", "/sign-in", "/account/devices", "/sign-out"):
            self.assertEqual(self.page(browser, path).state(), browser.session())
        self.assertEqual(self.page(browser).state()["state"], "none")
        browser.sign_in("alice@demo.test")
        state = self.page(browser, "/account").state()
        self.assertEqual(state, browser.session())
        self.assertEqual((state["address"], len(state["csrf"])), ("alice@demo.test", 43))
        # Each has its own, and an ended one is told why.
        self.assertNotEqual(state["csrf"], self.sign_in_anew()["csrf"])
        self.here.sql("UPDATE session SET seen_at = seen_at - 7201")
        self.assertEqual(self.page(browser).state()["why"], "expired")

    def sign_in_anew(self):
        browser = self.here.browser()
        browser.sign_in("alice@demo.test")
        return self.page(browser).state()

    def test_nothing_in_the_data_ends_it(self):
        browser = self.here.browser()
        browser.AGENT = HOSTILE
        browser.sign_in("bob@demo.test")
        page = self.page(browser)
        # One script of ours and two elements of data; the parser ends an element as a browser does.
        self.assertEqual([script.get("type") for script in page.scripts],
                         ["module", "application/json", "application/json"])
        self.assertEqual((page.state()["name"], page.data["brand"]["names"]["en"]), (HOSTILE, HOSTILE))
        self.assertNotIn("<!--", page.text)
        self.assertNotIn("alert(1)</script>", page.text)

    def test_the_query_is_for_the_script_and_is_not_in_the_page(self):
        browser = self.here.browser()
        answer = browser.get("/sign-in?continue=%2Foauth2%2Fauthorize%3Fx&x=needle&x=needle")
        self.assertEqual(answer.status, 200)
        self.assertNotIn(b"needle", answer.body)

    def test_without_the_database_the_page_comes_without_state(self):
        portal = self.portal().init().start()
        os.rename(portal.dir + "/postlatch.db", portal.dir + "/away")
        browser = portal.browser()
        self.assertEqual(browser.get("/api/session").status, 503)
        page = self.page(browser)
        self.assertIsNone(page.state())
        self.assertIn("names", page.data["brand"])
        os.rename(portal.dir + "/away", portal.dir + "/postlatch.db")
        wait_for(lambda: self.page(browser).state() is not None, TIMEOUT)


class Brands(PagesTest):
    def branded(self, text=BRAND, **files):
        portal = self.portal()
        portal.settings["brand_dir"] = portal.dir + "/brand"
        portal.write_policy()
        os.mkdir(portal.dir + "/brand")
        self.change(portal, text, **files)
        return portal

    def change(self, portal, text=BRAND, **files):
        for name, content in {"brand.conf": text, **files}.items():
            with open("%s/brand/%s" % (portal.dir, name.replace("_", "-").replace("-svg", ".svg")), "w") as f:
                f.write(content)

    def check(self, portal):
        run = subprocess.run([POSTLATCH, "-c", portal.dir + "/policy.conf", "check"], capture_output=True, text=True)
        return run.stdout

    def test_a_brand_is_in_the_page_and_its_files_are_kept_for_ever(self):
        browser = self.branded(logo_svg=SVG, logo_dark_svg=SVG + " ", icon_svg=SVG).init().start().browser()
        page = self.page(browser)
        self.assertIn("<title>Hanbit &lt;Mail&gt;</title>", page.text)
        self.assertIn("Ask &amp; &lt;you shall&gt; be helped", page.text)
        brand = page.data["brand"]
        self.assertEqual(brand["names"], {"en": "Hanbit <Mail>", "ko": "한빛상사"})
        self.assertEqual(brand["footers"], {"en": "Ask & <you shall> be helped", "ko": None})
        self.assertEqual((brand["help"], brand["password"]), ("mailto:help@example.test", None))
        self.assertEqual(page.images, [brand["logo"]["dark"], brand["logo"]["light"]])
        style, = page.linked("stylesheet")
        for path, kind in ((style, "text/css; charset=utf-8"), (brand["logo"]["light"], "image/svg+xml"),
                           (brand["logo"]["dark"], "image/svg+xml"), (page.linked("icon")[0], "image/svg+xml")):
            answer = browser.get(path)
            self.assertRegex(path, "^/brand/[0-9a-f]{16}/")
            self.assertEqual((answer.status, answer.headers["Content-Type"], answer.headers["Cache-Control"]),
                             (200, kind, FOREVER))
        self.assertIn("--accent: #9a3412;", browser.get(style).body.decode())
        # The pages about a wrong link have it too.
        self.assertIn("<link rel=\"stylesheet\" href=\"%s\">" % style, browser.get("/oauth2/authorize?x=y").body.decode())

    def test_a_picture_that_is_opened_runs_nothing(self):
        browser = self.branded(logo_svg=SVG).init().start().browser()
        answer = browser.get(self.page(browser).data["brand"]["logo"]["light"])
        self.assertRegex(answer.headers["Content-Security-Policy"], "^default-src 'none'; .*; sandbox; ")
        self.assertNotIn("script-src", answer.headers["Content-Security-Policy"])
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_the_language_of_the_brand_is_for_those_who_ask_for_neither(self):
        portal = self.branded().init().start()
        for asked, language in (("fr", "ko"), ("", "ko"), ("en", "en"), ("ko;q=0.5, en;q=0.4", "ko")):
            self.assertIn('<html lang="%s">' % language, self.page(portal.browser(language=asked)).text)
        self.assertIn("<title>한빛상사</title>", self.page(portal.browser(language="ko")).text)

    def test_without_a_brand_the_page_is_the_built_in_one(self):
        browser = self.portal(portal_name="Mail").init().start().browser()
        page = self.page(browser)
        self.assertEqual(page.data["brand"], {"names": {"en": "Mail", "ko": "Mail"}, "footers": {"en": None, "ko": None},
                                              "help": None, "password": None, "logo": None})
        self.assertEqual((page.linked("stylesheet"), page.images), ([], []))
        self.assertEqual(page.linked("icon"), [page.web() + "/icon.svg"])

    def test_what_is_not_of_the_brand_gets_404(self):
        browser = self.branded(logo_svg=SVG).init().start().browser()
        folder = os.path.dirname(self.page(browser).data["brand"]["logo"]["light"])
        for path in ("/brand/logo.svg", folder + "/brand.conf", folder + "/logo.png", folder + "/../policy.conf", folder,
                     folder + "/", folder + "%2Flogo.svg", "/brand//logo.svg", "/brand/0000000000000000/logo.svg"):
            self.assertEqual(browser.get(path).status, 404, path)
        self.assertEqual(browser.request("POST", folder + "/logo.svg").status, 405)

    def test_a_reload_takes_the_new_brand_and_a_wrong_one_is_refused(self):
        portal = self.branded(logo_svg=SVG).init().start()
        def name():
            return self.page(portal.browser()).data["brand"]["names"]["en"]
        self.assertEqual(name(), "Hanbit <Mail>")
        old = self.page(portal.browser()).data["brand"]["logo"]["light"]
        self.change(portal, 'name_en = "Second"\nlight_accent = "#123456"\n')
        portal.reload()
        wait_for(lambda: name() == "Second", TIMEOUT)
        self.assertEqual(portal.browser().get(old).status, 404)
        self.change(portal, 'name_en = "Third"\nlight_accent = "#ffff00"\n')
        portal.reload()
        wait_for(lambda: "keeping the last good policy" in portal.log(), TIMEOUT)
        self.assertRegex(portal.log(), "brand_dir = .*/brand: brand.conf: the light colours: .*needs 4.5:1.*change")
        self.assertEqual(name(), "Second")
        portal.stop()
        run = subprocess.run(portal.command("-p", "inet:127.0.0.1:%d" % portal.port), capture_output=True, text=True)
        self.assertEqual(run.returncode, 78)
        self.assertIn("needs 4.5:1", run.stderr)

    def test_check_says_what_is_wrong_with_a_brand(self):
        portal = self.branded(logo_svg=SVG).init()
        self.assertNotIn("brand_dir =", self.check(portal))
        self.change(portal, 'help_link = "http://help.test"\n')
        self.assertRegex(self.check(portal), r"fault +portal +brand_dir = \S+: brand.conf:1: help_link = http://help.test: "
                                             r"it must be https://\.\.\. or mailto:")
        self.change(portal, "", logo_svg="GIF89a")
        self.assertRegex(self.check(portal), r"fault +portal +brand_dir = \S+: logo.svg: it is not an SVG")

    def test_the_brand_of_the_demonstration_is_valid(self):
        portal = self.portal(brand_dir=ROOT + "/demo/brand").init().start()
        brand = self.page(portal.browser()).data["brand"]
        self.assertEqual(brand["names"]["ko"], "한빛상사 메일")
        self.assertTrue(brand["logo"]["light"] and brand["logo"]["dark"] != brand["logo"]["light"])


if __name__ == "__main__":
    unittest.main()
