// member_history.js - what has happened to a member: logins and changes, and the audit records; older ones when they
// are asked for.

import { Entries } from "../account/activity.js";
import { Address, Moment } from "../account/device_names.js";
import { Older, useOlder } from "../account/older.js";
import { Section } from "../account/section.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { Changes } from "./audit.js";
import { ruleOf } from "./member_explain_words.js";
import { load } from "./state.js";

const why = ({ rule, service }) => ruleOf(rule, service);

export function MemberActivity({ path, version }) {
    const older = useOlder(load, `${path}/activity`, "items", version);
    if (!older) return null;
    return html`<${Section} id="activity" title=${t("activity.page")}>
        <p data-aside>${t("member.activity-hint", { days: older.answer.days })}</p>
        ${older.rows.length > 0
            ? html`<${Entries} entries=${older.rows} why=${why} />`
            : html`<p data-empty>${t("activity.none")}</p>`}
        <${Older} of=${older} />
    <//>`;
}

export function MemberAudit({ path, version }) {
    const older = useOlder(load, `${path}/audit`, "items", version);
    if (!older) return null;
    const row = ({ id, at, who, source, action, before, after }) => ({
        key: id,
        cells: [
            action, html`<${Changes} before=${before} after=${after} />`, who, html`<${Moment} seconds=${at} />`,
            source && html`<${Address} ip=${source} />`,
        ],
    });
    const columns = [t("member.action"), t("audit.change"), t("audit.who"), t("audit.time"), t("audit.address")];
    return html`<${Section} id="audit" title=${t("audit.title")}>
        ${older.rows.length > 0
            ? html`<${Table} label=${t("audit.title")} columns=${columns} rows=${older.rows.map(row)} />`
            : html`<p data-empty>${t("audit.none")}</p>`}
        <${Older} of=${older} />
    <//>`;
}
