// phones.js - the member's phones that approve sign-ins: listed, removed.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { fill, t } from "../lib/language.js";
import { go } from "../lib/router.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { Day, lastUse } from "./device_names.js";
import { Section } from "./section.js";
import { refresh, request, settle } from "./state.js";

const ID = "phones";

export const columnsOf = () => [t("passkey.name"), t("passkey.used")];

export const nameOf = ({ name }) => name;

export function cellsOf(row) {
    return [
        html`
            <b>${row.name}</b>
            <small>${fill("passkey.since", { time: html`<${Day} seconds=${row.created_at} />` })}</small>`,
        lastUse(row),
    ];
}

export function Phones({ account }) {
    const state = useSignal(null);
    useEffect(() => {
        attempt(async () => { state.value = await awaited(() => get("/api/account/phones")); });
    }, []);
    if (!state.value) return null;
    const { phones, possible, most } = state.value;
    const mayAdd = possible && account.two_factor && phones.length < most;
    if (phones.length === 0 && !mayAdd) return null;

    async function remove({ id, name }) {
        const agreed = await agree({
            title: t("phone.remove-title", { name }), text: t("phone.remove-text"), yes: t("passkey.remove"),
        });
        const answer = agreed && (await request("/api/account/phones/remove", { id }));
        if (!answer) return;
        state.value = answer;
        settle(t("phone.removed"), ID);
        refresh();
    }

    return html`<${Section} id=${ID} title=${t("phone.section")}>
        <p data-aside>${t("phone.why")}</p>
        ${phones.length > 0 && html`<${Table} label=${t("phone.section")}
            columns=${columnsOf()}
            rows=${phones.map((row) => ({
                key: row.id,
                cells: cellsOf(row),
                actions: html`<${Action} tone="danger" go=${() => remove(row)}
                    aria-label=${t("passkey.remove-which", { name: row.name })}>${t("passkey.remove")}<//>`,
            }))} />`}
        ${mayAdd && html`<${Action} go=${() => go("/account/phone")}>${t("phone.add")}<//>`}
    <//>`;
}
