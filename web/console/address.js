// address.js - what of a page is in the query of its address, so that Back, reload and a copied link show it again.

import { html } from "../lib/html.js";
import { go, place } from "../lib/router.js";

// An address of mail or of the Internet, with places where a line may break.
export function broken(address) {
    return address.split(/(?<=[.:@])/).map((part, i) => (i > 0 ? html`<wbr />${part}` : part));
}

// By name; "" for what is not there.
export function asked(name) {
    return new URLSearchParams(place.value.query).get(name) ?? "";
}

// A page of the console about something: addressOf("/console/member", { member: "user@example.test" }).
export function addressOf(path, values) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) {
        if (value !== "" && value !== null && value !== undefined) query.set(name, value);
    }
    const text = String(query);
    return text === "" ? path : `${path}?${text}`;
}

// The present page with other values; those that are not named stay, and "" takes one away.
export function changed(values) {
    const { path, query } = place.value;
    return addressOf(path, { ...Object.fromEntries(new URLSearchParams(query)), ...values });
}

export function ask(values, options) {
    go(changed(values), options);
}
