// test_identity.mjs - the identity check of a member who has lost the second factor.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";

const PHONE = { viewport: { width: 390, height: 740 } };
const picture = (page, name) => process.env.PICTURES
    && page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true });

const WORDS = {
    "ko-KR": {
        lost: "인증 수단을 모두 잃어버렸어요", title: "본인 확인", send: "코드 받기", wrong: /코드가 맞지 않거나/, again: "코드 다시 받기",
        submit: "삭제하고 다시 등록",
    },
    "en-US": {
        lost: "I have lost all of these", title: "Is it you?", send: "Send a code", wrong: /This code is not right/,
        again: "Have another code sent", submit: "Remove it and register anew",
        other: "Another way",
    },
};

for (const [locale, words] of Object.entries(WORDS)) {
    test(`who has lost the factor registers anew after an identity check, in ${locale}`, { ...PHONE, locale }, async (reader, page) => {
        const sent = [];
        page.on("request", (request) => {
            const { pathname } = new URL(request.url());
            if (pathname.startsWith("/api/sign-in/identity")) sent.push([pathname.slice(21), request.postDataJSON()]);
        });
        await reader.signIn("lost");
        await reader.button(words.lost).click();
        await reader.heading(words.title);
        await picture(page, `identity-ask-${locale}`);
        await page.selectOption("[name=by]", "phone");
        await reader.button(words.send).click();
        await page.locator("[name=code]").waitFor();
        assert.equal((await reader.focused()).name, "code");
        await picture(page, `identity-code-${locale}`);
        await reader.code("8765 4321");
        await page.getByText(words.wrong).waitFor();
        await reader.button(words.again).click();
        await reader.button(words.send).click();
        await page.locator("[name=code]").waitFor();
        await reader.code("1234 5678");
        await reader.button(words.submit).waitFor();
        assert.equal((await reader.focused()).name, "code");
        await picture(page, `identity-recovery-${locale}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        await reader.code("abcd-efgh-ijkl-mno2");
        await page.waitForURL("**/sign-in/registration");
        assert.deepEqual(sent, [
            ["", { by: "phone" }], ["/code", { token: "phone", code: "87654321" }], ["", { by: "mail" }],
            ["/code", { token: "mail", code: "12345678" }], ["/confirm", { proof: "mail", code: "abcd-efgh-ijkl-mno2" }],
        ]);
    });
}

test("the identity check is offered to nobody who has no recovery contact", {}, async (reader, page) => {
    await reader.signIn("code");
    await page.locator("[name=code]").waitFor();
    assert.equal(await page.getByText(WORDS["en-US"].lost).count(), 0);
    await reader.open("/sign-in/identity");
    await page.waitForURL("**/sign-in/code");
});

test("the identity check leads back to the other ways", {}, async (reader, page) => {
    await reader.signIn("lost");
    await reader.button(WORDS["en-US"].lost).click();
    await reader.heading(WORDS["en-US"].title);
    await reader.button(WORDS["en-US"].other).click();
    await page.waitForURL("**/sign-in/code");
});
