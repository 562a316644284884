// in_app_browser.js - a browser inside of another app forgets what it is to keep, and does not open authenticator apps.

import { html } from "./html.js";
import { t } from "./language.js";

const APPS = [
    { token: "KAKAOTALK", advice: () => t("in-app.kakaotalk") },
    { token: "NAVER(inapp", advice: () => t("in-app.naver") },
];

// Advice for who reads the page there; nothing elsewhere.
export function InAppBrowser() {
    const app = APPS.find(({ token }) => navigator.userAgent.includes(token));
    return app && html`<p data-note>${app.advice()}</p>`;
}
