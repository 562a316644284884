// import.js - members of a CSV file: what would become of each line, and the job that imports them.

import { useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { ApiError } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { go } from "../lib/router.js";
import { Table } from "../lib/table.js";
import { prepared, sample } from "./import_file.js";
import { Losses } from "./job_preview.js";
import { pageOfJob, reasonName } from "./job_words.js";
import { me, request, send } from "./state.js";

const PATH = "/import/members";
const HEADING = "import-preview";

// What is wrong with a line, by the portal's codes.
const ERRORS = {
    workbook: "import-error.workbook",
    "utf-16": "import-error.unicode-text",
    cp949: "import-error.korean-encoding",
    empty: "import-error.empty",
    "too-large": "import-error.too-large",
    "too-many-rows": "import-error.too-many-rows",
    "no-address-column": "import-error.no-address-column",
    "too-many-columns": "import-error.too-many-columns",
    "no-column": "import-error.no-column",
    "renamed-column": "import-error.renamed-column",
    "repeated-column": "import-error.repeated-column",
    "secret-column": "import-error.secret-column",
    "unnamed-column": "import-error.unnamed-column",
    address: "import-error.address",
    value: "import-error.value",
    repeated: "import-error.repeated",
    field: "import-error.field",
    "not-utf8": "import-error.not-utf",
    "more-fields": "import-error.more-fields",
    "fewer-fields": "import-error.fewer-fields",
    quotes: "import-error.quotes",
    domain: "import-error.domain",
    alias: "import-error.alias",
    forbidden: "import-error.forbidden",
};

function errorText({ code, word, other, text }) {
    if (code === "no-column" && other !== "") return t("import-error.near-column", { word, other });
    if (code === "value" && word === "class") return t("import-error.class", { other });
    return ERRORS[code] ? t(ERRORS[code], { word, other }) : text;
}

function download(blob) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "members.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function Sample() {
    const [domain = "example.com"] = me.value.domains;
    return html`<button type="button" data-tone="quiet" onClick=${() => download(sample(domain))}>
        ${t("import.sample")}</button>`;
}

// A file that is dropped is as one that was chosen.
function Choice({ look }) {
    const region = useRef();
    const isOver = useSignal(false);
    const field = () => region.current.querySelector("[type=file]");
    const over = (is) => (event) => {
        event.preventDefault();
        isOver.value = is;
    };
    const drop = (event) => {
        over(false)(event);
        if (event.dataTransfer.files.length > 0) field().files = event.dataTransfer.files;
    };
    return html`<div ref=${region} data-drop=${isOver.value ? "over" : ""} onDragEnter=${over(true)}
        onDragOver=${over(true)} onDragLeave=${over(false)} onDrop=${drop}>
        <${Form} submit=${t("import.look")} waiting=${t("import.looking")} action=${() => look(field().files[0])}>
            <${Field} name="file" type="file" accept=".csv,.txt,text/csv,text/plain" label=${t("import.file")}
                hint=${t("import.file-hint")} />
        <//>
    </div>`;
}

function Outcomes({ preview }) {
    const leftOut = [["administrator", preview.administrators], ["own-account", preview.own_account]];
    const outcomes = [
        ["added", t("import.added"), preview.added],
        ["changed", t("import.changed"), preview.changed],
        ["same", t("job-preview.same"), preview.same],
        ...leftOut.filter(([, count]) => count > 0).map(([reason, count]) => [
            reason, t("job-preview.left-out", { reason: reasonName(reason) }), count,
        ]),
        ...(preview.wrong > 0 ? [["wrong", t("import.wrong"), preview.wrong]] : []),
    ];
    const outcome = ([key, words, count]) => html`<div key=${key} data-outcome=${key}>
        <dt>${words}</dt><dd>${number(count)}</dd></div>`;
    return html`<dl data-facts>${outcomes.map(outcome)}</dl>`;
}

// The first cell of a card has no heading, so on phones the number alone would stand there.
function Place({ line }) {
    if (line === 0) return t("import.whole-file");
    return html`<span><span data-phone>${t("import.line")}</span> ${number(line)}</span>`;
}

function Errors({ errors, wrong }) {
    const row = (error, i) => ({ key: i, cells: [html`<${Place} line=${error.line} />`, errorText(error)] });
    const more = wrong - errors.length;
    return html`
        <p role="alert" data-note>${t("import.nothing-yet", { count: number(wrong) })}</p>
        <${Table} caption=${t("import.errors")} columns=${[t("import.line"), t("import.what")]}
            rows=${errors.map(row)} />
        ${more > 0 && html`<p data-aside>${t("import.more", { count: number(more) })}</p>`}`;
}

function Import({ preview, body }) {
    const count = number(preview.added + preview.changed);
    const run = async () => {
        const title = t("import.title-agree", { count });
        if (!(await agree({ title, text: t("import.undoable"), yes: t("import.run", { count }) }))) return;
        const job = await request("POST", PATH, body);
        if (job) go(pageOfJob(job.id));
    };
    return html`<div data-row><${Action} tone="accent" go=${run}>${t("import.run", { count })}<//></div>`;
}

function Preview({ preview, converted, body }) {
    const isAny = preview.added + preview.changed > 0;
    return html`<section aria-labelledby=${HEADING}>
        <h2 id=${HEADING} tabindex="-1">${t("import.preview")}</h2>
        ${converted && html`<p data-note>${t("import.converted", { encoding: converted })}</p>`}
        <${Outcomes} preview=${preview} />
        ${preview.left_columns.length > 0 && html`<p data-aside>
            ${t("import.left-columns", { columns: preview.left_columns.join(", ") })}</p>`}
        <${Losses} preview=${preview} />
        ${preview.wrong > 0 && html`<${Errors} ...${preview} />`}
        ${preview.wrong === 0 && !isAny && html`<p>${t("job-preview.nobody")}</p>`}
        ${preview.wrong === 0 && isAny && html`<${Import} preview=${preview} body=${body} />`}
    </section>`;
}

export function ImportPage() {
    const found = useSignal(null); // { preview, body, converted }
    const look = async (file) => {
        found.value = null;
        if (!file) throw new ApiError("file-unreadable");
        const { body, converted } = await prepared(file);
        const preview = await send("POST", `${PATH}/preview`, body);
        if (!preview) return;
        found.value = { preview, body, converted };
        // The button that was pressed has the focus still.
        setTimeout(() => document.getElementById(HEADING)?.focus());
    };
    return html`
        <p data-aside>${t("import.hint")}</p>
        <p data-aside>${t("import.empty-cells")}</p>
        <${Sample} />
        <${Choice} look=${look} />
        ${found.value && html`<${Preview} ...${found.value} />`}`;
}
