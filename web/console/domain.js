// domain.js - one domain: what holds for its members, and its changes.

import { useEffect } from "../vendor/hooks.js";
import { say } from "../lib/announcements.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { number, t, time } from "../lib/language.js";
import { go, Link } from "../lib/router.js";
import { asked } from "./address.js";
import { Attachments, LargestMembers } from "./attachments.js";
import { DomainForm } from "./domain_form.js";
import { pageOf } from "./domains.js";
import { SettingsTable } from "./settings_table.js";
import { may, request, useObject } from "./state.js";

const LIST = "/console/domains";

function Facts({ domain }) {
    const facts = [
        ["domains.members", number(domain.members)],
        ["domains.with-factor", number(domain.with_second_factor)],
        ["domain.aliases", number(domain.aliases)],
        ["domain.active", domain.active ? t("domain.on") : t("domain.off")],
        ["domain.grace", t("overview.days", { days: number(domain.two_factor_grace_days.days) })],
        ["domains.changed", domain.changed_at
            ? t("domain.changed", { time: time(domain.changed_at), who: domain.changed_by }) : t("value.none")],
    ];
    const fact = ([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`;
    return html`<dl data-facts>${facts.map(fact)}</dl>`;
}

function Alias({ of: target }) {
    return html`<p>${t("domain.alias-of")} <${Link} to=${pageOf(target)}>${target}<//></p>`;
}

function Removal({ domain, reload }) {
    const remove = async () => {
        const { display, members, aliases } = domain;
        const values = { domain: display, members: number(members), aliases: number(aliases) };
        const text = t("domain.remove-text", values);
        if (!(await agree({ title: t("domain.remove"), text, yes: t("domain.remove-yes") }))) return undefined;
        const path = `/domains/${encodeURIComponent(domain.domain)}?members=${members}`;
        if ((await request("DELETE", path)) === null) return reload();
        go(LIST, { replace: true });
        return say(t("domain.removed", { domain: display }));
    };
    return html`<section aria-labelledby="remove">
        <h2 id="remove">${t("domain.remove")}</h2>
        <p>${t("domain.remove-hint")}</p>
        <${Action} tone="danger" go=${remove}>${t("domain.remove")}<//>
    </section>`;
}

function Changes({ object }) {
    const domain = object.value;
    if (!domain.known) return html`<p data-note>${t("domain.not-known")}</p>`;
    if (domain.alias_of && !may("server")) return null;
    if (!may("domain")) return html`<${SettingsTable} settings=${domain.settings} />`;
    return html`<${DomainForm} key=${object.tag} object=${object} />`;
}

function LargeAttachments({ domain }) {
    const path = `/domains/${encodeURIComponent(domain.domain)}`;
    return html`<${Attachments} path=${path} /><${LargestMembers} path=${path} />`;
}

export function Domain() {
    const name = asked("domain");
    const object = useObject(`/domains/${encodeURIComponent(name)}`);
    const domain = object.value;
    useEffect(() => {
        if (name === "") go(LIST, { replace: true });
    }, [name]);
    if (!domain) return null;
    return html`
        <section aria-labelledby="domain">
            <h2 id="domain">${domain.display}</h2>
            ${domain.alias_of && html`<${Alias} of=${domain.alias_of} />`}
            <${Facts} domain=${domain} />
        </section>
        <${Changes} object=${object} />
        ${!domain.alias_of && html`<${LargeAttachments} domain=${domain} />`}
        ${may("server") && html`<${Removal} domain=${domain} reload=${object.reload} />`}`;
}
