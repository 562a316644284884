// recovery_stop.js - the page of the link that a recovery contact is sent when another one is to take its place.

import { useSignal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Form } from "../lib/form.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";

// Behind "#" it has not been sent to the server: whoever only fetches the link stops nothing.
const token = location.hash.slice(1);

export function RecoveryStop() {
    const stopped = useSignal(false);
    const stop = async () => {
        await awaited(() => post("/api/recovery/stop", { token }));
        stopped.value = true;
    };
    if (stopped.value) {
        return html`<${Frame}><${Page} key="done" title=${t("recovery-stop.done-title")}>
            <p>${t("recovery-stop.done-text")}</p>
        <//><//>`;
    }
    return html`<${Frame}><${Page} key="ask" title=${t("recovery-stop.title")}>
        <p>${t("recovery-stop.text")}</p>
        <${Form} submit=${t("recovery-stop.submit")} action=${stop} />
    <//><//>`;
}
