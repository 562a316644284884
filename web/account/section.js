// section.js - a section of an account page.

import { html } from "../lib/html.js";

export function Section({ id, title, children }) {
    return html`<section aria-labelledby=${id}><h2 id=${id} tabindex="-1">${title}</h2>${children}</section>`;
}
