// recovery_contacts.js - the member's recovery contacts: what was decided, the contacts, and the record.

import { awaited, say } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { change, ConsentText, Contact, Decide, decide, parts, useRecovery } from "../signin/recovery_contact.js";
import { Section } from "./section.js";
import { settle } from "./state.js";

const STANDING = {
    agreed: "recovery-contact.standing-agreed",
    before: "recovery-contact.standing-agreed-before",
    refuse: "recovery-contact.standing-refuse",
    withdraw: "recovery-contact.standing-withdraw",
};
const SAID = { agree: "recovery-contact.said-agree", refuse: "recovery-contact.said-refuse" };

const CONSENT = "recovery-consent";

function save(record) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(record, null, 2)], { type: "application/json" }));
    link.download = "recovery-contact-decisions.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function download() {
    try {
        save(await awaited(() => get("/api/account/recovery/decisions")));
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
    }
}

async function remove(kind) {
    const agreed = await agree({
        title: t("recovery-contact.remove-title"), text: t("recovery-contact.remove-text"),
        yes: t("recovery-contact.remove"),
    });
    if (agreed && await change("remove", { kind })) settle(t("recovery-contact.removed"), `recovery-${kind}`);
}

async function withdraw() {
    const agreed = await agree({
        title: t("recovery-contact.withdraw-title"), text: t("recovery-contact.withdraw-text"),
        yes: t("recovery-contact.withdraw"),
    });
    if (agreed && await decide("withdraw")) settle(t("recovery-contact.withdrawn"), CONSENT);
}

async function answer(decision) {
    if (await decide(decision)) settle(t(SAID[decision]), CONSENT);
}

function Standing({ decision, agreed }) {
    if (!decision) return html`<p data-standing="off">${t("recovery-contact.undecided")}</p>`;
    const words = agreed ? "agreed" : STANDING[decision.decision] ? decision.decision : "before";
    return html`<p data-standing=${agreed ? "on" : "off"}>
        ${t(STANDING[words], { time: time(decision.at) })}</p>`;
}

export function RecoveryContacts() {
    const now = useRecovery();
    if (!now) return null;
    const { consent, decision, agreed, phone_possible: phone } = now;
    return html`
        <${Standing} decision=${decision} agreed=${agreed} />
        ${agreed && html`
            <${Section} id="recovery-mail" title=${t("recovery-contact.mail")}>
                <${Contact} kind="mail" remove=${remove} />
            <//>
            ${phone && html`<${Section} id="recovery-phone" title=${t("recovery-contact.phone")}>
                <${Contact} kind="phone" remove=${remove} />
            <//>`}`}
        <${Section} id=${CONSENT} title=${parts(consent).heading}>
            <${ConsentText} consent=${consent} />
            ${agreed
                ? html`<${Action} go=${withdraw}>${t("recovery-contact.withdraw")}<//>`
                : html`<${Decide} refuse=${() => answer("refuse")} agree=${() => answer("agree")} />`}
            ${decision && html`<${Action} tone="quiet" go=${download}>${t("recovery-contact.download")}<//>`}
        <//>`;
}
