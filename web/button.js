// button.js - buttons that work once at a time.

import { h } from "./dom.js";

export function isBusy(button) {
    return button.getAttribute("aria-disabled") === "true";
}

// Runs task, during which the button cannot be pressed; it says what is awaited, if words are given.
export async function busy(button, task, words = button.textContent) {
    const label = button.textContent;
    button.setAttribute("aria-disabled", "true");
    button.textContent = words;
    try {
        return await task();
    } finally {
        button.removeAttribute("aria-disabled");
        button.textContent = label;
    }
}

export function action(label, go, attributes) {
    const button = h("button", { type: "button", ...attributes }, label);
    button.addEventListener("click", () => isBusy(button) || busy(button, go));
    return button;
}
