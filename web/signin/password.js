// password.js - address and password.

import { useSignal } from "../vendor/signals.js";
import { post } from "../lib/api.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { InAppBrowser } from "../lib/in_app_browser.js";
import { t } from "../lib/language.js";
import { requestParameter } from "../lib/places.js";
import { session } from "../lib/session.js";
import { brand, portalName } from "../lib/state.js";
import { PasskeyAlone } from "./passkey_alone.js";
import { notice, proceed } from "./progress.js";

const ADDRESS_MAX = 320;

// What the sign-in may begin with: as the address of the page says, or the portal of a session that is over.
const NOTICES = {
    "signed-out": () => t("notice.signed-out"),
    "other-window": () => t("notice.other-window"),
    ended: () => t("notice.ended"),
    expired: () => t("notice.expired"),
};

// A password that can be looked at.
function PasswordField({ start }) {
    const shown = useSignal(false);
    const turn = () => { shown.value = !shown.value; };
    const reveal = (id) => html`<button type="button" aria-controls=${id} onClick=${turn}
        aria-label=${shown.value ? t("password.hide-label") : t("password.show-label")}>
        ${shown.value ? t("password.hide") : t("password.show")}
    </button>`;
    return html`<${Field} name="password" label=${t("password.password")} type=${shown.value ? "text" : "password"}
        autocomplete="current-password" start=${start} beside=${reveal} />`;
}

export function Password() {
    const hint = requestParameter("login_hint").slice(0, ADDRESS_MAX);
    const begun = NOTICES[notice.value];
    const forgotten = session.value.password_recovery ? "/forgotten-password" : brand.password;
    return html`<${Page} title=${t("password.title")}>
        <p>${t("password.lead", { name: portalName() })}</p>
        ${begun && html`<p data-note>${begun()}</p>`}
        <${InAppBrowser} />
        <${Form} submit=${t("password.submit")} waiting=${t("password.waiting")}
            action=${async (typed) => proceed(await post("/api/sign-in", { ...typed, user: typed.user.trim() }))}>
            <${Field} name="user" label=${t("password.user")} inputmode="email" autocomplete="username"
                autocapitalize="none" spellcheck=${false} maxlength=${ADDRESS_MAX} defaultValue=${hint}
                start=${!hint} />
            <${PasswordField} start=${Boolean(hint)} />
        <//>
        <${PasskeyAlone} />
        ${forgotten && html`<p data-aside><a href=${forgotten}>${t("app.forgotten")}</a></p>`}
    <//>`;
}
