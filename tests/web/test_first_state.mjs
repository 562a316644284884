// test_first_state.mjs - what the server puts into the page: the session, and the operator's brand.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

test("the session that comes with the page is not asked for once more", {}, async (reader, page) => {
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await reader.blocks({
        state: { state: "pending", next: "code", address: "first@demo.test", csrf: "token", recovery: true, why: null,
            factors: ["totp"], passkeys: false },
    });
    await reader.open("/sign-in");
    await reader.heading("Two-step verification");
    await page.getByText("first@demo.test").waitFor();
    assert.ok(!asked.includes("/api/session"), asked.join());
    const sent = page.waitForRequest("**/api/sign-in/code");
    await reader.code();
    assert.equal((await sent).headers()["x-csrf-token"], "token");
});

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9"/></svg>';
const BRAND = {
    names: { en: "Harbour Mail", ko: "항구 메일" },
    footers: { en: "Harbour Office, 1 Pier Road", ko: null },
    help: "https://help.test/mail",
    password: "https://help.test/password",
    logo: { light: "/brand/1/logo.svg", dark: "/brand/1/logo-dark.svg" },
};

test("the operator's name, logo, footer and links are drawn, in the reader's language", {}, async (reader, page) => {
    await page.route("**/brand/1/*", (route) => route.fulfill({ contentType: "image/svg+xml", body: LOGO }));
    await reader.blocks({ brand: BRAND, state: { ...await reader.stateOf("/sign-in"), password_recovery: false } });
    await reader.open("/sign-in");
    const named = (name) => page.locator("header strong", { hasText: new RegExp(`^\\s*${name}\\s*$`) }).waitFor();
    await named("Harbour Mail");
    assert.equal(await page.title(), "Sign in - Harbour Mail");
    await page.getByText("Use your mail address to continue to Harbour Mail.").waitFor();
    await page.getByText("Harbour Office, 1 Pier Road").waitFor();
    const address = (link) => page.getByRole("link", { name: link }).getAttribute("href");
    assert.equal(await address("Help"), BRAND.help);
    assert.equal(await address("Forgotten your password?"), BRAND.password);
    const shown = () => page.locator("header img").evaluate((image) => new URL(image.currentSrc).pathname);
    assert.equal(await shown(), BRAND.logo.light);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction(() => document.querySelector("header img").currentSrc.endsWith("logo-dark.svg"));
    await reader.button("한국어").click();
    await named("항구 메일");
    assert.equal(await page.locator("footer small").count(), 0);
});
