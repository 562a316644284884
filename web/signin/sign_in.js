// sign_in.js - shows the step whose turn it is, and corrects the address if it is another one's.

import { useLayoutEffect } from "../vendor/hooks.js";
import { Frame } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { again, notice as asked } from "../lib/places.js";
import { go, place } from "../lib/router.js";
import { session } from "../lib/session.js";
import { useReturning } from "../lib/returning.js";
import { finish, look, notice, stepAt } from "./progress.js";

let begun = false;

// The first step of all: a program may want a new sign-in, and the reader be told why they are here.
function begin() {
    begun = true;
    notice.value = asked ?? session.peek().why;
    if (again && session.peek().state === "authenticated") session.value = { ...session.peek(), state: "none" };
}

export function SignIn() {
    if (!begun) begin();
    const step = stepAt(place.value, session.value);
    useReturning(look);
    useLayoutEffect(() => {
        if (!step) finish();
        else if (step.path !== place.peek().path) go(step.path, { replace: true });
    }, [step, place.value.path]);
    return step ? html`<${Frame}><${step.component} key=${step.path} /><//>` : null;
}
