// domains.js - the administrator's domains.

import { useSignal } from "../vendor/signals.js";
import { say } from "../lib/announcements.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { number, t, time } from "../lib/language.js";
import { go, Link } from "../lib/router.js";
import { addressOf, broken } from "./address.js";
import { SERVICES, settingName } from "./domain_words.js";
import { List } from "./list.js";
import { may, send } from "./state.js";

export const pageOf = (domain) => addressOf("/console/domain", { domain });

// What is unusual about it.
function Marks({ row }) {
    return html`
        ${!row.known && html`<mark>${t("domains.not-known")}</mark>`}
        ${!row.active && html`<mark>${t("domains.inactive")}</mark>`}
        ${row.alias_of && html`<small>${t("domains.alias-of", { domain: row.alias_of })}</small>`}`;
}

function servicesOf({ settings }) {
    const on = SERVICES.filter(({ name }) => settings[name].value === "on").map(({ name }) => settingName(name));
    return on.length > 0 ? on.join(", ") : t("domains.no-service");
}

function lastChange({ changed_at: at, changed_by: by }) {
    return at ? html`<span>${time(at)}<small>${broken(by)}</small></span>` : "";
}

function line(row) {
    return {
        key: row.domain,
        name: row.display,
        cells: [
            html`<div><${Link} to=${pageOf(row.domain)}>${row.display}<//> <${Marks} row=${row} /></div>`,
            servicesOf(row),
            row.alias_of ? "" : number(row.members),
            row.alias_of ? "" : number(row.with_second_factor),
            lastChange(row),
        ],
    };
}

function NewDomain() {
    const made = useSignal(0);
    const add = async ({ domain, alias_of: target }) => {
        const answer = await send("POST", "/domains", target.trim() ? { domain, alias_of: target.trim() } : { domain });
        if (!answer) return;
        made.value += 1;
        go(pageOf(answer.domain));
        say(t("domains.added", { domain: answer.display }));
    };
    return html`<section aria-labelledby="new-domain">
        <h2 id="new-domain">${t("domains.new")}</h2>
        <${Form} key=${made.value} submit=${t("domains.add")} action=${add}>
            <${Field} name="domain" label=${t("domains.name")} hint=${t("domains.name-hint")} autocapitalize="none"
                autocomplete="off" spellcheck=${false} maxlength="255" />
            <${Field} name="alias_of" label=${t("domains.alias")} hint=${t("domains.alias-hint")} optional
                autocapitalize="none" autocomplete="off" spellcheck=${false} maxlength="255" />
        <//>
    </section>`;
}

export function Domains() {
    const columns = ["domains.name", "domains.services", "domains.members", "domains.with-factor", "domains.changed"];
    return html`
        <${List} path="/domains" search=${t("domains.search")} caption=${t("domains.title")}
            columns=${columns.map((label) => ({ label: t(label) }))} row=${line} empty=${t("domains.none")} />
        ${may("server") && html`<${NewDomain} />`}`;
}
