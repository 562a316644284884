// test_typing.mjs - what is drawn anew takes nothing from who types, also through an input method, or ticks.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const SESSIONS = "[aria-labelledby=sessions]";

// Types through an input method: each text is one that it shows before the word is finished.
async function compose(page, texts, between) {
    const session = await page.context().newCDPSession(page);
    for (const text of texts) {
        await session.send("Input.imeSetComposition", {
            text, selectionStart: text.length, selectionEnd: text.length,
        });
        await between(text);
    }
    await session.send("Input.insertText", { text: texts.at(-1) });
}

const HANGUL = ["ㅎ", "호", "회", "횡", "회우", "회워", "회원"];
// In order.
const rows = (page) => page.locator(`${SESSIONS} tbody tr`).evaluateAll((all) => all.map((row) => row.textContent));


test("Hangul typed into the search for a device, and a row ticked, outlive all that is drawn anew", {},
    async (reader, page) => {
        await reader.devices("many");
        const all = await rows(page);
        assert.equal(all.length, 11);
        await page.getByRole("checkbox", { name: "Linux, Firefox" }).check();
        await page.getByLabel("Find a device").focus();
        await page.evaluate(() => {
            window.events = [];
            for (const type of ["compositionstart", "compositionend", "blur"]) {
                document.activeElement.addEventListener(type, () => window.events.push(type));
            }
        });
        // While the word is not finished: another section changes, and all is drawn in another language.
        const meanwhile = {
            호: () => page.evaluate(() => document.querySelector("[aria-labelledby=devices] tbody button").click()),
            회: () => page.waitForFunction(() => document.querySelectorAll("[aria-labelledby=devices] tbody tr").length === 1),
            회우: () => page.evaluate(() => document.querySelector("footer [lang=ko]").click()),
            회원: () => page.waitForFunction(() => document.documentElement.lang === "ko"),
        };
        await compose(page, HANGUL, (text) => meanwhile[text]?.());
        const find = page.getByLabel("기기 찾기");
        assert.equal(await find.inputValue(), "회원");
        assert.deepEqual(await page.evaluate(() => window.events), ["compositionstart", "compositionend"]);
        assert.equal((await reader.focused()).name, "find");
        const found = (await rows(page)).map((text) => /^회원 지원실 PC( \(\d\))?/.exec(text.trim())?.[0]);
        assert.deepEqual(found,
            ["회원 지원실 PC", "회원 지원실 PC (2)", "회원 지원실 PC (3)", "회원 지원실 PC (4)"]);

        await find.fill("");
        await reader.button("English").click();
        await page.waitForFunction(() => document.documentElement.lang === "en");
        assert.deepEqual(await rows(page), all);
        assert.equal(await page.getByRole("checkbox", { name: "Linux, Firefox" }).isChecked(), true);
        const sent = page.waitForRequest("**/api/account/sessions/end");
        await reader.button("Sign out chosen devices (1)").click();
        assert.deepEqual((await sent).postDataJSON(), { id: 22 });
        await page.getByText("The chosen devices are signed out").or(page.getByText("The device is signed out")).waitFor();
        assert.equal((await rows(page)).length, 10);
    });

test("Hangul typed into the address outlives what the portal says meanwhile", {}, async (reader, page) => {
    await reader.open("/sign-in?notice=ended");
    await page.fill("[name=password]", "secret");
    await page.locator("[name=user]").focus();
    await compose(page, HANGUL, () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))));
    await page.keyboard.type("@demo.test");
    assert.equal(await page.inputValue("[name=user]"), "회원@demo.test");
    assert.equal(await page.inputValue("[name=password]"), "secret");
});
