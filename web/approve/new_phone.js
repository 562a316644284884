// new_phone.js - the phone is not registered: with the secret of a QR code it is at once, or by what its owner types.

import { useSignal } from "../vendor/signals.js";
import { Action } from "../lib/button.js";
import { digitsOf, Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { forgetKey, keepKey, makeKey, send } from "./device_key.js";
import { canLock, makeLock } from "./lock.js";

const SECRET = /^#([\w-]{22})$/;
const CODE_DIGITS = 5;

const ownName = () => navigator.userAgentData?.platform || /iPhone|iPad|Android/.exec(navigator.userAgent)?.[0] ||
    t("approve.phone");

// Whatever refuses it, the key is of no use then.
async function claim(path, fields, claimed) {
    const key = await makeKey();
    const lock = async (challenge) => {
        const made = await makeLock(challenge, fields.user ?? t("approve.title"));
        key.lock = made.id;
        return made.fields;
    };
    try {
        const answer = await send(key, `/api/approve/registration/${path}`, { ...fields, name: ownName() },
            await canLock() && lock);
        await keepKey(key);
        history.replaceState(history.state, "", location.pathname);
        claimed(key, answer);
    } catch (error) {
        await forgetKey();
        throw error;
    }
}

function ByScan({ secret, claimed }) {
    return html`
        <p>${t("approve.scanned")}</p>
        <${Form} submit=${t("approve.register")} waiting=${t("approve.registering")}
            action=${() => claim("secret", { secret }, claimed)} />`;
}

const wrongCode = ({ code }) => (digitsOf(code).length === CODE_DIGITS ? null : t("approve.code-length"));

function ByCode({ claimed }) {
    const send = ({ institution, user, code }) => claim("code", {
        institution: institution.trim(), user: user.trim(), code: digitsOf(code),
    }, claimed);
    return html`
        <p>${t("approve.lead")}</p>
        <${Form} submit=${t("approve.register")} waiting=${t("approve.registering")} check=${wrongCode} action=${send}>
            <${Field} name="institution" label=${t("phone.institution")} autocapitalize="none" autocomplete="off"
                spellcheck=${false} inputmode="url" maxlength="255" />
            <${Field} name="user" label=${t("phone.user")} autocapitalize="none" autocomplete="username"
                spellcheck=${false} maxlength="320" />
            <${Field} name="code" label=${t("phone.code")} inputmode="numeric" autocomplete="off" maxlength="12"
                spellcheck=${false} data-code />
        <//>`;
}

// why: the phone was registered before.
export function NewPhone({ why, claimed }) {
    const secret = useSignal(SECRET.exec(location.hash)?.[1]);
    const type = () => {
        history.replaceState(history.state, "", location.pathname);
        secret.value = undefined;
    };
    return html`<${Page} title=${t("approve.title")}>
        ${why && html`<p data-note>${why}</p>`}
        <p data-aside>${t("approve.lock")}</p>
        ${secret.value
            ? html`<${ByScan} secret=${secret.value} claimed=${claimed} />
                <${Action} tone="quiet" go=${type}>${t("approve.type")}<//>`
            : html`<${ByCode} claimed=${claimed} />`}
    <//>`;
}
