// registration.js - a step of signing in: registers an authenticator app, at once or later.

import { post } from "../lib/api.js";
import { html } from "../lib/html.js";
import { day, t } from "../lib/language.js";
import { session } from "../lib/session.js";
import { AuthenticatorForm } from "./authenticator_form.js";
import { OtherAccount } from "./other_account.js";
import { OtherKinds } from "./other_kinds.js";
import { proceed } from "./progress.js";
import { shownCodes } from "./recovery_codes.js";

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
    return html`<${AuthenticatorForm} begin=${() => post("/api/sign-in/registration")} confirm=${confirm}
        lead=${lead(session.value)}
        ways=${html`
            <${OtherKinds} from="totp" />
            <${OtherAccount} />`} />`;
}
