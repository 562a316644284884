// page.mjs ADDRESS COUNT - opens a page in headless Chromium so often, each time as if for the first time, on a
// simulated slow 3G line.
//
// Prints a line of JSON for each: milliseconds until the first words were painted, until a name can be typed and until
// it can be sent, bytes that came over the line, with headers, and how many answers. NODE_FOLDER has playwright-core.

import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.NODE_FOLDER}/`)("playwright-core");
const [address, count] = process.argv.slice(2);
const BYTES_A_SECOND = 400_000 / 8;
const SLOW_3G = { offline: false, latency: 400, downloadThroughput: BYTES_A_SECOND, uploadThroughput: BYTES_A_SECOND };

async function visit(browser) {
    const context = await browser.newContext({
        ignoreHTTPSErrors: true, locale: "ko-KR", viewport: { width: 390, height: 800 },
    });
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    let bytes = 0, requests = 0;
    await client.send("Network.enable");
    await client.send("Network.emulateNetworkConditions", SLOW_3G);
    client.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; requests += 1; });
    await page.goto(address, { waitUntil: "commit" });
    await page.locator("[name=user]:focus").waitFor();
    const usable = await page.evaluate(() => performance.now());
    // The browser tells of a paint some time after it.
    const first = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]);
    const painted = await first.evaluate((entry) => entry.startTime);
    await page.waitForFunction(() => !("first" in document.body.dataset));
    const complete = await page.evaluate(() => performance.now());
    await page.waitForLoadState("load");
    await context.close();
    return { painted, usable, complete, bytes, requests };
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
for (let i = 0; i < count; i++) console.log(JSON.stringify(await visit(browser)));
await browser.close();
