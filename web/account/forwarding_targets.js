// forwarding_targets.js - the addresses of a forward: which of them count, the code of one that does not yet, away.

import { awaited } from "../lib/announcements.js";
import { post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree, dialog } from "../lib/dialog.js";
import { CodeField, digitsOf, wrongLength } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { fill, t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { Moment } from "./device_names.js";
import { Section } from "./section.js";
import { request } from "./state.js";

export const ID = "forwarding-targets";

const PATH = "/api/account/forwarding/targets";

// The portal's answer; undefined when the reader would rather not.
function askCode({ id, address }) {
    const send = ({ code }) => awaited(() => post(`${PATH}/confirm`, { id, code: digitsOf(code) }));
    return dialog(t("forwarding.confirm-title", { address }), (close) => html`
        <p>${t("forwarding.confirm-text")}</p>
        <${Form} submit=${t("forwarding.confirm")} action=${async (typed) => close(await send(typed))}
            check=${wrongLength}
            others=${html`<button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`}>
            <${CodeField} />
        <//>`);
}

function askToRemove(address) {
    return agree({
        title: t("forwarding.remove-title", { address }),
        text: t("forwarding.remove-text"),
        yes: t("forwarding.remove"),
    });
}

function Standing({ target: { confirmed_at: at } }) {
    return at === 0
        ? html`<span>${t("forwarding.unconfirmed")}<small>${t("forwarding.unconfirmed-hint")}</small></span>`
        : html`<span>${fill("forwarding.since", { time: html`<${Moment} seconds=${at} />` })}</span>`;
}

export function ForwardingTargets({ targets, refusal, show }) {
    const finish = (answer, message) => { if (answer) show(answer, message); };
    const confirm = async (target) => finish(
        await askCode(target),
        t("forwarding.added", { address: target.address }),
    );
    const mail = async ({ id, address }) => finish(
        await request(`${PATH}/code`, { id }),
        t("forwarding.code-mailed", { address }),
    );
    const remove = async ({ id, address }) => finish(
        (await askToRemove(address)) && (await request(`${PATH}/remove`, { id })),
        t("forwarding.removed", { address }),
    );
    const button = (tone, go, words, named) => html`<${Action} tone=${tone} go=${go} aria-label=${named}>${words}<//>`;
    const codes = (target) => html`
        ${button("accent", () => confirm(target), t("forwarding.enter"), t("forwarding.enter-which", target))}
        ${button(undefined, () => mail(target), t("forwarding.again"), t("forwarding.again-which", target))}`;
    const line = (target) => ({
        key: target.id,
        cells: [html`<b>${target.address}</b>`, html`<${Standing} target=${target} />`],
        actions: html`<span data-row data-wraps>
            ${target.confirmed_at === 0 && !refusal && codes(target)}
            ${button("danger", () => remove(target), t("forwarding.remove"), t("forwarding.remove-which", target))}
        </span>`,
    });
    if (targets.length === 0) return null;
    return html`<${Section} id=${ID} title=${t("forwarding.list")}>
        <${Table} label=${t("forwarding.list")} columns=${[t("forwarding.address"), t("forwarding.state")]}
            rows=${targets.map(line)} />
    <//>`;
}
