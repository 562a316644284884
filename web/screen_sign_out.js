// screen_sign_out.js - asks before it signs out, where a webmail could not prove whose session it ends.

import { post } from "./api.js";
import { action } from "./button.js";
import { h } from "./dom.js";
import { t } from "./language.js";
import { signIn } from "./places.js";
import { attempt } from "./screen_unavailable.js";

// data: session.
export function signOutScreen({ session }) {
    const leave = () => attempt(async () => {
        await post("/api/sign-out");
        signIn("signed-out");
    });
    return {
        title: t("sign-out.title"),
        content: [
            h("p", {}, t("sign-out.text", { account: session.address })),
            action(t("app.sign-out"), leave, { type: "submit" }),
            h("button", { type: "button", onclick: () => location.assign("/account") }, t("sign-out.stay")),
        ],
    };
}
