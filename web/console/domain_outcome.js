// domain_outcome.js - what a change of a domain would come to for its members, by outcome.

import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { dayName, settingName } from "./domain_words.js";

const today = () => new Date().toISOString().slice(0, 10);

// What members would miss, a sentence each.
function losses({ loses, must_register: register, client_password: password }, days) {
    const services = Object.entries(loses).map(([name, count]) => t("preview.loses",
        { service: settingName(name), count: number(count), days: number(days) }));
    return [
        ...services,
        register > 0 && t("preview.must-register", { count: number(register) }),
        password > 0 && t("preview.client-password", { count: number(password), days: number(days) }),
    ].filter(Boolean);
}

export function Outcome({ preview, scope }) {
    const outcome = preview[scope];
    const lost = losses(outcome, preview.use_days);
    const { affected, members, pinned, cleared } = outcome;
    return html`
        <p>${t("preview.affected", { affected: number(affected), members: number(members) })}</p>
        ${pinned > 0 && html`<p>${t("preview.pinned", { count: number(pinned) })}</p>`}
        ${cleared > 0 && html`<p>${t("preview.cleared", { count: number(cleared) })}</p>`}
        ${preview.on > today() && html`<p>${t("preview.on", { date: dayName(preview.on) })}</p>`}
        ${lost.length > 0
            ? html`<ul data-losses>${lost.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`
            : html`<p>${t("preview.nobody-loses", { days: number(preview.use_days) })}</p>`}`;
}
