// code.js - the second step: a code of the app.

import { post } from "../lib/api.js";
import { CodeField, digitsOf, Tick, wrongLength } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Ways } from "./ways.js";
import { Whose } from "./whose.js";

export function Code() {
    const send = async ({ code, trust }) => proceed(await post("/api/sign-in/code", { code: digitsOf(code), trust }));
    return html`<${Page} title=${t("code.title")}>
        <p>${t("code.lead")}</p>
        <${Whose} />
        <${Form} submit=${t("code.submit")} waiting=${t("code.waiting")} check=${wrongLength} action=${send}>
            <${CodeField} start />
            <${Tick} name="trust" label=${t("code.trust")} hint=${t("code.trust-hint")} />
        <//>
        <${Ways} from="/sign-in/code" />
        <${OtherAccount} />
    <//>`;
}
