// test_app_passwords.mjs - the page of app passwords: made and shown once, listed, narrowed, revoked.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const PATH = "/account/app-passwords";
const SHOWN = "abcd efgh ijkl mnop";
const KOREAN = { locale: "ko-KR" };

function row(page, text) {
    return page.locator("tbody tr", { hasText: text });
}

async function clipboard(page) {
    return page.evaluate(() => navigator.clipboard.readText());
}

test("an app password is shown in four groups, and copied without spaces", {}, async (reader, page) => {
    await reader.allowClipboard();
    await reader.makeAppPassword("mail", "Phone of mine");
    const shown = page.locator("[data-secret]");
    assert.equal(await shown.locator("code").textContent(), SHOWN);
    await page.getByText("shown now and never again").waitFor();
    await shown.getByRole("button", { name: "Copy" }).click();
    assert.equal(await reader.said(), "Copied.");
    assert.equal(await clipboard(page), SHOWN.replaceAll(" ", ""));
    await row(page, "Phone of mine").getByText("Never used").waitFor();
});

test("once it is put away it is nowhere on the page, and another one can be made", {}, async (reader, page) => {
    await reader.makeAppPassword("mail", "Phone of mine");
    await page.locator("[data-secret]").waitFor();
    assert.equal(await page.locator("[name=label]").count(), 0);
    await reader.button("I have entered it").click();
    await page.locator("[name=label]").waitFor();
    assert.ok(!(await page.content()).includes("efgh"));
    await row(page, "Phone of mine").waitFor();
});

test("who leaves the page before is asked, by a link and by Back", {}, async (reader, page) => {
    await reader.account("trusted");
    await page.locator("[data-menu] a", { hasText: "App passwords" }).click();
    await page.waitForURL(`**${PATH}`);
    await page.fill("[name=label]", "Phone of mine");
    await page.click("form [type=submit]");
    await page.fill("dialog [name=code]", "123456");
    await page.click("dialog [type=submit]");
    await page.locator("[data-secret]").waitFor();
    for (const leave of [() => page.locator("[data-menu] a").first().click(), () => page.goBack()]) {
        await leave();
        await page.locator("dialog").waitFor();
        await reader.button("Cancel").click();
        await page.locator("dialog").waitFor({ state: "detached" });
        assert.ok(page.url().endsWith(PATH));
        assert.equal(await page.locator("[data-secret] code").textContent(), SHOWN);
    }
    await page.goBack();
    await reader.button("Leave").click();
    await reader.heading("Two-step verification settings");
    await page.goBack();
    assert.ok(!(await page.content()).includes("efgh"));
});

test("the browser warns before a reload, after which it is gone", {}, async (reader, page) => {
    await reader.makeAppPassword("mail", "Phone of mine");
    await page.locator("[data-secret]").waitFor();
    const asked = [];
    page.on("dialog", (question) => {
        asked.push(question.type());
        question.accept();
    });
    await page.reload();
    await row(page, "Phone of mine").waitFor();
    assert.deepEqual(asked, ["beforeunload"]);
    assert.ok(!(await page.content()).includes("efgh"));
    await page.reload();
    await row(page, "Phone of mine").waitFor();
    assert.equal(asked.length, 1);
});

test("a copier is told its settings in the words of its menus", KOREAN, async (reader, page) => {
    await reader.allowClipboard();
    await reader.makeAppPassword("scanner", "2층 복합기");
    const text = async () => (await page.locator("[aria-labelledby=made]").innerText()).replace(/\s+/g, " ");
    await page.getByText("SMTP 인증").waitFor();
    for (const words of [
        "SMTP 서버 mail.demo.test", "포트 번호 465", "암호화 SSL/TLS", "SMTP 인증(SMTP AUTH) 사용",
        "사용자명 trusted@demo.test", "비밀번호 위의 앱 비밀번호",
    ]) {
        assert.ok((await text()).includes(words), `${words} in ${await text()}`);
    }
    assert.ok(!(await text()).includes("IMAP"));
    await page.getByRole("button", { name: "복사: 사용자명" }).click();
    assert.equal(await clipboard(page), "trusted@demo.test");
});

