// app_password_new.js - an app password that was just made: shown this once, with what the device asks for beside it.

import { useEffect } from "../vendor/hooks.js";
import { Action } from "../lib/button.js";
import { CopyButton } from "../lib/copy.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { useWarning } from "../lib/once.js";
import { MailSettings, useMailSettings } from "./mail_settings.js";
import { Profile } from "./profile.js";
import { Section } from "./section.js";

const ID = "made";

const warning = () => ({
    title: t("app-passwords.leave-title"), text: t("app-passwords.leave-text"), yes: t("app-passwords.leave"),
});

// password: in groups of four, for who types it; it is copied without the spaces.
export function NewAppPassword({ row, password, putAway }) {
    const settings = useMailSettings();
    const isDecoy = row.kind === "decoy";
    const plain = password.replaceAll(" ", "");
    useWarning(warning);
    useEffect(() => document.getElementById(ID).focus(), []);
    return html`<${Section} id=${ID} title=${t("app-passwords.made", { name: row.label })}>
        <p data-note>${isDecoy ? t("app-passwords.decoy-once") : t("app-passwords.once")}</p>
        <dl data-secret><div>
            <dt>${t("app-passwords.password")}</dt>
            <dd><code>${password}</code><${CopyButton} text=${plain} /></dd>
        </div></dl>
        ${!isDecoy && html`<p data-aside>${t("app-passwords.spaces")}</p>`}
        ${settings && row.kind === "mail" && html`<${Profile} id=${row.id} password=${plain} />`}
        ${settings && !isDecoy && html`<${MailSettings} settings=${settings} services=${row.services} />`}
        <${Action} tone="accent" go=${putAway}>${isDecoy ? t("app-passwords.decoy-kept") : t("app-passwords.kept")}<//>
    <//>`;
}
