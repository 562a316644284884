// test_console_members.mjs - the page of members: found, filtered, sorted and paged, with all of it in the address.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { addMember, newDomain } from "./console_jobs.mjs";
import { newMember, postlatch, sql } from "./server.mjs";

test("console: members are found by address and by what holds for them, and the address of the page says so", {},
    async (reader, page) => {
        const off = await newMember("pop3=off");
        const other = await newMember();
        const visitor = await administrator(reader, "helpdesk");
        await visitor.goToPage("members.title");
        await page.fill("[name=q]", off.address);
        const row = visitor.row(off.address);
        await row.waitFor();
        await visitor.row(other.address).waitFor({ state: "detached" });
        await row.getByText(visitor.t("members.flag-smtp"), { exact: false }).first().waitFor();
        await page.locator("summary", { hasText: visitor.t("list.more") }).click();
        await page.locator("select[name=pop3]").selectOption("on");
        await row.waitFor({ state: "detached" });
        await page.locator("summary", { hasText: visitor.t("list.more-set").replace("{count}", "1") }).waitFor();
        await page.reload();
        await page.locator("select[name=pop3]").waitFor(); // there at once, as it is set
        await page.goBack();
        await row.waitFor();
        assert.equal(new URL(page.url()).searchParams.get("q"), off.address);
        await page.reload();
        await row.waitFor();
        const link = row.getByRole("link");
        assert.equal(await link.getAttribute("href"), `/console/member?member=${encodeURIComponent(off.address)}`);
    });

test("console: the table of members is had as CSV by what is chosen", {}, async (reader, page) => {
    const member = await newMember("smtp=off");
    const visitor = await administrator(reader, "helpdesk");
    await visitor.open(`/console/members?q=${member.address}`);
    await visitor.row(member.address).waitFor();
    const href = await page.getByRole("link", { name: visitor.t("members.csv") }).getAttribute("href");
    const answer = await page.request.get(new URL(href, page.url()).href);
    const [head, row, end] = (await answer.text()).split("\r\n");
    assert.ok(head.startsWith("address,active,class,"));
    assert.ok(row.startsWith(`"${member.address}",on,`));
    assert.equal(end, "");
});

