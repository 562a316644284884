// test_console_boundaries.mjs - what a script in the page of an administrator cannot do, whatever it sends: it has the
// session, and there is no form for any of this.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { addMember, newDomain, settingsOf } from "./console_jobs.mjs";
import { env, postlatch, sql } from "./server.mjs";

const API = "/api/admin/v1";

// From within the page, with its cookies: the status and what is wrong.
function ask(page, method, path, headers, body) {
    return page.evaluate(async (wanted) => {
        const answer = await fetch(wanted.path, {
            method: wanted.method, headers: { "Content-Type": "application/json", ...wanted.headers },
            body: JSON.stringify(wanted.body),
        });
        return [answer.status, (await answer.json()).error];
    }, { method, path: API + path, headers, body });
}

// An administrator of one of two domains, with a member in each.
async function two(reader, role = "domain") {
    const [domain, other] = [await newDomain("one"), await newDomain("one")];
    const visitor = await administrator(reader, role, [domain]);
    const { csrf } = await visitor.session();
    const { page } = visitor;
    return {
        page, domain, other, member: `one@${domain}`, foreign: `one@${other}`,
        send: (method, path, body, headers = {}) => ask(page, method, path, { "X-CSRF-Token": csrf, ...headers }, body),
        tagOf: async (path) => (await page.request.get(env.PORTAL_URL + API + path)).headers().etag,
    };
}

async function appPassword(member) {
    await postlatch("app-password", "create", member, "--label", "phone");
    return JSON.parse(await postlatch("--json", "app-password", "list", member))[0].id;
}

test("console, boundaries: fields that no form has are refused, with all that was sent beside them", {}, async (reader) => {
    const { member, domain, send, tagOf } = await two(reader);
    for (const [path, fields] of [
        [`/members/${member}`, ["domain", "member", "generation", "opted_out", "role", "created_at", "settings"]],
        [`/domains/${domain}`, ["known", "alias_of", "domain", "members"]],
    ]) {
        const tag = await tagOf(path);
        for (const field of fields) {
            const answer = await send("PATCH", path, { pop3: "off", [field]: "x" }, { "If-Match": tag });
            assert.deepEqual(answer, [400, "bad-request"], field);
        }
        assert.deepEqual(await send("PATCH", path, { pop3: "inherit" }, { "If-Match": tag }), [200, undefined], path);
    }
    assert.deepEqual(await send("POST", "/members", { member: `new@${domain}`, role: "server" }), [400, "bad-request"]);
    assert.equal((await settingsOf(member)).pop3.value, "on");
});

test("console, boundaries: what belongs to another member or domain is not found by its number", {}, async (reader) => {
    const { member, domain, other, foreign, send } = await two(reader);
    await addMember(domain, "two");
    const [own, theirs] = [await appPassword(member), await appPassword(foreign)];
    for (const path of [`/members/${member}/app-passwords/${theirs}`, `/members/two@${domain}/app-passwords/${own}`,
        `/members/${foreign}/app-passwords/${theirs}`, `/members/${member}/devices/${own}`]) {
        assert.deepEqual(await send("DELETE", path, {}), [404, "not-found"], path);
    }
    assert.deepEqual(await send("POST", `/members/${foreign}/factor/remove`, {}), [404, "not-found"]);
    assert.deepEqual(await send("PATCH", `/domains/${other}`, { pop3: "off" }, { "If-Match": '"x"' }), [404, "not-found"]);
    const job = { members: [foreign], change: { pop3: "off" }, expect: 1 };
    assert.deepEqual(await send("POST", "/jobs", job), [409, "other-number"]);
    for (const address of [member, foreign]) {
        assert.equal(JSON.parse(await postlatch("--json", "app-password", "list", address)).length, 1, address);
    }
    assert.equal((await settingsOf(foreign)).pop3.value, "on");
});

test("console, boundaries: no role gives itself more, and the last word on a role is not its bearer's", {},
    async (reader) => {
        for (const role of ["helpdesk", "domain"]) {
            const { page, send } = await two(await reader.another(), role);
            const { name } = await page.evaluate(async (path) => (await fetch(path)).json(), `${API}/me`);
            assert.deepEqual(await send("POST", "/administrators", { member: name, role: "server", domains: [] }),
                [403, "role"]);
            assert.deepEqual(await send("POST", "/keys", { label: "x", role: "server", domains: [] }), [403, "role"]);
        }
        const server = await administrator(await reader.another(), "server");
        const { csrf } = await server.session();
        const { address } = server.member;
        assert.deepEqual(await ask(server.page, "POST", "/administrators", { "X-CSRF-Token": csrf },
            { member: address, role: "helpdesk", domains: ["demo.test"] }), [409, "own-account"]);
        assert.equal((await server.api("/me")).role, "server");
    });

test("console, boundaries: without the page's token and from a page of somebody else nothing is changed", {},
    async (reader, page) => {
        const { member, send, tagOf } = await two(reader);
        const tag = await tagOf(`/members/${member}`);
        for (const token of ["", "x".repeat(43)]) {
            const headers = { "If-Match": tag, "X-CSRF-Token": token };
            assert.deepEqual(await send("PATCH", `/members/${member}`, { pop3: "off" }, headers), [403, "csrf"]);
        }
        // A form of somebody else's page, which the browser sends like any other.
        await page.goto("about:blank");
        await page.setContent(`<form method="post" enctype="text/plain"
            action="${env.PORTAL_URL}${API}/members/${member}/factor/remove">
            <input name='{"reason":"x' value='"}'><button>send</button></form>`);
        const answered = page.waitForResponse((response) => response.url().endsWith("/factor/remove"));
        await page.click("button");
        assert.ok([401, 403, 415].includes((await answered).status()));
        assert.equal((await settingsOf(member)).pop3.value, "on");
    });

test("console, boundaries: a key that has expired opens nothing, beside the session of a browser either", {},
    async (reader) => {
        const { page, send } = await two(reader, "helpdesk");
        const made = JSON.parse(await postlatch("--json", "api-key", "add", "--role", "server", "--label", "old"));
        const headers = { Authorization: `Bearer ${made.key}` };
        const members = () => page.evaluate(async ([path, sent]) => (await fetch(path, { headers: sent })).status,
            [`${API}/administrators`, headers]);
        assert.equal(await members(), 200);
        await sql(`UPDATE api_key SET expires_at = 1 WHERE administrator_id = ${made.id}`);
        assert.equal(await members(), 401);
        const key = { label: "x", role: "server", domains: [] };
        assert.deepEqual(await send("POST", "/keys", key, headers), [401, "key-refused"]);
    });
