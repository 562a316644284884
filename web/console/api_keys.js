// api_keys.js - keys of programs that use the administrators' API: which there are, and a new one.

import { useSignal } from "../vendor/signals.js";
import { Expiry, limitsOf, Networks } from "../account/app_password_limits.js";
import { Address, Day, Moment } from "../account/device_names.js";
import { Section } from "../account/section.js";
import { settle } from "../account/state.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { List } from "./list.js";
import { NewKey } from "./new_key.js";
import { Reach, RoleFields, roleOf } from "./role_fields.js";
import { request, send } from "./state.js";

const ID = "api-keys";
const MANY = 200; // there are few, and the newest is the last
const PATH = "/keys";

const moment = (seconds) => html`<${Moment} seconds=${seconds} />`;

function lastUse({ last_used_at: at, last_used_ip: ip }) {
    if (!at) return t("api-keys.never-used");
    return html`<span>${moment(at)}<small><${Address} ip=${ip} /></small></span>`;
}

function askToRemove(name) {
    return agree({
        title: t("api-keys.remove-title", { name }), text: t("api-keys.remove-text"), yes: t("api-keys.remove"),
    });
}

function rowOf(row, done) {
    const { id, label: name, made_at: at, made_by: by } = row;
    const remove = async () => {
        if ((await askToRemove(name)) && (await request("DELETE", `${PATH}/${id}`))) {
            done(t("api-keys.removed", { name }));
        }
    };
    return {
        key: id,
        cells: [
            html`<b>${name}</b><small>${moment(at)}, ${by}</small>`,
            html`<${Reach} role=${row.role} domains=${row.domains} />`,
            row.networks || t("api-keys.everywhere"),
            row.expires_at ? html`<${Day} seconds=${row.expires_at - 1} />` : t("api-keys.no-expiry"),
            lastUse(row),
        ],
        actions: html`<${Action} tone="danger" go=${remove} aria-label=${t("api-keys.remove-which", { name })}>
            ${t("api-keys.remove")}<//>`,
    };
}

function KeyForm({ show }) {
    const make = async (typed) => {
        const body = { label: typed.label.trim(), ...roleOf(typed), ...limitsOf(typed, []) };
        const made = await send("POST", PATH, body);
        if (made) show(made);
    };
    return html`<${Section} id="new-key" title=${t("api-keys.new")}>
        <${Form} submit=${t("api-keys.make")} action=${make}>
            <${Field} name="label" label=${t("api-keys.label")} hint=${t("api-keys.label-hint")} autocomplete="off"
                maxlength="60" />
            <${RoleFields} />
            <${Networks} />
            <${Expiry} />
        <//>
    <//>`;
}

export function ApiKeys() {
    const version = useSignal(0);
    const made = useSignal(null); // until it is put away
    const done = (message) => {
        version.value += 1;
        settle(message, ID);
    };
    const putAway = () => {
        made.value = null;
        done(null);
    };
    if (made.value) return html`<${NewKey} made=${made.value} putAway=${putAway} />`;
    const columns = [
        t("api-keys.name"), t("role.legend"), t("api-keys.networks"), t("api-keys.expires"), t("api-keys.last-use"),
    ];
    return html`
        <p data-aside>${t("api-keys.hint")}</p>
        <${List} id=${ID} path=${PATH} size=${MANY} version=${version.value} caption=${t("api-keys.title")}
            columns=${columns} row=${(row) => rowOf(row, done)} empty=${t("api-keys.none")} />
        <${KeyForm} show=${(answer) => { made.value = answer; }} />`;
}
