// steps.js - the steps of signing in: a row has its address, and when it is the reader's turn.

import { loadSentences } from "../lib/language.js";
import { later } from "../lib/later.js";
import { canUsePasskeys } from "../lib/passkeys.js";
import { Password } from "./password.js";

const laterSteps = async () => (await Promise.all([import("./later_steps.js"), loadSentences("steps")]))[0];
const laterStep = (choose) => later(async () => choose(await laterSteps()));

// Who begins to type has all that the first step needs, and those that follow are ready in time.
addEventListener("input", () => laterSteps().catch(console.warn), { once: true });

const asksFor = (session, ...next) => session.state === "pending" && next.includes(session.next);

const hasPasskey = ({ factors, passkeys }) => passkeys && canUsePasskeys() && factors.includes("passkey");
const registers = (session, kind) => asksFor(session, "offer", "register") && session.allowed_factors.includes(kind);

// The first one whose turn it is comes next: the strongest that the member has.
export const steps = [
    { path: "/sign-in", component: Password, isTurn: ({ state }) => state === "none" },
    {
        path: "/sign-in/passkey",
        component: laterStep(({ Passkey }) => Passkey),
        isTurn: (session) => asksFor(session, "code") && hasPasskey(session),
    },
    {
        path: "/sign-in/approval",
        component: laterStep(({ ApprovalStep }) => ApprovalStep),
        isTurn: (session) => asksFor(session, "code") && session.factors.includes("approval"),
    },
    {
        path: "/sign-in/code",
        component: laterStep(({ Code }) => Code),
        isTurn: (session) => asksFor(session, "code") && session.factors.includes("totp"),
    },
    {
        path: "/sign-in/recovery",
        component: laterStep(({ Recovery }) => Recovery),
        isTurn: (session) => asksFor(session, "code") && session.recovery,
    },
    {
        path: "/sign-in/identity",
        component: laterStep(({ Identity }) => Identity),
        isTurn: (session) => asksFor(session, "code") && session.identity_check,
    },
    {
        path: "/sign-in/registration",
        component: laterStep(({ Registration }) => Registration),
        isTurn: (session) => registers(session, "totp"),
    },
    {
        path: "/sign-in/registration/passkey",
        component: laterStep(({ PasskeyRegistration }) => PasskeyRegistration),
        // Where the app is not allowed, the page is there for browsers without passkeys, too, and has the other ways.
        isTurn: (session) => registers(session, "passkey") && (canUsePasskeys() || !registers(session, "totp")),
    },
    {
        path: "/sign-in/registration/approval",
        component: laterStep(({ PhoneRegistration }) => PhoneRegistration),
        isTurn: (session) => registers(session, "approval"),
    },
    {
        path: "/sign-in/recovery-contact",
        component: laterStep(({ RecoveryContact }) => RecoveryContact),
        isTurn: ({ state, recovery_consent: asks }) => state === "authenticated" && asks,
    },
    {
        path: "/sign-in/recovery-codes",
        component: laterStep(({ CodesStep }) => CodesStep),
        isTurn: ({ state, recovery_kept: kept }) => state === "authenticated" && !kept,
    },
];
