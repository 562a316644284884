// test_console_administrators.mjs - the pages of administrators and of API keys, and what the roles see of the console.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator, newAdministrator } from "./console.mjs";
import { env, newMember, postlatch, sql } from "./server.mjs";

const API = `${env.PORTAL_URL}/api/admin/v1`;

const withKey = (key, path = "/me") => fetch(API + path, { headers: { Authorization: `Bearer ${key}` } });

test("console: a server administrator adds an administrator, gives another role, and removes it", {},
    async (reader, page) => {
        const visitor = await administrator(reader, "server");
        const other = await newAdministrator(await reader.another(), null);
        const { address } = other.member;
        await visitor.goToPage("administrators.title");
        await page.fill("[name=member]", "nobody@demo.test");
        await page.fill("[name=domains]", "demo.test");
        await visitor.button("administrators.add").click();
        await visitor.says("error.bad-member");
        await page.fill("[name=member]", address);
        await page.fill("[name=domains]", "none.test");
        await visitor.button("administrators.add").click();
        await visitor.says("error.bad-domains");
        await page.fill("[name=domains]", "demo.test");
        await visitor.button("administrators.add").click();
        const row = visitor.row(address);
        await row.getByText(visitor.t("role.helpdesk")).waitFor();
        await row.getByText(visitor.t("administrators.no-factor")).waitFor();

        await other.signInFor("/console");
        assert.deepEqual((await other.api("/me")).domains, ["demo.test"]);
        await row.getByRole("button", { name: visitor.t("administrators.change") }).click();
        await page.locator("dialog [value=server]").check();
        await page.locator("dialog [type=submit]").click();
        await row.getByText(visitor.t("role.all-domains")).waitFor();
        assert.equal((await other.api("/me")).role, "server");

        await row.getByRole("button", { name: visitor.t("administrators.remove") }).click();
        await page.locator("dialog").getByRole("button", { name: visitor.t("administrators.remove") }).click();
        await row.waitFor({ state: "detached" });
        await other.api("/me", 403);
        await other.page.reload();
        await other.heading("entrance.title");
    });

test("console: another role that wants a code first is given when the code is right, and its question ends", {},
    async (reader, page) => {
        const visitor = await administrator(reader, "server");
        const { address } = (await newAdministrator(await reader.another(), "helpdesk", "demo.test")).member;
        await visitor.goToPage("administrators.title");
        const row = visitor.row(address);
        await row.getByRole("button", { name: visitor.t("administrators.change") }).click();
        await page.locator("dialog [value=server]").check();
        await visitor.makeCodeOld();
        await page.locator("dialog [type=submit]").click();
        await visitor.prove();
        await page.locator("dialog").first().waitFor({ state: "detached" });
        assert.equal(await page.locator("dialog").count(), 0);
        await row.getByText(visitor.t("role.all-domains")).waitFor();

        // Whoever would rather not give a code is back at the first question.
        await row.getByRole("button", { name: visitor.t("administrators.change") }).click();
        await page.locator("dialog [value=helpdesk]").check();
        await page.fill("dialog [name=domains]", "demo.test");
        await visitor.makeCodeOld();
        await page.locator("dialog [type=submit]").click();
        await page.locator("dialog [name=code]").press("Escape");
        await page.locator("dialog [name=code]").waitFor({ state: "detached" });
        assert.equal(await page.locator("dialog [name=domains]").inputValue(), "demo.test");
        await page.locator("dialog").getByRole("button", { name: visitor.t("app.cancel") }).click();
        await page.locator("dialog").waitFor({ state: "detached" });
        await row.getByText(visitor.t("role.all-domains")).waitFor();
    });

test("console: nobody can change or remove their own administration", {}, async (reader) => {
    const visitor = await administrator(reader, "server");
    await visitor.goToPage("administrators.title");
    const own = visitor.row(visitor.member.address);
    await own.getByText(visitor.t("administrators.you")).waitFor();
    assert.equal(await own.getByRole("button").count(), 0);
});

