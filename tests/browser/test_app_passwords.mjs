// test_app_passwords.mjs - app passwords that are made in the browser, at the real IMAP and SMTP.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { imap, log, newMember, opens, sends, until } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

test("an app password that is made in the browser opens mail, and none once it is revoked", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember("client_password=never"));
    const { address, password } = visitor.member;
    await visitor.begin();
    assert.ok(!(await opens(address, "PLAIN", password)));
    const secret = await visitor.makeAppPassword("mail", "Phone");
    assert.match(secret, /^[a-z]{4}( [a-z]{4}){3}$/);
    const phone = await imap(address, "PLAIN", secret);
    assert.ok(phone.open, phone.said);
    assert.ok(await sends(address, secret));
    await visitor.button("app-passwords.kept").click();
    const row = page.locator("tbody tr", { hasText: "Phone" });
    await until("the last use is shown", async () => {
        await page.reload();
        await row.waitFor();
        return !(await row.innerText()).includes(visitor.t("app-passwords.never-used"));
    });
    await row.locator("[data-tone=danger]").click();
    await page.locator("dialog [data-tone=danger]").click();
    await page.getByText(visitor.t("app-passwords.none")).waitFor();
    await phone.ended;
    assert.ok(!(await opens(address, "PLAIN", secret)));
    assert.ok(!(await sends(address, secret)));
    assert.match(log("portal"), new RegExp(`app-password address=${address} .*result=revoked id=\\d+ label="Phone"`));
    assert.ok(!log("portal").includes(secret.replaceAll(" ", "")));
});

test("that of a scanner sends, in Korean, and does nothing else", { locale: "ko-KR" }, async (reader) => {
    const visitor = new Visitor(reader, await newMember()).inKorean();
    await visitor.begin();
    const secret = await visitor.makeAppPassword("scanner", "2층 복합기");
    assert.ok(await sends(visitor.member.address, secret));
    assert.ok(!(await opens(visitor.member.address, "PLAIN", secret)));
});

test("who has no second factor is led to its registration, and can make one then", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.knock();
    await visitor.button("registration.later").click();
    await visitor.inbox();
    await visitor.appPasswords();
    await visitor.says("error.second-factor-needed");
    assert.equal(await page.locator("form").count(), 0);
    await page.locator("main a[data-button]").click();
    await visitor.register();
    await page.locator("[value=mail]").waitFor(); // back where it began
    await visitor.makeAppPassword("mail", "Phone");
});
