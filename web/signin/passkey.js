// passkey.js - the second step: a passkey, and the other ways that the member has.

import { post } from "../lib/api.js";
import { Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { provePasskey } from "../lib/passkeys.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Ways } from "./ways.js";
import { Whose } from "./whose.js";

async function prove({ trust }) {
    const proof = await provePasskey(await post("/api/sign-in/passkey/challenge"));
    return proceed(await post("/api/sign-in/passkey", { ...proof, trust }));
}

export function Passkey() {
    return html`<${Page} title=${t("code.title")}>
        <p>${t("passkey.lead")}</p>
        <${Whose} />
        <${Form} submit=${t("passkey.submit")} waiting=${t("passkey.waiting")} action=${prove}>
            <${Tick} name="trust" label=${t("code.trust")} hint=${t("code.trust-hint")} />
        <//>
        <${Ways} from="/sign-in/passkey" />
        <${OtherAccount} />
    <//>`;
}
