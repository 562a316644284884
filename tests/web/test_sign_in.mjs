// test_sign_in.mjs - password, code, recovery code, and everything that can refuse them.

import assert from "node:assert/strict";
import { prove, test } from "./harness.mjs";
import { contrasts, widths } from "./page_checks.mjs";

const KOREAN = { locale: "ko-KR" };

test("a wrong password says so, is emptied and has the focus", {}, async (reader, page) => {
    await reader.open("/sign-in");
    await page.fill("[name=user]", "code@demo.test");
    await page.fill("[name=password]", "guess");
    await page.click("[type=submit]");
    assert.match(await reader.alert(), /do not match/);
    assert.equal((await reader.focused()).name, "password");
    assert.equal(await page.inputValue("[name=password]"), "");
    assert.equal(await page.inputValue("[name=user]"), "code@demo.test");
    assert.equal(await page.getAttribute("[name=password]", "aria-invalid"), "true");
    const described = await page.getAttribute("[name=password]", "aria-describedby");
    assert.match(await page.locator(`[id="${described}"]`).textContent(), /do not match/);
    assert.equal(await page.getAttribute("[name=user]", "aria-invalid"), null);
});

test("an empty field is named before anything is sent", {}, async (reader, page) => {
    await reader.open("/sign-in");
    let sent = 0;
    page.on("request", (request) => { sent += request.method() === "POST"; });
    await page.fill("[name=user]", "code@demo.test");
    await page.click("[type=submit]");
    assert.match(await reader.alert(), /fill this in/);
    assert.equal((await reader.focused()).name, "password");
    assert.equal(sent, 0);
});

test("the right password and code lead back to the webmail", {}, async (reader, page) => {
    await reader.signIn("code", "/oauth2/authorize?client_id=mail&state=x%26y");
    await reader.heading("Two-step verification");
    assert.equal(await page.locator("[data-who]").textContent(), "Postlatchcode@demo.test");
    await reader.code();
    await page.waitForURL("**/oauth2/authorize?client_id=mail&state=x%26y");
});

test("a program's hints fill in the name and choose the language", {}, async (reader, page) => {
    const asked = "/oauth2/authorize?client_id=mail&login_hint=plain%40demo.test&ui_locales=fr-CA+ko-KR+en";
    await reader.open(`/sign-in?continue=${encodeURIComponent(asked)}`);
    assert.equal(await page.getAttribute("html", "lang"), "ko");
    assert.equal(await page.inputValue("[name=user]"), "plain@demo.test");
    assert.equal((await reader.focused()).name, "password");
});

test("the reader's own choice of a language counts for more than a program's", {}, async (reader, page) => {
    await reader.open("/sign-in");
    await page.getByRole("button", { name: "English" }).click();
    await reader.open(`/sign-in?continue=${encodeURIComponent("/oauth2/authorize?ui_locales=ko")}`);
    assert.equal(await page.getAttribute("html", "lang"), "en");
});

test("Konkani is not taken for Korean", { locale: "kok-IN" }, async (reader, page) => {
    await reader.open("/sign-in");
    assert.equal(await page.getAttribute("html", "lang"), "en");
});

test("who is signed in is asked again when a program wants it", {}, async (reader, page) => {
    await reader.account("plain");
    const asked = "/oauth2/authorize?client_id=mail&signed_in_after=1";
    await reader.open(`/sign-in?again=1&continue=${encodeURIComponent(asked)}`);
    await page.fill("[name=user]", "plain@demo.test");
    await page.fill("[name=password]", "secret");
    await page.click("[type=submit]");
    await page.waitForURL(`**${asked}`);
});

const STRANGE = ["https://stranger.test/", "//stranger.test/account", "/oauth2/end-session", "javascript:alert(1)"];
for (const place of STRANGE) {
    test(`signing in never leads to ${place}`, {}, async (reader, page) => {
        await reader.signIn("plain", place);
        await reader.arrived();
        await reader.heading("Two-step verification settings");
    });
}

