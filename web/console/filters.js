// filters.js - what a list is to find: a field to search in, and filters to choose from.

import { useEffect, useRef } from "../vendor/hooks.js";
import { Field, Select } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { ask, asked } from "./address.js";
import { SortField } from "./sorting.js";

const PAUSE = 300; // after the last key

// Every search begins at the first page. While somebody types, it is one search, with one entry in the history.
function find(text) {
    const isRefined = text !== "" && asked("q") !== "";
    ask({ q: text, after: "", page: "" }, { replace: isRefined });
}

function Search({ label }) {
    const field = useRef();
    const timer = useRef();
    const present = asked("q");
    useEffect(() => {
        const input = field.current.querySelector("input");
        if (input.value.trim() !== present) input.value = present;
    }, [present]);
    const now = (input) => {
        clearTimeout(timer.current);
        if (input.value.trim() !== asked("q")) find(input.value.trim());
    };
    const typed = (event) => {
        clearTimeout(timer.current);
        if (!event.isComposing) timer.current = setTimeout(now, PAUSE, event.target);
    };
    const send = (event) => {
        event.preventDefault();
        now(event.target.elements.q);
    };
    return html`<form role="search" ref=${field} onSubmit=${send}>
        <${Field} name="q" type="search" label=${label} optional autocomplete="off" autocapitalize="none"
            spellcheck=${false} maxlength="320" onInput=${typed} onCompositionEnd=${typed} />
    </form>`;
}

// Filters that are seldom needed: there at once only where one of them is set. The reader opens and closes them.
function More({ filters, field }) {
    const count = filters.filter(({ name }) => asked(name) !== "").length;
    const isOpen = useRef(count > 0).current;
    return html`<details open=${isOpen} data-more>
        <summary>${count > 0 ? t("list.more-set", { count: number(count) }) : t("list.more")}</summary>
        <div data-filters>${filters.map(field)}</div>
    </details>`;
}

export function Filters({ search, filters = [], columns, order }) {
    const isSortable = columns.some(({ sort }) => sort);
    if (!search && filters.length === 0 && !isSortable) return null;
    const choose = (name) => (event) => ask({ [name]: event.target.value, after: "", page: "" });
    const field = ({ name, label, options, draw: Own }) => (Own
        ? html`<${Own} key=${name} name=${name} label=${label} />`
        : html`<${Select} key=${name} name=${name} label=${label} options=${options} value=${asked(name)}
            onChange=${choose(name)} />`);
    const rare = filters.filter(({ rare: isRare }) => isRare);
    return html`<div data-filters>
        ${search && html`<${Search} label=${search} />`}
        ${filters.filter((filter) => !filter.rare).map(field)}
        ${isSortable && html`<${SortField} columns=${columns} order=${order} />`}
        ${rare.length > 0 && html`<${More} filters=${rare} field=${field} />`}
    </div>`;
}
