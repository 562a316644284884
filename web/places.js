// places.js - where the reader came from and goes to.

const HERE = new URL(location.href);
const HOME = "/account";
const WELCOME = ["/oauth2/authorize?", HOME];

// Only our own pages: a link to the sign-in page must not lead to a stranger's.
function wanted() {
    const target = HERE.searchParams.get("continue") ?? HOME;
    return WELCOME.some((place) => target.startsWith(place)) ? target : HOME;
}

export const path = HERE.pathname;
export const notice = HERE.searchParams.get("notice");
// A program wants a new sign-in although there is a session.
export const again = HERE.searchParams.has("again");

// What the program that sent the reader here asks for (OpenID Connect Core 3.1.2.1); "" if nothing.
export function requestParameter(name) {
    return new URL(wanted(), HERE).searchParams.get(name) ?? "";
}

export function goOn() {
    location.replace(wanted());
}

// why: the notice that the sign-in begins with; see main.js.
export function signIn(why) {
    const from = path === "/sign-in" ? wanted() : HOME;
    const query = new URLSearchParams({ continue: from });
    if (why) query.set("notice", why);
    location.replace(`/sign-in?${query}`);
}

// Some refusals mean that the reader has to go elsewhere: goes there, and gives true.
export function follow({ code, why }) {
    // Only a window that had a session asks for what needs one.
    if (code === "sign-in-again") signIn(why === "signed-out" ? "other-window" : why);
    else if (code === "already-signed-in") goOn();
    else if (code === "another-account") location.reload();
    else return false;
    return true;
}
