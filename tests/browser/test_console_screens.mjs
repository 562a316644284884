// test_console_screens.mjs - what must hold on each screen of the console, in both languages, dark and light, on a phone
// and on a desk.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../web/harness.mjs";
import { contrasts, names, structure, violations, widths } from "../web/page_checks.mjs";
import { administrator } from "./console.mjs";
import { OF_HELPDESK, SCREENS } from "./console_screens.mjs";

const PHONE = { width: 390, height: 740 };
const DESK = { width: 1280, height: 800 };
const axe = await readFile(`${process.env.NODE_FOLDER}/node_modules/axe-core/axe.min.js`, "utf8");

// Colours alone depend on light and dark.
async function check(page, size, complaints) {
    await page.setViewportSize(size);
    const found = async (what, body, argument) => {
        for (const complaint of await page.evaluate(body, argument)) complaints.push(`${size.width}, ${what}: ${complaint}`);
    };
    await found("width", widths);
    await page.emulateMedia({ colorScheme: "light" });
    await found("light", violations);
    await found("light", contrasts);
    await page.emulateMedia({ colorScheme: "dark" });
    await found("dark", contrasts);
    await found("dark", violations, ["color-contrast"]);
}

async function look(visitor, page, locale, screens) {
    page.on("dialog", (dialog) => dialog.accept()); // the browser's own, of a page that is left
    const { name } = await visitor.session();
    for (const [screen, go] of Object.entries(screens)) {
        const complaints = [];
        await page.setViewportSize(PHONE);
        await go(visitor, page);
        complaints.push(...await page.evaluate(names));
        complaints.push(...await page.evaluate(structure, { language: locale.slice(0, 2), name }));
        await page.evaluate(axe);
        for (const size of [PHONE, DESK]) await check(page, size, complaints);
        assert.deepEqual(complaints, [], screen);
    }
}

const OPTIONS = { viewport: PHONE, reducedMotion: "reduce" };

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, ${locale}: every screen is readable, named, not too wide and without axe's violations`,
        { ...OPTIONS, locale }, async (reader, page) => look(await administrator(reader, "server"), page, locale, SCREENS));
    test(`console, ${locale}: so is what the helpdesk sees`,
        { ...OPTIONS, locale }, async (reader, page) => look(await administrator(reader, "helpdesk"), page, locale, OF_HELPDESK));
}
