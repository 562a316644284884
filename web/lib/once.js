// once.js - what is shown once: whoever leaves the page, reloads it or closes the window is asked first.

import { useEffect } from "../vendor/hooks.js";
import { agree } from "./dialog.js";
import { stayUnless } from "./router.js";

// The browser's own question.
function warn(event) {
    event.preventDefault();
    event.returnValue = true;
}

// words(): title, text and yes of agree(), while the component is shown.
export function useWarning(words) {
    useEffect(() => {
        addEventListener("beforeunload", warn);
        stayUnless(() => agree(words()));
        return () => {
            removeEventListener("beforeunload", warn);
            stayUnless(null);
        };
    }, []);
}
