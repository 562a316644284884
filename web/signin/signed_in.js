// signed_in.js - pages for who is signed in: others go to the sign-in, and come back to the page.

import { useLayoutEffect } from "../vendor/hooks.js";
import { getSession } from "../lib/api.js";
import { follow, signIn } from "../lib/places.js";
import { useReturning } from "../lib/returning.js";
import { session } from "../lib/session.js";

// Who comes back to this window may have signed out in another one, or elsewhere.
async function look() {
    const now = await getSession().catch((error) => follow(error) && null);
    if (now && now.state !== "authenticated") signIn(now.why ?? "other-window");
}

// Whether there is somebody to draw the page for.
export function useSignedIn() {
    const signedIn = session.value.state === "authenticated";
    useReturning(look);
    useLayoutEffect(() => {
        if (!signedIn) signIn(session.value.why);
    }, [signedIn]);
    return signedIn;
}
