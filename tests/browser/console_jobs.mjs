// console_jobs.mjs - changes of many members in the console: domains for them, and the way through the bulk bar.

import { postlatch } from "./server.mjs";

let domains = 0;

// A domain of the test's own, with members of these names.
export async function newDomain(...names) {
    const domain = `j${process.pid}-${domains += 1}.test`;
    await postlatch("domain", "add", domain);
    for (const name of names) await addMember(domain, name);
    return domain;
}

export function addMember(domain, name, ...settings) {
    return postlatch("member", "add", `${name}@${domain}`, ...settings);
}

export async function settingsOf(member) {
    return JSON.parse(await postlatch("--json", "member", "show", member)).settings;
}

// The list of the members of a domain; more: of the query.
export async function listed(visitor, domain, more = "") {
    await visitor.open(`/console/members?domain=${domain}${more}`);
    await visitor.row(`@${domain}`).first().waitFor();
}

// Chooses what is to be done with those who are ticked, up to the numbers of it.
export async function choose(visitor, what, value) {
    const { page } = visitor;
    await page.locator("[name=what]").selectOption(what);
    if (value) await page.locator("[name=value]").selectOption(value);
    await visitor.button("job.preview").click();
    await page.locator("dialog dl").waitFor();
}

// The same after ticking these members of a domain.
export async function lookAt(visitor, domain, names, what, value) {
    await listed(visitor, domain);
    for (const name of names) await visitor.row(`${name}@${domain}`).locator("[type=checkbox]").check();
    await choose(visitor, what, value);
}

// A number of the preview in the dialog, or of the page of the job.
export async function outcome(visitor, name, within = "main") {
    const text = await visitor.page.locator(`${within} [data-outcome=${name}] dd`).textContent();
    return Number(text.replace(/\D/g, ""));
}

// Says yes to the numbers; ends when the job is over.
export async function run(visitor) {
    await visitor.page.locator("dialog button").last().click();
    await visitor.heading("job.title");
    await ended(visitor);
}

// The page of the job says that this is its state.
export function isIn(visitor, key) {
    return visitor.page.locator("[data-outcome=state] dd", { hasText: visitor.t(key) }).waitFor();
}

export function ended(visitor) {
    return isIn(visitor, "job.done");
}

// A job that has changed the only member of a domain, at its page.
export async function begun(visitor, domain) {
    await lookAt(visitor, domain, ["one"], "required");
    await run(visitor);
}
