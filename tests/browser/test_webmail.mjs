// test_webmail.mjs - Roundcube with a token: mail, filters, settings, log-out, and no other way in.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { env, log, newMember, opens, postlatch, roundcube, sql, until } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

// From the inbox: a letter to oneself, sent and read.
async function writeAndRead(visitor) {
    const { address } = visitor.member;
    await visitor.send(address, "to myself", "A letter by webmail.");
    await visitor.await("to myself");
    assert.match(await visitor.read("to myself"), /A letter by webmail\./);
    assert.ok(log("mail").includes(`sasl_method=XOAUTH2, sasl_username=${address}`));
}

async function filters(visitor) {
    await visitor.page.goto(`${env.WEBMAIL_URL}/?_task=settings&_action=plugin.managesieve`);
    await visitor.page.locator("#filterslist").waitFor({ state: "attached" });
    const pattern = `managesieve-login: (Info: )?(Login|Logged in): user=<${visitor.member.address}>, method=XOAUTH2`;
    await until("a login to ManageSieve", () => new RegExp(pattern).test(log("dovecot")));
    assert.equal(await visitor.page.locator("#messagestack .error").count(), 0);
}

test("mail is sent and read, and filters open, all by one token", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await writeAndRead(visitor);
    await filters(visitor);
});

test("webmail works while the member's imap and smtp are off", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember("imap=off", "smtp=off", "pop3=off"));
    const { address, password } = visitor.member;
    await visitor.begin();
    await writeAndRead(visitor);
    await filters(visitor);
    assert.equal(await opens(address, "PLAIN", password), false);
});

test("an entry of the settings opens the account pages", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await visitor.twoStepSettings("Two-step verification");
    await visitor.heading("account.title");
    await page.getByRole("link", { name: visitor.t("devices.page") }).click();
    await visitor.section("sessions").getByText(visitor.t("sessions.now")).waitFor();
    await page.getByRole("link", { name: visitor.t("app.webmail") }).click();
    await visitor.inbox();
});

test("log-out ends the session of the portal and kills its tokens", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    const { address } = visitor.member;
    await visitor.begin();
    const token = await visitor.token();
    const kept = await page.context().cookies();
    const alive = `SELECT count(*) FROM session s JOIN member m ON m.id = s.member_id
        WHERE m.local = '${address.split("@")[0]}'`;
    assert.equal(await sql(alive), "1");

    await visitor.logOut();
    assert.equal(await sql(alive), "0");
    assert.equal((await visitor.session()).state, "none");
    assert.equal(await opens(address, "XOAUTH2", token), false);
    // What somebody kept of the browser is worth nothing.
    await page.context().addCookies(kept);
    await page.goto(`${env.WEBMAIL_URL}/?_task=mail`);
    await visitor.isAtSignIn();
    await page.goto(`${env.PORTAL_URL}/account`);
    await visitor.isAtSignIn();
});

// As if an hour had passed for Roundcube: it holds the access token to have run out.
async function runOut(page) {
    const name = "roundcube_sessid";
    const id = (await page.context().cookies(env.WEBMAIL_URL)).find((cookie) => cookie.name === name).value;
    const vars = await roundcube(`SELECT vars FROM session WHERE sess_id = '${id}'`);
    const session = Buffer.from(vars, "base64").toString("latin1");
    const older = session.replace(/s:7:"expires";i:(\d+);/, (all, at) => `s:7:"expires";i:${at - 7200};`);
    assert.notEqual(older, session);
    const changed = Buffer.from(older, "latin1").toString("base64");
    await roundcube(`UPDATE session SET vars = '${changed}' WHERE sess_id = '${id}'`);
}

test("an access token that has run out is renewed", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const tokens = `SELECT count(*) FROM token t JOIN session s ON s.id = t.session_id
        JOIN member m ON m.id = s.member_id WHERE m.local = '${visitor.member.address.split("@")[0]}'`;
    const before = Number(await sql(tokens));
    await runOut(page);
    await visitor.refresh();
    await until("a new access token", async () => Number(await sql(tokens)) > before);
    await page.reload();
    await visitor.inbox();
});

test("an access token that has run out is not renewed when the session has ended", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await runOut(page);
    await postlatch("session", "revoke", visitor.member.address, "--all");
    await visitor.refresh();
    await visitor.isAtSignIn();
});

test("log-out in the portal ends webmail with the next click", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await visitor.account();
    await visitor.button("app.sign-out").click();
    await visitor.isAtSignIn();
    await page.goto(`${env.WEBMAIL_URL}/?_task=settings`);
    await visitor.isAtSignIn();
});
