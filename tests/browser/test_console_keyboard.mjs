// test_console_keyboard.mjs - the console without a mouse: nothing is clicked or focused here but by keys.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { ended, newDomain, outcome, settingsOf } from "./console_jobs.mjs";
import { postlatch } from "./server.mjs";

const FAR = 80; // keys that nobody has to press

// Presses the key until the focus is on the element. It must be seen there.
async function reach(page, locator, key = "Tab") {
    const isThere = () => locator.first().evaluate((element) => element === document.activeElement);
    for (let i = 0; i < FAR && !(await isThere()); i += 1) await page.keyboard.press(key);
    assert.ok(await isThere(), `${locator} is not reached by ${key}`);
    const outline = await locator.first().evaluate((element) => getComputedStyle(element).outlineStyle);
    assert.notEqual(outline, "none", `${locator} does not show its focus`);
}

async function reachAndPress(page, locator, key, way) {
    await reach(page, locator, way);
    await page.keyboard.press(key);
}

// Ticks a member, and asks what requiring the second factor would come to.
async function lookAtRequirement(visitor, member) {
    const { page } = visitor;
    await reachAndPress(page, visitor.row(member).locator("[type=checkbox]"), "Space");
    await page.locator("[name=what]").waitFor();
    await reach(page, page.locator("[name=what]"), "Shift+Tab");
    await reachAndPress(page, visitor.button("job.preview"), "Enter");
    await page.locator("dialog dl").waitFor();
}

async function requirementOf(member) {
    return (await settingsOf(member)).two_factor_requirement.value;
}

test("console, keyboard: members are filtered, ticked, changed and given back what they had without a mouse", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two");
        const member = `one@${domain}`;
        const visitor = await administrator(reader, "domain", [domain], `/console/members?domain=${domain}`);
        await visitor.row(member).waitFor();
        // The filters that are seldom needed.
        await reachAndPress(page, page.locator("[data-more] summary"), "Enter");
        await reach(page, page.locator("select[name=pop3]"));
        await page.keyboard.press("ArrowDown");
        await page.waitForURL((url) => url.searchParams.get("pop3") === "on");
        await visitor.row(member).waitFor();
        // Escape says no, and the focus is where it was.
        await lookAtRequirement(visitor, member);
        await page.keyboard.press("Escape");
        await page.locator("dialog").waitFor({ state: "detached" });
        await reach(page, visitor.button("job.preview"));
        assert.equal(await requirementOf(member), "optional");
        // Enter on the button behind the one that has the focus says yes.
        await page.keyboard.press("Enter");
        await page.locator("dialog dl").waitFor();
        await reachAndPress(page, page.locator("dialog button").last(), "Enter");
        await visitor.heading("job.title");
        await ended(visitor);
        assert.equal(await outcome(visitor, "changed"), 1);
        assert.equal(await requirementOf(member), "required");
        await reachAndPress(page, visitor.button("job.undo"), "Enter");
        await page.locator("dialog").waitFor();
        await reachAndPress(page, page.locator("dialog button").last(), "Enter");
        await page.locator("[data-outcome=members] a").waitFor();
        await ended(visitor);
        assert.equal(await requirementOf(member), "optional");
    });

test("console, keyboard: a domain is changed, its scope chosen and the change seen before it is made", {},
    async (reader, page) => {
        const domain = await newDomain("one");
        const visitor = await administrator(reader, "domain", [domain], `/console/domain?domain=${domain}`);
        await reach(page, page.locator("select[name=pop3]"));
        await page.keyboard.press("End");
        assert.equal(await page.locator("select[name=pop3]").inputValue(), "off");
        await reach(page, page.locator("[name=scope]:checked"));
        await page.keyboard.press("ArrowDown");
        assert.equal(await page.locator("[name=scope]:checked").inputValue(), "all");
        await reachAndPress(page, visitor.button("domain.preview"), "Enter");
        await page.locator("dialog p").first().waitFor();
        await reachAndPress(page, page.locator("dialog button").last(), "Enter");
        await visitor.says("domain.saved");
        assert.equal((await settingsOf(`one@${domain}`)).pop3.value, "off");
    });

test("console, keyboard: forwards are filtered, and one and then all of them ended", {}, async (reader, page) => {
    const domain = await newDomain();
    for (const name of ["one", "two", "three"]) {
        await postlatch("member", "add", `${name}@${domain}`, "forwarding=on");
        await postlatch("forward", "set", `${name}@${domain}`, "me@elsewhere.example");
    }
    const left = async () => JSON.parse(await postlatch("--json", "forward", "list", "--domain", domain)).length;
    const visitor = await administrator(reader, "domain", [domain], "/console/forwards");
    await visitor.row(`one@${domain}`).waitFor();
    await reach(page, page.locator("select[name=outside]"));
    await page.keyboard.press("ArrowDown");
    await page.waitForURL((url) => url.searchParams.get("outside") !== null);
    await visitor.row(`one@${domain}`).waitFor();
    // Escape says no, and the focus is where it was.
    const end = visitor.row(`one@${domain}`).getByRole("button");
    await reachAndPress(page, end, "Enter");
    await page.locator("dialog [name=reason]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await reach(page, end);
    assert.equal(await left(), 3);
    await page.keyboard.press("Enter");
    await page.locator("dialog [name=reason]").waitFor();
    await reachAndPress(page, page.locator("dialog [type=submit]"), "Enter");
    await visitor.row(`one@${domain}`).waitFor({ state: "detached" });
    assert.equal(await left(), 2);
    await reachAndPress(page, page.locator("[data-bulk] [type=checkbox]"), "Space", "Shift+Tab");
    await reachAndPress(page, page.locator("[data-bulk] button[data-tone=danger]"), "Enter");
    await page.locator("dialog [name=reason]").waitFor();
    await reachAndPress(page, page.locator("dialog [type=submit]"), "Enter");
    await page.locator("[data-empty]").waitFor();
    assert.equal(await left(), 0);
});

for (const [name, path] of Object.entries({
    overview: "/console", domains: "/console/domains", members: "/console/members", jobs: "/console/jobs",
    forwards: "/console/forwards", administrators: "/console/administrators", "API keys": "/console/api-keys", audit: "/console/audit",
})) {
    test(`console, keyboard: all that can be operated on the page of ${name} is reached`, {}, async (reader, page) => {
        await newDomain("one");
        const visitor = await administrator(reader, "server", [], `${path}`);
        await page.locator("main section, main figure, main form").first().waitFor();
        const all = await page.locator("main").evaluate((main) => [...main.querySelectorAll(
            "a[href], button, input, select, textarea, summary")].filter((one) => one.checkVisibility()
                && (one.type !== "radio" || one.checked)).length);
        assert.ok(all > 0);
        await reach(page, visitor.menu().locator("a").last(), "Shift+Tab");
        const reached = new Set();
        for (let i = 0; i < 4 * all; i += 1) {
            await page.keyboard.press("Tab");
            const place = await page.evaluate(() => {
                const main = document.querySelector("main");
                const focused = document.activeElement;
                return main.contains(focused) && focused !== main ? [...main.querySelectorAll("*")].indexOf(focused) : -1;
            });
            if (place < 0) break;
            reached.add(place);
        }
        assert.ok(reached.size >= all, `${reached.size} of ${all}`);
    });
}
