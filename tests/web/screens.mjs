// screens.mjs - how to get to every screen, whatever the language.

// From the question for a code on; with a code, it is entered.
async function forgotten(reader, page, word, code = null) {
    await reader.open("/forgotten-password");
    await page.fill("[name=user]", `${word}@demo.test`);
    await page.click("form [type=submit]");
    await page.waitForSelector("[name=code]");
    if (code) await reader.code(code);
}

// On a screen that is touched, some pages are others.
export const TOUCHED = {
    "registration on a phone": async (reader, page) => {
        await reader.signIn("must");
        await page.waitForSelector("a[data-button]");
    },
    "account on a phone": (reader) => reader.account("trusted"),
};

export const SCREENS = {
    password: async (reader, page) => {
        await reader.open("/sign-in?notice=signed-out");
        await page.waitForSelector("form");
    },
    "password refused": async (reader, page) => {
        await reader.open("/sign-in");
        await page.fill("[name=user]", "code@demo.test");
        await page.fill("[name=password]", "guess");
        await page.click("[type=submit]");
        await page.locator("[role=alert]:not(:empty)").waitFor();
    },
    code: async (reader, page) => {
        await reader.signIn("code");
        await page.waitForSelector("[name=code]");
    },
    "code, wait": async (reader, page) => {
        await reader.signIn("code");
        await reader.fail("/api/sign-in/code", 429, { error: "too-many-codes", wait: 900 });
        await reader.code();
        await page.waitForSelector("[role=alert]:not(:empty) + [aria-disabled=true]");
    },
    "recovery code": async (reader, page) => {
        await reader.signIn("code");
        await page.locator("main > [data-tone=quiet]").first().click();
        await page.waitForURL("**/sign-in/recovery*");
        await page.waitForSelector("[name=code][autocomplete=off]");
    },
    "registration offered": async (reader, page) => {
        await reader.signIn("offer");
        await page.waitForSelector("details");
    },
    "registration by key": async (reader, page) => {
        await reader.signIn("must");
        await page.locator("summary").click();
        await page.locator("details dl").waitFor();
    },
    "recovery codes": async (reader, page) => {
        await reader.signIn("offer");
        await reader.code();
        await page.waitForSelector("[data-codes]");
    },
    "recovery codes not kept": async (reader, page) => {
        await reader.signIn("unkept");
        await page.waitForSelector("main > [data-tone=quiet]");
    },
    unavailable: async (reader, page) => {
        await reader.blocks({});
        await reader.fail("/api/session", 503, { error: "try-again-later", wait: 300 });
        await reader.open("/sign-in");
        await page.waitForSelector("main small:not(:empty)");
    },
    "recovery contacts, asked": async (reader, page) => {
        await reader.signIn("asked");
        await page.waitForSelector("[data-equal]");
    },
    "recovery contacts, entered at sign-in": async (reader, page) => {
        await reader.signIn("asked");
        await page.locator("[data-equal] button").last().click();
        await page.waitForSelector("[autocomplete=tel]");
    },
    "recovery contacts": async (reader, page) => {
        await reader.signIn("contact", "/account/recovery-contact");
        await page.waitForSelector("[data-contact=mail]");
    },
    "recovery contacts, change stopped": async (reader, page) => {
        await reader.open("/recovery-contact#good");
        await page.click("form [type=submit]");
        await page.waitForSelector("main:not(:has(form))");
    },
    "recovery contacts, link that is over": async (reader, page) => {
        await reader.open("/recovery-contact#old");
        await page.click("form [type=submit]");
        await page.locator("form > [role=alert]:not(:empty)").waitFor();
    },
    "forgotten password": async (reader, page) => {
        await reader.open("/forgotten-password");
        await page.waitForSelector("[name=user]");
    },
    "forgotten password, code": (reader, page) => forgotten(reader, page, "plain"),
    "forgotten password, wrong code": async (reader, page) => {
        await forgotten(reader, page, "plain", "87654321");
        await page.locator("form > [role=alert]:not(:empty), [data-field] [role=alert]:not(:empty)").first().waitFor();
    },
    "forgotten password, link": async (reader, page) => {
        await reader.open("/forgotten-password/link#link");
        await page.waitForSelector("form [type=submit]");
    },
    "forgotten password, second factor": async (reader, page) => {
        await forgotten(reader, page, "code", "12345678");
        await page.waitForSelector("[data-who]");
    },
    "forgotten password, new one": async (reader, page) => {
        await forgotten(reader, page, "plain", "12345678");
        await page.waitForSelector("[name=new]");
    },
    "forgotten password, too short": async (reader, page) => {
        await forgotten(reader, page, "plain", "12345678");
        for (const name of ["new", "again"]) await page.fill(`[name=${name}]`, "short");
        await page.click("form [type=submit]");
        await page.locator("[data-field]:has([name=new]) [role=alert]:not(:empty)").waitFor();
    },
    "forgotten password, set": async (reader, page) => {
        await forgotten(reader, page, "plain", "12345678");
        for (const name of ["new", "again"]) await page.fill(`[name=${name}]`, "a longer one");
        await page.click("form [type=submit]");
        await page.waitForSelector("main:not(:has(form)) [data-button]");
    },
    "sign out": async (reader, page) => {
        await reader.account("plain");
        await reader.open("/sign-out");
        await page.waitForSelector("main [data-tone=accent]");
    },
    consent: async (reader, page) => {
        await reader.account("trusted");
        await reader.open("/consent?request=pl_cr_x");
        await page.waitForSelector("fieldset");
    },
    "consent, over": async (reader, page) => {
        await reader.account("trusted");
        await reader.open("/consent?request=over");
        await page.waitForSelector("main h1 + p");
    },
    "connected applications": (reader) => reader.account("trusted", "/account/applications"),
    "connected applications, none": async (reader, page) => {
        await reader.signIn("plain", "/account/applications");
        await page.waitForSelector("[data-empty]");
    },
    account: (reader) => reader.account("trusted"),
    devices: (reader) => reader.devices("trusted"),
    "many devices": async (reader, page) => {
        await reader.devices("many");
        await page.locator("[aria-labelledby=sessions] [type=checkbox]").first().check();
    },
    activity: (reader) => reader.activity("trusted"),
    "activity, nothing yet": async (reader, page) => {
        await reader.signIn("plain", "/account/activity");
        await page.locator("[data-empty]").waitFor();
    },
    "no trusted devices": async (reader, page) => {
        await reader.devices("plain");
        for (let left = 2; left > 0; left -= 1) {
            await page.locator("[aria-labelledby=devices] tbody button").first().click();
            await page.waitForFunction((rows) =>
                document.querySelectorAll("[aria-labelledby=devices] tbody tr").length < rows, left);
        }
    },
    "authenticator set up again": async (reader, page) => {
        await reader.signIn("code", "/account/registration");
        await page.waitForSelector("[name=code]");
        await reader.code();
        await page.waitForSelector("details");
    },
    "account, unregistered": (reader) => reader.account("plain"),
    "account, required": (reader) => reader.account("required"),
    "account, switched off": (reader) => reader.account("off"),
    "account, left over": (reader) => reader.account("former"),
    "account, codes not kept": async (reader, page) => {
        await reader.signIn("unkept");
        await page.locator("main > [data-tone=quiet]").click();
        await page.waitForSelector("[aria-labelledby=factor] [data-note]");
    },
    "devices, something done": async (reader, page) => {
        await reader.devices("trusted");
        await page.locator("[aria-labelledby=devices] button").last().click();
        await reader.said();
    },
    "devices, something failed": async (reader, page) => {
        await reader.devices("trusted");
        await reader.fail("/api/account/devices/remove", 500, { error: "internal" });
        await page.locator("[aria-labelledby=devices] button").last().click();
        await reader.alert();
    },
    "change of the password": async (reader, page) => {
        await reader.signIn("trusted", "/account/password");
        await page.waitForSelector("[name=old]");
    },
    "change of the password, refused": async (reader, page) => {
        await reader.signIn("trusted", "/account/password");
        await page.fill("[name=old]", "secret");
        await page.fill("[name=new]", "short");
        await page.fill("[name=again]", "short");
        await page.click("form [type=submit]");
        await page.fill("dialog [name=code]", "123456");
        await page.click("dialog [type=submit]");
        await page.locator("[data-field] [role=alert]:not(:empty)").waitFor();
    },
    "app passwords": (reader) => reader.account("trusted", "/account/app-passwords"),
    "app passwords, none": (reader) => reader.account("required", "/account/app-passwords"),
    "app passwords, unregistered": (reader) => reader.account("plain", "/account/app-passwords"),
    "app passwords, two-step verification switched off": (reader) => reader.account("off", "/account/app-passwords"),
    "app passwords, switched off": (reader) => reader.account("forbidden", "/account/app-passwords"),
    "app passwords, as many as there can be": (reader) => reader.account("full", "/account/app-passwords"),
    "app password of a script, with what is wrong": async (reader, page) => {
        await reader.account("trusted", "/account/app-passwords");
        await page.check("[value=script]");
        await page.fill("[name=label]", "backup");
        await page.fill("[name=networks]", "home");
        await page.click("form [type=submit]");
        await page.fill("dialog [name=code]", "123456");
        await page.click("dialog [type=submit]");
        await page.locator("[data-field] [role=alert]:not(:empty)").waitFor();
    },
    "app password that was made": async (reader, page) => {
        await reader.makeAppPassword("scanner", "2nd floor");
        await page.locator("[data-secret]").waitFor();
        await page.locator("h3").waitFor();
    },
    "decoy that was made": async (reader, page) => {
        await reader.makeAppPassword("decoy", "passwords.txt");
        await page.locator("[data-secret]").waitFor();
    },
    "app password, profile": async (reader, page) => {
        await reader.makeAppPassword("mail", "phone");
        await page.locator("h3").waitFor();
        await page.locator("[aria-labelledby=made] > button").first().click();
        await page.waitForSelector("figure");
    },
    "app password, leaving": async (reader, page) => {
        await reader.makeAppPassword("mail", "phone");
        await page.locator("[data-secret]").waitFor();
        await page.locator("[data-menu] a").first().click();
        await page.waitForSelector("dialog");
    },
    "app password, limits": async (reader, page) => {
        await reader.account("trusted", "/account/app-passwords");
        await page.locator("tbody tr").first().locator("button").first().click();
        await page.waitForSelector("dialog form");
    },
    forwarding: (reader) => reader.account("forwarder", "/account/forwarding"),
    "forwarding, none": (reader) => reader.account("trusted", "/account/forwarding"),
    "forwarding, switched off by an administrator": (reader) => reader.account("resting", "/account/forwarding"),
    "forwarding, an address that is none": async (reader, page) => {
        await reader.account("trusted", "/account/forwarding");
        await page.fill("[name=address]", "x");
        await page.click("form [type=submit]");
        await page.fill("dialog [name=code]", "123456");
        await page.click("dialog [type=submit]");
        await page.locator("[data-field] [role=alert]:not(:empty)").waitFor();
    },
    "forwarding, code of an address": async (reader, page) => {
        await reader.account("forwarder", "/account/forwarding");
        await page.locator("tbody tr").nth(1).locator("button").first().click();
        await page.waitForSelector("dialog form");
    },
    "large attachments": (reader) => reader.account("sender", "/account/large-attachments"),
    "large attachments, none": (reader) => reader.account("trusted", "/account/large-attachments"),
    "large attachments, password": async (reader, page) => {
        await reader.account("sender", "/account/large-attachments");
        await page.locator("tbody tr").first().locator("button").nth(1).click();
        await page.waitForSelector("dialog form");
    },
    "large attachments, withdraw": async (reader, page) => {
        await reader.account("sender", "/account/large-attachments");
        await page.locator("tbody tr").first().locator("[data-tone=danger]").click();
        await page.waitForSelector("dialog");
    },
    "connection test, none": (reader) => reader.account("plain", "/account/connection-test"),
    "connection test, nothing yet": async (reader, page) => {
        await reader.account("plain", "/account/connection-test");
        await page.locator("main > [data-tone=accent]").click();
        await page.locator("[role=timer]").waitFor();
        await reader.said();
    },
    "connection test, attempts": async (reader, page) => {
        await reader.account("copier", "/account/connection-test");
        await page.locator("main > [data-tone=accent]").click();
        await page.locator("[data-attempts] li").nth(5).waitFor();
    },
    "set-up": (reader) => reader.account("trusted", "/account/set-up"),
    "set-up, no password": (reader) => reader.account("former", "/account/set-up"),
    reauthentication: async (reader, page) => {
        await reader.account("trusted");
        await page.locator("[aria-labelledby=factor] button").first().click();
        await page.waitForSelector("dialog form");
    },
    question: async (reader, page) => {
        await reader.account("required");
        await page.locator("[data-tone=danger]").first().click();
        await page.waitForSelector("dialog");
    },
};
