// two_step.js - two-step verification: what holds now and why, the authenticator, and the member's choice.

import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Authenticator } from "./authenticator.js";
import { Choice } from "./choice.js";
import { LastAccess } from "./last_access.js";
import { Passkeys } from "./passkeys.js";
import { Phones } from "./phones.js";
import { useAccount } from "./state.js";
import { Verification } from "./verification.js";

// Whether it holds, and the sentence that says so, with the reason.
function standing(account) {
    const { registered } = account.factor;
    if (!account.two_factor) return ["off", t("standing.switched-off")];
    if (account.two_factor_mode === "skip") return ["off", t("standing.excused")];
    if (account.two_factor_requirement === "required") {
        return registered ? ["on", t("standing.required")] : ["off", t("standing.required-unregistered")];
    }
    if (account.two_factor_requirement === "step_up" && registered) return ["on", t("standing.step-up")];
    if (account.opted_out) return ["off", t("standing.skipped")];
    return registered ? ["on", t("standing.registered")] : ["off", t("standing.unregistered")];
}

export function TwoStep() {
    const account = useAccount();
    if (!account) return null;
    const [state, sentence] = standing(account);
    return html`
        <p data-standing=${state}>${sentence}</p>
        <${LastAccess} access=${account.last_access} />
        <p>${t("account.scope")}</p>
        <${Verification} account=${account} />
        <${Passkeys} account=${account} />
        <${Phones} account=${account} />
        <${Authenticator} account=${account} />
        <${Choice} account=${account} />`;
}
