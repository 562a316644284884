// code.js - the second step: a code of the app.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { CodeField, digitsOf, Tick, wrongLength } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { canUsePasskeys } from "../lib/passkeys.js";
import { go } from "../lib/router.js";
import { session } from "../lib/session.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Whose } from "./whose.js";

const mayUsePasskey = ({ factors, passkeys }) => passkeys && factors.includes("passkey") && canUsePasskeys();

export function Code() {
    const { recovery } = session.value;
    const send = async ({ code, trust }) => proceed(await post("/api/sign-in/code", { code: digitsOf(code), trust }));
    return html`<${Page} title=${t("code.title")}>
        <p>${t("code.lead")}</p>
        <${Whose} />
        <${Form} submit=${t("code.submit")} waiting=${t("code.waiting")} check=${wrongLength} action=${send}>
            <${CodeField} start />
            <${Tick} name="trust" label=${t("code.trust")} hint=${t("code.trust-hint")} />
        <//>
        ${recovery
            ? html`<${Action} tone="quiet" go=${() => go("/sign-in/recovery")}>${t("code.recovery")}<//>`
            : html`<p data-aside>${t("code.no-phone")}</p>`}
        ${mayUsePasskey(session.value) && html`
            <${Action} tone="quiet" go=${() => go("/sign-in/passkey")}>${t("passkey.instead")}<//>`}
        <${OtherAccount} />
    <//>`;
}
