// device_names.js - how devices are called, told apart and ordered; when and from where they came.

import { html } from "../lib/html.js";
import { day, t, time } from "../lib/language.js";
import { serviceName } from "./services.js";

export function Moment({ seconds }) {
    return html`<time datetime=${new Date(seconds * 1000).toISOString()}>${time(seconds)}</time>`;
}

export function Day({ seconds }) {
    return html`<time datetime=${new Date(seconds * 1000).toISOString()}>${day(seconds)}</time>`;
}

// An IPv6 address breaks between its groups.
export function Address({ ip }) {
    const groups = ip.split(/(?<=:)/).map((group) => html`${group}<wbr />`);
    return html`<span data-ip>${groups}</span>`;
}

// Of an app password or a connected application.
export function LastUse({ at, service, ip }) {
    return html`<span>
        <${Moment} seconds=${at} />
        <small>${serviceName(service)}, <${Address} ip=${ip} /></small>
    </span>`;
}

// Of a passkey or a phone, which may never have been used.
export function lastUse({ last_used_at: at, last_used_ip: ip }) {
    return at ? html`<${Moment} seconds=${at} /> <small><${Address} ip=${ip} /></small>` : t("passkey.never-used");
}

// Names for all rows, by id: equal ones are numbered, the oldest first.
export function namesOf(rows) {
    const names = new Map();
    const seen = new Map();
    for (const { id, name } of [...rows].sort((a, b) => a.id - b.id)) {
        const plain = name || t("account.unknown");
        const number = (seen.get(plain) ?? 0) + 1;
        seen.set(plain, number);
        names.set(id, number === 1 ? plain : t("account.numbered", { name: plain, number }));
    }
    return names;
}

// The present device first, then those that were used last.
export function inOrder(rows, moment) {
    return [...rows].sort((a, b) => b.current - a.current || b[moment] - a[moment]);
}
