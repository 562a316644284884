// form.js - a form with one action: errors are read out and stand at their field; waits count down.

import { useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { FormContext } from "./fields.js";
import { html } from "./html.js";
import { duration, t } from "./language.js";
import { follow } from "./places.js";
import { isAboutInput, sentence, waitOf } from "./problem.js";

// What is typed, ticked and chosen, by name.
function typedIn(form) {
    const typed = {};
    for (const { name, type, value, checked } of form.elements) {
        if (type === "checkbox") typed[name] = checked;
        else if (name && (type !== "radio" || checked)) typed[name] = value;
    }
    return typed;
}

function inputsOf(form) {
    return [...form.elements].filter(({ type, name }) => name && type !== "checkbox" && type !== "radio");
}

function begin(input) {
    input.focus();
    if (input.type === "password") input.value = "";
    else input.select?.();
}

// Seconds for which the button is held back; it works again at 0.
function useHold() {
    const left = useSignal(0);
    const hold = (seconds) => {
        const end = Date.now() + seconds * 1000;
        const tell = () => {
            left.value = Math.max(0, Math.ceil((end - Date.now()) / 1000));
            if (left.peek() > 0) setTimeout(tell, 500);
        };
        tell();
    };
    return [left.value, hold];
}

// submit: the button's words, and waiting, those while action runs. action gets what was typed, by name; check
// may return a sentence against it, about the last field, which gets the focus then. others: more buttons.
export function Form({ submit, waiting, check, action, others, children }) {
    const wrong = useSignal({}); // name of a field, or none; text
    const busy = useSignal(false);
    const [left, hold] = useHold();
    const node = useRef();

    function complain(text, input) {
        wrong.value = { name: input?.name, text };
        if (input) begin(input);
    }

    function refused(error) {
        if (follow(error)) return;
        const inputs = inputsOf(node.current);
        const field = error.field && inputs.find(({ name }) => name === error.field);
        complain(sentence(error), field || (isAboutInput(error) ? inputs.pop() : undefined));
        if (waitOf(error)) hold(waitOf(error));
    }

    async function run(typed) {
        busy.value = true;
        try {
            await action(typed);
        } catch (error) {
            refused(error);
        } finally {
            busy.value = false;
        }
    }

    function send(event) {
        event.preventDefault();
        if (busy.peek() || left > 0) return;
        const inputs = inputsOf(node.current);
        const empty = inputs.find((input) => input.required && input.value.trim() === "");
        if (empty) return complain(t("form.empty"), empty);
        const typed = typedIn(node.current);
        const text = check?.(typed);
        if (text) return complain(text, inputs.pop());
        wrong.value = {};
        run(typed);
    }

    const words = left > 0 ? t("form.wait", { wait: duration(left) }) : submit;
    return html`<form ref=${node} novalidate method="post" onSubmit=${send}
        aria-busy=${busy.value ? "true" : undefined}>
        <${FormContext.Provider} value=${wrong}>${children}<//>
        <p role="alert">${!wrong.value.name && wrong.value.text}</p>
        <button type="submit" aria-live="polite" aria-disabled=${busy.value || left > 0 ? "true" : undefined}>
            ${busy.value ? waiting ?? submit : words}
        </button>
        ${others}
    </form>`;
}
