// test_password.mjs - the page on which a member changes the account password.

import assert from "node:assert/strict";
import { prove, test } from "./harness.mjs";

const PAGE = "/account/password";

async function arrive(reader, page, word) {
    await reader.signIn(word, PAGE);
    await page.waitForSelector("[name=old]");
}

async function fill(page, old, chosen, again = chosen) {
    await page.fill("[name=old]", old);
    await page.fill("[name=new]", chosen);
    await page.fill("[name=again]", again);
    await page.click("form [type=submit]");
}

const wrong = (page, name) => page.locator(`[data-field]:has([name=${name}]) [role=alert]:not(:empty)`).textContent();

test("the password is changed after a recent code, and what ends is ticked at first", {}, async (reader, page) => {
    await arrive(reader, page, "trusted");
    assert.ok(await page.isChecked("[name=end_others]"));
    await fill(page, "secret", "a longer one");
    await prove(reader, page, "code", "123456");
    assert.match(await reader.said(), /signed out everywhere else/);
    for (const name of ["old", "new", "again"]) assert.equal(await page.inputValue(`[name=${name}]`), "");
    await page.uncheck("[name=end_others]");
    await fill(page, "secret", "another one");
    await page.getByText("The password is changed.", { exact: true }).waitFor();
});

test("what is wrong stands at its field, with the reason", {}, async (reader, page) => {
    await arrive(reader, page, "trusted");
    await fill(page, "guess", "a longer one", "a langer one");
    assert.equal(await wrong(page, "again"), "The new password was not entered in the same way twice.");
    await fill(page, "guess", "a longer one");
    await prove(reader, page, "code", "123456");
    assert.equal(await wrong(page, "old"), "This is not your present password.");
    await fill(page, "secret", "short");
    assert.match(await wrong(page, "new"), /at least 8 characters/);
    await fill(page, "secret", "used before");
    assert.equal(await wrong(page, "new"), "The server does not accept this as a new password: Used before.");
});

test("what the server does not know is said as it is", {}, async (reader, page) => {
    await arrive(reader, page, "plain");
    await reader.fail("/api/account/password", 503, { error: "password-unknown" });
    await fill(page, "secret", "a longer one");
    await page.getByText("did not say whether the password was changed").waitFor();
});

test("without the operator's command there is no such page", {}, async (reader, page) => {
    await reader.account("forbidden");
    assert.equal(await page.locator(`[data-menu] a[href="${PAGE}"]`).count(), 0);
    await reader.open(PAGE);
    await reader.arrived();
});
