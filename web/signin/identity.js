// identity.js - the identity check of who has lost the second factor: a code that a recovery contact is sent, and a
// recovery code; then another factor can be registered.

import { useSignal } from "../vendor/signals.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { digitsOf, Field, Select } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { goBack } from "../lib/router.js";
import { session } from "../lib/session.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Whose } from "./whose.js";

const API = "/api/sign-in/identity";
const CODE_DIGITS = 8;

const Ask = ({ done }) => {
    const ways = [["mail", t("contact-code.by-mail")], ["phone", t("contact-code.by-phone")]];
    const ask = async ({ by = "mail" }) => done((await post(API, { by })).token);
    return html`<p>${t("identity.text")}</p>
        <${Whose} />
        <${Form} submit=${t("contact-code.ask")} waiting=${t("code.waiting")} action=${ask}>
            ${session.value.recovery_by_phone && html`<${Select} name="by" label=${t("contact-code.by")} value="mail"
                options=${ways} />`}
        <//>`;
};

const EnterCode = ({ token, done, again }) => {
    const wrong = ({ code }) => (digitsOf(code).length === CODE_DIGITS ? null : t("contact-code.length"));
    const enter = async ({ code }) => done((await post(`${API}/code`, { token, code: digitsOf(code) })).proof);
    return html`<p>${t("identity.code-text")}</p>
        <${Form} submit=${t("contact-code.next")} waiting=${t("code.waiting")} check=${wrong} action=${enter}>
            <${Field} name="code" label=${t("contact-code.code")} start inputmode="numeric" autocomplete="one-time-code"
                maxlength="16" spellcheck=${false} data-code />
        <//>
        <${Action} tone="quiet" go=${again}>${t("identity.again")}<//>`;
};

const EnterRecoveryCode = ({ proof }) => {
    const confirm = async ({ code }) => proceed(await post(`${API}/confirm`, { proof, code: code.trim() }));
    return html`<p>${t("identity.recovery-text")}</p>
        <${Form} submit=${t("identity.submit")} waiting=${t("code.waiting")} action=${confirm}>
            <${Field} name="code" label=${t("recovery.label")} hint=${t("recovery.hint")} start autocomplete="off"
                autocapitalize="none" spellcheck=${false} maxlength="40" data-code />
        <//>`;
};

// Each of the three is a page of its own to the reader: its field has the focus.
export function Identity() {
    const token = useSignal(null);
    const proof = useSignal(null);
    const step = proof.value !== null
        ? html`<${EnterRecoveryCode} proof=${proof.value} />`
        : token.value !== null
            ? html`<${EnterCode} token=${token.value} done=${(given) => { proof.value = given; }}
                again=${() => { token.value = null; }} />`
            : html`<${Ask} done=${(given) => { token.value = given; }} />`;
    return html`<${Page} key=${`${token.value} ${proof.value}`} title=${t("identity.title")}>
        ${step}
        <${Action} tone="quiet" go=${() => goBack("/sign-in/code")}>${t("passkey.other-way")}<//>
        <${OtherAccount} />
    <//>`;
}
