// members.js - the members of the administrator's domains: found, filtered, sorted, a page of them at a time. A row
// leads to the member's own page. What can be done with many of them at once belongs into the bulk bar of the list.

import { html } from "../lib/html.js";
import { shortDay, t } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { addressOf, asked, broken } from "./address.js";
import { domainFilter } from "./domain_filter.js";
import { JobBar } from "./job_bar.js";
import { List } from "./list.js";
import { may } from "./state.js";

export const pageOf = (member) => addressOf("/console/member", { member });

const ID = "members";
const PATH = "/members";
const FLAGS = [
    ["U", "members.flag-active"], ["S", "members.flag-smtp"], ["P", "members.flag-pop"], ["I", "members.flag-imap"],
    ["F", "members.flag-forwarding"], ["M", "members.flag-attachments"], ["2", "members.flag-factor"],
];

// A filter with the API's name and words. "" stands for all.
const choice = (name, label, ...values) => ({
    name, label: t(label), options: [["", t("members.any")], ...values.map(([value, key]) => [value, t(key)])],
});
const onOff = (name, label) => choice(name, label, ["on", "members.on"], ["off", "members.off"]);

// Those with which one begins, and the others.
const filters = () => [
    domainFilter(),
    choice("two_factor_requirement", "members.requirement", ["required", "members.required"],
        ["optional", "members.optional"]),
    choice("factor", "members.factor", ["registered", "members.registered"], ["none", "members.not-registered"]),
    choice("overdue", "members.overdue", ["yes", "members.yes"]),
    ...[
        onOff("active", "members.account"),
        choice("own", "members.own", ["yes", "members.yes"], ["no", "members.no"]),
        choice("own_networks", "members.own-networks", ["yes", "members.yes"], ["no", "members.no"]),
        choice("account_password", "members.account-password", ["any", "members.any-client"],
            ["imap", "members.flag-imap"], ["pop3", "members.flag-pop"], ["smtp", "members.flag-smtp"]),
        choice("unseen", "members.unseen", ["yes", "members.yes"]),
        choice("app_passwords_used", "members.app-passwords", ["unused", "members.app-unused"],
            ["none", "members.app-none"]),
        choice("received", "members.received-filter", ["recent", "members.received-recent"],
            ["old", "members.received-old"], ["unknown", "members.unknown"]),
        onOff("webmail", "members.webmail"),
        onOff("imap", "members.flag-imap"),
        onOff("pop3", "members.flag-pop"),
        onOff("smtp", "members.flag-smtp"),
        onOff("forwarding", "members.flag-forwarding"),
    ].map((filter) => ({ ...filter, rare: true })),
];

const columns = () => [
    { label: t("members.member"), sort: "member" },
    t("members.services"),
    { label: t("members.last-seen"), sort: "last_seen" },
    t("members.webmail"),
    t("members.flag-smtp"),
    t("members.flag-pop"),
    t("members.flag-imap"),
    { label: t("members.received"), sort: "received_at" },
    t("members.factor"),
    t("members.password-changed"),
    { label: t("members.created"), sort: "created_at" },
    t("members.networks"),
];

// A letter for each service, for eyes; the names of those that are on, for readers.
function Flags({ flags }) {
    const on = FLAGS.filter(([flag]) => flags.includes(flag)).map(([, key]) => t(key));
    return html`<span>
        <span aria-hidden="true">${FLAGS.map(([flag, key]) => (flags.includes(flag)
            ? html`<b title=${t(key)}>${flag}</b> ` : html`<small>-</small> `))}</span>
        <span data-hidden>${on.length > 0 ? on.join(", ") : t("members.nothing-on")}</span>
    </span>`;
}

const day = (seconds) => (seconds
    ? html`<time datetime=${new Date(seconds * 1000).toISOString()} data-day>${shortDay(seconds)}</time>`
    : "-");
const known = (seconds) => (seconds ? day(seconds) : t("members.unknown"));
const use = (last) => (last
    ? html`<span>${day(last.at)}<small data-ip>${broken(last.address)}</small></span>`
    : "-");
const networks = (allowed) => (allowed
    ? html`<small data-ip>${allowed.split(",").map((one, i) => html`${i > 0 && ", "}${broken(one)}`)}</small>`
    : t("members.any"));

function rowOf(row) {
    return {
        key: row.member,
        name: row.display,
        cells: [
            html`<${Link} to=${pageOf(row.member)}>${broken(row.display)}<//>
                ${row.class && html`<small>${row.class}</small>`}`,
            html`<${Flags} flags=${row.flags} />`,
            day(row.last_seen),
            use(row.webmail),
            use(row.smtp),
            use(row.pop3),
            use(row.imap),
            known(row.received_at),
            day(row.factor_registered_at),
            known(row.password_changed_at),
            day(row.created_at),
            networks(row.webmail_allowed_networks),
        ],
    };
}

export function Members() {
    const chosen = filters();
    const names = ["q", ...chosen.map(({ name }) => name)];
    const wished = Object.fromEntries(names.map((name) => [name, asked(name)]));
    const table = addressOf("/api/admin/v1/export/members", wished);
    return html`
        <p data-row>
            <a href=${table} download="members.csv">${t("members.csv")}</a>
            ${may("domain") && html`<${Link} to="/console/import">${t("import.title")}<//>`}
        </p>
        <${List} id=${ID} path=${PATH} caption=${t("members.title")}
            sorted="member" search=${t("members.search")} filters=${chosen} columns=${columns()} row=${rowOf}
            bulk=${(ticked) => html`<${JobBar} ...${ticked} />`} empty=${t("members.none")} />`;
}
