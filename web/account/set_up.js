// set_up.js - the page with what to type into a mail program, and which password it is.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { copied, detail } from "./details.js";
import { Section } from "./section.js";
import { encryptionName } from "./services.js";

const SERVICES = { imap: "set-up.imap", pop3: "set-up.pop", smtp: "set-up.smtp", sieve: "set-up.sieve" };

function useMailSettings() {
    const settings = useSignal(null);
    useEffect(() => {
        attempt(async () => { settings.value = await awaited(() => get("/api/account/mail-settings")); });
    }, []);
    return settings.value;
}

// Whether programs can sign in, and the sentence that says with which password.
function standing({ server, services, password, app_passwords: appPasswords, oauth }) {
    if (!server) return ["off", t("set-up.no-server")];
    if (services.length === 0) return ["off", t("set-up.no-services")];
    if (password === "none") return oauth ? ["on", t("set-up.oauth")] : ["off", t("set-up.no-password")];
    if (password === "app") return ["on", t("set-up.app-password")];
    return ["on", appPasswords ? t("set-up.either-password") : t("set-up.account-password")];
}

function AppPasswords() {
    return html`<p><${Link} to="/account/app-passwords">${t("set-up.make")}<//></p>`;
}

function Values({ settings }) {
    const password = settings.password === "app" ? t("set-up.password-app")
        : settings.app_passwords ? t("set-up.password-either") : t("set-up.password-account");
    const columns = [t("set-up.for"), t("set-up.port")];
    const rows = settings.services.map(({ service, port, encryption }) => ({
        key: `${service} ${port}`,
        cells: [
            html`<b>${t(SERVICES[service])}</b>`,
            html`<span><code>${port}</code> ${encryptionName(encryption)}</span>`,
        ],
    }));
    return html`<${Section} id="values" title=${t("set-up.values")}>
        <p data-aside>${t("set-up.values-hint")}</p>
        <dl>
            ${copied(t("set-up.server"), settings.server)}
            ${copied(t("settings.user"), settings.user)}
            ${detail(t("set-up.password"), password)}
        </dl>
        <${Table} label=${t("set-up.values")} columns=${columns} rows=${rows} />
        <p data-aside>${t("set-up.first")}</p>
    <//>`;
}

export function SetUp() {
    const settings = useMailSettings();
    if (!settings) return null;
    const [state, sentence] = standing(settings);
    const usesPassword = state === "on" && settings.password !== "none";
    const usesAppPasswords = usesPassword && settings.app_passwords;
    return html`
        <p data-standing=${state}>${sentence}</p>
        ${usesAppPasswords && html`<${AppPasswords} />`}
        ${usesPassword && html`
            <${Section} id="by-itself" title=${t("set-up.by-itself")}>
                <p>${t("set-up.by-itself-text")}</p>
                ${usesAppPasswords && html`<p>${t("set-up.apple")}</p>`}
            <//>
            <${Values} settings=${settings} />`}`;
}
