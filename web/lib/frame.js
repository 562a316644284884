// frame.js - what is around every page: the operator's name, languages; and the beginning of a page.

import { useLayoutEffect, useRef } from "../vendor/hooks.js";
import { html } from "./html.js";
import { language, languages, nameOf, setLanguage, t } from "./language.js";
import { Logo } from "./logo.js";
import { place } from "./router.js";
import { brand, portalName } from "./state.js";
import { failure, Unavailable } from "./unavailable.js";

function LanguageSwitch() {
    const button = (code) => html`<button type="button" lang=${code} aria-pressed=${String(code === language())}
        onClick=${() => setLanguage(code)}>${nameOf(code)}</button>`;
    return html`<nav aria-label=${t("language.label")}>${languages.map(button)}</nav>`;
}

// corner: markup for the corner of the header; menu: that of the account pages; wide: for pages of
// sections, else a card.
export function Frame({ corner, menu, wide, children }) {
    useLayoutEffect(() => { document.body.dataset.width = wide ? "wide" : "narrow"; }, [wide]);
    return html`<div id="frame">
        <header><strong><${Logo} />${portalName()}</strong>${corner && html`<div>${corner}</div>`}</header>
        ${menu}
        <main>${children}</main>
        <footer>
            <${LanguageSwitch} />
            ${brand.help && html`<a href=${brand.help}>${t("app.help")}</a>`}
            ${brand.footers[language()] && html`<small>${brand.footers[language()]}</small>`}
        </footer>
    </div>`;
}

// A page: its title, and content below. Where it begins: at the element marked data-start, or the title.
// While the server cannot answer, that stands in place of the content.
export function Page({ title, children }) {
    const heading = useRef();
    const failed = failure.value;
    const shown = failed ? failed.title() : title;
    useLayoutEffect(() => { document.title = `${shown} - ${portalName()}`; }, [shown]);
    useLayoutEffect(() => {
        if (!place.peek().returned) scrollTo(0, 0);
        (document.querySelector("main [data-start]") ?? heading.current).focus();
    }, [failed]);
    return html`
        <h1 ref=${heading} tabindex="-1">${shown}</h1>
        ${failed ? html`<${Unavailable} key=${failed} ...${failed} />` : children}`;
}
