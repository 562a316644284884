// role_fields.js - the fields for the role of an administrator or a key, and for its domains.

import { useSignal } from "../vendor/signals.js";
import { Field, Tick } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { roleHint, roleName, roles } from "./roles.js";

// What was typed into them, as the API takes it. A server administrator has all domains, and names none.
export function roleOf({ role, domains }) {
    const names = domains?.split(/[\s,]+/).filter(Boolean) ?? [];
    return { role, domains: role === "server" ? undefined : names };
}

export function RoleFields({ role = "helpdesk", domains = [] }) {
    const chosen = useSignal(role);
    const choice = (name) => html`<${Tick} key=${name} type="radio" name="role" value=${name} label=${roleName(name)}
        hint=${roleHint(name)} checked=${name === chosen.value} onChange=${() => { chosen.value = name; }} />`;
    return html`
        <fieldset><legend>${t("role.legend")}</legend>${roles.map(choice)}</fieldset>
        ${chosen.value !== "server" && html`<${Field} name="domains" label=${t("role.domains")}
            hint=${t("role.domains-hint")} defaultValue=${domains.join(", ")} autocapitalize="none" autocomplete="off"
            spellcheck=${false} />`}`;
}

// In a table.
export function Reach({ role, domains }) {
    const names = role === "server" ? t("role.all-domains") : domains.join(", ");
    return html`<span>${roleName(role)}<small>${names}</small></span>`;
}
