// console.mjs - administrators at a browser: the screens of the console.

import assert from "node:assert/strict";
import { env, newMember, postlatch, sql } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const { PORTAL_URL: PORTAL } = env;

export class Administrator extends Visitor {
    async open(path = "/console") {
        await this.page.goto(PORTAL + path);
        await this.menu().waitFor();
    }

    menu() {
        return this.page.locator("[data-menu]");
    }

    async menuEntries() {
        return this.menu().locator("a").allTextContents();
    }

    // By the entry of the navigation.
    async goToPage(key) {
        await this.menu().getByRole("link", { name: this.t(key), exact: true }).click();
        await this.heading(key);
    }

    // Of the table, with this text in it.
    row(text) {
        return this.page.locator("tbody tr", { hasText: text });
    }

    // As if it had been entered long ago.
    makeCodeOld() {
        const [local] = this.member.address.split("@");
        return sql(`UPDATE session SET reauthenticated_at = reauthenticated_at - 3600
            WHERE member_id = (SELECT id FROM member WHERE local = '${local}')`);
    }

    // A code in the dialog that asks for one before the API answers.
    async prove() {
        await this.page.locator("dialog [name=code]").fill(await this.phone.code());
        await this.page.locator("dialog", { has: this.page.locator("[name=code]") }).locator("[type=submit]").click();
    }

    // What the API answers this browser at a path below /api/admin/v1.
    async api(path, status = 200) {
        const answer = await this.page.request.get(`${PORTAL}/api/admin/v1${path}`);
        assert.equal(answer.status(), status, path);
        return answer.json();
    }

    // Signs in anew for a page, with a code.
    async signInFor(path) {
        await this.page.goto(`${PORTAL}/sign-in?continue=${encodeURIComponent(path)}`);
        await this.signIn();
        if (!this.phone) return this.register();
        await this.heading("code.title");
        return this.enter(await this.phone.code());
    }
}

// A member who is not signed in yet, and speaks the language of the browser; role null: not an administrator either.
export async function newAdministrator(reader, role, ...domains) {
    const member = await newMember("imap=on"); // so that the database has the member
    if (role) {
        const options = domains.length > 0 ? ["--domains", domains.join(",")] : [];
        await postlatch("admin", "add", member.address, "--role", role, ...options);
    }
    const visitor = new Administrator(reader, member);
    const language = await reader.page.evaluate(() => navigator.language);
    return language.startsWith("ko") ? visitor.inKorean() : visitor;
}

// An administrator with a second factor, at a page of the console. domains: for roles other than server.
export async function administrator(reader, role, domains = role === "server" ? [] : ["demo.test"], path = "/console") {
    const visitor = await newAdministrator(reader, role, ...domains);
    await visitor.signInFor(path);
    await visitor.menu().waitFor();
    return visitor;
}
