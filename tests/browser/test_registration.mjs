// test_registration.mjs - the first sign-in: registration by QR code or key, later, required, skipped.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { env, newMember, Phone, postlatch } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

test("the first sign-in registers by QR code, and ends in the inbox", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.knock();
    await visitor.heading("registration.title");
    const uri = await visitor.scanCode();
    assert.equal(`${uri.protocol}//${uri.host}`, "otpauth://totp");
    assert.equal(decodeURIComponent(uri.pathname), `/Postlatch demo:${visitor.member.address}`);
    const { secret, ...rest } = Object.fromEntries(uri.searchParams);
    assert.deepEqual(rest, { issuer: "Postlatch demo", algorithm: "SHA1", digits: "6", period: "30" });

    visitor.phone = new Phone(secret);
    await visitor.enter(await visitor.phone.code());
    // The page is lost that shows the codes this once.
    await visitor.heading("codes.title");
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await visitor.heading("not-kept.title");
    await visitor.button("factor.codes").click();
    const codes = await visitor.keepRecoveryCodes();
    assert.equal(new Set(codes).size, 10);
    await visitor.inbox();
    await visitor.await("Two-step verification was set up");
    await visitor.account();
    await visitor.section("factor").getByText(visitor.t("factor.on"), { exact: true }).waitFor();
    await page.getByRole("link", { name: visitor.t("app.webmail") }).click();
    await visitor.inbox();
});

test("who cannot scan types the key, and it is that of the QR code", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.knock();
    await visitor.heading("registration.title");
    const secret = (await visitor.scanCode()).searchParams.get("secret");
    // A phone forgets a page while its reader is in the app.
    await visitor.page.reload();
    await visitor.heading("registration.title");
    const [account, key, kind] = await visitor.readKey();
    assert.equal(account, visitor.member.address);
    assert.match(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    assert.equal(key.replaceAll(" ", ""), secret);
    assert.equal(kind, "Time based");
    visitor.phone = new Phone(key);
    await visitor.enter(await visitor.phone.code());
    await visitor.keepRecoveryCodes();
    await visitor.inbox();
    const again = await visitor.elsewhere();
    await again.comeBack();
});

test("an optional registration can be put off, and is offered again", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    for (let time = 0; time < 2; time += 1) {
        await visitor.knock();
        await visitor.heading("registration.title");
        await visitor.button("registration.later").click();
        await visitor.inbox();
        await visitor.logOut();
    }
});

test("a required registration cannot be put off, and nothing else opens", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember("two_factor_requirement=required"));
    await visitor.knock();
    await visitor.heading("registration.title");
    await visitor.says("registration.lead-required");
    assert.equal(await visitor.button("registration.later").count(), 0);
    assert.equal((await visitor.authorize()).pathname, "/sign-in");
    for (const place of [env.WEBMAIL_URL, `${env.WEBMAIL_URL}/?_task=mail`]) {
        await page.goto(place);
        await visitor.heading("registration.title");
    }
    await page.goto(`${env.PORTAL_URL}/account`);
    await page.waitForURL((url) => url.pathname === "/sign-in");
    await visitor.heading("registration.title");
    await visitor.register();
    await page.waitForURL((url) => url.pathname === "/account");
    await visitor.says("standing.required");
    assert.equal(await page.locator("[name=two_factor_mode]").count(), 0);
    await page.goto(env.WEBMAIL_URL);
    await visitor.inbox();
});

test("who chose to skip signs in without a code, and who chose to use with one", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const choose = async (key) => {
        await visitor.account();
        await page.getByLabel(visitor.t(key)).check();
        await visitor.button("mode.save").click();
        await visitor.says("mode.saved");
    };
    await choose("mode.skip");
    const second = await visitor.elsewhere();
    await second.knock();
    await second.inbox();
    await choose("mode.use");
    const third = await visitor.elsewhere();
    await third.knock();
    await third.heading("code.title");
});

test("an administrator's skip counts for more than required", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember("two_factor_requirement=required", "two_factor_mode=skip"));
    await visitor.knock();
    await visitor.inbox();
    await visitor.account();
    await visitor.says("standing.excused");
});

test("a member whose factor an administrator resets is signed out, and registers anew", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await postlatch("totp", "reset", visitor.member.address);
    await visitor.refresh();
    await visitor.isAtSignIn();
    await visitor.signIn();
    await visitor.heading("registration.title");
    await visitor.register();
    await visitor.inbox();
});
