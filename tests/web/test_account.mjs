// test_account.mjs - the settings of two-step verification.

import assert from "node:assert/strict";
import { prove, test } from "./harness.mjs";

const TRUSTED = "[aria-labelledby=devices]";
const LOGGED_IN = "[aria-labelledby=sessions]";
const AUTHENTICATOR = "[aria-labelledby=factor]";

test("the authenticator shows when and from where it was registered", {}, async (reader, page) => {
    await reader.account("trusted");
    const day = new Date(Date.now() - 40 * 86400000);
    const shown = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "Asia/Seoul" }).format(day);
    const text = (await page.locator(`${AUTHENTICATOR} dl`).textContent()).replaceAll("\u00a0", " ");
    for (const part of [shown, "192.0.2.14", "10 left"]) assert.ok(text.includes(part), `${part} in ${text}`);
});

test("setting up again asks for a code first, and keeps asking until it is right", {}, async (reader, page) => {
    await reader.account("trusted");
    await reader.button("Set up again").click();
    await prove(reader, page, "code", "654321");
    await page.locator("dialog [role=alert]:not(:empty)").waitFor();
    await prove(reader, page, "code", "123456");
    await reader.heading("Set up two-step verification");
    await reader.code();
    await reader.heading("Keep your recovery codes");
    assert.equal(await reader.said(), "The authenticator is set up.");
    await reader.button("I have kept them").click();
    await reader.arrived();
    await page.getByText("marked as kept").waitFor();
});

test("a first registration asks for the password first, and can be given up", {}, async (reader, page) => {
    await reader.account("plain");
    await page.getByText("Not set up yet").waitFor();
    await reader.button("Set up authenticator").click();
    await prove(reader, page, "password", "guess");
    await page.locator("dialog [role=alert]:not(:empty)").waitFor();
    await prove(reader, page, "password", "secret");
    await reader.heading("Set up two-step verification");
    await reader.button("Cancel").click();
    await page.getByText("Not set up yet").waitFor();
});

