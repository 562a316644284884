// administrators.js - members who are administrators: who there are, another one, other roles and domains.

import { useSignal } from "../vendor/signals.js";
import { Moment } from "../account/device_names.js";
import { Section } from "../account/section.js";
import { settle } from "../account/state.js";
import { Action } from "../lib/button.js";
import { agree, dialog } from "../lib/dialog.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { fill, t } from "../lib/language.js";
import { List } from "./list.js";
import { Reach, RoleFields, roleOf } from "./role_fields.js";
import { me, request, send } from "./state.js";

const ID = "administrators";
const MANY = 200; // there are few, and the newest is the last
const PATH = "/administrators";

// The API's answer; undefined when the reader would rather not.
function askRole({ member, role, domains }) {
    return dialog(t("administrators.change-title", { member }), (close) => html`
        <${Form} submit=${t("administrators.save")}
            action=${async (typed) => {
                const made = await send("POST", PATH, { member, ...roleOf(typed) });
                if (made) close(made);
            }}
            others=${html`<button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`}>
            <${RoleFields} role=${role} domains=${domains} />
        <//>`);
}

function askToRemove(member) {
    return agree({
        title: t("administrators.remove-title", { member }),
        text: t("administrators.remove-text"),
        yes: t("administrators.remove"),
    });
}

function Actions({ row, done }) {
    const { id, member } = row;
    if (member === me.value.name) return html`<mark>${t("administrators.you")}</mark>`;
    const change = async () => {
        if (await askRole(row)) done(t("administrators.changed", { member }));
    };
    const remove = async () => {
        if ((await askToRemove(member)) && (await request("DELETE", `${PATH}/${id}`))) {
            done(t("administrators.removed", { member }));
        }
    };
    return html`<span data-row>
        <${Action} go=${change} aria-label=${t("administrators.change-which", { member })}>
            ${t("administrators.change")}<//>
        <${Action} tone="danger" go=${remove} aria-label=${t("administrators.remove-which", { member })}>
            ${t("administrators.remove")}<//>
    </span>`;
}

function rowOf(row, done) {
    const time = html`<${Moment} seconds=${row.made_at} />`;
    return {
        key: row.id,
        cells: [
            html`<b>${row.member}</b>
                ${!row.factor_registered && html`<small>${t("administrators.no-factor")}</small>`}`,
            html`<${Reach} role=${row.role} domains=${row.domains} />`,
            html`<span>${time}<small>${fill("administrators.by", { name: row.made_by })}</small></span>`,
        ],
        actions: html`<${Actions} row=${row} done=${done} />`,
    };
}

function NewAdministrator({ done }) {
    const add = async (typed) => {
        const member = typed.member.trim();
        if (await send("POST", PATH, { member, ...roleOf(typed) })) done(t("administrators.added", { member }));
    };
    return html`<${Section} id="new-administrator" title=${t("administrators.new")}>
        <${Form} submit=${t("administrators.add")} action=${add}>
            <${Field} name="member" label=${t("administrators.member")} hint=${t("administrators.member-hint")}
                inputmode="email" autocapitalize="none" autocomplete="off" spellcheck=${false} maxlength="320" />
            <${RoleFields} />
        <//>
    <//>`;
}

export function Administrators() {
    const version = useSignal(0);
    const done = (message) => {
        version.value += 1;
        settle(message, ID);
    };
    const columns = [t("administrators.member"), t("role.legend"), t("administrators.since")];
    return html`
        <p data-aside>${t("administrators.hint")}</p>
        <${List} id=${ID} path=${PATH} size=${MANY} version=${version.value} caption=${t("administrators.title")}
            columns=${columns} row=${(row) => rowOf(row, done)}
            empty=${t("administrators.none")} />
        <${NewAdministrator} key=${version.value} done=${done} />`;
}
