// overview.js - the page on which the console begins: who has a second factor, how members sign in, and what was
// refused, as the counts have it.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { html } from "../lib/html.js";
import { day, number, t } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { attempt } from "../lib/unavailable.js";
import { addressOf, asked, changed } from "./address.js";
import { Bars, Columns } from "./chart.js";
import { ruleOf } from "./member_explain_words.js";
import { load, me } from "./state.js";

const PERIODS = [7, 28, 90, 400];
const DAY = 86400;

// The API's words.
const WORDS = {
    imap: "count.imap", pop3: "count.pop", smtp: "count.smtp", sieve: "count.sieve", webmail: "count.webmail",
    client: "count.client", unknown: "count.unknown", "account-password": "count.account-password",
    "app-password": "count.app-password", application: "count.application", "one-time-code": "count.one-time-code",
    passkey: "count.passkey", "passkey-alone": "count.passkey-alone", approval: "count.approval",
    "recovery-code": "count.recovery-code", "trusted-device": "count.trusted-device",
};

export const named = (word) => (WORDS[word] ? t(WORDS[word]) : word);
const total = (values) => values.reduce((sum, value) => sum + value, 0);

function Reach() {
    const { all_domains: all, domains } = me.value;
    return html`<p>${all ? t("overview.all-domains") : t("overview.domains", { domains: domains.join(", ") })}</p>`;
}

function Periods({ days }) {
    const link = (period) => html`<${Link} key=${period} to=${changed({ days: period })}
        aria-current=${period === days ? "true" : undefined}>
        ${t("overview.days", { days: number(period) })}
    <//>`;
    return html`<nav aria-label=${t("overview.period")} data-row data-periods>${PERIODS.map(link)}</nav>`;
}

// A number of members that leads to the list of them.
function Members({ filter, count }) {
    const to = addressOf("/console/members", { ...filter, domain: asked("domain") });
    return html`<${Link} to=${to}>${number(count)}<//>`;
}

function Adoption({ rows }) {
    if (rows.length === 0) return html`<p data-empty>${t("overview.not-counted")}</p>`;
    const last = rows[rows.length - 1];
    const of = (key, name) => ({ key, name, value: last[key] });
    const lists = {
        registered: { factor: "registered" }, overdue: { overdue: "yes" }, different: { own: "yes" },
        account_password: { account_password: "any" },
    };
    const items = [
        of("registered", t("overview.registered")), of("required", t("overview.required")),
        of("overdue", t("overview.overdue")), of("opted_out", t("overview.opted-out")),
        of("different", t("overview.different")), of("account_password", t("overview.account-password")),
    ].map((item) => (lists[item.key]
        ? { ...item, shown: html`<${Members} filter=${lists[item.key]} count=${item.value} />` }
        : item));
    const values = (key) => rows.map((row) => row[key]);
    const series = [
        { key: "registered", name: t("overview.registered"), values: values("registered") },
        { key: "overdue", name: t("overview.overdue"), values: values("overdue") },
    ];
    return html`
        <${Bars} title=${t("overview.members")} unit=${t("overview.kind")} amount=${t("overview.number")} items=${items}
            sentence=${t("overview.adoption", {
                registered: number(last.registered), members: number(last.members), overdue: number(last.overdue),
            })} />
        <${Columns} id="adoption" title=${t("overview.over-time")} unit=${t("overview.day")}
            sentence=${t("overview.over-time-text", { first: day(rows[0].at), count: number(rows[0].registered) })}
            days=${rows.map(({ at }) => day(at))} series=${series} />`;
}

// Rows of the API by day and value, as columns.
function Logins({ id, title, rows, since, days }) {
    const dates = Array.from({ length: days }, (_, i) => since + i * DAY);
    const sums = {};
    for (const { at, value, allowed } of rows) {
        sums[value] ??= dates.map(() => 0);
        sums[value][(at - since) / DAY] += allowed;
    }
    const series = Object.entries(sums).map(([key, values]) => ({ key, name: named(key), values }))
        .filter(({ values }) => total(values) > 0);
    const parts = series.map(({ name, values }) => t("overview.part", { name, count: number(total(values)) }));
    if (series.length === 0) return html`<${Bars} title=${title} sentence=${t("overview.no-logins")} items=${[]} />`;
    return html`<${Columns} id=${id} title=${title} unit=${t("overview.day")} series=${series}
        sentence=${t("overview.sum", { parts: parts.join(", ") })} days=${dates.map((at) => day(at))} />`;
}

function Ranking({ title, empty, unit, amount, items }) {
    const count = number(total(items.map(({ value }) => value)));
    const sentence = items.length === 0 ? empty : t("overview.ranking", { count, name: items[0].name });
    return html`<${Bars} title=${title} unit=${unit} amount=${amount} items=${items} sentence=${sentence} />`;
}

const falling = (items) => items.sort((a, b) => b.value - a.value);

function Figures({ answer }) {
    const { adoption, since, days, refusals, guessers, account_password: passwords } = answer;
    const logins = [["services", t("overview.services")], ["channels", t("overview.channels")],
        ["credentials", t("overview.credentials")]];
    return html`
        <${Adoption} rows=${adoption} />
        ${logins.map(([id, title]) => html`<${Logins} key=${id} id=${id} title=${title} rows=${answer[id]}
            since=${since} days=${days} />`)}
        <${Ranking} title=${t("overview.refusals")} empty=${t("overview.no-refusals")} unit=${t("overview.rule")}
            amount=${t("overview.number")}
            items=${falling(refusals.map(({ rule, count: value }) => ({ key: rule, name: ruleOf(rule), value })))} />
        <${Ranking} title=${t("overview.passwords")} empty=${t("overview.no-passwords")} unit=${t("overview.service")}
            amount=${t("overview.members")}
            items=${falling(passwords.map(({ service, members: value }) => ({
                key: service, name: named(service), value,
                shown: html`<${Members} filter=${{ account_password: service }} count=${value} />`,
            })))} />
        <${Ranking} title=${t("overview.guessers")} empty=${t("overview.no-guessers")} unit=${t("overview.origin")}
            amount=${t("overview.guesses")}
            items=${guessers.map(({ origin, count: value }) => ({ key: origin, name: origin, value }))} />`;
}

export function Overview() {
    const shown = useSignal(null);
    const asks = Number(asked("days"));
    const days = PERIODS.includes(asks) ? asks : 28;
    const path = addressOf("/overview", { days, domain: asked("domain") });
    useEffect(() => { attempt(async () => { shown.value = await load(path); }); }, [path]);
    return html`
        <${Reach} />
        <${Periods} days=${days} />
        ${shown.value && html`<div data-overview><${Figures} answer=${shown.value} /></div>`}`;
}
