// test_passkey_alone.mjs - signing in with a passkey in the place of password and second step: the right way, and wrong answers.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { addPasskey, plugIn } from "./authenticator.mjs";
import { env, newMember, postlatch } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const { PORTAL_URL: PORTAL, WEBMAIL_URL: WEBMAIL } = env;
const PATH = "/api/sign-in/passkey-alone";

// A member with a passkey, signed out, and the authenticator that has it.
async function prepared(reader, ...settings) {
    const visitor = new Visitor(reader, await newMember(...settings));
    await visitor.begin();
    const authenticator = await plugIn(visitor.page);
    await addPasskey(visitor, "key");
    await arrive(visitor);
    return { visitor, authenticator };
}

// At the sign-in page, to which webmail leads, as nobody.
async function arrive(visitor) {
    await visitor.page.context().clearCookies();
    await visitor.page.goto(WEBMAIL);
    await visitor.heading("password.title");
}

// Whatever Roundcube shows of it on a screen that is small.
const atMail = (page) => page.waitForURL((url) => url.origin === WEBMAIL && url.searchParams.get("_task") === "mail");

const useAlone = (visitor) => visitor.button("passkey.alone").click();

async function refused(visitor, key) {
    await visitor.says(key);
    assert.equal((await visitor.session()).state, "none");
}

test("a passkey alone opens webmail, and the page of activity says so", {}, async (reader) => {
    const { visitor } = await prepared(reader, "class=alone", "two_factor_requirement=required");
    await useAlone(visitor);
    await visitor.inbox();
    await visitor.page.goto(`${PORTAL}/account/activity`);
    await visitor.says("activity.passkey-accepted");
    await visitor.says("activity.passkey-alone");
    // What needs a recent factor goes on without asking.
    await visitor.account();
    await visitor.section("passkeys").getByRole("button", { name: visitor.t("passkey.add") }).click();
    await visitor.page.fill("dialog [name=name]", "another");
    await visitor.page.click("dialog [type=submit]");
    await visitor.says("error.passkey-known");
});

test("a passkey alone with a wrong signature, without presence or without verification lets nobody in", {}, async (reader) => {
    const { visitor, authenticator } = await prepared(reader, "class=alone");
    for (const wrong of ["isBogusSignature", "isBadUV", "isBadUP"]) {
        await authenticator("setResponseOverrideBits", { [wrong]: true });
        await useAlone(visitor);
        await refused(visitor, "error.wrong-passkey");
        await authenticator("setResponseOverrideBits", {});
        await visitor.page.reload();
        await visitor.heading("password.title");
    }
    await useAlone(visitor);
    await visitor.inbox();
});

test("a passkey alone: a copy, an answer that was used and one that was removed let nobody in", {}, async (reader) => {
    const { visitor, authenticator } = await prepared(reader, "class=alone");
    const sent = visitor.page.waitForRequest(`**${PATH}`);
    await useAlone(visitor);
    const body = (await sent).postDataJSON();
    await visitor.inbox();
    // The same answer once more, from another browser.
    const thief = await reader.another();
    const replayed = await thief.page.request.post(PORTAL + PATH, { data: body, headers: { origin: PORTAL } });
    assert.deepEqual([replayed.status(), await replayed.json()], [422, { error: "passkey-expired" }]);
    // The counter of a copy has stayed behind.
    const { credentials: [credential] } = await authenticator("getCredentials");
    await authenticator("clearCredentials");
    await authenticator("addCredential", { credential: { ...credential, signCount: 0 } });
    await arrive(visitor);
    await useAlone(visitor);
    await refused(visitor, "error.passkey-refused");
    await authenticator("clearCredentials");
    await authenticator("addCredential", { credential: { ...credential, signCount: 1000 } });
    await arrive(visitor);
    await useAlone(visitor);
    await visitor.inbox();
    await postlatch("totp", "reset", visitor.member.address);
    await arrive(visitor);
    await useAlone(visitor);
    await refused(visitor, "error.wrong-passkey");
});

test("a passkey alone: an answer that a page at another origin was given lets nobody in", {}, async (reader) => {
    const { visitor } = await prepared(reader, "class=alone");
    const { page } = visitor;
    const challenge = async () => (await page.request.post(`${PORTAL}${PATH}/challenge`, { headers: { origin: PORTAL } })).json();
    const sign = (options) => page.evaluate(async ({ challenge, rp_id: rpId }) => {
        const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
        const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
            .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
        const publicKey = { challenge: decode(challenge), rpId, userVerification: "required" };
        const { rawId, response } = await navigator.credentials.get({ publicKey });
        return {
            id: encode(rawId), client_data: encode(response.clientDataJSON), authenticator_data: encode(response.authenticatorData),
            signature: encode(response.signature), user_handle: encode(response.userHandle),
        };
    }, options);
    const answerTo = async (options) => {
        const answer = await page.request.post(PORTAL + PATH, { data: await sign(options), headers: { origin: PORTAL } });
        return [answer.status(), (await answer.json()).error];
    };
    // A page of webmail's server, which has the same host and another port, so that the browser has the passkey for it.
    await page.goto(`${WEBMAIL}/skins/elastic/ui.js`);
    assert.notEqual(new URL(page.url()).origin, PORTAL);
    assert.deepEqual(await answerTo(await challenge()), [422, "wrong-passkey"]);
    await page.goto(`${PORTAL}/sign-in`);
    assert.deepEqual(await answerTo(await challenge()), [200, undefined]);
});

test("who may not sign in with a passkey alone is told to use the password, and can", {}, async (reader) => {
    const { visitor } = await prepared(reader);
    await useAlone(visitor);
    await refused(visitor, "error.passkey-sign-in-off");
    await visitor.signIn();
    await visitor.says("passkey.lead");
});

for (const locale of ["ko-KR", "en-US"]) {
    test(`${locale}: a passkey alone signs in on a phone`, { locale, viewport: { width: 360, height: 740 } }, async (reader, page) => {
        const visitor = new Visitor(reader, await newMember("class=alone"));
        if (locale === "ko-KR") visitor.inKorean();
        await plugIn(page);
        await visitor.knock();
        await visitor.button("passkey.register-instead").click();
        await page.click("form [type=submit]");
        await visitor.keepRecoveryCodes();
        await atMail(page);
        await arrive(visitor);
        await visitor.button("passkey.alone").waitFor();
        await page.screenshot({ path: `${process.env.NODE_FOLDER}/alone.${locale}.png` });
        await useAlone(visitor);
        await atMail(page);
    });
}
