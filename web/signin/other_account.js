// other_account.js - the way to another account: signs the pending session out.

import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { goToStart } from "../lib/router.js";
import { session } from "../lib/session.js";
import { attempt } from "../lib/unavailable.js";

function startOver() {
    return attempt(async () => {
        session.value = await post("/api/sign-out");
        await goToStart("/sign-in");
    });
}

export function OtherAccount() {
    return html`<${Action} tone="quiet" go=${startOver}>${t("code.other-account")}<//>`;
}
