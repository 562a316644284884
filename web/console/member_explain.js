// member_explain.js - why a login of the member would be let in or refused, step by step. Nothing is tried.

import { useSignal } from "../vendor/signals.js";
import { Section } from "../account/section.js";
import { Field, Select } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { addressOf } from "./address.js";
import { SETTINGS, settingName } from "./domain_words.js";
import { sentencesOf, verdictOf } from "./member_explain_words.js";
import { load } from "./state.js";

// These are not on or off.
const CHOICES = ["client_password", "two_factor_requirement", "two_factor_mode", "webmail_allowed_networks"];
const services = () => SETTINGS.map(({ name }) => name).filter((name) => !CHOICES.includes(name))
    .map((name) => [name, settingName(name)]);
const channels = () => [["client", t("count.client")], ["webmail", t("count.webmail")]];
const credentials = () => [
    ["account-password", t("count.account-password")], ["app-password", t("count.app-password")],
    ["token", t("count.application")], ["passkey", t("count.passkey-alone")],
];

function Answer({ answer }) {
    const sentences = sentencesOf(answer);
    return html`
        <p data-state=${answer.verdict === "allow" ? "on" : "off"}>${verdictOf(answer)}</p>
        <ol>${sentences.map((sentence, i) => html`<li key=${i}><span>${sentence}</span></li>`)}</ol>`;
}

export function MemberExplain({ path }) {
    const answer = useSignal(null);
    const ask = async ({ ip, ...wished }) => {
        answer.value = await load(addressOf(`${path}/explain`, { ...wished, ip: ip.trim() }));
    };
    return html`<${Section} id="explain" title=${t("explain.title")}>
        <p data-aside>${t("explain.hint")}</p>
        <${Form} submit=${t("explain.ask")} action=${ask}>
            <${Select} name="service" label=${t("overview.service")} value="imap" options=${services()} />
            <${Select} name="channel" label=${t("explain.channel")} hint=${t("explain.channel-hint")} value="client"
                options=${channels()} />
            <${Select} name="credential" label=${t("explain.credential")} value="account-password"
                options=${credentials()} />
            <${Field} name="ip" label=${t("explain.ip")} hint=${t("explain.ip-hint")} optional maxlength="45"
                autocapitalize="none" autocomplete="off" spellcheck=${false} />
        <//>
        <div role="status" data-explanation>${answer.value && html`<${Answer} answer=${answer.value} />`}</div>
    <//>`;
}
