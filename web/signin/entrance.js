// entrance.js - the way into the console, which is loaded for administrators alone.

import { Action } from "../lib/button.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { loadSentences, t } from "../lib/language.js";
import { later } from "../lib/later.js";
import { session } from "../lib/session.js";
import { loadStyle } from "../lib/style.js";
import { signOut } from "./sign_out.js";
import { useSignedIn } from "./signed_in.js";

const Console = later(async () => {
    const console = import("../console/console.js");
    await Promise.all([console, loadSentences("account", "console"), loadStyle("console")]);
    return (await console).Console;
});

export function NotAnAdministrator() {
    return html`<${Frame}><${Page} title=${t("entrance.title")}>
        <p>${t("entrance.text", { account: session.value.address })}</p>
        <a href="/account" data-button>${t("entrance.account")}</a>
        <${Action} go=${signOut}>${t("entrance.other")}<//>
    <//><//>`;
}

export function Entrance() {
    if (!useSignedIn()) return null;
    return session.value.administrator ? html`<${Console} />` : html`<${NotAnAdministrator} />`;
}
