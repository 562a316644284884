// test_console_forwards.mjs - the page of forwards: found, filtered by where they lead, and ended.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { newDomain } from "./console_jobs.mjs";
import { postlatch } from "./server.mjs";

const AWAY = "me@elsewhere.example";

async function forwarding(domain, name, target) {
    await postlatch("member", "add", `${name}@${domain}`, "forwarding=on");
    await postlatch("forward", "set", `${name}@${domain}`, target);
}

async function forwardsOf(domain) {
    return JSON.parse(await postlatch("--json", "forward", "list", "--domain", domain)).map(({ member }) => member);
}

for (const locale of ["en-US", "ko-KR"]) {
    test(`console, forwards, ${locale}: those that leave the server are found, and all of them are ended`, { locale },
        async (reader, page) => {
            const domain = await newDomain();
            await forwarding(domain, "in", `other@${domain}`);
            await forwarding(domain, "one", AWAY);
            await forwarding(domain, "two", AWAY);
            const visitor = await administrator(reader, "domain", [domain]);
            await visitor.goToPage("forwards.title");
            await visitor.row(`in@${domain}`).waitFor();
            await page.locator("select[name=outside]").selectOption("server");
            await visitor.row(`in@${domain}`).waitFor({ state: "detached" });
            assert.equal(new URL(page.url()).searchParams.get("outside"), "server");
            await page.reload();
            await visitor.row(`one@${domain}`).waitFor();
            assert.equal(await visitor.row(`in@${domain}`).count(), 0);
            // Who says no changes nothing.
            await page.locator("[data-bulk] [type=checkbox]").check();
            await page.locator("[data-bulk] button[data-tone=danger]").click();
            await page.keyboard.press("Escape");
            await page.locator("dialog").waitFor({ state: "detached" });
            assert.equal((await forwardsOf(domain)).length, 3);
            await page.locator("[data-bulk] button[data-tone=danger]").click();
            await page.fill("dialog [name=reason]", "data protection");
            await page.locator("dialog [type=submit]").click();
            await page.locator("[data-empty]").waitFor();
            assert.deepEqual(await forwardsOf(domain), [`in@${domain}`]);
        });
}

test("console, forwards: one is ended after a code", {},
    async (reader, page) => {
        const domain = await newDomain();
        await forwarding(domain, "one", AWAY);
        const visitor = await administrator(reader, "domain", [domain], "/console/forwards");
        await visitor.row(`one@${domain}`).waitFor();
        await visitor.makeCodeOld();
        await visitor.row(`one@${domain}`).getByRole("button").click();
        await page.locator("dialog [name=reason]").waitFor();
        await page.locator("dialog [type=submit]").click();
        await page.locator("dialog [name=code]").waitFor();
        await visitor.prove();
        await page.locator("[data-empty]").waitFor();
        assert.deepEqual(await forwardsOf(domain), []);
    });

test("console, forwards: the helpdesk looks, and ends none", {}, async (reader, page) => {
    const domain = await newDomain();
    await forwarding(domain, "one", AWAY);
    const visitor = await administrator(reader, "helpdesk", [domain], "/console/forwards");
    await visitor.row(`one@${domain}`).waitFor();
    assert.equal(await page.locator("main tbody button, [data-bulk]").count(), 0);
});

test("console, forwards: what the policy file forbids says so", {}, async (reader, page) => {
    const name = `n${process.pid}`;
    await postlatch("member", "add", `${name}@locked.test`);
    await postlatch("forward", "set", `${name}@locked.test`, AWAY);
    const visitor = await administrator(reader, "server", [], `/console/forwards?q=${name}`);
    const row = visitor.row(`${name}@locked.test`);
    await row.getByText(visitor.t("forwards.rests-forbidden")).waitFor();
    assert.equal(await row.getByText(visitor.t("forwards.on"), { exact: true }).count(), 0);
});
