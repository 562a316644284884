// logo.js - the operator's logo, or a latch: a bolt that slides through its keep. icon.svg is the same drawing.

import { html } from "./html.js";
import { brand } from "./state.js";

function Picture({ light, dark }) {
    return html`<picture>
        ${dark && html`<source media="(prefers-color-scheme: dark)" srcset=${dark} />`}
        <img src=${light} alt="" />
    </picture>`;
}

export function Logo() {
    if (brand.logo) return html`<${Picture} ...${brand.logo} />`;
    return html`<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" data-logo>
        <rect x="1" y="1" width="30" height="30" rx="9" />
        <path d="M7.5 17h14" stroke-width="5" />
        <path d="M12 15v-5.5" stroke-width="3.2" />
        <path d="M20.5 9h3a2.5 2.5 0 0 1 2.5 2.5v11a2.5 2.5 0 0 1-2.5 2.5h-3" stroke-width="2.4" />
    </svg>`;
}
