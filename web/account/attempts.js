// attempts.js - the attempts to sign in that a connection test has seen.

import { html } from "../lib/html.js";
import { clockTime, t } from "../lib/language.js";
import { detail } from "./details.js";
import { Address } from "./device_names.js";
import { reasonOf } from "./reasons.js";
import { Section } from "./section.js";
import { protocolName } from "./services.js";

export const ID = "attempts"; // of its heading

function serviceOf({ service, port }) {
    const name = protocolName(service);
    return port > 0 ? t("test.service-at", { name, port }) : name;
}

function encryptionOf({ tls }) {
    if (tls === "none") return t("test.unencrypted");
    return tls === "yes" ? t("test.encrypted") : t("test.encrypted-by", { version: tls });
}

function Attempt({ attempt }) {
    const details = [
        detail(t("test.service"), serviceOf(attempt)),
        detail(t("test.encryption"), encryptionOf(attempt)),
        detail(t("test.method"), html`<code>${attempt.mechanism}</code>`),
        detail(t("test.name"), html`<code>${attempt.name}</code>`),
        detail(t("test.from"), html`<${Address} ip=${attempt.ip} />`),
    ];
    const moment = new Date(attempt.at * 1000).toISOString();
    return html`<li data-verdict=${attempt.allowed ? "let-in" : "refused"}>
        <p><b>${attempt.allowed ? t("test.let-in") : t("test.refused")}</b>
            ${" "}<time datetime=${moment}>${clockTime(attempt.at)}</time></p>
        <p>${reasonOf(attempt.rule)}</p>
        <dl>${details}</dl>
    </li>`;
}

// A screen reader reads a new attempt when it has said what it is saying. The list must be there before.
export function Attempts({ running, attempts, full }) {
    const item = (attempt) => html`<${Attempt} key=${attempt.id} attempt=${attempt} />`;
    return html`<${Section} id=${ID} title=${t("test.attempts")}>
        ${full && html`<p data-note>${t("test.full")}</p>`}
        ${attempts.length === 0 && html`<p data-empty>${running ? t("test.waiting") : t("test.nothing")}</p>`}
        <div role="log" aria-labelledby=${ID} data-attempts>
            ${attempts.length > 0 && html`<ul>${attempts.map(item)}</ul>`}
        </div>
    <//>`;
}
