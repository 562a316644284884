// test_console_attachments.mjs - large attachments in the console: what is stored, by whom the most, and the quota.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { newDomain } from "./console_jobs.mjs";
import { postlatch, sql } from "./server.mjs";

const MEGABYTE = 1048576;
let links = 0;

// What was sent by a member: a file, and how often it was fetched today.
async function sends(member, bytes, downloads = 0) {
    const [local, domain] = member.split("@");
    const id = `(SELECT m.id FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local = '${local}'
        AND d.name = '${domain}')`;
    const today = Math.floor(Date.now() / 86400000) * 86400;
    links += 1;
    await sql(`INSERT INTO attachment_link (member_id, digest, origin, subject, made_at, expires_at, downloads_most)
        VALUES (${id}, CAST('console ${process.pid} ${links}' AS BLOB), 'mail', '', 1, 4000000000, 100)`);
    await sql(`INSERT INTO attachment_file (link_id, blob, name, type, size, scanned)
        VALUES ((SELECT MAX(id) FROM attachment_link), 'ab', 'x', 'a/b', ${bytes}, 1)`);
    await sql(`INSERT INTO attachment_traffic VALUES (${id}, ${today}, ${downloads}, ${downloads * bytes})
        ON CONFLICT DO NOTHING`);
}

const pageOfDomain = (domain) => `/console/domain?domain=${domain}`;
const pageOfMember = (member) => `/console/member?member=${encodeURIComponent(member)}`;

function said(visitor, key, values) {
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), visitor.t(key));
}

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, large attachments, ${locale}: the largest of a domain are seen, and a quota given and taken away`,
        { locale }, async (reader, page) => {
            const domain = await newDomain("one", "two");
            await sends(`one@${domain}`, 5 * MEGABYTE);
            await sends(`two@${domain}`, 20 * MEGABYTE, 3);
            const visitor = await administrator(reader, "server", [], pageOfDomain(domain));
            const section = visitor.section("attachments");
            await section.getByText("25\u00a0MB").first().waitFor();
            await section.getByText(said(visitor, "attachments.downloaded", { count: 3, size: "60\u00a0MB" })).waitFor();
            const rows = visitor.section("largest").locator("tbody tr");
            await rows.first().waitFor();
            assert.deepEqual((await rows.allTextContents()).map((text) => text.includes("two")), [true, false]);
            await page.locator("[name=quota_choice]").selectOption("own");
            // What is no quota is refused, at its field.
            await page.fill("[name=quota]", "many");
            await visitor.button("attachments.save").click();
            await section.locator("[data-field] [role=alert]:not(:empty)").waitFor();
            await page.fill("[name=quota]", "100");
            await visitor.button("attachments.save").click();
            await visitor.says("domain.saved");
            await section.getByText(said(visitor, "attachments.of", { stored: "25\u00a0MB", quota: "100\u00a0MB" }))
                .waitFor();
            await page.reload();
            assert.equal(await page.locator("[name=quota_choice]").inputValue(), "own");
            await page.locator("[name=quota_choice]").selectOption("inherit");
            await visitor.button("attachments.save").click();
            await visitor.says("domain.saved");
            assert.equal((await visitor.api(`/domains/${domain}/attachments`)).quota.own, "inherit");
        });
}

test("console, large attachments: a member's quota, by the keyboard alone, is in the records", {}, async (reader, page) => {
    const domain = await newDomain("one");
    const member = `one@${domain}`;
    const visitor = await administrator(reader, "domain", [domain], pageOfMember(member));
    const choice = page.locator("[name=quota_choice]");
    await choice.waitFor();
    await visitor.section("audit").waitFor();
    const focused = (locator) => locator.evaluate((element) => element === document.activeElement);
    for (let i = 0; i < 80 && !(await focused(choice)); i += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("End");
    assert.equal(await choice.inputValue(), "own");
    await page.keyboard.press("Tab");
    assert.ok(await focused(page.locator("[name=quota]")));
    await page.keyboard.type("64");
    await page.keyboard.press("Enter");
    await visitor.says("domain.saved");
    assert.equal((await visitor.api(`/members/${member}/attachments`)).quota_bytes, 64 * MEGABYTE);
    await visitor.section("audit").locator("tr", { hasText: "link.quota" }).waitFor();
});

test("console, large attachments: the helpdesk sees them, and a domain administrator the domain's quota, without a form",
    {}, async (reader, page) => {
        const domain = await newDomain("one");
        await postlatch("link", "quota", `one@${domain}`, "7");
        const visitor = await administrator(reader, "helpdesk", [domain], pageOfMember(`one@${domain}`));
        await visitor.section("attachments").getByText("7.0\u00a0MB").waitFor();
        assert.equal(await page.locator("[name=quota_choice]").count(), 0);
        const other = await administrator(await reader.another(), "domain", [domain], pageOfDomain(domain));
        await other.section("attachments").waitFor();
        assert.equal(await other.page.locator("[name=quota_choice]").count(), 0);
    });
