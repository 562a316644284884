// test_administration.mjs - doc/administration.md, in both languages: its pictures can be made, and what it quotes from
// the pages are words of theirs. With PICTURES, the pictures are written to that folder.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { test } from "../web/harness.mjs";
import { administrator } from "./console.mjs";
import { fill, OF_SERVER, PICTURES, SHIFT, showLater, take } from "./pictures.mjs";
import { smaller } from "./png.mjs";
import { messages } from "./visitor.mjs";

const DOC = new URL("../../doc/", import.meta.url);
const FOLDER = process.env.PICTURES ?? `${process.env.NODE_FOLDER}/pictures`;
const ROOM = { one: 60000, all: 1500000 }; // bytes
const DESK = { width: 1440, height: 900 };
const EDITIONS = [
    { language: "en", locale: "en-US", file: "administration.md", domain: "example.com" },
    { language: "ko", locale: "ko-KR", file: "administration.ko.md", domain: "example.org" },
];

const textOf = (file) => readFile(new URL(file, DOC), "utf8");
const picturesOf = (text) => [...text.matchAll(/!\[[^\]]+\]\(pictures\/([^)]+)\)/g)].map(([, name]) => name);

// Lists that have to be scrolled sideways.
function tooWide() {
    return [...document.querySelectorAll("[data-scroll]")].filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => `${one.scrollWidth} > ${one.clientWidth}`);
}

async function sizeOf(name) {
    const { size } = await stat(new URL(`pictures/${name}`, DOC));
    return size;
}

for (const { language, locale, file, domain } of EDITIONS) {
    const asServer = OF_SERVER;
    const asDomain = Object.keys(PICTURES).filter((name) => !asServer.includes(name));
    for (const [role, names] of [["domain", asDomain], ["server", asServer]]) {
        test(`administration, ${language}: each picture of what a ${role} administrator sees can be made`,
            { locale, viewport: DESK, reducedMotion: "reduce", colorScheme: "light" }, async (reader, page) => {
                await mkdir(FOLDER, { recursive: true });
                if (role === "domain") await fill(domain);
                await page.addInitScript(showLater, SHIFT);
                const visitor = await administrator(reader, role, role === "domain" ? [domain] : []);
                const last = names.filter((name) => name === "sign-in"); // it signs out
                for (const name of [...names.filter((one) => !last.includes(one)), ...last]) {
                    const part = await PICTURES[name](visitor, domain);
                    assert.deepEqual(await page.evaluate(tooWide), [], name);
                    const picture = smaller(await take(page, part));
                    assert.ok(picture.length <= ROOM.one, `${name}: ${picture.length} bytes`);
                    await writeFile(`${FOLDER}/${name}.${language}.png`, picture);
                }
            });
    }

    test(`administration, ${language}: its pictures are there, are small, and no others are`, {}, async () => {
        const named = picturesOf(await textOf(file));
        const made = Object.keys(PICTURES).map((name) => `${name}.${language}.png`);
        assert.deepEqual(named.sort(), made.sort());
        const there = (await readdir(new URL("pictures/", DOC))).filter((name) => name.endsWith(`.${language}.png`));
        assert.deepEqual(there.sort(), made);
        for (const name of made) assert.ok(await sizeOf(name) <= ROOM.one, name);
        const all = await Promise.all((await readdir(new URL("pictures/", DOC))).map(sizeOf));
        assert.ok(all.reduce((sum, size) => sum + size, 0) <= ROOM.all);
    });

    test(`administration, ${language}: what stands in italics are words of the pages`, {}, async () => {
        const text = (await textOf(file)).replaceAll("**", "");
        const quoted = [...text.matchAll(/\*([^*\n]+)\*/g)].map(([, words]) => words);
        assert.ok(quoted.length > 60, `${quoted.length} quotations`);
        const known = Object.values(await messages(language));
        const strange = quoted.filter((words) => !known.includes(words));
        assert.deepEqual(strange, []);
    });
}

test("administration: both editions have the same parts, pictures and links", {}, async () => {
    const [english, korean] = await Promise.all(EDITIONS.map(({ file }) => textOf(file)));
    const shape = (text) => text.split("\n").map((line) => /^(#+|\||\d+\.) /.exec(line)?.[1].replace(/\d+/, "1"))
        .filter((mark) => mark?.startsWith("#"));
    assert.deepEqual(shape(korean), shape(english));
    const pictures = (text) => picturesOf(text).map((name) => name.split(".")[0]);
    assert.deepEqual(pictures(korean), pictures(english));
});
