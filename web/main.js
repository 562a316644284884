// main.js - start: the session, and the part of the pages that the address belongs to.

import { Announcements } from "./lib/announcements.js";
import { Dialogs } from "./lib/dialog.js";
import { giveEarly, takeEarly } from "./lib/early.js";
import { Frame, Page } from "./lib/frame.js";
import { html } from "./lib/html.js";
import { loadSentences } from "./lib/language.js";
import { loadSession, session } from "./lib/session.js";
import { attempt, failure } from "./lib/unavailable.js";
import { SignIn } from "./signin/sign_in.js";
import { render } from "./vendor/preact.js";

// Who signs in need not wait for any of the other pages to be loaded: their modules, and their sentences.
const another = (load, ...sentences) => async () =>
    (await Promise.all([load(), loadSentences("steps", ...sentences)]))[0];

const PARTS = [
    { path: "/account", load: another(async () => (await import("./account/account.js")).Account, "account") },
    { path: "/console", load: another(async () => (await import("./signin/entrance.js")).Entrance) },
    { path: "/approve", load: another(async () => (await import("./approve/approve.js")).Approve, "approve") },
    { path: "/consent", load: another(async () => (await import("./signin/consent.js")).Consent) },
    {
        path: "/forgotten-password",
        load: another(async () => (await import("./signin/forgotten.js")).Forgotten, "account"),
    },
    { path: "/recovery-contact", load: another(async () => (await import("./signin/recovery_stop.js")).RecoveryStop) },
    { path: "/sign-out", load: another(async () => (await import("./signin/sign_out.js")).SignOut) },
    { path: "/sign-in", load: async () => SignIn },
];

function partAt(path) {
    const isBelow = (part) => path === part.path || path.startsWith(`${part.path}/`);
    return PARTS.find(isBelow) ?? PARTS[PARTS.length - 1];
}

function App({ part }) {
    const known = session.value !== null;
    return html`
        ${known && html`<${part} />`}
        ${!known && failure.value && html`<${Frame}><${Page} /><//>`}
        <${Announcements} />
        <${Dialogs} />`;
}

// What stood there without a script goes when all modules are here; a form of it goes when the right one can be drawn.
async function start(part) {
    const root = document.createElement("div");
    const loaded = attempt(loadSession);
    if ("first" in document.body.dataset) await loaded;
    const early = takeEarly();
    delete document.body.dataset.first;
    document.getElementById("without-script").replaceWith(root);
    render(html`<${App} part=${part} />`, root);
    giveEarly(early);
}

partAt(location.pathname).load().then(start, console.error);
