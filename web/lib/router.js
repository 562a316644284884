// router.js - the address of the page. Each page and each step has one, and an entry in the browser's history.

import { signal } from "../vendor/signals.js";
import { html } from "./html.js";
import { searchFor } from "./places.js";

// query: "?" and what follows, or nothing; returned: whether the reader came here by Back or Forward.
export const place = signal({ path: location.pathname, query: location.search, returned: false });

let leaving = null; // the address to go on to
let asking = null; // asks the reader whether the page may be left

// While ask is not null, a page of this visit is left only if it resolves to true.
export function stayUnless(ask) {
    asking = ask;
}

async function mayLeave() {
    if (asking && !(await asking())) return false;
    asking = null;
    return true;
}

// How many entries of the history belong to this visit and precede this one.
function depth() {
    return history.state?.depth ?? 0;
}

// Shows another page, to whose path a query may belong; replace leaves no entry for the present one.
export function go(to, { replace = false } = {}) {
    const address = to + searchFor(to);
    if (replace) history.replaceState({ depth: depth() }, "", address);
    else history.pushState({ depth: depth() + 1 }, "", address);
    const { pathname: path, search: query } = new URL(address, location.href);
    place.value = { path, query, returned: false };
}

// Goes count entries back, or to path where there are not as many; resolves when the page is shown.
export function goBack(path, count = 1) {
    if (depth() < count || count === 0) {
        go(path, { replace: true });
        return Promise.resolve();
    }
    const arrived = new Promise((resolve) => { addEventListener("popstate", resolve, { once: true }); });
    history.go(-count);
    return arrived;
}

export function goToStart(path) {
    return goBack(path, depth());
}

// Leaves for an address that takes the place of all entries of this visit. Does not resolve: the page ends.
export function leave(address) {
    leaving = address;
    if (depth() > 0) history.go(-depth());
    else location.replace(address);
    return new Promise(() => {});
}

// The browser has left the page already when it says so: back to it, and then the question.
async function askToGoBack() {
    history.pushState({ depth: depth() + 1 }, "", place.peek().path + place.peek().query);
    if (await mayLeave()) history.back();
}

addEventListener("popstate", () => {
    if (leaving) location.replace(leaving);
    else if (asking) askToGoBack();
    else place.value = { path: location.pathname, query: location.search, returned: true };
});

// Links to pages that are here already do not load anything.
export function Link({ to, ...attributes }) {
    const open = (event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        mayLeave().then((agreed) => agreed && go(to));
    };
    return html`<a href=${to} onClick=${open} ...${attributes} />`;
}
