// forwarding.js - the member's own forward: whether it counts and why not, its addresses, a new one, on and off.

import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { awaited } from "../lib/announcements.js";
import { get, post } from "../lib/api.js";
import { Field, Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { reauthenticated } from "../lib/reauthentication.js";
import { attempt } from "../lib/unavailable.js";
import { ForwardingTargets, ID } from "./forwarding_targets.js";
import { Section } from "./section.js";
import { settle } from "./state.js";

// As the portal gives it, null until it is there.
const forward = signal(null);

const show = (changed, message) => {
    forward.value = changed;
    settle(message, ID);
};

function useForward() {
    useEffect(() => {
        attempt(async () => { forward.value = await awaited(() => get("/api/account/forwarding")); });
        return () => { forward.value = null; };
    }, []);
    return forward.value;
}

const isConfirmed = ({ confirmed_at: at }) => at !== 0;

// Whether mail is forwarded, and the sentence that says so.
function standing({ refusal, enabled, targets, keep_copy: keepCopy, differs }) {
    if (refusal) return ["off", t(`error.${refusal}`)];
    if (targets.length === 0) return ["off", t("forwarding.none")];
    if (!enabled) return ["off", t("forwarding.switched-off")];
    if (!targets.some(isConfirmed)) return ["off", t("forwarding.waiting")];
    if (differs === "leads-too-far") return ["off", t("forwarding.leads-too-far")];
    return ["on", keepCopy || differs ? t("forwarding.with-copy") : t("forwarding.without-copy")];
}

function AddForm() {
    const add = async ({ address }) => {
        const send = () => awaited(() => post("/api/account/forwarding/targets", { address: address.trim() }));
        const answer = await reauthenticated(send);
        if (!answer) return;
        const added = answer.targets.at(-1);
        const words = isConfirmed(added) ? "forwarding.added" : "forwarding.code-mailed";
        show(answer, t(words, { address: added.address }));
    };
    return html`<${Section} id="new-forwarding-target" title=${t("forwarding.new")}>
        <${Form} submit=${t("forwarding.add")} action=${add}>
            <${Field} name="address" label=${t("forwarding.address")} hint=${t("forwarding.address-hint")}
                inputmode="email" autocomplete="off" autocapitalize="none" spellcheck=${false} />
        <//>
    <//>`;
}

function StandingForm({ enabled, keep_copy: keepCopy }) {
    const save = async (typed) => {
        const answer = await reauthenticated(() => awaited(() => post("/api/account/forwarding", typed)));
        if (answer) show(answer, t("forwarding.saved"));
    };
    return html`<${Section} id="forwarding-standing" title=${t("forwarding.standing")}>
        <${Form} submit=${t("forwarding.save")} action=${save}>
            <${Tick} name="enabled" label=${t("forwarding.enabled")} hint=${t("forwarding.enabled-hint")}
                defaultChecked=${enabled} />
            <${Tick} name="keep_copy" label=${t("forwarding.keep-copy")} hint=${t("forwarding.keep-copy-hint")}
                defaultChecked=${keepCopy} />
        <//>
    <//>`;
}

export function Forwarding() {
    const now = useForward();
    if (!now) return null;
    const { refusal, targets, most, enabled, keep_copy: keepCopy, differs } = now;
    const [state, sentence] = standing(now);
    return html`
        <p data-standing=${state}>${sentence}</p>
        ${refusal && targets.length > 0 && html`<p>${t("forwarding.kept")}</p>`}
        ${differs === "leads-back" && html`<p data-note>${t("forwarding.leads-back")}</p>`}
        <p>${t("forwarding.what")}</p>
        <${ForwardingTargets} targets=${targets} refusal=${refusal} show=${show} />
        ${!refusal && targets.length < most && html`<${AddForm} />`}
        ${!refusal && targets.length >= most && html`<p data-note>${t("error.too-many-forwards")}</p>`}
        ${!refusal && targets.length > 0 && html`<${StandingForm} key=${`${enabled} ${keepCopy}`} ...${now} />`}`;
}
