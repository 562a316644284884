// table.js - a table that turns into cards on a narrow screen.

import { html } from "./html.js";
import { t } from "./language.js";

// columns: headings. rows: { key, cells, actions }, as many cells as columns; actions, if the table has any, are what
// can be done with the row, in a column of their own. A row stays the same one by its key while others come and go.
// A column may also be { label, head, order }: head is markup of its heading, such as a button that sorts by it, and
// order what aria-sort says. caption is a visible name instead of label.
// The style sheet makes blocks of the cells on phones, and a browser would forget then that this is a table: hence
// the roles; and data-label repeats the heading in the card.
export function Table({ label, caption, columns, rows, ...attributes }) {
    const hasActions = rows.some(({ actions }) => actions);
    const labels = columns.map((column) => column.label ?? column);
    const head = columns.map(({ head: own, order }, i) => html`<th scope="col" role="columnheader" aria-sort=${order}>
        ${own ?? labels[i]}
    </th>`);
    const cell = (content, i) => html`<td role="cell" data-label=${labels[i]}>${content}</td>`;
    const row = ({ key, cells, actions }) => html`<tr key=${key} role="row">
        ${cells.map(cell)}
        ${hasActions && html`<td role="cell" data-actions>${actions}</td>`}
    </tr>`;
    return html`<table role="table" aria-label=${label} ...${attributes}>
        ${caption && html`<caption>${caption}</caption>`}
        <thead role="rowgroup"><tr role="row">
            ${head}
            ${hasActions && html`<th scope="col" role="columnheader" data-actions>${t("account.manage")}</th>`}
        </tr></thead>
        <tbody role="rowgroup">${rows.map(row)}</tbody>
    </table>`;
}
