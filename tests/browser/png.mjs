// png.mjs - pictures of pages made small: a palette of their most frequent colours, and the best that deflate can do.

import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const COLOURS = 128;

function* chunks(png) {
    assert.ok(png.subarray(0, 8).equals(SIGNATURE));
    for (let at = 8; at < png.length;) {
        const length = png.readUInt32BE(at);
        yield { type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
        at += 12 + length;
    }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
});

function crc(buffer) {
    let value = 0xffffffff;
    for (const byte of buffer) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
    return (value ^ 0xffffffff) >>> 0;
}

function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
}

function likely(a, b, c) {
    const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
    if (pa <= pb && pa <= pc) return a;
    return pb <= pc ? b : c;
}

// What the filters of PNG 12 predict, by number.
const PREDICTIONS = [() => 0, (a) => a, (a, b) => b, (a, b) => (a + b) >> 1, likely];

// The bytes of the pixels, size to each.
function unfiltered(lines, { width, height, size }) {
    const pixels = Buffer.alloc(width * height * size);
    const stride = width * size;
    for (let y = 0; y < height; y += 1) {
        const predict = PREDICTIONS[lines[y * (stride + 1)]];
        for (let x = 0; x < stride; x += 1) {
            const at = y * stride + x;
            const a = x >= size ? pixels[at - size] : 0;
            const b = y > 0 ? pixels[at - stride] : 0;
            const c = x >= size && y > 0 ? pixels[at - stride - size] : 0;
            pixels[at] = lines[y * (stride + 1) + 1 + x] + predict(a, b, c);
        }
    }
    return pixels;
}

// The most frequent colours, as numbers 0xrrggbb.
function paletteOf(colours) {
    const counts = new Map();
    for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
    return [...counts].sort(([a, i], [b, j]) => j - i || a - b).slice(0, COLOURS).map(([colour]) => colour);
}

function distance(one, other) {
    const part = (shift) => (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2;
    return part(0) + part(8) + part(16);
}

function nearest(palette) {
    const known = new Map(palette.map((colour, i) => [colour, i]));
    return (colour) => {
        if (!known.has(colour)) {
            const far = palette.map((one) => distance(one, colour));
            known.set(colour, far.indexOf(Math.min(...far)));
        }
        return known.get(colour);
    };
}

// The same picture, of 8 bits a colour and not interlaced, in fewer bytes.
export function smaller(png) {
    const all = [...chunks(png)];
    const head = all[0].data;
    const [width, height, depth, type, interlaced] = [
        head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9], head[12],
    ];
    assert.deepEqual([depth, interlaced], [8, 0]);
    const size = { 2: 3, 6: 4 }[type];
    assert.ok(size, `colour type ${type}`);
    const lines = inflateSync(Buffer.concat(all.filter((one) => one.type === "IDAT").map(({ data }) => data)));
    const pixels = unfiltered(lines, { width, height, size });
    const colours = Uint32Array.from({ length: width * height }, (_, i) => pixels.readUIntBE(i * size, 3));
    const palette = paletteOf(colours);
    const index = nearest(palette);
    const rows = Buffer.alloc((width + 1) * height);
    colours.forEach((colour, i) => { rows[i + Math.floor(i / width) + 1] = index(colour); });
    const indexed = Buffer.from(head);
    indexed[9] = 3;
    return Buffer.concat([
        SIGNATURE, chunk("IHDR", indexed),
        chunk("PLTE", Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
        chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0)),
    ]);
}
