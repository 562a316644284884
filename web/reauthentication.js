// reauthentication.js - sensitive changes need a code (or the password) once more.

import { post } from "./api.js";
import { dialog } from "./dialog.js";
import { h } from "./dom.js";
import { eitherCodeField, eitherCodeOf, field, form } from "./form.js";
import { t } from "./language.js";

function passwordField() {
    return field({
        name: "password", label: t("password.password"), type: "password", autocomplete: "current-password",
    });
}

// Sends what is typed to path, until it is right: the portal's answer; undefined when the reader would rather not.
function ask(by, path, submit) {
    const isCode = by === "code";
    return dialog(t("reauthentication.title"), (close) => [
        h("p", {}, isCode ? t("reauthentication.code") : t("reauthentication.password")),
        form({
            fields: isCode ? eitherCodeField() : passwordField(),
            submit,
            waiting: isCode ? t("code.waiting") : t("password.waiting"),
            action: async (typed) =>
                close(await post(path, isCode ? { code: eitherCodeOf(typed.code) } : typed)),
            others: h("button", { type: "button", onclick: () => close() }, t("app.cancel")),
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
        const agreed = await ask(error.by, "/api/account/reauthentication", t("reauthentication.submit"));
        return agreed ? action() : null;
    }
}

// For a change that wants a code of its own, however recent the last one is.
export function withCode(path, submit) {
    return ask("code", path, submit);
}
