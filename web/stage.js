// stage.js - shows one screen at a time: frame, title, focus, languages, announcements.
//
// A screen is a function of its data. It returns
//   title    of the page and its heading
//   content  nodes below the heading
//   focus    the element to start at; the heading, if none
//   wide     for pages of sections, else a card
//   actions  nodes for the frame's corner
//   holds    true where leaving loses something: the browser asks first; see letGo()
//   back()   called when the reader comes back from another window or app

import { h, typedIn, typeIn } from "./dom.js";
import { language, languages, setLanguage, t, tIn } from "./language.js";
import { logo } from "./logo.js";

const READING_TIME = 10000;

const PATIENCE = 500; // until a reader is told what is awaited

const name = document.title; // the operator's, filled in at the server
let shown = null;
let drawn = {};
let hushing = 0;

// They stay when screens change, as a screen reader follows only what was there before.
const status = h("p", { role: "status" });
const alarm = h("p", { role: "alert" });
const frame = h("div", { id: "frame" });
document.body.append(frame, h("div", { id: "announcements" }, status, alarm));

export function portalName() {
    return name;
}

function speak(language) {
    const typed = typedIn(frame);
    setLanguage(language);
    draw();
    typeIn(frame, typed);
    frame.querySelector(`nav button[lang=${language}]`).focus();
}

function languageSwitch() {
    const button = (code) => h("button", {
        type: "button", lang: code, "aria-pressed": String(code === language()), onclick: () => speak(code),
    }, tIn(code, "language.name"));
    return h("nav", { "aria-label": t("language.label") }, languages.map(button));
}

function draw() {
    hush();
    drawn = shown.screen(shown.data);
    const { title, content, focus, wide, actions } = drawn;
    const heading = h("h1", { tabindex: "-1" }, title);
    document.title = `${title} - ${name}`;
    document.body.dataset.width = wide ? "wide" : "narrow";
    frame.replaceChildren(
        h("header", {}, h("strong", {}, logo(), name), actions && h("div", {}, actions)),
        h("main", {}, heading, content),
        h("footer", {}, languageSwitch()));
    (focus ?? heading).focus();
}

export function show(screen, data) {
    shown = { screen, data };
    draw();
    scrollTo(0, 0);
    if (data.focus) document.getElementById(data.focus)?.focus();
}

// What the screen holds may be left now.
export function letGo() {
    drawn.holds = false;
}

addEventListener("beforeunload", (event) => {
    if (!drawn.holds) return;
    event.preventDefault();
    event.returnValue = true; // for browsers of before 2023
});

document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") drawn.back?.();
});

function hush() {
    clearTimeout(hushing);
    status.textContent = "";
    alarm.textContent = "";
}

// What was done, or what went wrong, without moving the focus. What was done can be
// seen anyway, and goes away; what went wrong stays until something else is done.
export function say(text, wrong = false) {
    hush();
    (wrong ? alarm : status).textContent = text;
    if (!wrong) hushing = setTimeout(hush, READING_TIME);
}

// Runs task; if it takes long, says what is awaited until then.
export async function awaited(task) {
    const words = t("busy.server");
    const timer = setTimeout(() => { status.textContent = words; }, PATIENCE);
    try {
        return await task();
    } finally {
        clearTimeout(timer);
        if (status.textContent === words) hush();
    }
}
