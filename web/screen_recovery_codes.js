// screen_recovery_codes.js - ten codes, shown this once, until the reader has kept them.

import { post } from "./api.js";
import { action } from "./button.js";
import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { t, time } from "./language.js";
import { follow } from "./places.js";
import { sentence } from "./problem.js";
import { reauthenticated } from "./reauthentication.js";
import { awaited, letGo, portalName, say, show } from "./stage.js";

function download(text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    h("a", { href: address, download: "recovery-codes.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// What fails is said, and leaves the screen as it is: there is nowhere else to read the codes.
async function orSay(task) {
    try {
        return await awaited(task);
    } catch (error) {
        if (!follow(error)) say(sentence(error), true);
        return null;
    }
}

// Tells the portal that they are kept; done(account) goes on.
export async function keep(done) {
    const account = await orSay(() => post("/api/account/recovery-codes/kept"));
    if (!account) return;
    letGo();
    await done(account);
}

// data: codes; account, an address; done(account), with what the account page shows.
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
            action(t("codes.kept"), () => keep(done), { type: "submit" }),
        ],
        holds: true,
    };
}

// Codes were made, and the page that showed them was lost, or left without a word. data: account, an address; done().
export function codesNotKeptScreen({ account, done }) {
    const make = async () => {
        const answer = await orSay(() => reauthenticated(() => post("/api/account/recovery-codes")));
        if (answer) show(recoveryCodesScreen, { codes: answer.recovery_codes, account, done });
    };
    return {
        title: t("not-kept.title"),
        content: [
            h("p", {}, t("not-kept.text")),
            action(t("factor.codes"), make, { type: "submit" }),
            action(t("codes.kept"), () => keep(done)),
            h("button", { type: "button", "data-tone": "quiet", onclick: done }, t("not-kept.later")),
        ],
    };
}
