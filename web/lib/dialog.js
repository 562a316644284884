// dialog.js - questions that must be answered before anything else goes on.

import { useId, useLayoutEffect, useRef } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { html } from "./html.js";
import { t } from "./language.js";

// { title, content(close), answered(value) }, the one on top last: a question may ask another one, such as for a code, and
// goes on when that is answered.
const asked = signal([]);

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
    return asked.value.map((question) => html`<${Dialog} key=${question.number} ...${question} />`);
}

let count = 0;

// content(close) is the markup; close(value) ends it. Resolves to value, or to undefined when the dialog
// was left with Escape.
export function dialog(title, content) {
    return new Promise((resolve) => {
        const question = { number: count += 1, title, content };
        question.answered = (value) => {
            asked.value = asked.peek().filter((other) => other !== question);
            resolve(value);
        };
        asked.value = [...asked.peek(), question];
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
