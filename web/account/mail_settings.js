// mail_settings.js - what a mail program or device has to be told: server, ports, encryption, user name.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { copied, detail } from "./details.js";
import { encryptionName } from "./services.js";

const SERVERS = { imap: "settings.imap", pop3: "settings.pop", smtp: "settings.smtp", sieve: "settings.sieve" };

// As the portal gives them; null: not there yet, or it does not tell them.
export function useMailSettings() {
    const settings = useSignal(null);
    useEffect(() => {
        get("/api/account/mail-settings").then((answer) => { settings.value = answer; }, () => {});
    }, []);
    return settings.value?.server ? settings.value : null;
}

// services: those that the app password covers. The words are those of the menus of copiers.
export function MailSettings({ settings, services }) {
    const ways = services.map((name) => settings.services.find(({ service }) => service === name)).filter(Boolean);
    const way = ({ service, port, encryption }) => html`<dl key=${service}>
        ${copied(t(SERVERS[service]), settings.server)}
        ${detail(t("settings.port"), port)}
        ${detail(t("settings.encryption"), encryptionName(encryption))}
    </dl>`;
    return html`
        <h3>${t("settings.title")}</h3>
        ${ways.map(way)}
        <dl>
            ${services.includes("smtp") && detail(t("settings.smtp-auth"), t("settings.smtp-auth-on"))}
            ${copied(t("settings.user"), settings.user)}
            ${detail(t("settings.password"), t("settings.this-password"))}
        </dl>`;
}
