// account_section.js - a section of the account page.

import { h } from "./dom.js";

export function section(id, title, ...content) {
    return h("section", { "aria-labelledby": id }, h("h2", { id, tabindex: "-1" }, title), content);
}
