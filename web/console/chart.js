// chart.js - charts of numbers: columns that stand on each other day by day, and bars. Each has a sentence that says
// the figure, and a table of its numbers: the shapes are for the eye alone. Series differ by pattern as well as by tone.

import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { Table } from "../lib/table.js";

const HEIGHT = 100;

// Of a series, by its place; more than these look like the last one.
const MARKS = ["", "M0 4L4 0", "M2 0V4", "M0 2H4", "M0 2H4M2 0V4", "M1 1h1M3 3h1"];

function Pattern({ id, index }) {
    return html`<pattern id=${`${id}-${index}`} width="4" height="4" patternUnits="userSpaceOnUse">
        <rect width="4" height="4" data-fill=${index === 0 ? "full" : "none"} />
        <path d=${MARKS[Math.min(index, MARKS.length - 1)]} />
    </pattern>`;
}

function Legend({ id, series }) {
    return html`<ul data-legend>${series.map(({ key, name }, i) => html`<li key=${key}>
        <svg viewBox="0 0 12 12" aria-hidden="true">
            <rect width="12" height="12" fill=${`url(#${id}-${i})`} data-bar />
        </svg>
        ${name}
    </li>`)}</ul>`;
}

function Column({ id, at, series, scale }) {
    let top = HEIGHT;
    return series.map(({ key, values }, i) => {
        const height = values[at] * scale;
        top -= height;
        return height > 0 && html`<rect key=${key} x=${at * 10 + 1} width="8" y=${top} height=${height}
            fill=${`url(#${id}-${i})`} data-bar />`;
    });
}

function Numbers({ label, columns, rows }) {
    return html`<details><summary>${t("chart.table")}</summary>
        <${Table} label=${label} columns=${columns} rows=${rows} />
    </details>`;
}

// days: names of the columns. series: { key, name, values }, a value for each day.
export function Columns({ id, title, sentence, unit, days, series }) {
    const sums = days.map((_, at) => series.reduce((sum, { values }) => sum + values[at], 0));
    const scale = HEIGHT / Math.max(1, ...sums);
    const rows = days.map((day, at) => ({ key: day, cells: [day, ...series.map(({ values }) => number(values[at]))] }));
    return html`<figure data-chart>
        <figcaption><h2>${title}</h2><p>${sentence}</p></figcaption>
        <svg viewBox=${`0 0 ${days.length * 10} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            <defs>${series.map(({ key }, i) => html`<${Pattern} key=${key} id=${id} index=${i} />`)}</defs>
            ${days.map((day, at) => html`<${Column} key=${day} id=${id} at=${at} series=${series} scale=${scale} />`)}
        </svg>
        <p data-axis><span>${days[0]}</span><span>${days[days.length - 1]}</span></p>
        <${Legend} id=${id} series=${series} />
        <${Numbers} label=${title} columns=${[unit, ...series.map(({ name }) => name)]} rows=${rows} />
    </figure>`;
}

// items: { key, name, value, shown }; shown is markup of the value, such as a link.
export function Bars({ title, sentence, unit, amount, items }) {
    const most = Math.max(1, ...items.map(({ value }) => value));
    const bar = (value) => html`<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width=${(value / most) * 100} height="1" data-bar data-fill="full" />
    </svg>`;
    const rows = items.map(({ key, name, value, shown = number(value) }) => ({ key, cells: [name, shown] }));
    return html`<figure data-chart>
        <figcaption><h2>${title}</h2><p>${sentence}</p></figcaption>
        ${items.length > 0 && html`
            <ul data-bars>${items.map(({ key, name, value }) => html`<li key=${key}>
                <span>${name}</span>${bar(value)}<span>${number(value)}</span>
            </li>`)}</ul>
            <${Numbers} label=${title} columns=${[unit, amount]} rows=${rows} />`}
    </figure>`;
}