test("a phone is set up by a profile, for which the password is given back without spaces", {}, async (reader, page) => {
    await reader.makeAppPassword("mail", "iPhone");
    const sent = page.waitForRequest("**/profile");
    await reader.button("Set up an iPhone, iPad or Mac").click();
    const { id, password } = (await sent).postDataJSON();
    assert.equal(password, SHOWN.replaceAll(" ", ""));
    assert.ok(id > 0);
    await page.getByRole("img", { name: "QR code with the link" }).waitFor();
    const link = page.getByRole("link", { name: "Open the profile on this device" });
    assert.equal(await link.getAttribute("href"), "http://localhost/profile/x");
    await page.getByText("works once, until").waitFor();
});

test("a decoy is shown with where to leave it, and has neither settings nor limits", KOREAN, async (reader, page) => {
    await reader.makeAppPassword("decoy", "passwords.txt");
    await page.getByText("비밀번호를 훔치려는 사람이 찾아볼 만한 곳에 두고").waitFor();
    assert.equal(await page.locator("h3").count(), 0);
    await reader.button("남겨 두었습니다").click();
    const decoy = row(page, "passwords.txt");
    assert.ok((await decoy.innerText()).includes("미끼 비밀번호"));
    assert.deepEqual(await decoy.getByRole("button").allInnerTexts(), ["폐기"]);
});

test("a scanner is not offered a profile", {}, async (reader, page) => {
    await reader.makeAppPassword("scanner", "2nd floor");
    await page.locator("h3").waitFor();
    assert.equal(await page.getByRole("button", { name: "Set up an iPhone" }).count(), 0);
});

test("without a server's name there are no settings beside it", {}, async (reader, page) => {
    await page.route("**/api/account/mail-settings", (route) => route.fulfill({
        json: { user: "trusted@demo.test", server: null, password: "app", services: [] },
    }));
    await reader.makeAppPassword("mail", "Phone of mine");
    await page.locator("[data-secret]").waitFor();
    await reader.button("I have entered it").waitFor();
    assert.equal(await page.locator("h3").count(), 0);
});

test("each kind asks for the limits that it can have", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    const asked = () => page.locator("form :is([name=networks], [name=expires_at], [name^=service-])")
        .evaluateAll((all) => all.map(({ name }) => name));
    assert.deepEqual(await asked(), []);
    await page.check("[value=scanner]");
    assert.deepEqual(await asked(), ["networks"]);
    await page.check("[value=script]");
    assert.deepEqual(await asked(), [
        "service-imap", "service-pop3", "service-smtp", "service-sieve", "networks", "expires_at",
    ]);
});

test("a script gets what was chosen, until the end of the last day", { timezoneId: "Asia/Seoul" }, async (reader, page) => {
    await reader.account("trusted", PATH);
    await page.check("[value=script]");
    await page.fill("[name=label]", "  nightly backup ");
    for (const service of ["pop3", "smtp"]) await page.uncheck(`[name=service-${service}]`);
    await page.fill("[name=networks]", "192.0.2.7");
    await page.fill("[name=expires_at]", "2099-01-31");
    await page.click("form [type=submit]");
    const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("app-passwords"));
    await page.fill("dialog [name=code]", "123456");
    await page.click("dialog [type=submit]");
    assert.deepEqual((await sent).postDataJSON(), {
        kind: "script", label: "nightly backup", services: "imap,sieve", networks: "192.0.2.7",
        expires_at: Date.UTC(2099, 0, 31, 15) / 1000,
    });
    const made = row(page, "nightly backup");
    for (const words of ["IMAP, ManageSieve (filters)", "only from 192.0.2.7", "2099"]) await made.getByText(words).waitFor();
});

test("what is wrong is said at its field, and what was typed stays", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    const wrong = async (name) => {
        const field = page.locator("[data-field]", { has: page.locator(`[name=${name}]`) });
        return field.locator("[role=alert]:not(:empty)").textContent();
    };
    await page.click("form [type=submit]");
    assert.equal(await wrong("label"), "Please fill this in first.");
    await page.check("[value=script]");
    await page.fill("[name=label]", "scan\u202eoffice");
    await page.fill("[name=networks]", "home");
    await page.click("form [type=submit]");
    await page.fill("dialog [name=code]", "123456");
    await page.click("dialog [type=submit]");
    assert.match(await wrong("label"), /1 to 128 characters/);
    await page.fill("[name=label]", "x".repeat(10240));
    await page.click("form [type=submit]");
    assert.match(await wrong("label"), /1 to 128 characters/);
    await page.fill("[name=label]", "backup");
    await page.click("form [type=submit]");
    assert.match(await wrong("networks"), /like 192\.0\.2\.0\/24/);
    await page.fill("[name=networks]", "");
    await page.fill("[name=expires_at]", "2020-01-01");
    await page.click("form [type=submit]");
    assert.match(await wrong("expires_at"), /not over yet/);
    assert.equal(await page.inputValue("[name=label]"), "backup");
});

