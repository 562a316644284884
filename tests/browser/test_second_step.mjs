// test_second_step.mjs - codes and recovery codes; what a session is worth that has the password alone.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { env, newMember, opens, routes } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

test("a wrong code and one that was used let nobody in, and the next right one does", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const first = await visitor.elsewhere();
    const second = await visitor.elsewhere();
    for (const each of [first, second]) {
        await each.knock();
        await each.heading("code.title");
    }
    await second.enter("000000");
    await second.says("error.wrong-code");
    // A code is known as used for two steps.
    const used = await visitor.phone.code();
    await first.enter(used);
    await first.inbox();
    await second.enter(used);
    await second.says("error.code-used");
    assert.equal((await second.session()).state, "pending");
    await second.enter(await visitor.phone.code());
    await second.inbox();
});

test("of two windows at the code step the second goes on when the first is through", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const first = await visitor.elsewhere();
    await first.knock();
    await first.heading("code.title");
    const second = await first.page.context().newPage();
    await second.goto(first.page.url());
    await second.fill("[name=code]", "000000");
    await first.enter(await visitor.phone.code());
    await first.inbox();
    await second.click("form [type=submit]");
    await second.waitForURL((url) => url.origin === env.WEBMAIL_URL);
});

test("a recovery code lets in without the phone, once", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const without = await visitor.elsewhere();
    await without.knock();
    await without.button("code.recovery").click();
    await without.enter(visitor.recoveryCodes[4].toUpperCase());
    await without.inbox();
    await without.await("A recovery code was used");
    await without.account();
    await without.section("factor").getByText("9 left").waitFor();
    await without.page.context().clearCookies();
    await without.knock();
    await without.button("code.recovery").click();
    await without.enter(visitor.recoveryCodes[4]);
    await without.says("error.wrong-recovery-code");
});

// As many bodies as the routes have kinds of fields; none of them is right.
const ASSERTION = { id: "AA", client_data: "AA", authenticator_data: "AA", signature: "AA" };
const NEW_PASSKEY = { client_data: "AA", authenticator_data: "AA", name: "x" };
const BODIES = {
    "/api/sign-in/passkey": ASSERTION,
    "/api/sign-in/registration/passkey": NEW_PASSKEY,
    "/api/account/reauthentication/passkey": ASSERTION,
    "/api/account/passkeys": NEW_PASSKEY,
    "/api/account/passkeys/rename": { id: 1, name: "x" },
    "/api/account/passkeys/remove": { id: 1 },
    "/api/sign-in/approval/finish": {},
    "/api/sign-in/registration/approval/confirm": { number: "000000" },
    "/api/account/phones": { number: "000000" },
    "/api/account/phones/remove": { id: 1 },
    "/api/sign-in/code": { code: "000000" },
    "/api/sign-in/recovery": { code: "aaaa-aaaa-aaaa-aaaa" },
    "/api/sign-in/registration/confirm": { code: "000000" },
    "/api/sign-in/identity": {},
    "/api/sign-in/identity/code": { token: "x", code: "000000" },
    "/api/sign-in/identity/confirm": { proof: "x", code: "aaaa-aaaa-aaaa-aaaa" },
    "/api/account/reauthentication": { password: "x" },
    "/api/account/two-factor-mode": { two_factor_mode: "skip" },
    "/api/account/registration/confirm": { code: "000000" },
    "/api/account/factor/remove": { code: "000000" },
    "/api/account/devices/remove": { id: 1 },
    "/api/account/sessions/end": { id: 1 },
    "/api/account/applications/revoke": { id: 1 },
    "/api/account/app-passwords": { kind: "mail", label: "x" },
    "/api/account/app-passwords/narrow": { id: 1 },
    "/api/account/app-passwords/revoke": { id: 1 },
    "/api/account/app-passwords/profile": { id: 1, password: "x" },
    "/api/account/password": { old: "x", new: "y", end_others: false },
    "/api/account/links/extend": { id: 1 },
    "/api/account/links/password": { id: 1, password: "x" },
    "/api/account/links/withdraw": { id: 1 },
    "/api/account/recovery/decision": { decision: "refuse", sha256: "x", language: "en" },
    "/api/account/recovery/contact": { kind: "mail", value: "x@elsewhere.test" },
    "/api/account/recovery/confirm": { kind: "mail", code: "000000" },
    "/api/account/recovery/cancel": { kind: "mail" },
    "/api/account/recovery/remove": { kind: "mail" },
    "/api/account/forwarding": { enabled: true, keep_copy: true },
    "/api/account/forwarding/targets": { address: "x@elsewhere.test" },
    "/api/account/forwarding/targets/code": { id: 1 },
    "/api/account/forwarding/targets/confirm": { id: 1, code: "000000" },
    "/api/account/forwarding/targets/remove": { id: 1 },
    "/api/forgotten-password/factor": { proof: "x", code: "1" },
    "/api/forgotten-password/new": { proof: "x", new: "y", end_app_passwords: false },
    "/api/consent": { request: "x", allow: true },
    "/upload": { name: "x", size: 1 },
};
const QUERIES = { "GET /api/consent": "?request=x" };
// These tell what has become of what this sign-in has asked a phone for, and it has asked for nothing.
const ASKED_NOTHING = ["GET /api/sign-in/approval", "GET /api/sign-in/registration/approval"];
const REFUSED = {
    pending: [403, 409, 422],
    authenticated: [401],
    reauthenticated: [401],
    recovering: [403, 404],
    bearer: [401],
    client: [401],
    webmail: [401],
};

