// activity.js - the page of activity: logins, those that were refused included, and what was changed, newest first.

import { awaited } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { actorOf, changeOf, credentialOf, reasonOf, serviceOf, settingsOf } from "./activity_words.js";
import { Address, Moment } from "./device_names.js";
import { Older, useOlder } from "./older.js";

const PATH = "/api/account/activity";
const load = (path) => awaited(() => get(path));

function titleOf(entry) {
    if (entry.kind === "change") return changeOf(entry);
    const service = serviceOf(entry.service);
    if (entry.refused) return t("activity.refused", { service });
    if (entry.service !== "webmail") return t("activity.signed-in", { service });
    return entry.credential === "passkey-alone" ? t("activity.passkey-accepted") : t("activity.password-accepted");
}

// What is said below the title, in a line for each.
function detailsOf(entry, why) {
    if (entry.kind === "change") {
        const label = entry.label && t("activity.label", { name: entry.label });
        const reason = entry.reason && t("activity.reason", { reason: entry.reason });
        return [label, ...settingsOf(entry), actorOf(entry), reason];
    }
    const times = entry.times > 1 && t("activity.times", { count: entry.times, time: time(entry.first_at) });
    return [entry.refused && why(entry), credentialOf(entry), times];
}

function What({ entry, why }) {
    const lines = detailsOf(entry, why).filter(Boolean);
    return html`<b>${titleOf(entry)}</b>${lines.map((line) => html`<small key=${line}>${line}</small>`)}`;
}

// why(entry) is the sentence about a login that was refused.
export function Entries({ entries, why = reasonOf }) {
    const row = (entry) => ({
        key: `${entry.kind}-${entry.id}`,
        cells: [
            html`<${What} entry=${entry} why=${why} />`,
            html`<${Moment} seconds=${entry.at} />`,
            entry.ip && html`<${Address} ip=${entry.ip} />`,
        ],
    });
    const columns = [t("activity.what"), t("activity.when"), t("account.ip")];
    return html`<${Table} label=${t("activity.page")} columns=${columns} rows=${entries.map(row)} />`;
}

export function Activity() {
    const older = useOlder(load, PATH, "entries");
    if (!older) return null;
    const { answer: { days }, rows } = older;
    return html`
        <p data-aside>${t("activity.hint", { days })}</p>
        ${rows.length > 0 ? html`<${Entries} entries=${rows} />` : html`<p data-empty>${t("activity.none")}</p>`}
        <${Older} of=${older} />`;
}