test("a device is trusted only when that is ticked", {}, async (reader, page) => {
    for (const trust of [false, true]) {
        await page.context().clearCookies();
        await reader.signIn("code");
        await reader.heading("Two-step verification");
        if (trust) await page.check("[name=trust]");
        const sent = page.waitForRequest("**/api/sign-in/code");
        await reader.code("123 456");
        assert.deepEqual((await sent).postDataJSON(), { code: "123456", trust });
        await reader.arrived();
    }
});

test("a code in wide digits is taken, and one that is too short is not sent", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    await reader.code("12345");
    assert.match(await reader.alert(), /6 digits/);
    await reader.code("１２３ ４５６");
    await reader.arrived();
});

test("a wrong code and a used code are told apart, and the next one is taken", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    await reader.code("654321");
    assert.match(await reader.alert(), /not right/);
    assert.equal((await reader.focused()).name, "code");
    await reader.code("111111");
    await page.getByText("used already").waitFor();
    await reader.code();
    await reader.arrived();
});

test("a recovery code does instead of the app", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.button("Use a recovery code instead").click();
    await reader.heading("Recovery code");
    await reader.code("abcd-efgh-ijkl-mnop");
    assert.match(await reader.alert(), /recovery code is not right, or it was used before/);
    await reader.code("abcdefghijklmno2");
    await reader.arrived();
    await page.getByText("9 left").waitFor();
});

test("one can sign in as someone else instead of giving the code", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.button("Sign in as someone else").click();
    await reader.heading("Sign in");
    assert.deepEqual((await page.context().cookies()).map(({ name }) => name), []);
});

const REFUSALS = [
    ["wrong-credentials", 401, /do not match/, /맞지 않습니다/],
    ["wrong-code", 422, /not right/, /코드가 맞지/],
    ["wrong-recovery-code", 422, /recovery code is not right/, /복구 코드가 맞지/],
    ["code-used", 422, /used already/, /이미 사용한/],
    ["too-many-attempts", 429, /from your network.*90 seconds/, /네트워크.*90초/],
    ["too-many-codes", 429, /wrong codes.*90 seconds/, /틀린 코드.*90초/],
    ["factor-blocked", 403, /blocked/, /차단/],
    ["not-allowed", 403, /not allowed/, /허용되지 않습니다/],
    ["foreign-origin", 403, /unexpected address/, /예상과 다른/],
    ["bad-request", 400, /did not understand/, /이해하지 못했/],
    ["not-found", 404, /not exist/, /존재하지/],
    ["method-not-allowed", 405, /does not fit/, /맞지 않습니다/],
    ["too-large", 413, /too long/, /너무 깁니다/],
    ["unsupported-media-type", 415, /does not fit/, /맞지 않습니다/],
    ["try-again-later", 503, /cannot answer.*90 seconds/, /응답할 수 없습니다.*90초/],
    ["internal", 500, /went wrong at the server/, /서버에 문제/],
];
for (const [i, options] of [{}, KOREAN].entries()) {
    test(`every refusal has a sentence in ${options.locale ?? "en-US"}`, options, async (reader, page) => {
        let refusal;
        await page.route("**/api/sign-in", (route) => route.fulfill(refusal));
        for (const [code, status, ...sentences] of REFUSALS) {
            refusal = { status, json: { error: code, wait: 90 } };
            await reader.signIn("code");
            assert.match(await reader.alert(), sentences[i], code);
        }
    });
}

test("a page of a proxy instead of an answer means: later", {}, async (reader, page) => {
    await page.route("**/api/sign-in", (route) => route.fulfill({ status: 502, body: "<h1>Bad gateway</h1>" }));
    await reader.signIn("code");
    assert.match(await reader.alert(), /cannot answer just now/);
});

test("after too many codes the button counts down, then works", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    await reader.fail("/api/sign-in/code", 429, { error: "too-many-codes", wait: 4 });
    await reader.code();
    const button = page.getByRole("button", { name: /^Try again in \d second/ });
    assert.equal(await button.getAttribute("aria-disabled"), "true");
    assert.equal(await page.inputValue("[name=code]"), "123456");
    await reader.button("Continue").waitFor();
    await reader.button("Continue").click();
    await reader.arrived();
});

