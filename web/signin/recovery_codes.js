// recovery_codes.js - ten codes, shown this once, until the reader has kept them.

import { effect, signal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { CopyButton } from "../lib/copy.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { session } from "../lib/session.js";
import { portalName } from "../lib/state.js";

// The codes, until they are kept. They are nowhere else.
export const shownCodes = signal(null);

function ask(event) {
    event.preventDefault();
    event.returnValue = true; // for browsers of before 2023
}

// Who leaves the page loses them: the browser asks first.
effect(() => {
    if (shownCodes.value) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
});

function download(text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = "recovery-codes.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// What fails is said, and leaves the page as it is: there is nowhere else to read the codes.
export async function orSay(task) {
    try {
        return await awaited(task);
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
        return null;
    }
}

// Tells the portal that they are kept; done(account) goes on.
export async function keep(done) {
    const account = await orSay(() => post("/api/account/recovery-codes/kept"));
    if (!account) return;
    shownCodes.value = null;
    await done(account);
}

// done(account), with what the account pages show.
export function RecoveryCodes({ done }) {
    const codes = shownCodes.value ?? [];
    const { address } = session.value;
    const origin = t("codes.origin", { name: portalName(), account: address, time: time(Date.now() / 1000) });
    const text = [origin, "", ...codes, ""].join("\r\n");
    return html`<${Page} title=${t("codes.title")}>
        <p>${t("codes.lead")}</p>
        <section data-codes aria-label=${t("codes.title")}>
            <ol>${codes.map((code) => html`<li key=${code}><code>${code}</code></li>`)}</ol>
            <small>${origin}</small>
        </section>
        <div data-row>
            <${CopyButton} text=${codes.join("\n")} />
            <${Action} tone="small" go=${() => download(text)}>${t("codes.download")}<//>
            <${Action} tone="small" go=${() => print()}>${t("codes.print")}<//>
        </div>
        <p data-note>${t("codes.once")}</p>
        <${Action} tone="accent" go=${() => keep(done)}>${t("codes.kept")}<//>
    <//>`;
}
