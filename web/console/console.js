// console.js - the console of administrators: its frame and navigation, around the page that the address names.

import { useEffect, useLayoutEffect } from "../vendor/hooks.js";
import { Action } from "../lib/button.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { go, Link, place } from "../lib/router.js";
import { failure } from "../lib/unavailable.js";
import { signOut } from "../signin/sign_out.js";
import { pages } from "./pages.js";
import { Refusal } from "./refusal.js";
import { roleName } from "./roles.js";
import { enter, may, me, refusal } from "./state.js";

function Corner() {
    const { name, role } = me.value;
    return html`
        <span>${name} <b>${roleName(role)}</b></span>
        <a href="/account">${t("console.account")}</a>
        <${Action} tone="small" go=${signOut}>${t("app.sign-out")}<//>`;
}

function Menu({ current }) {
    const item = ({ path, title, short = title }) => html`<li key=${path}>
        <${Link} to=${path} aria-current=${path === current ? "page" : undefined}>${t(short)}<//>
    </li>`;
    const shown = pages.filter(({ within, least }) => !within && may(least));
    return html`<nav aria-label=${t("console.menu")} data-menu><ul>${shown.map(item)}</ul></nav>`;
}

// A page that the role is not enough for is no page.
function pageAt(path) {
    return me.value ? pages.find((row) => row.path === path && may(row.least)) : null;
}

export function Console() {
    const { path } = place.value;
    const page = pageAt(path);
    const known = me.value !== null;
    useEffect(() => { enter(); }, []);
    useLayoutEffect(() => {
        if (known && !page) go("/console", { replace: true });
    }, [known, page]);
    if (refusal.value) return html`<${Refusal} why=${refusal.value} />`;
    if (!known) return failure.value && html`<${Frame}><${Page} /><//>`;
    if (!page) return null;
    const corner = html`<${Corner} />`;
    const menu = html`<${Menu} current=${page.within ?? path} />`;
    return html`<${Frame} wide corner=${corner} menu=${menu}>
        <${Page} key=${path} title=${t(page.title)}><${page.component} /><//>
    <//>`;
}
