// passkey_alone.js - signing in with a passkey in the place of address, password and second step, where the portal has that.

import { say } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { canUsePasskeys, provePasskey } from "../lib/passkeys.js";
import { follow } from "../lib/places.js";
import { sentence } from "../lib/problem.js";
import { session } from "../lib/session.js";
import { proceed } from "./progress.js";

const PATH = "/api/sign-in/passkey-alone";

// Which passkey it is, the reader chooses: nobody is known yet.
async function signIn() {
    say("");
    try {
        await proceed(await post(PATH, await provePasskey(await post(`${PATH}/challenge`))));
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
    }
}

export function PasskeyAlone() {
    if (!session.value.passkey_sign_in || !canUsePasskeys()) return null;
    return html`<${Action} go=${signIn}>${t("passkey.alone")}<//>`;
}
