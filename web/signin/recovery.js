// recovery.js - the second step without the app: a recovery code.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { goBack } from "../lib/router.js";
import { session } from "../lib/session.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Whose } from "./whose.js";

export function Recovery() {
    const hasApp = session.value.factors.includes("totp");
    const send = async ({ code }) => proceed(await post("/api/sign-in/recovery", { code: code.trim() }));
    return html`<${Page} title=${t("recovery.title")}>
        <p>${t("recovery.lead")}</p>
        <${Whose} />
        <${Form} submit=${t("code.submit")} waiting=${t("code.waiting")} action=${send}>
            <${Field} name="code" label=${t("recovery.label")} hint=${t("recovery.hint")} start autocomplete="off"
                autocapitalize="none" spellcheck=${false} maxlength="40" data-code />
        <//>
        <${Action} tone="quiet" go=${() => goBack(hasApp ? "/sign-in/code" : "/sign-in/passkey")}>
            ${hasApp ? t("recovery.back") : t("passkey.other-way")}
        <//>
        <${OtherAccount} />
    <//>`;
}
