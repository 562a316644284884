// visitor.mjs - a member at a browser: the screens of the portal, then those of Roundcube.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { clientSecret, env, Phone, scan } from "./server.mjs";

const { PORTAL_URL: PORTAL, WEBMAIL_URL: WEBMAIL } = env;
const REDIRECT = `${WEBMAIL}/index.php/login/oauth`;

// To Node 18 a module is what is named .mjs, to a browser what its script element says.
async function catalogue(name) {
    const text = await readFile(new URL(`../../web/messages/${name}.js`, import.meta.url), "utf8");
    return (await import(`data:text/javascript,${encodeURIComponent(text)}`)).default;
}

// All sentences of the pages, by key.
export async function messages(language) {
    const parts = await Promise.all(["", "steps.", "account.", "console.", "approve."].map((part) => catalogue(part + language)));
    return Object.assign({}, ...parts);
}

const en = await messages("en");
const ko = await messages("ko");

export class Visitor {
    constructor(reader, member) {
        this.reader = reader;
        this.page = reader.page;
        this.member = member;
        this.messages = en;
    }

    inKorean() {
        this.messages = ko;
        return this;
    }

    // The same member at another browser.
    async elsewhere(options) {
        const other = new Visitor(await this.reader.another(options), this.member);
        other.phone = this.phone;
        other.messages = this.messages;
        return other;
    }

    t(key) {
        assert.ok(this.messages[key], key);
        return this.messages[key];
    }

    button(key) {
        return this.reader.button(this.t(key));
    }

    heading(key) {
        return this.reader.heading(this.t(key));
    }

    says(key) {
        return this.page.getByText(this.t(key)).first().waitFor();
    }

    // -- the portal --------------------------------------------------------

    // From the webmail's address to the portal's answer to the password.
    async knock(password = this.member.password) {
        await this.page.goto(WEBMAIL);
        await this.signIn(password);
    }

    async signIn(password = this.member.password) {
        await this.heading("password.title");
        await this.page.fill("[name=user]", this.member.address);
        await this.page.fill("[name=password]", password);
        await this.page.click("form [type=submit]");
    }

    // On the page that offers or demands registration: reads the QR code as a camera does.
    async scanCode() {
        const folder = await mkdtemp("/var/tmp/postlatch-scan.");
        try {
            await this.page.locator("figure").screenshot({ path: `${folder}/screen.png` });
            return await scan(`${folder}/screen.png`);
        } finally {
            await rm(folder, { recursive: true });
        }
    }

    // What the page says to those who cannot scan: account, key, kind.
    async readKey() {
        await this.heading("registration.title");
        await this.page.locator("summary").click();
        return this.page.locator("dd").evaluateAll((all) => all.map((one) => one.firstChild.textContent));
    }

    // Registers by the key; the recovery codes that it shows.
    async register() {
        const [, key] = await this.readKey();
        this.phone = new Phone(key);
        await this.enter(await this.phone.code());
        return this.keepRecoveryCodes();
    }

    async keepRecoveryCodes() {
        await this.heading("codes.title");
        const codes = await this.page.locator("[data-codes] code").allTextContents();
        await this.button("codes.kept").click();
        return codes;
    }

    async enter(code, { trust = false } = {}) {
        await this.page.fill("[name=code]", code);
        if (trust) await this.page.getByLabel(this.t("code.trust")).check();
        await this.page.click("form [type=submit]");
    }

    // The first sign-in, with registration, up to the inbox.
    async begin() {
        await this.knock();
        this.recoveryCodes = await this.register();
        await this.inbox();
    }

    // A later one, with a code.
    async comeBack(options) {
        await this.knock();
        await this.heading("code.title");
        await this.enter(await this.phone.code(), options);
        await this.inbox();
    }

    async account() {
        await this.page.goto(`${PORTAL}/account`);
        await this.page.locator("[data-standing]").waitFor();
    }

