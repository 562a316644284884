// password.js - the member changes the account password.

import { useState } from "../vendor/hooks.js";
import { awaited } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Field, Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { session } from "../lib/session.js";
import { Section } from "./section.js";
import { settle } from "./state.js";

const ID = "change-password";

const differ = (typed) => (typed.new === typed.again ? null : t("change-password.differ"));

// Without a name it is not sent, and a password manager knows whose password it is.
function Whose() {
    return html`<input type="text" autocomplete="username" value=${session.value.address} readonly hidden />`;
}

export function ChangePassword() {
    const [times, setTimes] = useState(0); // the form is empty again after each change
    const save = async ({ old, new: chosen, end_others }) => {
        const body = { old, new: chosen, end_others };
        const answer = await reauthenticated(() => awaited(() => post("/api/account/password", body)));
        if (!answer) return;
        setTimes(times + 1);
        settle(answer.ended ? t("change-password.done-ended") : t("change-password.done"), ID);
    };
    return html`<${Section} id=${ID} title=${t("change-password.heading")}>
        <p>${t("change-password.text")}</p>
        <${Form} key=${times} submit=${t("change-password.submit")} waiting=${t("change-password.waiting")}
            check=${differ} action=${save}>
            <${Whose} />
            <${Field} name="old" label=${t("change-password.old")} type="password"
                autocomplete="current-password" maxlength="512" />
            <${Field} name="new" label=${t("change-password.new")} type="password" autocomplete="new-password"
                maxlength="512" hint=${t("change-password.hint")} />
            <${Field} name="again" label=${t("change-password.again")} type="password" autocomplete="new-password"
                maxlength="512" />
            <${Tick} name="end_others" label=${t("change-password.end")} hint=${t("change-password.end-hint")}
                defaultChecked />
        <//>
    <//>`;
}
