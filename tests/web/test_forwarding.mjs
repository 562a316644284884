// test_forwarding.mjs - the page of the member's own forward: addresses, codes, on and off.

import assert from "node:assert/strict";
import { prove, test } from "./harness.mjs";

const standing = (page) => page.locator("[data-standing]").textContent();
const row = (page, address) => page.locator("tbody tr", { hasText: address });

async function open(reader, word) {
    await reader.account(word, "/account/forwarding");
    await reader.heading("Forwarding");
}

test("forwarding: an address elsewhere counts once its code was entered", {}, async (reader, page) => {
    await open(reader, "trusted");
    assert.equal(await standing(page), "Your mail is not forwarded.");
    await page.fill("[name=address]", " me@elsewhere.example ");
    await page.click("form [type=submit]");
    await prove(reader, page, "code", "123456");
    assert.match(await reader.said(), /A code is mailed to me@elsewhere\.example/);
    assert.match(await standing(page), /not forwarded yet/);
    await row(page, "me@elsewhere.example").getByRole("button", { name: "Enter code of me@elsewhere.example" }).click();
    await page.fill("dialog [name=code]", "12345");
    await page.click("dialog [type=submit]");
    await page.locator("dialog [role=alert]:not(:empty)").waitFor();
    await page.fill("dialog [name=code]", "000000");
    await page.click("dialog [type=submit]");
    await page.getByText("This code is not right, or no longer valid.").waitFor();
    await page.fill("dialog [name=code]", "123 456");
    await page.keyboard.press("Enter");
    await page.getByText("New mail is forwarded, and a copy stays in your mailbox.").waitFor();
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.match(await row(page, "me@elsewhere.example").textContent(), /Confirmed/);
});

test("forwarding: an address of this server needs no code", {}, async (reader, page) => {
    await open(reader, "trusted");
    await page.fill("[name=address]", "other@demo.test");
    await page.click("form [type=submit]");
    await prove(reader, page, "code", "123456");
    assert.match(await reader.said(), /Mail is forwarded to other@demo\.test/);
    assert.equal(await page.getByRole("button", { name: /Enter code/ }).count(), 0);
});

test("forwarding: what is wrong with an address is said at its field", {}, async (reader, page) => {
    await open(reader, "trusted");
    for (const [address, words] of [["x", /not a mail address/], ["trusted@demo.test", /your own address/]]) {
        await page.fill("[name=address]", address);
        await page.click("form [type=submit]");
        if (await page.locator("dialog").isVisible()) await prove(reader, page, "code", "123456");
        await page.locator("dialog").waitFor({ state: "detached" });
        await page.locator("[data-field] [role=alert]", { hasText: words }).waitFor();
        assert.equal((await reader.focused()).name, "address");
    }
});

test("forwarding: it is switched off and keeps its addresses, with a copy or without", {}, async (reader, page) => {
    await open(reader, "forwarder");
    const save = async (name, words) => {
        await page.click(`[name=${name}]`);
        await page.locator("form", { has: page.locator("[name=enabled]") }).locator("[type=submit]").click();
        if (name === "keep_copy") await prove(reader, page, "code", "123456");
        await page.getByText(words).waitFor();
    };
    await save("keep_copy", "New mail is forwarded, and does not stay in your mailbox.");
    await save("enabled", "You have switched forwarding off.");
    assert.equal(await page.locator("tbody tr").count(), 2);
    await save("enabled", "New mail is forwarded, and does not stay in your mailbox.");
});

test("forwarding: an address is removed after a question, and the focus stays on the page", {}, async (reader, page) => {
    await open(reader, "forwarder");
    await row(page, "me@elsewhere.example").getByRole("button", { name: "Remove me@elsewhere.example" }).click();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("tbody tr").count(), 2);
    await row(page, "me@elsewhere.example").getByRole("button", { name: "Remove me@elsewhere.example" }).click();
    await page.locator("dialog [data-tone=danger]").click();
    await row(page, "me@elsewhere.example").waitFor({ state: "detached" });
    assert.equal(await reader.said(), "me@elsewhere.example is removed.");
    assert.notEqual((await reader.focused()).tagName, "BODY");
});

test("forwarding: while an administrator has it off, addresses are kept and can be removed alone", {}, async (reader, page) => {
    await open(reader, "resting");
    assert.match(await standing(page), /switched off for your account by your administrator/);
    await page.getByText("Your addresses are kept.").waitFor();
    assert.equal(await page.locator("main form").count(), 0);
    assert.deepEqual(await page.locator("tbody button").allTextContents(), ["Remove", "Remove"]);
});
