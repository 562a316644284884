// test_console_jobs.mjs - changes of many members in the console: what they come to, what became of them, and undoing.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import {
    addMember, choose, ended, isIn, listed, lookAt, newDomain, outcome, run, settingsOf,
} from "./console_jobs.mjs";
import { postlatch, sql } from "./server.mjs";

// All that the list finds, of which it shows but one.
async function tickAll(visitor, domain, total) {
    await listed(visitor, domain, "&limit=1");
    await visitor.page.getByLabel(visitor.t("bulk.tick-page")).check();
    await visitor.page.getByRole("button", { name: visitor.t("bulk.tick-found").replace("{total}", total) }).click();
}

async function requirementOf(member) {
    return (await settingsOf(member)).two_factor_requirement.value;
}

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, jobs, ${locale}: two who are ticked have to use the second factor, and undoing gives back`,
        { locale }, async (reader, page) => {
            const domain = await newDomain("one", "two", "three");
            const visitor = await administrator(reader, "domain", [domain], "/console/members");
            await lookAt(visitor, domain, ["one", "three"], "required");
            const expected = await outcome(visitor, "changed", "dialog");
            assert.equal(expected, 2);
            await page.getByText(visitor.t("job-preview.must-register").replace("{count}", 2)).waitFor();
            await page.getByText(visitor.t("job-preview.undoable")).waitFor();
            await run(visitor);
            assert.equal(await outcome(visitor, "changed"), expected);
            await page.getByRole("heading", { name: visitor.t("job.required") }).waitFor();
            const values = () => Promise.all(["one", "two", "three"].map((name) => requirementOf(`${name}@${domain}`)));
            assert.deepEqual(await values(), ["required", "optional", "required"]);
            const { id } = (await visitor.api("/jobs")).items[0];
            await visitor.button("job.undo").click();
            await visitor.button("job.undo").last().click();
            await page.getByRole("heading", { name: visitor.t("job.undo-of").replace("{id}", id) }).waitFor();
            await ended(visitor);
            assert.equal(await outcome(visitor, "changed"), 2);
            assert.deepEqual(await values(), ["optional", "optional", "optional"]);
            await visitor.goToPage("jobs.title");
            await visitor.row(visitor.t("job.required")).waitFor();
        });
}

const CHOICES = {
    required: { change: { two_factor_requirement: "required" } },
    optional: { change: { two_factor_requirement: "optional" } },
    use: { change: { two_factor_mode: "use" } },
    skip: { change: { two_factor_mode: "skip" } },
    "remove-factor": { action: "remove-factor" },
    "end-sessions": { action: "end-sessions" },
    ...Object.fromEntries(["smtp", "pop3", "imap", "sieve", "webmail", "forwarding", "large_attachments", "two_factor",
        "app_passwords", "connected_applications"].map((name) => [name, { change: { [name]: "inherit" } }])),
    class: { change: { class: "staff" } },
    active: { change: { active: "off" } },
    webmail_allowed_networks: { change: { webmail_allowed_networks: "192.0.2.0/24" } },
};

test("console, jobs: each thing that can be done with many is asked of the API as it is called", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two");
        const visitor = await administrator(reader, "domain", [domain], "/console/members");
        await listed(visitor, domain);
        await visitor.row(`one@${domain}`).locator("[type=checkbox]").check();
        const offered = await page.locator("[name=what] option").evaluateAll((all) => all.map(({ value }) => value));
        assert.deepEqual(offered.sort(), Object.keys(CHOICES).sort());
        for (const [what, wanted] of Object.entries(CHOICES)) {
            await page.locator("[name=what]").selectOption(what);
            const value = Object.values(wanted.change ?? {})[0];
            const field = page.locator("[name=value]");
            if (["class", "webmail_allowed_networks"].includes(what)) await field.fill(value);
            else if (what in { ...wanted.change }) await field.selectOption(value);
            const asked = page.waitForRequest((request) => request.url().endsWith("/jobs/preview"));
            await visitor.button("job.preview").click();
            assert.deepEqual((await asked).postDataJSON(), { members: [`one@${domain}`], ...wanted });
            await page.locator("dialog dl").waitFor();
            await page.keyboard.press("Escape");
            await page.locator("dialog").waitFor({ state: "detached" });
        }
    });

test("console, jobs: authenticators of many are deleted", {}, async (reader) => {
    const domain = await newDomain("one", "two");
    const factors = `SELECT COUNT(*) FROM second_factor f JOIN member m ON m.id = f.member_id JOIN domain d ON
        d.id = m.domain_id WHERE d.name = '${domain}'`;
    await sql(`INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) SELECT m.id, 1, 1, '' FROM member m
        JOIN domain d ON d.id = m.domain_id WHERE d.name = '${domain}';
        UPDATE member SET factor = 1 WHERE domain_id = (SELECT id FROM domain WHERE name = '${domain}')`);
    assert.equal(await sql(factors), "2");
    const visitor = await administrator(reader, "helpdesk", [domain], "/console/members");
    await lookAt(visitor, domain, ["one", "two"], "remove-factor");
    await visitor.page.locator("dialog").getByText(visitor.t("job-preview.final-factor")).waitFor();
    await run(visitor);
    assert.equal(await outcome(visitor, "changed"), 2);
    assert.equal(await sql(factors), "0");
});

test("console, jobs: where the server wants a reason, the reader is asked for one", {}, async (reader, page) => {
    const domain = await newDomain("one");
    const visitor = await administrator(reader, "domain", [domain], "/console/members");
    await page.route("**/api/admin/v1/jobs", (route) => {
        const wants = route.request().method() === "POST" && !route.request().postDataJSON().reason;
        return wants ? route.fulfill({ status: 400, json: { error: "bad-request", field: "reason" } }) : route.continue();
    });
    await lookAt(visitor, domain, ["one"], "end-sessions");
    await page.locator("dialog button").last().click();
    await page.locator("dialog [name=reason]").fill("stolen laptops");
    await visitor.button("job-preview.go-on").click();
    await visitor.heading("job.title");
    await ended(visitor);
    const { items } = await visitor.api("/audit?action=session.revoke-all");
    assert.match(items.find(({ object }) => object === `one@${domain}`).after, /^job=\d+ reason=stolen laptops$/);
});

test("console, jobs: all that a filter finds are changed but for who is left out, and nobody of another domain", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two", "chief", "clerk");
        const other = await newDomain("one");
        for (const name of ["chief", "clerk"]) {
            await postlatch("admin", "add", `${name}@${domain}`, "--role", "helpdesk", "--domains", domain);
        }
        const visitor = await administrator(reader, "domain", [domain, other], "/console/members");
        await tickAll(visitor, domain, 4);
        await choose(visitor, "pop3", "off");
        assert.equal(await outcome(visitor, "matching", "dialog"), 4);
        const changed = await outcome(visitor, "changed", "dialog");
        const leftOut = await outcome(visitor, "administrator", "dialog");
        assert.deepEqual([changed, leftOut], [2, 2]);
        await run(visitor);
        assert.deepEqual([await outcome(visitor, "changed"), await outcome(visitor, "skipped")], [changed, leftOut]);
        await visitor.open(`${new URL(page.url()).pathname}${new URL(page.url()).search}&limit=1`);
        for (const name of ["chief", "clerk"]) {
            await visitor.row(`${name}@${domain}`).getByText(visitor.t("job-reason.administrator")).waitFor();
            if (name === "chief") await visitor.button("list.next").click();
        }
        await visitor.button("list.previous").click();
        await visitor.row(`chief@${domain}`).waitFor();
        assert.equal(await page.getByRole("button", { name: visitor.t("list.previous") }).count(), 0);
        const values = await Promise.all([`one@${domain}`, `two@${domain}`, `chief@${domain}`, `one@${other}`]
            .map(async (member) => (await settingsOf(member)).pop3.value));
        assert.deepEqual(values, ["off", "off", "on", "on"]);
        await page.getByRole("link", { name: visitor.t("job.found") }).click();
        await visitor.heading("members.title");
        assert.equal(new URL(page.url()).search, `?domain=${domain}`);
    });

test("console, jobs: with one more member meanwhile nothing is changed before the new number is agreed to", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two");
        const visitor = await administrator(reader, "domain", [domain], "/console/members");
        await tickAll(visitor, domain, 2);
        await choose(visitor, "skip");
        await addMember(domain, "late");
        await page.locator("dialog button").last().click();
        const words = visitor.t("job-preview.other-number").replace("{before}", 2).replace("{now}", 3);
        await page.locator("dialog [role=alert]", { hasText: words }).waitFor();
        assert.equal(await outcome(visitor, "matching", "dialog"), 3);
        assert.equal((await visitor.api("/jobs")).total, 0);
        await run(visitor);
        assert.equal(await outcome(visitor, "changed"), 3);
    });

test("console, jobs: the helpdesk deletes authenticators and signs out, and does nothing else", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two");
        const visitor = await administrator(reader, "helpdesk", [domain], "/console/members");
        await listed(visitor, domain);
        await visitor.row(`one@${domain}`).locator("[type=checkbox]").check();
        const options = await page.locator("[name=what] option").allTextContents();
        assert.deepEqual(options, [visitor.t("job.remove-factor"), visitor.t("job.end-sessions")]);
        await choose(visitor, "end-sessions");
        await page.locator("dialog").getByText(visitor.t("job-preview.final-sessions")).waitFor();
        await run(visitor);
        assert.equal(await outcome(visitor, "changed"), 1);
        assert.equal(await visitor.button("job.undo").count(), 0);
    });

test("console, jobs: the page follows a job that runs, and has it rest and go on", {}, async (reader, page) => {
    const domain = await newDomain("one");
    const visitor = await administrator(reader, "domain", [domain], "/console/members");
    await lookAt(visitor, domain, ["one"], "active", "off");
    await run(visitor);
    const id = new URL(page.url()).searchParams.get("job");
    // A runner that is gone has it, and nobody may take it over for an hour.
    await sql(`UPDATE job SET state = 'running', ended_at = NULL, runner = 'gone',
        leased_until = ${Math.floor(Date.now() / 1000) + 3600} WHERE id = ${id}`);
    await page.reload();
    await visitor.button("job.pause").press("Enter");
    await isIn(visitor, "job.paused");
    await visitor.button("job.resume").waitFor();
    await page.keyboard.press("Enter"); // the button has kept the focus
    await ended(visitor);
    await page.waitForFunction(() => document.activeElement.id === "job");
});

test("console, jobs: a class is given and taken away, and what is no name of one is refused at its field", {},
    async (reader, page) => {
        const domain = await newDomain("one");
        const visitor = await administrator(reader, "domain", [domain], "/console/members");
        const give = async (name) => {
            await listed(visitor, domain);
            await visitor.row(`one@${domain}`).locator("[type=checkbox]").check();
            await page.locator("[name=what]").selectOption("class");
            await page.fill("[name=value]", name);
            await visitor.button("job.preview").click();
        };
        const classOf = async () => JSON.parse(await postlatch("--json", "member", "show", `one@${domain}`)).class;
        await give("not a class");
        await page.locator("[data-field] [role=alert]", { hasText: visitor.t("error.bad-change") }).waitFor();
        for (const name of ["staff", ""]) {
            await give(name);
            await page.locator("dialog b").waitFor();
            await run(visitor);
            assert.equal((await classOf()) ?? "", name);
        }
        await page.getByRole("heading", { name: visitor.t("job.no-class") }).waitFor();
    });

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, jobs, ${locale}: networks of their own are taken from all whom a filter finds by them`, { locale },
        async (reader, page) => {
            const domain = await newDomain("none");
            await addMember(domain, "anywhere", "webmail_allowed_networks=everywhere");
            await addMember(domain, "office", "webmail_allowed_networks=192.0.2.0/24");
            const visitor = await administrator(reader, "domain", [domain], "/console/members");
            await listed(visitor, domain);
            await page.locator("summary", { hasText: visitor.t("list.more") }).click();
            await page.getByLabel(visitor.t("members.own-networks")).selectOption("yes");
            await visitor.row(`none@${domain}`).waitFor({ state: "detached" });
            assert.equal(new URL(page.url()).searchParams.get("own_networks"), "yes");
            const href = await page.getByRole("link", { name: visitor.t("members.csv") }).getAttribute("href");
            const table = await (await page.request.get(new URL(href, page.url()).href)).text();
            assert.deepEqual(table.match(/\w+@/g), ["anywhere@", "office@"]);
            await visitor.open(`/console/members?domain=${domain}&own_networks=yes&limit=1`);
            await visitor.row(`anywhere@${domain}`).waitFor();
            await page.getByLabel(visitor.t("bulk.tick-page")).check();
            await page.getByRole("button", { name: visitor.t("bulk.tick-found").replace("{total}", 2) }).click();
            await page.locator("[name=what]").selectOption("webmail_allowed_networks");
            await page.fill("[name=value]", "");
            await visitor.button("job.preview").click();
            await page.locator("dialog dl").waitFor();
            await run(visitor);
            assert.equal(await outcome(visitor, "changed"), 2);
            assert.equal((await visitor.api(`/members?domain=${domain}&own_networks=yes`)).total, 0);
        });
}

