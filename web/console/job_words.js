// job_words.js - what jobs do to members, and what became of them, in words.

import { t } from "../lib/language.js";
import { addressOf } from "./address.js";
import { dayName, SERVICES, settingName, valueName } from "./domain_words.js";
import { may } from "./state.js";

export const pageOfJob = (job) => addressOf("/console/job", { job });

// One choice each: a setting and its value.
const TWO_STEP = [
    { what: "required", label: "job.required", name: "two_factor_requirement", value: "required" },
    { what: "optional", label: "job.optional", name: "two_factor_requirement", value: "optional" },
    { what: "use", label: "job.use", name: "two_factor_mode", value: "use" },
    { what: "skip", label: "job.skip", name: "two_factor_mode", value: "skip" },
];
const ACTIONS = [
    { what: "remove-factor", label: "job.remove-factor", final: "job-preview.final-factor" },
    { what: "end-sessions", label: "job.end-sessions", final: "job-preview.final-sessions" },
];
const SWITCHED = [...SERVICES.map(({ name }) => name), "app_passwords", "connected_applications"];
export const NETWORKS = "webmail_allowed_networks";
const STATES = { running: "job.running", paused: "job.paused", done: "job.done", stopped: "job.stopped" };
const REASONS = {
    administrator: "job-reason.administrator",
    "own-account": "job-reason.own-account",
    forbidden: "job-reason.forbidden",
    "not-found": "job-reason.not-found",
    "changed-since": "job-reason.changed-since",
    unreadable: "job-reason.unreadable",
    domain: "job-reason.domain",
    alias: "job-reason.alias",
};
const STOPPED = {
    administrator: "job.stopped-administrator",
    undone: "job.stopped-undone",
    domain: "job.stopped-domain",
};

// What the administrator may choose, as pairs of a word and how it is called. Those of settings, and "class", need a
// value as well: valuesOf().
export function choices() {
    const pair = ({ what, label }) => [what, t(label)];
    if (!may("domain")) return ACTIONS.map(pair);
    return [
        ...TWO_STEP.map(pair), ...ACTIONS.map(pair), ...SWITCHED.map((name) => [name, settingName(name)]),
        [NETWORKS, settingName(NETWORKS)], ["class", t("job.class")], ["active", t("job.active")],
    ];
}

// The values of a choice, as pairs; null where there is nothing to choose.
export function valuesOf(what) {
    if (what === "active") return [["on", t("job.active-on")], ["off", t("job.active-off")]];
    if (!SWITCHED.includes(what)) return null;
    return [["on", valueName("on")], ["off", valueName("off")], ["inherit", t("job.inherit")]];
}

// How the API calls it: { change } or { action }.
export function doing(what, value) {
    const setting = TWO_STEP.find((choice) => choice.what === what);
    if (setting) return { change: { [setting.name]: setting.value } };
    if (ACTIONS.some((choice) => choice.what === what)) return { action: what };
    if (what === NETWORKS) return { change: { [what]: value.replace(/\s/g, "") || "inherit" } };
    return { change: { [what]: value } };
}

function oneChange([name, value]) {
    const known = TWO_STEP.find((choice) => choice.name === name && choice.value === value);
    if (known) return t(known.label);
    if (name === "class") return value === "" ? t("job.no-class") : t("job.class-to", { name: value });
    if (name === "two_factor_grace_days") {
        const days = value === "inherit" ? valueName(value) : value;
        return t("job.setting", { name: t("domain.grace-days"), value: days });
    }
    if (name === "active") return t(value === "on" ? "job.account-on" : "job.account-off");
    const [word, date] = value.split("_from_");
    const values = { name: settingName(name), value: valueName(word) };
    return date ? t("job.setting-from", { ...values, date: dayName(date) }) : t("job.setting", values);
}

// What a job does, as the API describes it: change is "pop3=off class=staff".
export function jobName({ action, change, undo_of: of }) {
    if (action === "import") return t("import.job");
    if (action === "undo") return t("job.undo-of", { id: of });
    const changes = () => change.split(" ").map((word) => oneChange(word.split(/=(.*)/s))).join(", ");
    if (action === "pin") return t("job.pin", { changes: changes() });
    if (action !== "change") return t(ACTIONS.find(({ what }) => what === action)?.label ?? "account.unknown");
    return changes();
}

// The same of { change } or { action } as the API is asked for it.
export function wishName({ action = "change", change = {} }) {
    return jobName({ action, change: Object.entries(change).map((pair) => pair.join("=")).join(" ") });
}

// The sentence about what is lost for good; null for what can be undone.
export function finalOf({ action }) {
    const known = ACTIONS.find(({ what }) => what === action);
    return known ? t(known.final) : null;
}

export function stateName({ state, reason }) {
    return t((state === "stopped" && STOPPED[reason]) || STATES[state] || "account.unknown");
}

export function reasonName(reason) {
    return t(REASONS[reason] ?? "account.unknown");
}
