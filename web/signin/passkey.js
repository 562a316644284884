// passkey.js - the second step: a passkey, and the other ways that the member has.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { provePasskey } from "../lib/passkeys.js";
import { go } from "../lib/router.js";
import { session } from "../lib/session.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Whose } from "./whose.js";

async function prove({ trust }) {
    const proof = await provePasskey(await post("/api/sign-in/passkey/challenge"));
    return proceed(await post("/api/sign-in/passkey", { ...proof, trust }));
}

export function Passkey() {
    const { factors, recovery } = session.value;
    return html`<${Page} title=${t("code.title")}>
        <p>${t("passkey.lead")}</p>
        <${Whose} />
        <${Form} submit=${t("passkey.submit")} waiting=${t("passkey.waiting")} action=${prove}>
            <${Tick} name="trust" label=${t("code.trust")} hint=${t("code.trust-hint")} />
        <//>
        ${factors.includes("totp") && html`<${Action} tone="quiet" go=${() => go("/sign-in/code")}>
            ${t("passkey.code")}<//>`}
        ${recovery && html`<${Action} tone="quiet" go=${() => go("/sign-in/recovery")}>${t("code.recovery")}<//>`}
        ${!recovery && !factors.includes("totp") && html`<p data-aside>${t("code.no-phone")}</p>`}
        <${OtherAccount} />
    <//>`;
}
