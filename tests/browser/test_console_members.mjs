// test_console_members.mjs - the page of members: found, filtered, sorted and paged, with all of it in the address.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { newDomain } from "./console_jobs.mjs";
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

const domainIs = (page, domain) => page.waitForURL((url) => (url.searchParams.get("domain") ?? "") === domain);

test("console: who has several domains chooses one of them, by keys, and the address says which", {},
    async (reader, page) => {
        const [one, two] = [await newDomain("one"), await newDomain("two")];
        const visitor = await administrator(reader, "domain", [one, two], "/console/members");
        const field = page.getByLabel(visitor.t("members.domain"), { exact: true });
        await visitor.row(`one@${one}`).waitFor();
        await visitor.row(`two@${two}`).waitFor();
        assert.deepEqual(await field.locator("option").allTextContents(), [visitor.t("members.any"), one, two]);
        await field.focus();
        await page.keyboard.press("ArrowDown");
        await domainIs(page, one);
        await visitor.row(`two@${two}`).waitFor({ state: "detached" });
        await page.reload();
        await visitor.row(`one@${one}`).waitFor();
        assert.equal(await field.inputValue(), one);
        assert.equal(await visitor.row(`two@${two}`).count(), 0);
        await page.goBack();
        await visitor.row(`two@${two}`).waitFor();
        const href = await page.getByRole("link", { name: visitor.t("members.csv") }).getAttribute("href");
        assert.ok(!href.includes("domain="));
    });

test("console: who has one domain is not asked for it", {}, async (reader, page) => {
    const visitor = await administrator(reader, "domain", [await newDomain("one")], "/console/members");
    await visitor.row("one@").waitFor();
    assert.equal(await page.locator("[name=domain]").count(), 0);
});

test("console, ko-KR, phone: a server administrator finds a domain by a part of its name", {
    locale: "ko-KR", viewport: { width: 390, height: 740 },
}, async (reader, page) => {
    const [one, two] = [await newDomain("one"), await newDomain("two")];
    const visitor = await administrator(reader, "server", [], "/console/members");
    const field = page.getByLabel("\ub3c4\uba54\uc778", { exact: true });
    await field.fill(one.slice(1, -5));
    await page.locator(`datalist option[value="${one}"]`).waitFor({ state: "attached" });
    await field.fill(one);
    await field.press("Enter");
    await domainIs(page, one);
    await visitor.row(`one@${one}`).waitFor();
    assert.equal(await page.locator("main tbody tr").count(), 1);
    await field.fill(`no.${two}`);
    await field.press("Enter");
    await visitor.says("error.no-such-domain-here");
    await domainIs(page, one);
    await field.fill("");
    await field.press("Enter");
    await domainIs(page, "");
});
