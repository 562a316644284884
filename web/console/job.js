// job.js - one change of many members: how far it is, what became of them, and undoing it.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Moment } from "../account/device_names.js";
import { settle } from "../account/state.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { go, Link } from "../lib/router.js";
import { attempt } from "../lib/unavailable.js";
import { asked } from "./address.js";
import { Progress } from "./job_progress.js";
import { jobName, pageOfJob, reasonName, stateName } from "./job_words.js";
import { List } from "./list.js";
import { load, may, request } from "./state.js";

const LIST = "/console/jobs";
const HEADING = "job";
const OFTEN = 1000; // milliseconds between two looks at a job that runs

// The job, asked for again while it runs; null until it is there.
function useJob(path) {
    const shown = useSignal(null);
    const reload = () => attempt(async () => { shown.value = (await load(path)) ?? shown.peek(); });
    const job = shown.value;
    useEffect(() => { reload(); }, []);
    useEffect(() => {
        if (job?.state !== "running") return undefined;
        const timer = setTimeout(reload, OFTEN);
        return () => clearTimeout(timer);
    }, [job]);
    return { job, reload };
}

// Whom it is about. The list of members shows in words what a filter finds.
function Whom({ job }) {
    const { undo_of: of } = job;
    if (of) return html`<${Link} to=${pageOfJob(of)}>${t("job.those-of", { id: of })}<//>`;
    if (job.action === "import") return t("import.members", { count: number(job.total) });
    if (job.list) return t("job.listed", { count: number(job.total) });
    const filters = job.filter === "" ? [] : job.filter.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2));
    const query = String(new URLSearchParams(filters));
    return html`<${Link} to=${query ? `/console/members?${query}` : "/console/members"}>
        ${query ? t("job.found") : t("job.everybody")}<//>`;
}

function Facts({ job }) {
    const { undone_by: by } = job;
    const facts = [
        ["job.state", stateName(job)],
        ["job.members", html`<${Whom} job=${job} />`],
        ["job.by", job.by],
        ["job.made", html`<${Moment} seconds=${job.made_at} />`],
        job.ended_at && ["job.ended", html`<${Moment} seconds=${job.ended_at} />`],
        by && ["job.undone-by", html`<${Link} to=${pageOfJob(by)}>${t("job.number", { id: by })}<//>`],
        job.action === "import" && ["job.added", number(job.added)],
        ["job.changed", number(job.changed)],
        ["job.same", number(job.same)],
        ["job.skipped", number(job.skipped)],
        ["job.failed", number(job.failed)],
    ];
    const fact = ([key, value]) => html`<div key=${key} data-outcome=${key.slice("job.".length)}>
        <dt>${t(key)}</dt><dd>${value}</dd></div>`;
    return html`<dl data-facts>${facts.filter(Boolean).map(fact)}</dl>`;
}

// One button that pauses and has it go on, so that the focus stays on it.
function Pause({ job, path, reload }) {
    const isRunning = job.state === "running";
    const turn = async () => {
        await request("POST", `${path}/${isRunning ? "pause" : "resume"}`);
        await reload();
    };
    return html`<${Action} go=${turn}>${isRunning ? t("job.pause") : t("job.resume")}<//>`;
}

function Undo({ job, path, reload }) {
    const undo = async () => {
        const sentence = job.state === "paused" ? "job.undo-paused" : "job.undo-text";
        const count = number(job.added + job.changed);
        const text = t(job.action === "import" ? "import.undo-text" : sentence, { count });
        if (!(await agree({ title: t("job.undo-title"), text, yes: t("job.undo") }))) return undefined;
        const made = await request("POST", `${path}/undo`);
        return made ? go(pageOfJob(made.id)) : reload();
    };
    return html`<${Action} tone="danger" go=${undo}>${t("job.undo")}<//>`;
}

function Actions(properties) {
    const { state, can_be_undone: undoable } = properties.job;
    const isOver = state === "done" || state === "stopped";
    return html`<div data-row>
        ${!isOver && html`<${Pause} ...${properties} />`}
        ${state !== "running" && undoable && may("domain") && html`<${Undo} ...${properties} />`}
    </div>`;
}

function Failures({ job, path }) {
    if (job.state === "running" || job.skipped + job.failed === 0) return null;
    const row = ({ member, skipped, reason }) => ({
        key: member, name: member,
        cells: [member, skipped ? t("job.skipped") : t("job.failed"), reasonName(reason)],
    });
    return html`<${List} path=${`${path}/failures`} version=${job.state} caption=${t("job.failures")}
        columns=${[t("members.member"), t("job.state"), t("job.reason")]} row=${row} empty=${t("list.none-found")} />`;
}

function JobOf({ id }) {
    const path = `/jobs/${encodeURIComponent(id)}`;
    const { job, reload } = useJob(path);
    useEffect(() => { settle(null, HEADING); }, [job?.state]);
    if (!job) return null;
    return html`
        <section aria-labelledby=${HEADING}>
            <h2 id=${HEADING} tabindex="-1">${jobName(job)}</h2>
            <${Progress} job=${job} />
            <${Facts} job=${job} />
            <${Actions} job=${job} path=${path} reload=${reload} />
        </section>
        <${Failures} job=${job} path=${path} />`;
}

export function Job() {
    const id = asked("job");
    useEffect(() => {
        if (id === "") go(LIST, { replace: true });
    }, [id]);
    return id !== "" && html`<${JobOf} key=${id} id=${id} />`;
}
