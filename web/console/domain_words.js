// domain_words.js - what the settings of a domain are called, what they do, and where what holds comes from.

import { day, t } from "../lib/language.js";

// In the order of the page.
export const SETTINGS = [
    { name: "smtp", label: "domain.smtp", hint: "domain-hint.smtp" },
    { name: "pop3", label: "domain.pop", hint: "domain-hint.pop" },
    { name: "forwarding", label: "domain.forwarding", hint: "domain-hint.forwarding" },
    { name: "two_factor", label: "domain.two-factor", hint: "domain-hint.two-factor" },
    { name: "large_attachments", label: "domain.large-attachments", hint: "domain-hint.large-attachments" },
    { name: "imap", label: "domain.imap", hint: "domain-hint.imap" },
    { name: "sieve", label: "domain.sieve", hint: "domain-hint.sieve" },
    { name: "webmail", label: "domain.webmail", hint: "domain-hint.webmail" },
    { name: "webmail_allowed_networks", label: "domain.networks", hint: "domain-hint.networks" },
    { name: "client_password", label: "domain.client-password", hint: "domain-hint.client-password" },
    { name: "two_factor_requirement", label: "domain.requirement", hint: "domain-hint.requirement" },
    { name: "two_factor_mode", label: "domain.mode", hint: "domain-hint.mode" },
    { name: "app_passwords", label: "domain.app-passwords", hint: "domain-hint.app-passwords" },
    { name: "connected_applications", label: "domain.applications", hint: "domain-hint.applications" },
];

// Those of the list: what mail programs and members use.
export const SERVICES = SETTINGS.slice(0, 8);

const VALUES = {
    on: "domain.on",
    off: "domain.off",
    optional: "value.optional",
    required: "value.required",
    step_up: "value.step-up",
    use: "value.use",
    skip: "value.skip",
    always: "value.always",
    until_second_factor: "value.until-second-factor",
    never: "value.never",
    everywhere: "value.everywhere",
    listed: "value.listed",
    inherit: "job.inherit",
};

const SOURCES = {
    forbidden: "domain-source.forbidden",
    member: "domain-source.member",
    class: "domain-source.class",
    domain: "domain-source.domain",
    "policy-domain": "domain-source.policy-domain",
    "policy-defaults": "domain-source.policy-defaults",
    "built-in": "domain-source.built-in",
};

export const isSetting = (name) => SETTINGS.some((setting) => setting.name === name);

export function settingName(name) {
    return t(SETTINGS.find((setting) => setting.name === name)?.label ?? "account.unknown");
}

// "192.0.2.0/24,2001:db8::/32"
export const isNetworks = (value) => value.includes("/");

export function valueName(word) {
    if (isNetworks(word)) return word.replaceAll(",", ", ");
    return t(VALUES[word] ?? "account.unknown");
}

export function sourceName({ source }) {
    return t(SOURCES[source] ?? "account.unknown");
}

export function dayName(date) {
    return day(Date.parse(date) / 1000);
}

// "never_from_2027-03-01": a value and the day from which it holds. A word that is not known stays.
export function datedValueName(text) {
    const [word, date] = text.split("_from_");
    const value = VALUES[word] || isNetworks(word) ? valueName(word) : word;
    return date ? t("value.from", { value, date: dayName(date) }) : value;
}

// "always (built in), never from March 1, 2027": what holds, where it comes from, and what follows.
export function standing(setting) {
    const now = t("domain.standing", { value: valueName(setting.value), source: sourceName(setting) });
    if (!setting.next) return now;
    const { value, from } = setting.next;
    return t("domain.standing-until", { now, date: dayName(from), next: valueName(value) });
}
