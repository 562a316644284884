// main.js - which screen is next, from the path and the portal's session.

import { getAccount, getSession, post } from "./api.js";
import { t } from "./language.js";
import { again, follow, goOn, notice, path, signIn } from "./places.js";
import { accountScreen } from "./screen_account.js";
import { codeScreen } from "./screen_code.js";
import { passwordScreen } from "./screen_password.js";
import { codesNotKeptScreen, recoveryCodesScreen } from "./screen_recovery_codes.js";
import { registrationScreen } from "./screen_registration.js";
import { signOutScreen } from "./screen_sign_out.js";
import { attempt } from "./screen_unavailable.js";
import { awaited, show } from "./stage.js";

// What the sign-in may begin with: as the address of the page says, or the portal of a session that is over.
const NOTICES = {
    "signed-out": () => t("notice.signed-out"),
    "other-window": () => t("notice.other-window"),
    ended: () => t("notice.ended"),
    expired: () => t("notice.expired"),
};

function later() {
    return attempt(async () => proceed(await post("/api/sign-in/later")));
}

function confirm(session) {
    return async (code) => {
        const answer = await post("/api/sign-in/registration/confirm", { code });
        return show(recoveryCodesScreen, { codes: answer.recovery_codes, account: session.address, done: goOn });
    };
}

function leave() {
    return attempt(async () => {
        await post("/api/sign-out");
        await proceed({ state: "none" });
    });
}

async function register(session) {
    const optional = session.next === "offer";
    const begin = () => post("/api/sign-in/registration");
    show(registrationScreen, {
        begin,
        pending: await begin(),
        lead: () => (optional ? t("registration.lead") : t("registration.lead-required")),
        confirm: confirm(session),
        ways: [
            ...(optional ? [{ label: () => t("registration.later"), go: later }] : []),
            { label: () => t("code.other-account"), go: leave, quiet: true },
        ],
        back,
    });
}

// Who comes back to this window may have done the step in another one, or signed out.
async function back() {
    const session = await getSession().catch((error) => follow(error) && null);
    if (session && session.state !== "pending") await proceed(session, session.why ?? "other-window");
}

// The steps of signing in, until the session is authenticated; why, a notice to begin with.
async function proceed(session, why) {
    if (session.state === "none") show(passwordScreen, { proceed, notice: NOTICES[why] });
    else if (session.state === "pending" && session.next === "code") show(codeScreen, { session, proceed, back });
    else if (session.state === "pending") await attempt(() => register(session));
    else if (session.recovery_kept) goOn();
    else show(codesNotKeptScreen, { account: session.address, done: goOn });
}

function begin(session) {
    if (again && session.state === "authenticated") return proceed({ state: "none" });
    return proceed(session, notice ?? session.why);
}

async function account(session) {
    if (session.state === "authenticated") show(accountScreen, { session, account: await getAccount() });
    else signIn(session.why);
}

async function signOut(session) {
    if (session.state === "none") signIn("signed-out");
    else show(signOutScreen, { session });
}

const PAGES = { "/sign-in": begin, "/account": account, "/sign-out": signOut };

// Now that all modules are here.
document.getElementById("without-script").remove();
attempt(async () => {
    const session = await awaited(getSession);
    await (PAGES[path] ?? proceed)(session);
});
