// test_applications.mjs - a mail program is connected: doc/examples/oauth-token in the browser, and mutt with its tokens.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { test } from "../web/harness.mjs";
import { env, log, newMember, postlatch, until } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const run = promisify(execFile);
const SCRIPT = new URL("../../doc/examples/oauth-token", import.meta.url).pathname;

class Program {
    static async in(folder) {
        const program = new Program();
        program.folder = folder;
        program.environment = { ...process.env, BROWSER: "none", OAUTH_TOKEN_FILE: `${folder}/token`, TERM: "xterm", HOME: folder };
        return program;
    }

    // Begins to connect: the address that belongs into a browser, and the end of the program.
    async connect(name) {
        const child = spawn(SCRIPT, ["connect", env.PORTAL_URL, name], { env: this.environment, stdio: ["ignore", "pipe", "inherit"] });
        this.ended = new Promise((resolve) => { child.once("exit", resolve); });
        for await (const line of createInterface({ input: child.stdout })) {
            if (line.startsWith("http")) return line;
        }
        assert.fail("oauth-token said no address");
    }

    async token() {
        return (await run(SCRIPT, [], { env: this.environment })).stdout.trim();
    }

    async configureMutt(address) {
        const server = (kind, port) => `${kind}://${address}@127.0.0.1:${port}/`;
        const settings = [
            `set from="${address}" use_from=yes realname="" hostname=client.test ssl_starttls=no ssl_force_tls=no`,
            `set folder="${server("imaps", env.IMAPS_PORT)}" spoolfile="+INBOX" record="" copy=no`,
            `set certificate_file="${process.env.DIR}/etc/ssl/demo.crt" ssl_verify_host=no ssl_verify_dates=no`,
            `set imap_authenticators="oauthbearer" imap_oauth_refresh_command="${SCRIPT}"`,
            `set smtp_url="${server("smtp", env.SUBMISSION_PORT)}"`,
            `set smtp_authenticators="oauthbearer" smtp_oauth_refresh_command="${SCRIPT}"`,
            "set confirmcreate=no confirmappend=no quit=yes wait_key=no",
        ];
        await writeFile(`${this.folder}/muttrc`, settings.join("\n") + "\n");
    }

    // mutt at a terminal, with these keys.
    async mutt(command) {
        return run("script", ["-qec", `mutt -F ${this.folder}/muttrc ${command}`, "/dev/null"],
            { env: this.environment, timeout: 60000 });
    }
}

async function withProgram(act) {
    const folder = await mkdtemp("/var/tmp/postlatch-mutt.");
    try {
        await act(await Program.in(folder));
    } finally {
        await rm(folder, { recursive: true });
    }
}

test("mutt is connected after a second factor, and reads and sends mail", { complaints: true }, async (reader, page) => withProgram(async (program) => {
    const visitor = new Visitor(reader, await newMember("client_password=never"));
    const { address } = visitor.member;
    await page.goto(await program.connect("mutt on a laptop"));
    await visitor.signIn();
    await visitor.register();
    await visitor.heading("consent.title");
    await page.getByText("mutt on a laptop").waitFor();
    await visitor.says("consent.unverified");
    await page.uncheck("[name=pop3]");
    await visitor.button("consent.agree").click();
    await page.getByText("You may close this window").waitFor();
    assert.equal(await program.ended, 0);

    await program.configureMutt(address);
    await writeFile(`${program.folder}/text`, "A letter by mutt.\n");
    await program.mutt(`-s "by mutt" ${address} <${program.folder}/text`);
    assert.ok(log("mail").includes(`sasl_method=OAUTHBEARER, sasl_username=${address}`));
    const token = await program.token();
    const { hostname } = new URL(env.PORTAL_URL);
    assert.equal(hostname, "localhost");
    const inbox = async () => (await run("curl", ["-s", `imap://127.0.0.1:${env.IMAP_PORT}/INBOX?SUBJECT%20mutt`,
        "-u", `${address}:`, "--oauth2-bearer", token])).stdout;
    await until("the letter in the inbox", async () => /SEARCH \d/.test(await inbox()));
    await program.mutt(`-e 'push "<limit>~s by.mutt<enter><first-entry><copy-message>${program.folder}/copied<enter><quit>"'`);
    assert.match(await readFile(`${program.folder}/copied`, "utf8"), /A letter by mutt\./);

    // The account pages know it, and end it.
    await page.goto(`${env.PORTAL_URL}/account/applications`);
    const row = page.locator("tbody tr", { hasText: "mutt on a laptop" });
    await row.getByText("IMAP").first().waitFor();
    assert.ok(!(await row.innerText()).includes("POP3"));
    await row.getByRole("button").click();
    await page.locator("dialog [data-tone=danger]").click();
    await visitor.says("applications.none");
    await assert.rejects(inbox());
    assert.equal(JSON.parse(await postlatch("--json", "application", "list", address)).length, 0);
}));

test("a member who does not agree gives a program nothing", { complaints: true }, async (reader, page) => withProgram(async (program) => {
    const visitor = new Visitor(reader, await newMember("two_factor=off"));
    await page.goto(await program.connect("a program"));
    await visitor.signIn();
    await visitor.heading("consent.title");
    await visitor.button("consent.deny").click();
    await page.getByText("You may close this window").waitFor();
    assert.notEqual(await program.ended, 0);
    assert.equal(JSON.parse(await postlatch("--json", "application", "list", visitor.member.address)).length, 0);
}));
