// form.js - a form with one action: labels, errors that are read out, waits that count down.

import { busy, isBusy } from "./button.js";
import { h, newId, typedIn } from "./dom.js";
import { duration, t } from "./language.js";
import { follow } from "./places.js";
import { sentence, waitOf } from "./problem.js";

// A labelled text field; other attributes are the input's.
export function field({ name, label, hint, beside, ...attributes }) {
    const id = newId(name);
    const hintId = hint && newId("hint");
    const input = h("input", { id, name, type: "text", "aria-describedby": hintId, ...attributes });
    return h("div", { "data-field": true },
        h("label", { for: id }, label),
        h("div", {}, input, beside?.(input)),
        hint && h("small", { id: hintId }, hint));
}

export function tick({ name, label, hint }) {
    const id = newId(name);
    const hintId = hint && newId("hint");
    return h("div", { "data-tick": true },
        h("input", { type: "checkbox", id, name, "aria-describedby": hintId }),
        h("label", { for: id }, label),
        hint && h("small", { id: hintId }, hint));
}

export function codeField() {
    return field({
        name: "code", label: t("code.label"), inputmode: "numeric", autocomplete: "one-time-code",
        maxlength: 12, spellcheck: "false", "data-code": true,
    });
}

// For who has no phone at hand, too.
export function eitherCodeField() {
    return field({
        name: "code", label: t("code.either"), autocomplete: "one-time-code", autocapitalize: "none",
        maxlength: 40, spellcheck: "false", "data-code": true,
    });
}

// What was typed there, as the portal takes it.
export function eitherCodeOf(typed) {
    const code = typed.normalize("NFKC").trim();
    const digits = code.replace(/\s/g, "");
    return /^\d{6}$/.test(digits) ? digits : code;
}

// Six digits from what was typed: with spaces, or in the wide digits of an Asian keyboard.
export function digitsOf(code) {
    return code.normalize("NFKC").replace(/\D/g, "");
}

// Counts down in the button; it works again at 0.
function holdBack(button, label, seconds) {
    const end = Date.now() + seconds * 1000;
    const tell = () => {
        const left = Math.ceil((end - Date.now()) / 1000);
        button.setAttribute("aria-disabled", String(left > 0));
        button.textContent = left > 0 ? t("form.wait", { wait: duration(left) }) : label;
        if (left > 0 && button.isConnected) setTimeout(tell, 500);
    };
    tell();
}

function markWrong(input, alert) {
    if (!input) return;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-errormessage", alert.id);
    input.focus();
    if (input.type === "password") input.value = "";
    else input.select();
}

// action gets what was typed, by name; check may return a sentence against it. Both
// may be wrong about the last field, which gets the focus then. While action runs, the
// button says waiting.
export function form({ fields, submit, waiting, check, action, others }) {
    const alert = h("p", { role: "alert", id: newId("alert") });
    const button = h("button", { type: "submit", "aria-live": "polite" }, submit);
    const node = h("form", { novalidate: true, method: "post", onsubmit: send }, fields, alert, button, others);
    const inputs = [...node.querySelectorAll("input:not([type=checkbox], [type=radio])")];

    function complain(text, input) {
        alert.textContent = text;
        markWrong(input, alert);
    }

    function accept() {
        alert.textContent = "";
        for (const input of inputs) input.removeAttribute("aria-invalid");
        const empty = inputs.find((input) => input.value.trim() === "");
        if (empty) complain(t("form.empty"), empty);
        return !empty;
    }

    function refused(error) {
        if (follow(error)) return;
        complain(sentence(error), inputs[inputs.length - 1]);
        if (waitOf(error)) holdBack(button, submit, waitOf(error));
    }

    async function send(event) {
        event.preventDefault();
        if (isBusy(button) || !accept()) return;
        const typed = typedIn(node);
        const wrong = check?.(typed);
        if (wrong) return complain(wrong, inputs[inputs.length - 1]);
        node.setAttribute("aria-busy", "true");
        try {
            await busy(button, () => action(typed), waiting);
        } catch (error) {
            refused(error);
        }
        node.removeAttribute("aria-busy");
    }
    return node;
}
