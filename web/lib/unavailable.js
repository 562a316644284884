// unavailable.js - the server cannot answer now: waits, and tries again by itself.

import { useEffect } from "../vendor/hooks.js";
import { effect, signal, useSignal } from "../vendor/signals.js";
import { html } from "./html.js";
import { duration, t } from "./language.js";
import { follow } from "./places.js";
import { passing, sentence, waitOf } from "./problem.js";
import { place } from "./router.js";

const LONGEST = 60;

// What failed: { error, task, title() }; null when all is well.
export const failure = signal(null);

effect(() => {
    if (place.value) failure.value = null;
});

function fail(error, task) {
    const title = () => (passing(error) ? t("unavailable.title") : t("unavailable.wrong"));
    if (!follow(error)) failure.value = { error, task, title };
}

// Does task, which may throw an ApiError; if so, the page says it and tries again.
export async function attempt(task) {
    try {
        await task();
    } catch (error) {
        fail(error, task);
    }
}

function reason(error) {
    if (error.code === "unreachable") return t("unavailable.unreachable");
    return passing(error) ? t("unavailable.busy") : sentence(error);
}

// Counts the seconds until due, a moment, and does then what is to be done.
function useCountdown(due, reached) {
    const left = useSignal(Infinity);
    useEffect(() => {
        const timer = setInterval(() => {
            left.value = due.peek() - Date.now();
            if (left.peek() <= 0) reached();
        }, 500);
        return () => clearInterval(timer);
    }, []);
    return left.value;
}

// error; task(), which is to be done once the server answers.
export function Unavailable({ error, task }) {
    const busy = useSignal(false);
    const wait = useSignal(waitOf(error));
    const due = useSignal(passing(error) ? Date.now() + wait.peek() * 1000 : Infinity);

    async function again() {
        if (busy.peek()) return;
        busy.value = true;
        due.value = Infinity;
        try {
            await task();
            failure.value = null;
        } catch (problem) {
            if (!passing(problem)) return fail(problem, task);
            wait.value = Math.min(LONGEST, Math.max(waitOf(problem), wait.peek() * 2));
            due.value = Date.now() + wait.peek() * 1000;
        }
        busy.value = false;
    }

    const left = useCountdown(due, again);
    return html`
        <p>${reason(error)}</p>
        <button type="button" data-tone="accent" aria-disabled=${busy.value ? "true" : undefined}
            onClick=${again}>${t("unavailable.now")}</button>
        ${passing(error) && html`<small>
            ${left > 0 && left < Infinity && t("unavailable.soon", { wait: duration(left / 1000) })}
        </small>`}`;
}
