// forgotten.js - the pages on which a member who has forgotten the password sets a new one.

import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { EitherCodeField, eitherCodeOf, digitsOf, Field, Select, Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { go, place } from "../lib/router.js";
import { session } from "../lib/session.js";
import { Whose } from "./whose.js";

const HERE = "/forgotten-password";
const API = "/api/forgotten-password";
const ADDRESS_MAX = 320;
const CODE_DIGITS = 8;
const PASSWORD_MAX = 512;

const send = (what, body) => awaited(() => post(`${API}${what}`, body));

// Behind "#" it is not sent to the server with the page.
const tokenHere = () => location.hash.slice(1);

// The answer is the same for every name, and so is the page that follows.
function Ask() {
    const ways = [["mail", t("contact-code.by-mail")], ["phone", t("contact-code.by-phone")]];
    const ask = async ({ user, by = "mail" }) => {
        const { token } = await send("", { user: user.trim(), by });
        go(`${HERE}/code#${token}`);
    };
    return html`<${Page} key="ask" title=${t("forgotten.title")}>
        <p>${t("forgotten.text")}</p>
        <${Form} submit=${t("contact-code.ask")} waiting=${t("code.waiting")} action=${ask}>
            <${Field} name="user" label=${t("password.user")} inputmode="email" autocomplete="username"
                autocapitalize="none" spellcheck=${false} maxlength=${ADDRESS_MAX} start />
            ${session.value.recovery_by_phone && html`<${Select} name="by" label=${t("contact-code.by")} value="mail"
                options=${ways} />`}
        <//>
        <p data-aside><a href="/sign-in">${t("forgotten.back")}</a></p>
    <//>`;
}

function EnterCode({ enter }) {
    const wrong = ({ code }) => (digitsOf(code).length === CODE_DIGITS ? null : t("contact-code.length"));
    return html`<${Page} key="code" title=${t("forgotten.code-title")}>
        <p>${t("forgotten.code-text")}</p>
        <${Form} submit=${t("contact-code.next")} waiting=${t("code.waiting")} check=${wrong}
            action=${({ code }) => enter(digitsOf(code))}>
            <${Field} name="code" label=${t("contact-code.code")} start inputmode="numeric" autocomplete="one-time-code"
                maxlength="16" spellcheck=${false} data-code />
        <//>
        <p data-aside>${t("forgotten.no-code")} <a href=${HERE}>${t("forgotten.again")}</a></p>
    <//>`;
}

// Whoever only fetches the link, as scanners of mail do, has used up nothing.
function FollowLink({ enter }) {
    return html`<${Page} key="link" title=${t("forgotten.link-title")}>
        <p>${t("forgotten.link-text")}</p>
        <${Form} submit=${t("contact-code.next")} waiting=${t("code.waiting")} action=${() => enter("")} />
    <//>`;
}

function Factor({ entered, proved }) {
    const prove = async ({ code }) => {
        await send("/factor", { proof: entered.proof, code: eitherCodeOf(code) });
        proved();
    };
    return html`<${Page} key="factor" title=${t("forgotten.factor-title")}>
        <p>${t("forgotten.factor-text")}</p>
        <${Whose} address=${entered.account} />
        <${Form} submit=${t("contact-code.next")} waiting=${t("code.waiting")} action=${prove}>
            <${EitherCodeField} />
        <//>
        <p data-aside>${t("forgotten.no-factor")}</p>
    <//>`;
}

function NewPassword({ entered, done }) {
    const differ = (typed) => (typed.new === typed.again ? null : t("change-password.differ"));
    const save = async ({ new: chosen, end_app_passwords }) => {
        await send("/new", { proof: entered.proof, new: chosen, end_app_passwords });
        done();
    };
    return html`<${Page} key="new" title=${t("forgotten.new-title")}>
        <p>${t("forgotten.new-text")}</p>
        <${Form} submit=${t("forgotten.save")} waiting=${t("change-password.waiting")} check=${differ} action=${save}>
            <${Field} name="user" label=${t("password.user")} value=${entered.account} autocomplete="username"
                readonly />
            <${Field} name="new" label=${t("change-password.new")} type="password" autocomplete="new-password"
                maxlength=${PASSWORD_MAX} hint=${t("change-password.hint")} start />
            <${Field} name="again" label=${t("change-password.again")} type="password" autocomplete="new-password"
                maxlength=${PASSWORD_MAX} />
            <${Tick} name="end_app_passwords" label=${t("forgotten.end")} hint=${t("forgotten.end-hint")}
                defaultChecked />
        <//>
    <//>`;
}

function Done() {
    return html`<${Page} key="done" title=${t("forgotten.done-title")}>
        <p>${t("forgotten.done-text")}</p>
        <a href="/sign-in" data-button>${t("forgotten.back")}</a>
    <//>`;
}

export function Forgotten() {
    const entered = useSignal(null); // what the portal answers to the right code
    const isProved = useSignal(false);
    const isDone = useSignal(false);
    const { path } = place.value;
    const enter = async (code) => {
        entered.value = await send("/code", { token: tokenHere(), code });
        isProved.value = !entered.value.second_factor;
    };
    const step = () => {
        if (isDone.value) return html`<${Done} />`;
        if (isProved.value) {
            return html`<${NewPassword} entered=${entered.value} done=${() => { isDone.value = true; }} />`;
        }
        if (entered.value) {
            return html`<${Factor} entered=${entered.value} proved=${() => { isProved.value = true; }} />`;
        }
        if (path === `${HERE}/link` && tokenHere()) return html`<${FollowLink} enter=${enter} />`;
        return path === `${HERE}/code` && tokenHere() ? html`<${EnterCode} enter=${enter} />` : html`<${Ask} />`;
    };
    return html`<${Frame}>${step()}<//>`;
}
