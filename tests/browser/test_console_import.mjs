// test_console_import.mjs - members of a CSV file in the console: what a file shows, what is imported, and undoing it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { ended, newDomain, outcome } from "./console_jobs.mjs";
import { sql, until } from "./server.mjs";

const PAGE = "/console/import";

const csv = (...lines) => lines.map((line) => `${line}\r\n`).join("");
const file = (content, name = "members.csv") => ({ name, mimeType: "text/csv", buffer: Buffer.from(content) });

async function importer(reader, ...names) {
    const domain = await newDomain(...names);
    const visitor = await administrator(reader, "domain", [domain], PAGE);
    await visitor.heading("import.title");
    return { visitor, domain };
}

// Chooses a file and waits for what it shows.
async function look(visitor, chosen) {
    await visitor.page.locator("[type=file]").setInputFiles(chosen);
    await visitor.button("import.look").click();
    await visitor.page.locator("main dl").waitFor();
}

// "=pop3=off": the member's own settings in the database; "" when it has no such member.
function stored(member) {
    const [local, domain] = member.split("@");
    return sql(`SELECT COALESCE(MAX('=' || m.settings), '') FROM member m JOIN domain d ON d.id = m.domain_id
        WHERE m.local = '${local}' AND d.name = '${domain}'`);
}

for (const locale of ["ko-KR", "en-US"]) {
    test(`console, import, ${locale}: a file of Korean Excel is previewed, imported and undone by the keyboard`, { locale },
        async (reader, page) => {
            const { visitor, domain } = await importer(reader, "old");
            // "주소,POP3" in CP949.
            const head = Buffer.from([0xc1, 0xd6, 0xbc, 0xd2]);
            const rest = csv(",POP3", `old@${domain},off`, `new@${domain},off`);
            await page.locator("[type=file]").setInputFiles(file(Buffer.concat([head, Buffer.from(rest)])));
            await page.locator("[type=file]").focus();
            await page.keyboard.press("Tab");
            await page.keyboard.press("Enter");
            await page.locator("main dl").waitFor();
            await page.getByText(visitor.t("import.converted").replace("{encoding}", "CP949 (EUC-KR)")).waitFor();
            assert.deepEqual([await outcome(visitor, "added"), await outcome(visitor, "changed")], [1, 1]);
            await page.locator("#import-preview:focus").waitFor();
            await page.keyboard.press("Tab");
            await page.keyboard.press("Enter");
            const agreed = page.locator("dialog").getByRole("button", { name: visitor.t("import.run").replace("{count}", 2) });
            await agreed.focus();
            await page.keyboard.press("Enter");
            await visitor.heading("job.title");
            await ended(visitor);
            assert.deepEqual([await outcome(visitor, "added"), await outcome(visitor, "changed")], [1, 1]);
            const both = async () => [await stored(`old@${domain}`), await stored(`new@${domain}`)];
            assert.deepEqual(await both(), ["=pop3=off", "=pop3=off"]);
            await visitor.button("job.undo").click();
            await page.locator("dialog").getByText(visitor.t("import.undo-text").replace("{count}", 2)).waitFor();
            await visitor.button("job.undo").last().click();
            await page.getByText(visitor.t("job.those-of").split("{id}")[0]).first().waitFor();
            await ended(visitor);
            await until("the import to be undone", async () => (await both()).join() === "=,");
        });
}

test("console, import: wrong lines are told each by its number, and a file without one is needed", {},
    async (reader, page) => {
        const { visitor, domain } = await importer(reader, "one");
        await look(visitor, file(csv("address;pop3", `one@${domain};maybe`, "nobody;on", `two@${domain};on`)));
        await visitor.row("3").getByText(visitor.t("import-error.address").replace("{word}", "nobody")).waitFor();
        const value = visitor.t("import-error.value").replace("{word}", "pop3").replace("{other}", "maybe");
        await visitor.row("2").getByText(value).waitFor();
        assert.equal(await outcome(visitor, "wrong"), 2);
        const places = () => page.locator("main tbody td:first-child").allInnerTexts();
        assert.deepEqual(await places(), ["2", "3"]);
        await page.setViewportSize({ width: 390, height: 740 });
        assert.deepEqual(await places(), ["2", "3"].map((line) => `${visitor.t("import.line")} ${line}`));
        await page.setViewportSize({ width: 1280, height: 800 });
        assert.equal(await page.getByRole("button", { name: visitor.t("import.run").split("{count}")[0] }).count(), 0);

        await look(visitor, file(csv("address,pop3", `one@${domain},off`, "x@demo.test,on")));
        await visitor.row("3").getByText(visitor.t("import-error.domain").replace("{word}", "x@demo.test")).waitFor();
        await look(visitor, file("PK\u0003\u0004 a workbook", "members.xlsx"));
        await visitor.row(visitor.t("import.whole-file")).getByText(visitor.t("import-error.workbook")).waitFor();
        await look(visitor, file(csv("address,popp3")));
        const near = visitor.t("import-error.near-column").replace("{word}", "popp3").replace("{other}", "pop3");
        await page.getByText(near).waitFor();
        assert.equal(await stored(`two@${domain}`), "");
    });

test("console, import: the columns that an import leaves are named", {}, async (reader, page) => {
    const { visitor, domain } = await importer(reader, "one");
    const left = (names) => page.getByText(visitor.t("import.left-columns").replace("{columns}", names), { exact: true });
    await look(visitor, file(csv("address,flags,pop3,created", `one@${domain},UI,off,2026-01-01T00:00:00Z`)));
    await left("flags, created").waitFor();
    assert.equal(await outcome(visitor, "changed"), 1);
    await look(visitor, file(csv("address,pop3", `one@${domain},off`)));
    await left("flags, created").waitFor({ state: "detached" });
});

test("console, import: a file that is dropped, a code that is wanted, and an example that can be imported", {},
    async (reader, page) => {
        const { visitor, domain } = await importer(reader);
        const [download] = await Promise.all([page.waitForEvent("download"), visitor.button("import.sample").click()]);
        const example = (await readFile(await download.path())).toString();
        assert.ok(example.startsWith("\ufeff") && example.includes(`@${domain}`), example);
        const dropped = await page.evaluateHandle((text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "members.csv", { type: "text/csv" }));
            return data;
        }, example);
        await page.locator("[data-drop]").dispatchEvent("drop", { dataTransfer: dropped });
        await visitor.makeCodeOld();
        await visitor.button("import.look").click();
        await visitor.prove();
        await page.locator("main dl").waitFor();
        assert.deepEqual([await outcome(visitor, "added"), await page.locator("main tbody tr").count()], [2, 0]);
    });

test("console, import: nobody of the helpdesk is offered it", {}, async (reader, page) => {
    const visitor = await administrator(reader, "helpdesk", ["demo.test"], "/console/members");
    await visitor.heading("members.title");
    await page.getByText(visitor.t("members.csv")).waitFor();
    assert.equal(await page.getByRole("link", { name: visitor.t("import.title") }).count(), 0);
});
