// waking.js - the phone is told that a sign-in waits, where its browser and the portal can: what the page says of it.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { sentence } from "../lib/problem.js";
import { canBeWoken, portalKey, wake } from "./wake.js";

// A browser's own refusals have no code of the portal's.
const reason = (error) => (error.code && typeof error.code === "string" ? sentence(error) : t("approve.wake-failed"));

export function Waking({ device }) {
    const state = useSignal({ is: "unknown" }); // then: none, offered, on, denied or failed
    async function turnOn(key) {
        try {
            await wake(device, key);
            state.value = { is: "on" };
        } catch (error) {
            state.value = { is: "failed", key, words: reason(error) };
        }
    }
    async function look() {
        const key = canBeWoken() && await portalKey(device);
        if (!key) state.value = { is: "none" };
        else if (Notification.permission === "granted") await turnOn(key);
        else state.value = { is: Notification.permission === "denied" ? "denied" : "offered", key };
    }
    useEffect(() => {
        look().catch(() => { state.value = { is: "none" }; });
    }, []);
    async function agreed() {
        const { key } = state.value;
        if (await Notification.requestPermission() === "granted") await turnOn(key);
        else state.value = { is: "denied" };
    }
    const { is, words } = state.value;
    return html`
        ${(is === "offered" || is === "failed") && html`<${Action} go=${agreed}>${t("approve.wake")}<//>`}
        <p role="status" data-aside>
            ${is === "on" && t("approve.woken")}
            ${is === "denied" && t("approve.wake-denied")}
            ${is === "failed" && words}
        </p>`;
}
