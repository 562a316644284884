// test_console_member.mjs - the console's page of one member: who may change what, what is asked before, and what it does.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../web/harness.mjs";
import { administrator, newAdministrator } from "./console.mjs";
import { env, newMember, postlatch, sql, until } from "./server.mjs";

const pageOf = (address) => `/console/member?member=${encodeURIComponent(address)}`;
const path = (address) => `/members/${encodeURIComponent(address)}`;
const TWO_STEP = "two-step";
const SERVICES = "services";

async function settingsOf(address) {
    return JSON.parse(await postlatch("--json", "member", "show", address)).settings;
}

// At the page of a member, all of which is drawn.
async function lookAt(reader, role, address) {
    const visitor = await administrator(reader, role, undefined, pageOf(address));
    await visitor.section("audit").waitFor();
    return visitor;
}

// Somebody at another browser, who has registered an authenticator and is signed in.
async function signedIn(reader) {
    const user = await newAdministrator(await reader.another(), null);
    await user.signInFor("/account");
    await user.heading("account.title");
    return user;
}

const choose = (page, name, value) => page.locator(`[name=${name}][value=${value}]`).check();
const save = (visitor, section) => visitor.section(section).locator("[type=submit]").click();
const confirm = (page) => page.locator("dialog [type=submit]").click();

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, member, ${locale}: requirement and mode are changed and seen again, and skip beside required warns`,
        { locale }, async (reader, page) => {
            const { address } = await newMember("imap=on");
            const visitor = await lookAt(reader, "domain", address);
            const labels = await visitor.section(TWO_STEP).locator("[data-tick] label").allTextContents();
            assert.deepEqual(labels.filter((_, i) => i % 3 < 2), ["member.required", "member.optional", "member.use",
                "member.skip"].map((key) => visitor.t(key)));
            await choose(page, "two_factor_requirement", "required");
            await save(visitor, TWO_STEP);
            await visitor.says("domain.saved");
            assert.deepEqual((await settingsOf(address)).two_factor_requirement, { value: "required", source: "member" });
            await choose(page, "two_factor_mode", "skip");
            await save(visitor, TWO_STEP);
            await page.locator("dialog").getByText(visitor.t("member.skip-required")).waitFor();
            await visitor.button("app.cancel").click();
            assert.equal((await settingsOf(address)).two_factor_mode.value, "use");
            await save(visitor, TWO_STEP);
            await visitor.button("member.save-all-the-same").click();
            await visitor.section(TWO_STEP).locator("[data-note]").getByText(visitor.t("member.skip-required")).waitFor();
            assert.equal((await settingsOf(address)).two_factor_mode.value, "skip");
            await page.reload();
            await page.locator("[name=two_factor_mode][value=skip]:checked").waitFor();
            assert.ok(await page.locator("[name=two_factor_requirement][value=required]").isChecked());
        });
}

test("console, member: helpdesk has no form of settings, and deletes an authenticator, which ends the member's session", {},
    async (reader, page) => {
        const user = await signedIn(reader);
        const { address } = user.member;
        const visitor = await lookAt(reader, "helpdesk", address);
        for (const name of ["two_factor_requirement", "active", "imap", "class"]) {
            assert.equal(await page.locator(`[name=${name}]`).count(), 0, name);
        }
        assert.equal(await visitor.section("remove").count(), 0);
        await visitor.section("settings").getByText(visitor.t("domain.pop")).waitFor();
        await visitor.section(TWO_STEP).getByText("127.0.0.1").waitFor();
        await visitor.button("factor.remove").click();
        await page.fill("dialog [name=reason]", "a new phone");
        await confirm(page);
        await visitor.says("factor.removed");
        await visitor.section(TWO_STEP).getByText(visitor.t("factor.off")).waitFor();
        await visitor.section("sessions").getByText(visitor.t("member.no-sessions")).waitFor();
        assert.equal((await user.session()).state, "none");
        await visitor.section("audit").locator("tr", { hasText: "second-factor.reset" }).getByText("a new phone").waitFor();
        const told = visitor.section("activity").locator("tr", { hasText: visitor.t("change.factor-remove") });
        await told.getByText(visitor.member.address).waitFor();
    });

test("console, member: an app password is revoked, with a reason where one is required", {}, async (reader, page) => {
    const { address } = await newMember("imap=on");
    for (const label of ["phone", "copier"]) await postlatch("app-password", "create", address, "--label", label);
    await page.route((url) => url.pathname.endsWith(`/admin/v1${path(address)}`), async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...await response.json(), reason: "required" } });
    });
    const visitor = await lookAt(reader, "helpdesk", address);
    const labels = async () => (await visitor.api(`${path(address)}/app-passwords`)).items.map(({ label }) => label);
    const revoke = visitor.section("app-passwords").locator("tr", { hasText: "copier" }).getByRole("button");
    await revoke.click();
    await confirm(page);
    await page.locator("dialog [role=alert]").getByText(visitor.t("form.empty")).waitFor();
    await page.keyboard.press("Escape");
    assert.deepEqual(await labels(), ["phone", "copier"]);
    await revoke.click();
    await page.fill("dialog [name=reason]", "sold");
    await confirm(page);
    await revoke.waitFor({ state: "detached" });
    assert.deepEqual(await labels(), ["phone"]);
    await visitor.section("audit").locator("tr", { hasText: "app-password.revoke" }).getByText("sold").waitFor();
});

test("console, member: a device is signed out, and then all of them", {}, async (reader, page) => {
    const user = await signedIn(reader);
    const { address } = user.member;
    const visitor = await lookAt(reader, "helpdesk", address);
    const sessions = visitor.section("sessions");
    await sessions.locator("tbody").getByRole("button").click();
    await confirm(page);
    await sessions.getByText(visitor.t("member.no-sessions")).waitFor();
    assert.equal((await user.session()).state, "none");
    await user.signInFor("/account");
    await user.heading("account.title");
    await page.reload();
    await sessions.getByRole("button", { name: visitor.t("member.all"), exact: true }).click();
    await confirm(page);
    await visitor.says("member.all-ended");
    assert.equal((await user.session()).state, "none");
});

test("console, member: the trust of a device and a connected application are revoked, with a reason that the member reads", {},
    async (reader, page) => {
        const user = await signedIn(reader);
        const { address } = user.member;
        const [local] = address.split("@");
        const now = Math.floor(Date.now() / 1000);
        await sql(`INSERT INTO session (member_id, channel, generation, created_at, expires_at, ip, device, seen_at)
            SELECT id, 'client', generation, ${now}, ${now + 86400}, '192.0.2.9', '', ${now} FROM member WHERE local = '${local}';
            INSERT INTO oauth_grant (session_id, client_id, code, code_expires_at, redirect_uri, challenge, scope, nonce, services)
            VALUES (last_insert_rowid(), 'roundcube', CAST('console ${local}' AS BLOB), ${now}, '', '', '', '', 'imap')`);
        const trusting = await user.elsewhere();
        await trusting.page.goto(`${env.PORTAL_URL}/sign-in?continue=%2Faccount`);
        await trusting.signIn();
        await trusting.enter(await user.phone.code(), { trust: true });
        await trusting.heading("account.title");
        const visitor = await lookAt(reader, "helpdesk", address);
        for (const kind of ["devices", "applications"]) {
            const section = visitor.section(kind);
            await section.locator("tbody").getByRole("button").click();
            await page.fill("dialog [name=reason]", `no ${kind} any more`);
            await confirm(page);
            await section.getByText(visitor.t(`${kind}.none`)).waitFor();
            await visitor.section("activity").getByText(`no ${kind} any more`).waitFor();
            assert.deepEqual((await visitor.api(`${path(address)}/${kind}`)).items, [], kind);
        }
        await user.page.goto(`${env.PORTAL_URL}/account/activity`);
        for (const kind of ["devices", "applications"]) await user.page.getByText(`no ${kind} any more`).waitFor();
    });

test("console, member: a passkey and a phone that were lost are removed, and the authenticator app stays", {},
    async (reader, page) => {
        const { member: { address } } = await signedIn(reader);
        const ofMember = `FROM member WHERE local = '${address.split("@")[0]}'`;
        await sql(`INSERT INTO passkey (member_id, credential, algorithm, public_key, user_handle, counter, backup_eligible,
            backed_up, name, transports, created_at, created_ip) SELECT id, CAST('lost ' || local AS BLOB), -7, x'00', x'00',
            0, 0, 0, 'lost key', '', 1, '' ${ofMember};
            INSERT INTO approval_device (member_id, public_key, name, created_at, created_ip)
            SELECT id, CAST('lost ' || local AS BLOB), 'lost phone', 1, '' ${ofMember};
            UPDATE second_factor SET kinds = 7 WHERE member_id = (SELECT id ${ofMember})`);
        const visitor = await lookAt(reader, "helpdesk", address);
        for (const [kind, none] of [["passkeys", "member.no-passkeys"], ["phones", "member.no-phones"]]) {
            const section = visitor.section(kind);
            await section.getByText("lost ").first().waitFor();
            await section.locator("tbody").getByRole("button").click();
            await page.fill("dialog [name=reason]", `no ${kind} any more`);
            await confirm(page);
            await section.getByText(visitor.t(none)).waitFor();
            await visitor.section("activity").getByText(`no ${kind} any more`).first().waitFor();
            assert.deepEqual((await visitor.api(`${path(address)}/${kind}`)).items, [], kind);
        }
        assert.equal((await visitor.api(path(address))).factor.registered, true);
    });

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, member, ${locale}: the member's own choice stands beside the setting, and is void once it is required`,
        { locale }, async (reader, page) => {
            const user = await signedIn(reader);
            const { address } = user.member;
            const visitor = await lookAt(reader, "domain", address);
            const own = visitor.section(TWO_STEP).locator("dl > div", { hasText: visitor.t("member.wish") }).locator("dd");
            const says = (key) => own.getByText(visitor.t(key), { exact: true }).waitFor();
            await says("member.wish-none");
            await sql(`UPDATE member SET opted_out = 1 WHERE local = '${address.split("@")[0]}'`);
            await page.reload();
            await says("member.wish-counts");
            await page.locator("[name=two_factor_mode][value=inherit]:checked").waitFor();
            await choose(page, "two_factor_requirement", "required");
            await save(visitor, TWO_STEP);
            await visitor.says("domain.saved");
            await says("member.wish-void");
        });
}

