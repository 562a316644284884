// test_console_domains.mjs - domains in the console: who sees which, what may be changed, and what it comes to.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { postlatch, sql, until } from "./server.mjs";

let domains = 0;

// A domain of the test's own, with members: { name: settings }.
async function newDomain(members = {}) {
    const domain = `c${process.pid}-${domains += 1}.test`;
    await postlatch("domain", "add", domain);
    for (const [name, settings] of Object.entries(members)) await postlatch("member", "add", `${name}@${domain}`, ...settings);
    return domain;
}

const pageOf = (domain) => `/console/domain?domain=${domain}`;

async function settingsOf(member) {
    return JSON.parse(await postlatch("--json", "member", "show", member)).settings;
}

async function uses(domain, name, service) {
    await sql(`INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT m.id, '${service}',
        'account-password', ${Math.floor(Date.now() / 1000) - 3600}, '' FROM member m JOIN domain d ON d.id = m.domain_id
        WHERE m.local = '${name}' AND d.name = '${domain}'`);
}

// Chooses values, and the scope beside the button; the text of the question that comes before anything is changed.
async function lookAt(visitor, values, scope) {
    const { page } = visitor;
    for (const [name, value] of Object.entries(values)) await page.locator(`select[name=${name}]`).selectOption(value);
    await page.locator(`[name=scope][value=${scope}]`).check();
    await visitor.button("domain.preview").click();
    await page.locator("dialog p").first().waitFor();
    return page.locator("dialog").textContent();
}

async function save(visitor) {
    await visitor.button("preview.save").click();
    await visitor.says("domain.saved");
}

function said(visitor, key, values) {
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), visitor.t(key));
}

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, domains, ${locale}: each scope is previewed by outcome, and does what it says`, { locale },
        async (reader, page) => {
            const domain = await newDomain({ follows: [], own: ["pop3=on"] });
            await uses(domain, "follows", "pop3");
            await uses(domain, "own", "pop3");
            const visitor = await administrator(reader, "domain", [domain], pageOf(domain));
            const lost = (count) => said(visitor, "preview.loses",
                { service: visitor.t("domain.pop"), count, days: 30 });
            const changed = (affected) => said(visitor, "preview.affected", { affected, members: 2 });
            await page.locator("select[name=pop3]").waitFor();
            let text = await lookAt(visitor, { pop3: "off" }, "new");
            assert.ok(text.includes(changed(0)) && !text.includes(lost(1)), text);
            await visitor.button("app.cancel").click();
            text = await lookAt(visitor, {}, "inheriting");
            assert.ok(text.includes(changed(1)) && text.includes(lost(1)), text);
            await page.keyboard.press("Escape");
            assert.equal((await settingsOf(`follows@${domain}`)).pop3.value, "on");
            text = await lookAt(visitor, {}, "all");
            assert.ok(text.includes(changed(2)) && text.includes(lost(2)), text);
            await save(visitor);
            for (const name of ["follows", "own"]) assert.equal((await settingsOf(`${name}@${domain}`)).pop3.value, "off");
            await lookAt(visitor, { pop3: "on" }, "new");
            await save(visitor);
            assert.deepEqual((await settingsOf(`follows@${domain}`)).pop3, { value: "off", source: "member" });
        });
}

test("console, domains: the switches are those of the manual, in its order, and each is explained", { locale: "ko-KR" },
    async (reader, page) => {
        const domain = await newDomain();
        const visitor = await administrator(reader, "domain", [domain], pageOf(domain));
        await page.locator("select[name=pop3]").waitFor();
        const labels = await page.locator("form label:has(+ select), form b").allTextContents();
        assert.deepEqual(labels.slice(0, 5),
            ["SMTP 서비스", "POP3 서비스", "메일포워딩 서비스", "2단계 인증 서비스", "대용량첨부 서비스"]);
        assert.deepEqual(labels.slice(5), ["imap", "sieve", "webmail", "networks", "client-password", "requirement", "mode",
            "app-passwords", "applications"].map((name) => visitor.t(`domain.${name}`)));
        const explained = [];
        for (const select of await page.locator("form select").all()) {
            const hint = page.locator(`[id="${await select.getAttribute("aria-describedby")}"]`);
            const [, sentence] = /^(.{10,}[.]) .*현재: .+\(기본값\)\.$/s.exec(await hint.textContent()) ?? [];
            explained.push(sentence);
        }
        assert.deepEqual(explained.map((sentence) => typeof sentence), labels.map(() => "string"));
        assert.equal(new Set(explained).size, labels.length);
    });

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, domains, ${locale}: a row says what is on, how many members there are, and who changed it last`,
        { locale }, async (reader, page) => {
            const domain = await newDomain({ one: [], two: [] });
            await postlatch("domain", "set", domain, "pop3=off", "sieve=off");
            await sql(`UPDATE member SET factor = 1 WHERE local = 'one' AND domain_id =
                (SELECT id FROM domain WHERE name = '${domain}')`);
            const visitor = await administrator(reader, "domain", [domain], "/console/domains");
            const row = visitor.row(domain);
            await row.waitFor();
            assert.deepEqual(await page.locator("main thead th").allTextContents(), ["domains.name", "domains.services",
                "domains.members", "domains.with-factor", "domains.changed"].map((key) => visitor.t(key)));
            const [, services, members, factors, changed] = await row.locator("td").allTextContents();
            assert.deepEqual(services.split(", "), ["smtp", "two-factor", "imap", "webmail"]
                .map((name) => visitor.t(`domain.${name}`)));
            assert.deepEqual([members, factors], ["2", "1"]);
            const { changed_by: who } = (await visitor.api("/domains")).items[0];
            assert.ok(who !== "" && changed.endsWith(who) && /\d/.test(changed), changed);

            await sql(`UPDATE audit SET who = 'admin@example.com' WHERE object = '${domain}'`);
            await page.reload();
            const name = await row.locator("td").last().locator("small").innerHTML();
            assert.equal(name, "admin@<wbr>example.<wbr>com", "a line breaks between parts of the name alone");
        });
}