test("while the server cannot answer, the page waits and goes on by itself", {}, async (reader) => {
    await reader.blocks({});
    await reader.fail("/api/session", 503, { error: "try-again-later", wait: 1 }, 2);
    await reader.open("/sign-in");
    await reader.heading("Just a moment");
    await reader.heading("Sign in");
});

test("a server that cannot be reached is tried again on demand", {}, async (reader, page) => {
    await reader.blocks({});
    let away = true;
    await page.route("**/api/session", (route) => (away ? route.abort() : route.continue()));
    await reader.open("/sign-in");
    await page.getByText("check your connection").waitFor();
    away = false;
    await reader.button("Try again now").click();
    await reader.heading("Sign in");
});

test("a token that went out of date is fetched anew once", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    await reader.fail("/api/sign-in/code", 403, { error: "csrf" });
    await reader.code();
    await reader.arrived();
});

test("a pending session that is over begins again and keeps the way back", {}, async (reader, page) => {
    const back = "/oauth2/authorize?client_id=mail";
    await reader.signIn("code", back);
    await reader.heading("Two-step verification");
    await reader.fail("/api/sign-in/code", 401, { error: "sign-in-again", why: "expired" });
    await page.context().clearCookies();
    await reader.code();
    await page.getByText("some time has passed").waitFor();
    assert.equal(new URL(page.url()).searchParams.get("continue"), back);
});

test("of two windows at the code step the second goes on when the first is through", {}, async (reader, page) => {
    const back = "/oauth2/authorize?client_id=mail";
    const other = await page.context().newPage();
    const third = await page.context().newPage();
    await reader.signIn("code", back);
    await reader.heading("Two-step verification");
    for (const window of [other, third]) {
        await window.goto(page.url());
        await window.fill("[name=code]", "111111");
    }
    await reader.code();
    await page.waitForURL(`**${back}`);
    await other.click("form [type=submit]");
    await other.waitForURL(`**${back}`);
    // It need not even be asked.
    await third.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await third.waitForURL(`**${back}`);
});

test("what was typed for one account is not sent for another one", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByRole("button", { name: "Sign in as someone else" }).click();
    await other.fill("[name=user]", "code+2@demo.test");
    await other.fill("[name=password]", "secret");
    await other.click("form [type=submit]");
    await other.waitForSelector("[name=code]");
    await reader.code();
    await page.getByText("code+2@demo.test").waitFor();
    await reader.heading("Two-step verification");
});

const WINDOWS = { "a script that is lost": {}, "JavaScript switched off": { javaScriptEnabled: false } };
for (const [what, more] of Object.entries(WINDOWS)) {
    for (const [options, words, again] of [
        [{ ...more }, "This page did not start", "Load the page again"],
        [{ ...more, ...KOREAN, viewport: { width: 390, height: 800 } }, "페이지를 시작하지 못했습니다", "페이지 다시 불러오기"],
    ]) {
        test(`${what} leaves words and a way on, in ${options.locale ?? "en-US"}`, options, async (reader, page) => {
            await page.route("**/lib/form.js", (route) => route.abort());
            await reader.open("/sign-in?continue=/account");
            await reader.heading(words);
            assert.equal(await page.locator("header strong").textContent(), "Postlatch");
            assert.equal(await page.title(), "Postlatch");
            assert.equal(await page.getByRole("heading").count(), 1);
            await page.unroute("**/lib/form.js");
            await page.getByRole("link", { name: again }).click();
            if (more.javaScriptEnabled === false) await reader.heading(words);
            else await page.waitForSelector("[name=user]");
            assert.equal(new URL(page.url()).search, "?continue=/account");
        });
    }
}

test("a browser without AbortSignal.timeout signs in", {}, async (reader, page) => {
    await page.addInitScript(() => { delete AbortSignal.timeout; });
    await reader.account("plain");
});

