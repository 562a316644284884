// screen_unavailable.js - the server cannot answer now: waits, and tries again by itself.

import { h } from "./dom.js";
import { duration, t } from "./language.js";
import { passing, sentence, waitOf } from "./problem.js";
import { follow } from "./places.js";
import { show } from "./stage.js";

const LONGEST = 60;

function reason(error) {
    if (error.code === "unreachable") return t("unavailable.unreachable");
    return passing(error) ? t("unavailable.busy") : sentence(error);
}

// data: error; task(), which is to be done once the server answers.
function unavailableScreen({ error, task }) {
    const count = h("small", {});
    const button = h("button", { type: "submit", onclick: again }, t("unavailable.now"));
    let wait = waitOf(error);
    let due = passing(error) ? Date.now() + wait * 1000 : Infinity;

    async function again() {
        if (button.getAttribute("aria-disabled") === "true") return null;
        due = Infinity;
        button.setAttribute("aria-disabled", "true");
        try {
            return await task();
        } catch (failure) {
            if (!passing(failure)) return fail(failure, task);
            wait = Math.min(LONGEST, Math.max(waitOf(failure), wait * 2));
        }
        button.removeAttribute("aria-disabled");
        due = Date.now() + wait * 1000;
        return null;
    }

    const timer = setInterval(() => {
        const left = due - Date.now();
        if (!count.isConnected) clearInterval(timer); // another screen is on
        else if (left <= 0) again();
        else if (left < Infinity) count.textContent = t("unavailable.soon", { wait: duration(left / 1000) });
    }, 500);
    return {
        title: passing(error) ? t("unavailable.title") : t("unavailable.wrong"),
        content: [h("p", {}, reason(error)), button, passing(error) && count],
    };
}

function fail(error, task) {
    if (!follow(error)) show(unavailableScreen, { error, task });
}

// Does task, which may throw an ApiError; if so, a screen says it and tries again.
export async function attempt(task) {
    try {
        await task();
    } catch (error) {
        fail(error, task);
    }
}
