// verification.js - "verify now", where the sign-in asks for the password alone and sensitive changes for a second factor.

import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Section } from "./section.js";
import { request, show } from "./state.js";

const ID = "verification";

async function verify() {
    const answer = await request("/api/account/verification", undefined, () => t("verification.reason"));
    if (answer) show(answer, t("verification.done"), ID);
}

export function Verification({ account }) {
    const isAsked = account.two_factor && account.two_factor_mode === "use" && account.factor.registered;
    if (account.two_factor_requirement !== "step_up" || !isAsked) return null;
    return html`<${Section} id=${ID} title=${t("verification.title")}>
        <p>${account.reauthenticated ? t("verification.recent") : t("verification.text")}</p>
        ${!account.reauthenticated && html`<${Action} go=${verify}>${t("verification.now")}<//>`}
    <//>`;
}
