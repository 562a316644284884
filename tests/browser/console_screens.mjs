// console_screens.mjs - how to get to every screen of the console, whatever the language: as a server administrator
// who is signed in. Each has a name, and ends when all of the screen is drawn.

import { begun, ended, listed, lookAt, newDomain } from "./console_jobs.mjs";
import { newMember, postlatch, sql } from "./server.mjs";

// Anything below the title.
const drawn = (page) => page.locator("figure").first().waitFor();

async function administrators(visitor) {
    const { address } = await newMember("imap=on");
    await postlatch("admin", "add", address, "--role", "helpdesk", "--domains", "demo.test");
    await visitor.open("/console/administrators");
    await visitor.row(address).waitFor();
    return visitor.row(address);
}

async function makeKey(visitor, page) {
    await visitor.open("/console/api-keys");
    await page.fill("[name=label]", "inventory");
    await page.fill("[name=domains]", "demo.test");
    await page.fill("[name=networks]", "192.0.2.0/24");
    await page.click("form [type=submit]");
    await page.locator("[data-secret]").waitFor();
}

// With a credential of each kind but connected applications, and everything that can be said of the second factor.
async function member(visitor) {
    const { address } = await newMember("two_factor_requirement=required", "two_factor_mode=skip", "class=staff");
    const id = `(SELECT id FROM member WHERE local = '${address.split("@")[0]}')`;
    const now = Math.floor(Date.now() / 1000);
    await postlatch("app-password", "create", address, "--label", "2nd floor copier", "--networks", "192.0.2.0/24");
    await sql(`INSERT INTO factor_failure (member_id, failures, failed_at) VALUES (${id}, 100, ${now})`);
    await sql(`INSERT INTO member_use (member_id, service, credential, used_at, ip)
        VALUES (${id}, 'imap', 'app-password', ${now}, '2001:db8:1111:2222:3333:4444:5555:6666')`);
    await visitor.open(`/console/member?member=${address}`);
    for (const section of ["attachments", "app-passwords", "applications", "sessions", "devices", "activity", "audit"]) {
        await visitor.section(section).waitFor();
    }
}

export const SCREENS = {
    overview: async (visitor, page) => {
        await visitor.open("/console");
        await drawn(page);
    },
    administrators,
    "administrator, role": async (visitor, page) => {
        await (await administrators(visitor)).getByRole("button").first().click();
        await page.locator("dialog form").waitFor();
    },
    "administrator, refused": async (visitor, page) => {
        await visitor.open("/console/administrators");
        await page.fill("[name=member]", "nobody@demo.test");
        await page.fill("[name=domains]", "demo.test");
        await page.click("form [type=submit]");
        await page.locator("[data-field] [role=alert]:not(:empty)").waitFor();
    },
    "API key that was made": makeKey,
    "API keys": async (visitor, page) => {
        await makeKey(visitor, page);
        await visitor.button("new-key.kept").click();
        await page.locator("table").waitFor();
    },
    domains: async (visitor) => {
        await visitor.open("/console/domains");
        await visitor.page.locator("main tbody tr").first().waitFor();
    },
    domain: async (visitor) => {
        await visitor.open("/console/domain?domain=demo.test");
        await visitor.page.locator("[name=scope]").first().waitFor();
        await visitor.page.locator("[name=quota]").waitFor();
        await visitor.section("largest").waitFor();
    },
    "domain, changes are looked at": async (visitor) => {
        await visitor.open("/console/domain?domain=demo.test");
        await visitor.page.locator("[name=imap]").selectOption("off");
        await visitor.button("domain.preview").click();
        await visitor.page.locator("dialog p").first().waitFor();
    },
    import: async (visitor, page) => {
        await visitor.open("/console/import");
        await page.locator("[type=file]").waitFor();
    },
    "import, wrong lines": async (visitor, page) => {
        await visitor.open("/console/import");
        const buffer = Buffer.from("address,pop3\nnobody,on\nx@none.test,on\na@b.test,maybe\n");
        await page.locator("[type=file]").setInputFiles({ name: "members.csv", mimeType: "text/csv", buffer });
        await visitor.button("import.look").click();
        await page.locator("main tbody tr").first().waitFor();
    },
    "members, all filters are seen and others are awaited": async (visitor, page) => {
        await listed(visitor, await newDomain("one", "two"));
        await page.locator("[data-more] summary").click();
        await page.locator("[data-list] table").evaluate((table) => table.setAttribute("aria-busy", "true"));
    },
    "members, some are ticked": async (visitor, page) => {
        const domain = await newDomain("one", "two");
        await listed(visitor, domain);
        await visitor.row(`one@${domain}`).locator("[type=checkbox]").check();
        await page.locator("[name=what]").selectOption("pop3");
        await page.locator("[name=value]").waitFor();
    },
    "members, a job is looked at": async (visitor) => {
        const domain = await newDomain("one", "two");
        await lookAt(visitor, domain, ["one"], "end-sessions");
    },
    forwards: async (visitor, page) => {
        const { address } = await newMember("forwarding=on");
        await postlatch("forward", "set", address, "me@elsewhere.example", "--keep-copy");
        await visitor.open(`/console/forwards?q=${address}`);
        await visitor.row(address).locator("[type=checkbox]").check();
        await page.locator("[data-bulk] button[data-tone=danger]").waitFor();
    },
    "forwards, some are to be ended": async (visitor, page) => {
        const { address } = await newMember("forwarding=on");
        await postlatch("forward", "set", address, "me@elsewhere.example");
        await visitor.open(`/console/forwards?q=${address}`);
        await visitor.row(address).getByRole("button").first().click();
        await page.locator("dialog [name=reason]").waitFor();
    },
    jobs: async (visitor, page) => {
        await begun(visitor, await newDomain("one"));
        await visitor.goToPage("jobs.title");
        await page.locator("[data-list] tbody tr").first().waitFor();
    },
    job: async (visitor) => {
        const domain = await newDomain("one");
        await begun(visitor, domain);
        await visitor.button("job.undo").click();
        await visitor.button("job.undo").last().click();
        await visitor.page.locator("[data-outcome=members] a").waitFor();
        await ended(visitor);
    },
    member: async (visitor) => {
        await member(visitor);
    },
    "member, authenticator is to be deleted": async (visitor, page) => {
        await member(visitor);
        await visitor.button("factor.remove").click();
        await page.locator("dialog form").waitFor();
    },
    "member, explained": async (visitor, page) => {
        await member(visitor);
        await visitor.button("explain.ask").click();
        await page.locator("[data-explanation] li").first().waitFor();
    },
    audit: async (visitor) => {
        await visitor.open("/console/audit");
        await visitor.page.locator("[data-list] tbody tr").first().waitFor();
    },
};

// Those that look different for who may look and help only.
export const OF_HELPDESK = {
    "domain, helpdesk": async (visitor, page) => {
        await visitor.open("/console/domain?domain=demo.test");
        await page.locator("main table").first().waitFor();
        await visitor.section("largest").waitFor();
    },
    "member, helpdesk": async (visitor) => {
        await member(visitor);
    },
    "administrator, helpdesk": async (visitor, page) => {
        const { address } = await newMember("imap=on");
        await postlatch("admin", "add", address, "--role", "server");
        await visitor.open(`/console/member?member=${address}`);
        await visitor.section("audit").waitFor();
        await page.locator("main [data-note]").first().waitFor();
    },
};
