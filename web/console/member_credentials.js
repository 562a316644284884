// member_credentials.js - what a member signs in with: passkeys, phones that approve, app passwords, connected
// applications, signed-in and trusted devices, each of which can be ended.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import * as appPasswords from "../account/app_password_list.js";
import * as applications from "../account/applications.js";
import { namesOf } from "../account/device_names.js";
import { Section } from "../account/section.js";
import * as passkeys from "../account/passkeys.js";
import * as phones from "../account/phones.js";
import * as sessions from "../account/signed_in_devices.js";
import { settle } from "../account/state.js";
import * as devices from "../account/trusted_devices.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { askReason } from "./reason.js";
import { load, request } from "./state.js";

const remove = (path, id, body) => request("DELETE", `${path}/${id}`, body);
const numbered = (row, rows) => namesOf(rows).get(row.id);

// id: of the section, and in the API's path. show: columns and cells, as the account pages have them; nameOf(row, rows);
// end(path, id, body): the request; notOwn: an administrator's own are ended on the account page; keys of sentences.
const KINDS = [
    {
        id: "passkeys", title: "passkey.title", none: "member.no-passkeys", show: passkeys, nameOf: passkeys.nameOf,
        end: remove, button: "passkey.remove", which: "passkey.remove-which",
        question: "passkey.remove-title", text: "member.passkey-text", done: "passkey.removed", notOwn: true,
    },
    {
        id: "phones", title: "phone.section", none: "member.no-phones", show: phones, nameOf: phones.nameOf,
        end: remove, button: "passkey.remove", which: "passkey.remove-which",
        question: "phone.remove-title", text: "member.phone-text", done: "phone.removed", notOwn: true,
    },
    {
        id: "app-passwords", title: "app-passwords.title", none: "member.no-app-passwords", show: appPasswords,
        nameOf: appPasswords.nameOf, end: remove, button: "app-passwords.revoke", which: "app-passwords.revoke-which",
        question: "app-passwords.revoke-title", text: "app-passwords.revoke-text", done: "app-passwords.revoked",
    },
    {
        id: "applications", title: "applications.title", none: "applications.none", show: applications,
        nameOf: numbered, end: remove, button: "applications.revoke", which: "applications.revoke-which",
        question: "applications.revoke-title", text: "member.application-text", done: "applications.revoked",
    },
    {
        id: "sessions", title: "sessions.title", none: "member.no-sessions", show: sessions, nameOf: numbered,
        end: (path, id, body) => request("POST", `${path}/end`, { id, ...body }),
        button: "sessions.end", which: "sessions.end-which",
        question: "member.session-title", text: "member.session-text", done: "sessions.ended",
    },
    {
        id: "devices", title: "devices.title", none: "devices.none", show: devices, nameOf: numbered, end: remove,
        button: "devices.remove", which: "devices.remove-which",
        question: "member.device-title", text: "member.device-text", done: "devices.removed",
    },
];

function useRows(path, version) {
    const rows = useSignal(null);
    useEffect(() => {
        attempt(async () => { rows.value = (await load(path))?.items ?? rows.peek(); });
    }, [path, version]);
    return rows;
}

function EndAll({ member, path, finish }) {
    const endAll = async () => {
        const text = member.self ? t("sessions.all-text") : t("member.all-text");
        const body = await askReason({
            title: t("member.all-title"), text, yes: t("member.all"), required: member.reason === "required",
        });
        if (body) finish(await request("POST", `${path}/end-all`, body), t("member.all-ended"));
    };
    return html`<${Action} tone="danger" go=${endAll}>${t("member.all")}<//>`;
}

function Kind({ kind, member, path, version, changed }) {
    const rows = useRows(path, version);
    if (!rows.value) return null;
    const finish = (answer, message) => {
        if (!answer) return;
        rows.value = answer.items;
        changed();
        settle(message, kind.id);
    };
    const end = async (row, name) => {
        const body = await askReason({
            title: t(kind.question, { name }), text: t(kind.text), yes: t(kind.button),
            required: member.reason === "required",
        });
        if (body) finish(await kind.end(path, row.id, body), t(kind.done, { name }));
    };
    const mayEnd = (row) => member.may_help && !row.current && !(kind.notOwn && member.self);
    const line = (row) => {
        const name = kind.nameOf(row, rows.value);
        return {
            key: row.id,
            cells: kind.show.cellsOf(row, name),
            actions: mayEnd(row) && html`<${Action} go=${() => end(row, name)}
                aria-label=${t(kind.which, { name })}>${t(kind.button)}<//>`,
        };
    };
    return html`<${Section} id=${kind.id} title=${t(kind.title)}>
        ${rows.value.length > 0
            ? html`<${Table} label=${t(kind.title)} columns=${kind.show.columnsOf()} rows=${rows.value.map(line)} />`
            : html`<p data-empty>${t(kind.none)}</p>`}
        ${kind.id === "sessions" && member.may_help && rows.value.some(({ current }) => !current) &&
            html`<${EndAll} member=${member} path=${path} finish=${finish} />`}
    <//>`;
}

export function MemberCredentials({ member, path, version, changed }) {
    return KINDS.map((kind) => html`<${Kind} key=${kind.id} kind=${kind} member=${member} path=${`${path}/${kind.id}`}
        version=${version} changed=${changed} />`);
}
