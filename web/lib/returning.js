// returning.js - who comes back to this window may have changed something in another one.

import { useEffect, useRef } from "../vendor/hooks.js";

// Calls look() each time that the page becomes visible again.
export function useReturning(look) {
    const latest = useRef();
    latest.current = look;
    useEffect(() => {
        const seen = () => document.visibilityState === "visible" && latest.current();
        document.addEventListener("visibilitychange", seen);
        return () => document.removeEventListener("visibilitychange", seen);
    }, []);
}
