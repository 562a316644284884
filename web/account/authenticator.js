// authenticator.js - the authenticator: registered or not, anew, away; recovery codes.

import { say } from "../lib/announcements.js";
import { Action } from "../lib/button.js";
import { agree } from "../lib/dialog.js";
import { html } from "../lib/html.js";
import { t, time } from "../lib/language.js";
import { withCode } from "../lib/reauthentication.js";
import { go } from "../lib/router.js";
import { keep, shownCodes } from "../signin/recovery_codes.js";
import { detail } from "./details.js";
import { Section } from "./section.js";
import { request, show } from "./state.js";

const ID = "factor";

async function remove(account) {
    const agreed = await agree({
        title: t("factor.remove-title"),
        text: account.two_factor_requirement === "required" ? t("factor.remove-required") : t("factor.remove-text"),
        yes: t("factor.remove"),
    });
    const answer = agreed && (await withCode("/api/account/factor/remove", t("factor.remove")));
    if (answer) show(answer, t("factor.removed"), ID);
}

async function makeCodes() {
    const agreed = await agree({
        title: t("factor.codes-title"), text: t("factor.codes-text"), yes: t("factor.codes"),
    });
    const answer = agreed && (await request("/api/account/recovery-codes"));
    if (!answer) return;
    shownCodes.value = answer.recovery_codes;
    go("/account/recovery-codes");
    say(t("factor.codes-made"));
}

const register = () => go("/account/registration");

function Details({ factor }) {
    return html`<dl>
        ${detail(t("factor.since"), factor.registered_at ? time(factor.registered_at) : t("account.unknown"))}
        ${detail(t("factor.from"), factor.registered_ip ?? t("account.unknown"))}
        ${detail(t("factor.codes-left"), t("factor.codes-count", { count: factor.recovery_codes }))}
    </dl>`;
}

// Codes that were shown, of which nobody has said that they are kept.
function NotKept() {
    if (shownCodes.value) {
        return html`
            <p data-note>${t("not-kept.shown")}</p>
            <${Action} tone="small" go=${() => go("/account/recovery-codes")}>${t("not-kept.show")}<//>`;
    }
    const kept = () => keep((answer) => show(answer, t("not-kept.done"), ID));
    return html`
        <p data-note>${t("not-kept.text")}</p>
        <${Action} tone="small" go=${kept}>${t("codes.kept")}<//>`;
}

// Where two-step verification is switched off, an authenticator that is there may be deleted, and no more.
function Registered({ account }) {
    const inUse = account.two_factor;
    const isAllowed = account.factor.allowed.includes("totp");
    return html`
        <p data-state=${inUse ? "on" : "off"}>${t("factor.on")}</p>
        <${Details} factor=${account.factor} />
        ${inUse && !account.factor.recovery_kept && html`<${NotKept} />`}
        ${inUse && html`<p data-aside>${isAllowed ? t("factor.hint") : t("factor.not-allowed")}</p>`}
        <div data-row>
            ${inUse && isAllowed && html`<${Action} go=${register}>${t("factor.anew")}<//>`}
            ${inUse && html`<${Action} go=${makeCodes}>${t("factor.codes")}<//>`}
            <${Action} tone="danger" go=${() => remove(account)}>${t("factor.remove")}<//>
        </div>`;
}

// Recovery codes stand in for passkeys, too.
function Unregistered({ account: { factor } }) {
    return html`
        <p data-state="off">${t("factor.off")}</p>
        ${factor.registered && html`<dl>
            ${detail(t("factor.codes-left"), t("factor.codes-count", { count: factor.recovery_codes }))}
        </dl>`}
        ${factor.registered && !factor.recovery_kept && html`<${NotKept} />`}
        ${!factor.registered && html`<p data-aside>${t("factor.why")}</p>`}
        <div data-row>
            ${factor.allowed.includes("totp") && html`
                <${Action} tone=${factor.registered ? undefined : "accent"} go=${register}>${t("factor.register")}<//>`}
            ${factor.registered && html`<${Action} go=${makeCodes}>${t("factor.codes")}<//>`}
        </div>`;
}

export function Authenticator({ account }) {
    const { kinds, allowed, registered } = account.factor;
    if (!account.two_factor && !kinds.includes("totp")) return null;
    // Recovery codes are here, too.
    if (!registered && !allowed.includes("totp")) return null;
    const isRegistered = kinds.includes("totp");
    return html`<${Section} id=${ID} title=${t("factor.title")}>
        ${isRegistered ? html`<${Registered} account=${account} />` : html`<${Unregistered} account=${account} />`}
    <//>`;
}
