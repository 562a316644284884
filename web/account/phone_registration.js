// phone_registration.js - registers a phone that approves sign-ins, the first or another one.

import { say } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { go, goBack } from "../lib/router.js";
import { PhoneForm } from "../signin/phone_form.js";
import { shownCodes } from "../signin/recovery_codes.js";
import { request } from "./state.js";

const PATH = "/api/account/phones";
const cancel = () => goBack("/account");

async function begin() {
    const offer = await request(`${PATH}/registration`);
    if (!offer) await cancel();
    return offer;
}

async function confirm(number) {
    const answer = await reauthenticated(() => post(PATH, { number }));
    if (!answer) return;
    if (answer.recovery_codes) {
        shownCodes.value = answer.recovery_codes;
        go("/account/recovery-codes", { replace: true });
    } else {
        await cancel();
    }
    say(t("phone.made"));
}

export function PhoneRegistrationPage() {
    return html`<${PhoneForm} begin=${begin} look=${() => get(`${PATH}/registration`)} confirm=${confirm}
        lead=${t("phone.lead")} ways=${html`<${Action} go=${cancel}>${t("app.cancel")}<//>`} />`;
}
