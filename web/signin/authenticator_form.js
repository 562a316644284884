// authenticator_form.js - how an authenticator app is registered: by QR code, by key, or on the phone itself.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { CopyButton } from "../lib/copy.js";
import { CodeField, digitsOf, wrongLength } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { InAppBrowser } from "../lib/in_app_browser.js";
import { fill, t } from "../lib/language.js";
import { QrCode } from "../lib/qr.js";
import { attempt } from "../lib/unavailable.js";
import { Whose } from "./whose.js";

const PLAY = "https://play.google.com/store/apps/details?id=com.google.android.apps.authenticator2";
const APP_STORE = "https://apps.apple.com/app/google-authenticator/id388497605";

// A phone cannot point its camera at itself.
const onPhone = matchMedia("(pointer: coarse)").matches;

function shop(address, label) {
    return html`<a href=${address} target="_blank" rel="noopener noreferrer">${label}</a>`;
}

function Steps({ list }) {
    return html`<ol>${list.map((step) => html`<li><span>${step}</span></li>`)}</ol>`;
}

function install() {
    return fill("registration.install", {
        play: shop(PLAY, t("registration.play")),
        appstore: shop(APP_STORE, t("registration.app-store")),
    });
}

function Item({ name, children }) {
    return html`<div><dt>${name}</dt><dd>${children}</dd></div>`;
}

function Key({ account, secret }) {
    return html`<dl>
        <${Item} name=${t("registration.account")}>${account}<//>
        <${Item} name=${t("registration.key")}>
            <code>${secret}</code>
            <${CopyButton} text=${secret.replaceAll(" ", "")} />
        <//>
        <${Item} name=${t("registration.kind")}>${t("registration.time-based")}<//>
    </dl>`;
}

function Picture({ svg }) {
    return html`<figure><${QrCode} svg=${svg} label=${t("registration.qr-label")} /></figure>`;
}

// The same as in the QR code (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
function addressOf({ account, issuer, key }) {
    const query = new URLSearchParams({ secret: key.replaceAll(" ", ""), issuer });
    const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
    return `otpauth://totp/${label}?${query.toString().replaceAll("+", "%20")}`;
}

function ByScan({ pending }) {
    return html`
        <${Steps} list=${[install(), t("registration.choose-scan"), t("registration.scan")]} />
        <${Picture} svg=${pending.svg} />
        <details>
            <summary>${t("registration.cannot-scan")}</summary>
            <${Steps} list=${[t("registration.choose-key"), t("registration.type-key")]} />
            <${Key} account=${pending.account} secret=${pending.key} />
        </details>`;
}

function OnPhone({ pending }) {
    return html`
        <${Steps} list=${[install(), t("registration.open"), t("registration.or-key")]} />
        <a href=${addressOf(pending)} data-button="accent">${t("registration.open-app")}</a>
        <${Key} account=${pending.account} secret=${pending.key} />
        <details>
            <summary>${t("registration.other-phone")}</summary>
            <${Picture} svg=${pending.svg} />
        </details>`;
}

// begin(), which gives the portal's answer, or null when the reader gave up; confirm(code); lead, a sentence;
// ways, markup of the ways out.
export function AuthenticatorForm({ begin, confirm, lead, ways }) {
    const pending = useSignal(null);
    const expired = useSignal(false);
    useEffect(() => {
        attempt(async () => { pending.value = await awaited(begin); });
    }, []);

    // A member who takes longer than a key is valid goes on with a new one.
    async function send({ code }) {
        try {
            await confirm(digitsOf(code));
        } catch (error) {
            if (error.code !== "registration-expired") throw error;
            pending.value = await begin();
            expired.value = true;
        }
    }

    return html`<${Page} title=${t("registration.title")}>
        <p>${lead}</p>
        <${Whose} />
        ${expired.value && html`<p data-note>${t("registration.expired")}</p>`}
        ${pending.value && html`
            ${onPhone ? html`<${OnPhone} pending=${pending.value} />` : html`<${ByScan} pending=${pending.value} />`}
            <${InAppBrowser} />
            <${Form} submit=${t("registration.submit")} waiting=${t("code.waiting")}
                check=${wrongLength} action=${send}>
                <${CodeField} />
            <//>`}
        <div data-ways>${ways}</div>
    <//>`;
}
