// activity.js - the page of activity: logins, those that were refused included, and what was changed, newest first.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { actorOf, changeOf, credentialOf, reasonOf, serviceOf, settingsOf } from "./activity_words.js";
import { Address, Moment } from "./device_names.js";

const PATH = "/api/account/activity";

function titleOf(entry) {
    if (entry.kind === "change") return changeOf(entry);
    const service = serviceOf(entry.service);
    if (entry.refused) return t("activity.refused", { service });
    return entry.service === "webmail" ? t("activity.password-accepted") : t("activity.signed-in", { service });
}

// What is said below the title, in a line for each.
function detailsOf(entry) {
    if (entry.kind === "change") {
        const label = entry.label && t("activity.label", { name: entry.label });
        const reason = entry.reason && t("activity.reason", { reason: entry.reason });
        return [label, ...settingsOf(entry), actorOf(entry), reason];
    }
    const times = entry.times > 1 && t("activity.times", { count: entry.times, time: time(entry.first_at) });
    return [entry.refused && reasonOf(entry), credentialOf(entry), times];
}

function What({ entry }) {
    const lines = detailsOf(entry).filter(Boolean);
    return html`<b>${titleOf(entry)}</b>${lines.map((line) => html`<small key=${line}>${line}</small>`)}`;
}

function List({ entries }) {
    const row = (entry) => ({
        key: `${entry.kind}-${entry.id}`,
        cells: [
            html`<${What} entry=${entry} />`,
            html`<${Moment} seconds=${entry.at} />`,
            entry.ip && html`<${Address} ip=${entry.ip} />`,
        ],
    });
    const columns = [t("activity.what"), t("activity.when"), t("account.ip")];
    return html`<${Table} label=${t("activity.page")} columns=${columns} rows=${entries.map(row)} />`;
}

export function Activity() {
    const shown = useSignal(null);
    useEffect(() => {
        attempt(async () => { shown.value = await awaited(() => get(PATH)); });
    }, []);
    if (!shown.value) return null;
    const { days, entries, next } = shown.value;
    const more = async () => {
        try {
            const page = await awaited(() => get(`${PATH}?after=${next}`));
            shown.value = { ...page, entries: [...entries, ...page.entries] };
        } catch (error) {
            if (!follow(error)) say(sentence(error), true);
        }
    };
    return html`
        <p data-aside>${t("activity.hint", { days })}</p>
        ${entries.length > 0 ? html`<${List} entries=${entries} />` : html`<p data-empty>${t("activity.none")}</p>`}
        ${next && html`<${Action} go=${more}>${t("activity.more")}<//>`}`;
}
