// member_two_step.js - a member's two-step verification: whether it is required and used, the member's own choice, and
// the authenticator, which can be deleted.

import { detail } from "../account/details.js";
import { Section } from "../account/section.js";
import { settle } from "../account/state.js";
import { Action } from "../lib/button.js";
import { Tick } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { number, t, time } from "../lib/language.js";
import { settingName, standing, valueName } from "./domain_words.js";
import { saveMember } from "./member_changes.js";
import { askReason } from "./reason.js";
import { chosenSettings, splitDate, StartField } from "./setting_field.js";
import { request } from "./state.js";

const ID = "two-step";

// The words of each, in the order of the page, with what they do.
const CHOICES = {
    two_factor_requirement: {
        required: ["member.required", "member.required-hint"],
        optional: ["member.optional", "member.optional-hint"],
    },
    two_factor_mode: {
        use: ["member.use", "member.use-hint"],
        skip: ["member.skip", "member.skip-hint"],
    },
};

function Choice({ name, setting }) {
    const [own] = splitDate(setting.own);
    const box = (value, label, hint) => html`<${Tick} key=${value} type="radio" name=${name} value=${value}
        label=${label} hint=${hint} defaultChecked=${value === own} />`;
    const boxes = Object.entries(CHOICES[name]).map(([value, [label, hint]]) => box(value, t(label), t(hint)));
    const inherited = t("member.inherit", { value: valueName(setting.inherited.value) });
    return html`<fieldset>
        <legend>${settingName(name)}</legend>
        ${boxes}
        ${box("inherit", inherited, t("domain.now", { standing: standing(setting) }))}
    </fieldset>`;
}

function Choices({ object }) {
    const { settings } = object.value;
    const requirement = settings.two_factor_requirement;
    const save = (typed) => saveMember(object, chosenSettings(typed, settings), ID);
    return html`<${Form} submit=${t("member.save")} action=${save}>
        <div data-settings>
            <div data-setting>
                <${Choice} name="two_factor_requirement" setting=${requirement} />
                <${StartField} name="two_factor_requirement" label=${t("member.required")} setting=${requirement} />
            </div>
            <${Choice} name="two_factor_mode" setting=${settings.two_factor_mode} />
        </div>
    <//>`;
}

function wish({ opted_out: isOut, choice_counts: counts }) {
    if (!isOut) return t("member.wish-none");
    return counts ? t("member.wish-counts") : t("member.wish-void");
}

function Facts({ member }) {
    const { factor } = member;
    const registered = [
        detail(t("factor.since"), factor.registered_at ? time(factor.registered_at) : t("account.unknown")),
        detail(t("factor.from"), factor.registered_ip || t("account.unknown")),
        detail(t("factor.codes-left"), t("factor.codes-count", { count: number(factor.recovery_codes) })),
    ];
    return html`<dl data-facts>
        ${detail(t("factor.title"), factor.registered ? t("factor.on") : t("factor.off"))}
        ${factor.registered && registered}
        ${detail(t("member.wish"), wish(member))}
    </dl>`;
}

function Blocked({ factor }) {
    if (factor.blocked) return html`<p data-note>${t("member.blocked")}</p>`;
    const waits = factor.wait_until * 1000 > Date.now();
    return waits && html`<p data-note>${t("member.waits", { time: time(factor.wait_until) })}</p>`;
}

function Deletion({ object, path, changed }) {
    const { self, may_help: mayHelp, factor, reason } = object.value;
    if (!mayHelp || (!factor.registered && factor.failures === 0)) return null;
    if (self) return html`<p data-aside>${t("member.own-factor")} <a href="/account">${t("console.account")}</a></p>`;
    const remove = async () => {
        const body = await askReason({
            title: t("factor.remove-title"), text: t("member.factor-text"), yes: t("factor.remove"),
            required: reason === "required",
        });
        if (!body || !(await request("POST", `${path}/factor/remove`, body))) return;
        await object.reload();
        changed();
        settle(t("factor.removed"), ID);
    };
    return html`
        <p data-aside>${t("member.factor-hint")}</p>
        <${Action} tone="danger" go=${remove}>${t("factor.remove")}<//>`;
}

export function MemberTwoStep({ object, path, changed }) {
    const member = object.value;
    const isOff = member.settings.two_factor.value === "off";
    return html`<${Section} id=${ID} title=${t("account.title")}>
        <p data-aside>${t("account.scope")}</p>
        ${isOff && html`<p data-note>${t("member.two-factor-off")}</p>`}
        ${member.warnings.includes("skip-with-required") && html`<p data-note>${t("member.skip-required")}</p>`}
        <${Blocked} factor=${member.factor} />
        ${member.may_change && html`<${Choices} key=${object.tag} object=${object} />`}
        <${Facts} member=${member} />
        <${Deletion} object=${object} path=${path} changed=${changed} />
    <//>`;
}
