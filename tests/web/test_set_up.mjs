// test_set_up.mjs - the page with what to type into a mail program.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const PATH = "/account/set-up";
const standing = (page) => page.locator("[data-standing]").textContent();

test("the page for mail programs says which password it is, and what to type", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    assert.match(await standing(page), /^Mail programs need an app password/);
    assert.equal(await page.getByRole("link", { name: "Make an app password" }).getAttribute("href"), "/account/app-passwords");
    const rows = await page.locator("tbody tr").allInnerTexts();
    assert.deepEqual(rows.map((row) => row.split(/\s*[\t\n]\s*/)), [
        ["Read mail (IMAP)", "993 SSL/TLS"], ["Fetch mail (POP3)", "995 SSL/TLS"], ["Send mail (SMTP)", "465 SSL/TLS"],
        ["Send mail (SMTP)", "587 STARTTLS"], ["Filters (ManageSieve)", "4190 STARTTLS"],
    ]);
    const values = await page.locator("dl").innerText();
    for (const part of ["mail.demo.test", "trusted@demo.test", "an app password, not that of your account"]) {
        assert.ok(values.includes(part), `${part} in ${values}`);
    }
});

test("server and user name are copied as they are", { permissions: ["clipboard-read", "clipboard-write"] }, async (reader, page) => {
    await reader.account("trusted", PATH);
    for (const [name, value] of [["Copy: Server (incoming and outgoing)", "mail.demo.test"], ["Copy: User name", "trusted@demo.test"]]) {
        await page.getByRole("button", { name }).click();
        assert.equal(await reader.said(), "Copied.");
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value);
    }
});

for (const [member, sentence, offered, listed] of [
    ["plain", /an app password, one for each program or device, or with the password of your account/, true, true],
    ["required", /^Mail programs sign in with the password of your account\.$/, false, true],
    ["former", /cannot sign in with a password/, false, false],
    ["forbidden", /^Only mail programs that open this site/, false, false],
    ["off", /has not said how mail programs are set up/, false, false],
    ["excused", /switched their services off/, false, false],
]) {
    test(`what the page for mail programs says to ${member}`, {}, async (reader, page) => {
        await reader.account(member, PATH);
        assert.match(await standing(page), sentence);
        assert.equal(await page.getByRole("link", { name: "Make an app password" }).count(), offered ? 1 : 0);
        assert.equal(await page.locator("table").count(), listed ? 1 : 0);
    });
}

test("settings that cannot be had now come by themselves when they can", {}, async (reader, page) => {
    await reader.fail("/api/account/mail-settings", 503, { error: "try-again-later", wait: 1 });
    await reader.signIn("trusted", PATH);
    await reader.heading("Just a moment");
    await page.locator("table").waitFor();
});
