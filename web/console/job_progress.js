// job_progress.js - how far a job is: for eyes at each answer, for readers at each quarter of the way.

import { useId } from "../vendor/hooks.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { stateName } from "./job_words.js";

const QUARTER = 25; // percent

const doneOf = ({ added, changed, same, skipped, failed }) => added + changed + same + skipped + failed;

function heard(job, share) {
    const percent = Math.floor((share * 100) / QUARTER) * QUARTER;
    const state = stateName(job);
    return job.state === "running" ? t("job.percent", { state, percent: number(percent) }) : state;
}

// A job of a filter may find more or fewer members than there were when it was made.
export function Progress({ job }) {
    const id = useId();
    const done = doneOf(job);
    const most = Math.max(job.state === "done" ? done : job.total, done, 1);
    return html`<div data-progress>
        <label for=${id}>${t("job.progress", { done: number(done), total: number(job.total) })}</label>
        <progress id=${id} value=${job.state === "done" ? most : done} max=${most} />
        <p role="status" data-hidden>${heard(job, done / most)}</p>
    </div>`;
}
