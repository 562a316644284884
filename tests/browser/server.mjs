// server.mjs - the mail server behind the browser: its members, its command, its services.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const { DIR, BUILD } = process.env;
const PATIENCE = 60000;
const run = promisify(execFile);

const lines = (path) => readFileSync(`${DIR}/${path}`, "utf8").trim().split("\n");
export const env = Object.fromEntries(lines("env").map((line) => line.split(/=(.*)/s)));
const members = lines("members").map((line) => {
    const [address, password] = line.split(" ");
    return { address, password };
});

// One that no other test has; settings are changes by the administrator.
export async function newMember(...settings) {
    const member = members.shift();
    assert.ok(member, "there are more tests than members: see tests/browser/run");
    if (settings.length) await postlatch("member", "set", "--add", member.address, ...settings);
    return member;
}

// What the command prints.
export async function postlatch(...args) {
    return (await run(env.POSTLATCH, args)).stdout;
}

// What no interface offers: to make something older.
async function ask(database, statement) {
    return (await run("sqlite3", ["-cmd", ".timeout 60000", database, statement])).stdout.trim();
}
export const sql = (statement) => ask(env.DATABASE, statement);
export const roundcube = (statement) => ask(`${DIR}/state/roundcube/roundcube.db`, statement);

// Every route of the portal, as its own table has it.
export async function routes() {
    const { stdout } = await run(`${BUILD}/portal/postlatch-portal`, ["-x", "routes"]);
    const found = stdout.split("\n").filter((line) => /^[A-Z]/.test(line)).map((line) => {
        const [method, path, access] = line.split(" ");
        return { method, path, access };
    });
    assert.ok(found.length > 20, stdout);
    return found;
}

export async function until(what, condition) {
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
        if (await condition()) return;
        await sleep(100);
    }
    assert.fail(`waited in vain: ${what}`);
}

export function log(name) {
    return readFileSync(`${DIR}/log/${name}.log`, "utf8");
}

// A phone with an authenticator app.
export class Phone {
    // key: base32
    constructor(key) {
        this.key = key.replaceAll(" ", "");
        this.last = 0;
    }

    // A code that was not shown before, as the portal takes each but once: the present
    // one, or that of the next thirty seconds, which it takes as well.
    async code() {
        const now = () => Math.floor(Date.now() / 30000);
        await until("a new code", () => now() >= this.last);
        this.last = Math.max(this.last + 1, now());
        return this.at(this.last);
    }

    async at(step) {
        const { stdout } = await run("oathtool", ["--totp", "-b", "-N", `@${step * 30}`, this.key]);
        return stdout.trim();
    }
}

// What is in the QR code of a picture.
export async function scan(picture) {
    const { stdout } = await run("zbarimg", ["--raw", "-q", "-S*.enable=0", "-Sqr.enable=1", picture]);
    return new URL(stdout.trim());
}

// Dovecot makes an address that fails wait: so each attempt has one of its own.
function anyAddress() {
    const byte = () => 1 + Math.floor(Math.random() * 250);
    return `127.${byte()}.${byte()}.${byte()}`;
}

const SAID = {
    PLAIN: (user, secret) => `\0${user}\0${secret}`,
    XOAUTH2: (user, secret) => `user=${user}\x01auth=Bearer ${secret}\x01\x01`,
    OAUTHBEARER: (user, secret) => `n,a=${user},\x01auth=Bearer ${secret}\x01\x01`,
};

// Signs in to IMAP: { open, said, ended }; ended is a promise of the connection's end.
export async function imap(user, mechanism, secret, from = anyAddress()) {
    const socket = connect({ host: "127.0.0.1", port: env.IMAP_PORT, localAddress: from });
    const ended = new Promise((resolve) => { socket.on("close", resolve).on("error", resolve); });
    const said = createInterface({ input: socket })[Symbol.asyncIterator]();
    const { value: greeting } = await said.next();
    assert.match(greeting, /^\* OK/);
    const first = Buffer.from(SAID[mechanism](user, secret)).toString("base64");
    socket.write(`a AUTHENTICATE ${mechanism} ${first}\r\n`);
    for (;;) {
        const { value = "* BYE the connection ended" } = await said.next();
        if (value.startsWith("+")) socket.write("\r\n"); // what went wrong; the refusal follows
        if (/^(a |\* BYE)/.test(value)) return { open: value.startsWith("a OK"), said: value, socket, ended };
    }
}

export async function opens(user, mechanism, secret, from) {
    const { open, socket } = await imap(user, mechanism, secret, from);
    socket.destroy();
    return open;
}

// Whether a mail program may send with this password.
export async function sends(user, password) {
    const sent = run("curl", [
        "-s", `smtp://127.0.0.1:${env.SUBMISSION_PORT}`, "-u", `${user}:${password}`, "--interface", anyAddress(),
        "--mail-from", user, "--mail-rcpt", user, "-T", "-",
    ]);
    sent.child.stdin.end("Subject: sent by a mail program\n\n");
    return sent.then(() => true, ({ code }) => {
        assert.equal(code, 67, "curl was not refused the login, but failed");
        return false;
    });
}

// The secret that Roundcube proves itself with.
export function clientSecret() {
    return readFileSync(`${DIR}/etc/roundcube/postlatch.secret`, "utf8").trim();
}
