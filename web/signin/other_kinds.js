// other_kinds.js - the other kinds of second factors that the member may register, and later, where it may be put off.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { canUsePasskeys } from "../lib/passkeys.js";
import { go, goBack } from "../lib/router.js";
import { session } from "../lib/session.js";
import { attempt } from "../lib/unavailable.js";
import { proceed } from "./progress.js";

const APP = "/sign-in/registration";

function later() {
    return attempt(async () => proceed(await post("/api/sign-in/later")));
}

// from: the kind whose page it is. The page of the app has all ways; from others there is one back to it.
export function OtherKinds({ from }) {
    const { allowed_factors: allowed, next } = session.value;
    const isOther = (kind) => kind !== from && allowed.includes(kind);
    if (isOther("totp")) return html`<${Action} tone="quiet" go=${() => goBack(APP)}>${t("passkey.other-way")}<//>`;
    return html`
        ${isOther("passkey") && canUsePasskeys() && html`
            <${Action} go=${() => go(`${APP}/passkey`)}>${t("passkey.register-instead")}<//>`}
        ${isOther("approval") && html`
            <${Action} go=${() => go(`${APP}/approval`)}>${t("phone.register-instead")}<//>`}
        ${next === "offer" && html`<${Action} go=${later}>${t("registration.later")}<//>`}`;
}
