// member.js - one member: second factor, services, credentials and devices, history, and why a login is let in or not.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { detail } from "../account/details.js";
import { Address, Moment } from "../account/device_names.js";
import { Section } from "../account/section.js";
import { say } from "../lib/announcements.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { go } from "../lib/router.js";
import { Table } from "../lib/table.js";
import { asked } from "./address.js";
import { Attachments } from "./attachments.js";
import { MemberCredentials } from "./member_credentials.js";
import { MemberExplain } from "./member_explain.js";
import { MemberActivity, MemberAudit } from "./member_history.js";
import { MemberPassword } from "./member_password.js";
import { MemberServices } from "./member_services.js";
import { MemberTwoStep } from "./member_two_step.js";
import { named } from "./overview.js";
import { roleName } from "./roles.js";
import { request, useObject } from "./state.js";

const LIST = "/console/members";

const known = (seconds) => (seconds ? time(seconds) : t("members.unknown"));

function LastUses({ rows }) {
    if (rows.length === 0) return html`<p data-empty>${t("member.never-used")}</p>`;
    const row = ({ service, credential, at, ip }) => ({
        key: `${service} ${credential}`,
        cells: [named(service), named(credential), html`<${Moment} seconds=${at} />`, html`<${Address} ip=${ip} />`],
    });
    const columns = [t("overview.service"), t("explain.credential"), t("member.last-use"), t("account.ip")];
    return html`<${Table} caption=${t("member.last-uses")} columns=${columns} rows=${rows.map(row)} />`;
}

// Why less can be done here than the role allows.
function Limits({ member }) {
    if (member.self) return html`<p data-note>${t("member.self")}</p>`;
    return !member.may_help && html`<p data-note>${t("error.administrator")}</p>`;
}

function Facts({ member }) {
    const { active, domain_active: isDomainActive, administrator } = member;
    const state = active ? t("domain.on") : t("domain.off");
    return html`<${Section} id="member" title=${member.display}>
        <${Limits} member=${member} />
        <dl data-facts>
            ${detail(t("members.account"), isDomainActive ? state : t("member.domain-off"))}
            ${member.class && detail(t("member.class"), member.class)}
            ${administrator && detail(t("role.legend"), roleName(administrator))}
            ${detail(t("members.created"), time(member.created_at))}
            ${detail(t("members.password-changed"), known(member.password_changed_at))}
            ${detail(t("members.received"), known(member.received_at))}
        </dl>
        <${LastUses} rows=${member.last_uses} />
    <//>`;
}

function Removal({ member, path }) {
    const remove = async () => {
        const name = { member: member.display };
        const text = t("member.remove-text", name);
        if (!(await agree({ title: t("member.remove"), text, yes: t("member.remove-yes") }))) return;
        if (!(await request("DELETE", path))) return;
        go(LIST, { replace: true });
        say(t("member.removed", name));
    };
    return html`<${Section} id="remove" title=${t("member.remove")}>
        <p>${t("member.remove-hint")}</p>
        <${Action} tone="danger" go=${remove}>${t("member.remove")}<//>
    <//>`;
}

function Sections({ name }) {
    const path = `/members/${encodeURIComponent(name)}`;
    const object = useObject(path);
    const version = useSignal(0);
    const member = object.value;
    if (!member) return null;
    const changed = () => { version.value += 1; };
    // What was saved is in the history, too.
    const told = { ...object, save: async (changes) => (await object.save(changes)) && (changed(), true) };
    return html`
        <${Facts} member=${member} />
        <${MemberTwoStep} object=${told} path=${path} changed=${changed} />
        <${MemberPassword} member=${member} path=${path} changed=${changed} />
        <${MemberServices} object=${told} />
        <${Attachments} path=${path} changed=${changed} />
        <${MemberCredentials} member=${member} path=${path} version=${version.value} changed=${changed} />
        <${MemberExplain} path=${path} />
        <${MemberActivity} path=${path} version=${version.value} />
        <${MemberAudit} path=${path} version=${version.value} />
        ${member.may_change && !member.self && html`<${Removal} member=${member} path=${path} />`}`;
}

export function Member() {
    const name = asked("member");
    useEffect(() => {
        if (name === "") go(LIST, { replace: true });
    }, [name]);
    return name && html`<${Sections} key=${name} name=${name} />`;
}
