// signed_in_devices.js - devices that are signed in to webmail; those of a long list can be found and chosen.

import { useSignal } from "../vendor/signals.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { Field } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { Address, inOrder, Moment, namesOf } from "./device_names.js";
import { Section } from "./section.js";
import { request, show } from "./state.js";

const ID = "sessions";
const MANY = 8;

// One after the other, until the portal refuses one.
async function end(ids) {
    let last = null;
    for (const id of ids) {
        const answer = await request("/api/account/sessions/end", { id });
        if (!answer) break;
        last = answer;
    }
    if (last) show(last, ids.length > 1 ? t("sessions.chosen-ended") : t("sessions.ended"), ID);
}

async function endOthers() {
    const agreed = await agree({
        title: t("sessions.all-title"), text: t("sessions.all-text"), yes: t("sessions.all"),
    });
    const answer = agreed && (await request("/api/account/sessions/end-all"));
    if (answer) show(answer, t("sessions.all-ended"), ID);
}

// One of a long list: a box to choose it by.
function Name({ session, name, chosen }) {
    if (!chosen || session.current) return html`<b>${name}</b>`;
    const turn = (event) => {
        const ids = chosen.peek().filter((id) => id !== session.id);
        chosen.value = event.target.checked ? [...ids, session.id] : ids;
    };
    return html`<label>
        <input type="checkbox" checked=${chosen.value.includes(session.id)} onChange=${turn} />
        <b>${name}</b>
    </label>`;
}

export function columnsOf() {
    return [t("sessions.device"), t("sessions.since"), t("sessions.seen"), t("account.ip")];
}

export function cellsOf(session, name, chosen) {
    return [
        html`<${Name} session=${session} name=${name} chosen=${chosen} />`,
        html`<${Moment} seconds=${session.created_at} />`,
        html`<${Moment} seconds=${session.seen_at} />`,
        html`<${Address} ip=${session.ip} />`,
    ];
}

function List({ sessions, names, chosen }) {
    const row = (session) => {
        const name = names.get(session.id);
        return {
            key: session.id,
            cells: cellsOf(session, name, chosen),
            actions: session.current
                ? html`<mark>${t("sessions.now")}</mark>`
                : html`<${Action} go=${() => end([session.id])}
                    aria-label=${t("sessions.end-which", { name })}>${t("sessions.end")}<//>`,
        };
    };
    const rows = inOrder(sessions, "seen_at").map(row);
    return html`<${Table} label=${t("sessions.title")} columns=${columnsOf()} rows=${rows} />`;
}

// A long list: those that are sought by name or address, and what is done with the chosen ones.
function LongList({ sessions, names }) {
    const sought = useSignal("");
    const chosen = useSignal([]);
    const plain = (text) => text.normalize("NFC").toLowerCase();
    const isSought = ({ id, ip }) => plain(`${names.get(id)} ${ip}`).includes(plain(sought.value.trim()));
    const found = sessions.filter(isSought);
    const ids = chosen.value.filter((id) => sessions.some((session) => session.id === id));
    const count = ids.length;
    return html`
        <${Field} name="find" type="search" label=${t("sessions.find")} optional autocomplete="off"
            onInput=${(event) => { sought.value = event.target.value; }} />
        ${found.length > 0
            ? html`<${List} sessions=${found} names=${names} chosen=${chosen} />`
            : html`<p data-empty>${t("sessions.none-found")}</p>`}
        ${count > 0 && html`<${Action} go=${() => end(ids)}>${t("sessions.end-chosen", { count })}<//>`}`;
}

export function SignedInDevices({ sessions }) {
    const names = namesOf(sessions);
    return html`<${Section} id=${ID} title=${t("sessions.title")}>
        <p data-aside>${t("sessions.hint")}</p>
        ${sessions.length > MANY
            ? html`<${LongList} sessions=${sessions} names=${names} />`
            : html`<${List} sessions=${sessions} names=${names} />`}
        ${sessions.some(({ current }) => !current) &&
            html`<${Action} tone="danger" go=${endOthers}>${t("sessions.all")}<//>`}
    <//>`;
}