test("console, member: an account is switched off and on, and each service says where its value comes from", {},
    async (reader, page) => {
        const { address } = await newMember("pop3=off");
        const visitor = await lookAt(reader, "domain", address);
        const now = (name) => page.evaluate((field) => {
            const hint = document.querySelector(`select[name=${field}]`)?.getAttribute("aria-describedby");
            return document.getElementById(hint)?.textContent ?? "";
        }, name);
        assert.ok((await now("pop3")).includes(visitor.t("domain-source.member")));
        assert.ok((await now("imap")).includes(visitor.t("domain-source.built-in")));
        for (const [value, isActive] of [["off", false], ["on", true]]) {
            await page.locator("select[name=active]").selectOption(value);
            await save(visitor, SERVICES);
            await until("the account to be switched", async () => (await visitor.api(path(address))).active === isActive);
            await page.reload();
        }
        await page.locator("select[name=pop3]").selectOption("inherit");
        await save(visitor, SERVICES);
        await until("the setting to be inherited", async () => (await now("pop3")).includes(visitor.t("domain-source.built-in")));
        assert.equal((await visitor.api(path(address))).settings.pop3.own, "inherit");
    });

test("console, member: services are changed, and a change of somebody else is not overwritten", {}, async (reader, page) => {
    const { address } = await newMember("imap=on");
    const visitor = await lookAt(reader, "domain", address);
    await page.locator("select[name=pop3]").selectOption("off");
    await page.locator("select[name=client_password]").selectOption("never");
    await page.locator("[name=client_password_from]").fill("2037-03-01");
    await page.fill("[name=class]", "staff");
    await save(visitor, SERVICES);
    await visitor.says("domain.saved");
    const { settings, class: name } = await visitor.api(path(address));
    assert.deepEqual([settings.pop3.own, settings.client_password.own, name], ["off", "never_from_2037-03-01", "staff"]);
    assert.equal(await page.locator("[name=client_password_from]").inputValue(), "2037-03-01");
    await postlatch("member", "set", address, "imap=off");
    await page.locator("select[name=smtp]").selectOption("off");
    await save(visitor, SERVICES);
    await visitor.says("console.changed-meanwhile");
    assert.equal(await page.locator("select[name=imap]").inputValue(), "off");
    assert.equal((await settingsOf(address)).smtp.value, "on");
});

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, member, ${locale}: webmail is limited to networks, with a warning`, { locale }, async (reader, page) => {
        const { member: { address } } = await signedIn(reader);
        await until("the sign-in to be recorded", async () =>
            JSON.parse(await postlatch("--json", "member", "show", address)).last_used.webmail);
        const visitor = await lookAt(reader, "domain", address);
        const limit = async (networks) => {
            await page.locator("select[name=webmail_allowed_networks_choice]").selectOption("listed");
            await page.fill("[name=webmail_allowed_networks]", networks);
            await save(visitor, SERVICES);
        };
        const own = async () => (await visitor.api(path(address))).settings.webmail_allowed_networks.own;
        await limit("192.0.2.1/24");
        await page.locator("dialog").getByText(visitor.t("member.outside-title")).waitFor();
        await page.keyboard.press("Escape");
        assert.equal(await own(), "inherit");
        await limit("127.0.0.1/8");
        await page.getByText(visitor.t("error.bad-webmail-allowed-networks")).first().waitFor();
        assert.equal(await own(), "inherit");
        await limit("127.0.0.0/8, 2001:db8::/32");
        await visitor.says("domain.saved");
        assert.equal(await own(), "127.0.0.0/8,2001:db8::/32");
        await page.locator("select[name=webmail_allowed_networks_choice]").selectOption("everywhere");
        await save(visitor, SERVICES);
        await until("the second change to be saved", async () => (await own()) === "everywhere");
    });
}

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, member, ${locale}: a decision is explained step by step`, { locale }, async (reader, page) => {
        const { address } = await newMember("imap=on", "pop3=off", "two_factor_requirement=required");
        const visitor = await lookAt(reader, "helpdesk", address);
        const explanation = page.locator("[data-explanation]");
        const words = (key, values) => Object.entries(values)
            .reduce((text, [name, value]) => text.replace(`{${name}}`, value), visitor.t(key));
        await page.locator("select[name=service]").selectOption("pop3");
        await visitor.button("explain.ask").click();
        await explanation.getByText(visitor.t("explain.deny")).waitFor();
        const steps = await explanation.locator("li").allTextContents();
        const [first, second] = steps;
        assert.deepEqual([first, second], [visitor.t("explain.domain-on"), visitor.t("explain.member-on")]);
        assert.equal(steps[2], words("explain.layer", {
            name: visitor.t("domain.pop"), value: visitor.t("domain.off"), source: visitor.t("domain-source.member"),
            standing: visitor.t("explain.holds"),
        }));
        assert.equal(steps.at(-1), words("rule.service-off", { service: visitor.t("domain.pop") }));
        await page.locator("select[name=service]").selectOption("webmail");
        await page.locator("select[name=channel]").selectOption("webmail");
        await visitor.button("explain.ask").click();
        await explanation.getByText(visitor.t("explain.need-second-factor")).waitFor();
        assert.equal(await explanation.locator("li").last().textContent(), visitor.t("rule.second-factor-register"));
    });
}