    async devices() {
        await this.page.goto(`${PORTAL}/account/devices`);
        await this.section("sessions").waitFor();
    }

    async appPasswords() {
        await this.page.goto(`${PORTAL}/account/app-passwords`);
        await this.heading("app-passwords.title");
    }

    // What the page shows once, in groups of four.
    async makeAppPassword(kind, label) {
        await this.appPasswords();
        await this.page.check(`[value=${kind}]`);
        await this.page.fill("[name=label]", label);
        await this.page.click("form [type=submit]");
        return this.page.locator("[data-secret] code").textContent();
    }

    section(id) {
        return this.page.locator(`[aria-labelledby=${id}]`);
    }

    isAtSignIn() {
        return this.heading("password.title");
    }

    // What GET /api/session says to this browser.
    async session() {
        return (await this.page.request.get(`${PORTAL}/api/session`)).json();
    }

    async cookie(name) {
        const cookies = await this.page.context().cookies(PORTAL);
        return cookies.find((cookie) => cookie.name === name)?.value;
    }

    // Where the authorization endpoint leads this browser, as Roundcube would send it there.
    async authorize() {
        const query = new URLSearchParams({
            response_type: "code", client_id: "roundcube", scope: "openid email mail", redirect_uri: REDIRECT, state: "x",
        });
        const answer = await this.page.request.get(`${PORTAL}/oauth2/authorize?${query}`, { maxRedirects: 0 });
        assert.equal(answer.status(), 303);
        return new URL(answer.headers().location, PORTAL);
    }

    // An access token for this browser's session, got as Roundcube gets its own.
    async token() {
        const code = (await this.authorize()).searchParams.get("code");
        const answer = await fetch(`${PORTAL}/oauth2/token`, {
            method: "POST",
            body: new URLSearchParams({
                grant_type: "authorization_code", code, redirect_uri: REDIRECT, client_id: "roundcube",
                client_secret: clientSecret(),
            }),
        });
        const { access_token: token } = await answer.json();
        assert.match(token, /^pl_at_/);
        return token;
    }

    // -- Roundcube ---------------------------------------------------------

    async inbox() {
        await this.page.waitForURL((url) => url.origin === WEBMAIL && url.searchParams.get("_task") === "mail");
        await this.page.locator("#messagelist-content").waitFor();
        await this.page.waitForFunction(() => window.rcmail?.busy === false);
    }

    // A click that Roundcube makes a request of its script for.
    refresh() {
        return this.page.locator("a.refresh").click();
    }

    message(subject) {
        return this.page.locator("#messagelist tr.message", { hasText: subject });
    }

    // Looks for new mail until this has come. The whole list is asked for: a refresh
    // now and then raises the folder's count only.
    async await(subject) {
        await this.page.locator("a.refresh").waitFor();
        const list = () => this.page.evaluate(() => window.rcmail.command("list", window.rcmail.env.mailbox));
        const look = setInterval(() => list().catch(() => {}), 2000);
        try {
            await this.message(subject).waitFor();
        } finally {
            clearInterval(look);
        }
    }

    // The text of a message of the list.
    async read(subject) {
        await this.message(subject).click();
        return this.page.frameLocator("#messagecontframe").locator("#messagebody").textContent();
    }

    async send(to, subject, text) {
        await this.page.goto(`${WEBMAIL}/?_task=mail&_action=compose`);
        await this.page.fill(".recipient-input input", to);
        await this.page.fill("#compose-subject", subject);
        await this.page.fill("#composebody", text);
        await this.page.click("button.send");
        await this.inbox();
    }

    // By the entry of Roundcube's settings of that name.
    async twoStepSettings(name) {
        await this.page.goto(`${WEBMAIL}/?_task=settings`);
        await this.page.locator("#settings-menu").getByText(name, { exact: true }).click();
    }

    async logOut() {
        await this.page.locator("a.logout").click();
        await this.isAtSignIn();
    }
}
