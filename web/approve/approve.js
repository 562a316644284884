// approve.js - the page of a phone with which a member approves sign-ins. It can be installed.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { Frame, Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { attempt } from "../lib/unavailable.js";
import { canBeDevice, findKey, forgetKey, send } from "./device_key.js";
import { NewPhone } from "./new_phone.js";
import { Registered } from "./registered.js";
import { ToBeConfirmed } from "./to_be_confirmed.js";

// { key, state, number, account }: state as the portal has it, or "new" without a key.
const phone = signal(null);
const why = signal(""); // the phone is not registered any more

async function look() {
    const key = await findKey();
    if (!key) {
        phone.value = { state: "new" };
        return;
    }
    const answer = await send(key, "/api/approve/registration", {});
    if (answer.state === "none") {
        await forgetKey();
        phone.value = { state: "new" };
        why.value = t("approve.gone");
    } else {
        phone.value = { key, ...answer };
    }
}

function claimed(key, answer) {
    why.value = "";
    phone.value = { key, ...answer };
}

function Present() {
    const { key, state, number, account } = phone.value;
    if (state === "new") return html`<${NewPhone} why=${why.value} claimed=${claimed} />`;
    if (state === "waiting") {
        return html`<${ToBeConfirmed} key=${number} device=${key} number=${number} account=${account} look=${look} />`;
    }
    return html`<${Registered} device=${key} account=${account} look=${look} />`;
}

export function Approve() {
    useEffect(() => {
        if (canBeDevice()) attempt(look);
    }, []);
    const page = (content) => html`<${Page} title=${t("approve.title")}>${content}<//>`;
    if (!canBeDevice()) return html`<${Frame}>${page(html`<p>${t("approve.cannot")}</p>`)}<//>`;
    return html`<${Frame}>${phone.value ? html`<${Present} />` : page()}<//>`;
}
