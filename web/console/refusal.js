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

const KINDS = {
    totp: () => t("refusal.kind-totp"),
    passkey: () => t("refusal.kind-passkey"),
    approval: () => t("refusal.kind-approval"),
};

function OtherFactorNeeded({ factors }) {
    const names = factors.map((kind) => KINDS[kind]()).join(", ");
    return html`<${Page} title=${t("refusal.kind-title")}>
        <p>${t("refusal.kind-text", { factors: names })}</p>
        <a href="/account" data-button>${t("refusal.register")}</a>
    <//>`;
}

function CodeNeeded() {
    return html`<${Page} title=${t("refusal.code-title")}>
        <p>${t("refusal.code-text")}</p>
        <${Action} tone="accent" go=${enter}>${t("refusal.prove")}<//>
        <a href="/account">${t("refusal.account")}</a>
    <//>`;
}

// why: the ApiError.
export function Refusal({ why }) {
    if (why.code === "not-an-administrator") return html`<${NotAnAdministrator} />`;
    if (why.code === "second-factor-needed") return html`<${Frame}><${FactorNeeded} /><//>`;
    if (why.code === "other-second-factor-needed") {
        return html`<${Frame}><${OtherFactorNeeded} factors=${why.factors} /><//>`;
    }
    return html`<${Frame}><${CodeNeeded} /><//>`;
}
