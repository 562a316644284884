// copy.js - puts text into the clipboard.

import { h } from "./dom.js";
import { t } from "./language.js";
import { say } from "./stage.js";

export function copyButton(text) {
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
            say(t("copy.done"));
        } catch {
            say(t("copy.failed"), true);
        }
    };
    return h("button", { type: "button", "data-tone": "small", onclick: copy }, t("copy.copy"));
}
