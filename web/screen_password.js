// screen_password.js - address and password.

import { post } from "./api.js";
import { h } from "./dom.js";
import { field, form } from "./form.js";
import { t } from "./language.js";
import { requestParameter } from "./places.js";
import { portalName } from "./stage.js";

const ADDRESS_MAX = 320;

function revealer(input) {
    const button = h("button", { type: "button", "aria-controls": input.id, onclick: turn });
    const tell = () => {
        const hidden = input.type === "password";
        button.textContent = hidden ? t("password.show") : t("password.hide");
        button.setAttribute("aria-label", hidden ? t("password.show-label") : t("password.hide-label"));
    };
    function turn() {
        input.type = input.type === "password" ? "text" : "password";
        tell();
    }
    tell();
    return button;
}

// data: proceed(session); notice, a sentence to begin with, if any.
export function passwordScreen({ proceed, notice }) {
    const user = field({
        name: "user", label: t("password.user"), inputmode: "email", autocomplete: "username",
        autocapitalize: "none", spellcheck: "false", maxlength: ADDRESS_MAX,
        value: requestParameter("login_hint").slice(0, ADDRESS_MAX),
    });
    const password = field({
        name: "password", label: t("password.password"), type: "password",
        autocomplete: "current-password", beside: revealer,
    });
    return {
        title: t("password.title"),
        content: [
            h("p", {}, t("password.lead", { name: portalName() })),
            notice && h("p", { "data-note": true }, notice()),
            form({
                fields: [user, password],
                submit: t("password.submit"),
                waiting: t("password.waiting"),
                action: async (typed) => proceed(await post("/api/sign-in", { ...typed, user: typed.user.trim() })),
            }),
        ],
        focus: (requestParameter("login_hint") ? password : user).querySelector("input"),
    };
}
