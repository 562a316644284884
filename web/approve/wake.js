// wake.js - the browser's push service wakes the phone when a sign-in waits (Push API). Without one the page works, too.

import { encode } from "../lib/bytes.js";
import { t } from "../lib/language.js";
import { keepWords, send } from "./device_key.js";

const WORKER = "/approve/worker.js";

export const canBeWoken = () => Boolean(navigator.serviceWorker && globalThis.PushManager && globalThis.Notification);

// The key of the portal, or null where phones are not woken.
export const portalKey = async (device) => (await send(device, "/api/approve/push-key", {})).key;

function activated(registration) {
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    return new Promise((resolve) => {
        const look = () => worker.state === "activated" && resolve(registration);
        worker.addEventListener("statechange", look);
        look();
    });
}

// A subscription for another key of the portal is of no use.
async function subscribed({ pushManager }, key) {
    const known = await pushManager.getSubscription();
    if (known && encode(known.options.applicationServerKey) === key) return known;
    await known?.unsubscribe();
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

// Browsers lose what they have subscribed to, so the page does this each time that it is opened.
export async function wake(device, key) {
    await keepWords({ title: t("approve.waits"), body: t("approve.waits-text") });
    const registration = await activated(await navigator.serviceWorker.register(WORKER));
    const { endpoint } = await subscribed(registration, key);
    await send(device, "/api/approve/push", { endpoint });
}
