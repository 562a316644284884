// pictures.mjs - the pictures of doc/administration.md: for each its screen of the console, with the same members and the
// same day in every run, and the part of the screen that it shows.

import { choose, ended, listed, run } from "./console_jobs.mjs";
import { postlatch, sql } from "./server.mjs";

const DAY = 86400;
const TODAY = Math.floor(Date.now() / 1000 / DAY) * DAY;
const SHOWN = Date.UTC(2027, 2, 15) / 1000; // the day that the pictures show instead of today
const SOMEBODY = "admin@example.com"; // instead of the administrator of the test

// Seconds: so many days ago at a time of Korea.
function ago(days, clock = "09:30") {
    const [hour, minute] = clock.split(":").map(Number);
    return TODAY - days * DAY + (hour - 9) * 3600 + minute * 60;
}

// For the browser: every time that is shown is later by so many seconds.
export function showLater(seconds) {
    const later = (date) => new Date(Number(date) + seconds * 1000);
    const { prototype } = Intl.DateTimeFormat;
    const { get } = Object.getOwnPropertyDescriptor(prototype, "format");
    const { formatToParts } = prototype;
    Object.defineProperty(prototype, "format", {
        get() {
            const format = get.call(this);
            return (date) => format(later(date));
        },
    });
    prototype.formatToParts = function parts(date) { return formatToParts.call(this, later(date)); };
}
export const SHIFT = SHOWN - TODAY;

// For the browser: what the text nodes have of one expression is another text.
function rename([pattern, text]) {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data } = walker.currentNode;
        if (new RegExp(pattern).test(data)) walker.currentNode.data = data.replace(new RegExp(pattern, "g"), text);
    }
}

// name: before the @. uses: by service, how many days ago and with which credential.
const MEMBERS = [
    { name: "alex.lee", factor: 40, uses: { webmail: [0], smtp: [0, "app-password"], imap: [0, "app-password"] } },
    { name: "dana.park", settings: ["pop3=off"], factor: 12, uses: { webmail: [1], imap: [3, "account-password"] } },
    { name: "jamie.kim", settings: ["two_factor_requirement=required"], uses: { pop3: [2, "account-password"] } },
    { name: "min.jung", settings: ["forwarding=on"], factor: 90, uses: { webmail: [5] } },
    { name: "robin.han", settings: ["active=off"], uses: { smtp: [120, "account-password"] } },
];

function useOf(id, [service, [days, credential = "password"]]) {
    return `INSERT INTO member_use (member_id, service, credential, used_at, ip)
        VALUES (${id}, '${service}', '${credential}', ${ago(days)}, '203.0.113.${10 + days}')`;
}

async function addMember(domain, { name, settings = [], factor, uses }) {
    const address = `${name}@${domain}`;
    await postlatch("member", "add", address);
    if (settings.length > 0) await postlatch("member", "set", address, ...settings);
    const id = `(SELECT m.id FROM member m JOIN domain d ON d.id = m.domain_id WHERE d.name = '${domain}' AND local = '${name}')`;
    const last = Math.min(...Object.values(uses).map(([days]) => days));
    const statements = [
        `UPDATE member SET created_at = ${ago(400)}, seen_day = ${Math.floor(ago(last) / DAY)},
            password_changed_at = ${factor ? ago(factor + 20) : "NULL"} WHERE id = ${id}`,
        `INSERT INTO member_delivery (member_id, at) VALUES (${id}, ${ago(last, "08:15")})`,
        ...Object.entries(uses).map((use) => useOf(id, use)),
    ];
    if (factor) {
        statements.push(`INSERT INTO totp (member_id, registered_at, registered_ip) VALUES (${id}, ${ago(factor)}, '203.0.113.9')`,
            `INSERT INTO second_factor (member_id, kinds, registered_at, registered_ip) VALUES (${id}, 1, ${ago(factor)},
                '203.0.113.9')`,
            `UPDATE member SET factor = 1 WHERE id = ${id}`);
    }
    await sql(statements.join("; "));
    return id;
}

// What the member's page has: an app password, two devices of webmail, one of them trusted.
async function addCredentials(domain, { name }, id) {
    await postlatch("app-password", "create", `${name}@${domain}`, "--label", "2nd floor copier",
        "--services", "smtp", "--networks", "192.0.2.0/24");
    const session = (device, ip, days) => `INSERT INTO session (member_id, channel, generation, created_at, expires_at, ip,
        device, seen_at, second_factor) SELECT id, 'webmail', generation, ${ago(days)}, ${TODAY + 400 * DAY}, '${ip}',
        '${device}', ${ago(days, "10:05")}, 1 FROM member WHERE id = ${id}`;
    await sql([
        `UPDATE app_password SET created_at = ${ago(30)}, last_used_at = ${ago(0)}, last_used_ip = '192.0.2.17',
            last_used_service = 'smtp' WHERE member_id = ${id}`,
        session("Chrome on Windows", "203.0.113.10", 0), session("Safari on iPhone", "203.0.113.77", 3),
    ].join("; "));
}

