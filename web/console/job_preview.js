// job_preview.js - what a job would come to, by outcome, before anybody makes it; and the reader's yes to it.

import { dialog } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { finalOf, reasonName, wishName } from "./job_words.js";
import { askReason } from "./reason.js";
import { send } from "./state.js";

const PATH = "/jobs";

// The members by what becomes of them; those who are left out only if there are any.
function outcomes(preview) {
    const leftOut = [
        ["administrator", preview.administrators], ["own-account", preview.own_account],
        ["forbidden", preview.forbidden], ["not-found", preview.not_found],
    ];
    return [
        ["job-preview.matching", t("job-preview.matching"), preview.matching],
        ["job-preview.changed", t("job-preview.changed"), preview.changed],
        ["job-preview.same", t("job-preview.same"), preview.same],
        ...leftOut.filter(([, count]) => count > 0).map(([reason, count]) => [
            reason, t("job-preview.left-out", { reason: reasonName(reason) }), count,
        ]),
    ];
}

function losses({ lose_service: service, must_register: register, outside_networks: outside = 0 }) {
    return [
        service > 0 && t("job-preview.lose-service", { count: number(service) }),
        register > 0 && t("job-preview.must-register", { count: number(register) }),
        outside > 0 && t("job-preview.outside-networks", { count: number(outside) }),
    ].filter(Boolean);
}

// Who would lose what, if anybody.
export function Losses({ preview }) {
    const lost = losses(preview);
    return lost.length > 0 && html`<ul data-losses>${lost.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`;
}

function Outcomes({ preview }) {
    const outcome = ([key, words, count]) => html`<div key=${key} data-outcome=${key.split(".").pop()}>
        <dt>${words}</dt><dd>${t("job-preview.people", { count: number(count) })}</dd>
    </div>`;
    return html`
        <dl data-facts>${outcomes(preview).map(outcome)}</dl>
        <${Losses} preview=${preview} />`;
}

function Buttons({ preview, close }) {
    const { changed, can_be_undone: undoable } = preview;
    return html`<div data-row>
        <button type="button" autofocus onClick=${() => close(false)}>
            ${changed > 0 ? t("app.cancel") : t("job-preview.close")}</button>
        ${changed > 0 && html`<button type="button" data-tone=${undoable ? "accent" : "danger"}
            onClick=${() => close(true)}>${t("job-preview.run", { count: number(changed) })}</button>`}
    </div>`;
}

// before: the number of members that the reader had been shown, if it is another one now.
function agreed(preview, what, before) {
    const numbers = { before: number(before ?? 0), now: number(preview.matching) };
    return dialog(t("job-preview.title"), (close) => html`
        ${before !== undefined && html`<p role="alert" data-note>${t("job-preview.other-number", numbers)}</p>`}
        <p><b>${wishName(what)}</b></p>
        <${Outcomes} preview=${preview} />
        <p>${preview.changed === 0 ? t("job-preview.nobody") : finalOf(what) ?? t("job-preview.undoable")}</p>
        <${Buttons} preview=${preview} close=${close} />`);
}

// null when the reader would rather not say why, where the policy file wants that.
async function make(what) {
    try {
        return await send("POST", PATH, what);
    } catch (error) {
        if (error.field !== "reason" || what.reason) throw error;
        const given = await askReason({
            title: t("job-preview.title"), text: wishName(what), yes: t("job-preview.go-on"), required: true,
        });
        return given ? make({ ...what, ...given }) : null;
    }
}

// The job that was made of what, as the API has it: { members or filter, change or action }; null when the reader
// would rather not. Where there are more or fewer members than the reader was shown, it asks again. Throws ApiError.
export async function propose(what) {
    for (let before; ;) {
        const preview = await send("POST", `${PATH}/preview`, what);
        if (!preview || !(await agreed(preview, what, before))) return null;
        try {
            return await make({ ...what, expect: preview.matching });
        } catch (error) {
            if (error.code !== "other-number") throw error;
            before = preview.matching;
        }
    }
}
