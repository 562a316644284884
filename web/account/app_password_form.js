// app_password_form.js - makes an app password: what it is for, its name, and the limits that its kind asks for.

import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Field, Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { Expiry, limitsOf, Networks, Services, wrongServices } from "./app_password_limits.js";
import { Section } from "./section.js";

const KINDS = {
    mail: ["app-passwords.mail", "app-passwords.mail-hint"],
    scanner: ["app-passwords.scanner", "app-passwords.scanner-hint"],
    script: ["app-passwords.script", "app-passwords.script-hint"],
    decoy: ["app-passwords.decoy", "app-passwords.decoy-hint"],
};

export function kindName(kind) {
    return t(KINDS[kind]?.[0] ?? "account.unknown");
}

export function AppPasswordForm({ kinds, show }) {
    const chosen = useSignal(kinds[0]?.name);
    const kind = kinds.find(({ name }) => name === chosen.value) ?? kinds[0];
    if (!kind) return html`<p data-note>${t("app-passwords.no-service")}</p>`;
    const { asks, services } = kind;
    const make = async (typed) => {
        const body = { kind: kind.name, label: typed.label.trim(), ...limitsOf(typed, services) };
        const answer = await reauthenticated(() => awaited(() => post("/api/account/app-passwords", body)));
        if (answer) show(answer);
    };
    const choice = ({ name }) => html`<${Tick} key=${name} type="radio" name="kind" value=${name}
        label=${kindName(name)} hint=${t(KINDS[name][1])} checked=${name === kind.name}
        onChange=${() => { chosen.value = name; }} />`;
    return html`<${Section} id="new-app-password" title=${t("app-passwords.new")}>
        <${Form} submit=${t("app-passwords.make")} action=${make} check=${(typed) => wrongServices(typed, services)}>
            <fieldset><legend>${t("app-passwords.kind")}</legend>${kinds.map(choice)}</fieldset>
            <${Field} name="label" label=${t("app-passwords.label")} hint=${t("app-passwords.label-hint")}
                autocomplete="off" />
            ${asks.includes("services") && html`<${Services} services=${services} />`}
            ${asks.includes("networks") && html`<${Networks} />`}
            ${asks.includes("expires_at") && html`<${Expiry} />`}
        <//>
    <//>`;
}
