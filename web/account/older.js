// older.js - a list that grows: the newest rows first, older ones when they are asked for.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { say } from "../lib/announcements.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { attempt } from "../lib/unavailable.js";

// load(path) gives an answer or null; name is that of its rows, which next continues. version: another one has it
// loaded anew. { answer, rows, more, put }: the last answer, all rows, what loads the next ones, and what puts a row in
// the place of the one with its id, and members of an answer in the place of theirs; null until there is one.
export function useOlder(load, path, name, version) {
    const shown = useSignal(null);
    useEffect(() => {
        attempt(async () => {
            const answer = await load(path);
            if (answer) shown.value = { answer, rows: answer[name] };
        });
    }, [path, version]);
    const more = async () => {
        try {
            const answer = await load(`${path}?after=${shown.peek().answer.next}`);
            if (answer) shown.value = { answer, rows: [...shown.peek().rows, ...answer[name]] };
        } catch (error) {
            if (!follow(error)) say(sentence(error), true);
        }
    };
    const put = (row, members) => {
        const { answer, rows } = shown.peek();
        shown.value = { answer: { ...answer, ...members }, rows: rows.map((one) => (one.id === row.id ? row : one)) };
    };
    return shown.value && { ...shown.value, more, put };
}

export function Older({ of: { answer, more } }) {
    return answer.next && html`<${Action} go=${more}>${t("activity.more")}<//>`;
}
