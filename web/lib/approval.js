// approval.js - the browser's side of approval on a phone: asks, shows the number that is typed there, and looks what
// has become of it.

import { useEffect, useLayoutEffect, useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get, post } from "./api.js";
import { Tick } from "./fields.js";
import { Form } from "./form.js";
import { html } from "./html.js";
import { t } from "./language.js";
import { follow } from "./places.js";
import { passing, sentence } from "./problem.js";

const PAUSE = 2000;

// Runs look() again and again while the component is there; it returns true when it has seen enough. What passes by
// itself is waited out; of other failures failed(error) is told, once.
export function useLooking(look, failed) {
    useEffect(() => {
        let timer, gone = false;
        async function again() {
            let enough = false;
            try {
                enough = await look();
            } catch (error) {
                if (!passing(error)) enough = true;
                if (enough && !gone && !follow(error)) failed(error);
            }
            if (!enough && !gone) timer = setTimeout(again, PAUSE);
        }
        timer = setTimeout(again, PAUSE);
        return () => {
            gone = true;
            clearTimeout(timer);
        };
    }, []);
}

// What the reader compares or types on the other device.
export function Match({ label, number }) {
    const node = useRef();
    useLayoutEffect(() => node.current.focus(), []);
    return html`<p data-match tabindex="-1" ref=${node}><span>${label}</span> <b>${number}</b></p>`;
}

function Waiting({ path, asked, done, stop }) {
    useLooking(async () => {
        const { state } = await get(path);
        if (state === "open") return false;
        if (state === "approved") await done(await post(`${path}/finish`, asked.body));
        else stop(t(state === "wrong-number" ? "error.wrong-number" : "approval.over"));
        return true;
    }, (error) => stop(sentence(error)));
    return html`
        <${Match} label=${t("approval.number")} number=${asked.number} />
        <p role="status">${t("approval.waiting")}</p>
        <p data-aside>${t("approval.open", { address: `${location.host}/approve` })}</p>`;
}

// path: the routes of this approval; done(answer) when it was given; trust: whether the device may be trusted from then
// on; others: more buttons.
export function Approval({ path, done, trust, others }) {
    const asked = useSignal(null); // { number, body }, while it is waited for
    const why = useSignal(""); // it came to nothing
    const ask = async (typed) => {
        why.value = "";
        const { number } = await post(path);
        asked.value = { number, body: trust ? typed : undefined };
    };
    const stop = (text) => {
        asked.value = null;
        why.value = text;
    };
    if (asked.value) return html`<${Waiting} path=${path} asked=${asked.value} done=${done} stop=${stop} /> ${others}`;
    return html`
        <p role="alert">${why.value}</p>
        <${Form} submit=${t("approval.submit")} waiting=${t("approval.asking")} action=${ask} others=${others}>
            ${trust && html`<${Tick} name="trust" label=${t("code.trust")} hint=${t("code.trust-hint")} />`}
        <//>`;
}
