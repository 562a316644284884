// last_access.js - when, from where and with what the member signed in before: a sign-in of somebody else shows.

import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";

export function LastAccess({ access }) {
    if (!access) return null;
    const { at, ip, device } = access;
    return html`<p data-aside>
        ${t("last-access.text", { time: time(at), ip, device: device || t("account.unknown") })}${" "}
        <a href="/account/activity">${t("last-access.not-me")}</a>
    </p>`;
}
