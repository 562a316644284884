// test_connection_test.mjs - the member watches how a device signs in.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const PATH = "/account/connection-test";
const ATTEMPT = "[data-attempts] li";

async function start(reader, word) {
    await reader.account(word, PATH);
    await reader.button("Start the test").click();
    assert.equal(await reader.said(), "The connection test has started.");
}

test("attempts appear one after the other while the page stays, the newest on top", {}, async (reader, page) => {
    await start(reader, "copier");
    await page.locator(ATTEMPT).nth(5).waitFor();
    const texts = (await page.locator(ATTEMPT).allInnerTexts()).reverse().map((text) => text.replace(/\s+/g, " "));
    const expected = [
        ["Refused", "The user name must be the whole address", "SMTP", "Encrypted", "LOGIN", "copier", "192.0.2.77"],
        ["Refused", "The password is wrong", "No encryption", "PLAIN", "copier@demo.test"],
        ["Refused", "This app password is not for this service", "IMAP, port 993"],
        ["Signed in", "The app password is right."],
        ["Signed in", "A message was accepted", "SMTP, port 587", "Encrypted with TLSv1.2"],
        ["Refused", "The server’s rule is “a-new-rule”."],
    ];
    assert.equal(texts.length, expected.length);
    for (const [i, parts] of expected.entries()) {
        for (const part of parts) assert.ok(texts[i].includes(part), `${part} in ${texts[i]}`);
    }
});

test("attempts that are there stay the same elements when others come", {}, async (reader, page) => {
    await start(reader, "copier");
    await page.locator(ATTEMPT).first().waitFor();
    await page.evaluate((item) => { [...document.querySelectorAll(item)].pop().dataset.marked = "yes"; }, ATTEMPT);
    await page.locator(ATTEMPT).nth(5).waitFor();
    assert.equal(await page.locator(`${ATTEMPT}[data-marked=yes]`).count(), 1);
    assert.match(await page.locator(`${ATTEMPT}[data-marked=yes]`).innerText(), /whole address/);
});

test("a screen reader is told politely, and not of the seconds that are left", {}, async (reader, page) => {
    await start(reader, "plain");
    const log = page.getByRole("log", { name: "Attempts to sign in" });
    await log.waitFor({ state: "attached" });
    assert.equal(await log.getAttribute("aria-live"), null);
    const timer = page.getByRole("timer");
    const before = await timer.textContent();
    assert.match(before, /^It ends in (10:00|9:5\d)\.$/);
    await page.waitForFunction((text) => document.querySelector("[role=timer]").textContent !== text, before);
    assert.equal(await timer.getAttribute("aria-live"), null);
});

test("the reader ends the test, and what was seen stays", {}, async (reader, page) => {
    await start(reader, "copier");
    await page.locator(ATTEMPT).nth(1).waitFor();
    await reader.button("End the test").click();
    await page.locator("[role=status]").getByText("The connection test was ended.").waitFor();
    await page.getByText("The connection test has ended.").waitFor();
    const count = await page.locator(ATTEMPT).count();
    await page.reload();
    await page.getByText("The connection test has ended.").waitFor();
    assert.equal(await page.locator(ATTEMPT).count(), count);
    await reader.button("Start another test").click();
    await reader.button("End the test").waitFor();
});

test("a test that is running is found again when the page is loaded again", {}, async (reader, page) => {
    await start(reader, "copier");
    await page.locator(ATTEMPT).first().waitFor();
    await page.reload();
    await reader.button("End the test").waitFor();
    await page.locator(ATTEMPT).nth(5).waitFor();
});

test("a server that is away for a moment is asked again", {}, async (reader, page) => {
    await start(reader, "copier");
    await page.locator(ATTEMPT).first().waitFor();
    let failures = 0;
    await page.route("**/api/account/connection-test?*", (route) => {
        failures += 1;
        return route.fulfill({ status: 503, json: { error: "try-again-later", wait: 1 } });
    }, { times: 2 });
    assert.match(await reader.alert(), /Nothing is lost/);
    await page.locator(ATTEMPT).nth(5).waitFor();
    assert.equal(failures, 2);
});

test("another page is not disturbed by a test that is left", {}, async (reader, page) => {
    await start(reader, "copier");
    await page.getByRole("link", { name: "Devices" }).click();
    await page.locator("table").first().waitFor();
    let looks = 0;
    page.on("request", (request) => { looks += request.url().includes("connection-test"); });
    await page.waitForTimeout(2500);
    assert.equal(looks, 0);
});

test("too many tests at a time are refused with a sentence", {}, async (reader, page) => {
    await reader.account("plain", PATH);
    await page.route("**/api/account/connection-test", (route) => (route.request().method() === "POST"
        ? route.fulfill({ status: 429, json: { error: "too-many-tests" } }) : route.continue()));
    await reader.button("Start the test").click();
    assert.match(await reader.alert(), /^Too many members are running a connection test/);
});
