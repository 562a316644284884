// applications.js - connected applications: what each opens, its last use, and its end.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { fill, t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { LastUse, Moment, namesOf } from "./device_names.js";
import { Section } from "./section.js";
import { serviceName } from "./services.js";
import { request, settle } from "./state.js";

const ID = "applications";

// As the portal gives them, null until they are there.
const applications = signal(null);

const moment = (seconds) => html`<${Moment} seconds=${seconds} />`;

function useApplications() {
    useEffect(() => {
        attempt(async () => {
            ({ applications: applications.value } = await awaited(() => get("/api/account/applications")));
        });
        return () => { applications.value = null; };
    }, []);
    return applications.value;
}

async function revoke(id, name) {
    const agreed = await agree({
        title: t("applications.revoke-title", { name }),
        text: t("applications.revoke-text"),
        yes: t("applications.revoke"),
    });
    const answer = agreed && (await request("/api/account/applications/revoke", { id }));
    if (!answer) return;
    applications.value = answer.applications;
    settle(t("applications.revoked", { name }), ID);
}

function lastUse({ seen_at: at, used_service: service, ip }) {
    return service ? html`<${LastUse} at=${at} service=${service} ip=${ip} />` : t("applications.never-used");
}

export function columnsOf() {
    return [t("applications.name"), t("applications.opens"), t("applications.used"), t("applications.ends")];
}

export function cellsOf(row, name) {
    return [
        html`<b>${name}</b>
            ${!row.verified && html`<small>${t("applications.unverified")}</small>`}
            <small>${fill("applications.since", { time: moment(row.created_at) })}</small>`,
        row.services.map(serviceName).join(", "),
        lastUse(row),
        moment(row.expires_at),
    ];
}

export function Applications() {
    const rows = useApplications();
    if (!rows) return null;
    const names = namesOf(rows);
    const line = (row) => {
        const name = names.get(row.id);
        return {
            key: row.id,
            cells: cellsOf(row, name),
            actions: html`<${Action} go=${() => revoke(row.id, name)}
                aria-label=${t("applications.revoke-which", { name })}>${t("applications.revoke")}<//>`,
        };
    };
    return html`<${Section} id=${ID} title=${t("applications.list")}>
        <p data-aside>${t("applications.hint")}</p>
        ${rows.length > 0
            ? html`<${Table} label=${t("applications.list")} columns=${columnsOf()} rows=${rows.map(line)} />`
            : html`<p data-empty>${t("applications.none")}</p>`}
    <//>`;
}