function counts(id) {
    const rows = [];
    for (let days = 0; days < 28; days += 1) {
        const at = TODAY - days * DAY;
        const wave = 20 + (days * 7) % 13;
        rows.push([at, "webmail", "webmail", "one-time-code", "second-factor-code", "allowed", 90 + wave],
            [at, "webmail", "webmail", "trusted-device", "trusted-device", "allowed", 60 + wave],
            [at, "imap", "client", "app-password", "app-password", "allowed", 300 + 5 * wave],
            [at, "pop3", "client", "account-password", "account-password", "allowed", 40 + days],
            [at, "imap", "client", "unknown", "wrong-password", "refused", wave],
            [at, "imap", "client", "unknown", "client-password-second-factor", "refused", 6],
            [at, "pop3", "client", "unknown", "service-off", "refused", 3]);
    }
    const values = rows.map(([at, ...row]) => `(${at}, ${id}, ${row.map((one) => (Number.isInteger(one) ? one : `'${one}'`))})`);
    return `INSERT INTO login_count (hour, domain_id, service, channel, credential, rule, outcome, count) VALUES ${values}`;
}

function adoption(id) {
    const rows = Array.from({ length: 28 }, (_, days) => [TODAY - days * DAY, id, 420, 300, 262 - 6 * days, 38 + 6 * days, 4, 57, 23]);
    return `DELETE FROM adoption WHERE domain_id = ${id}; INSERT INTO adoption (day, domain_id, members, required,
        registered, overdue, opted_out, different, account_password) VALUES ${rows.map((row) => `(${row})`)}`;
}

function audit(domain) {
    const row = (days, clock, action, object, before, after) => `(${ago(days, clock)}, '${SOMEBODY}', '203.0.113.5', '${action}',
        '${object}', '${before}', '${after}', '${domain}')`;
    const rows = [
        row(3, "09:12", "domain.set", domain, "pop3=inherit", "pop3=off"),
        row(1, "14:40", "member.set", `jamie.kim@${domain}`, "two_factor_requirement=inherit", "two_factor_requirement=required"),
        row(0, "10:02", "second-factor.reset", `alex.lee@${domain}`, "", "reason=lost phone"),
    ];
    return `DELETE FROM audit WHERE domain = '${domain}'; INSERT INTO audit (at, who, source, action, object, before, after,
        domain) VALUES ${rows}`;
}

// A domain of pictures with its members, their credentials and its figures.
export async function fill(domain) {
    await postlatch("domain", "add", domain);
    const ids = [];
    for (const member of MEMBERS) ids.push(await addMember(domain, member));
    await addCredentials(domain, MEMBERS[0], ids[0]);
    const id = `(SELECT id FROM domain WHERE name = '${domain}')`;
    await sql([counts(id), adoption(id), audit(domain)].join("; "));
}

const member = async (visitor, domain, name = "alex.lee") => {
    await visitor.open(`/console/member?member=${name}@${domain}`);
    for (const section of ["app-passwords", "sessions", "activity", "audit"]) await visitor.section(section).waitFor();
};

async function someTicked(visitor, domain) {
    await listed(visitor, domain);
    for (const name of ["alex.lee", "jamie.kim"]) {
        await visitor.row(`${name}@${domain}`).locator("[type=checkbox]").check();
    }
}

async function domainPage(visitor, domain) {
    await visitor.open(`/console/domain?domain=${domain}`);
    await visitor.page.locator("[name=scope]").first().waitFor();
}

const setting = (page, name) => page.locator("[data-setting]").filter({ has: page.locator(`[name=${name}]`) });

