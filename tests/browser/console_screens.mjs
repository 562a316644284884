// console_screens.mjs - how to get to every screen of the console, whatever the language: as a server administrator
// who is signed in. Each has a name, and ends when all of the screen is drawn.

import { newMember, postlatch } from "./server.mjs";

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
    },
    "domain, changes are looked at": async (visitor) => {
        await visitor.open("/console/domain?domain=demo.test");
        await visitor.page.locator("[name=imap]").selectOption("off");
        await visitor.button("domain.preview").click();
        await visitor.page.locator("dialog p").first().waitFor();
    },
    audit: async (visitor) => {
        await visitor.open("/console/audit");
        await visitor.page.locator("[data-list] tbody tr").first().waitFor();
    },
};
