// activity_words.js - what the words of the portal's answer about activity mean, in the reader's language. A word that
// these pages do not know has a sentence that is true of all.

import { day, t } from "../lib/language.js";
import { protocolName } from "./services.js";

const reasons = {
    "wrong-password": "refused.wrong-password",
    "decoy": "refused.decoy",
    "service-off": "refused.service-off",
    "service-forbidden": "refused.service-off",
    "member-inactive": "refused.inactive",
    "domain-inactive": "refused.inactive",
    "nologin": "refused.inactive",
    "passdb-refused": "refused.inactive",
    "userdb-unknown": "refused.inactive",
    "password-expired": "refused.password-expired",
    "app-passwords-off": "refused.app-passwords-off",
    "app-password-service": "refused.app-password-service",
    "app-password-network": "refused.app-password-network",
    "app-password-expired": "refused.app-password-expired",
    "app-password-on-webmail": "refused.app-password-on-webmail",
    "client-password-never": "refused.needs-app-password",
    "client-password-second-factor": "refused.needs-app-password",
    "token-invalid": "refused.token-invalid",
    "webmail-needs-sign-in-page": "refused.needs-sign-in-page",
    "webmail-network": "refused.webmail-network",
    "passkey-sign-in-off": "refused.passkey-sign-in-off",
    "other-account": "refused.other-account",
    "connected-applications-off": "refused.applications-off",
    "application-service": "reason.application-service",
    "unavailable": "refused.unavailable",
};

const credentials = {
    "account-password": "activity.account-password",
    "app-password": "activity.app-password",
    "application": "activity.application",
    "passkey-alone": "activity.passkey-alone",
};

// By the two halves of an action.
const changes = {
    "app-password": {
        create: "change.app-password-create",
        narrow: "change.app-password-narrow",
        revoke: "change.app-password-revoke",
    },
    application: { connect: "change.application-connect", revoke: "change.application-revoke" },
    approval: { deny: "change.approval-deny" },
    code: { reuse: "change.token-stolen" },
    "connection-test": { start: "change.connection-test-start" },
    forward: { set: "change.forward-set", clear: "change.forward-clear", code: "change.forward-code" },
    "identity-check": { send: "change.identity-check-send" },
    link: {
        extend: "change.link-extend",
        password: "change.link-password",
        quota: "change.link-quota",
        withdraw: "change.link-withdraw",
    },
    member: { add: "change.member-add", set: "change.member-set" },
    password: { change: "change.password" },
    passkey: {
        cloned: "change.passkey-cloned",
        register: "change.passkey-register",
        remove: "change.passkey-remove",
        rename: "change.passkey-rename",
    },
    "password-recovery": {
        finish: "change.password-recovery-finish",
        send: "change.password-recovery-send",
        start: "change.password-recovery-start",
    },
    phone: { register: "change.phone-register", remove: "change.phone-remove" },
    "profile-link": { make: "change.profile-link-make", use: "change.profile-link-use" },
    "recovery-code": { use: "change.recovery-code-use" },
    "recovery-codes": { make: "change.recovery-codes-make" },
    "recovery-consent": { decide: "change.recovery-consent" },
    "recovery-contact": {
        add: "change.recovery-contact-add",
        change: "change.recovery-contact-change",
        remove: "change.recovery-contact-remove",
        stop: "change.recovery-contact-stop",
    },
    "refresh-token": { stolen: "change.token-stolen" },
    "second-factor": { remove: "change.factor-one-removed", reset: "change.factor-remove" },
    session: {
        open: "change.session-open",
        revoke: "change.session-revoke",
        "revoke-all": "change.session-revoke-all",
        "revoke-others": "change.session-revoke-others",
    },
    token: { revoke: "change.token-revoke" },
    totp: { import: "change.factor-import", register: "change.factor-register", reset: "change.factor-remove" },
    "trusted-device": {
        add: "change.trusted-add",
        remove: "change.trusted-remove",
        stolen: "change.trusted-stolen",
    },
    "two-factor": { "opt-in": "change.opt-in", "opt-out": "change.opt-out" },
};

// Beside the services, which are settings, too.
const settings = {
    active: "setting.active",
    class: "setting.class",
    forwarding: "setting.forwarding",
    large_attachments: "setting.large-attachments",
    two_factor: "setting.two-factor",
    two_factor_requirement: "setting.two-factor-requirement",
    two_factor_mode: "setting.two-factor-mode",
    client_password: "setting.client-password",
    app_passwords: "setting.app-passwords",
    connected_applications: "setting.connected-applications",
    webmail_allowed_networks: "setting.webmail-networks",
};

const values = {
    on: "value.on", off: "value.off", inherit: "value.inherit", optional: "value.optional", required: "value.required",
    use: "value.use", skip: "value.skip", always: "value.always", until_second_factor: "value.until-second-factor",
    never: "value.never", everywhere: "value.everywhere",
};

export function serviceOf(service) {
    return service === "webmail" ? t("activity.webmail") : protocolName(service);
}

export function reasonOf({ rule }) {
    return t(reasons[rule] ?? "refused.other");
}

export function credentialOf({ credential, label }) {
    if (credential === "app-password" && !label) return t("activity.app-password-gone");
    return credentials[credential] && t(credentials[credential], { name: label });
}

export function changeOf({ action }) {
    const [noun, verb] = action.split(".");
    return t(changes[noun]?.[verb] ?? "change.other");
}

// Administrators are told who it was.
export function actorOf({ by, who }) {
    if (by === "member") return null;
    if (by === "administrator" && who) return t("activity.by-name", { name: who });
    return by === "server" ? t("activity.by-server") : t("activity.by-administrator");
}

// "never_from_2027-03-01": a value and the day from which it holds.
function valueOf(text) {
    const [word, date] = text.split("_from_");
    const value = values[word] ? t(values[word]) : word || t("value.none");
    return date ? t("value.from", { value, date: day(Date.parse(date) / 1000) }) : value;
}

const wordsOf = (text) => new Map(text.split(" ").filter(Boolean).map((word) => word.split("=", 2)));

// Settings that were changed, each with what it was and what it is.
export function settingsOf({ before, after }) {
    const was = wordsOf(before);
    return [...wordsOf(after)].map(([name, value]) => t("activity.setting", {
        name: settings[name] ? t(settings[name]) : serviceOf(name),
        before: valueOf(was.get(name) ?? ""),
        after: valueOf(value),
    }));
}