test("console: a key is shown once, can be copied, works with its role and network, and is removed", {},
    async (reader, page) => {
        const visitor = await administrator(reader, "server");
        await reader.allowClipboard();
        await visitor.goToPage("api-keys.title");
        await page.fill("[name=label]", "personnel database");
        await page.fill("[name=domains]", "demo.test");
        await page.fill("[name=networks]", "somewhere");
        await visitor.button("api-keys.make").click();
        await visitor.says("error.bad-networks");
        await page.fill("[name=networks]", "127.0.0.0/8");
        await page.fill("[name=expires_at]", "2001-01-01");
        await visitor.button("api-keys.make").click();
        await visitor.says("error.bad-expires-at");
        await page.fill("[name=expires_at]", "2099-12-31");
        await visitor.button("api-keys.make").click();
        const key = await page.locator("[data-secret] code").textContent();
        await visitor.button("copy.copy").click();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
        const answer = await withKey(key);
        assert.deepEqual([answer.status, (await answer.json()).role], [200, "helpdesk"]);

        // Who leaves is asked first.
        await page.getByRole("link", { name: visitor.t("overview.title") }).click();
        await page.locator("dialog").getByRole("button", { name: visitor.t("app.cancel") }).click();
        await visitor.button("new-key.kept").click();
        const row = visitor.row("personnel database");
        await row.getByText("127.0.0.0/8").waitFor();
        await row.getByText("Dec 31, 2099").waitFor();
        assert.ok(!(await page.content()).includes(key));
        await row.getByRole("button").click();
        await page.locator("dialog").getByRole("button", { name: visitor.t("api-keys.remove") }).click();
        await row.waitFor({ state: "detached" });
        assert.equal((await withKey(key)).status, 401);
    });

test("console: a change that needs a code anew asks for it, and is made then", {}, async (reader, page) => {
    const visitor = await administrator(reader, "server");
    const { address } = await newMember("imap=on");
    await visitor.goToPage("administrators.title");
    await visitor.makeCodeOld();
    await page.fill("[name=member]", address);
    await page.fill("[name=domains]", "demo.test");
    await visitor.button("administrators.add").click();
    await visitor.prove();
    await visitor.row(address).waitFor();
});

test("console: helpdesk and domain administrators have no page for administrators and keys", {}, async (reader) => {
    for (const role of ["helpdesk", "domain"]) {
        const visitor = await administrator(await reader.another(), role);
        const entries = await visitor.menuEntries();
        for (const key of ["administrators.title", "api-keys.title"]) assert.ok(!entries.includes(visitor.t(key)), role);
        await visitor.open("/console/api-keys");
        await visitor.heading("overview.title");
        assert.equal(new URL(visitor.page.url()).pathname, "/console");
        await visitor.api("/administrators", 403);
        await visitor.api("/keys", 403);
    }
});

test("console: what the API refuses for the role is said, when it was taken away meanwhile", {}, async (reader, page) => {
    const visitor = await administrator(reader, "server");
    const { address } = await newMember("imap=on");
    await visitor.goToPage("administrators.title");
    await postlatch("admin", "add", visitor.member.address, "--role", "helpdesk", "--domains", "demo.test");
    await page.fill("[name=member]", address);
    await page.fill("[name=domains]", "demo.test");
    await visitor.button("administrators.add").click();
    await visitor.says("error.role");
});

test("console: who has other domains sees nothing of this one", {}, async (reader, page) => {
    await postlatch("domain", "add", "other.test");
    const visitor = await administrator(reader, "domain", ["other.test"]);
    const { address } = await newMember("imap=on");
    await page.locator("main").getByText("other.test").waitFor();
    assert.equal(await page.locator("main").getByText("demo.test").count(), 0);
    assert.deepEqual((await visitor.api("/domains")).items.map(({ domain }) => domain), ["other.test"]);
    await visitor.api("/domains/demo.test", 404);
    await visitor.api(`/members/${address}`, 404);
});

test("console: a list goes on page by page, and Back, reload and a copied link show the same page of it", {},
    async (reader, page) => {
        const visitor = await administrator(reader, "server");
        const [first, second] = [await newMember("imap=on"), await newMember("imap=on")];
        // One after the other, whatever other tests add.
        for (const [i, { address }] of [first, second].entries()) {
            await sql(`INSERT INTO administrator (id, member_id, role, made_at, made_by)
                SELECT ${900001 + i}, id, 'helpdesk', 0, 'test' FROM member WHERE local = '${address.split("@")[0]}'`);
        }
        const shows = async ({ address }) => {
            await visitor.row(address).waitFor();
            assert.equal(await page.locator("tbody tr").count(), 1);
        };
        await visitor.open("/console/administrators?after=900000&limit=1");
        await shows(first);
        await visitor.button("list.next").click();
        await shows(second);
        assert.equal(await page.evaluate(() => document.activeElement.hasAttribute("data-list")), true);
        await page.reload();
        await shows(second);
        await page.goBack();
        await shows(first);
        await page.goForward();
        await shows(second);
        const link = page.url();
        await visitor.button("list.first").click();
        await page.waitForURL((url) => !url.searchParams.has("after") && url.searchParams.get("limit") === "1");
        await page.goto(link);
        await shows(second);
    });
