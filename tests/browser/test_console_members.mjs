// test_console_members.mjs - the page of members: found, filtered, sorted and paged, with all of it in the address.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { newMember } from "./server.mjs";

test("console: members are found by address and by what holds for them, and the address of the page says so", {},
    async (reader, page) => {
        const off = await newMember("pop3=off");
        const other = await newMember();
        const visitor = await administrator(reader, "helpdesk");
        await visitor.goToPage("members.title");
        await page.fill("[name=q]", off.address);
        const row = visitor.row(off.address);
        await row.waitFor();
        await visitor.row(other.address).waitFor({ state: "detached" });
        await row.getByText(visitor.t("members.flag-smtp"), { exact: false }).first().waitFor();
        await page.locator("summary", { hasText: visitor.t("list.more") }).click();
        await page.locator("select[name=pop3]").selectOption("on");
        await row.waitFor({ state: "detached" });
        await page.locator("summary", { hasText: visitor.t("list.more-set").replace("{count}", "1") }).waitFor();
        await page.reload();
        await page.locator("select[name=pop3]").waitFor(); // there at once, as it is set
        await page.goBack();
        await row.waitFor();
        assert.equal(new URL(page.url()).searchParams.get("q"), off.address);
        await page.reload();
        await row.waitFor();
        const link = row.getByRole("link");
        assert.equal(await link.getAttribute("href"), `/console/member?member=${encodeURIComponent(off.address)}`);
    });

test("console: the table of members is had as CSV by what is chosen", {}, async (reader, page) => {
    const member = await newMember("smtp=off");
    const visitor = await administrator(reader, "helpdesk");
    await visitor.open(`/console/members?q=${member.address}`);
    await visitor.row(member.address).waitFor();
    const href = await page.getByRole("link", { name: visitor.t("members.csv") }).getAttribute("href");
    const answer = await page.request.get(new URL(href, page.url()).href);
    const [head, row, end] = (await answer.text()).split("\r\n");
    assert.ok(head.startsWith("address,active,class,"));
    assert.ok(row.startsWith(`"${member.address}",on,`));
    assert.equal(end, "");
});
