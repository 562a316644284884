// screen_recovery_codes.js - ten codes, shown this once.

import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { t, time } from "./language.js";
import { portalName } from "./stage.js";

function download(text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    h("a", { href: address, download: "recovery-codes.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// data: codes, account, done().
export function recoveryCodesScreen({ codes, account, done }) {
    const origin = t("codes.origin", { name: portalName(), account, time: time(Date.now() / 1000) });
    const text = [origin, "", ...codes, ""].join("\r\n");
    const button = (label, onclick) => h("button", { type: "button", "data-tone": "small", onclick }, label);
    return {
        title: t("codes.title"),
        content: [
            h("p", {}, t("codes.lead")),
            h("section", { "data-codes": true, "aria-label": t("codes.title") },
                h("ol", {}, codes.map((code) => h("li", {}, h("code", {}, code)))),
                h("small", {}, origin)),
            h("div", { "data-row": true },
                copyButton(codes.join("\n")),
                button(t("codes.download"), () => download(text)),
                button(t("codes.print"), () => print())),
            h("p", { "data-note": true }, t("codes.once")),
            h("button", { type: "submit", onclick: done }, t("codes.kept")),
        ],
    };
}
