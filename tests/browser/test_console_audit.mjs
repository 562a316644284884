// test_console_audit.mjs - the console's page of audit records.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { newMember, postlatch, sql } from "./server.mjs";

test("console: audit records show what changed, are narrowed in the address, and taken away", {}, async (reader, page) => {
    const { address } = await newMember("imap=on");
    await postlatch("member", "set", address, "pop3=off");
    await postlatch("member", "set", address, "webmail_allowed_networks=192.0.2.0/24,2001:db8::/32");
    await postlatch("member", "set", address, "client_password=never_from_2099-01-01");
    await postlatch("app-password", "create", address, "--label", "2nd floor copier");
    const visitor = await administrator(reader, "helpdesk", undefined, "/console/audit");
    await visitor.heading("audit.title");
    await page.getByLabel(visitor.t("audit.object")).fill(address);
    await page.getByLabel(visitor.t("audit.action")).fill("member.set");
    await page.getByRole("button", { name: visitor.t("audit.narrow") }).click();
    const change = page.locator("[data-list] tbody tr", { hasText: visitor.t("domain.pop") }).first();
    await change.waitFor();
    assert.equal(await change.locator("del").textContent(), visitor.t("job.inherit"));
    assert.equal(await change.locator("ins").textContent(), visitor.t("domain.off"));
    const networks = page.locator("[data-list] tbody tr", { hasText: visitor.t("domain.networks") });
    await networks.locator("ins", { hasText: "192.0.2.0/24, 2001:db8::/32" }).waitFor();
    const dated = page.locator("[data-list] tbody tr", { hasText: visitor.t("domain.client-password") });
    await dated.locator("ins", { hasText: visitor.t("value.never") }).waitFor();
    assert.doesNotMatch(await page.locator("[data-list] tbody").textContent(), /_/);
    const { searchParams } = new URL(page.url());
    assert.deepEqual([searchParams.get("object"), searchParams.get("action")], [address, "member.set"]);
    await page.reload();
    await change.waitFor();
    assert.equal(await page.getByLabel(visitor.t("audit.object")).inputValue(), address);

    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: visitor.t("audit.export") }).click();
    const text = await readFile(await (await download).path(), "utf8");
    assert.match(text, /^time,who,address,action,object,before,after\r\n/);
    for (const line of text.trim().split("\r\n").slice(1)) assert.match(line, new RegExp(`"member.set","${address}"`));

    await page.getByLabel(visitor.t("audit.search")).fill("pop3=no%");
    await page.getByText(visitor.t("list.none-found")).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("q"), "pop3=no%");
    await page.goto(`${new URL(page.url()).origin}/console/audit?object=${address}&action=app-password`);
    const made = page.locator("[data-list] tbody tr").first();
    await made.locator("strong", { hasText: /^label$/ }).waitFor();
    await made.locator("ins", { hasText: /^2nd floor copier$/ }).waitFor();
    // Nothing of another domain is found.
    await page.goto(`${new URL(page.url()).origin}/console/audit?object=elsewhere.test`);
    await page.getByText(visitor.t("list.none-found")).waitFor();
});

test("console: a search in very many audit records goes on page by page", {}, async (reader, page) => {
    const many = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100500) INSERT INTO audit (at, who,
        source, action, object, domain, before, after) SELECT unixepoch() - 9000000 + n, 'many', 'local', 'domain.set', '${"x".repeat(70)}',
        'demo.test', '', CASE WHEN n = 7 THEN 'needle' ELSE '' END FROM n`;
    await sql(many);
    try {
        const visitor = await administrator(reader, "helpdesk", undefined, "/console/audit?q=needle");
        await page.getByText(visitor.t("list.found-so-far").replace("{count}", "0")).waitFor();
        await page.getByRole("button", { name: visitor.t("list.next") }).click();
        await page.locator("[data-list] tbody tr", { hasText: "needle" }).waitFor();
        // A word that is longer than the screen of a phone is wide.
        await page.setViewportSize({ width: 390, height: 844 });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    } finally {
        await sql("DELETE FROM audit WHERE who = 'many'");
    }
});
