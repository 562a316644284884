// consent.js - a mail program asks to be connected: the reader agrees, takes services away, or refuses.

import { useEffect, useLayoutEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { ApiError, get, post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { signIn } from "../lib/places.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { session } from "../lib/session.js";
import { attempt } from "../lib/unavailable.js";

const request = new URL(location.href).searchParams.get("request") ?? "";

// What the program asks for, as the portal gives it; null until it is there. over: it was answered, or too long ago.
const asked = signal(null);
const over = signal(false);

const isOver = (error) => error instanceof ApiError && ["consent-over", "bad-request"].includes(error.code);

async function load() {
    try {
        asked.value = await awaited(() => get(`/api/consent?${new URLSearchParams({ request })}`));
    } catch (error) {
        if (!isOver(error)) throw error;
        over.value = true;
    }
}

// Leads back to the program, which may be one that the browser does not show.
async function answer(given) {
    try {
        const answered = await reauthenticated(() => post("/api/consent", { request, ...given }));
        if (!answered) return;
        location.replace(answered.continue);
    } catch (error) {
        if (!isOver(error)) throw error;
    }
    over.value = true;
}

function destination({ kind, name }) {
    if (kind === "device") return t("consent.to-device");
    return kind === "site" ? t("consent.to-site", { name }) : t("consent.to-program", { name });
}

const WORDS = {
    imap: () => ({ label: t("consent.read"), hint: t("consent.read-hint") }),
    pop3: () => ({ label: t("consent.fetch"), hint: t("consent.fetch-hint") }),
    smtp: () => ({ label: t("consent.send"), hint: t("consent.send-hint") }),
    sieve: () => ({ label: t("consent.filters"), hint: t("consent.filters-hint") }),
};

function Services({ services }) {
    const tick = (service) => html`<${Tick} key=${service} name=${service} defaultChecked
        ...${WORDS[service]()} />`;
    return html`<fieldset><legend>${t("consent.services")}</legend>${services.map(tick)}</fieldset>`;
}

function Question({ name, verified, address, returns_to: place, services, mail, identity }) {
    const chosen = (typed) => services.filter((service) => typed[service]).join(",");
    const agree = (typed) => answer({ allow: true, ...(mail && { services: chosen(typed) }) });
    return html`
        <p>${t("consent.lead", { name: name || t("consent.no-name") })}</p>
        ${!verified && html`<p data-note>${t("consent.unverified")}</p>`}
        <dl>
            <div><dt>${t("consent.account")}</dt><dd>${address}</dd></div>
            <div><dt>${t("consent.returns-to")}</dt><dd>${destination(place)}</dd></div>
        </dl>
        <${Form} submit=${t("consent.agree")} action=${agree}
            check=${(typed) => (mail && !chosen(typed) ? t("error.no-service-chosen") : null)}
            others=${html`<${Action} go=${() => attempt(() => answer({ allow: false }))}>${t("consent.deny")}<//>`}>
            ${mail && html`<${Services} services=${services} />`}
            ${identity && html`<p data-aside>${t("consent.identity")}</p>`}
        <//>
        <p data-aside>${t("consent.revoke")}</p>`;
}

export function Consent() {
    const signedIn = session.value.state === "authenticated";
    useEffect(() => { if (signedIn) attempt(load); }, []);
    useLayoutEffect(() => { if (!signedIn) signIn(session.value.why); }, []);
    if (!signedIn) return null;
    return html`<${Frame}><${Page} key=${over.value} title=${over.value ? t("consent.over-title") : t("consent.title")}>
        ${over.value && html`<p>${t("consent.over")}</p>`}
        ${!over.value && asked.value && html`<${Question} ...${asked.value} />`}
    <//><//>`;
}
