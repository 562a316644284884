// member_services.js - a member's account and services: on, off or as in the domain.

import { Section } from "../account/section.js";
import { Field, Select } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { SETTINGS } from "./domain_words.js";
import { saveMember } from "./member_changes.js";
import { chosenSettings, SettingField } from "./setting_field.js";
import { SettingsTable } from "./settings_table.js";

const ID = "services";
const OWN = ["two_factor_requirement", "two_factor_mode"]; // these have a section of their own
const LONGEST_CLASS = 64;

function Account({ member }) {
    return html`
        <${Select} name="active" label=${t("members.account")} value=${member.active ? "on" : "off"}
            hint=${t("member.active-hint")} options=${[["on", t("domain.on")], ["off", t("domain.off")]]} />
        <${Field} name="class" label=${t("member.class")} hint=${t("member.class-hint")} optional
            value=${member.class} maxlength=${LONGEST_CLASS} autocapitalize="none" autocomplete="off"
            spellcheck=${false} />`;
}

function changesIn(typed, member, settings) {
    const changes = chosenSettings(typed, settings);
    if ((typed.active === "on") !== member.active) changes.active = typed.active === "on";
    if (typed.class.trim() !== member.class) changes.class = typed.class.trim();
    return changes;
}

function ServicesForm({ object }) {
    const member = object.value;
    const { settings } = member;
    const save = (typed) => saveMember(object, changesIn(typed, member, settings), ID);
    const field = (row) => html`<${SettingField} key=${row.name} ...${row} setting=${settings[row.name]}
        inherit="member.inherit" />`;
    return html`<${Section} id=${ID} title=${t("domain.settings")}>
        <${Form} submit=${t("member.save")} action=${save}>
            <div data-settings>
                <${Account} member=${member} />
                ${SETTINGS.filter(({ name }) => !OWN.includes(name)).map(field)}
            </div>
        <//>
    <//>`;
}

export function MemberServices({ object }) {
    if (!object.value.may_change) return html`<${SettingsTable} settings=${object.value.settings} />`;
    return html`<${ServicesForm} key=${object.tag} object=${object} />`;
}
