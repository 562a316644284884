// account_factor.js - the authenticator: registered or not, anew, away; recovery codes.

import { section } from "./account_section.js";
import { post } from "./api.js";
import { action } from "./button.js";
import { agree } from "./dialog.js";
import { h } from "./dom.js";
import { t, time } from "./language.js";
import { withCode } from "./reauthentication.js";
import { keep, recoveryCodesScreen } from "./screen_recovery_codes.js";
import { registrationScreen } from "./screen_registration.js";
import { show } from "./stage.js";

const ID = "factor";

function showCodes(account, answer, give, message) {
    const done = (kept) => give.done(kept, ID, message());
    show(recoveryCodesScreen, { codes: answer.recovery_codes, account: account.address, done });
}

async function register(account, give) {
    const begin = () => give.request("/api/account/registration");
    const pending = await begin();
    if (!pending) return;
    show(registrationScreen, {
        begin,
        pending,
        lead: () => (account.factor.registered ? t("registration.lead-anew") : t("registration.lead")),
        ways: [{ label: () => t("app.cancel"), go: () => give.done(account, ID) }],
        confirm: async (code) => {
            const answer = await post("/api/account/registration/confirm", { code });
            showCodes(account, answer, give, () => t("factor.registered"));
        },
    });
}

async function remove(account, give) {
    const agreed = await agree({
        title: t("factor.remove-title"),
        text: account.two_factor_requirement === "required" ? t("factor.remove-required") : t("factor.remove-text"),
        yes: t("factor.remove"),
    });
    const answer = agreed && (await withCode("/api/account/factor/remove", t("factor.remove")));
    if (answer) give.done(answer, ID, t("factor.removed"));
}

async function newCodes(account, give) {
    const agreed = await agree({
        title: t("factor.codes-title"), text: t("factor.codes-text"), yes: t("factor.codes"),
    });
    const answer = agreed && (await give.request("/api/account/recovery-codes"));
    if (answer) showCodes(account, answer, give, () => t("factor.codes-made"));
}

function details(factor) {
    const item = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    return h("dl", {},
        item(t("factor.since"), factor.registered_at ? time(factor.registered_at) : t("account.unknown")),
        item(t("factor.from"), factor.registered_ip ?? t("account.unknown")),
        item(t("factor.codes-left"), t("factor.codes-count", { count: factor.recovery_codes })));
}

// Codes that were shown, of which nobody has said that they are kept.
function notKept(give) {
    const kept = () => keep((account) => give.done(account, ID, t("not-kept.done")));
    return [
        h("p", { "data-note": true }, t("not-kept.text")),
        action(t("codes.kept"), kept, { "data-tone": "small" }),
    ];
}

// Where two-step verification is switched off, an authenticator that is there may be deleted, and no more.
function registered(account, give) {
    const inUse = account.two_factor;
    return [
        h("p", { "data-state": inUse ? "on" : "off" }, t("factor.on")),
        details(account.factor),
        inUse && !account.factor.recovery_kept && notKept(give),
        inUse && h("p", { "data-aside": true }, t("factor.hint")),
        h("div", { "data-row": true },
            inUse && action(t("factor.anew"), () => register(account, give)),
            inUse && action(t("factor.codes"), () => newCodes(account, give)),
            action(t("factor.remove"), () => remove(account, give), { "data-tone": "danger" })),
    ];
}

function unregistered(account, give) {
    return [
        h("p", { "data-state": "off" }, t("factor.off")),
        h("p", { "data-aside": true }, t("factor.why")),
        action(t("factor.register"), () => register(account, give), { "data-tone": "accent" }),
    ];
}

export function factorSection(account, give) {
    const content = account.factor.registered ? registered : unregistered;
    const unavailable = !account.two_factor && !account.factor.registered;
    return section(ID, t("factor.title"),
        account.two_factor ? null : h("p", { "data-note": true }, t("factor.switched-off")),
        unavailable ? null : content(account, give));
}
