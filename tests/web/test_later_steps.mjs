// test_later_steps.mjs - modules that are loaded after the first page.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const gone = (route) => route.fulfill({ status: 404, json: { error: "not-found" } });

// How often the page itself was asked for; its first so many times the later steps are not there.
async function withoutSteps(page, times) {
    const pages = { count: 0 };
    page.on("request", (request) => { if (request.isNavigationRequest()) pages.count += 1; });
    await page.route("**/web/signin/later_steps.js", (route) => (pages.count > times ? route.continue() : gone(route)));
    return pages;
}

test("the steps behind the password are loaded once somebody types", {}, async (reader, page) => {
    const asked = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await reader.open("/sign-in");
    await page.waitForLoadState("networkidle");
    assert.ok(!asked.includes("/web/signin/code.js"), asked.join("\n"));
    const loaded = page.waitForResponse("**/web/signin/code.js");
    await page.fill("[name=user]", "c");
    await loaded;
});

test("a step that an upgrade has taken away comes with the new page", {}, async (reader, page) => {
    const pages = await withoutSteps(page, 1);
    await reader.signIn("code");
    await page.locator("[name=code]").waitFor();
    assert.equal(pages.count, 2);
});

test("a step that never comes is told of, and not asked for without end", {}, async (reader, page) => {
    const pages = await withoutSteps(page, Infinity);
    await reader.signIn("code");
    await reader.heading("Just a moment");
    assert.equal(pages.count, 2);
});