// From within the page, as a script in it would: with its cookies and its token.
function askInPage(page, { method, path }, csrf) {
    return page.evaluate(async ({ method, address, csrf, body }) => {
        const headers = { "X-CSRF-Token": csrf };
        if (body) headers["Content-Type"] = "application/json";
        return (await fetch(address, { method, headers, body: body && JSON.stringify(body) })).status;
    }, {
        method, csrf,
        address: path + (QUERIES[`${method} ${path}`] ?? ""),
        body: method === "POST" ? BODIES[path] : undefined,
    });
}

// The browser itself would ask for the name and password of a client.
async function askAsClient(page, { path }) {
    return (await page.request.post(env.PORTAL_URL + path, { form: { token: "x" } })).status();
}

test("the password alone opens no route, no webmail and no mailbox", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    const { address, password } = visitor.member;
    await visitor.begin();
    await visitor.logOut();
    await visitor.signIn();
    await visitor.heading("code.title");
    const { csrf } = await visitor.session();
    for (const route of ASKED_NOTHING) {
        const path = route.replace("GET ", "");
        assert.deepEqual(await page.evaluate(async (path) => (await fetch(path)).json(), path), { state: "none" });
    }
    const tried = (await routes()).filter(({ access, method, path }) =>
        REFUSED[access] && !ASKED_NOTHING.includes(`${method} ${path}`));
    assert.ok(tried.length >= 15, String(tried.length));
    for (const route of tried) {
        const ask = route.access === "client" ? askAsClient : askInPage;
        const status = await ask(page, route, csrf);
        assert.ok(REFUSED[route.access].includes(status), `${route.method} ${route.path}: ${status}`);
    }
    assert.equal((await visitor.session()).state, "pending");
    const away = await visitor.authorize();
    assert.equal(away.pathname, "/sign-in");
    assert.equal(away.searchParams.get("code"), null);
    await page.goto(`${env.WEBMAIL_URL}/?_task=mail&_mbox=INBOX`);
    await visitor.heading("code.title");

    const cookie = await visitor.cookie("__Host-postlatch");
    assert.match(cookie, /^pl_ss_/);
    for (const mechanism of ["XOAUTH2", "OAUTHBEARER", "PLAIN"]) {
        assert.equal(await opens(address, mechanism, cookie), false, mechanism);
    }
    // Mail programs are left alone; the webmail's own address is not one of theirs.
    assert.equal(await opens(address, "PLAIN", password), true);
    assert.equal(await opens(address, "PLAIN", password, "127.0.0.2"), false);
});

test("only its token opens the mailbox of a session, and only as a token", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    const other = await newMember();
    const { address, password } = visitor.member;
    await visitor.begin();
    const token = await visitor.token();
    assert.equal(await opens(address, "XOAUTH2", token), true);
    assert.equal(await opens(address, "OAUTHBEARER", token), true);
    assert.equal(await opens(other.address, "XOAUTH2", token), false);
    assert.equal(await opens(address, "PLAIN", token), false);
    assert.equal(await opens(address, "XOAUTH2", password), false);
    assert.equal(await opens(address, "OAUTHBEARER", password), false);
    const cookie = await visitor.cookie("__Host-postlatch");
    assert.equal(await opens(address, "XOAUTH2", cookie), false);
    assert.equal(await opens(address, "PLAIN", cookie), false);
});
