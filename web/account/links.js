// links.js - the member's own links to files that were too large for a mail: how often each file was downloaded, for
// longer, and withdrawn.

import { awaited } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree, dialog } from "../lib/dialog.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { day, fill, t } from "../lib/language.js";
import { size } from "../lib/size.js";
import { Table } from "../lib/table.js";
import { Day, Moment } from "./device_names.js";
import { Older, useOlder } from "./older.js";
import { Section } from "./section.js";
import { request, settle } from "./state.js";

const ID = "links";
const PATH = "/api/account/links";
const load = (path) => awaited(() => get(path));

const nameOf = ({ subject }) => subject || t("links.no-subject");

// message(link) is said of the changed link.
async function change(what, { id }, put, message) {
    const answer = await request(`${PATH}/${what}`, { id });
    if (!answer) return;
    const { link, ...members } = answer;
    put(link, members);
    settle(message(link), ID);
}

function extend(link, put) {
    return change("extend", link, put, ({ expires_at: at }) => t("links.kept-until", { day: day(at) }));
}

async function withdraw(link, put) {
    const agreed = await agree({
        title: t("links.withdraw-title", { name: nameOf(link) }),
        text: t("links.withdraw-text"),
        yes: t("links.withdraw"),
    });
    if (agreed) await change("withdraw", link, put, () => t("links.was-withdrawn", { name: nameOf(link) }));
}

// The portal's answer; undefined when the reader would rather not.
function askPassword(link) {
    const send = (password) => awaited(() => post(`${PATH}/password`, { id: link.id, ...password }));
    const others = (close) => html`
        ${link.password && html`<${Action} go=${async () => close(await request(`${PATH}/password`, { id: link.id }))}>
            ${t("links.password-remove")}<//>`}
        <button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`;
    return dialog(t("links.password-title", { name: nameOf(link) }), (close) => html`
        <p>${t("links.password-text")}</p>
        <${Form} submit=${t("links.password-save")} action=${async (typed) => close(await send(typed))}
            others=${others(close)}>
            <${Field} name="password" label=${t("links.password-field")} hint=${t("links.password-hint")}
                autocomplete="off" autocapitalize="none" spellcheck=${false} maxlength="128" />
        <//>`);
}

async function setPassword(link, put) {
    const answer = await askPassword(link);
    if (!answer) return;
    const { link: changed, ...members } = answer;
    put(changed, members);
    settle(t(changed.password ? "links.password-set" : "links.password-removed", { name: nameOf(link) }), ID);
}

function Mail({ link }) {
    const file = ({ id, name, size: bytes, downloads: count }) => html`<small key=${id}>
        ${t("links.file", { name, size: size(bytes), count })}
    </small>`;
    return html`<b>${nameOf(link)}</b>
        <small>${fill("links.sent", { time: html`<${Moment} seconds=${link.made_at} />` })}</small>
        ${link.files.map(file)}
        ${link.password && html`<small>${t("links.has-password")}</small>`}`;
}

function Until({ link: { state, expires_at: at } }) {
    if (state === "withdrawn") return t("links.withdrawn");
    const when = html`<${Day} seconds=${at} />`;
    return html`<span>${state === "expired" ? fill("links.expired", { time: when }) : when}</span>`;
}

function Actions({ link, days, put }) {
    const name = nameOf(link);
    return html`<span data-row data-wraps>
        ${!link.extended && html`<${Action} go=${() => extend(link, put)}
            aria-label=${t("links.extend-which", { days, name })}>${t("links.extend", { days })}<//>`}
        <${Action} go=${() => setPassword(link, put)}
            aria-label=${t("links.password-which", { name })}>${t("links.password")}<//>
        <${Action} tone="danger" go=${() => withdraw(link, put)}
            aria-label=${t("links.withdraw-which", { name })}>${t("links.withdraw")}<//>
    </span>`;
}

function List({ links, days, put }) {
    const row = (link) => ({
        key: link.id,
        cells: [html`<${Mail} link=${link} />`, html`<${Until} link=${link} />`],
        actions: link.state === "valid" && html`<${Actions} link=${link} days=${days} put=${put} />`,
    });
    return html`<${Table} label=${t("links.list")} columns=${[t("links.mail"), t("links.until")]}
        rows=${links.map(row)} />`;
}

export function Links() {
    const older = useOlder(load, PATH, "links");
    if (!older) return null;
    const { answer: { stored, left, days }, rows } = older;
    return html`
        <p data-standing=${stored > 0 ? "on" : "off"}>
            ${left < 0
                ? t("links.stored", { stored: size(stored) })
                : t("links.stored-left", { stored: size(stored), left: size(left) })}
        </p>
        <p>${t("links.what")}</p>
        <${Section} id=${ID} title=${t("links.list")}>
            ${rows.length > 0
                ? html`<${List} links=${rows} days=${days} put=${older.put} />`
                : html`<p data-empty>${t("links.none")}</p>`}
            <${Older} of=${older} />
        <//>`;
}
