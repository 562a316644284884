// new_key.js - a key that was just made: shown this once.

import { useEffect } from "../vendor/hooks.js";
import { Section } from "../account/section.js";
import { Action } from "../lib/button.js";
import { CopyButton } from "../lib/copy.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { useWarning } from "../lib/once.js";

const ID = "made";
const HEADER = "Authorization: Bearer pl_key_...";

export function NewKey({ made, putAway }) {
    useWarning(() => ({ title: t("new-key.leave-title"), text: t("new-key.leave-text"), yes: t("new-key.leave") }));
    useEffect(() => document.getElementById(ID).focus(), []);
    return html`<${Section} id=${ID} title=${t("new-key.title", { name: made.label })}>
        <p data-note>${t("new-key.once")}</p>
        <dl data-secret><div>
            <dt>${t("new-key.key")}</dt>
            <dd><code>${made.key}</code><${CopyButton} text=${made.key} /></dd>
        </div></dl>
        <p data-aside>${t("new-key.use")} <code>${HEADER}</code></p>
        <${Action} tone="accent" go=${putAway}>${t("new-key.kept")}<//>
    <//>`;
}