test("console, member: every rule of a decision has a sentence", {}, async () => {
    const source = (file) => readFile(new URL(`../../${file}`, import.meta.url), "utf8");
    const rules = [...(await source("policy/settings/rules.def")).matchAll(/^PL_RULE\(\w+, "([a-z-]+)"/gm)];
    const words = await source("web/console/member_explain_words.js");
    assert.ok(rules.length > 25);
    assert.deepEqual(rules.map(([, rule]) => rule).filter((rule) => !words.includes(`    "${rule}": "rule.${rule}"`)), []);
});

test("console, member: administrators cannot lock themselves out, nor change other administrators", {}, async (reader, page) => {
    const other = await newAdministrator(reader, "helpdesk", "demo.test");
    const visitor = await administrator(reader, "domain");
    await visitor.open(pageOf(visitor.member.address));
    await visitor.section("audit").waitFor();
    assert.equal(await visitor.section("remove").count(), 0);
    assert.equal(await visitor.button("factor.remove").count(), 0);
    await page.locator("select[name=webmail]").selectOption("off");
    await save(visitor, SERVICES);
    await visitor.section(SERVICES).getByText(visitor.t("error.own-account")).waitFor();
    await visitor.open(pageOf(other.member.address));
    await visitor.says("error.administrator");
    await visitor.section("audit").waitFor();
    assert.equal(await page.locator("[name=active]").count(), 0);
    assert.equal(await visitor.button("member.all").count(), 0);
});

test("console, member: the list leads to a member, who is removed", {}, async (reader, page) => {
    const { address } = await newMember("imap=on");
    const visitor = await administrator(reader, "domain", undefined, `/console/members?q=${address}`);
    await visitor.row(address).getByRole("link").click();
    await visitor.section("remove").getByRole("button").click();
    await page.locator("dialog").getByText(address).waitFor();
    await visitor.button("member.remove-yes").click();
    await visitor.heading("members.title");
    await page.getByText(visitor.t("member.removed").replace("{member}", address)).waitFor();
    await visitor.api(path(address), 404);
});
