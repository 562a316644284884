// job_bar.js - what can be done with many members at once, in the bulk bar of their list.

import { useSignal } from "../vendor/signals.js";
import { Field, Select } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { go } from "../lib/router.js";
import { propose } from "./job_preview.js";
import { choices, doing, NETWORKS, pageOfJob, valuesOf } from "./job_words.js";

const NETWORKS_MOST = "500";

// Whom the API is told: those who are ticked, or the filters that find all.
function whom({ keys, all, query }) {
    if (!all) return { members: keys };
    const filters = Object.entries(query).filter(([name, value]) => name !== "sort" && value !== "");
    return { filter: Object.fromEntries(filters) };
}

function Value({ what }) {
    const values = valuesOf(what);
    if (values) return html`<${Select} name="value" label=${t("job.value")} options=${values} value=${values[0][0]} />`;
    if (what === NETWORKS) {
        return html`<${Field} name="value" label=${t("job.networks")} hint=${t("job.networks-hint")}
            optional autocomplete="off" autocapitalize="none" spellcheck=${false} maxlength=${NETWORKS_MOST} />`;
    }
    return what === "class" && html`<${Field} name="value" label=${t("job.class-name")} hint=${t("job.class-hint")}
        optional autocomplete="off" autocapitalize="none" spellcheck=${false} maxlength="64" />`;
}

export function JobBar(ticked) {
    const options = choices();
    const what = useSignal(options[0][0]);
    const look = async ({ value = "" }) => {
        const job = await propose({ ...whom(ticked), ...doing(what.peek(), value.trim()) });
        if (job) go(pageOfJob(job.id));
    };
    return html`<${Form} submit=${t("job.preview")} action=${look}>
        <${Select} name="what" label=${t("job.security")} options=${options} value=${what.value}
            onChange=${(event) => { what.value = event.target.value; }} />
        <${Value} key=${what.value} what=${what.value} />
    <//>`;
}
