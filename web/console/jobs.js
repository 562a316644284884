// jobs.js - changes of many members that there were, newest first.

import { Moment } from "../account/device_names.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { jobName, pageOfJob, stateName } from "./job_words.js";
import { List } from "./list.js";

function line(job) {
    return {
        key: job.id,
        name: jobName(job),
        cells: [
            html`<${Link} to=${pageOfJob(job.id)}>${jobName(job)}<//>`,
            stateName(job),
            number(job.added + job.changed),
            number(job.skipped + job.failed),
            job.by,
            html`<${Moment} seconds=${job.made_at} />`,
        ],
    };
}

export function Jobs() {
    const columns = ["job.what", "job.state", "job.changed", "job.not-changed", "job.by", "job.made"];
    return html`
        <p data-aside>${t("jobs.hint")}</p>
        <${List} path="/jobs" caption=${t("jobs.title")} columns=${columns.map((label) => t(label))} row=${line}
            empty=${t("jobs.none")} />`;
}
