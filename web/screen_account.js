// screen_account.js - the settings of two-step verification: puts its sections together.

import { devicesSection, sessionsSection } from "./account_devices.js";
import { factorSection } from "./account_factor.js";
import { modeSection } from "./account_mode.js";
import { post } from "./api.js";
import { h } from "./dom.js";
import { t } from "./language.js";
import { signIn } from "./places.js";
import { sentence } from "./problem.js";
import { reauthenticated } from "./reauthentication.js";
import { attempt } from "./screen_unavailable.js";
import { say, show } from "./stage.js";

function wrong(error) {
    if (error.code === "sign-in-again") signIn(error.code);
    else say(sentence(error), true);
}

// What the sections do with: request(path, body) gives the portal's answer, or null
// when the reader changed their mind or was told what went wrong; done() shows a new
// account, with the focus at a section and a word about it.
function tools(data) {
    return {
        request: async (path, body) => {
            try {
                return await reauthenticated(() => post(path, body));
            } catch (error) {
                wrong(error);
                return null;
            }
        },
        done: (account, focus, message) => {
            show(accountScreen, { ...data, account, focus });
            if (message) say(message);
        },
    };
}

function webmailLink(address) {
    if (!/^https?:/.test(address ?? "")) return null;
    return h("a", { href: address }, t("app.webmail"));
}

function signOut() {
    return attempt(async () => {
        await post("/api/sign-out");
        signIn("signed-out");
    });
}

// data: session and account, as the portal gives them; focus, a section's heading.
export function accountScreen(data) {
    const { session, account } = data;
    const give = tools(data);
    return {
        title: t("account.title"),
        wide: true,
        actions: [
            h("span", {}, account.address),
            webmailLink(session.webmail),
            h("button", { type: "button", "data-tone": "small", onclick: signOut }, t("app.sign-out")),
        ],
        content: [
            h("p", {}, t("account.scope")),
            factorSection(account, give),
            modeSection(account, give),
            devicesSection(account, give),
            sessionsSection(account, give),
        ],
    };
}
