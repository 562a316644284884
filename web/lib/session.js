// session.js - who is signed in, and how far.

import { signal } from "../vendor/signals.js";
import { awaited } from "./announcements.js";
import { getFirstSession } from "./api.js";

// As the portal gives it: state, next, address and more. null until it is known.
export const session = signal(null);

export async function loadSession() {
    session.value = await awaited(getFirstSession);
}
