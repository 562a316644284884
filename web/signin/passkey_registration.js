// passkey_registration.js - a step of signing in: registers a passkey in the place of an authenticator app.

import { post } from "../lib/api.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { makePasskey } from "../lib/passkeys.js";
import { OtherAccount } from "./other_account.js";
import { OtherKinds } from "./other_kinds.js";
import { PasskeyName } from "./passkey_name.js";
import { proceed } from "./progress.js";
import { shownCodes } from "./recovery_codes.js";
import { Whose } from "./whose.js";

async function register({ name }) {
    const made = await makePasskey(await post("/api/sign-in/registration/passkey/challenge"));
    const answer = await post("/api/sign-in/registration/passkey", { ...made, name: name.trim() });
    shownCodes.value = answer.recovery_codes;
    return proceed(answer);
}

export function PasskeyRegistration() {
    return html`<${Page} title=${t("passkey.register-title")}>
        <p>${t("passkey.register-lead")}</p>
        <${Whose} />
        <${Form} submit=${t("passkey.register")} waiting=${t("passkey.waiting")} action=${register}>
            <${PasskeyName} />
        <//>
        <${OtherKinds} from="passkey" />
        <${OtherAccount} />
    <//>`;
}
