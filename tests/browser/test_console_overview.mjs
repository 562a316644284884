// test_console_overview.mjs - the figures with which the console begins.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { newDomain } from "./console_jobs.mjs";
import { sql } from "./server.mjs";

const DOMAIN = "(SELECT id FROM domain WHERE name = 'demo.test')";

async function fill() {
    const today = Math.floor(Date.now() / 86400000) * 86400;
    await sql(`DELETE FROM adoption WHERE domain_id = ${DOMAIN}`);
    await sql(`INSERT INTO adoption VALUES (${today}, ${DOMAIN}, 1234, 800, 700, 100, 5, 6, 7)`);
    await sql(`INSERT INTO login_count VALUES (${today}, ${DOMAIN}, 'pop3', 'client', 'app-password', 'app-password', `
        + "'allowed', 4321), "
        + `(${today}, ${DOMAIN}, 'pop3', 'client', 'unknown', 'made-up-rule', 'refused', 8765), `
        + `(${today}, ${DOMAIN}, 'pop3', 'client', 'unknown', 'service-off', 'refused', 7654)`
        + " ON CONFLICT DO NOTHING");
}

test("console: the overview says its figures and reasons in sentences, and has each chart's numbers in a table", {},
    async (reader, page) => {
        await fill();
        const visitor = await administrator(reader, "helpdesk");
        await page.getByText(/700 of 1,234 .*|1,234명 중 700명.*/).waitFor();
        const chart = page.locator("figure").filter({ hasText: visitor.t("overview.refusals") });
        await chart.locator("summary").focus();
        await page.keyboard.press("Enter");
        const row = chart.getByRole("row").filter({ hasText: "made-up-rule" });
        await row.getByText("8,765").waitFor();
        const sentence = visitor.t("rule.service-off").replace("{service}", visitor.t("rule.any-service"));
        // Other tests in the domain are refused by this rule, too, a few times.
        await chart.getByRole("row").filter({ hasText: sentence }).getByText(/^7,6[56]\d$/).waitFor();
        assert.equal(await chart.getByText("service-off").count(), 0);
        const link = page.locator("a[href='/console/members?overdue=yes']");
        assert.equal(await link.count(), 1);
        assert.equal(await page.locator("figure:has(svg)").count(), await page.locator("figure details").count());
    });

const DAY = 86400;

const plain = (text) => text.replace(/\s/g, " ");

function figureOf(visitor, title) {
    const heading = visitor.page.getByRole("heading", { name: visitor.t(title), exact: true });
    return visitor.page.locator("figure").filter({ has: heading });
}

async function headingsOf(visitor, title) {
    return (await figureOf(visitor, title).locator("thead th").allTextContents()).slice(1).map((text) => text.trim());
}

// What the table of a figure has in the row of a day or name, or all of it if there is no such row.
async function rowOf(visitor, title, first) {
    const rows = figureOf(visitor, title).locator("tbody tr");
    const cells = await rows.evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
    return cells.find(([name]) => plain(name) === plain(first))?.slice(1) ?? cells;
}

test("console: the overview has adoption, sign-ins of each kind, account passwords, drift and guessers, each with its numbers",
    {}, async (reader, page) => {
        const domain = await newDomain("one");
        const id = `(SELECT id FROM domain WHERE name = '${domain}')`;
        const today = Math.floor(Date.now() / 1000 / DAY) * DAY;
        await sql(`DELETE FROM adoption WHERE domain_id = ${id};
            INSERT INTO adoption VALUES (${today - DAY}, ${id}, 100, 80, 61, 19, 5, 6, 7), (${today}, ${id}, 100, 80, 72, 8, 5, 6, 7);
            INSERT INTO login_count VALUES (${today}, ${id}, 'imap', 'client', 'app-password', 'app-password', 'allowed', 41),
                (${today}, ${id}, 'imap', 'client', 'account-password', 'account-password', 'allowed', 5),
                (${today}, ${id}, 'webmail', 'webmail', 'one-time-code', 'signed-in', 'allowed', 23),
                (${today}, ${id}, 'imap', 'client', 'unknown', 'wrong-password', 'refused', 999);
            INSERT INTO guess_count VALUES (${today}, ${id}, '203.0.113.9', 17);
            UPDATE member SET pop3_day = ${today / DAY - 1} WHERE domain_id = ${id}`);
        const visitor = await administrator(reader, "helpdesk", [domain]);
        await page.locator("figure").first().waitFor();
        for (const summary of await page.locator("figure summary").all()) await summary.click();
        const day = (seconds) => page.evaluate(([at, language]) => new Intl.DateTimeFormat(language, { dateStyle: "medium" })
            .format(new Date(at * 1000)), [seconds, "en"]);
        for (const [title, first, ...numbers] of [
            ["overview.members", visitor.t("overview.registered"), "72"],
            ["overview.members", visitor.t("overview.required"), "80"],
            ["overview.members", visitor.t("overview.overdue"), "8"],
            ["overview.members", visitor.t("overview.opted-out"), "5"],
            ["overview.members", visitor.t("overview.different"), "6"],
            ["overview.members", visitor.t("overview.account-password"), "7"],
            ["overview.over-time", await day(today - DAY), "61", "19"],
            ["overview.over-time", await day(today), "72", "8"],
            ["overview.services", await day(today), "imap 46", "webmail 23"],
            ["overview.channels", await day(today), "client 46", "webmail 23"],
            ["overview.credentials", await day(today), "account-password 5", "app-password 41", "one-time-code 23"],
            ["overview.passwords", visitor.t("count.pop"), "1"],
            ["overview.guessers", "203.0.113.9", "17"],
        ]) {
            // A column of sign-ins is named in its heading.
            const named = numbers.map((text) => text.split(" "));
            assert.deepEqual(await rowOf(visitor, title, first), named.map((words) => words.at(-1)), `${title}, ${first}`);
            const names = named.filter((words) => words.length > 1).map(([word]) => visitor.t(`count.${word}`));
            if (names.length > 0) assert.deepEqual(await headingsOf(visitor, title), names);
        }
    });
