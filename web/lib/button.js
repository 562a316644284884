// button.js - a button that works once at a time.

import { useSignal } from "../vendor/signals.js";
import { html } from "./html.js";

// go(), what it does; tone, how it looks: accent, danger, quiet, small.
export function Action({ go, tone, children, ...attributes }) {
    const busy = useSignal(false);
    const press = async () => {
        if (busy.value) return;
        busy.value = true;
        try {
            await go();
        } finally {
            busy.value = false;
        }
    };
    return html`<button type="button" data-tone=${tone} aria-disabled=${busy.value ? "true" : undefined}
        onClick=${press} ...${attributes}>${children}</button>`;
}
