// test_uploads.mjs - large files in Roundcube: sent to the portal in pieces, and links in the mail.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { test } from "../web/harness.mjs";
import { env, newMember, until } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const run = promisify(execFile);
const MB = 1048576;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function inFolder(body) {
    const folder = await mkdtemp("/var/tmp/postlatch-uploads.");
    try {
        return await body(folder);
    } finally {
        await rm(folder, { recursive: true });
    }
}

async function compose(page, more = "") {
    await page.goto(`${env.WEBMAIL_URL}/?_task=mail&_action=compose${more}`);
    await page.waitForFunction(() => window.rcmail?.busy === false && window.rcmail.editor);
}

// The mail as it is written, when this is in it.
async function written(page, words) {
    await page.waitForFunction((words) => document.querySelector("#composebody").value.includes(words), words);
    return page.inputValue("#composebody");
}

// What recipients get who press the button of the page.
async function download(page, url) {
    const html = await (await page.request.get(url)).text();
    const [, file] = /name="file" value="(\d+)"/.exec(html);
    const answer = await page.request.post(url, { form: { file } });
    assert.equal(answer.status(), 200);
    return answer.body();
}

test("a large file is uploaded, goes on after the line broke, and is a link in the mail and in its copy", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember("large_attachments=on"));
    await visitor.begin();
    await inFolder(async (folder) => {
        const content = randomBytes(24 * MB);
        await writeFile(`${folder}/보고서.bin`, content);
        await compose(page);
        await page.getByText("Files of 2.0 MB or more become links, which work for 30 days. 5.0 GB are left.").waitFor();
        const network = await page.context().newCDPSession(page);
        const line = (offline, uploadThroughput) => network.send("Network.emulateNetworkConditions",
            { offline, latency: 0, downloadThroughput: -1, uploadThroughput });
        await network.send("Network.enable");
        await line(false, 6 * MB);
        await page.locator('input[type=file][name^="_attachments"]').first().setInputFiles(`${folder}/보고서.bin`);
        await page.waitForFunction(() => document.querySelector("progress")?.value > 9 * 1048576);
        await page.screenshot({ path: `${process.env.NODE_FOLDER}/upload.png` });
        await line(true, 0);
        await page.getByText(/the connection is broken at \d+%/).waitFor();
        await line(false, -1);
        const body = await written(page, "보고서.bin (24 MB)");
        const [url] = /http\S+\/l\/[\w-]{43}/.exec(body);
        assert.equal(await page.locator("progress").count(), 0);
        await page.screenshot({ path: `${process.env.NODE_FOLDER}/uploaded.png` });
        await page.fill(".recipient-input input", visitor.member.address);
        await page.fill("#compose-subject", "a large file");
        await page.click("button.send");
        await visitor.inbox();
        await visitor.await("a large file");
        assert.ok((await visitor.read("a large file")).includes(url));
        const sent = await page.request.get(`${env.WEBMAIL_URL}/?_task=mail&_action=viewsource&_mbox=Sent&_uid=1`);
        assert.match(await sent.text(), /Subject: a large file/);
        assert.ok((await sent.body()).length < 10000);
        assert.equal(sha256(await download(page, url)), sha256(content));
    });
});

// The newest message of the folder with this subject, as it is stored.
async function stored(page, folder, subject) {
    let found = "";
    for (let uid = 1; uid < 6; uid += 1) {
        const answer = await page.request.get(`${env.WEBMAIL_URL}/?_task=mail&_action=viewsource&_mbox=${folder}&_uid=${uid}`);
        const source = await answer.text();
        if (source.includes(`Subject: ${subject}`)) found = source;
    }
    return found;
}

