// test_links.mjs - the page of the member's own links to files.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const PATH = "/account/large-attachments";
const row = (page, words) => page.locator("tbody tr", { hasText: words });

test("large attachments: files, downloads and room are shown, and older ones when they are asked for", {}, async (reader, page) => {
    await reader.account("sender", PATH);
    await reader.heading("Large attachments");
    assert.match(await page.locator("[data-standing]").innerText(), /take 3\.0\sGB; 2\.0\sGB are free/);
    const text = await row(page, "Plans for 2027").innerText();
    assert.match(text, /2026년 사업 계획서 최종_수정본\.pdf, 33\sMB, downloads: 3/);
    assert.match(text, /\.mp4, 3\.0\sGB, downloads: 0/);
    assert.match(await row(page, "Photographs").innerText(), /Withdrawn/);
    assert.match(await row(page, "Minutes").innerText(), /Ended/);
    for (const words of ["Photographs", "Minutes"]) assert.equal(await row(page, words).locator("button").count(), 0);
    assert.equal(await page.locator("tbody tr").count(), 20);
    await page.getByRole("button", { name: "Show older ones" }).click();
    await row(page, "Report 19").waitFor();
    assert.equal(await page.locator("tbody tr").count(), 24);
});

test("large attachments: a link is extended once", {}, async (reader, page) => {
    await reader.account("sender", PATH);
    const button = row(page, "Plans for 2027").getByRole("button", { name: "Keep 30 days longer: Plans for 2027" });
    await button.click();
    assert.match(await reader.said(), /The files are available until /);
    await button.waitFor({ state: "detached" });
    assert.equal(await row(page, "No subject").getByRole("button", { name: /longer/ }).count(), 0);
    assert.notEqual((await reader.focused()).tagName, "BODY");
});

test("large attachments: a link is withdrawn after a question, with the keyboard alone", {}, async (reader, page) => {
    await reader.account("sender", PATH);
    await row(page, "Plans for 2027").getByRole("button", { name: "Withdraw Plans for 2027" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal(await row(page, "Plans for 2027").getByText("Withdrawn").count(), 0);
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await row(page, "Plans for 2027").getByText("Withdrawn").waitFor();
    assert.equal(await reader.said(), "The files of Plans for 2027 are withdrawn.");
    assert.equal((await reader.focused()).id, "links");
});

test("large attachments: the page is there where the server has links", {}, async (reader, page) => {
    await reader.account("forbidden");
    await page.locator("nav a", { hasText: "Devices" }).waitFor();
    assert.equal(await page.locator("nav a", { hasText: "Large attachments" }).count(), 0);
});

test("large attachments: a password is set, and taken away again", {}, async (reader, page) => {
    await reader.account("sender", PATH);
    const button = row(page, "Plans for 2027").getByRole("button", { name: "Password of Plans for 2027" });
    await button.click();
    await page.fill("dialog [name=password]", "short");
    await page.click("dialog [type=submit]");
    await page.locator("dialog [data-field] [role=alert]:not(:empty)").waitFor();
    await page.fill("dialog [name=password]", "long enough");
    await page.keyboard.press("Enter");
    await row(page, "Plans for 2027").getByText("With a password").waitFor();
    assert.equal(await reader.said(), "The files of Plans for 2027 have a password now.");
    await button.click();
    await page.getByRole("button", { name: "Remove password" }).click();
    await row(page, "Plans for 2027").getByText("With a password").waitFor({ state: "detached" });
});
