// test_applications.mjs - the page that asks for consent to a mail program, and that of connected applications.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

async function consent(reader, page) {
    await reader.account("trusted");
    await reader.open("/consent?request=pl_cr_x");
    await page.waitForSelector("fieldset");
}

// What the next answer to the question says.
function answered(page) {
    return page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/api/consent"))
        .then((request) => request.postDataJSON());
}

test("consent names the program as unverified, the account and the services", {}, async (reader, page) => {
    await consent(reader, page);
    const text = await page.locator("main").innerText();
    for (const words of ["Thunderbird", "nobody has verified", "trusted@demo.test", "a program on this device", "IMAP", "SMTP"])
        assert.ok(text.includes(words), words);
    assert.equal(await page.locator("fieldset input:checked").count(), 4);
});

test("consent takes away the services whose boxes are not ticked", {}, async (reader, page) => {
    await consent(reader, page);
    await page.uncheck("[name=pop3]");
    await page.uncheck("[name=sieve]");
    const sent = answered(page);
    await page.click("form [type=submit]");
    assert.deepEqual(await sent, { request: "pl_cr_x", allow: true, services: "imap,smtp" });
    await page.fill("dialog [name=code]", "123456");
    await page.click("dialog [type=submit]");
    await page.waitForURL("**/sign-out?agreed=imap,smtp");
});

test("consent that wants a code can still be denied", {}, async (reader, page) => {
    await consent(reader, page);
    await page.click("form [type=submit]");
    await page.locator("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.click("form button[type=button]");
    await page.waitForURL("**/sign-out?denied");
});

test("consent to no service is not sent", {}, async (reader, page) => {
    await consent(reader, page);
    for (const name of ["imap", "pop3", "smtp", "sieve"]) await page.uncheck(`[name=${name}]`);
    await page.click("form [type=submit]");
    await page.locator("form > [role=alert]:not(:empty)").waitFor();
    assert.ok(page.url().endsWith("/consent?request=pl_cr_x"));
});

test("consent that is denied leads back, too", {}, async (reader, page) => {
    await consent(reader, page);
    const sent = answered(page);
    await page.click("form button[type=button]");
    assert.deepEqual(await sent, { request: "pl_cr_x", allow: false });
    await page.waitForURL("**/sign-out?denied");
});

test("consent that was answered before says so", {}, async (reader, page) => {
    await reader.account("trusted");
    await reader.open("/consent?request=over");
    await page.locator("h1", { hasText: "go back" }).waitFor();
    assert.equal(await page.locator("form").count(), 0);
});

test("consent without a session begins with the sign-in", {}, async (reader, page) => {
    await reader.open("/consent?request=pl_cr_x");
    await page.waitForURL("**/sign-in?*");
});

test("applications are listed with their last use, and revoked after a question", {}, async (reader, page) => {
    await reader.account("trusted", "/account/applications");
    const rows = page.locator("[aria-labelledby=applications] tbody tr");
    assert.equal(await rows.count(), 2);
    const text = await rows.first().innerText();
    for (const words of ["Thunderbird", "Unverified name", "IMAP", "2001:db8"]) assert.ok(text.includes(words), words);
    assert.ok((await rows.last().innerText()).includes("Never used"));
    await rows.first().locator("button").click();
    await page.locator("dialog button", { hasText: "Revoke" }).click();
    await page.waitForFunction(() => document.querySelectorAll("[aria-labelledby=applications] tbody tr").length === 1);
    assert.equal((await reader.focused()).id, "applications");
});
