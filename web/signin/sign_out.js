// sign_out.js - asks before it signs out, where a webmail could not prove whose session it ends.

import { useLayoutEffect } from "../vendor/hooks.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { signIn } from "../lib/places.js";
import { session } from "../lib/session.js";
import { attempt } from "../lib/unavailable.js";

export function signOut() {
    return attempt(async () => {
        await post("/api/sign-out");
        signIn("signed-out");
    });
}

export function SignOut() {
    const { state, address } = session.value;
    useLayoutEffect(() => {
        if (state === "none") signIn("signed-out");
    }, []);
    if (state === "none") return null;
    return html`<${Frame}><${Page} title=${t("sign-out.title")}>
        <p>${t("sign-out.text", { account: address })}</p>
        <${Action} tone="accent" go=${signOut}>${t("app.sign-out")}<//>
        <${Action} go=${() => location.assign("/account")}>${t("sign-out.stay")}<//>
    <//><//>`;
}
