// attachments.js - large attachments of a domain or of a member: what is stored and was downloaded, and the quota; and
// who of a domain has the most stored.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { detail } from "../account/details.js";
import { Section } from "../account/section.js";
import { settle } from "../account/state.js";
import { say } from "../lib/announcements.js";
import { Field, Select } from "../lib/fields.js";
import { Form } from "../lib/form.js";
import { html } from "../lib/html.js";
import { number, t } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { size } from "../lib/size.js";
import { Table } from "../lib/table.js";
import { attempt } from "../lib/unavailable.js";
import { pageOf } from "./members.js";
import { load, useObject } from "./state.js";

const ID = "attachments";
const LARGEST = 10;
const WORDS = ["inherit", "unlimited"];

function quotaName(word) {
    if (word === "unlimited") return t("attachments.unlimited");
    return t("attachments.megabytes", { count: number(Number(word)) });
}

function stored({ bytes, quota_bytes: quota }) {
    return quota === null ? size(bytes) : t("attachments.of", { stored: size(bytes), quota: size(quota) });
}

function downloaded({ downloads, sent_bytes: sent }) {
    return t("attachments.downloaded", { count: number(downloads), size: size(sent) });
}

function Facts({ usage }) {
    const { links, days, quota } = usage;
    const source = quota.source === "policy-file" ? t("attachments.from-policy") : t("attachments.from-own");
    return html`<dl data-facts>
        ${detail(t("attachments.stored"), t("attachments.links", { stored: stored(usage), count: number(links) }))}
        ${detail(t("attachments.downloads", { count: number(days) }), downloaded(usage))}
        ${detail(t("attachments.quota"), t("attachments.standing", { value: quotaName(quota.value), source }))}
    </dl>`;
}

function QuotaForm({ object, changed }) {
    const { quota } = object.value;
    const choice = WORDS.includes(quota.own) ? quota.own : "own";
    const save = async (typed) => {
        const wanted = typed.quota_choice === "own" ? typed.quota.trim() : typed.quota_choice;
        if (wanted === quota.own) return say(t("domain.nothing-changed"));
        if (!(await object.save({ quota: wanted || "-" }))) return undefined;
        changed?.();
        return settle(t("domain.saved"), ID);
    };
    const options = [
        ["inherit", t("attachments.inherit", { value: quotaName(quota.inherited) })],
        ["unlimited", t("attachments.unlimited")],
        ["own", t("attachments.own")],
    ];
    return html`<${Form} submit=${t("attachments.save")} action=${save}>
        <div data-settings>
            <${Select} name="quota_choice" label=${t("attachments.quota")} hint=${t("attachments.quota-hint")}
                value=${choice} options=${options} />
            <${Field} name="quota" label=${t("attachments.own-megabytes")} hint=${t("attachments.own-hint")} optional
                defaultValue=${choice === "own" ? quota.own : ""} inputmode="numeric" autocomplete="off"
                maxlength="10" />
        </div>
    <//>`;
}

// path: of the domain or of the member, below the API's.
export function Attachments({ path, changed }) {
    const object = useObject(`${path}/attachments`);
    if (!object.value) return null;
    return html`<${Section} id=${ID} title=${t("attachments.title")}>
        <${Facts} usage=${object.value} />
        ${object.value.may_change && html`<${QuotaForm} key=${object.tag} object=${object} changed=${changed} />`}
    <//>`;
}

// The members of a domain with the most stored.
export function LargestMembers({ path }) {
    const answer = useSignal(null);
    useEffect(() => {
        attempt(async () => { answer.value = await load(`${path}/attachments/members?limit=${LARGEST}`); });
    }, [path]);
    if (!answer.value) return null;
    const row = (member) => ({
        key: member.member,
        cells: [html`<${Link} to=${pageOf(member.member)}>${member.display}<//>`, stored(member), downloaded(member)],
    });
    const columns = [t("members.member"), t("attachments.stored"), t("attachments.downloads", { count: number(30) })];
    return html`<${Section} id="largest" title=${t("attachments.largest")}>
        ${answer.value.items.length > 0
            ? html`<${Table} label=${t("attachments.largest")} columns=${columns}
                rows=${answer.value.items.map(row)} />`
            : html`<p data-empty>${t("attachments.none")}</p>`}
    <//>`;
}
