// codes_step.js - the last step of signing in, where recovery codes are not kept yet.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { finish } from "./progress.js";
import { keep, orSay, RecoveryCodes, shownCodes } from "./recovery_codes.js";

async function makeNew() {
    const answer = await orSay(() => reauthenticated(() => post("/api/account/recovery-codes")));
    if (answer) shownCodes.value = answer.recovery_codes;
}

// Codes were made, and the page that showed them was lost, or left without a word.
function CodesNotKept() {
    return html`<${Page} title=${t("not-kept.title")}>
        <p>${t("not-kept.text")}</p>
        <${Action} tone="accent" go=${makeNew}>${t("factor.codes")}<//>
        <${Action} go=${() => keep(finish)}>${t("codes.kept")}<//>
        <${Action} tone="quiet" go=${finish}>${t("not-kept.later")}<//>
    <//>`;
}

export function CodesStep() {
    return shownCodes.value ? html`<${RecoveryCodes} done=${finish} />` : html`<${CodesNotKept} />`;
}
