// test_set_up.mjs - what the portal tells a member to type into a mail program.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { env, newMember } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

test("the page for mail programs has the server's ports, and follows the member's switches", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember("pop3=off", "client_password=never"));
    await visitor.begin();
    await page.goto(`${env.PORTAL_URL}/account/set-up`);
    await visitor.heading("set-up.title");
    await visitor.says("set-up.app-password");
    const rows = await page.locator("tbody tr").allInnerTexts();
    assert.deepEqual(rows.map((row) => row.match(/\((\w+)\)\s+(\d+) (\S+)/).slice(1)), [
        ["IMAP", env.IMAPS_PORT, "SSL/TLS"], ["SMTP", env.SUBMISSION_PORT, "STARTTLS"],
        ["ManageSieve", env.SIEVE_PORT, "STARTTLS"],
    ]);
    await page.getByText(visitor.member.address, { exact: true }).first().waitFor();
});
