// screen_account.js - the settings of two-step verification: puts its sections together.

import { devicesSection, sessionsSection } from "./account_devices.js";
import { factorSection } from "./account_factor.js";
import { modeSection } from "./account_mode.js";
import { getSession, post } from "./api.js";
import { action } from "./button.js";
import { h } from "./dom.js";
import { t } from "./language.js";
import { follow, signIn } from "./places.js";
import { sentence } from "./problem.js";
import { reauthenticated } from "./reauthentication.js";
import { attempt } from "./screen_unavailable.js";
import { awaited, say, show } from "./stage.js";

// What the sections do with: request(path, body) gives the portal's answer, or null
// when the reader changed their mind or was told what went wrong; done() shows a new
// account, with the focus at a section and a word about it.
function tools(data) {
    return {
        request: async (path, body) => {
            try {
                return await reauthenticated(() => awaited(() => post(path, body)));
            } catch (error) {
                if (!follow(error)) say(sentence(error), true);
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

// Who comes back to this window may have signed out in another one, or elsewhere.
async function back() {
    const session = await getSession().catch((error) => follow(error) && null);
    if (session && session.state !== "authenticated") signIn(session.why ?? "other-window");
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
            action(t("app.sign-out"), signOut, { "data-tone": "small" }),
        ],
        back,
        content: [
            h("p", {}, t("account.scope")),
            factorSection(account, give),
            modeSection(account, give),
            devicesSection(account, give),
            sessionsSection(account, give),
        ],
    };
}
