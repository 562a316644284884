// api.js - the portal's JSON API. Failures are thrown as ApiError.

import { language } from "./language.js";
import { firstSession } from "./state.js";

// Dovecot makes a suspicious address wait for up to 17 seconds.
const PATIENCE = 40000;

let csrf = null;
let address = null; // of the account that the page is about

export class ApiError extends Error {
    // field: the one that is wrong, of those that were sent; number and reason: what the sentence about it tells.
    constructor(code, { status = 0, wait = 0, by = null, why = null, field = null, number = 0, reason = "",
        factors = [] } = {}) {
        super(code);
        this.code = code;
        this.status = status;
        this.why = why;
        this.wait = wait;
        this.by = by;
        this.field = field;
        this.number = number;
        this.reason = reason;
        this.factors = factors;
    }
}

// AbortSignal.timeout() is missing in browsers of 2022, and its absence must not look like a lost connection.
function patience() {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), PATIENCE);
    return controller.signal;
}

function request(method, path, body, tag) {
    const headers = { Accept: "application/json", "Accept-Language": language() };
    if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
    const isFile = body instanceof Blob;
    if (body) headers["Content-Type"] = isFile ? body.type : "application/json";
    if (tag) headers["If-Match"] = tag;
    return fetch(path, {
        method,
        headers,
        body: isFile ? body : body && JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: patience(),
    });
}

function adopt(answer) {
    if ("csrf" in answer) ({ csrf, address } = answer);
    return answer;
}

// What the portal answers, and the version that it has (RFC 9110 8.8.3).
async function exchange(method, path, body, tag) {
    let response, answer;
    try {
        response = await request(method, path, body, tag);
    } catch {
        throw new ApiError("unreachable");
    }
    try {
        answer = JSON.parse((await response.text()) || "{}");
    } catch {
        // A proxy in front answers in HTML when the portal is away.
        throw new ApiError(response.status >= 500 ? "try-again-later" : "internal");
    }
    const { ok, status } = response;
    if (!ok) throw new ApiError(answer.error ?? "internal", { ...answer, status });
    return { answer: adopt(answer), tag: response.headers.get("ETag") };
}

export async function get(path) {
    return (await exchange("GET", path)).answer;
}

// { answer, tag }, for a change that must not undo another one: the tag goes with it.
export function getTagged(path) {
    return exchange("GET", path);
}

// A token is out of date when another window signed in anew: ask for it once more.
export async function change(method, path, body, tag) {
    try {
        return (await exchange(method, path, body, tag)).answer;
    } catch (error) {
        if (error.code !== "csrf") throw error;
    }
    await getSession();
    return (await exchange(method, path, body, tag)).answer;
}

export function post(path, body) {
    return change("POST", path, body);
}

export async function getSession() {
    const before = address;
    const session = await get("/api/session");
    if (before && session.address && session.address !== before) throw new ApiError("another-account");
    return session;
}

// The session that came with the page, if the server has put it there.
export async function getFirstSession() {
    return firstSession ? adopt(firstSession) : getSession();
}
