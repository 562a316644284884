// reason.js - asks before something is taken from a member, and for the reason, which the member can read.

import { dialog } from "../lib/dialog.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";

const LONGEST = 80;

// { reason }, without it if none was given; undefined when the reader would rather not. required: the policy file
// wants one.
export function askReason({ title, text, yes, required }) {
    const answer = ({ reason }) => (reason.trim() ? { reason: reason.trim() } : {});
    return dialog(title, (close) => html`
        <p>${text}</p>
        <${Form} submit=${yes} action=${(typed) => close(answer(typed))}
            others=${html`<button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`}>
            <${Field} name="reason" label=${required ? t("member.reason") : t("member.reason-optional")}
                hint=${t("member.reason-hint")} optional=${!required} maxlength=${LONGEST} autocomplete="off" />
        <//>`);
}
