// app_passwords.js - app passwords: whether one can be made and why not, a new one, and those that there are.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { get } from "../lib/api.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { attempt } from "../lib/unavailable.js";
import { AppPasswordForm } from "./app_password_form.js";
import { AppPasswordList } from "./app_password_list.js";
import { NewAppPassword } from "./app_password_new.js";

// As the portal gives it, null until it is there. A password that was just made is in it until it is put away.
const answer = signal(null);

const show = (changed) => { answer.value = changed; };
const putAway = () => { answer.value = { ...answer.value, created: undefined }; };

function useAppPasswords() {
    useEffect(() => {
        attempt(async () => show(await awaited(() => get("/api/account/app-passwords"))));
        return () => show(null);
    }, []);
    return answer.value;
}

function Standing({ refusal, most }) {
    const works = refusal === null || refusal === "too-many-app-passwords";
    const sentence = refusal ? t(`error.${refusal}`) : t("app-passwords.on", { most });
    return html`
        <p data-standing=${works ? "on" : "off"}>${sentence}</p>
        ${refusal === "second-factor-needed" && html`<p>
            <${Link} to="/account/registration" data-button>${t("factor.register")}<//>
        </p>`}`;
}

export function AppPasswords() {
    const now = useAppPasswords();
    if (!now) return null;
    const { created, refusal, kinds, app_passwords: rows } = now;
    return html`
        <${Standing} ...${now} />
        <p>${t("app-passwords.why")}</p>
        <p><${Link} to="/account/connection-test">${t("test.link")}<//></p>
        ${created && html`<${NewAppPassword} key=${created.id} row=${rows.find(({ id }) => id === created.id)}
            password=${created.password} putAway=${putAway} />`}
        ${!created && refusal === null && html`<${AppPasswordForm} kinds=${kinds} show=${show} />`}
        <${AppPasswordList} rows=${rows} show=${show} />`;
}
