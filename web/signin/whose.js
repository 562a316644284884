// whose.js - whose second factor it is, as an authenticator app lists it.

import { html } from "../lib/html.js";
import { session } from "../lib/session.js";
import { portalName } from "../lib/state.js";

export function Whose() {
    return html`<p data-who><b>${portalName()}</b><span>${session.value.address}</span></p>`;
}
