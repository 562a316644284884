// reauthentication.js - sensitive changes need a code (or the password) once more.

import { post } from "./api.js";
import { Approval } from "./approval.js";
import { dialog } from "./dialog.js";
import { EitherCodeField, eitherCodeOf, Field } from "./fields.js";
import { Form } from "./form.js";
import { html } from "./html.js";
import { t } from "./language.js";
import { canUsePasskeys, provePasskey } from "./passkeys.js";

function passwordField() {
    return html`<${Field} name="password" label=${t("password.password")} type="password"
        autocomplete="current-password" />`;
}

const REASONS = {
    approval: () => t("reauthentication.approval"),
    code: () => t("reauthentication.code"),
    passkey: () => t("reauthentication.passkey"),
    password: () => t("reauthentication.password"),
};
const reasonFor = (by) => REASONS[by]();

// A passkey, or at the reader's wish a code.
function askPasskey(path, submit, reason) {
    const prove = async () => post(`${path}/passkey`, await provePasskey(await post(`${path}/passkey/challenge`)));
    return dialog(t("reauthentication.title"), (close) => html`
        <p>${reason("passkey")}</p>
        <${Form} submit=${t("passkey.submit")} waiting=${t("passkey.waiting")}
            action=${async () => close(await prove())}
            others=${html`
                <button type="button" onClick=${async () => close(await ask("code", path, submit, reason))}>
                    ${t("passkey.other-way")}
                </button>
                <button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`} />`);
}

// The phone, or at the reader's wish a code.
function askPhone(path, submit, reason) {
    return dialog(t("reauthentication.title"), (close) => html`
        <p>${reason("approval")}</p>
        <${Approval} path=${`${path}/approval`} done=${close}
            others=${html`
                <button type="button" onClick=${async () => close(await ask("code", path, submit, reason))}>
                    ${t("passkey.other-way")}
                </button>
                <button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`} />`);
}

// Sends what is typed to path, until it is right: the portal's answer; undefined when the reader would rather not.
function ask(by, path, submit, reason = reasonFor) {
    if (by === "passkey" && canUsePasskeys()) return askPasskey(path, submit, reason);
    if (by === "approval") return askPhone(path, submit, reason);
    const isCode = by !== "password";
    return dialog(t("reauthentication.title"), (close) => html`
        <p>${reason(by)}</p>
        <${Form} submit=${submit} waiting=${isCode ? t("code.waiting") : t("password.waiting")}
            action=${async (typed) => close(await post(path, isCode ? { code: eitherCodeOf(typed.code) } : typed))}
            others=${html`<button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`}>
            ${isCode ? html`<${EitherCodeField} />` : passwordField()}
        <//>`);
}

let asking = null; // for all that wait for the same code

// Runs action; when the portal wants reauthentication first, asks for it and runs action again.
// null when the reader would rather not. reason(by) is a sentence other than that about the account.
export async function reauthenticated(action, reason) {
    try {
        return await action();
    } catch (error) {
        if (error.code !== "reauthentication-needed") throw error;
        asking ??= ask(error.by, "/api/account/reauthentication", t("reauthentication.submit"), reason);
        const agreed = await asking;
        asking = null;
        return agreed ? action() : null;
    }
}

// For a change that wants a code of its own, however recent the last one is.
export function withCode(path, submit) {
    return ask("code", path, submit);
}
