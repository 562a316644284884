// bulk.js - rows of a list that are ticked, and the bar above the table with what can be done with them.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";

// Which rows are ticked, by key, and whether all that was found is meant. Another answer begins with none.
export function useTicks(answer) {
    const keys = useSignal([]);
    const all = useSignal(false);
    const set = (now) => {
        all.value = false;
        keys.value = now;
    };
    useEffect(() => set([]), [answer]);
    return { keys: keys.value, all: all.value, set, setAll: () => { all.value = true; } };
}

// The row with a box before its first cell.
export function tickable(row, { keys, set }) {
    const turn = (event) => {
        const others = keys.filter((key) => key !== row.key);
        set(event.target.checked ? [...others, row.key] : others);
    };
    const [first, ...others] = row.cells;
    const box = html`<label><input type="checkbox" checked=${keys.includes(row.key)} onChange=${turn} />
        <span data-hidden>${t("bulk.tick-one", { name: row.name })}</span></label>`;
    return { ...row, cells: [html`<div data-ticked>${box}<div>${first}</div></div>`, ...others] };
}

function TickPage({ rows, keys, set }) {
    const turn = (event) => set(event.target.checked ? rows.map(({ key }) => key) : []);
    return html`<label>
        <input type="checkbox" checked=${keys.length === rows.length}
            indeterminate=${keys.length > 0 && keys.length < rows.length} onChange=${turn} />
        <span>${t("bulk.tick-page")}</span>
    </label>`;
}

export function BulkBar({ rows, ticks, total, query, bulk }) {
    const { keys, all, set, setAll } = ticks;
    const count = all ? total : keys.length;
    const isPage = keys.length === rows.length && total > rows.length;
    return html`<div role="group" aria-label=${t("bulk.label")} data-bulk>
        <${TickPage} rows=${rows} keys=${keys} set=${set} />
        ${count > 0 && html`<span role="status">${t("bulk.count", { count: number(count) })}</span>`}
        ${isPage && !all && html`<button type="button" data-tone="quiet" onClick=${setAll}>
            ${t("bulk.tick-found", { total: number(total) })}
        </button>`}
        ${count > 0 && bulk({ keys, all, count, query, clear: () => set([]) })}
    </div>`;
}
