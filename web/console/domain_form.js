// domain_form.js - changes of a domain: for whom they are, and what they would come to, before they are made.

import { say } from "../lib/announcements.js";
import { dialog } from "../lib/dialog.js";
import { Field, Select, Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { go } from "../lib/router.js";
import { Outcome } from "./domain_outcome.js";
import { SETTINGS } from "./domain_words.js";
import { pageOfJob } from "./job_words.js";
import { chosenSettings, SettingField } from "./setting_field.js";
import { may, send } from "./state.js";

const SCOPES = [
    { scope: "new", label: "domain-scope.new", hint: "domain-scope.new-hint" },
    { scope: "inheriting", label: "domain-scope.inheriting", hint: "domain-scope.inheriting-hint" },
    { scope: "all", label: "domain-scope.all", hint: "domain-scope.all-hint" },
];

const graceOf = (typed) => typed.two_factor_grace_days.trim() || "inherit";

function changesIn(typed, domain) {
    const changes = chosenSettings(typed, domain.settings);
    if (!domain.alias_of && graceOf(typed) !== domain.two_factor_grace_days.own) {
        changes.two_factor_grace_days = graceOf(typed);
    }
    if ("active" in typed && (typed.active === "on") !== domain.active) changes.active = typed.active === "on";
    return changes;
}

// Days for those who join, beside the requirement that they are for. It is no setting of members.
function Grace({ grace }) {
    return html`<${Field} name="two_factor_grace_days" label=${t("domain.grace-days")} optional inputmode="numeric"
        autocomplete="off" maxlength="3" defaultValue=${grace.own === "inherit" ? "" : grace.own}
        hint=${t("domain-hint.grace", { days: number(grace.inherited) })} />`;
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
        const made = await object.save({ ...changes, scope: typed.scope });
        if (!made) return;
        const { job } = made.result;
        if (job) go(pageOfJob(job));
        const begun = typed.scope === "new" ? "domain.saved-job-new" : "domain.saved-job-all";
        say(t(job ? begun : "domain.saved"));
    };
    const setting = (row) => html`<${SettingField} key=${row.name} ...${row} setting=${domain.settings[row.name]}
        inherit="domain.inherit" />
        ${row.name === "two_factor_requirement" && html`<${Grace} grace=${domain.two_factor_grace_days} />`}`;
    return html`<section aria-labelledby="settings">
        <h2 id="settings">${t("domain.settings")}</h2>
        <${Form} submit=${t("domain.preview")} action=${change}>
            <div data-settings>
                ${may("server") && html`<${Select} name="active" label=${t("domain.active")}
                    hint=${t("domain-hint.active")} value=${domain.active ? "on" : "off"}
                    options=${[["on", t("domain.on")], ["off", t("domain.off")]]} />`}
                ${!domain.alias_of && SETTINGS.map(setting)}
            </div>
            <${Scope} />
        <//>
    </section>`;
}
