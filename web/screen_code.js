// screen_code.js - the second step: a code of the app, or a recovery code.

import { post } from "./api.js";
import { h } from "./dom.js";
import { codeField, digitsOf, field, form, tick } from "./form.js";
import { t } from "./language.js";
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
    const leave = async () => {
        await post("/api/sign-out");
        await proceed({ state: "none" });
    };
    return h("button", { type: "button", "data-tone": "quiet", onclick: leave }, t("code.other-account"));
}

// data: session, proceed(session).
export function codeScreen({ session, proceed }) {
    const code = codeField();
    const recovery = h("button", {
        type: "button", "data-tone": "quiet", onclick: () => show(recoveryScreen, { session, proceed }),
    }, t("code.recovery"));
    return {
        title: t("code.title"),
        content: [
            h("p", {}, t("code.lead")),
            whose(session),
            form({
                fields: [code, tick({ name: "trust", label: t("code.trust"), hint: t("code.trust-hint") })],
                submit: t("code.submit"),
                check: wrongLength,
                action: async ({ code, trust }) =>
                    proceed(await post("/api/sign-in/code", { code: digitsOf(code), trust })),
            }),
            session.recovery ? recovery : h("p", { "data-aside": true }, t("code.no-phone")),
            otherAccount(proceed),
        ],
        focus: code.querySelector("input"),
    };
}

export function recoveryScreen({ session, proceed }) {
    const code = field({
        name: "code", label: t("recovery.label"), hint: t("recovery.hint"), autocomplete: "off",
        autocapitalize: "none", spellcheck: "false", maxlength: 40, "data-code": true,
    });
    const back = () => show(codeScreen, { session, proceed });
    return {
        title: t("recovery.title"),
        content: [
            h("p", {}, t("recovery.lead")),
            whose(session),
            form({
                fields: code,
                submit: t("code.submit"),
                action: async (typed) => proceed(await post("/api/sign-in/recovery", { code: typed.code.trim() })),
            }),
            h("button", { type: "button", "data-tone": "quiet", onclick: back }, t("recovery.back")),
            otherAccount(proceed),
        ],
        focus: code.querySelector("input"),
    };
}
