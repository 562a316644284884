// dialog.js - questions that must be answered before anything else goes on.

import { h, newId } from "./dom.js";
import { t } from "./language.js";

// content(close) makes the nodes; close(value) ends it. Resolves to value, or to
// undefined when the dialog was left with Escape.
export function dialog(title, content) {
    const id = newId("dialog");
    const node = h("dialog", { "aria-labelledby": id });
    let answer;
    const close = (value) => {
        answer = value;
        node.close();
    };
    node.append(h("h2", { id }, title), ...[content(close)].flat());
    document.body.append(node);
    return new Promise((resolve) => {
        node.addEventListener("close", () => {
            node.remove();
            resolve(answer);
        });
        node.showModal();
    });
}

// True when the reader agrees. It begins at the button that changes nothing.
export function agree({ title, text, yes }) {
    return dialog(title, (close) => [
        h("p", {}, text),
        h("div", { "data-row": true },
            h("button", { type: "button", autofocus: true, onclick: () => close(false) }, t("app.cancel")),
            h("button", { type: "button", "data-tone": "danger", onclick: () => close(true) }, yes)),
    ]);
}
