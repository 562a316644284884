// problem.js - says what went wrong, in the reader's language.

import { duration, known, t } from "./language.js";

const PASSING = ["try-again-later", "unreachable", "internal"];

// True when the same request may well succeed a little later.
export function passing(error) {
    return PASSING.includes(error.code);
}

// How many seconds to leave the server alone; 0 when there is nothing to wait for.
export function waitOf(error) {
    return error.wait || (passing(error) ? 5 : 0);
}

// A field that the portal refuses has a sentence of its own.
function keyOf({ code, field }) {
    const key = `error.bad-${field?.replaceAll("_", "-")}`;
    return known(key) ? key : `error.${code}`;
}

export function sentence(error) {
    const key = keyOf(error);
    if (!known(key)) console.error(error);
    return t(known(key) ? key : "error.internal", {
        wait: duration(waitOf(error)), number: error.number, reason: error.reason,
    });
}

// Refusals of what was typed: these are said at the field.
const ABOUT_INPUT = [
    "wrong-credentials", "wrong-code", "wrong-recovery-code", "code-used", "bad-request", "too-large",
    "wrong-forward-code", "forward-to-oneself", "forward-twice",
    "wrong-recovery", "wrong-contact-code", "contact-here", "contact-country", "contact-same",
];

export function isAboutInput(error) {
    return ABOUT_INPUT.includes(error.code);
}