const DAY = 86400;

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, members, ${locale}: a row has the columns of the manual, with what is known of the member`, { locale },
        async (reader, page) => {
            const domain = await newDomain();
            await addMember(domain, "one", "forwarding=on", "large_attachments=on", "webmail_allowed_networks=192.0.2.0/24");
            await addMember(domain, "two", "pop3=off", "imap=off", "two_factor=off", "active=off");
            const id = `(SELECT m.id FROM member m JOIN domain d ON d.id = m.domain_id WHERE m.local = 'one' AND d.name = '${domain}')`;
            const now = Math.floor(Date.now() / 1000);
            const services = ["webmail", "smtp", "pop3", "imap"];
            await sql([
                ...services.map((service, i) => `INSERT INTO member_use (member_id, service, credential, used_at, ip)
                    VALUES (${id}, '${service}', 'account-password', ${now - (i + 1) * DAY}, '192.0.2.${i + 1}')`),
                `INSERT INTO member_delivery (member_id, at) VALUES (${id}, ${now - 5 * DAY})`,
                `INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) VALUES (${id}, 1, ${now - 6 * DAY}, '')`,
                `UPDATE member SET password_changed_at = ${now - 7 * DAY}, created_at = ${now - 8 * DAY},
                    seen_day = ${Math.floor(now / DAY) - 1} WHERE id = ${id}`,
            ].join("; "));
            const visitor = await administrator(reader, "helpdesk", [domain], "/console/members");
            await visitor.row(`one@${domain}`).waitFor();
            const texts = await page.locator("main thead th").allTextContents();
            const wanted = ["member", "services", "last-seen", "webmail", "flag-smtp", "flag-pop", "flag-imap", "received",
                "factor", "password-changed", "created", "networks"].map((name) => visitor.t(`members.${name}`));
            assert.equal(texts.length, wanted.length);
            wanted.forEach((text, i) => assert.ok(texts[i].includes(text), `${text}: ${texts[i]}`));
            const cellsOf = (name) => visitor.row(`${name}@${domain}`).locator("td");
            const days = await cellsOf("one").evaluateAll((cells) => cells.map((cell) =>
                cell.querySelector("time")?.dateTime.slice(0, 10) ?? null));
            const dayOf = (ago) => new Date((now - ago * DAY) * 1000).toISOString().slice(0, 10);
            assert.deepEqual(days, [null, null, dayOf(1), ...[1, 2, 3, 4, 5, 6, 7, 8].map(dayOf), null]);
            const cells = await cellsOf("one").allTextContents();
            services.forEach((_, i) => assert.ok(cells[3 + i].includes(`192.0.2.${i + 1}`), cells[3 + i]));
            assert.ok(cells[11].includes("192.0.2.0/24"), cells[11]);
            const strip = async (name) => (await cellsOf(name).locator("[aria-hidden]").textContent()).replace(/\s/g, "");
            assert.deepEqual([await strip("one"), await strip("two")], ["USPIFM2", "-S-----"]);
            const unknown = await cellsOf("two").allTextContents();
            assert.deepEqual([unknown[7], unknown[9]], Array(2).fill(visitor.t("members.unknown")));
            assert.equal(unknown[11].trim(), visitor.t("members.any"));
        });
}

test("console, members: headings sort, one way and the other, and on a phone a field does; the address says so", {},
    async (reader, page) => {
        const domain = await newDomain("one", "two", "three");
        for (const [i, name] of ["two", "three", "one"].entries()) {
            await sql(`UPDATE member SET created_at = ${1600000000 + i * DAY} WHERE local = '${name}' AND domain_id =
                (SELECT id FROM domain WHERE name = '${domain}')`);
        }
        const visitor = await administrator(reader, "helpdesk", [domain], `/console/members?after=three@${domain}`);
        await visitor.row(`two@${domain}`).waitFor();
        const shows = async (sort, ...order) => {
            await page.waitForURL((url) => url.searchParams.get("sort") === sort && !url.searchParams.has("after"));
            await page.waitForFunction((names) => [...document.querySelectorAll("main tbody a")]
                .map(({ textContent }) => textContent.split("@")[0]).join() === names, order.join());
        };
        const heading = page.locator("th", { hasText: visitor.t("members.created") });
        await heading.getByRole("button").click();
        await shows("created_at", "two", "three", "one");
        assert.equal(await heading.getAttribute("aria-sort"), "ascending");
        await heading.getByRole("button").click();
        await shows("-created_at", "one", "three", "two");
        assert.equal(await heading.getAttribute("aria-sort"), "descending");
        await page.reload();
        await shows("-created_at", "one", "three", "two");
        await page.setViewportSize({ width: 390, height: 740 });
        await page.getByLabel(visitor.t("list.sort"), { exact: true }).selectOption("member");
        await shows("member", "one", "three", "two");
    });

test("console, members: each question that the manual names has its filter, and the address the API's words", {},
    async (reader, page) => {
        const domain = await newDomain("none");
        await addMember(domain, "overdue", "two_factor_requirement=required");
        await addMember(domain, "pop");
        await addMember(domain, "app");
        await addMember(domain, "registered");
        const today = Math.floor(Date.now() / 1000 / DAY);
        const change = (name, what) => sql(`UPDATE member SET ${what} WHERE local = '${name}' AND domain_id =
            (SELECT id FROM domain WHERE name = '${domain}')`);
        await sql(`UPDATE member SET seen_day = ${today} WHERE domain_id = (SELECT id FROM domain WHERE name = '${domain}')`);
        await change("none", `seen_day = ${today - 91}, created_at = ${(today - 200) * DAY}`);
        await change("pop", `pop3_day = ${today - 1}`);
        await change("registered", "factor = 1");
        await postlatch("app-password", "create", `app@${domain}`, "--label", "phone");
        const visitor = await administrator(reader, "helpdesk", [domain], "/console/members");
        await visitor.row(`none@${domain}`).waitFor();
        await page.locator("summary", { hasText: visitor.t("list.more") }).click();
        const shows = (names) => page.waitForFunction((wanted) => [...document.querySelectorAll("main tbody a")]
            .map(({ textContent }) => textContent.split("@")[0]).sort().join() === wanted, names.sort().join());
        for (const [name, value, ...found] of [
            ["overdue", "yes", "overdue"], ["account_password", "pop3", "pop"], ["own", "yes", "overdue"],
            ["unseen", "yes", "none"], ["app_passwords_used", "none", "none", "overdue", "pop", "registered"],
            ["two_factor_requirement", "required", "overdue"], ["factor", "registered", "registered"],
            ["received", "unknown", "none", "overdue", "pop", "app", "registered"],
        ]) {
            await page.locator(`select[name=${name}]`).selectOption(value);
            await page.waitForURL((url) => url.searchParams.get(name) === value);
            await shows(found);
            await page.locator(`select[name=${name}]`).selectOption("");
            await page.waitForURL((url) => !url.searchParams.has(name));
        }
    });

const domainIs = (page, domain) => page.waitForURL((url) => (url.searchParams.get("domain") ?? "") === domain);

test("console: who has several domains chooses one of them, by keys, and the address says which", {},
    async (reader, page) => {
        const [one, two] = [await newDomain("one"), await newDomain("two")];
        const visitor = await administrator(reader, "domain", [one, two], "/console/members");
        const field = page.getByLabel(visitor.t("members.domain"), { exact: true });
        await visitor.row(`one@${one}`).waitFor();
        await visitor.row(`two@${two}`).waitFor();
        assert.deepEqual(await field.locator("option").allTextContents(), [visitor.t("members.any"), one, two]);
        await field.focus();
        await page.keyboard.press("ArrowDown");
        await domainIs(page, one);
        await visitor.row(`two@${two}`).waitFor({ state: "detached" });
        await page.reload();
        await visitor.row(`one@${one}`).waitFor();
        assert.equal(await field.inputValue(), one);
        assert.equal(await visitor.row(`two@${two}`).count(), 0);
        await page.goBack();
        await visitor.row(`two@${two}`).waitFor();
        const href = await page.getByRole("link", { name: visitor.t("members.csv") }).getAttribute("href");
        assert.ok(!href.includes("domain="));
    });

test("console: who has one domain is not asked for it", {}, async (reader, page) => {
    const visitor = await administrator(reader, "domain", [await newDomain("one")], "/console/members");
    await visitor.row("one@").waitFor();
    assert.equal(await page.locator("[name=domain]").count(), 0);
});

test("console, ko-KR, phone: a server administrator finds a domain by a part of its name", {
    locale: "ko-KR", viewport: { width: 390, height: 740 },
}, async (reader, page) => {
    const [one, two] = [await newDomain("one"), await newDomain("two")];
    const visitor = await administrator(reader, "server", [], "/console/members");
    const field = page.getByLabel("\ub3c4\uba54\uc778", { exact: true });
    await field.fill(one.slice(1, -5));
    await page.locator(`datalist option[value="${one}"]`).waitFor({ state: "attached" });
    await field.fill(one);
    await field.press("Enter");
    await domainIs(page, one);
    await visitor.row(`one@${one}`).waitFor();
    assert.equal(await page.locator("main tbody tr").count(), 1);
    await field.fill(`no.${two}`);
    await field.press("Enter");
    await visitor.says("error.no-such-domain-here");
    await domainIs(page, one);
    await field.fill("");
    await field.press("Enter");
    await domainIs(page, "");
});
