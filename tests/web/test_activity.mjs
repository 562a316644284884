// test_activity.mjs - the page of activity.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const texts = (page) => page.locator("tbody tr td:first-child").allTextContents();

test("activity shows logins, refusals with the reason, and changes in plain words", {}, async (reader, page) => {
    await reader.activity("trusted");
    const rows = await texts(page);
    const expected = [
        ["Sign-in refused: IMAP", "The password was wrong.", "12 times, since"],
        ["Signed in to SMTP", "With the app password \u201c\uc0ac\ubb34\uc2e4 \ubcf5\ud569\uae30\u201d"],
        ["Sign-in refused: POP3", "Mail programs need an app password", "With the account password"],
        ["Settings of the account were changed", "POP3: on \u2192 off",
            "Account password in mail programs: as in the domain \u2192 not allowed from Mar", "By an administrator",
            "Reason: call 7"],
        ["An app password was made", "\u201c<b>phone</b>\u201d"],
        ["Signed in to webmail", "Windows 10, Chrome"],
        ["Password accepted at the sign-in page", "With the account password"],
        ["The account was changed", "By the mail server"],
        ["Sign-in refused: IMAP", "Please ask your administrator for the reason."],
    ];
    assert.equal(rows.length, expected.length);
    expected.forEach((parts, i) => {
        for (const part of parts) assert.ok(rows[i].includes(part), `${part} in ${rows[i]}`);
    });
    assert.equal(await page.locator("tbody b b").count(), 0);
});

test("activity goes on with older ones below, and keeps what was shown", {}, async (reader, page) => {
    await reader.activity("trusted");
    const before = await texts(page);
    await reader.button("Show older ones").click();
    await page.waitForFunction((count) => document.querySelectorAll("tbody tr").length > count, before.length);
    const after = await texts(page);
    assert.deepEqual(after.slice(0, before.length), before);
    assert.equal(after.length, before.length + 1);
    assert.equal(await reader.button("Show older ones").count(), 0);
});

test("activity that cannot be read further says so and keeps the page", {}, async (reader, page) => {
    await reader.activity("trusted");
    const before = await texts(page);
    await reader.fail("/api/account/activity**", 500, { error: "internal" });
    await reader.button("Show older ones").click();
    await reader.alert();
    assert.deepEqual(await texts(page), before);
});

test("activity of an account without any says that there is none", {}, async (reader, page) => {
    await reader.signIn("plain", "/account/activity");
    await page.getByText("Nothing has been recorded yet.").waitFor();
});

test("on a phone each cell has its heading, the last one too, and none is there for what is empty",
    { locale: "ko-KR", viewport: { width: 390, height: 740 } }, async (reader, page) => {
        await reader.activity("trusted");
        const last = page.locator("tbody tr td:last-child");
        const heading = (cell) => cell.evaluate((node) => getComputedStyle(node, "::before").content);
        assert.equal(await heading(last.first()), '"IP"');
        const administrators = page.locator("tbody tr", { hasText: "관리자가 처리했습니다." });
        assert.equal(await administrators.first().locator("td").last().isVisible(), false);
    });
