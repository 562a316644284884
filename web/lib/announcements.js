// announcements.js - what was done, what went wrong, and what is awaited, without moving the focus.

import { effect, signal } from "../vendor/signals.js";
import { html } from "./html.js";
import { t } from "./language.js";
import { place } from "./router.js";

const READING_TIME = 10000;
const PATIENCE = 500; // until a reader is told what is awaited

const status = signal("");
const alarm = signal("");
let hushing = 0;

function hush() {
    clearTimeout(hushing);
    status.value = "";
    alarm.value = "";
}

// What was said of one page does not follow to the next one.
effect(() => {
    if (place.value) hush();
});

// What was done can be seen anyway, and goes away; what went wrong stays until something else is done.
export function say(text, wrong = false) {
    hush();
    (wrong ? alarm : status).value = text;
    if (!wrong) hushing = setTimeout(hush, READING_TIME);
}

// Runs task; if it takes long, says what is awaited until then.
export async function awaited(task) {
    const words = t("busy.server");
    const timer = setTimeout(() => { status.value = words; }, PATIENCE);
    try {
        return await task();
    } finally {
        clearTimeout(timer);
        if (status.peek() === words) hush();
    }
}

// They stay when pages change, as a screen reader follows only what was there before.
export function Announcements() {
    return html`<div id="announcements">
        <p role="status">${status.value}</p>
        <p role="alert">${alarm.value}</p>
    </div>`;
}
