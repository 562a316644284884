// harness.mjs - pages in a real browser, one fresh profile for each test, and what must
// hold on every page all the time: nothing in the console, no request to a stranger.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const { chromium } = createRequire(`${process.env.NODE_FOLDER}/`)("playwright-core");
const BASE = process.env.PORTAL;
// The sites whose pages are tested, and that they may ask for something.
const SITES = [BASE, process.env.WEBMAIL].filter(Boolean);
const PATIENCE = 60000;
const DEADLINE = 600000; // of a whole test, where nothing else has one
const AT_ONCE = cpus().length;
const tests = [];

export function test(name, options, body) {
    tests.push({ name, options, body });
}

// What Chromium itself reports of an answer that a test wants to be an error, or of a line that it breaks.
const ANSWERED = /^Failed to load resource: (the server responded with a status of|net::ERR_(FAILED|INTERNET_DISCONNECTED))/;

class Reader {
    // complaints: of the browser, about the page; companions: readers at other browsers
    constructor(page) {
        this.page = page;
        this.complaints = [];
        this.companions = [];
        page.on("console", (message) => {
            const text = message.text();
            if (message.type() === "error" && !ANSWERED.test(text)) this.complaints.push(text);
        });
        page.on("pageerror", (error) => this.complaints.push(String(error)));
        page.on("request", (request) => {
            if (!/^(blob|data|about):/.test(request.url()) && !SITES.includes(new URL(request.url()).origin)) {
                this.complaints.push(`request to ${request.url()}`);
            }
        });
    }

    // Somebody at another browser, which has nothing of this one.
    async another(options = {}) {
        const companion = await newReader(this.page.context().browser(), options);
        this.companions.push(companion);
        return companion;
    }

    everyone() {
        return [this, ...this.companions.flatMap((companion) => companion.everyone())];
    }

    open(path) {
        return this.page.goto(BASE + path);
    }

    // next: where to go on to afterwards.
    async signIn(word, next = null) {
        await this.open(next ? `/sign-in?continue=${encodeURIComponent(next)}` : "/sign-in");
        await this.page.fill("[name=user]", `${word}@demo.test`);
        await this.page.fill("[name=password]", "secret");
        await this.page.click("[type=submit]");
    }

    // Signed in, at a page of the account that is drawn.
    async account(word, path = "/account") {
        await this.signIn(word, path);
        await this.arrived(path);
    }

    devices(word) {
        return this.account(word, "/account/devices");
    }

    // From a fresh sign-in, up to the portal's answer.
    async makeAppPassword(kind, label) {
        await this.account("trusted", "/account/app-passwords");
        await this.page.check(`[value=${kind}]`);
        await this.page.fill("[name=label]", label);
        await this.page.click("form [type=submit]");
        await prove(this, this.page, "code", "123456");
    }

    activity(word) {
        return this.account(word, "/account/activity");
    }

    // Until then a page may go elsewhere by itself.
    async arrived(path = "/account") {
        await this.page.waitForURL(`**${path}`);
        await this.page.locator("[data-standing], table").first().waitFor();
    }

    async code(code = "123456") {
        await this.page.fill("[name=code]", code);
        await this.page.click("form [type=submit]");
    }

    // The next answers of path are these.
    fail(path, status, json, times = 1) {
        return this.page.route(BASE + path, (route) => route.fulfill({ status, json }), { times });
    }

    // The session that the server puts into a page.
    async stateOf(path) {
        await this.open(path);
        return this.page.evaluate(() => JSON.parse(document.getElementById("state").textContent));
    }

    // The server puts these blocks of JSON into the pages, by id, and no others.
    blocks(blocks) {
        const scripts = Object.entries(blocks)
            .map(([id, value]) => `<script type="application/json" id="${id}">${JSON.stringify(value)}</script>`);
        return this.page.route(({ pathname }) => /^\/(sign-in|account)(\/|$)/.test(pathname), async (route) => {
            const answer = await route.fetch();
            const without = (await answer.text()).replace(/<script type="application\/json".*?<\/script>/gs, "");
            await route.fulfill({ response: answer, body: without.replace("</head>", `${scripts.join("")}</head>`) });
        });
    }

    allowClipboard() {
        return this.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    }

    heading(text) {
        return this.page.getByRole("heading", { name: text, exact: true, level: 1 }).waitFor();
    }

    button(name) {
        return this.page.getByRole("button", { name, exact: true });
    }

    alert() {
        return this.page.locator("[role=alert]:not(:empty)").textContent();
    }

    said() {
        return this.page.locator("#announcements [role=status]:not(:empty)").textContent();
    }

    focused() {
        return this.page.evaluate(() => {
            const { tagName, name, id, textContent } = document.activeElement;
            return { tagName, name, id, textContent };
        });
    }
}

// Answers the dialog that asks for a code or the password once more.
export async function prove(reader, page, name, value) {
    await page.locator("dialog").waitFor();
    await page.fill(`dialog [name=${name}]`, value);
    await page.click("dialog [type=submit]");
}

async function newReader(browser, options) {
    const context = await browser.newContext({
        locale: "en-US", timezoneId: "Asia/Seoul", viewport: { width: 1280, height: 800 }, ...options,
    });
    const reader = new Reader(await context.newPage());
    reader.page.setDefaultTimeout(PATIENCE);
    return reader;
}

async function deadline() {
    await sleep(DEADLINE, null, { ref: false });
    assert.fail("the test does not end");
}

// What the browsers show when a test fails.
async function picture(reader, name) {
    const word = name.replace(/\W+/g, "-").slice(0, 80);
    for (const [i, { page }] of reader.everyone().entries()) {
        const path = `${process.env.NODE_FOLDER}/failed-${word}-${i + 1}.png`;
        console.error(page.url(), path);
        await page.screenshot({ path, timeout: 10000 }).catch(console.error);
    }
}

// What a page still asks for is nobody's any more.
async function close(page) {
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await page.context().close();
}

async function one(browser, { name, options, body }) {
    const reader = await newReader(browser, options);
    try {
        await Promise.race([body(reader, reader.page), deadline()]);
        const complaints = reader.everyone().flatMap((each) => each.complaints);
        if (!options.complaints) assert.deepEqual(complaints, []);
    } catch (error) {
        await picture(reader, name);
        throw error;
    } finally {
        await Promise.all(reader.everyone().map(({ page }) => close(page)));
    }
}

// A line for each test whose name has the given word in it.
// Where RUN_AGAIN names the output of a run before, the names of the tests that failed there.
function failedBefore() {
    const log = process.env.RUN_AGAIN;
    return log && new Set([...readFileSync(log, "utf8").matchAll(/^FAIL (.*)$/gm)].map((line) => line[1]));
}

export async function runAll(word = "") {
    const browser = await chromium.launch({ executablePath: new URL("chromium", import.meta.url).pathname });
    const chosen = failedBefore();
    const queue = tests.filter(({ name }) => name.includes(word) && (!chosen || chosen.has(name)));
    let failures = 0;
    const work = async () => {
        for (let each = queue.shift(); each; each = queue.shift()) {
            try {
                await one(browser, each);
                console.log(`ok ${each.name}`);
            } catch (error) {
                failures += 1;
                console.error(error);
                console.log(`FAIL ${each.name}`);
            }
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await browser.close();
    return failures;
}
