// sorting.js - by what a list is sorted: buttons in the headings of its table and, on a phone, where rows are cards
// and the headings are only read out, a field.

import { Select } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { ask } from "./address.js";

// Another order begins at the first page.
const sortBy = (sort) => ask({ sort, after: "", page: "" });

export function SortButton({ label, sort, order }) {
    const other = order === sort ? `-${sort}` : sort;
    return html`<span data-phone>${label}</span>
        <button type="button" data-tone="sort" onClick=${() => sortBy(other)}>${label}</button>`;
}

export function SortField({ columns, order }) {
    const options = columns.filter(({ sort }) => sort).flatMap(({ label, sort }) => [
        [sort, t("list.ascending", { name: label })], [`-${sort}`, t("list.descending", { name: label })],
    ]);
    return html`<div data-phone><${Select} name="sort" label=${t("list.sort")} options=${options} value=${order}
        onChange=${(event) => sortBy(event.target.value)} /></div>`;
}
