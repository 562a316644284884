// domain_form.js - changes of a domain: for whom they are, and what they would come to, before they are made.

import { say } from "../lib/announcements.js";
import { dialog } from "../lib/dialog.js";
import { Field, Select, Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Outcome } from "./domain_outcome.js";
import { SETTINGS, settingName, standing, valueName } from "./domain_words.js";
import { may, send } from "./state.js";

const SCOPES = [
    { scope: "new", label: "domain-scope.new", hint: "domain-scope.new-hint" },
    { scope: "inheriting", label: "domain-scope.inheriting", hint: "domain-scope.inheriting-hint" },
    { scope: "all", label: "domain-scope.all", hint: "domain-scope.all-hint" },
];

const splitDate = (own) => own.split("_from_");

// The policy file forbids it.
function Locked({ label, hint, setting }) {
    const section = setting.section === "domain" ? "domain.locked-domain" : "domain.locked-defaults";
    return html`<div data-field data-locked>
        <b>${label}</b>
        <p data-state="locked">${t("domain.off")}: ${t(section)}</p>
        <small>${hint}</small>
    </div>`;
}

function Setting({ name, hint, setting }) {
    const label = settingName(name);
    const does = setting.no_effect_yet ? `${t(hint)} ${t("domain.no-effect-yet")}` : t(hint);
    const [value, date] = splitDate(setting.own);
    const inherited = () => t("domain.inherit", { value: valueName(setting.inherited) });
    const options = setting.allowed.map((word) => [word, word === "inherit" ? inherited() : valueName(word)]);
    const now = t("domain.now", { standing: standing(setting) });
    if (setting.locked) return html`<${Locked} label=${label} hint=${does} setting=${setting} />`;
    return html`
        <${Select} name=${name} label=${label} value=${value} hint=${`${does} ${now}`} options=${options} />
        ${setting.dated.length > 0 && html`<${Field} name=${`${name}_from`} type="date" optional value=${date}
            label=${t("domain.from", { name: label })}
            hint=${t("domain.from-hint", { values: setting.dated.map(valueName).join(", ") })} />`}`;
}

// What the form says of a setting, as the API writes it.
function chosen(typed, name, { dated }) {
    const date = dated.includes(typed[name]) ? typed[`${name}_from`] : "";
    return date ? `${typed[name]}_from_${date}` : typed[name];
}

function changesIn(typed, domain) {
    const changes = {};
    for (const { name } of SETTINGS) {
        const setting = domain.settings[name];
        if (name in typed && chosen(typed, name, setting) !== setting.own) changes[name] = chosen(typed, name, setting);
    }
    if ("active" in typed && (typed.active === "on") !== domain.active) changes.active = typed.active === "on";
    return changes;
}

// Whether the changes are to be made, once the reader has seen what they come to.
function confirmed(preview, scope) {
    return dialog(t("preview.title"), (close) => html`
        <${Outcome} preview=${preview} scope=${scope} />
        <div data-row>
            <button type="button" autofocus onClick=${() => close(false)}>${t("app.cancel")}</button>
            <button type="button" data-tone="accent" onClick=${() => close(true)}>${t("preview.save")}</button>
        </div>`);
}

// Whom the changes reach: chosen beside the button.
function Scope() {
    return html`<fieldset data-scope>
        <legend>${t("domain-scope.label")}</legend>
        ${SCOPES.map(({ scope, label, hint }) => html`<${Tick} key=${scope} type="radio" name="scope" value=${scope}
            checked=${scope === "inheriting"} label=${t(label)} hint=${t(hint)} />`)}
    </fieldset>`;
}

export function DomainForm({ object }) {
    const domain = object.value;
    const change = async (typed) => {
        const changes = changesIn(typed, domain);
        if (Object.keys(changes).length === 0) return say(t("domain.nothing-changed"));
        const preview = await send("POST", `/domains/${encodeURIComponent(domain.domain)}/preview`, changes);
        if (!preview || !(await confirmed(preview, typed.scope))) return;
        if (await object.save({ ...changes, scope: typed.scope })) say(t("domain.saved"));
    };
    const setting = ({ name, hint }) => html`<${Setting} key=${name} name=${name} hint=${hint}
        setting=${domain.settings[name]} />`;
    return html`<section aria-labelledby="settings">
        <h2 id="settings">${t("domain.settings")}</h2>
        <${Form} submit=${t("domain.preview")} action=${change}>
            ${may("server") && html`<${Select} name="active" label=${t("domain.active")} hint=${t("domain-hint.active")}
                value=${domain.active ? "on" : "off"} options=${[["on", t("domain.on")], ["off", t("domain.off")]]} />`}
            ${!domain.alias_of && SETTINGS.map(setting)}
            <${Scope} />
        <//>
    </section>`;
}