// It has the link as often as the mail has forms of the text, and nothing of the file.
function hasTheLinkAlone(source, url, forms) {
    const unfolded = source.replace(/=\r?\n/g, "");
    const parts = unfolded.split(/^Content-Type: text\//m).slice(1);
    assert.equal(parts.length, forms, source);
    for (const part of parts) assert.ok(part.includes(url), part);
    assert.ok(source.length < 20000, String(source.length));
    assert.doesNotMatch(source, /Content-Disposition: attachment/i);
}

for (const form of ["plain", "html"]) {
    test(`a draft and the copy of a mail in ${form} have the link to a large file, and not the file`, {}, async (reader, page) => {
        const visitor = new Visitor(reader, await newMember("large_attachments=on"));
        const subject = `a large file in ${form}`;
        await visitor.begin();
        await inFolder(async (folder) => {
            await writeFile(`${folder}/large.bin`, randomBytes(3 * MB));
            await compose(page);
            if (form === "html") {
                await page.evaluate(() => window.rcmail.command("toggle-editor", { id: "composebody", html: true }));
                await page.waitForFunction(() => window.rcmail.editor.editor?.initialized);
            }
            const text = () => page.evaluate(() => window.rcmail.editor.get_content());
            await page.locator('input[type=file][name^="_attachments"]').first().setInputFiles(`${folder}/large.bin`);
            await page.waitForFunction(() => window.rcmail.editor.get_content().includes("large.bin"));
            const [url] = /http[^\s"<]+\/l\/[\w-]{43}/.exec(await text());
            await page.fill(".recipient-input input", visitor.member.address);
            await page.fill("#compose-subject", subject);
            await page.evaluate(() => window.rcmail.command("savedraft"));
            await until("the draft is stored", async () => await stored(page, "Drafts", subject) !== "");
            hasTheLinkAlone(await stored(page, "Drafts", subject), url, form === "html" ? 2 : 1);
            await page.click("button.send");
            await visitor.inbox();
            await visitor.await(subject);
            hasTheLinkAlone(await stored(page, "Sent", subject), url, form === "html" ? 2 : 1);
        });
    });
}

test("the upload of a large file can be paused and cancelled, and a small file is an attachment as ever", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember("large_attachments=on"));
    await visitor.begin();
    await inFolder(async (folder) => {
        await writeFile(`${folder}/large.bin`, randomBytes(24 * MB));
        await writeFile(`${folder}/small.txt`, "small");
        await compose(page);
        const network = await page.context().newCDPSession(page);
        await network.send("Network.enable");
        await network.send("Network.emulateNetworkConditions",
            { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 3 * MB });
        const input = page.locator('input[type=file][name^="_attachments"]').first();
        await input.setInputFiles([`${folder}/large.bin`, `${folder}/small.txt`]);
        await page.waitForFunction(() => document.querySelector("progress")?.value > 1048576);
        await page.getByRole("button", { name: "Pause" }).click();
        await page.getByText(/paused at \d+%/).waitFor();
        await page.getByRole("button", { name: "Resume" }).click();
        await page.getByText(/large\.bin - \d+% of 24 MB/).waitFor();
        await page.locator("#attachment-list a.cancelupload").first().click();
        await page.locator("#attachment-list", { hasText: "small.txt" }).waitFor();
        assert.equal(await page.locator("progress").count(), 0);
        assert.equal(await page.inputValue("#composebody"), "");
    });
});

test("a large attachment of a mail that is forwarded becomes a link", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember("large_attachments=on"));
    const { address, password } = visitor.member;
    await visitor.begin();
    await inFolder(async (folder) => {
        const content = randomBytes(11 * MB);
        const encoded = content.toString("base64").replace(/(.{76})/g, "$1\r\n");
        await writeFile(`${folder}/mail`, [
            "From: x@elsewhere.test", `To: ${address}`, "Subject: from elsewhere", "MIME-Version: 1.0",
            'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain", "", "See the file.", "--b",
            'Content-Type: application/octet-stream; name="film.bin"', "Content-Transfer-Encoding: base64",
            'Content-Disposition: attachment; filename="film.bin"', "", encoded, "--b--", ""].join("\r\n"));
        await run("curl", ["-ksS", "--ssl-reqd", "-u", `${address}:${password}`, "-T", `${folder}/mail`,
            `imap://127.0.0.1:${env.IMAP_PORT}/INBOX`]);
        await visitor.await("from elsewhere");
        const uid = await page.evaluate(() => Object.values(window.rcmail.message_list.rows)
            .find((row) => row.obj.textContent.includes("from elsewhere")).uid);
        await compose(page, `&_forward_uid=${uid}&_mbox=INBOX`);
        const body = await written(page, "film.bin (11 MB)");
        assert.match(body, /See the file\./);
        assert.equal(await page.locator("#attachment-list li").count(), 0);
        const [url] = /http\S+\/l\/[\w-]{43}/.exec(body);
        assert.equal(sha256(await download(page, url)), sha256(content));
    });
});

test("without the service, a large file is an attachment as ever, and Roundcube says why", {}, async (reader, page) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await inFolder(async (folder) => {
        await writeFile(`${folder}/large.bin`, randomBytes(45 * MB));
        await compose(page);
        assert.equal(await page.locator(".postlatch-room").count(), 0);
        await page.locator('input[type=file][name^="_attachments"]').first().setInputFiles(`${folder}/large.bin`);
        await page.getByText("Large files are not available for your account").waitFor();
    });
});
