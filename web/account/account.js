// account.js - the account pages: their frame and navigation, around the one that the address names.

import { useLayoutEffect } from "../vendor/hooks.js";
import { Action } from "../lib/button.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { go, Link, place } from "../lib/router.js";
import { session } from "../lib/session.js";
import { signOut } from "../signin/sign_out.js";
import { useSignedIn } from "../signin/signed_in.js";
import { pages } from "./pages.js";

const isOpen = ({ when }) => !when || session.value?.[when] === true;

function Corner() {
    const { address, administrator, webmail } = session.value;
    return html`
        <span>${address}</span>
        ${administrator && html`<a href="/console">${t("app.console")}</a>`}
        ${/^https?:/.test(webmail ?? "") && html`<a href=${webmail}>${t("app.webmail")}</a>`}
        <${Action} tone="small" go=${signOut}>${t("app.sign-out")}<//>`;
}

function Menu({ current }) {
    const item = ({ path, title, short = title }) => html`<li key=${path}>
        <${Link} to=${path} aria-current=${path === current ? "page" : undefined}>${t(short)}<//>
    </li>`;
    return html`<nav aria-label=${t("account.menu")} data-menu>
        <ul>${pages.filter((row) => !row.within && isOpen(row)).map(item)}</ul>
    </nav>`;
}

export function Account() {
    const { path } = place.value;
    const page = pages.find((row) => row.path === path && isOpen(row));
    const signedIn = useSignedIn();
    useLayoutEffect(() => {
        if (signedIn && !page) go("/account", { replace: true });
    }, [signedIn, page]);
    if (!signedIn || !page) return null;
    if (page.within) return html`<${Frame}><${page.component} key=${path} /><//>`;
    return html`<${Frame} wide corner=${html`<${Corner} />`} menu=${html`<${Menu} current=${path} />`}>
        <${Page} key=${path} title=${t(page.title)}><${page.component} /><//>
    <//>`;
}
