// passkey_name.js - the field for the name of a passkey, which begins with what the browser runs on.

import { Field } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";

const NAME_MAX = 64;

const here = () => navigator.userAgentData?.platform || t("passkey.this-device");

// value: the name that it has already.
export function PasskeyName({ value = here() }) {
    return html`<${Field} name="name" label=${t("passkey.name")} hint=${t("passkey.name-hint")} autocomplete="off"
        maxlength=${NAME_MAX} defaultValue=${value} />`;
}
