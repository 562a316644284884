// choice.js - use or skip the second factor: the member's own choice while the
// factor is optional and no administrator has left it out.

import { Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Section } from "./section.js";
import { request, show } from "./state.js";

const ID = "two-factor-mode";

async function save(chosen) {
    const answer = await request("/api/account/two-factor-mode", chosen);
    if (answer) show(answer, t("mode.saved"), ID);
}

export function Choice({ account }) {
    const decided = account.two_factor_requirement !== "optional" || account.two_factor_mode === "skip";
    if (!account.two_factor || decided) return null;
    const hint = account.factor.registered ? t("mode.use-hint") : t("mode.use-unregistered");
    const box = (value, label, text) => html`<${Tick} type="radio" name="two_factor_mode" value=${value} label=${label}
        hint=${text} defaultChecked=${(value === "skip") === account.opted_out} />`;
    return html`<${Section} id=${ID} title=${t("mode.title")}>
        <${Form} submit=${t("mode.save")} action=${save}>
            <fieldset>
                <legend>${t("mode.legend")}</legend>
                ${box("use", t("mode.use"), hint)}
                ${box("skip", t("mode.skip"), t("mode.skip-hint"))}
            </fieldset>
        <//>
    <//>`;
}
