// test_connection_test.mjs - a device signs in to the real IMAP and SMTP while the page is open.

import { test } from "../web/harness.mjs";
import { env, newMember, opens, sends } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

test("each attempt of a device appears while the page is open, with the reason", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    const { address, password } = visitor.member;
    await visitor.begin();
    await page.goto(`${env.PORTAL_URL}/account/connection-test`);
    await visitor.button("test.start").click();
    await visitor.says("test.started");
    const row = (key) => page.locator("[data-attempts] li", { hasText: visitor.t(key) });
    await opens(address, "PLAIN", "guess");
    await row("reason.wrong-password").waitFor();
    await sends(address, password);
    await row("reason.account-password").waitFor();
    await row("reason.message").waitFor();
    await visitor.button("test.stop").click();
    await visitor.says("test.stopped");
});
