// setting_field.js - the field for a setting of a domain or a member: what may be chosen, what holds now and why, and
// the day from which a choice holds.

import { Field, Select } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { isNetworks, SETTINGS, settingName, standing, valueName } from "./domain_words.js";

export const splitDate = (own) => own.split("_from_");

const LOCKED = { domain: "domain.locked-domain", defaults: "domain.locked-defaults" };

// The policy file forbids it, in that section.
function Locked({ label, hint, section }) {
    return html`<div data-field data-locked>
        <b>${label}</b>
        <p data-state="locked">${t("domain.off")}: ${t(LOCKED[section])}</p>
        <small>${hint}</small>
    </div>`;
}

export function StartField({ name, label, setting: { own, dated } }) {
    const [, date] = splitDate(own);
    return html`<${Field} name=${`${name}_from`} type="date" optional value=${date}
        label=${t("domain.from", { name: label })}
        hint=${t("domain.from-hint", { values: dated.map(valueName).join(", ") })} />`;
}

// Beside a field with a list: what the list is for. The API names the field with the list.
const choiceOf = (name) => `${name}_choice`;

function ListField({ name, own }) {
    return html`<${Field} name=${name} optional defaultValue=${isNetworks(own) ? valueName(own) : ""}
        label=${t("domain.list")} hint=${t("domain.list-hint")} maxlength="399" autocapitalize="none"
        autocomplete="off" spellcheck=${false} />`;
}

// name and hint as SETTINGS has them; setting as GET /domains/{domain} and /members/{member} have it; inherit: the key of the sentence for no
// value of its own.
export function SettingField({ name, hint, setting, inherit }) {
    const label = settingName(name);
    const does = setting.no_effect_yet ? `${t(hint)} ${t("domain.no-effect-yet")}` : t(hint);
    const [value] = isNetworks(setting.own) ? ["listed"] : splitDate(setting.own);
    const isList = setting.allowed.includes("listed");
    const inherited = () => t(inherit, { value: valueName(setting.inherited.value) });
    const options = setting.allowed.map((word) => [word, word === "inherit" ? inherited() : valueName(word)]);
    const now = t("domain.now", { standing: standing(setting) });
    if (setting.locked) return html`<${Locked} label=${label} hint=${does} section=${setting.section} />`;
    return html`<div data-setting>
        <${Select} name=${isList ? choiceOf(name) : name} label=${label} value=${value} hint=${`${does} ${now}`}
            options=${options} />
        ${setting.dated.length > 0 && html`<${StartField} name=${name} label=${label} setting=${setting} />`}
        ${isList && html`<${ListField} name=${name} own=${setting.own} />`}
    </div>`;
}

// What the form says of a setting, as the API writes it.
function chosen(typed, name, { dated }) {
    const choice = typed[choiceOf(name)];
    if (choice) return choice === "listed" ? typed[name].trim().replace(/[,\s]+/g, ",") : choice;
    const date = dated.includes(typed[name]) ? typed[`${name}_from`] : "";
    return date ? `${typed[name]}_from_${date}` : typed[name];
}

// Settings that were chosen in the form and are others than before.
export function chosenSettings(typed, settings) {
    const changes = {};
    for (const { name } of SETTINGS) {
        if (name in typed && chosen(typed, name, settings[name]) !== settings[name].own) {
            changes[name] = chosen(typed, name, settings[name]);
        }
    }
    return changes;
}
