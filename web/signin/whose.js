// whose.js - whose second factor it is, as an authenticator app lists it: of who is signing in, or of another account.

import { html } from "../lib/html.js";
import { session } from "../lib/session.js";
import { portalName } from "../lib/state.js";

export function Whose({ address = session.value.address }) {
    return html`<p data-who><b>${portalName()}</b><span>${address}</span></p>`;
}
