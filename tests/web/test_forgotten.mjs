// test_forgotten.mjs - the pages on which a member who has forgotten the password sets a new one.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const PAGE = "/forgotten-password";
const KOREAN = { locale: "ko-KR", viewport: { width: 390, height: 740 } };
const picture = (page, name) => process.env.PICTURES
    && page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });

// What was sent to the portal under the page's paths, in order.
function sentBy(page) {
    const sent = [];
    page.on("request", (request) => {
        const { pathname, search } = new URL(request.url());
        if (request.method() === "POST") sent.push([pathname.replace("/api/forgotten-password", ""), request.postDataJSON()]);
        assert.equal(search.includes("plain"), false, "no token or name in an address");
    });
    return sent;
}

async function ask(reader, page, word) {
    await reader.open("/sign-in");
    await page.getByRole("link", { name: /Forgotten|잊으셨나요/ }).click();
    await page.waitForURL(`**${PAGE}`);
    await page.fill("[name=user]", ` ${word}@demo.test `);
    await page.click("form [type=submit]");
    await page.waitForURL(`**${PAGE}/code#${word}`);
}

async function choose(page, chosen, again = chosen) {
    await page.fill("[name=new]", chosen);
    await page.fill("[name=again]", again);
    await page.click("form [type=submit]");
}

test("for a forgotten password a code is sent that sets a new one, and signs nobody in", KOREAN, async (reader, page) => {
    const sent = sentBy(page);
    await reader.open("/sign-in");
    await page.getByRole("link", { name: "비밀번호를 잊으셨나요?" }).click();
    await reader.heading("새 비밀번호 설정");
    await picture(page, "forgotten-ask-ko");
    await page.fill("[name=user]", "plain@demo.test");
    await page.selectOption("[name=by]", "phone");
    await page.click("form [type=submit]");
    await reader.heading("코드 입력");
    assert.equal((await reader.focused()).name, "code");
    await picture(page, "forgotten-code-ko");
    await reader.code("1234-567");
    await page.getByText("코드는 숫자 8자리입니다.").waitFor();
    await reader.code("8765 4321");
    await page.getByText("코드가 맞지 않거나 더 이상 유효하지 않습니다.").waitFor();
    await reader.code("1234 5678");
    await reader.heading("새 비밀번호 입력");
    assert.equal(await page.inputValue("[autocomplete=username]"), "plain@demo.test");
    assert.ok(await page.isChecked("[name=end_app_passwords]"));
    await picture(page, "forgotten-new-ko");
    await choose(page, "a longer one", "a langer one");
    await page.getByText("새 비밀번호를 두 번 똑같이 입력하지 않았습니다.").or(page.locator("[data-field] [role=alert]:not(:empty)"))
        .first().waitFor();
    await choose(page, "a longer one");
    await reader.heading("비밀번호를 설정했습니다");
    await picture(page, "forgotten-done-ko");
    assert.deepEqual(await page.context().cookies(), []);
    assert.deepEqual(sent, [
        ["", { user: "plain@demo.test", by: "phone" }],
        ["/code", { token: "plain", code: "87654321" }],
        ["/code", { token: "plain", code: "12345678" }],
        ["/new", { proof: "plain", new: "a longer one", end_app_passwords: true }],
    ]);
    await page.getByRole("link", { name: "로그인" }).last().click();
    await page.waitForSelector("[name=password]");
});

test("with a second factor a forgotten password takes a code of the app or a recovery code as well", {}, async (reader, page) => {
    await ask(reader, page, "code");
    await reader.code("12345678");
    await reader.heading("Two-step verification");
    await picture(page, "forgotten-factor-en");
    await reader.code("654321");
    await page.locator("[role=alert]:not(:empty)").first().waitFor();
    assert.equal(await page.locator("[name=new]").count(), 0);
    await reader.code("abcd-efgh-ijkl-mno2");
    await reader.heading("Choose a new password");
});

test("a link for a forgotten password is followed at a press, and wants no code", {}, async (reader, page) => {
    const sent = sentBy(page);
    await reader.open(`${PAGE}/link#link`);
    await reader.heading("Set a new password");
    await picture(page, "forgotten-link-en");
    assert.deepEqual(sent, []);
    await reader.button("Continue").click();
    await reader.heading("Choose a new password");
    assert.deepEqual(sent, [["/code", { token: "link", code: "" }]]);
});

test("of a forgotten password: what is wrong stands at its field, and what took too long is said", {}, async (reader, page) => {
    await ask(reader, page, "late");
    await reader.code("12345678");
    await choose(page, "a longer one");
    assert.match(await reader.alert(), /took too long/);
    await page.goto("about:blank");
    await ask(reader, page, "plain");
    await reader.code("12345678");
    await choose(page, "short");
    await page.locator("[data-field]:has([name=new]) [role=alert]:not(:empty)").waitFor();
    await page.uncheck("[name=end_app_passwords]");
    await choose(page, "a longer one");
    await reader.heading("The password is set");
});

test("a page for a forgotten password that has no token begins anew", {}, async (reader, page) => {
    for (const path of ["/code", "/link"]) {
        await reader.open(PAGE + path);
        await page.waitForSelector("[name=user]");
    }
});

test("where no forgotten password is replaced the sign-in page has no such link", {}, async (reader, page) => {
    await reader.blocks({ state: { ...await reader.stateOf("/sign-in"), password_recovery: false } });
    await reader.open("/sign-in");
    await page.waitForSelector("[name=password]");
    assert.equal(await page.locator(`a[href="${PAGE}"]`).count(), 0);
});
