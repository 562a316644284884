// connection_test.js - the member watches how a device signs in.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited, say } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { follow } from "../lib/places.js";
import { passing, sentence, waitOf } from "../lib/problem.js";
import { attempt } from "../lib/unavailable.js";
import { Attempts, ID as ATTEMPTS } from "./attempts.js";

const PATH = "/api/account/connection-test";
const EVERY = 1000; // ms between two looks

// What the portal has told of the test: tested, full, attempts, the newest first, and end, when it ends by
// performance.now(). null until it is known.
const test = signal(null);
const left = signal(0); // seconds

function count() {
    left.value = Math.max(0, Math.ceil((test.value.end - performance.now()) / 1000));
}

// The answer has what is new behind the attempts before.
function adopt(answer, before = []) {
    const attempts = [...answer.attempts].reverse().concat(before);
    test.value = { ...answer, attempts, end: performance.now() + answer.seconds_left * 1000 };
    count();
}

async function look() {
    const asked = test.value;
    const since = asked.attempts.length > 0 ? `?since=${asked.attempts[0].id}` : "";
    const answer = await get(PATH + since);
    // The reader may have ended it, or started another one.
    if (test.value === asked) adopt(answer, asked.attempts);
}

// Looks again and again while the test is running. Gives a function that ends this.
function watch() {
    let timer = 0;
    let watching = true;
    const again = async () => {
        let wait = EVERY;
        try {
            if (left.value > 0) await look();
        } catch (error) {
            if (!watching || follow(error)) return;
            say(sentence(error), true);
            if (!passing(error)) return;
            wait = waitOf(error) * 1000;
        }
        if (watching) timer = setTimeout(again, wait);
    };
    timer = setTimeout(again, EVERY);
    return () => {
        watching = false;
        clearTimeout(timer);
    };
}

function useTest() {
    useEffect(() => {
        test.value = null;
        const ticking = setInterval(() => test.value && count(), EVERY / 2);
        let stop = () => {};
        let gone = false;
        attempt(async () => {
            adopt(await awaited(() => get(PATH)));
            if (!gone) stop = watch();
        });
        return () => {
            gone = true;
            clearInterval(ticking);
            stop();
        };
    }, []);
    return test.value;
}

async function change(path, message) {
    try {
        adopt(await awaited(() => post(path)));
        say(message);
        // The button that was pressed is gone.
        setTimeout(() => document.getElementById(ATTEMPTS)?.focus());
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
    }
}

function Running() {
    const time = `${Math.floor(left.value / 60)}:${String(left.value % 60).padStart(2, "0")}`;
    return html`
        <p data-standing="on">${t("test.running")}</p>
        <p>${t("test.press")}</p>
        <p role="timer">${t("test.ends", { time })}</p>
        <${Action} go=${() => change(`${PATH}/stop`, t("test.stopped"))}>${t("test.stop")}<//>`;
}

function NotRunning({ tested }) {
    return html`
        <p data-standing="off">${tested ? t("test.over") : t("test.none")}</p>
        <p>${t("test.what")}</p>
        <${Action} tone="accent" go=${() => change(PATH, t("test.started"))}>
            ${tested ? t("test.again") : t("test.start")}
        <//>`;
}

export function ConnectionTest() {
    const now = useTest();
    if (!now) return null;
    const running = left.value > 0;
    return html`
        ${running ? html`<${Running} />` : html`<${NotRunning} tested=${now.tested} />`}
        ${now.tested && html`<${Attempts} running=${running} attempts=${now.attempts} full=${now.full} />`}`;
}