test("a script without a service is not sent", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    await page.check("[value=script]");
    await page.fill("[name=label]", "backup");
    for (const service of ["imap", "pop3", "smtp", "sieve"]) await page.uncheck(`[name=service-${service}]`);
    await page.click("form [type=submit]");
    await page.getByText("choose at least one").waitFor();
    assert.equal(await page.locator("dialog").count(), 0);
});

test("the list has limits, when each was made, and its last use", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    const scanner = row(page, "2층 복합기");
    const text = await scanner.innerText();
    for (const words of [
        "Scanner or printer", "SMTP (sending)", "only from 192.0.2.0/24, 2001:db8:85a3::/48", "2001:db8:85a3:8d3:1319:8a2e:370:7348",
    ]) assert.ok(text.includes(words), `${words} in ${text}`);
    assert.equal(await page.getByText("Never used").count(), 2);
    assert.match(await row(page, "backup").innerText(), /IMAP, ManageSieve/);
});

test("two of one name are told apart by when they were made", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    const names = await page.getByRole("button", { name: /^Revoke Phone, made/ }).evaluateAll(
        (all) => all.map((button) => button.getAttribute("aria-label")));
    assert.equal(names.length, 2);
    await page.getByRole("button", { name: "Revoke 2층 복합기", exact: true }).waitFor();
});

test("revoking asks first, and then it is gone", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    await page.getByRole("button", { name: "Revoke 2층 복합기" }).click();
    await page.getByRole("heading", { name: "Revoke 2층 복합기?" }).waitFor();
    await reader.button("Cancel").click();
    await row(page, "2층 복합기").waitFor();
    await page.getByRole("button", { name: "Revoke 2층 복합기" }).click();
    await page.locator("dialog [data-tone=danger]").click();
    assert.equal(await reader.said(), "2층 복합기 is revoked.");
    assert.equal(await row(page, "2층 복합기").count(), 0);
    assert.equal((await reader.focused()).id, "app-passwords");
});

test("limits can be made narrower, and the portal says when they would be wider", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    await page.getByRole("button", { name: "Limit 2층 복합기" }).click();
    assert.equal(await page.inputValue("dialog [name=networks]"), "192.0.2.0/24, 2001:db8:85a3::/48");
    await page.fill("dialog [name=networks]", "");
    await page.click("dialog [type=submit]");
    await page.locator("dialog form > [role=alert]", { hasText: "only be made narrower" }).waitFor();
    await page.fill("dialog [name=networks]", "192.0.2.7");
    await page.fill("dialog [name=expires_at]", "2099-01-31");
    await page.click("dialog [type=submit]");
    assert.equal(await reader.said(), "2층 복합기 is limited.");
    await row(page, "2층 복합기").getByText("only from 192.0.2.7", { exact: true }).waitFor();
    await row(page, "2층 복합기").getByText("2099").waitFor();
});

test("an expiry that is left as it is stays to the second", {}, async (reader, page) => {
    await reader.account("trusted", PATH);
    const answer = await page.request.get(new URL("/api/account/app-passwords", page.url()).href);
    const [, , , before] = (await answer.json()).app_passwords;
    await page.getByRole("button", { name: /^Limit backup/ }).click();
    const sent = page.waitForRequest("**/narrow");
    await page.click("dialog [type=submit]");
    assert.equal((await sent).postDataJSON().expires_at, before.expires_at);
});

test("without a second factor the page leads to its registration", {}, async (reader, page) => {
    await reader.account("plain", PATH);
    await page.getByText("Set up two-step verification first").waitFor();
    assert.equal(await page.locator("form").count(), 0);
    await page.locator("main a[data-button]").click();
    await page.waitForURL("**/account/registration");
});

for (const [word, sentence] of [
    ["off", "switched off for your account. Please ask"], ["forbidden", "App passwords are switched off for your account"],
    ["full", "as many app passwords as there can be"],
]) {
    test(`where none can be made the page says why: ${word}`, {}, async (reader, page) => {
        await reader.account(word, PATH);
        await page.locator("[data-standing]", { hasText: sentence }).waitFor();
        assert.equal(await page.locator("form").count(), 0);
        await page.locator("[aria-labelledby=app-passwords]").waitFor();
    });
}
