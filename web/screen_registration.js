// screen_registration.js - registers an authenticator app: by QR code or by key.

import { action } from "./button.js";
import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { codeField, digitsOf, form } from "./form.js";
import { fill, t } from "./language.js";
import { qrCode } from "./qr.js";
import { wrongLength } from "./screen_code.js";
import { show } from "./stage.js";

const PLAY = "https://play.google.com/store/apps/details?id=com.google.android.apps.authenticator2";
const APP_STORE = "https://apps.apple.com/app/google-authenticator/id388497605";

function shop(address, label) {
    return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

function install() {
    return fill("registration.install", {
        play: shop(PLAY, t("registration.play")),
        appstore: shop(APP_STORE, t("registration.app-store")),
    });
}

function steps(...texts) {
    return h("ol", {}, texts.map((text) => h("li", {}, h("span", {}, text))));
}

function byScan({ svg }) {
    return [
        steps(install(), t("registration.choose-scan"), t("registration.scan")),
        h("figure", {}, qrCode(svg, t("registration.qr-label"))),
    ];
}

function byKey({ account, key }) {
    const item = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    return [
        steps(install(), t("registration.choose-key"), t("registration.type-key")),
        h("dl", {},
            item(t("registration.account"), account),
            item(t("registration.key"), h("code", {}, key), copyButton(key.replaceAll(" ", ""))),
            item(t("registration.kind"), t("registration.time-based"))),
    ];
}

// A member who takes longer than a key is valid goes on with a new one.
async function confirmWith(data, code) {
    try {
        await data.confirm(code);
    } catch (error) {
        if (error.code !== "registration-expired") throw error;
        const pending = await data.begin();
        if (pending) show(registrationScreen, { ...data, pending, expired: true });
    }
}

// data: begin(), which gives the portal's answer, or null when the reader gave up; pending, that
// answer; expired, whether it is in place of an expired one; manual, by key; lead, a sentence;
// confirm(code); ways out, a list of { label(), go, quiet }; back().
export function registrationScreen(data) {
    const { pending, expired, manual, lead, ways, back } = data;
    const turn = h("button", {
        type: "button", "data-tone": "quiet", onclick: () => show(registrationScreen, { ...data, manual: !manual }),
    }, manual ? t("registration.to-scan") : t("registration.cannot-scan"));
    const out = ways.map(({ label, go, quiet }) => action(label(), go, { "data-tone": quiet && "quiet" }));
    return {
        title: manual ? t("registration.title-key") : t("registration.title"),
        content: [
            h("p", {}, lead()),
            expired && h("p", { "data-note": true }, t("registration.expired")),
            manual ? byKey(pending) : byScan(pending),
            turn,
            form({
                fields: codeField(),
                submit: t("registration.submit"),
                waiting: t("code.waiting"),
                check: wrongLength,
                action: ({ code }) => confirmWith(data, digitsOf(code)),
                others: out,
            }),
        ],
        back,
    };
}
