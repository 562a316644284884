// test_console.mjs - who gets into the console, and how.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator, newAdministrator } from "./console.mjs";
import { env, sql } from "./server.mjs";

// What of the console the browser asks for, while the page is used.
function modules(page) {
    const found = [];
    page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (/^\/web\/.*console/.test(pathname)) found.push(pathname);
    });
    return found;
}

const idOf = ({ member: { address } }) => `(SELECT id FROM member WHERE local = '${address.split("@")[0]}')`;

test("console: a member who is not an administrator sees no link to it, and loads none of its modules", {},
    async (reader, page) => {
        const found = modules(page);
        const visitor = await newAdministrator(reader, null);
        await visitor.signInFor("/account");
        await visitor.heading("account.title");
        assert.equal(await page.locator("a[href='/console']").count(), 0);
        await page.goto(`${env.PORTAL_URL}/console/api-keys`);
        await visitor.heading("entrance.title");
        assert.equal(await visitor.menu().count(), 0);
        await visitor.api("/me", 403);
        assert.deepEqual(found, []);
    });

test("console: administrators of each role get there from their account, and see what their role may see", {},
    async (reader) => {
        for (const role of ["helpdesk", "domain", "server"]) {
            const visitor = await administrator(await reader.another(), role, undefined, "/account");
            await visitor.page.locator("header a[href='/console']").click();
            await visitor.heading("overview.title");
            await visitor.page.locator("header").getByText(visitor.t(`role.${role}`)).waitFor();
            assert.equal((await visitor.api("/me")).role, role);
        }
    });

test("console: an administrator without a second factor is led to registration, and in then", {}, async (reader, page) => {
    const visitor = await newAdministrator(reader, "server");
    await page.goto(`${env.PORTAL_URL}/console`);
    await visitor.signIn();
    await visitor.heading("registration.title");
    await visitor.button("registration.later").click();
    await visitor.heading("refusal.factor-title");
    await page.getByRole("link", { name: visitor.t("refusal.register") }).click();
    await visitor.register();
    await visitor.open("/console");
    await visitor.heading("overview.title");
});

test("console: an administrator who needs another kind of second factor is told which", {}, async (reader, page) => {
    const visitor = await administrator(reader, "server");
    await reader.fail("/api/admin/v1/me", 403, { error: "other-second-factor-needed", factors: ["passkey", "approval"] });
    await page.reload();
    await visitor.heading("refusal.kind-title");
    await page.getByText(/a passkey, a phone that approves sign-ins/).waitFor();
    await page.getByRole("link", { name: visitor.t("refusal.register") }).click();
    await visitor.heading("account.title");
});

test("console: a session without a recent code is asked for one, and may decline", {}, async (reader, page) => {
    const visitor = await administrator(reader, "server");
    await sql(`UPDATE session SET reauthenticated_at = 0 WHERE member_id = ${idOf(visitor)}`);
    await page.reload();
    await page.locator("dialog [name=code]").waitFor();
    await page.keyboard.press("Escape");
    await visitor.heading("refusal.code-title");
    await visitor.button("refusal.prove").click();
    await visitor.prove();
    await visitor.heading("overview.title");
});

test("console: a session that is over comes back to the page, with what was in its address", {}, async (reader, page) => {
    const visitor = await administrator(reader, "server");
    await visitor.open("/console?search=x");
    await sql(`DELETE FROM session WHERE member_id = ${idOf(visitor)}`);
    await page.reload();
    await visitor.signIn();
    await visitor.heading("code.title");
    await visitor.enter(await visitor.phone.code());
    await visitor.heading("overview.title");
    assert.equal(new URL(page.url()).search, "?search=x");
});
