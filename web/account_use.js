// account_use.js - use or leave out the second factor: the member's choice while it is
// optional, the administrator's when it is required.

import { action, section } from "./account_section.js";
import { h, newId } from "./dom.js";
import { t } from "./language.js";

const ID = "use";

function choice(value, label, hint, account) {
    const id = newId("use");
    const checked = account.use === value;
    return h("div", { "data-tick": true },
        h("input", { type: "radio", name: "use", id, value, checked, "aria-describedby": `${id}-hint` }),
        h("label", { for: id }, label),
        h("small", { id: `${id}-hint` }, hint));
}

function choices(account, give) {
    const group = h("fieldset", {},
        h("legend", {}, t("use.legend")),
        choice("use", t("use.use"), account.factor.registered ? t("use.use-hint") : t("use.use-unregistered"), account),
        choice("skip", t("use.skip"), t("use.skip-hint"), account));
    const save = async () => {
        const use = group.querySelector("input:checked").value;
        const answer = await give.request("/api/account/use", { use });
        if (answer) give.done(answer, ID, t("use.saved"));
    };
    return [
        group,
        account.use_by === "member" ? null : h("p", { "data-aside": true }, t("use.inherited")),
        action(t("use.save"), save, { "data-tone": "accent" }),
    ];
}

function demanded(account) {
    return [
        h("p", { "data-state": "locked" }, account.use === "skip" ? t("use.excused") : t("use.required")),
        h("p", { "data-aside": true }, account.use === "skip" ? t("use.excused-hint") : t("use.required-hint")),
    ];
}

export function useSection(account, give) {
    if (!account.two_factor) return null;
    const required = account.requirement === "required";
    return section(ID, required ? t("use.title-required") : t("use.title"),
        required ? demanded(account) : choices(account, give));
}