// For each: what is to be done with the visitor for the screen, whose domain of pictures this is, and which elements the
// picture has; height: of it, at most.
export const PICTURES = {
    "sign-in": async (visitor) => {
        const { page } = visitor;
        await page.context().clearCookies();
        await page.goto(`${new URL(page.url()).origin}/sign-in?continue=%2Fconsole`);
        await visitor.signIn();
        await visitor.heading("code.title");
        return { parts: [page.locator("main")] };
    },
    overview: async (visitor) => {
        const { page } = visitor;
        await visitor.open("/console");
        await page.locator("figure").nth(1).waitFor();
        return { parts: [page.locator("figure").nth(0), page.locator("figure").nth(1)] };
    },
    refusals: async (visitor) => {
        await visitor.open("/console");
        const figure = visitor.page.locator("figure", { hasText: visitor.t("overview.refusals") });
        await figure.waitFor();
        return { parts: [figure] };
    },
    members: async (visitor, domain) => {
        await listed(visitor, domain);
        return { parts: [visitor.page.locator("[data-list]")] };
    },
    filters: async (visitor, domain) => {
        await listed(visitor, domain);
        await visitor.page.locator("[data-more] summary").click();
        return { parts: [visitor.page.locator("[data-filters]").first()] };
    },
    "two-step": async (visitor, domain) => {
        await member(visitor, domain, "jamie.kim");
        return { parts: [visitor.section("two-step")] };
    },
    reset: async (visitor, domain) => {
        await member(visitor, domain);
        await visitor.button("factor.remove").click();
        await visitor.page.locator("dialog form").waitFor();
        return { parts: [visitor.page.locator("dialog")] };
    },
    services: async (visitor, domain) => {
        await member(visitor, domain, "dana.park");
        return { parts: [visitor.section("services")], height: 535 };
    },
    credentials: async (visitor, domain) => {
        await member(visitor, domain);
        return { parts: [visitor.section("app-passwords"), visitor.section("sessions")] };
    },
    explain: async (visitor, domain) => {
        await member(visitor, domain, "dana.park");
        await visitor.page.locator("select[name=service]").selectOption("pop3");
        await visitor.button("explain.ask").click();
        await visitor.page.locator("[data-explanation] li").first().waitFor();
        return { parts: [visitor.page.locator("[data-explanation]")] };
    },
    requirement: async (visitor, domain) => {
        await domainPage(visitor, domain);
        await visitor.page.locator("[name=two_factor_requirement]").selectOption("required");
        await visitor.page.fill("[name=two_factor_requirement_from]", "2027-04-01");
        return { parts: [setting(visitor.page, "two_factor_requirement")] };
    },
    scope: async (visitor, domain) => {
        await domainPage(visitor, domain);
        return { parts: [visitor.page.locator("[data-scope]"), visitor.button("domain.preview")] };
    },
    "domain-preview": async (visitor, domain) => {
        await domainPage(visitor, domain);
        await visitor.page.locator("[name=imap]").selectOption("off");
        await visitor.button("domain.preview").click();
        await visitor.page.locator("dialog p").first().waitFor();
        return { parts: [visitor.page.locator("dialog")] };
    },
    bulk: async (visitor, domain) => {
        await someTicked(visitor, domain);
        return { parts: [visitor.page.locator("[data-bulk]"), visitor.page.locator("[data-list] table")] };
    },
    "bulk-preview": async (visitor, domain) => {
        await someTicked(visitor, domain);
        await choose(visitor, "required");
        return { parts: [visitor.page.locator("dialog")] };
    },
    job: async (visitor, domain) => {
        await someTicked(visitor, domain);
        await choose(visitor, "required");
        await run(visitor);
        await sql(`UPDATE job SET made_at = ${ago(0, "11:20")}, ended_at = ${ago(0, "11:20")} WHERE who = '${visitor.member.address}'`);
        await visitor.page.reload();
        await ended(visitor);
        const { page } = visitor;
        return { parts: [page.locator("main section").first()] };
    },
    audit: async (visitor, domain) => {
        await sql(audit(domain));
        await visitor.open("/console/audit");
        await visitor.page.locator("[data-list] tbody tr").first().waitFor();
        return { parts: [visitor.page.locator("[data-list]")] };
    },
    administrators: async (visitor) => {
        await visitor.open("/console/administrators");
        const form = visitor.page.locator("main section").last();
        await form.locator("[name=member]").waitFor();
        return { parts: [form] };
    },
    "api-key": async (visitor) => {
        await visitor.open("/console/api-keys");
        const form = visitor.page.locator("main section").last();
        await form.locator("[name=label]").fill("personnel database");
        return { parts: [form] };
    },
};

// Those that only a server administrator sees.
export const OF_SERVER = ["administrators", "api-key"];

// The PNG of the parts, without the test's own names.
export async function take(page, { parts, height = 2000 }) {
    await page.evaluate(rename, ["m\\d+@demo\\.test", SOMEBODY]);
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(0, 0);
    const boxes = [];
    for (const part of parts) boxes.push(await part.boundingBox());
    const scrolled = await page.evaluate(() => window.scrollY);
    const [left, top] = [Math.min(...boxes.map(({ x }) => x)), Math.min(...boxes.map(({ y }) => y))];
    const right = Math.max(...boxes.map((box) => box.x + box.width));
    const bottom = Math.min(top + height, Math.max(...boxes.map((box) => box.y + box.height)));
    const edge = 8;
    return page.screenshot({
        fullPage: true,
        clip: { x: left - edge, y: top + scrolled - edge, width: right - left + 2 * edge, height: bottom - top + 2 * edge },
    });
}
