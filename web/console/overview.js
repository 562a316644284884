// overview.js - the page on which the console begins.

import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { me } from "./state.js";

export function Overview() {
    const { all_domains: all, domains } = me.value;
    return html`<p>${all ? t("overview.all-domains") : t("overview.domains", { domains: domains.join(", ") })}</p>`;
}
