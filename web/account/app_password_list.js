// app_password_list.js - the app passwords that there are: what they open, their last use; narrower, or away.

import { awaited } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree, dialog } from "../lib/dialog.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { fill, t, time } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { kindName } from "./app_password_form.js";
import { Expiry, lastDay, limitsOf, Networks, Services, wrongServices } from "./app_password_limits.js";
import { LastUse, Moment } from "./device_names.js";
import { Section } from "./section.js";
import { serviceName } from "./services.js";
import { request, settle } from "./state.js";

const ID = "app-passwords";

// Equal labels are told apart by when they were made.
export function nameOf({ label, created_at }, rows) {
    const isAlone = rows.filter((row) => row.label === label).length === 1;
    return isAlone ? label : t("app-passwords.twin", { name: label, time: time(created_at) });
}

const moment = (seconds) => html`<${Moment} seconds=${seconds} />`;

function lastUse({ last_used_at: at, last_used_ip: ip, last_used_service: service }) {
    return at ? html`<${LastUse} at=${at} service=${service} ip=${ip} />` : t("app-passwords.never-used");
}

function Opens({ row: { kind, services, networks } }) {
    if (kind === "decoy") return t("app-passwords.decoy-opens");
    return html`<span>${services.map(serviceName).join(", ")}
        ${networks && html`<small>${t("app-passwords.from", { networks })}</small>`}</span>`;
}

export function columnsOf() {
    return [
        t("app-passwords.name"), t("app-passwords.opens"), t("app-passwords.expires"), t("app-passwords.last-use"),
    ];
}

export function cellsOf(row) {
    return [
        html`
            <b>${row.label}</b>
            <small>${kindName(row.kind)}</small>
            <small>${fill("app-passwords.since", { time: moment(row.created_at) })}</small>`,
        html`<${Opens} row=${row} />`,
        row.expires_at ? moment(row.expires_at) : t("app-passwords.no-expiry"),
        lastUse(row),
    ];
}

// The portal's answer; undefined when the reader would rather not.
function askLimits(row, name) {
    const day = row.expires_at ? lastDay(row.expires_at) : undefined;
    const send = (typed) => {
        const limits = limitsOf(typed, row.services);
        // It may end within the day.
        if (typed.expires_at === day) limits.expires_at = row.expires_at;
        return awaited(() => post("/api/account/app-passwords/narrow", { id: row.id, ...limits }));
    };
    return dialog(t("app-passwords.narrow-title", { name }), (close) => html`
        <p>${t("app-passwords.narrow-text")}</p>
        <${Form} submit=${t("app-passwords.narrow")} action=${async (typed) => close(await send(typed))}
            check=${(typed) => wrongServices(typed, row.services)}
            others=${html`<button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`}>
            <${Services} services=${row.services} />
            <${Networks} value=${row.networks} />
            <${Expiry} value=${day} />
        <//>`);
}

function askToRevoke(name) {
    return agree({
        title: t("app-passwords.revoke-title", { name }),
        text: t("app-passwords.revoke-text"),
        yes: t("app-passwords.revoke"),
    });
}

export function AppPasswordList({ rows, show }) {
    const finish = (answer, message) => {
        if (!answer) return;
        show(answer);
        settle(message, ID);
    };
    const revoke = async ({ id }, name) => finish(
        (await askToRevoke(name)) && (await request("/api/account/app-passwords/revoke", { id })),
        t("app-passwords.revoked", { name }),
    );
    const narrow = async (row, name) => finish(await askLimits(row, name), t("app-passwords.narrowed", { name }));
    const line = (row) => {
        const name = nameOf(row, rows);
        return {
            key: row.id,
            cells: cellsOf(row),
            actions: html`<span data-row>
                ${row.kind !== "decoy" && html`<${Action} go=${() => narrow(row, name)}
                    aria-label=${t("app-passwords.narrow-which", { name })}>${t("app-passwords.narrow")}<//>`}
                <${Action} tone="danger" go=${() => revoke(row, name)}
                    aria-label=${t("app-passwords.revoke-which", { name })}>${t("app-passwords.revoke")}<//>
            </span>`,
        };
    };
    const lines = rows.map(line).reverse();
    return html`<${Section} id=${ID} title=${t("app-passwords.list")}>
        ${lines.length > 0
            ? html`<${Table} label=${t("app-passwords.list")} columns=${columnsOf()} rows=${lines} />`
            : html`<p data-empty>${t("app-passwords.none")}</p>`}
    <//>`;
}
