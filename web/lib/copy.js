// copy.js - puts text into the clipboard.

import { say } from "./announcements.js";
import { html } from "./html.js";
import { t } from "./language.js";

export function CopyButton({ text, ...attributes }) {
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
            say(t("copy.done"));
        } catch {
            say(t("copy.failed"), true);
        }
    };
    return html`<button type="button" data-tone="small" onClick=${copy} ...${attributes}>${t("copy.copy")}</button>`;
}
