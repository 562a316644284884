// account_mode.js - use or leave out the second factor: the member's own choice while the
// factor is optional and no administrator has left it out.

import { section } from "./account_section.js";
import { action } from "./button.js";
import { h, newId } from "./dom.js";
import { t } from "./language.js";

const ID = "two-factor-mode";

function choice(value, label, hint, account) {
    const id = newId("mode");
    const checked = (value === "skip") === account.opted_out;
    return h("div", { "data-tick": true },
        h("input", { type: "radio", name: "two_factor_mode", id, value, checked, "aria-describedby": `${id}-hint` }),
        h("label", { for: id }, label),
        h("small", { id: `${id}-hint` }, hint));
}

function choices(account, give) {
    const group = h("fieldset", {},
        h("legend", {}, t("mode.legend")),
        choice("use", t("mode.use"),
            account.factor.registered ? t("mode.use-hint") : t("mode.use-unregistered"), account),
        choice("skip", t("mode.skip"), t("mode.skip-hint"), account));
    const save = async () => {
        const mode = group.querySelector("input:checked").value;
        const answer = await give.request("/api/account/two-factor-mode", { two_factor_mode: mode });
        if (answer) give.done(answer, ID, t("mode.saved"));
    };
    return [
        group,
        action(t("mode.save"), save, { "data-tone": "accent" }),
    ];
}

function demanded(account) {
    const excused = account.two_factor_mode === "skip";
    return [
        h("p", { "data-state": "locked" }, excused ? t("mode.excused") : t("mode.required")),
        h("p", { "data-aside": true }, excused ? t("mode.excused-hint") : t("mode.required-hint")),
    ];
}

export function modeSection(account, give) {
    if (!account.two_factor) return null;
    const required = account.two_factor_requirement === "required";
    const isDecided = required || account.two_factor_mode === "skip";
    return section(ID, required ? t("mode.title-required") : t("mode.title"),
        isDecided ? demanded(account) : choices(account, give));
}
