// test_recovery_contact.mjs - consent to recovery contacts at sign-in and on the account page, and the contacts.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { prove, test } from "./harness.mjs";

const PAGE = "/account/recovery-contact";
const picture = (page, name) => process.env.PICTURES
    && page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });

async function asked(reader, page) {
    await reader.signIn("asked");
    await page.waitForSelector("[data-equal]");
}

const KOREAN = { locale: "ko-KR", viewport: { width: 390, height: 740 } };

test("consent is asked with the whole text and two equal buttons, of which none is chosen", KOREAN, async (reader, page) => {
    await asked(reader, page);
    await reader.heading("[선택] 본인 인증 정보 수집·이용 동의");
    const text = await page.locator("[data-consent]").textContent();
    const file = await readFile(new URL("../../conf.d/consent/1.ko.txt", import.meta.url), "utf8");
    const bare = (words) => words.replace(/^\d+\. /gm, "").replace(/\s/g, "");
    assert.equal(bare(text), bare(file.slice(file.indexOf("\n"))));
    const buttons = page.locator("[data-equal] button");
    assert.deepEqual(await buttons.allTextContents(), ["거부", "동의"]);
    const looks = await buttons.evaluateAll((all) => all.map((button) => {
        const { color, backgroundColor, borderColor, fontSize, fontWeight } = getComputedStyle(button);
        const { width, height, top } = button.getBoundingClientRect();
        return { color, backgroundColor, borderColor, fontSize, fontWeight, width, height, top };
    }));
    assert.deepEqual(looks[0], looks[1]);
    assert.equal((await reader.focused()).tagName, "H1");
    await picture(page, "consent-ko");
});

test("who refuses is signed in without a word more", {}, async (reader, page) => {
    await asked(reader, page);
    await reader.button("Refuse").click();
    await reader.arrived();
    await reader.open(PAGE);
    await page.getByText("You refused on").waitFor();
    await reader.button("Agree").click();
    await page.waitForSelector("[autocomplete=email]");
});

test("who agrees enters the contacts, each with a code", KOREAN, async (reader, page) => {
    await asked(reader, page);
    await reader.button("동의").click();
    await reader.heading("[선택] 본인 인증 정보");
    await picture(page, "enter-ko");
    const mail = page.locator("form:has([autocomplete=email])");
    await mail.locator("[name=value]").fill("me@demo.test");
    await mail.locator("[type=submit]").click();
    await prove(reader, page, "password", "secret");
    await page.getByText("이 서버의 메일 주소는 사용할 수 없습니다. 로그인할 수").waitFor();
    await mail.locator("[name=value]").fill("me@elsewhere.test");
    await mail.locator("[type=submit]").click();
    await page.fill("[name=code]", "654321");
    await page.locator("form:has([name=code]) [type=submit]").click();
    await page.getByText("코드가 맞지 않거나").waitFor();
    await page.fill("[name=code]", "123456");
    await page.locator("form:has([name=code]) [type=submit]").click();
    await page.waitForSelector("[data-contact=mail]");
    assert.equal(await page.locator("[name=foreign]").isChecked(), false);
    await picture(page, "entered-ko");
    await reader.button("완료").click();
    await reader.arrived();
});

test("the account page shows what waits, removes, withdraws, and gives the record", {}, async (reader, page) => {
    await reader.signIn("contact", PAGE);
    await page.waitForSelector("[data-contact=mail]");
    await page.getByText("It becomes b***@elsewhere.test from").waitFor();
    await picture(page, "account-en");
    const [download] = await Promise.all([
        page.waitForEvent("download"), reader.button("Download the record of decisions (JSON)").click(),
    ]);
    const record = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.equal(record.decisions[0].decision, "agree");
    await reader.button("Cancel the change").click();
    await page.getByText("It becomes").waitFor({ state: "detached" });
    await reader.button("Withdraw consent").click();
    await page.locator("dialog").getByRole("button", { name: "Withdraw consent" }).click();
    await page.getByText("You withdrew your consent on").waitFor();
    assert.equal(await page.locator("[data-contact]").count(), 0);
});

test("the link of the old contact stops the change at a press, and says when it is over", {}, async (reader, page) => {
    await reader.open("/recovery-contact#good");
    await picture(page, "stop-en");
    await reader.button("Stop the change").click();
    await reader.heading("The change is stopped");
    await page.goto("about:blank");
    await reader.open("/recovery-contact#old");
    await reader.button("Stop the change").click();
    assert.match(await reader.alert(), /no longer valid/);
});

test("where the operator has none there is no such page", {}, async (reader, page) => {
    await reader.account("trusted");
    assert.equal(await page.locator(`[data-menu] a[href="${PAGE}"]`).count(), 0);
    await reader.open(PAGE);
    await reader.arrived();
});
