// member_password.js - how a member who has forgotten the account password gets to set a new one.

import { Section } from "../account/section.js";
import { settle } from "../account/state.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { askReason } from "./reason.js";
import { request } from "./state.js";

const ID = "password";

export function MemberPassword({ member, path, changed }) {
    if (!member.may_help || member.password_recovery === "off") return null;
    const begin = async () => {
        const body = await askReason({
            title: t("member.recovery-title"), text: t("member.recovery-text"), yes: t("member.recovery-yes"),
            required: member.reason === "required",
        });
        if (!body || !(await request("POST", `${path}/password-recovery`, body))) return;
        changed();
        settle(t("member.recovery-done"), ID);
    };
    const isPossible = member.password_recovery === "possible";
    return html`<${Section} id=${ID} title=${t("member.recovery")}>
        <p>${isPossible ? t("member.recovery-hint") : t("member.recovery-none")}</p>
        ${isPossible && html`<${Action} go=${begin}>${t("member.recovery-yes")}<//>`}
    <//>`;
}
