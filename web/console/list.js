// list.js - a table of the API's objects, a page of them at a time. What is sought, chosen, sorted and shown is in the
// page's address under the names that the API has for it: q, what is searched for; the filters; sort ("address", or
// "-address" for the other direction); after, the API's cursor; and limit, for another size of page. "page" is only for
// the reader.

import { useEffect, useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { addressOf, ask, asked } from "./address.js";
import { BulkBar, tickable, useTicks } from "./bulk.js";
import { Filters } from "./filters.js";
import { SortButton } from "./sorting.js";
import { load } from "./state.js";

const SIZE = 50;

// What the API is asked for, without the page of it.
function wishes({ search, filters = [], columns }) {
    const names = [search && "q", columns.some(({ sort }) => sort) && "sort", ...filters.map(({ name }) => name)];
    return Object.fromEntries(names.filter(Boolean).map((name) => [name, asked(name)]));
}

// The API's answer to it, and whether another one is awaited. version: a number that grows when it is to be asked anew.
function useAnswer(path, wished, size, version) {
    const shown = useSignal(null);
    const busy = useSignal(false);
    const latest = useRef();
    const address = addressOf(path, { ...wished, after: asked("after"), limit: asked("limit") || size });
    useEffect(() => {
        latest.current = address;
        attempt(async () => {
            busy.value = true;
            const answer = await load(address);
            if (latest.current !== address) return;
            shown.value = answer;
            busy.value = false;
        });
    }, [address, version]);
    return { answer: shown.value, busy: busy.value };
}

// Where pages that were seen begin: lists of the API only go on, and the way back is that which led here.
const seen = new Map();

function Paging({ next, shown, list }) {
    const at = Number(asked("page")) || 1;
    const after = asked("after");
    const isFirst = after === "";
    const place = (page) => `${list} ${asked("limit")} ${page}`;
    if (!isFirst) seen.set(place(at), after);
    const before = at === 2 ? "" : seen.get(place(at - 1));
    const turnTo = (values) => () => {
        ask(values);
        shown();
    };
    if (isFirst && !next) return null;
    const button = (words, values) => html`<button type="button" onClick=${turnTo(values)}>${words}</button>`;
    return html`<nav aria-label=${t("list.paging")} data-row>
        ${!isFirst && button(t("list.first"), { after: "", page: "" })}
        ${!isFirst && before !== undefined &&
            button(t("list.previous"), { after: before, page: at === 2 ? "" : at - 1 })}
        <span>${t("list.page", { number: number(at) })}</span>
        ${next && button(t("list.next"), { after: next, page: at + 1 })}
    </nav>`;
}

// Headings that sort.
function headed(columns, order) {
    return columns.map((column) => (column.sort ? {
        label: column.label,
        order: { [column.sort]: "ascending", [`-${column.sort}`]: "descending" }[order],
        head: html`<${SortButton} ...${column} order=${order} />`,
    } : column));
}

function Rows({ answer, busy, wished, query, caption, columns, order, row, bulk, empty }) {
    const ticks = useTicks(answer);
    const rows = answer.items.map(row);
    const isSought = Object.entries(wished).some(([name, value]) => name !== "sort" && value !== "");
    if (rows.length === 0 && answer.total === null) return null;
    if (rows.length === 0) return html`<p data-empty>${isSought ? t("list.none-found") : empty}</p>`;
    return html`
        ${bulk && html`<${BulkBar} rows=${rows} ticks=${ticks} total=${answer.total} query=${query} bulk=${bulk} />`}
        <div data-scroll>
            <${Table} caption=${caption} columns=${headed(columns, order)} aria-busy=${busy ? "true" : undefined}
                rows=${bulk ? rows.map((line) => tickable(line, ticks)) : rows} />
        </div>`;
}

// A long list is searched part by part, so that it may not be known how many there are.
const found = ({ items, total }) => (total === null ? t("list.found-so-far", { count: number(items.length) })
    : t("list.total", { total: number(total) }));

// id: of the element. path: of the API, below /api/admin/v1; fixed: query fields that the address does not have.
// size: how many at once, at most 200. caption: what it lists.
// columns: headings, or { label, sort } with the API's word if it can sort by it; sorted: the order that it has by itself.
// row(item): { key, name, cells, actions } as lib/table.js has them; name is what the row is called where it is ticked.
// search: the label of the field for it; filters: { name, label, options } as Select has them, with "" for all, or draw, a
// component of its own that gets name and label; rare: it is not there at once.
// bulk({ keys, all, count, query, clear }): what can be done with rows that are ticked: their keys or, when all is
// true, everything that query finds, which is count. empty: the sentence when there is nothing at all. version: another
// number has it loaded anew.
export function List({ id, path, version, size = SIZE, fixed, caption, search, filters, columns, ...more }) {
    const wished = wishes({ search, filters, columns });
    const { answer, busy } = useAnswer(path, { ...fixed, ...wished }, size, version);
    const region = useRef();
    const order = asked("sort") || more.sorted || "";
    return html`<section ref=${region} id=${id} tabindex="-1" aria-label=${caption} data-list>
        <${Filters} search=${search} filters=${filters} columns=${columns} order=${order} />
        ${answer && html`
            <p role="status" data-aside>${found(answer)}</p>
            <${Rows} answer=${answer} busy=${busy} wished=${wished} query=${{ ...fixed, ...wished }} caption=${caption}
                columns=${columns} order=${order} ...${more} />
            <${Paging} next=${answer.next} list=${addressOf(path, { ...fixed, ...wished })}
                shown=${() => region.current.focus()} />`}
    </section>`;
}
