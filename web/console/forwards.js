// forwards.js - where mail of members is forwarded to: found, filtered, and ended, one by one or all that were found.

import { useSignal } from "../vendor/signals.js";
import { say } from "../lib/announcements.js";
import { Action } from "../lib/button.js";
import { html } from "../lib/html.js";
import { number, t, time } from "../lib/language.js";
import { Link } from "../lib/router.js";
import { domainFilter } from "./domain_filter.js";
import { List } from "./list.js";
import { pageOf } from "./members.js";
import { askReason } from "./reason.js";
import { may, send } from "./state.js";

const ID = "forwards";
const PATH = "/forwards";

const filters = () => [
    domainFilter(),
    {
        name: "outside",
        label: t("forwards.outside"),
        options: [["", t("members.any")], ["domain", t("forwards.outside-domain")],
            ["server", t("forwards.outside-server")]],
    },
];

// Why mail stays in the mailbox, by the API's word.
const RESTS = {
    "service-forbidden": "forwards.rests-forbidden",
    "member-inactive": "forwards.rests-member",
    "domain-inactive": "forwards.rests-domain",
    "not-set-up": "forwards.rests-not-set-up",
};

function restOf({ enabled, rests }) {
    if (!enabled) return t("forwards.off");
    if (rests === null) return t("forwards.on");
    return t(RESTS[rests] ?? "forwards.rests-off");
}

function Target({ target }) {
    const where = target.outside_server ? t("forwards.is-outside-server")
        : target.outside_domain && t("forwards.is-outside-domain");
    return html`<li>
        ${target.address}
        ${where && html`<small>${where}</small>`}
        ${target.confirmed_at === null && html`<small>${t("forwards.unconfirmed")}</small>`}
    </li>`;
}

// Whom the API is told: those who are ticked, or the filters that find all.
function whom({ keys, all, count, query }) {
    if (!all) return { members: keys };
    const filter = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
    return { filter, expect: count };
}

// Portion by portion, as the API ends them; null when the reader would rather not say why, or prove it again.
async function endAll(wanted) {
    const sum = { ended: 0, left_out: 0, not_found: 0 };
    for (let after = {}; ;) {
        const answer = await send("POST", `${PATH}/end`, { ...wanted, ...after });
        if (!answer) return null;
        for (const name of Object.keys(sum)) sum[name] += answer[name];
        if (!answer.next) return sum;
        after = { after: answer.next };
    }
}

async function askedAndEnded(wanted, count, required = false) {
    const given = await askReason({
        title: t("forwards.end-title"), text: t("forwards.end-text", { count: number(count) }), yes: t("forwards.end"),
        required,
    });
    if (!given) return null;
    try {
        return await endAll({ ...wanted, ...given });
    } catch (error) {
        if (error.field !== "reason" || required) throw error;
        return askedAndEnded(wanted, count, true);
    }
}

function outcome({ ended, left_out: left }) {
    const words = t("forwards.ended", { count: number(ended) });
    return left > 0 ? `${words} ${t("forwards.left-out", { count: number(left) })}` : words;
}

export function Forwards() {
    const version = useSignal(0);
    const end = (wanted, count) => async () => {
        let sum;
        try {
            sum = await askedAndEnded(wanted, count);
        } catch (error) {
            say(error.code === "other-number" ? t("forwards.other-number") : t(`error.${error.code}`), true);
            version.value += 1;
            return;
        }
        if (!sum) return;
        version.value += 1;
        say(outcome(sum));
    };
    const row = (forward) => ({
        key: forward.member,
        name: forward.display,
        cells: [
            html`<${Link} to=${pageOf(forward.member)}>${forward.display}<//>`,
            html`<ul data-losses>${forward.targets.map((target) => html`<${Target} key=${target.address}
                target=${target} />`)}</ul>`,
            forward.keep_copy ? t("members.yes") : t("members.no"),
            restOf(forward),
            time(forward.changed_at),
            forward.may_end && html`<${Action} tone="small" go=${end({ members: [forward.member] }, 1)}
                aria-label=${t("forwards.end-of", { member: forward.display })}>${t("forwards.end")}<//>`,
        ],
    });
    const bulk = (ticked) => html`<${Action} tone="danger" go=${end(whom(ticked), ticked.count)}>
        ${t("forwards.end-count", { count: number(ticked.count) })}<//>`;
    const columns = ["members.member", "forwards.targets", "forwards.copy", "forwards.state", "forwards.changed",
        "forwards.action"];
    return html`<${List} id=${ID} path=${PATH} version=${version.value} caption=${t("forwards.title")}
        search=${t("forwards.search")} filters=${filters()} row=${row}
        columns=${columns.map((label) => ({ label: t(label) }))}
        bulk=${may("domain") ? bulk : undefined} empty=${t("forwards.none")} />`;
}
