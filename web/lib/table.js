// table.js - a table that turns into cards on a narrow screen.

import { html } from "./html.js";
import { t } from "./language.js";

// columns: headings. rows: { key, cells, actions }, as many cells as columns; actions, if the table has any, are what
// can be done with the row, in a column of their own. A row stays the same one by its key while others come and go.
// The style sheet makes blocks of the cells on phones, and a browser would forget then that this is a table: hence
// the roles; and data-label repeats the heading in the card.
export function Table({ label, columns, rows }) {
    const hasActions = rows.some(({ actions }) => actions);
    const head = columns.map((column) => html`<th scope="col" role="columnheader">${column}</th>`);
    const cell = (content, i) => html`<td role="cell" data-label=${columns[i]}>${content}</td>`;
    const row = ({ key, cells, actions }) => html`<tr key=${key} role="row">
        ${cells.map(cell)}
        ${hasActions && html`<td role="cell" data-actions>${actions}</td>`}
    </tr>`;
    return html`<table role="table" aria-label=${label}>
        <thead role="rowgroup"><tr role="row">
            ${head}
            ${hasActions && html`<th scope="col" role="columnheader" data-actions>${t("account.manage")}</th>`}
        </tr></thead>
        <tbody role="rowgroup">${rows.map(row)}</tbody>
    </table>`;
}
