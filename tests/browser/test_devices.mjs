// test_devices.mjs - trusted devices, a stolen one, and log-out of a device from another one.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { env, imap, newMember, opens, sql, until } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const DEVICE = "__Host-postlatch-device";
const WEBMAIL = "127.0.0.2"; // the address that the webmail connects from

// A member whose first browser is at work, and whose second one, with trust, at home.
async function trusting(reader) {
    const work = new Visitor(reader, await newMember());
    await work.begin();
    const home = await work.elsewhere();
    await home.comeBack({ trust: true });
    return { work, home };
}

test("a trusted device signs in with the password alone, until it is removed", {}, async (reader, page) => {
    const { work, home } = await trusting(reader);
    const first = await home.cookie(DEVICE);
    await home.logOut();
    await home.signIn();
    await home.inbox();
    assert.notEqual(await home.cookie(DEVICE), first);

    await work.devices();
    await work.section("devices").getByRole("button").click();
    await work.says("devices.removed");
    assert.equal(await page.locator("[aria-labelledby=devices] tbody tr").count(), 0);
    await home.logOut();
    await home.signIn();
    await home.heading("code.title");
});

test("a copied trusted device's cookie ends the trust, and the member is told", {}, async (reader) => {
    const { work, home } = await trusting(reader);
    const stolen = (await home.page.context().cookies(env.PORTAL_URL)).filter(({ name }) => name === DEVICE);
    assert.equal(stolen.length, 1);
    await home.logOut();
    await home.signIn();
    await home.inbox();
    // The old value is good for some seconds, as a browser may ask twice at once.
    await sql("UPDATE trusted_device SET rotated_at = rotated_at - 60");

    const thief = await work.elsewhere();
    await thief.page.context().addCookies(stolen);
    await thief.knock();
    await thief.heading("code.title");
    assert.equal(await thief.cookie(DEVICE), undefined);
    await work.await("A trusted device may have been copied");
    await home.logOut();
    await home.signIn();
    await home.heading("code.title");
});

const CLICKS = {
    "for a list": (victim) => victim.refresh(),
    "for a message in a frame": (victim) => victim.message("Two-step verification was set up").click(),
    "for a page": (victim) => victim.page.locator("a.settings").click(),
};

for (const [what, click] of Object.entries(CLICKS)) {
    test(`a device that is logged out elsewhere is back at the sign-in with the next click ${what}`, {},
        async (reader) => {
            const { work, home } = await trusting(reader);
            await home.await("Two-step verification was set up");
            const token = await home.token();
            const { open, ended } = await imap(home.member.address, "XOAUTH2", token, WEBMAIL);
            assert.equal(open, true);

            await work.devices();
            await work.section("sessions").getByRole("button").first().click();
            await work.says("sessions.ended");
            await ended;
            assert.equal(await opens(home.member.address, "XOAUTH2", token), false);
            assert.equal(await work.section("devices").locator("tbody tr").count(), 0);
            await click(home);
            await home.isAtSignIn();
            await home.says("notice.ended");
            await home.signIn();
            await home.heading("code.title");
            // The one at work goes on.
            await work.page.goto(env.WEBMAIL_URL);
            await work.inbox();
        });
}

test("a letter that is being written when its device is logged out is kept", {}, async (reader) => {
    const { work, home } = await trusting(reader);
    await home.page.goto(`${env.WEBMAIL_URL}/?_task=mail&_action=compose`);
    await home.page.fill("#compose-subject", "half a letter");
    await home.page.fill("#composebody", "Dear");
    await work.devices();
    await work.section("sessions").getByRole("button").first().click();
    await work.says("sessions.ended");
    await home.page.click("a.save.draft, a.save");
    await until("Roundcube has seen it", () => home.page.evaluate(() => window.rcmail.env.server_error === 401));
    assert.equal(await home.page.inputValue("#composebody"), "Dear");
});
