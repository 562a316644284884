// passkeys.js - the member's passkeys: made, named, removed.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { agree, dialog } from "../lib/dialog.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { fill, t } from "../lib/language.js";
import { canUsePasskeys, makePasskey } from "../lib/passkeys.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { go } from "../lib/router.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { PasskeyName } from "../signin/passkey_name.js";
import { shownCodes } from "../signin/recovery_codes.js";
import { Day, lastUse } from "./device_names.js";
import { Section } from "./section.js";
import { refresh, request, settle } from "./state.js";

const ID = "passkeys";

// The portal's answer; undefined when the reader would rather not.
function askName(title, submit, waiting, send, value) {
    return dialog(title, (close) => html`
        <${Form} submit=${submit} waiting=${waiting} action=${async (typed) => close(await send(typed.name.trim()))}
            others=${html`<button type="button" onClick=${() => close()}>${t("app.cancel")}</button>`}>
            <${PasskeyName} value=${value} />
        <//>`);
}

async function make(name) {
    const options = await reauthenticated(() => post("/api/account/passkeys/challenge"));
    return options && post("/api/account/passkeys", { ...(await makePasskey(options)), name });
}

export const columnsOf = () => [t("passkey.name"), t("passkey.used")];

export const nameOf = ({ name }) => name;

export function cellsOf(row) {
    return [
        html`
            <b>${row.name}</b>
            <small>${row.backed_up ? t("passkey.synced") : t("passkey.on-device")}</small>
            <small>${fill("passkey.since", { time: html`<${Day} seconds=${row.created_at} />` })}</small>`,
        lastUse(row),
    ];
}

// account: of which the page is made; show(answer) shows what a change has left.
function List({ rows, show }) {
    async function rename({ id, name }) {
        const answer = await askName(t("passkey.rename-title"), t("passkey.rename"), undefined,
            (to) => post("/api/account/passkeys/rename", { id, name: to }), name);
        if (answer) show(answer, t("passkey.renamed"));
    }

    async function remove({ id, name }) {
        const agreed = await agree({
            title: t("passkey.remove-title", { name }), text: t("passkey.remove-text"), yes: t("passkey.remove"),
        });
        const answer = agreed && (await request("/api/account/passkeys/remove", { id }));
        if (answer) show(answer, t("passkey.removed"));
    }

    return html`<${Table} label=${t("passkey.title")} columns=${columnsOf()}
        rows=${rows.map((row) => ({
            key: row.id,
            cells: cellsOf(row),
            actions: html`
                <${Action} go=${() => rename(row)} aria-label=${t("passkey.rename-which", { name: row.name })}>
                    ${t("passkey.rename")}<//>
                <${Action} tone="danger" go=${() => remove(row)}
                    aria-label=${t("passkey.remove-which", { name: row.name })}>${t("passkey.remove")}<//>`,
        }))} />`;
}

export function Passkeys({ account }) {
    const state = useSignal(null);
    useEffect(() => {
        attempt(async () => { state.value = await awaited(() => get("/api/account/passkeys")); });
    }, []);
    if (!state.value) return null;
    const { passkeys, possible } = state.value;
    const mayMake = possible && canUsePasskeys() && account.two_factor;
    if (passkeys.length === 0 && !mayMake) return null;

    function show(answer, message) {
        state.value = answer;
        settle(message, ID);
        refresh();
    }

    async function add() {
        const answer = await askName(t("passkey.register-title"), t("passkey.register"), t("passkey.waiting"), make);
        if (!answer) return;
        show(answer, t("passkey.made"));
        if (!answer.recovery_codes) return;
        shownCodes.value = answer.recovery_codes;
        go("/account/recovery-codes");
        say(t("passkey.made"));
    }

    return html`<${Section} id=${ID} title=${t("passkey.title")}>
        <p data-aside>${t("passkey.why")}</p>
        ${passkeys.length > 0 && html`<${List} rows=${passkeys} show=${show} />`}
        ${mayMake && html`<${Action} go=${add}>${t("passkey.add")}<//>`}
    <//>`;
}
