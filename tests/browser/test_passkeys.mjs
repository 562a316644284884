// test_passkeys.mjs - passkeys of Chromium's own authenticator, which needs no hand: the right ways, and wrong answers.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { addPasskey, plugIn } from "./authenticator.mjs";
import { newMember, postlatch } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

// To the step that asks for the passkey.
async function knockAgain(visitor) {
    await visitor.page.context().clearCookies();
    await visitor.knock();
    await visitor.says("passkey.lead");
}

const usePasskey = (visitor) => visitor.button("passkey.submit").click();

test("a passkey of the account page confirms sign-in, is renamed and removed", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await plugIn(visitor.page);
    await addPasskey(visitor, "blue key");
    await knockAgain(visitor);
    await usePasskey(visitor);
    await visitor.inbox();
    await visitor.await("A passkey was registered");
    await visitor.account();
    const section = visitor.section("passkeys");
    await section.getByRole("button", { name: "Rename blue key" }).click();
    await visitor.page.fill("dialog [name=name]", "red key");
    await visitor.page.click("dialog [type=submit]");
    await visitor.says("passkey.renamed");
    await section.getByRole("button", { name: "Remove red key" }).click();
    await visitor.page.getByRole("dialog").getByRole("button", { name: visitor.t("passkey.remove"), exact: true }).click();
    await visitor.says("passkey.removed");
    await visitor.page.context().clearCookies();
    await visitor.knock();
    await visitor.says("code.lead");
});

test("a passkey with a wrong signature, without presence or without verification lets nobody in", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    const authenticator = await plugIn(visitor.page);
    await addPasskey(visitor, "key");
    await knockAgain(visitor);
    for (const wrong of ["isBogusSignature", "isBadUV", "isBadUP"]) {
        await authenticator("setResponseOverrideBits", { [wrong]: true });
        await usePasskey(visitor);
        await visitor.says("error.wrong-passkey");
        assert.equal((await visitor.session()).state, "pending");
        await authenticator("setResponseOverrideBits", {});
    }
    await usePasskey(visitor);
    await visitor.inbox();
});

test("a passkey is registered instead of an app, and a recovery code stands in for it", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await plugIn(visitor.page);
    await visitor.knock();
    await visitor.button("passkey.register-instead").click();
    await visitor.page.click("form [type=submit]");
    const [code] = await visitor.keepRecoveryCodes();
    await visitor.inbox();
    await visitor.page.context().clearCookies();
    await visitor.knock();
    await visitor.button("code.recovery").click();
    await visitor.enter(code);
    await visitor.inbox();
});

for (const locale of ["ko-KR", "en-US"]) {
    test(`${locale}: who may not use an app is offered the other kinds, and may put them off`, { locale }, async (reader, page) => {
        const visitor = new Visitor(reader, await newMember("class=keys"));
        if (locale === "ko-KR") visitor.inKorean();
        await plugIn(page);
        await visitor.knock();
        await visitor.heading("passkey.register-title");
        assert.equal(await visitor.button("passkey.other-way").count(), 0);
        await visitor.button("phone.register-instead").click();
        await visitor.button("passkey.register-instead").click();
        await page.screenshot({ path: `${process.env.NODE_FOLDER}/kinds.${locale}.png` });
        await visitor.button("registration.later").click();
        await visitor.inbox();
        await visitor.account();
        // Nothing is there of the app, and both others can be registered.
        await visitor.section("passkeys").getByRole("button", { name: visitor.t("passkey.add") }).waitFor();
        await visitor.button("phone.add").waitFor();
        assert.equal(await visitor.section("factor").count(), 0);
    });
}

test("an app that is no longer allowed is asked for until a passkey is there", {}, async (reader, page) => {
    const member = await newMember();
    const visitor = new Visitor(reader, member);
    await visitor.begin();
    await postlatch("member", "set", member.address, "class=keys");
    await visitor.account();
    await visitor.says("factor.not-allowed");
    assert.equal(await visitor.button("factor.anew").count(), 0);
    await plugIn(page);
    await addPasskey(visitor, "key");
    await knockAgain(visitor);
    assert.equal(await visitor.button("passkey.code").count(), 0);
    await usePasskey(visitor);
    await visitor.inbox();
});
