// registration.js - a step of signing in: registers an authenticator app, at once or later.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { day, t } from "../lib/language.js";
import { canUsePasskeys } from "../lib/passkeys.js";
import { go } from "../lib/router.js";
import { session } from "../lib/session.js";
import { attempt } from "../lib/unavailable.js";
import { AuthenticatorForm } from "./authenticator_form.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { shownCodes } from "./recovery_codes.js";

function later() {
    return attempt(async () => proceed(await post("/api/sign-in/later")));
}

async function confirm(code) {
    const answer = await post("/api/sign-in/registration/confirm", { code });
    shownCodes.value = answer.recovery_codes;
    await proceed(answer);
}

function lead({ next, required_from: from }) {
    if (next !== "offer") return t("registration.lead-required");
    return from ? t("registration.lead-from", { date: day(Date.parse(from) / 1000) }) : t("registration.lead");
}

export function Registration() {
    const optional = session.value.next === "offer";
    return html`<${AuthenticatorForm} begin=${() => post("/api/sign-in/registration")} confirm=${confirm}
        lead=${lead(session.value)}
        ways=${html`
            ${session.value.passkeys && canUsePasskeys() && html`
                <${Action} go=${() => go("/sign-in/registration/passkey")}>${t("passkey.register-instead")}<//>`}
            ${session.value.passkeys && html`
                <${Action} go=${() => go("/sign-in/registration/approval")}>${t("phone.register-instead")}<//>`}
            ${optional && html`<${Action} go=${later}>${t("registration.later")}<//>`}
            <${OtherAccount} />`} />`;
}
