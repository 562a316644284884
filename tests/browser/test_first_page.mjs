// test_first_page.mjs - what the first page costs on a slow line: round trips, and bytes.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { messages } from "./visitor.mjs";

// On a slow mobile line of 400 kbit/s, with 400 ms for each round trip, this takes two seconds.
const DEPTH_MOST = 2;
const BYTES_MOST = (2 - DEPTH_MOST * 0.4) * 400_000 / 8;

// The requests that are made until the page can be used, as { url, depth, bytes }. depth is 1 for the page itself, 2 for
// what the page names, 3 for what only those name: each is a round trip to wait for.
async function requests(page, path) {
    const client = await page.context().newCDPSession(page);
    const found = new Map();
    const depthOf = (url) => [...found.values()].find((request) => request.url === url)?.depth ?? 0;
    await client.send("Network.enable");
    client.on("Network.requestWillBeSent", ({ requestId, request, initiator }) => {
        const by = initiator.url ?? initiator.stack?.callFrames[0]?.url;
        found.set(requestId, { url: request.url, depth: depthOf(by) + 1, bytes: 0 });
    });
    client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
        if (found.has(requestId)) found.get(requestId).bytes = encodedDataLength;
    });
    await page.goto(`${process.env.PORTAL}${path}`, { waitUntil: "load" });
    await page.locator("[name=user]:focus, [name=password]:focus").waitFor();
    return [...found.values()].filter(({ url }) => !url.endsWith("/icon.svg"));
}

test("the sign-in page can be used after two round trips and 60 kB", {}, async (reader, page) => {
    const found = await requests(page, "/sign-in");
    const list = found.map(({ url, depth, bytes }) => `${depth} ${bytes} ${url}`).join("\n");
    assert.ok(found.length > 5, list);
    assert.deepEqual(found.filter(({ depth }) => depth > DEPTH_MOST), [], list);
    assert.deepEqual(found.filter(({ url }) => new URL(url).pathname.startsWith("/api/")), [], list);
    const bytes = found.reduce((sum, request) => sum + request.bytes, 0);
    assert.ok(bytes > 10000 && bytes < BYTES_MOST, `${bytes} bytes\n${list}`);
});

test("a page that was seen before asks for itself alone", {}, async (reader, page) => {
    await requests(page, "/sign-in");
    const again = await requests(page, "/sign-in");
    assert.deepEqual(again.filter(({ bytes }) => bytes > 0).map(({ url }) => new URL(url).pathname), ["/sign-in"]);
});

// What the page says before and after the modules have come.
const words = (page) => page.locator("main:visible").evaluate((main) =>
    [...main.querySelectorAll("h1, main > p, label, button")].filter(({ offsetParent }) => offsetParent)
        .map((element) => element.innerText.trim()).filter(Boolean));

test("who is about to type the password still is when the modules come", {}, async (reader, page) => {
    let go;
    const gone = new Promise((resolve) => { go = resolve; });
    await page.route(/\.js$/, (route) => gone.then(() => route.continue()));
    await page.goto(`${process.env.PORTAL}/sign-in`, { waitUntil: "commit" });
    await page.locator("[name=password]").focus();
    go();
    await page.waitForFunction(() => !("first" in document.body.dataset));
    await page.keyboard.type("secret");
    assert.equal(await page.inputValue("[name=password]"), "secret");
});

for (const locale of ["en-US", "ko-KR"]) {
    test(`what is typed before any module has come stays, in ${locale}`, { locale }, async (reader, page) => {
        const held = [];
        let open = false;
        await page.route(/\.js$/, (route) => (open ? route.continue() : held.push(route)));
        await page.goto(`${process.env.PORTAL}/sign-in`, { waitUntil: "commit" });
        await page.locator("[name=user]:focus").waitFor();
        const before = await words(page);
        await page.keyboard.type("someone@demo.test");
        await page.keyboard.press("Tab");
        await page.keyboard.type("secret");
        await page.keyboard.press("Enter");
        assert.equal(await page.locator("main:visible").evaluate((main) => getComputedStyle(main).display), "grid");
        assert.ok(held.length > 0);
        open = true;
        await Promise.all(held.map((route) => route.continue()));
        await page.waitForFunction(() => !("first" in document.body.dataset));
        assert.equal(await page.inputValue("[name=user]"), "someone@demo.test");
        assert.equal((await reader.focused()).name, "password");
        await page.keyboard.type("!");
        assert.equal(await page.inputValue("[name=password]"), "secret!");
        // Without its module there are no passkeys, so that this button has only come now.
        assert.deepEqual(await words(page), [...before, (await messages(locale.slice(0, 2)))["passkey.alone"]]);
        assert.equal(new URL(page.url()).search, "");
    });
}
