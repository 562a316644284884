// codes.js - the recovery codes that were just made.

import { useLayoutEffect } from "../vendor/hooks.js";
import { say } from "../lib/announcements.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { go, goBack } from "../lib/router.js";
import { RecoveryCodes, shownCodes } from "../signin/recovery_codes.js";

async function done() {
    await goBack("/account");
    say(t("not-kept.done"));
}

export function CodesPage() {
    const begun = shownCodes.value !== null;
    useLayoutEffect(() => {
        if (!begun) go("/account", { replace: true });
    }, []);
    return begun && html`<${RecoveryCodes} done=${done} />`;
}
