// test_refusals.mjs - who is kept out, and how it is said.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { env, newMember, postlatch } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

test("a browser without JavaScript is told so in the operator's name", { javaScriptEnabled: false, locale: "ko-KR" },
    async (reader, page) => {
        await page.goto(`${env.PORTAL_URL}/sign-in`);
        await reader.heading("페이지를 시작하지 못했습니다");
        assert.equal(await page.locator("header").textContent(), "Postlatch demo");
    });

test("a wrong password is refused, and the right one opens afterwards", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.knock("guess");
    await visitor.says("error.wrong-credentials");
    await visitor.signIn();
    await visitor.heading("registration.title");
});

test("a member who is switched off is refused, also in the middle of a session", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await postlatch("member", "set", visitor.member.address, "active=off");
    await page.reload();
    await visitor.isAtSignIn();
    await visitor.signIn();
    await visitor.says("error.wrong-credentials");
});

test("webmail that is switched off says so in the middle of a session", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await postlatch("member", "set", visitor.member.address, "webmail=off");
    await visitor.refresh();
    await page.getByText("webmail is switched off for this member").waitFor();
    await page.context().clearCookies();
    await visitor.knock();
    await visitor.says("error.wrong-credentials");
});

test("a refusal by the portal is shown in Roundcube, and not asked about for ever", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await page.goto(`${env.WEBMAIL_URL}/index.php/login/oauth?error=access_denied&error_description=not+for+you`);
    await page.getByText("not for you").waitFor();
    assert.equal(new URL(page.url()).origin, env.WEBMAIL_URL);
    await page.locator("#rcmloginoauth").click();
    await visitor.isAtSignIn();
});

test("Roundcube takes no password, though it was sent to its hidden form", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    const { address, password } = visitor.member;
    await page.goto(`${env.WEBMAIL_URL}/index.php/login/oauth?error=x`);
    assert.equal(await page.locator("[name=_pass]").count(), 0);
    const token = await page.evaluate(() => window.rcmail.env.request_token);
    const answer = await page.request.post(`${env.WEBMAIL_URL}/?_task=login`, {
        form: { _token: token, _task: "login", _action: "login", _user: address, _pass: password },
    });
    assert.equal(answer.status(), 401);
    await page.goto(`${env.WEBMAIL_URL}/?_task=mail`);
    await visitor.isAtSignIn();
});

test("a code that Roundcube did not ask for signs nobody in", {}, async (reader) => {
    const thief = new Visitor(reader, await newMember());
    await thief.begin();
    const answer = await thief.authorize();
    assert.ok(answer.searchParams.get("code"));
    const victim = await thief.elsewhere();
    await victim.page.goto(answer.href);
    await victim.page.locator("#rcmloginoauth").waitFor();
    await victim.page.goto(`${env.WEBMAIL_URL}/?_task=mail`);
    await victim.isAtSignIn();
});
