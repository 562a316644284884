// language.js - sentences, dates and durations in the reader's language.

import { signal } from "../vendor/signals.js";
import { requestParameter } from "./places.js";

export const languages = ["ko", "en"];

const MEMORY = "postlatch-language";
const catalogues = {};
const parts = new Set([""]); // of the pages, whose sentences are wanted: "" is the first page, and what all have

function remembered() {
    try {
        return localStorage.getItem(MEMORY);
    } catch {
        return null; // storage may be forbidden; the browser's language will do
    }
}

// The reader's own choice, then the program's, then the browser's, then the operator's; by the first
// subtag (RFC 5646).
function preferred() {
    const tags = [
        remembered() ?? "", ...requestParameter("ui_locales").split(" "), ...navigator.languages,
        document.documentElement.lang,
    ];
    return tags.map((tag) => tag.split("-")[0].toLowerCase()).find((tag) => languages.includes(tag)) ?? "en";
}

// Only the catalogues of the reader's language; the server knows which they will be, and has the browser load them
// at once.
async function load(tag) {
    const modules = await Promise.all([...parts].map((part) => import(`../messages/${part}${tag}.js`)));
    // Of two loads at once, none takes the sentences of the other away.
    catalogues[tag] = Object.assign(catalogues[tag] ?? {}, ...modules.map((module) => module.default));
}

// What has read it while it was drawn is drawn again when another language is chosen.
const current = signal(preferred());
document.documentElement.lang = current.value;
await load(current.value);

// The sentences that only some parts of the pages have.
export function loadSentences(...names) {
    for (const name of names) parts.add(`${name}.`);
    return load(current.value);
}

export function language() {
    return current.value;
}

// Where the sentences cannot be loaded, the language stays as it is.
export async function setLanguage(chosen) {
    try {
        localStorage.setItem(MEMORY, chosen);
    } catch {
        // it holds for this page then
    }
    try {
        await load(chosen);
    } catch (error) {
        return console.warn(error);
    }
    document.documentElement.lang = chosen;
    current.value = chosen;
    return undefined;
}

export function known(key) {
    return key in catalogues[current.value];
}

// The sentence of key as a list of texts and values: "{name}" stands for values.name,
// which may be markup.
export function fill(key, values = {}) {
    return catalogues[current.value][key].split(/\{([a-z]+)\}/).map((part, i) => (i % 2 ? values[part] : part));
}

export function t(key, values) {
    return fill(key, values).join("");
}

// How a language calls itself.
export function nameOf(tag) {
    return new Intl.DisplayNames(tag, { type: "language" }).of(tag);
}

const inOnePiece = (text) => text.replaceAll(" ", "\u00a0");

// Its line breaks between day and time alone.
export function time(seconds) {
    const format = new Intl.DateTimeFormat(current.value, { dateStyle: "medium", timeStyle: "short" });
    const parts = format.formatToParts(new Date(seconds * 1000));
    const clock = parts.findIndex(({ type }) => type === "dayPeriod" || type === "hour");
    return parts.map(({ value }, i) => (i === clock - 1 ? value : inOnePiece(value))).join("");
}

export function day(seconds) {
    const format = new Intl.DateTimeFormat(current.value, { dateStyle: "medium" });
    return inOnePiece(format.format(new Date(seconds * 1000)));
}

// For tables with many days: year, month and day of equal width, as Swedish writes them and everybody reads them.
export function shortDay(seconds) {
    return new Intl.DateTimeFormat("sv", { dateStyle: "short" }).format(new Date(seconds * 1000));
}

// Of today, to the second.
export function clockTime(seconds) {
    return new Intl.DateTimeFormat(current.value, { timeStyle: "medium" }).format(new Date(seconds * 1000));
}

export function number(value) {
    return new Intl.NumberFormat(current.value).format(value);
}

export function duration(seconds) {
    const [amount, unit] = seconds < 100 ? [Math.ceil(seconds), "second"] : [Math.ceil(seconds / 60), "minute"];
    return new Intl.NumberFormat(current.value, { style: "unit", unit, unitDisplay: "long" }).format(amount);
}
