// fields.js - labelled fields of a form. What is typed stays in the element, whatever is drawn anew around it.

import { useContext, useId } from "../vendor/hooks.js";
import { createContext } from "../vendor/preact.js";
import { html } from "./html.js";
import { t } from "./language.js";

// What is wrong in the form around: a signal of { name, text }.
export const FormContext = createContext();

// A text field; beside(id) is markup beside it, and start whether the page begins there;
// other attributes are the element's.
export function Field({ name, label, hint, beside, start, optional, ...attributes }) {
    const id = useId();
    const wrong = useContext(FormContext)?.value;
    const error = wrong?.name === name ? wrong.text : null;
    const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
    return html`<div data-field>
        <label for=${id}>${label}</label>
        <div>
            <input id=${id} name=${name} type="text" required=${!optional} data-start=${start || undefined}
                aria-invalid=${error ? "true" : undefined} aria-describedby=${described || undefined}
                ...${attributes} />
            ${beside?.(id)}
        </div>
        ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
        <p role="alert" id=${`${id}-error`}>${error}</p>
    </div>`;
}

// One of several values: options are pairs of a value and its words.
export function Select({ name, label, hint, options, value, ...attributes }) {
    const id = useId();
    const option = ([one, words]) => html`<option key=${one} value=${one} selected=${one === value}>${words}</option>`;
    return html`<div data-field>
        <label for=${id}>${label}</label>
        <select id=${id} name=${name} aria-describedby=${hint ? `${id}-hint` : undefined} ...${attributes}>
            ${options.map(option)}
        </select>
        ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
    </div>`;
}

// A box to tick, or with type "radio" one of several.
export function Tick({ name, label, hint, ...attributes }) {
    const id = useId();
    return html`<div data-tick>
        <input type="checkbox" id=${id} name=${name} aria-describedby=${hint ? `${id}-hint` : undefined}
            ...${attributes} />
        <label for=${id}>${label}</label>
        ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
    </div>`;
}

export function CodeField({ start }) {
    return html`<${Field} name="code" label=${t("code.label")} start=${start} inputmode="numeric"
        autocomplete="one-time-code" maxlength="12" spellcheck=${false} data-code />`;
}

// For who has no phone at hand, too.
export function EitherCodeField() {
    return html`<${Field} name="code" label=${t("code.either")} autocomplete="one-time-code" autocapitalize="none"
        maxlength="40" spellcheck=${false} data-code />`;
}

// Six digits from what was typed: with spaces, or in the wide digits of an Asian keyboard.
export function digitsOf(code) {
    return code.normalize("NFKC").replace(/\D/g, "");
}

// A sentence against what was typed, or null.
export function wrongLength({ code }) {
    return digitsOf(code).length === 6 ? null : t("code.length");
}

// What was typed into an EitherCodeField, as the portal takes it.
export function eitherCodeOf(typed) {
    const code = typed.normalize("NFKC").trim();
    const digits = code.replace(/\s/g, "");
    return /^\d{6}$/.test(digits) ? digits : code;
}
