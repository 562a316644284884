// reauthentication.js - sensitive changes need a code (or the password) once more.

import { post } from "./api.js";
import { dialog } from "./dialog.js";
import { h } from "./dom.js";
import { codeField, field, form } from "./form.js";
import { t } from "./language.js";

function passwordField() {
    return field({
        name: "password", label: t("password.password"), type: "password", autocomplete: "current-password",
    });
}

function askAgain(by) {
    return dialog(t("reauthentication.title"), (close) => [
        h("p", {}, by === "code" ? t("reauthentication.code") : t("reauthentication.password")),
        form({
            fields: by === "code" ? codeField() : passwordField(),
            submit: t("reauthentication.submit"),
            action: async (typed) => {
                await post("/api/account/reauthentication", typed);
                close(true);
            },
            others: h("button", { type: "button", onclick: () => close(false) }, t("app.cancel")),
        }),
    ]);
}

// Runs action; when the portal wants reauthentication first, asks for it and runs action again.
// null when the reader would rather not.
export async function reauthenticated(action) {
    try {
        return await action();
    } catch (error) {
        if (error.code !== "reauthentication-needed") throw error;
        return (await askAgain(error.by)) ? action() : null;
    }
}
