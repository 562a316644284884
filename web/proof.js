// proof.js - sensitive changes want the factor (or the password) once more.

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

function askProof(by) {
    return dialog(t("proof.title"), (close) => [
        h("p", {}, by === "code" ? t("proof.code") : t("proof.password")),
        form({
            fields: by === "code" ? codeField() : passwordField(),
            submit: t("proof.submit"),
            action: async (typed) => {
                await post("/api/account/proof", typed);
                close(true);
            },
            others: h("button", { type: "button", onclick: () => close(false) }, t("app.cancel")),
        }),
    ]);
}

// Runs action; when the portal wants a proof, asks for it and runs action again.
// null when the reader would rather not.
export async function proven(action) {
    try {
        return await action();
    } catch (error) {
        if (error.code !== "proof-needed") throw error;
        return (await askProof(error.by)) ? action() : null;
    }
}
