// ways.js - the other ways in which the member can do the second step.

import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { canUsePasskeys } from "../lib/passkeys.js";
import { go } from "../lib/router.js";
import { session } from "../lib/session.js";

const WAYS = [
    {
        path: "/sign-in/passkey",
        words: () => t("passkey.instead"),
        isThere: ({ factors, passkeys }) => passkeys && factors.includes("passkey") && canUsePasskeys(),
    },
    {
        path: "/sign-in/approval",
        words: () => t("approval.instead"),
        isThere: ({ factors }) => factors.includes("approval"),
    },
    { path: "/sign-in/code", words: () => t("passkey.code"), isThere: ({ factors }) => factors.includes("totp") },
    { path: "/sign-in/recovery", words: () => t("code.recovery"), isThere: ({ recovery }) => recovery },
    {
        path: "/sign-in/identity",
        words: () => t("identity.instead"),
        isThere: ({ identity_check: isPossible }) => isPossible,
    },
];

// from: the path of the one that is shown.
export function Ways({ from }) {
    const ways = WAYS.filter(({ path, isThere }) => path !== from && isThere(session.value));
    return html`
        ${ways.map(({ path, words }) => html`<${Action} key=${path} tone="quiet" go=${() => go(path)}>${words()}<//>`)}
        ${ways.length === 0 && html`<p data-aside>${t("code.no-phone")}</p>`}`;
}
