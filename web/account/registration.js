// registration.js - registers an authenticator, the first or another one.

import { say } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { go, goBack } from "../lib/router.js";
import { AuthenticatorForm } from "../signin/authenticator_form.js";
import { shownCodes } from "../signin/recovery_codes.js";
import { request, useAccount } from "./state.js";

const cancel = () => goBack("/account");

async function begin() {
    const pending = await request("/api/account/registration");
    if (!pending) await cancel();
    return pending;
}

async function confirm(code) {
    const answer = await post("/api/account/registration/confirm", { code });
    shownCodes.value = answer.recovery_codes;
    go("/account/recovery-codes", { replace: true });
    say(t("factor.registered"));
}

export function RegistrationPage() {
    const again = useAccount()?.factor.kinds.includes("totp");
    return html`<${AuthenticatorForm} begin=${begin} confirm=${confirm}
        lead=${again ? t("registration.lead-anew") : t("registration.lead")}
        ways=${html`<${Action} go=${cancel}>${t("app.cancel")}<//>`} />`;
}
