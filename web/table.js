// table.js - a table that turns into cards on a narrow screen.

import { h } from "./dom.js";

// columns: headings. rows: lists of cells, as many as columns. The style sheet makes
// blocks of the cells on phones, and a browser would forget then that this is a table:
// hence the roles; and data-label repeats the heading in the card.
export function table(label, columns, rows) {
    const head = columns.map((column) => h("th", { scope: "col", role: "columnheader" }, column));
    const cell = (content, i) => h("td", { role: "cell", "data-label": columns[i] }, content);
    return h("table", { role: "table", "aria-label": label },
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
        h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, row.map(cell)))));
}
