// test_every_screen.mjs - what must hold on each screen, in both languages, dark and
// light, on a phone and on a desk.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";
import { contrasts, markedMessages, names, structure, unmarkedText, widths } from "./page_checks.mjs";
import { SCREENS } from "./screens.mjs";

const PHONE = { width: 360, height: 740 };
const TABLET = { width: 820, height: 1100 };
const DESK = { width: 1280, height: 800 };

for (const [name, go] of Object.entries(SCREENS)) {
    for (const locale of ["ko-KR", "en-US"]) {
        test(`${name}, ${locale}: readable, named and not too wide`,
            { locale, viewport: PHONE, reducedMotion: "reduce" }, async (reader, page) => {
                await go(reader, page);
                assert.deepEqual(await page.evaluate(names), []);
                assert.deepEqual(await page.evaluate(structure, locale.slice(0, 2)), []);
                for (const colorScheme of ["light", "dark"]) {
                    await page.emulateMedia({ colorScheme });
                    assert.deepEqual(await page.evaluate(contrasts), [], colorScheme);
                }
                for (const viewport of [PHONE, TABLET, DESK]) {
                    await page.setViewportSize(viewport);
                    assert.deepEqual(await page.evaluate(widths), [], `${viewport.width}`);
                }
            });
    }

    test(`${name}: no text but the catalogue's`, {}, async (reader, page) => {
        await page.route("**/web/messages.*.js", markedMessages);
        await go(reader, page);
        assert.deepEqual(await page.evaluate(unmarkedText), []);
    });
}

test("the focus can be seen wherever the Tab key leads", {}, async (reader, page) => {
    await reader.account("trusted");
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
