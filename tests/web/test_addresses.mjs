// test_addresses.mjs - each step and each account page has an address and an entry in the browser's history.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const path = (page) => new URL(page.url()).pathname;

test("Back goes through the steps of the sign-in, and Forward returns", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    assert.equal(path(page), "/sign-in/code");
    await reader.button("Use a recovery code instead").click();
    await reader.heading("Recovery code");
    assert.equal(path(page), "/sign-in/recovery");
    await page.goBack();
    await reader.heading("Two-step verification");
    await page.goBack();
    await reader.heading("Sign in");
    assert.equal(path(page), "/sign-in");
    await page.goForward();
    await reader.heading("Two-step verification");
    await page.reload();
    await reader.heading("Two-step verification");
    await page.goBack();
    await reader.heading("Sign in");
    // Another account signs in there.
    await page.fill("[name=user]", "code+2@demo.test");
    await page.fill("[name=password]", "secret");
    await page.click("form [type=submit]");
    await page.getByText("code+2@demo.test").waitFor();
});

test("once signed in, Back leads to where the reader came from", {}, async (reader, page) => {
    await reader.open("/oauth2/authorize?from=here");
    await reader.signIn("code");
    await reader.button("Use a recovery code instead").click();
    await reader.heading("Recovery code");
    await reader.code("abcdefghijklmno2");
    await reader.arrived();
    await page.goBack();
    assert.equal(new URL(page.url()).search, "?from=here");
});

test("signing in as someone else begins anew, and leaves no step behind", {}, async (reader, page) => {
    await reader.open("/oauth2/authorize?from=here");
    await reader.signIn("code");
    await reader.button("Use a recovery code instead").click();
    await reader.button("Sign in as someone else").click();
    await reader.heading("Sign in");
    assert.equal(path(page), "/sign-in");
    await page.goBack();
    assert.equal(new URL(page.url()).search, "?from=here");
});

const SIGNED_IN_AS = {
    nobody: "/sign-in",
    code: "/sign-in/code",
    offer: "/sign-in/registration",
    must: "/sign-in/registration",
    unkept: "/sign-in/recovery-codes",
    plain: "/account",
};
for (const [word, right] of Object.entries(SIGNED_IN_AS)) {
    test(`an address that is opened leads to the step whose turn it is: ${word}`, {}, async (reader, page) => {
        if (word === "nobody") await reader.open("/sign-in");
        else await reader.signIn(word);
        await page.waitForURL(`**${right}*`);
        for (const asked of ["", "/code", "/recovery", "/registration", "/recovery-codes", "/unheard-of"]) {
            const possible = [right, word === "code" && "/sign-in/recovery"];
            await reader.open(`/sign-in${asked}`);
            const own = possible.includes(`/sign-in${asked}`) ? `/sign-in${asked}` : right;
            await page.waitForURL(`**${own}*`);
            await page.locator("#frame h1").waitFor();
            assert.equal(path(page), own, asked);
        }
    });
}

test("a step that is not the reader's turn leaves no entry behind", {}, async (reader, page) => {
    await reader.open("/oauth2/authorize?from=here");
    await reader.open("/sign-in/recovery-codes");
    await reader.heading("Sign in");
    await page.goBack();
    assert.equal(new URL(page.url()).search, "?from=here");
});

test("an account page that does not exist leads to the first one", {}, async (reader, page) => {
    await reader.account("plain");
    await reader.open("/account/unheard-of");
    await reader.arrived();
    assert.equal(path(page), "/account");
});

test("the navigation marks the present account page, and Back and Forward go through them", {}, async (reader, page) => {
    await reader.account("trusted");
    const current = page.locator("[data-menu] [aria-current=page]");
    assert.equal(await current.textContent(), "Two-step verification");
    let loaded = 0;
    page.on("request", (request) => { loaded += request.isNavigationRequest(); });
    await page.getByRole("link", { name: "Devices", exact: true }).click();
    await reader.heading("Devices");
    assert.equal(path(page), "/account/devices");
    assert.equal(await current.textContent(), "Devices");
    assert.equal((await reader.focused()).tagName, "H1");
    await page.goBack();
    await reader.heading("Two-step verification settings");
    assert.equal(await current.textContent(), "Two-step verification");
    await page.goForward();
    await reader.heading("Devices");
    assert.equal(loaded, 0);
});

test("who signs in for an account page is led to it", {}, async (reader, page) => {
    await reader.open("/account/devices");
    await reader.heading("Sign in");
    await page.fill("[name=user]", "plain@demo.test");
    await page.fill("[name=password]", "secret");
    await page.click("[type=submit]");
    await reader.heading("Devices");
    assert.equal(path(page), "/account/devices");
});

test("Back from the recovery codes loses nothing", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    await reader.code();
    await reader.arrived();
    await reader.button("Set up again").click();
    await reader.heading("Set up two-step verification");
    assert.equal(path(page), "/account/registration");
    await reader.code();
    await reader.heading("Keep your recovery codes");
    const codes = await page.locator("[data-codes]").textContent();
    await page.goBack();
    await reader.heading("Two-step verification settings");
    await reader.button("Show recovery codes").click();
    await reader.heading("Keep your recovery codes");
    assert.equal(await page.locator("[data-codes]").textContent(), codes);
});
