// account_devices.js - trusted devices, and devices that are signed in.

import { section } from "./account_section.js";
import { action } from "./button.js";
import { agree } from "./dialog.js";
import { h } from "./dom.js";
import { t, time } from "./language.js";
import { table } from "./table.js";

const DEVICES = "devices";
const SESSIONS = "sessions";

function named(row) {
    return row.name || t("account.unknown");
}

function moment(seconds) {
    return h("time", { datetime: new Date(seconds * 1000).toISOString() }, time(seconds));
}

export function devicesSection(account, give) {
    const remove = async ({ id }) => {
        const answer = await give.request("/api/account/devices/remove", { id });
        if (answer) give.done(answer, DEVICES, t("devices.removed"));
    };
    const row = (device) => [
        [h("b", {}, named(device)), device.current && h("mark", {}, t("devices.this"))],
        moment(device.used_at),
        moment(device.expires_at),
        device.ip,
        action(t("devices.remove"), () => remove(device),
            { "aria-label": t("devices.remove-which", { name: named(device) }) }),
    ];
    const columns = ["devices.device", "devices.used", "devices.expires", "account.ip", "account.manage"];
    return section(DEVICES, t("devices.title"),
        h("p", { "data-aside": true }, t("devices.hint")),
        account.devices.length
            ? table(t("devices.title"), columns.map((key) => t(key)), account.devices.map(row))
            : h("p", { "data-empty": true }, t("devices.none")));
}

function endAll(account, give) {
    const end = async () => {
        const agreed = await agree({
            title: t("sessions.all-title"), text: t("sessions.all-text"), yes: t("sessions.all"),
        });
        const answer = agreed && (await give.request("/api/account/sessions/end-all"));
        if (answer) give.done(answer, SESSIONS, t("sessions.all-ended"));
    };
    const others = account.sessions.some((session) => !session.current);
    return others && action(t("sessions.all"), end, { "data-tone": "danger" });
}

export function sessionsSection(account, give) {
    const end = async ({ id }) => {
        const answer = await give.request("/api/account/sessions/end", { id });
        if (answer) give.done(answer, SESSIONS, t("sessions.ended"));
    };
    const button = (session) => action(t("sessions.end"), () => end(session),
        { "aria-label": t("sessions.end-which", { name: named(session) }) });
    const row = (session) => [
        h("b", {}, named(session)),
        moment(session.created_at),
        moment(session.seen_at),
        session.ip,
        session.current ? h("mark", {}, t("sessions.now")) : button(session),
    ];
    const columns = ["sessions.device", "sessions.since", "sessions.seen", "account.ip", "account.manage"];
    return section(SESSIONS, t("sessions.title"),
        h("p", { "data-aside": true }, t("sessions.hint")),
        table(t("sessions.title"), columns.map((key) => t(key)), account.sessions.map(row)),
        endAll(account, give));
}
