// device_key.js - the key of this phone: the browser has made it and cannot give it away (W3C Web Cryptography), and
// what is sent is signed with it. What is signed is described in portal/approve/guards.h.

import { post } from "../lib/api.js";
import { encode } from "../lib/bytes.js";
import { openLock } from "./lock.js";

const DATABASE = "postlatch-approval";
const STORE = "keys";
const NAME = "device";
const WORDS = "words"; // for worker.js
const KIND = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

let offset = 0; // seconds by which the portal's clock is ahead of the phone's

function done(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

async function inStore(mode, task) {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
        return await done(task(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
        database.close();
    }
}

// A browser without them can be no device: a page over plain HTTP, or one that keeps nothing.
export const canBeDevice = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

// { keys, text, lock }: the pair, its public half as the portal takes it, and the id of the phone's lock, if it has one.
// null: there is none.
export async function findKey() {
    return (await inStore("readonly", (store) => store.get(NAME))) ?? null;
}

export async function keepKey(key) {
    await inStore("readwrite", (store) => store.put(key, NAME));
}

export async function makeKey() {
    const keys = await crypto.subtle.generateKey(KIND, false, ["sign"]);
    const text = encode(await crypto.subtle.exportKey("raw", keys.publicKey));
    const key = { keys, text };
    await keepKey(key);
    // Browsers may remove what is kept when space is short, unless they have agreed not to.
    await navigator.storage?.persist?.().catch(() => false);
    return key;
}

export async function forgetKey() {
    await inStore("readwrite", (store) => store.delete(NAME));
}

// What worker.js says when nobody has the page open.
export async function keepWords(words) {
    await inStore("readwrite", (store) => store.put(words, WORDS));
}

function textOf(path, body) {
    const lines = ["postlatch-approval-1", location.origin, path,
        ...Object.entries(body).map(([name, value]) => `${name}=${value}`), ""];
    return new TextEncoder().encode(lines.join("\n"));
}

async function sign(key, path, fields, lock) {
    const body = { key: key.text, time: Math.floor(Date.now() / 1000) + offset, ...fields };
    if (lock) Object.assign(body, await lock(await crypto.subtle.digest("SHA-256", textOf(path, body))));
    const signature = await crypto.subtle.sign(SIGNING, key.keys.privateKey, textOf(path, body));
    return { ...body, signature: encode(signature) };
}

// Sends the fields, which are in the order of the route's row. lock(challenge), if there is one, has the fields of the
// phone's lock. A phone whose clock is wrong goes by the portal's.
export async function send(key, path, fields, lock) {
    const attempt = async () => post(path, await sign(key, path, fields, lock));
    try {
        return await attempt();
    } catch (error) {
        if (error.code !== "device-clock") throw error;
        offset = error.number - Math.floor(Date.now() / 1000);
        return attempt();
    }
}

// The same, for what the phone has to be unlocked for, if it has a lock.
export const sendUnlocked = (key, path, fields) =>
    send(key, path, fields, key.lock && ((challenge) => openLock(key.lock, challenge)));
