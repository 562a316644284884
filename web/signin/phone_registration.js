// phone_registration.js - a step of signing in: registers a phone in the place of an authenticator app.

import { get, post } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { OtherAccount } from "./other_account.js";
import { OtherKinds } from "./other_kinds.js";
import { PhoneForm } from "./phone_form.js";
import { proceed } from "./progress.js";
import { shownCodes } from "./recovery_codes.js";

const PATH = "/api/sign-in/registration/approval";

async function confirm(number) {
    const answer = await post(`${PATH}/confirm`, { number });
    shownCodes.value = answer.recovery_codes;
    await proceed(answer);
}

export function PhoneRegistration() {
    return html`<${PhoneForm} begin=${() => post(PATH)} look=${() => get(PATH)} confirm=${confirm}
        lead=${t("phone.lead")}
        ways=${html`
            <${OtherKinds} from="approval" />
            <${OtherAccount} />`} />`;
}
