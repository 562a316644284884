// profile.js - sets up an iPhone, iPad or Mac by a profile, which a link that works once leads to.

import { useEffect, useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { QrCode } from "../lib/qr.js";
import { request } from "./state.js";

export function Profile({ id, password }) {
    const link = useSignal(null);
    const heading = useRef();
    // The button that had the focus is gone.
    useEffect(() => heading.current?.focus(), [link.value]);
    const make = async () => {
        const answer = await request("/api/account/app-passwords/profile", { id, password });
        if (answer) link.value = answer;
    };
    if (!link.value) return html`<${Action} go=${make}>${t("profile.make")}<//>`;
    const { url, qr, expires_at: until } = link.value;
    return html`
        <h3 ref=${heading} tabindex="-1">${t("profile.title")}</h3>
        <p>${t("profile.scan")}</p>
        <figure><${QrCode} svg=${qr} label=${t("profile.qr-label")} /></figure>
        <a href=${url} target="_blank" rel="noopener noreferrer" data-button>${t("profile.open")}</a>
        <p data-aside>${t("profile.once", { time: time(until) })}</p>`;
}
