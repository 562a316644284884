// domain_filter.js - one of the administrator's domains, chosen for a list. Who has been given some chooses among them;
// who reaches all of them types a name, and is shown those that have it in them.

import { useEffect, useId, useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Field, FormContext, Select } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { attempt } from "../lib/unavailable.js";
import { addressOf, ask, asked } from "./address.js";
import { load, me } from "./state.js";

const PAUSE = 300; // after the last key
const SHOWN = 20;

const choose = (name, domain) => ask({ [name]: domain, after: "", page: "" });

function Chosen({ name, label, domains }) {
    const present = asked(name);
    const all = domains.includes(present) || present === "" ? domains : [...domains, present];
    return html`<${Select} name=${name} label=${label} value=${present}
        options=${[["", t("members.any")], ...all.map((domain) => [domain, domain])]}
        onChange=${(event) => choose(name, event.target.value)} />`;
}

function Typed({ name, label }) {
    const id = useId();
    const form = useRef();
    const timer = useRef();
    const found = useSignal([]);
    const wrong = useSignal({});
    const present = asked(name);
    useEffect(() => {
        const input = form.current.elements[name];
        if (input.value.trim() !== present) input.value = present;
    }, [present]);
    const look = async (text) => {
        const answer = await load(addressOf("/domains", { q: text, limit: SHOWN }));
        found.value = answer?.items ?? [];
        return found.value.find(({ domain, display }) => domain === text || display === text);
    };
    const typed = ({ isComposing, target }) => {
        clearTimeout(timer.current);
        const text = target.value.trim().toLowerCase();
        if (!isComposing && text) timer.current = setTimeout(() => attempt(() => look(text)), PAUSE);
    };
    const now = (input) => {
        clearTimeout(timer.current);
        const text = input.value.trim().toLowerCase();
        wrong.value = {};
        if (text === "" && present !== "") choose(name, "");
        if (text === "" || text === present) return;
        attempt(async () => {
            const row = await look(text);
            if (row) choose(name, row.alias_of ?? row.domain);
            else wrong.value = { name, text: t("error.no-such-domain-here") };
        });
    };
    const send = (event) => {
        event.preventDefault();
        now(event.target.elements[name]);
    };
    return html`<form ref=${form} onSubmit=${send}>
        <${FormContext.Provider} value=${wrong}>
            <${Field} name=${name} label=${label} list=${id} optional autocomplete="off" autocapitalize="none"
                spellcheck=${false} maxlength="255" onInput=${typed} onCompositionEnd=${typed}
                onChange=${(event) => now(event.target)} />
        <//>
        <datalist id=${id}>
            ${found.value.map(({ domain, display }) => html`<option key=${domain} value=${display} />`)}
        </datalist>
    </form>`;
}

export function DomainFilter({ name, label }) {
    const { all_domains: isAll, domains } = me.value;
    if (isAll) return html`<${Typed} name=${name} label=${label} />`;
    return (domains.length > 1 || asked(name) !== "") &&
        html`<${Chosen} name=${name} label=${label} domains=${domains} />`;
}

// A row of the filters of a list.
export function domainFilter() {
    return { name: "domain", label: t("members.domain"), draw: DomainFilter };
}
