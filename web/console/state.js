// state.js - the administrator, what their role may do, and how the console asks the administrators' API.

import { useEffect } from "../vendor/hooks.js";
import { signal, useSignal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { ApiError, change, get, getTagged } from "../lib/api.js";
import { t } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { attempt } from "../lib/unavailable.js";

const API = "/api/admin/v1";
const ROLES = ["helpdesk", "domain", "server"]; // each may do all that those before it may

// As GET /me answers, null until it is known.
export const me = signal(null);
// Why the API answers this administrator nothing at all: an ApiError that console/refusal.js knows, or null.
export const refusal = signal(null);

const REFUSALS = [
    "not-an-administrator", "second-factor-needed", "other-second-factor-needed", "reauthentication-needed",
];

// Whether the administrator has a role, or one that may do more.
export function may(least) {
    return ROLES.indexOf(me.value?.role) >= ROLES.indexOf(least);
}

// With a code, once the API wants one. null when the reader would rather not.
function proven(action) {
    return reauthenticated(() => awaited(action), () => t("console.prove"));
}

// What is about the administrator rather than about the request is said in place of the whole console.
function isTurnedAway(error) {
    if (!REFUSALS.includes(error.code)) return false;
    me.value = null;
    refusal.value = error;
    return true;
}

// What action gets, for a page that cannot be shown without it; null when the console is left.
async function wanted(action) {
    try {
        const answer = await proven(action);
        if (answer === null) throw new ApiError("reauthentication-needed");
        return answer;
    } catch (error) {
        if (isTurnedAway(error)) return null;
        throw error;
    }
}

// The API's answer at a path below /api/admin/v1. Throws ApiError, for attempt() and forms.
export function load(path) {
    return wanted(() => get(API + path));
}

// Who the administrator is, when the console begins.
export function enter() {
    return attempt(async () => {
        const answer = await load("/me");
        if (answer) refusal.value = null;
        me.value = answer;
    });
}

// The API's answer to a change; null when the reader would rather not. Throws ApiError, for a form.
export async function send(method, path, body, tag) {
    try {
        return await proven(() => change(method, API + path, body, tag));
    } catch (error) {
        if (isTurnedAway(error)) return null;
        throw error;
    }
}

// The same for a button: null also when the reader was told what went wrong.
export async function request(method, path, body) {
    try {
        return await send(method, path, body);
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
        return null;
    }
}

// An object of the API: value, null until it is there; tag, its version; reload(); and save(changes), which sends
// them with PATCH, gives the answer, false when they were not made, and throws ApiError for a form. Changes of a version that somebody
// else has changed meanwhile are not made: the page says so, and has the new one.
export function useObject(path) {
    const shown = useSignal({ answer: null, tag: null });
    const reload = async () => { shown.value = (await wanted(() => getTagged(API + path))) ?? shown.value; };
    useEffect(() => { attempt(reload); }, [path]);
    const save = async (changes) => {
        let answer;
        try {
            answer = await send("PATCH", path, changes, shown.peek().tag);
            if (answer === null) return false;
        } catch (error) {
            if (error.status !== 412) throw error;
            await reload();
            say(t("console.changed-meanwhile"), true);
            return false;
        }
        await reload();
        return answer;
    };
    const { answer: value, tag } = shown.value;
    return { value, tag, reload, save };
}
