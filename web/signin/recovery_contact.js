// recovery_contact.js - a step of signing in, and part of an account page: consent to recovery contacts, and the contacts.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { CodeField, digitsOf, Field, Tick, wrongLength } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { language, t, time } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { session } from "../lib/session.js";
import { attempt } from "../lib/unavailable.js";
import { proceed } from "./progress.js";

const PATH = "/api/account/recovery";

const WORDS = {
    mail: {
        label: "recovery-contact.mail", hint: "recovery-contact.mail-hint", sent: "recovery-contact.mail-sent",
        enter: "recovery-contact.mail-enter",
    },
    phone: {
        label: "recovery-contact.phone", hint: "recovery-contact.phone-hint", sent: "recovery-contact.phone-sent",
        enter: "recovery-contact.phone-enter",
    },
};

// As the portal gives it, null until it is there.
export const recovery = signal(null);

const load = () => awaited(() => get(`${PATH}?language=${language()}`));
const send = (what, body) => awaited(() => post(`${PATH}/${what}`, { ...body, language: language() }));

// The text is asked for anew in another language.
export function useRecovery() {
    const chosen = language();
    useEffect(() => {
        attempt(async () => { recovery.value = await load(); });
    }, [chosen]);
    useEffect(() => () => { recovery.value = null; }, []);
    return recovery.value;
}

// What a button has done is shown; what failed is said. Whether it was done.
export async function change(what, body) {
    try {
        recovery.value = await send(what, body);
        return true;
    } catch (error) {
        if (error.code === "consent-changed") recovery.value = await load();
        if (!follow(error)) say(sentence(error), true);
        return false;
    }
}

export function decide(decision) {
    return change("decision", { decision, sha256: recovery.peek().consent.sha256 });
}

// The heading of a text, and what follows it: paragraphs, and lists of lines that begin with a number.
export function parts({ text }) {
    const [heading, ...rest] = text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
    return { heading, rest };
}

const NUMBERED = /^\d+\.\s+/;

function Part({ text }) {
    const lines = text.split("\n");
    if (!lines.every((line) => NUMBERED.test(line))) return html`<p>${text}</p>`;
    return html`<ol>${lines.map((line) => html`<li key=${line}>${line.replace(NUMBERED, "")}</li>`)}</ol>`;
}

export function ConsentText({ consent }) {
    return html`<div data-consent lang=${consent.language}>
        ${parts(consent).rest.map((text) => html`<${Part} key=${text} text=${text} />`)}
    </div>`;
}

// Of equal weight: the same size and colour.
export function Decide({ refuse, agree }) {
    return html`<div data-equal>
        <${Action} go=${refuse}>${t("recovery-contact.refuse")}<//>
        <${Action} go=${agree}>${t("recovery-contact.agree")}<//>
    </div>`;
}

async function ask(kind, { value, foreign = false }) {
    const answer = await reauthenticated(() => send("contact", { kind, value: value.trim(), foreign }));
    if (!answer) return;
    recovery.value = answer;
    say(t(WORDS[kind].sent));
}

function NewContact({ kind, foreign }) {
    const input = kind === "mail"
        ? { inputmode: "email", autocomplete: "email", autocapitalize: "none" }
        : { inputmode: "tel", autocomplete: "tel" };
    return html`<${Form} submit=${t("recovery-contact.send")} action=${(typed) => ask(kind, typed)}>
        <${Field} name="value" label=${t(WORDS[kind].label)} hint=${t(WORDS[kind].hint)}
            spellcheck=${false} maxlength="320" ...${input} />
        ${foreign && html`<${Tick} name="foreign" label=${t("recovery-contact.foreign")}
            hint=${t("recovery-contact.foreign-hint")} />`}
    <//>`;
}

function EnterCode({ kind, asked }) {
    const confirm = async ({ code }) => {
        recovery.value = await send("confirm", { kind, code: digitsOf(code) });
        const { due_at: due } = recovery.value.contacts[kind];
        say(due ? t("recovery-contact.waits", { time: time(due) }) : t("recovery-contact.added"));
    };
    return html`
        <p>${t(WORDS[kind].enter, { asked })}</p>
        <${Form} submit=${t("recovery-contact.confirm")} waiting=${t("code.waiting")} check=${wrongLength}
            action=${confirm}
            others=${html`<${Action} tone="quiet" go=${() => change("cancel", { kind })}>
                ${t("recovery-contact.other")}<//>`}>
            <${CodeField} />
        <//>`;
}

// One of the two: what it is, what it is to be, and how it is entered.
export function Contact({ kind, remove }) {
    const { contacts, foreign_possible: foreign } = recovery.value;
    const { value, asked, due_at: due } = contacts[kind];
    const waits = asked && due > 0;
    return html`
        ${value && html`<p data-contact=${kind}>${t("recovery-contact.is", { value })}</p>`}
        ${waits && html`
            <p data-note>${t("recovery-contact.will-be", { asked, time: time(due) })}</p>
            <${Action} go=${() => change("cancel", { kind })}>${t("recovery-contact.cancel")}<//>`}
        ${asked && !waits && html`<${EnterCode} key=${asked} kind=${kind} asked=${asked} />`}
        ${!asked && html`<${NewContact} key=${value} kind=${kind} foreign=${kind === "phone" && foreign} />`}
        ${value && remove && html`<${Action} tone="danger" go=${() => remove(kind)}>
            ${t("recovery-contact.remove")}<//>`}`;
}

// The session of this page goes on being one that is asked until the contacts are entered, too.
const decided = () => proceed({ ...session.peek(), recovery_consent: false });

function Question({ consent }) {
    const refuse = async () => { if (await decide("refuse")) await decided(); };
    return html`<${Page} key="question" title=${parts(consent).heading}>
        <${ConsentText} consent=${consent} />
        <${Decide} refuse=${refuse} agree=${() => decide("agree")} />
    <//>`;
}

function Enter({ phone, contacts }) {
    const has = contacts.mail.value || contacts.phone.value;
    return html`<${Page} key="enter" title=${t("recovery-contact.enter-title")}>
        <p>${t("recovery-contact.enter-text")}</p>
        <${Contact} kind="mail" />
        ${phone && html`<${Contact} kind="phone" />`}
        <${Action} tone=${has ? "accent" : "quiet"} go=${decided}>
            ${has ? t("recovery-contact.done") : t("recovery-contact.later")}<//>
    <//>`;
}

export function RecoveryContact() {
    const now = useRecovery();
    if (!now) return null;
    if (!now.agreed) return html`<${Question} consent=${now.consent} />`;
    return html`<${Enter} phone=${now.phone_possible} contacts=${now.contacts} />`;
}
