// test_every_screen.mjs - what must hold on each screen, in both languages, dark and
// light, on a phone and on a desk.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "./harness.mjs";
import { contrasts, markedMessages, names, structure, unmarkedText, violations, widths } from "./page_checks.mjs";
import { SCREENS, TOUCHED } from "./screens.mjs";

const PHONE = { width: 390, height: 740 };
const DESK = { width: 1280, height: 800 };
const OTHERS = [{ width: 320, height: 640 }, { width: 820, height: 1100 }];
const axe = await readFile(`${process.env.NODE_FOLDER}/node_modules/axe-core/axe.min.js`, "utf8");

async function fits(page, size) {
    await page.setViewportSize(size);
    assert.deepEqual(await page.evaluate(widths), [], `${size.width}`);
}

// Colours alone depend on light and dark.
async function readable(page, size) {
    await fits(page, size);
    for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await page.evaluate(contrasts), [], `${size.width}, ${colorScheme}`);
    }
}

// What axe complains of does not depend on the language, but on the width, and colours on light and dark.
const SEEN_BY_AXE = {
    "ko-KR": [[PHONE, "light", undefined], [DESK, "dark", ["color-contrast"]]],
    "en-US": [[DESK, "light", undefined], [PHONE, "dark", ["color-contrast"]]],
};

async function withoutViolations(page, locale) {
    await page.evaluate(axe);
    for (const [size, colorScheme, rules] of SEEN_BY_AXE[locale]) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await page.evaluate(violations, rules), [], `${size.width}, ${colorScheme}`);
    }
}

const all = [
    ...Object.entries(SCREENS).map(([name, go]) => [name, go, {}]),
    ...Object.entries(TOUCHED).map(([name, go]) => [name, go, { hasTouch: true, isMobile: true }]),
];
for (const [name, go, more] of all) {
    for (const locale of ["ko-KR", "en-US"]) {
        test(`${name}, ${locale}: readable, named, translated, not too wide and without axe's violations`,
            { ...more, locale, viewport: PHONE, reducedMotion: "reduce" }, async (reader, page) => {
                await page.route("**/messages/*.js", markedMessages);
                await go(reader, page);
                assert.deepEqual(await page.evaluate(unmarkedText), []);
                assert.deepEqual(await page.evaluate(names), []);
                assert.deepEqual(await page.evaluate(structure, { language: locale.slice(0, 2) }), []);
                for (const size of [PHONE, DESK]) await readable(page, size);
                await withoutViolations(page, locale);
                for (const size of OTHERS) await fits(page, size);
            });
    }
}

test("the focus can be seen wherever the Tab key leads", {}, async (reader, page) => {
    await reader.devices("trusted");
    const seen = new Set();
    for (let i = 0; i < 20; i += 1) {
        await page.keyboard.press("Tab");
        const { name, outline } = await page.evaluate(() => {
            const node = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(node);
            return {
                name: node.getAttribute("aria-label") ?? node.textContent,
                outline: node === document.body ? "page" : `${outlineStyle} ${outlineWidth}`,
            };
        });
        if (outline === "page") continue; // the browser's own controls
        assert.equal(outline, "solid 3px", name);
        seen.add(name);
    }
    assert.ok(seen.size > 10, [...seen].join());
});
