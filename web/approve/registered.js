// registered.js - the phone is registered: it looks for a sign-in that waits, and its owner answers it.

import { useEffect, useLayoutEffect, useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { digitsOf, Field } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { clockTime, t } from "../lib/language.js";
import { passing, sentence } from "../lib/problem.js";
import { send, sendUnlocked } from "./device_key.js";
import { Waking } from "./waking.js";

const PAUSE = 3000;
const NUMBER_DIGITS = 2;

// Looks every few seconds, while the page can be seen.
function useWaiting(device, look) {
    const state = useSignal({ request: null, problem: "" });
    useEffect(() => {
        let timer, gone = false;
        async function again() {
            clearTimeout(timer);
            if (gone || document.visibilityState !== "visible") return;
            try {
                const { request } = await send(device, "/api/approve/request", {});
                state.value = { request, problem: "" };
            } catch (error) {
                if (error.code === "device-unknown") return look();
                state.value = { request: null, problem: sentence(error) };
                if (!passing(error)) return undefined;
            }
            if (!gone) timer = setTimeout(again, PAUSE);
            return undefined;
        }
        again();
        document.addEventListener("visibilitychange", again);
        return () => {
            gone = true;
            clearTimeout(timer);
            document.removeEventListener("visibilitychange", again);
        };
    }, []);
    return state;
}

const wrongNumber = ({ number }) => (digitsOf(number).length === NUMBER_DIGITS ? null : t("approve.number-length"));

// answered(sentence) when it is done, whatever came of it.
function Request({ device, request, answered }) {
    const form = useRef();
    useLayoutEffect(() => form.current.querySelector("input").focus(), []);
    const answer = async (sending, words) => {
        try {
            await sending;
            answered(words);
        } catch (error) {
            if (passing(error) || error.code === "phone-lock-cancelled") throw error;
            answered(sentence(error));
        }
    };
    const approve = ({ number }) =>
        answer(sendUnlocked(device, "/api/approve/approve", { request: request.id, number: Number(digitsOf(number)) }),
            t("approve.approved"));
    async function deny() {
        const agreed = await agree({
            title: t("approve.deny-title"), text: t("approve.deny-text"), yes: t("approve.deny"),
        });
        if (!agreed) return;
        await answer(send(device, "/api/approve/deny", { request: request.id }), t("approve.denied"))
            .catch((error) => answered(sentence(error)));
    }
    const row = (key, value) => html`<div><dt>${t(key)}</dt><dd>${value}</dd></div>`;
    return html`<div ref=${form}>
        <p role="alert">${t(request.for === "sign-in" ? "approve.sign-in" : "approve.change")}</p>
        <dl>
            ${row("approve.place", request.ip)}
            ${row("approve.browser", request.browser || t("approve.unknown"))}
            ${row("approve.time", clockTime(request.at))}
        </dl>
        <${Form} submit=${t("approve.approve")} waiting=${t("approve.sending")} check=${wrongNumber} action=${approve}
            others=${html`<${Action} tone="danger" go=${deny}>${t("approve.not-me")}<//>`}>
            <${Field} name="number" label=${t("approve.number")} hint=${t("approve.number-hint")} inputmode="numeric"
                autocomplete="off" maxlength="6" data-code />
        <//>
    </div>`;
}

// look() looks what the phone is by now.
export function Registered({ device, account, look }) {
    const state = useWaiting(device, look);
    const last = useSignal({}); // { id, words }: what became of the one before
    const { request, problem } = state.value;
    const isAnswered = request && request.id === last.value.id;
    const answered = (words) => { last.value = { id: request.id, words }; };
    return html`<${Page} title=${t("approve.title")}>
        <p data-who><b>${account}</b></p>
        ${request && !isAnswered
            ? html`<${Request} key=${request.id} device=${device} request=${request} answered=${answered} />`
            : html`
                <p role="status">${last.value.words ?? t("approve.nothing")}</p>
                <p data-aside>${t("approve.keep-open")}</p>
                <p data-aside>${t("approve.install")}</p>
                <${Waking} device=${device} />`}
        <p role="alert">${problem}</p>
    <//>`;
}