test("console, domains: a second factor is required from a day on", {}, async (reader, page) => {
    const domain = await newDomain({ someone: [] });
    const visitor = await administrator(reader, "domain", [domain], pageOf(domain));
    const grace = page.locator("dl > div", { hasText: visitor.t("domain.grace") }).locator("dd");
    assert.equal(await grace.textContent(), said(visitor, "overview.days", { days: 0 }));
    await page.locator("[name=two_factor_grace_days]").fill("21");
    await page.locator("[name=two_factor_requirement_from]").fill("2037-03-01");
    const text = await lookAt(visitor, { two_factor_requirement: "required" }, "inheriting");
    assert.ok(text.includes(said(visitor, "preview.must-register", { count: 1 })), text);
    await save(visitor);
    const { two_factor_requirement: requirement } = await settingsOf(`someone@${domain}`);
    assert.deepEqual([requirement.value, requirement.next.value], ["optional", "required"]);
    assert.equal(await page.locator("[name=two_factor_requirement_from]").inputValue(), "2037-03-01");
    assert.equal(await page.locator("[name=two_factor_grace_days]").inputValue(), "21");
    assert.equal(await grace.textContent(), said(visitor, "overview.days", { days: 21 }));
    // What is emptied is the policy file's again.
    await page.locator("[name=two_factor_grace_days]").fill("");
    await lookAt(visitor, {}, "inheriting");
    await save(visitor);
    await grace.getByText(said(visitor, "overview.days", { days: 0 }), { exact: true }).waitFor();
});

test("console, domains: what the policy file forbids is locked, and says where it comes from", {}, async (reader, page) => {
    await postlatch("domain", "add", "locked.test");
    const visitor = await administrator(reader, "domain", ["locked.test"], pageOf("locked.test"));
    await page.locator("[data-locked]").getByText(visitor.t("domain.locked-domain")).waitFor();
    assert.equal(await page.locator("[name=forwarding]").count(), 0);
    const hint = await page.locator("select[name=imap]").getAttribute("aria-describedby");
    assert.match(await page.locator(`[id="${hint}"]`).textContent(), new RegExp(visitor.t("domain-source.policy-domain")));
});

test("console, domains: the helpdesk sees no button, and domains of others are not found", {}, async (reader, page) => {
    const [domain, other] = [await newDomain({ someone: [] }), await newDomain()];
    const visitor = await administrator(reader, "helpdesk", [domain], "/console/domains");
    await page.locator("main tbody tr").first().waitFor();
    assert.deepEqual(await page.locator("main tbody a").allTextContents(), [domain]);
    await page.locator("main tbody a").click();
    await page.locator("main table").getByText(visitor.t("domain.smtp")).waitFor();
    assert.equal(await page.locator("main button, main form").count(), 0);
    await visitor.open(pageOf(other));
    await visitor.says("error.not-found");
    await visitor.api(`/domains/${other}`, 404);
});

test("console, domains: a change of somebody else is not overwritten", {}, async (reader, page) => {
    const domain = await newDomain();
    const visitor = await administrator(reader, "domain", [domain], pageOf(domain));
    await page.locator("select[name=pop3]").waitFor();
    await postlatch("domain", "set", domain, "imap=off");
    await lookAt(visitor, { pop3: "off" }, "inheriting");
    await visitor.button("preview.save").click();
    await visitor.says("console.changed-meanwhile");
    assert.equal(await page.locator("select[name=imap]").inputValue(), "off");
    assert.equal(await page.locator("select[name=pop3]").inputValue(), "inherit");
});

test("console, domains: a server administrator finds, adds, switches off and removes one", {}, async (reader, page) => {
    const domain = await newDomain({ someone: [] });
    const visitor = await administrator(reader, "server", [], "/console/domains");
    await page.locator("[name=q]").fill(domain.slice(0, -5).toUpperCase());
    await until("the search", async () => (await page.locator("main tbody a").allTextContents()).join() === domain);
    await page.locator("form [name=domain]").fill(domain);
    await visitor.button("domains.add").click();
    await visitor.says("error.domain-exists");
    await page.locator("form [name=domain]").fill(`new.${domain}`);
    await visitor.button("domains.add").click();
    await page.getByRole("heading", { name: `new.${domain}` }).waitFor();
    await lookAt(visitor, { active: "off" }, "inheriting");
    await save(visitor);
    assert.equal((await visitor.api(`/domains/new.${domain}`)).active, false);
    await visitor.open(pageOf(domain));
    await visitor.button("domain.remove").click();
    await page.locator("dialog p").getByText("1").waitFor();
    await visitor.button("domain.remove-yes").click();
    await visitor.heading("domains.title");
    await visitor.api(`/domains/${domain}`, 404);
});
