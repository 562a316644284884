// steps.js - the steps of signing in: a row has its address, and when it is the reader's turn.

import { Code } from "./code.js";
import { CodesStep } from "./codes_step.js";
import { Password } from "./password.js";
import { Recovery } from "./recovery.js";
import { Registration } from "./registration.js";

const asksFor = (session, ...next) => session.state === "pending" && next.includes(session.next);

// The first one whose turn it is comes next.
export const steps = [
    { path: "/sign-in", component: Password, isTurn: ({ state }) => state === "none" },
    { path: "/sign-in/code", component: Code, isTurn: (session) => asksFor(session, "code") },
    {
        path: "/sign-in/recovery",
        component: Recovery,
        isTurn: (session) => asksFor(session, "code") && session.recovery,
    },
    {
        path: "/sign-in/registration",
        component: Registration,
        isTurn: (session) => asksFor(session, "offer", "register"),
    },
    {
        path: "/sign-in/recovery-codes",
        component: CodesStep,
        isTurn: ({ state, recovery_kept: kept }) => state === "authenticated" && !kept,
    },
];
