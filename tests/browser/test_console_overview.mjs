// test_console_overview.mjs - the figures with which the console begins.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
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
