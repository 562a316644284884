// member_explain_words.js - how a login is decided, in sentences: what is known, what each layer says about a setting,
// and the rule that decides.

import { day, t } from "../lib/language.js";
import { settingName, sourceName, valueName } from "./domain_words.js";
import { splitDate } from "./setting_field.js";

// Those of policy/settings/rules.def.
const RULES = {
    "name-invalid": "rule.name-invalid",
    "domain-unknown": "rule.domain-unknown",
    "domain-inactive": "rule.domain-inactive",
    "member-inactive": "rule.member-inactive",
    "service-forbidden": "rule.service-forbidden",
    "service-off": "rule.service-off",
    "app-passwords-off": "rule.app-passwords-off",
    "app-password": "rule.app-password",
    "app-password-service": "rule.app-password-service",
    "app-password-network": "rule.app-password-network",
    "app-password-expired": "rule.app-password-expired",
    "app-password-none": "rule.app-password-none",
    "account-password": "rule.account-password",
    "account-password-decides": "rule.account-password-decides",
    "client-password-never": "rule.client-password-never",
    "client-password-second-factor": "rule.client-password-second-factor",
    "connected-applications-off": "rule.connected-applications-off",
    "application-service": "rule.application-service",
    "token": "rule.token",
    "token-invalid": "rule.token-invalid",
    "app-password-on-webmail": "rule.app-password-on-webmail",
    "webmail-needs-sign-in-page": "rule.webmail-needs-sign-in-page",
    "webmail-network": "rule.webmail-network",
    "passkey": "rule.passkey",
    "passkey-sign-in-off": "rule.passkey-sign-in-off",
    "passkey-elsewhere": "rule.passkey-elsewhere",
    "second-factor-off": "rule.second-factor-off",
    "second-factor-skipped": "rule.second-factor-skipped",
    "second-factor-step-up": "rule.second-factor-step-up",
    "second-factor-opted-out": "rule.second-factor-opted-out",
    "trusted-device": "rule.trusted-device",
    "second-factor-offered": "rule.second-factor-offered",
    "second-factor-code": "rule.second-factor-code",
    "second-factor-register": "rule.second-factor-register",
    "feature-on": "rule.feature-on",
    // These are not of a decision, but of logins that were refused.
    "wrong-password": "rule.wrong-password",
    "decoy": "rule.decoy",
    "password-expired": "rule.password-expired",
    "passdb-refused": "rule.refused-by-server",
    "userdb-unknown": "rule.refused-by-server",
    "nologin": "rule.refused-by-server",
    "other-account": "rule.other-account",
    "unavailable": "rule.unavailable",
};

const FACTS = {
    domain: { on: "explain.domain-on", off: "explain.domain-off", unknown: "explain.domain-unknown" },
    member: { on: "explain.member-on", off: "explain.member-off", unknown: "explain.member-unknown" },
    factor: { registered: "explain.factor-registered", none: "explain.factor-none" },
    choice: { skip: "explain.choice-skip", void: "explain.choice-void" },
};

const STANDINGS = { holds: "explain.holds", "not-yet": "explain.not-yet", passed: "explain.passed" };

const VERDICTS = {
    allow: "explain.allow",
    deny: "explain.deny",
    "need-credential": "explain.need-credential",
    "need-second-factor": "explain.need-second-factor",
};

// The sentence of a rule; the rule itself, if these pages do not know it. Without a service it is about any.
export function ruleOf(rule, service) {
    return RULES[rule] ? t(RULES[rule], { service: service ? settingName(service) : t("rule.any-service") }) : rule;
}

export function verdictOf({ verdict }) {
    return t(VERDICTS[verdict.replaceAll(" ", "-")] ?? "account.unknown");
}

// "never_from_2027-03-01"
function valueOf(text) {
    const [word, date] = splitDate(text);
    return date ? t("value.from", { value: valueName(word), date: day(Date.parse(date) / 1000) }) : valueName(word);
}

function layer({ setting, source, value, state }) {
    const name = settingName(setting);
    if (source === "forbidden") return t("explain.forbidden", { name });
    const standing = t(STANDINGS[state] ?? "account.unknown");
    return t("explain.layer", { name, value: valueOf(value), source: sourceName({ source }), standing });
}

// The service that the rule is about: one that is off, or the one that was asked for.
function serviceOf({ service, steps }) {
    const off = steps.find(({ state, value }) => state === "holds" && (value === "off" || value === "forbidden"));
    return off?.setting ?? service;
}

// A sentence for each step; that of the API, if these pages do not know it.
export function sentencesOf(answer) {
    return answer.steps.map((step) => {
        if (step.about === "setting") return layer(step);
        if (step.about === "rule") return ruleOf(step.state, serviceOf(answer));
        const key = FACTS[step.about]?.[step.state];
        return key ? t(key) : step.sentence;
    });
}
