// worker.js - what the phone's browser runs when its push service wakes it: it shows that a sign-in waits. It is served
// at /approve/worker.js and imports nothing, as not every browser has modules in workers (Service Workers; Push API). Its
// words are those that the page has left for it (device_key.js), in the language of the page.

const PAGE = "/approve";
const DATABASE = "postlatch-approval";
const STORE = "keys";

function done(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

async function findWords() {
    const database = await done(indexedDB.open(DATABASE, 1));
    return done(database.transaction(STORE).objectStore(STORE).get("words"));
}

// Browsers take the right away from whoever is woken and shows nothing.
async function show() {
    const { title, body } = await findWords();
    const look = { body, tag: "approval", renotify: true, requireInteraction: true };
    await self.registration.showNotification(title, look);
}

async function openPage() {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const open = pages.find((page) => new URL(page.url).pathname === PAGE);
    return open ? open.focus() : self.clients.openWindow(PAGE);
}

self.addEventListener("push", (event) => event.waitUntil(show()));
self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(openPage());
});
