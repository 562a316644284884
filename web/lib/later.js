// later.js - components that are loaded after the first page, so that it need not wait for them.

import { useEffect } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { ApiError, getSession } from "./api.js";
import { Page } from "./frame.js";
import { html } from "./html.js";
import { attempt, failure } from "./unavailable.js";

const reloaded = () => performance.getEntriesByType("navigation")[0]?.type === "reload";

// Fails while the server cannot be reached. If it can, it has pages of a newer version, and the whole page is
// loaded anew, once.
async function replacePage() {
    await getSession();
    if (reloaded()) throw new ApiError("internal");
    location.reload();
}

// A component that load imports.
export function later(load) {
    return function Later(properties) {
        const component = useSignal(null);
        const fetch = async () => { component.value = await load().catch(replacePage) ?? null; };
        useEffect(() => { attempt(fetch); }, []);
        if (component.value) return html`<${component.value} ...${properties} />`;
        return failure.value && html`<${Page} />`;
    };
}
