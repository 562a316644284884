// progress.js - goes from one step of signing in to the next.

import { getSession } from "../lib/api.js";
import { follow, target } from "../lib/places.js";
import { go, leave, place } from "../lib/router.js";
import { session } from "../lib/session.js";
import { batch, signal } from "../vendor/signals.js";
import { steps } from "./steps.js";

// What the sign-in begins with: a key of NOTICES in password.js, or nothing.
export const notice = signal(null);

function nextStep(session) {
    return steps.find(({ isTurn }) => isTurn(session));
}

// The step to show at an address. Who has gone back to the beginning may sign in there anew.
export function stepAt({ path, returned }, session) {
    const asked = steps.find((step) => step.path === path);
    const anew = asked === steps[0] && returned && session.state === "pending";
    return anew || asked?.isTurn(session) ? asked : nextStep(session);
}

export function finish() {
    return leave(target);
}

// Goes on with the session that the portal has answered.
export function proceed(answer) {
    const step = nextStep(answer);
    if (!step) return finish();
    batch(() => {
        notice.value = null;
        session.value = answer;
        if (step.path !== place.peek().path) go(step.path);
    });
    return null;
}

// Who comes back to this window may have done the step in another one, or signed out.
export async function look() {
    if (session.peek().state !== "pending") return;
    const now = await getSession().catch((error) => follow(error) && null);
    if (!now) return;
    if (now.state === "none") notice.value = now.why ?? "other-window";
    if (now.state === "authenticated") proceed(now);
    else session.value = now;
}
