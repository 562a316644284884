// refusal.js - what stands in place of the console when the API answers this administrator nothing, and what to do.

import { Action } from "../lib/button.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { NotAnAdministrator } from "../signin/entrance.js";
import { enter } from "./state.js";

function FactorNeeded() {
    return html`<${Page} title=${t("refusal.factor-title")}>
        <p>${t("refusal.factor-text")}</p>
        <a href="/account/registration" data-button>${t("refusal.register")}</a>
        <a href="/account">${t("refusal.account")}</a>
    <//>`;
}

function CodeNeeded() {
    return html`<${Page} title=${t("refusal.code-title")}>
        <p>${t("refusal.code-text")}</p>
        <${Action} tone="accent" go=${enter}>${t("refusal.prove")}<//>
        <a href="/account">${t("refusal.account")}</a>
    <//>`;
}

export function Refusal({ why }) {
    if (why === "not-an-administrator") return html`<${NotAnAdministrator} />`;
    return html`<${Frame}>${why === "second-factor-needed" ? html`<${FactorNeeded} />` : html`<${CodeNeeded} />`}<//>`;
}