test("console, jobs: networks allowed for webmail are given, and who was last seen outside of them is counted", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two");
        await sql(`INSERT INTO member_use (member_id, service, credential, used_at, ip) SELECT id, 'webmail', 'webmail',
            1700000000, '198.51.100.7' FROM member WHERE local = 'two' AND domain_id =
            (SELECT id FROM domain WHERE name = '${domain}')`);
        const visitor = await administrator(reader, "domain", [domain], "/console/members");
        const give = async (networks) => {
            await listed(visitor, domain);
            for (const name of ["one", "two"]) {
                await visitor.row(`${name}@${domain}`).locator("[type=checkbox]").check();
            }
            await page.locator("[name=what]").selectOption("webmail_allowed_networks");
            await page.fill("[name=value]", networks);
            await visitor.button("job.preview").click();
        };
        const networksOf = async () => (await settingsOf(`one@${domain}`)).webmail_allowed_networks;
        await give("192.0.2.1/24");
        await page.locator("[data-field] [role=alert]", { hasText: visitor.t("error.bad-change") }).waitFor();
        await give("192.0.2.0/24, 2001:db8::/32");
        const outside = visitor.t("job-preview.outside-networks").replace("{count}", "1");
        await page.locator("dialog [data-losses] li", { hasText: outside }).waitFor();
        await run(visitor);
        assert.match(JSON.stringify(await networksOf()), /192\.0\.2\.0\/24/);
        await give("");
        await page.locator("dialog b", { hasText: visitor.t("job.inherit") }).waitFor();
        await run(visitor);
        assert.doesNotMatch(JSON.stringify(await networksOf() ?? ""), /192\.0\.2\.0/);
    });