test("a button that waits for the server can be read, and says for what", {}, async (reader, page) => {
    let answer;
    const asked = new Promise((resolve) => { answer = resolve; });
    await page.route("**/api/sign-in", (route) => asked.then(() => route.continue()));
    await reader.signIn("plain");
    await page.hover("form [type=submit]");
    const button = reader.button("Checking the password…");
    assert.equal(await button.getAttribute("aria-disabled"), "true");
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        assert.deepEqual(await page.evaluate(contrasts), [], colorScheme);
    }
    answer();
    await reader.arrived();
});

test("a page that waits for the server says so", {}, async (reader, page) => {
    await reader.blocks({});
    let answer;
    const asked = new Promise((resolve) => { answer = resolve; });
    await page.route("**/api/session", (route) => asked.then(() => route.continue()));
    await reader.open("/sign-in");
    assert.match(await reader.said(), /Waiting for the server/);
    answer();
    await reader.heading("Sign in");
    await page.locator("#announcements [role=status]:empty").waitFor({ state: "attached" });
});

const LONG = "a".repeat(64);
test("a name of 64 letters fits on a phone and on a desk", {}, async (reader, page) => {
    const fits = async (what) => {
        for (const width of [320, 390, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            assert.deepEqual(await page.evaluate(widths), [], `${what}, ${width}`);
        }
    };
    const named = (word) => `${word}+${LONG}`.slice(0, 64);
    for (const [word, go] of [["code", null], ["must", "summary"], ["unkept", null]]) {
        await page.context().clearCookies();
        await reader.signIn(named(word));
        await page.locator("main").waitFor();
        await page.waitForFunction(() => !document.querySelector("[name=password]"));
        await fits(word);
        if (go) await page.locator(go).click();
        await fits(`${word}, then`);
    }
    await reader.button("New recovery codes").click();
    await prove(reader, page, "code", "123456");
    await reader.heading("Keep your recovery codes");
    await fits("recovery codes");
    await reader.button("I have kept them").click();
    await reader.arrived();
    await fits("account");
    await reader.open("/sign-out");
    await reader.heading("Sign out?");
    await fits("sign out");
});

test("the language is the browser's, can be changed, keeps what is typed and is remembered", KOREAN,
    async (reader, page) => {
        await reader.open("/sign-in");
        await reader.heading("로그인");
        assert.equal(await page.getAttribute("html", "lang"), "ko");
        await page.fill("[name=user]", "code@demo.test");
        await reader.button("English").click();
        await reader.heading("Sign in");
        assert.equal(await page.getAttribute("html", "lang"), "en");
        assert.equal(await page.inputValue("[name=user]"), "code@demo.test");
        assert.equal((await reader.focused()).textContent, "English");
        await page.reload();
        await reader.heading("Sign in");
    });

test("the portal is told the language of the page", KOREAN, async (reader, page) => {
    const asked = page.waitForRequest("**/api/sign-in");
    await reader.signIn("plain");
    assert.equal((await asked).headers()["accept-language"], "ko");
});

test("a password can be shown and hidden", {}, async (reader, page) => {
    await reader.open("/sign-in");
    await page.fill("[name=password]", "secret");
    await reader.button("Show password").click();
    assert.equal(await page.getAttribute("[name=password]", "type"), "text");
    await reader.button("Hide password").click();
    assert.equal(await page.getAttribute("[name=password]", "type"), "password");
});

test("the keyboard alone is enough to sign in with a code and trust the device", {}, async (reader, page) => {
    await reader.open("/sign-in");
    await page.waitForFunction(() => document.activeElement.name === "user");
    await page.keyboard.type("code@demo.test");
    await page.keyboard.press("Tab");
    await page.keyboard.type("secret");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.name === "code");
    await page.keyboard.type("123456");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    assert.equal((await reader.focused()).textContent, "Continue");
    const sent = page.waitForRequest("**/api/sign-in/code");
    await page.keyboard.press("Enter");
    assert.equal((await sent).postDataJSON().trust, true);
    await reader.arrived();
});

test("a stranger at the account page is led to the sign-in and back", {}, async (reader, page) => {
    await reader.open("/account");
    await reader.heading("Sign in");
    assert.equal(new URL(page.url()).searchParams.get("continue"), "/account");
});
