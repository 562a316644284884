// main.js - which screen is next, from the path and the portal's session.

import { getAccount, getSession, post } from "./api.js";
import { t } from "./language.js";
import { again, goOn, notice, path, signIn } from "./places.js";
import { accountScreen } from "./screen_account.js";
import { codeScreen } from "./screen_code.js";
import { passwordScreen } from "./screen_password.js";
import { recoveryCodesScreen } from "./screen_recovery_codes.js";
import { registrationScreen } from "./screen_registration.js";
import { signOutScreen } from "./screen_sign_out.js";
import { attempt } from "./screen_unavailable.js";
import { setName, show } from "./stage.js";

// What the address of the page may begin the sign-in with.
const NOTICES = {
    "sign-in-again": () => t("notice.sign-in-again"),
    "signed-out": () => t("notice.signed-out"),
};

function later() {
    return attempt(async () => proceed(await post("/api/sign-in/later")));
}

function confirm(session) {
    return async (code) => {
        const answer = await post("/api/sign-in/registration/confirm", { code });
        if (!answer.recovery_codes) return proceed(answer);
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
    });
}

// The steps of signing in, until the session is authenticated.
async function proceed(session) {
    if (session.state === "authenticated") goOn();
    else if (session.state === "none") show(passwordScreen, { proceed, notice: NOTICES[notice] });
    else if (session.next === "code") show(codeScreen, { session, proceed });
    else await attempt(() => register(session));
}

function begin(session) {
    return proceed(again && session.state === "authenticated" ? { state: "none" } : session);
}

async function account(session) {
    if (session.state === "authenticated") show(accountScreen, { session, account: await getAccount() });
    else signIn();
}

async function signOut(session) {
    if (session.state === "none") signIn("signed-out");
    else show(signOutScreen, { session });
}

const PAGES = { "/sign-in": begin, "/account": account, "/sign-out": signOut };

attempt(async () => {
    const session = await getSession();
    setName(session.name);
    await (PAGES[path] ?? proceed)(session);
});
