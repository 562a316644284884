// trusted_devices.js - devices on which sign-in does not ask for a code.

import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { fill, t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { Address, Day, inOrder, Moment, namesOf } from "./device_names.js";
import { Section } from "./section.js";
import { request, show } from "./state.js";

const ID = "devices";

async function remove(id) {
    const answer = await request("/api/account/devices/remove", { id });
    if (answer) show(answer, t("devices.removed"), ID);
}

export function columnsOf() {
    return [t("devices.device"), t("devices.used"), t("devices.expires"), t("account.ip")];
}

export function cellsOf(device, name) {
    return [
        html`
            <b>${name}</b>
            ${device.current && html`<mark>${t("devices.this")}</mark>`}
            <small>${fill("devices.since", { time: html`<${Day} seconds=${device.created_at} />` })}</small>`,
        html`<${Moment} seconds=${device.used_at} />`,
        html`<${Day} seconds=${device.expires_at} />`,
        html`<${Address} ip=${device.ip} />`,
    ];
}

export function TrustedDevices({ devices }) {
    const names = namesOf(devices);
    const row = (device) => ({
        key: device.id,
        cells: cellsOf(device, names.get(device.id)),
        actions: html`<${Action} go=${() => remove(device.id)}
            aria-label=${t("devices.remove-which", { name: names.get(device.id) })}>${t("devices.remove")}<//>`,
    });
    const rows = inOrder(devices, "used_at").map(row);
    return html`<${Section} id=${ID} title=${t("devices.title")}>
        <p data-aside>${t("devices.hint")}</p>
        ${rows.length > 0
            ? html`<${Table} label=${t("devices.title")} columns=${columnsOf()} rows=${rows} />`
            : html`<p data-empty>${t("devices.none")}</p>`}
    <//>`;
}
