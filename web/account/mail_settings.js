// mail_settings.js - what a mail program or device has to be told: server, ports, encryption, user name.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get } from "../lib/api.js";
import { CopyButton } from "../lib/copy.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";

const SERVERS = { imap: "settings.imap", pop3: "settings.pop", smtp: "settings.smtp", sieve: "settings.sieve" };
const ENCRYPTIONS = { tls: "settings.tls", starttls: "settings.starttls" };

// As the portal gives them; null: not there yet, or it does not tell them.
export function useMailSettings() {
    const settings = useSignal(null);
    useEffect(() => {
        get("/api/account/mail-settings").then((answer) => { settings.value = answer; }, () => {});
    }, []);
    return settings.value?.server ? settings.value : null;
}

function item(name, value) {
    return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function copied(name, value) {
    return item(name, html`<code>${value}</code>
        <${CopyButton} text=${value} aria-label=${t("copy.which", { name })} />`);
}

// services: those that the app password covers. The words are those of the menus of copiers.
export function MailSettings({ settings, services }) {
    const ways = services.map((name) => settings.services.find(({ service }) => service === name)).filter(Boolean);
    const way = ({ service, port, encryption }) => html`<dl key=${service}>
        ${copied(t(SERVERS[service]), settings.server)}
        ${item(t("settings.port"), port)}
        ${item(t("settings.encryption"), t(ENCRYPTIONS[encryption]))}
    </dl>`;
    return html`
        <h3>${t("settings.title")}</h3>
        ${ways.map(way)}
        <dl>
            ${services.includes("smtp") && item(t("settings.smtp-auth"), t("settings.smtp-auth-on"))}
            ${copied(t("settings.user"), settings.user)}
            ${item(t("settings.password"), t("settings.this-password"))}
        </dl>`;
}
