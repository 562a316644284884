// places.js - where the reader came from and goes to.

const HERE = new URL(location.href);
const HOME = "/account";
const PARTS = [HOME, "/console"];

// Only pages of the portal: a link to the sign-in page must not lead to a stranger's.
function isOurs({ origin, pathname }) {
    const isBelow = (part) => pathname === part || pathname.startsWith(`${part}/`);
    return origin === HERE.origin && (pathname === "/oauth2/authorize" || PARTS.some(isBelow));
}

function wanted() {
    const target = HERE.searchParams.get("continue");
    if (!target?.startsWith("/")) return HOME;
    const url = new URL(target, HERE);
    return isOurs(url) ? url.pathname + url.search : HOME;
}

// Where the sign-in leads.
export const target = wanted();
export const notice = HERE.searchParams.get("notice");
// A program wants a new sign-in although there is a session.
export const again = HERE.searchParams.has("again");

// What the program that sent the reader here asks for (OpenID Connect Core 3.1.2.1); "" if nothing.
export function requestParameter(name) {
    return new URL(target, HERE).searchParams.get(name) ?? "";
}

// Every step of the sign-in keeps where it leads.
export function searchFor(path) {
    const continued = HERE.searchParams.get("continue");
    if (!path.startsWith("/sign-in") || continued === null) return "";
    return `?${new URLSearchParams({ continue: continued })}`;
}

// why: the notice that the sign-in begins with; see signin/sign_in.js.
export function signIn(why) {
    const from = location.pathname.startsWith("/sign-in") ? target : location.pathname + location.search;
    const query = new URLSearchParams({ continue: from });
    if (why) query.set("notice", why);
    location.replace(`/sign-in?${query}`);
}

// Some refusals mean that the reader has to go elsewhere: goes there, and gives true.
export function follow({ code, why }) {
    // Only a window that had a session asks for what needs one.
    if (code === "sign-in-again") signIn(why === "signed-out" ? "other-window" : why);
    else if (code === "already-signed-in") location.replace(target);
    else if (code === "another-account") location.reload();
    else return false;
    return true;
}