test("Escape leaves the reauthentication and changes nothing", {}, async (reader, page) => {
    await reader.account("trusted");
    await reader.button("Set up again").click();
    await page.locator("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await reader.heading("Two-step verification settings");
    await reader.arrived();
    await reader.button("Set up again").click();
    await page.locator("dialog").waitFor();
});

test("a code opens sensitive changes, but not the deletion of the authenticator", {}, async (reader, page) => {
    await reader.signIn("code");
    await reader.heading("Two-step verification");
    await reader.code();
    await reader.arrived();
    await reader.button("Set up again").click();
    await reader.heading("Set up two-step verification");
    await reader.button("Cancel").click();
    await reader.button("Delete authenticator").click();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("dialog [name=code]").waitFor();
    assert.equal((await reader.focused()).name, "code");
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.getByText("Set up", { exact: true }).waitFor();
});

test("deleting the authenticator asks whether it is meant", {}, async (reader, page) => {
    await reader.account("trusted");
    await reader.button("Delete authenticator").click();
    await page.locator("dialog").waitFor();
    assert.equal((await reader.focused()).textContent, "Cancel");
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.getByText("Set up", { exact: true }).waitFor();
    await reader.button("Delete authenticator").click();
    await page.locator("dialog").getByRole("button", { name: "Delete authenticator" }).click();
    await prove(reader, page, "code", "654321");
    assert.match(await reader.alert(), /not right/);
    await prove(reader, page, "code", "123 456");
    await page.getByText("Not set up yet").waitFor();
    assert.equal(await reader.said(), "The authenticator is deleted.");
});

test("new recovery codes are made and shown", {}, async (reader, page) => {
    await reader.account("trusted");
    await reader.button("New recovery codes").click();
    await page.locator("dialog").getByRole("button", { name: "New recovery codes" }).click();
    await prove(reader, page, "code", "123456");
    await reader.heading("Keep your recovery codes");
    assert.equal(await page.locator("[data-codes] code").count(), 10);
});

test("use and skip are the member's choice while that is optional", {}, async (reader, page) => {
    await reader.account("plain");
    assert.equal(await page.isChecked("[value=skip]"), true);
    await page.check("[value=use]");
    await reader.button("Save").click();
    const sent = page.waitForRequest("**/api/account/two-factor-mode");
    await prove(reader, page, "password", "secret");
    assert.deepEqual((await sent).postDataJSON(), { two_factor_mode: "use" });
    assert.equal(await reader.said(), "Your choice is saved.");
    assert.equal(await page.isChecked("[value=use]"), true);
});

// What holds and why, and how many choices there are.
const STANDINGS = {
    trusted: [/is on because you set up an authenticator/, /인증자를 등록했기 때문에 2단계 인증을 사용하고/, 2],
    required: [/is on because your administrator requires it/, /관리자가 필수로 정했기 때문에 2단계 인증을 사용하고/, 0],
    plain: [/is off because you chose to skip it/, /생략을 선택했기 때문에 2단계 인증을 사용하지 않고/, 2],
    off: [/is off because your administrator switched it off/, /관리자가 이 계정에서 2단계 인증을 껐기 때문에/, 0],
    stepper: [/Signing in takes the password alone/, /로그인할 때는 비밀번호만 묻고/, 0],
    excused: [/is off because your administrator excused this account/, /관리자가 이 계정을 2단계 인증에서 제외했기/, 0],
};
for (const [word, [english, korean, choices]] of Object.entries(STANDINGS)) {
    test(`a headline says what holds and why: ${word}`, {}, async (reader, page) => {
        await reader.account(word);
        assert.match(await page.locator("[data-standing]").textContent(), english);
        assert.equal(await page.locator("[type=radio]").count(), choices);
        await reader.button("한국어").click();
        await page.locator("[data-standing]", { hasText: korean }).waitFor();
    });
}

test("the present device comes first, and devices of equal names are numbered", {}, async (reader, page) => {
    await reader.devices("many");
    const names = await page.locator(`${LOGGED_IN} tbody b`).allTextContents();
    assert.equal(names[0], "Windows 10, Chrome");
    assert.equal(new Set(names).size, names.length, names.join());
    assert.ok(names.includes("Windows 10, Chrome (5)"), names.join());
    const buttons = page.locator(`${LOGGED_IN} tbody button`);
    const labels = await buttons.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    assert.equal(new Set(labels).size, names.length - 1);
});

test("whoever signed in by password alone can verify at once, and is then asked no more", {}, async (reader, page) => {
    await reader.account("stepper");
    await reader.button("Verify now").click();
    await page.getByText("Confirm with your second factor that it is you.").waitFor();
    await prove(reader, page, "code", "123456");
    await page.getByText("You have confirmed lately that it is you").waitFor();
    assert.equal(await reader.button("Verify now").count(), 0);
});

test("verification that is switched off offers no choice or registration", {}, async (reader, page) => {
    await reader.account("off");
    await page.getByText("because your administrator switched it off").waitFor();
    assert.equal(await page.locator("[type=radio]").count(), 0);
    assert.equal(await reader.button("Set up authenticator").count(), 0);
});

test("an authenticator that is left over when verification is switched off can only be deleted", {},
    async (reader, page) => {
        await reader.account("former");
        await page.getByText("because your administrator switched it off").waitFor();
        for (const name of ["Set up again", "New recovery codes", "Set up authenticator"]) {
            assert.equal(await reader.button(name).count(), 0, name);
        }
        await reader.button("Delete authenticator").waitFor();
    });

test("it says that mail programs are left alone", {}, async (reader, page) => {
    await reader.account("plain");
    assert.match(await page.locator("main > p").nth(1).textContent(), /IMAP, POP3 or SMTP/);
    await reader.button("한국어").click();
    await page.locator("main > p", { hasText: "IMAP, POP3, SMTP" }).waitFor();
});

test("trust is taken from one device, with name, date and address shown", {}, async (reader, page) => {
    await reader.devices("trusted");
    const rows = page.locator(`${TRUSTED} tbody tr`);
    assert.equal(await rows.count(), 2);
    for (const part of ["Windows 10, Chrome", "192.0.2.14", "This device"]) {
        assert.ok((await rows.first().textContent()).includes(part), part);
    }
    await reader.button("Remove iPhone, Safari").click();
    await reader.said();
    assert.equal(await rows.count(), 1);
    assert.equal((await reader.focused()).id, "devices");
    await reader.button("Remove Windows 10, Chrome").click();
    await page.getByText("No device is trusted").waitFor();
});

test("a signed-in device is signed out, but not the one in use", {}, async (reader, page) => {
    await reader.devices("trusted");
    const rows = page.locator(`${LOGGED_IN} tbody tr`);
    assert.equal(await rows.count(), 3);
    assert.ok((await rows.first().textContent()).includes("Signed in now"));
    assert.equal(await rows.first().getByRole("button").count(), 0);
    const sent = page.waitForRequest("**/api/account/sessions/end");
    await reader.button("Sign out Linux, Firefox").click();
    assert.deepEqual((await sent).postDataJSON(), { id: 22 });
    await reader.said();
    assert.equal(await rows.count(), 2);
});

test("all other devices are signed out at once", {}, async (reader, page) => {
    await reader.devices("trusted");
    await reader.button("Sign out everywhere else").click();
    await page.locator("dialog").getByRole("button", { name: "Sign out everywhere else" }).click();
    await prove(reader, page, "code", "123456");
    await page.getByText("Every other device is signed out.").waitFor();
    assert.equal(await page.locator(`${LOGGED_IN} tbody tr`).count(), 1);
    assert.equal(await reader.button("Sign out everywhere else").count(), 0);
});

test("a change that fails says so and changes nothing", {}, async (reader, page) => {
    await reader.devices("trusted");
    await reader.fail("/api/account/devices/remove", 503, { error: "try-again-later", wait: 8 });
    await reader.button("Remove iPhone, Safari").click();
    assert.match(await reader.alert(), /cannot answer just now.*8 seconds/);
    assert.equal(await page.locator(`${TRUSTED} tbody tr`).count(), 2);
});

const ENDS = {
    "signed out in another window": [null, /another window/],
    "ended from another device": ["pl_ss_x", /from another device/],
    expired: ["expired", /some time has passed/],
};
const PLACES = {
    "at the next click": (reader) => reader.button("Remove iPhone, Safari").click(),
    "when the reader comes back": (reader, page) =>
        page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))),
    "when the page is loaded again": (reader, page) => page.reload(),
};
for (const [what, [cookie, words]] of Object.entries(ENDS)) {
    test(`a session that was ${what} leads to the sign-in with the reason`, {}, async (reader, page) => {
        for (const [where, go] of Object.entries(PLACES)) {
            await page.context().clearCookies();
            await reader.devices("trusted");
            const [held] = await page.context().cookies();
            await page.context().clearCookies();
            if (cookie) await page.context().addCookies([{ ...held, value: cookie }]);
            await go(reader, page);
            await reader.heading("Sign in");
            // Nothing is left that would tell who loads the page anew from who comes for the first time.
            if (!cookie && where === "when the page is loaded again") continue;
            assert.match(await page.locator("[data-note]").textContent(), words, where);
        }
    });
}

test("the account page waits for a server that cannot answer", {}, async (reader) => {
    await reader.fail("/api/account", 503, { error: "try-again-later", wait: 1 });
    await reader.signIn("plain");
    await reader.heading("Just a moment");
    await reader.heading("Two-step verification settings");
});

test("signing out ends the session and says so", {}, async (reader, page) => {
    await reader.account("plain");
    await reader.button("Sign out").click();
    await page.getByText("You are signed out.").waitFor();
    await reader.open("/account");
    await reader.heading("Sign in");
});

test("a webmail that cannot prove whose session it ends has the reader asked", {}, async (reader, page) => {
    await reader.account("plain");
    await reader.open("/sign-out");
    await reader.heading("Sign out?");
    await page.getByText("plain@demo.test").waitFor();
    await reader.button("Sign out").click();
    await page.getByText("You are signed out.").waitFor();
});

test("the webmail is one click away", {}, async (reader, page) => {
    await reader.account("plain");
    const link = page.getByRole("link", { name: "Back to webmail" });
    assert.equal(await link.getAttribute("href"), "http://localhost/mail/");
});
