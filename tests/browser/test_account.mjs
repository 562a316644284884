// test_account.mjs - the authenticator set up again, and deleted.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { newMember, postlatch, sql } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

// As if the last reauthentication were long ago: the page asks for another one.
function longAgo({ address }) {
    const [local] = address.split("@");
    return sql(`UPDATE session SET reauthenticated_at = 0
        WHERE member_id = (SELECT id FROM member WHERE local = '${local}')`);
}

test("an authenticator that is set up again replaces the old one", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const old = visitor.phone;
    await longAgo(visitor.member);
    await visitor.account();
    await visitor.button("factor.anew").click();
    await page.locator("dialog [name=code]").fill(await old.code());
    await page.locator("dialog [type=submit]").click();
    await visitor.heading("registration.title");
    await visitor.says("registration.lead-anew");
    await visitor.register();
    await visitor.says("not-kept.done");

    const other = await visitor.elsewhere();
    await other.knock();
    await other.heading("code.title");
    await other.enter(await old.at(Math.floor(Date.now() / 30000)));
    await other.says("error.wrong-code");
    await other.enter(await visitor.phone.code());
    await other.inbox();
});

test("an authenticator that is deleted is asked for no more, and offered again", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await visitor.account();
    await visitor.button("factor.remove").click();
    // The dialog begins at the button that changes nothing.
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor({ state: "detached" });
    await visitor.button("factor.remove").click();
    await page.locator("dialog").getByRole("button", { name: visitor.t("factor.remove") }).click();
    // However recent the last code is.
    await page.locator("dialog [name=code]").fill(visitor.recoveryCodes[0].slice(1));
    await page.locator("dialog [type=submit]").click();
    await visitor.says("error.wrong-recovery-code");
    await page.locator("dialog [name=code]").fill(await visitor.phone.code());
    await page.locator("dialog [type=submit]").click();
    await visitor.says("factor.removed");
    const other = await visitor.elsewhere();
    await other.knock();
    await other.heading("registration.title");
    await other.button("registration.later").click();
    await other.inbox();
    await other.await("Two-step verification was removed");
});

test("an authenticator is not set up again where two-step verification is switched off", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await postlatch("member", "set", visitor.member.address, "two_factor=off");
    await visitor.account();
    await visitor.says("standing.switched-off");
    await visitor.button("factor.remove").waitFor();
    assert.equal(await visitor.button("factor.anew").count(), 0);
    assert.equal(await visitor.button("factor.codes").count(), 0);
});

test("new recovery codes replace the old", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await visitor.account();
    await visitor.button("factor.codes").click();
    await page.locator("dialog").getByRole("button", { name: visitor.t("factor.codes") }).click();
    const [fresh] = await visitor.keepRecoveryCodes();
    const other = await visitor.elsewhere();
    await other.knock();
    await other.button("code.recovery").click();
    await other.enter(visitor.recoveryCodes[0]);
    await other.says("error.wrong-recovery-code");
    await other.enter(fresh);
    await other.inbox();
});

test("the account page says from where the member signed in before, and leads to what has happened", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.knock();
    await visitor.button("registration.later").click();
    await visitor.inbox();
    await page.context().clearCookies();
    await visitor.knock();
    await visitor.button("registration.later").click();
    await visitor.inbox();
    await visitor.account();
    await page.getByText(/Before this you signed in at .*127\.0\.0\.1.*Chrome/).waitFor();
    await page.getByRole("link", { name: visitor.t("last-access.not-me") }).click();
    await visitor.heading("activity.page");
});
