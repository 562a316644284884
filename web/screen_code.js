// screen_code.js - the second step: a code of the app, or a recovery code.

import { post } from "./api.js";
import { action } from "./button.js";
import { h } from "./dom.js";
import { codeField, digitsOf, field, form, tick } from "./form.js";
import { t } from "./language.js";
import { attempt } from "./screen_unavailable.js";
import { portalName, show } from "./stage.js";

export function wrongLength(typed) {
    return digitsOf(typed.code).length === 6 ? null : t("code.length");
}

// Whose code, as the app lists it.
function whose(session) {
    return h("p", { "data-who": true }, h("b", {}, portalName()), h("span", {}, session.address));
}

// Signs the pending session out.
export function otherAccount(proceed) {
    const leave = () => attempt(async () => {
        await post("/api/sign-out");
        await proceed({ state: "none" });
    });
    return action(t("code.other-account"), leave, { "data-tone": "quiet" });
}

// data: session, proceed(session), back().
export function codeScreen(data) {
    const { session, proceed, back } = data;
    const code = codeField();
    const recovery = h("button", {
        type: "button", "data-tone": "quiet", onclick: () => show(recoveryScreen, data),
    }, t("code.recovery"));
    return {
        title: t("code.title"),
        content: [
            h("p", {}, t("code.lead")),
            whose(session),
            form({
                fields: [code, tick({ name: "trust", label: t("code.trust"), hint: t("code.trust-hint") })],
                submit: t("code.submit"),
                waiting: t("code.waiting"),
                check: wrongLength,
                action: async ({ code, trust }) =>
                    proceed(await post("/api/sign-in/code", { code: digitsOf(code), trust })),
            }),
            session.recovery ? recovery : h("p", { "data-aside": true }, t("code.no-phone")),
            otherAccount(proceed),
        ],
        focus: code.querySelector("input"),
        back,
    };
}

export function recoveryScreen(data) {
    const { session, proceed, back } = data;
    const code = field({
        name: "code", label: t("recovery.label"), hint: t("recovery.hint"), autocomplete: "off",
        autocapitalize: "none", spellcheck: "false", maxlength: 40, "data-code": true,
    });
    const toApp = () => show(codeScreen, data);
    return {
        title: t("recovery.title"),
        content: [
            h("p", {}, t("recovery.lead")),
            whose(session),
            form({
                fields: code,
                submit: t("code.submit"),
                waiting: t("code.waiting"),
                action: async (typed) => proceed(await post("/api/sign-in/recovery", { code: typed.code.trim() })),
            }),
            h("button", { type: "button", "data-tone": "quiet", onclick: toApp }, t("recovery.back")),
            otherAccount(proceed),
        ],
        focus: code.querySelector("input"),
        back,
    };
}
