// phone_form.js - registers a phone that approves sign-ins: it scans the QR code or its owner types the issue code, and
// then both show the same number.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { useLooking, Match } from "../lib/approval.js";
import { Action } from "../lib/button.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { clockTime, t } from "../lib/language.js";
import { sentence } from "../lib/problem.js";
import { QrCode } from "../lib/qr.js";
import { attempt } from "../lib/unavailable.js";
import { Whose } from "./whose.js";

// As in the manuals of institutions: institution, name, issue code, until when.
function IssueCode({ offer }) {
    return html`<dl>
        <div><dt>${t("phone.institution")}</dt><dd>${offer.institution}</dd></div>
        <div><dt>${t("phone.user")}</dt><dd>${offer.user}</dd></div>
        <div><dt>${t("phone.code")}</dt><dd data-issue-code>${offer.code}</dd></div>
        <div><dt>${t("phone.until")}</dt><dd>${clockTime(offer.expires_at)}</dd></div>
    </dl>`;
}

function Offer({ offer, look, claimed, stop }) {
    useLooking(async () => {
        const answer = await look();
        if (answer.state === "claimed") claimed(answer);
        if (answer.state === "none") stop(t("phone.over"));
        return answer.state !== "open";
    }, (error) => stop(sentence(error)));
    const address = `${location.host}/approve`;
    return html`
        <ol>
            <li>${t("phone.scan")}</li>
            <li>${t("phone.compare")}</li>
        </ol>
        <figure><${QrCode} svg=${offer.svg} label=${t("phone.qr-label")} /></figure>
        <details>
            <summary>${t("registration.cannot-scan")}</summary>
            <p>${t("phone.type", { address })}</p>
            <${IssueCode} offer=${offer} />
        </details>
        <p role="status">${t("phone.waiting")}</p>`;
}

function Claimed({ phone, confirm, refuse }) {
    return html`
        <p>${t("phone.came", { name: phone.name, ip: phone.ip })}</p>
        <${Match} label=${t("phone.number")} number=${phone.number} />
        <p>${t("phone.question")}</p>
        <${Form} submit=${t("phone.same")} waiting=${t("code.waiting")} action=${() => confirm(phone.number)}
            others=${html`<${Action} tone="danger" go=${refuse}>${t("phone.other")}<//>`} />`;
}

// begin(), which gives the portal's answer, or null when the reader gave up; look(), what has become of it;
// confirm(number); lead, a sentence; ways, markup of the ways out.
export function PhoneForm({ begin, look, confirm, lead, ways }) {
    const offer = useSignal(null);
    const phone = useSignal(null);
    const why = useSignal("");
    const start = async () => {
        phone.value = null;
        offer.value = await awaited(begin);
    };
    const stop = (text) => {
        offer.value = phone.value = null;
        why.value = text;
    };
    const again = () => {
        why.value = "";
        return attempt(start);
    };
    const refuse = async () => {
        await again();
        why.value = t("phone.refused");
    };
    useEffect(() => { attempt(start); }, []);
    return html`<${Page} title=${t("phone.title")}>
        <p>${lead}</p>
        <${Whose} />
        <p role="alert">${why.value}</p>
        ${!offer.value && why.value && html`<${Action} tone="accent" go=${again}>${t("phone.again")}<//>`}
        ${offer.value && !phone.value && html`<${Offer} key=${offer.value.code} offer=${offer.value} look=${look}
            claimed=${(answer) => { phone.value = answer; }} stop=${stop} />`}
        ${phone.value && html`<${Claimed} phone=${phone.value} confirm=${confirm} refuse=${refuse} />`}
        <div data-ways>${ways}</div>
    <//>`;
}
