// details.js - a name and its value, in a list of them; some of the values are there to be copied.

import { CopyButton } from "../lib/copy.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";

export function detail(name, value) {
    return html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`;
}

export function copied(name, value) {
    return detail(name, html`<code>${value}</code>
        <${CopyButton} text=${value} aria-label=${t("copy.which", { name })} />`);
}
