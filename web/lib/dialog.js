// dialog.js - questions that must be answered before anything else goes on.

import { useId, useLayoutEffect, useRef } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { html } from "./html.js";
import { t } from "./language.js";

const asked = signal(null); // { title, content(close), answered(value) }

function Dialog({ title, content, answered }) {
    const id = useId();
    const node = useRef();
    const answer = useRef();
    const close = (value) => {
        answer.current = value;
        node.current.close();
    };
    useLayoutEffect(() => node.current.showModal(), []);
    return html`<dialog ref=${node} aria-labelledby=${id} onClose=${() => answered(answer.current)}>
        <h2 id=${id}>${title}</h2>
        ${content(close)}
    </dialog>`;
}

export function Dialogs() {
    return asked.value && html`<${Dialog} key=${asked.value} ...${asked.value} />`;
}

// content(close) is the markup; close(value) ends it. Resolves to value, or to undefined when the dialog
// was left with Escape.
export function dialog(title, content) {
    return new Promise((resolve) => {
        const answered = (value) => {
            asked.value = null;
            resolve(value);
        };
        asked.value = { title, content, answered };
    });
}

// True when the reader agrees. It begins at the button that changes nothing.
export function agree({ title, text, yes }) {
    return dialog(title, (close) => html`
        <p>${text}</p>
        <div data-row>
            <button type="button" autofocus onClick=${() => close(false)}>${t("app.cancel")}</button>
            <button type="button" data-tone="danger" onClick=${() => close(true)}>${yes}</button>
        </div>`);
}
