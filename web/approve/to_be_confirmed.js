// to_be_confirmed.js - the phone shows the number that the computer shows, and waits for its owner to say so there.

import { useSignal } from "../vendor/signals.js";
import { Match, useLooking } from "../lib/approval.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { sentence } from "../lib/problem.js";
import { send } from "./device_key.js";

// look() looks what the phone is by now.
export function ToBeConfirmed({ device, number, account, look }) {
    const wrong = useSignal("");
    useLooking(async () => {
        const { state } = await send(device, "/api/approve/registration", {});
        if (state !== "waiting") await look();
        return state !== "waiting";
    }, (error) => { wrong.value = sentence(error); });
    return html`<${Page} title=${t("approve.title")}>
        <p>${t("approve.compare", { account })}</p>
        <${Match} label=${t("phone.number")} number=${number} />
        <p role="status">${t("approve.confirming")}</p>
        <p role="alert">${wrong.value}</p>
    <//>`;
}
