// audit.js - who changed what: what is looked for is in the page's address, and can be taken away as a table.

import { Field } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { addressOf, ask, asked } from "./address.js";
import { changesInWords } from "./audit_words.js";
import { List } from "./list.js";

const PATH = "/audit";
const ARROW = " \u2192 ";
const EXACT = ["who", "object", "address", "action"];
const DAYS = ["since", "until"];

const labels = () => ({
    who: t("audit.who"), object: t("audit.object"), address: t("audit.address"), action: t("audit.action"),
    since: t("audit.since"), until: t("audit.until"),
});

// The first second of a day of the reader's, some days later; "" for what is not a day.
function secondsOf(date, later = 0) {
    const start = new Date(`${date}T00:00`);
    start.setDate(start.getDate() + later);
    return Number.isNaN(start.getTime()) ? "" : Math.floor(start.getTime() / 1000);
}

// What the API is asked for; until is the last day in the address, and the second after it in the API.
function wished() {
    return {
        ...Object.fromEntries(EXACT.map((name) => [name, asked(name)])),
        since: secondsOf(asked("since")), until: secondsOf(asked("until"), 1),
    };
}

function Narrowing() {
    const send = (event) => {
        event.preventDefault();
        const form = new FormData(event.target);
        const values = [...EXACT, ...DAYS].map((name) => [name, form.get(name).trim()]);
        ask({ ...Object.fromEntries(values), after: "", page: "" });
    };
    const field = (name, type) => html`<${Field} key=${name} name=${name} type=${type} optional
        label=${labels()[name]} value=${asked(name)}
        autocomplete="off" autocapitalize="none" spellcheck=${false} maxlength="320" />`;
    return html`<form data-filters onSubmit=${send} aria-label=${t("audit.narrow")}>
        ${EXACT.map((name) => field(name, "text"))}
        ${DAYS.map((name) => field(name, "date"))}
        <button type="submit">${t("audit.narrow")}</button>
    </form>`;
}

// What a record has changed.
export function Changes({ before, after }) {
    const changes = changesInWords(before, after);
    return html`<div>${changes.map((change) => html`<${Change} key=${change.key} ...${change} />`)}</div>`;
}

function Change({ name, from, to }) {
    return html`<div>
        ${name && html`<strong>${name}</strong>`}${name && " "}
        ${from && html`<del>${from}</del>`}${from && to && ARROW}${to && html`<ins>${to}</ins>`}
    </div>`;
}

function row({ id, at, who, address, action, object, before, after }) {
    return {
        key: id, name: `${action} ${object}`,
        cells: [time(at), who, address, action, object,
            html`<${Changes} before=${before} after=${after} />`],
    };
}

export function Audit() {
    const fixed = wished();
    const isNarrowed = Object.values(fixed).some((value) => value !== "");
    const { who, object, address } = labels();
    const columns = [t("audit.time"), who, address, t("audit.what"), object, t("audit.change")];
    const table = addressOf("/api/admin/v1/audit/export", { ...fixed, q: asked("q") });
    return html`
        <${Narrowing} key=${JSON.stringify(fixed)} />
        <p><a href=${table} download="postlatch-audit.csv">${t("audit.export")}</a></p>
        <${List} path=${PATH} fixed=${fixed} search=${t("audit.search")} caption=${t("audit.title")}
            columns=${columns.map((label) => ({ label }))} row=${row}
            empty=${t(isNarrowed ? "list.none-found" : "audit.none")} />`;
}
