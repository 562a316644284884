// account_section.js - a section of the account page, and its buttons.

import { h } from "./dom.js";

export function section(id, title, ...content) {
    return h("section", { "aria-labelledby": id }, h("h2", { id, tabindex: "-1" }, title), content);
}

// A button that works once at a time.
export function action(label, go, attributes) {
    const button = h("button", { type: "button", "data-tone": "small", ...attributes }, label);
    button.addEventListener("click", async () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        button.setAttribute("aria-disabled", "true");
        await go();
        button.removeAttribute("aria-disabled");
    });
    return button;
}
