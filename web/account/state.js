// state.js - what the account pages show of second factor and devices, and how they change it.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { attempt } from "../lib/unavailable.js";

const account = signal(null);

// As the portal gives it, null until it is there. Each page that shows it asks anew.
export function useAccount() {
    useEffect(() => {
        attempt(async () => { account.value = await awaited(() => get("/api/account")); });
    }, []);
    return account.value;
}

// Another part of the page has changed what it shows.
export async function refresh() {
    account.value = await get("/api/account").catch(() => account.peek());
}

// The portal's answer, or null when the reader changed their mind or was told what went wrong. reason: see
// lib/reauthentication.js.
export async function request(path, body, reason) {
    try {
        return await reauthenticated(() => awaited(() => post(path, body)), reason);
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
        return null;
    }
}

// Says what a change has done. The focus goes to a section's heading where what had it is gone.
export function settle(message, section) {
    if (message) say(message);
    setTimeout(() => {
        if (document.activeElement === document.body) document.getElementById(section)?.focus();
    });
}

// Shows a changed account, and a word about it.
export function show(answer, message, section) {
    account.value = answer;
    settle(message, section);
}
