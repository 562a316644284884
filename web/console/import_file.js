// import_file.js - a file of members as the portal takes it: CSV in UTF-8, whatever a spreadsheet has saved.

import { ApiError } from "../lib/api.js";
import { t } from "../lib/language.js";

const MOST = 32 * 1024 * 1024; // bytes; the portal refuses more
const HEAD = 4096;             // enough of a workbook to see that it is one

const begins = (bytes, ...with_) => with_.every((byte, i) => bytes[i] === byte);
const isWorkbook = (bytes) => begins(bytes, 0x50, 0x4b, 3, 4) || begins(bytes, 0xd0, 0xcf, 0x11, 0xe0);

// Of a file that has changed on the disk since it was chosen, browsers give nothing.
async function bytesOf(file) {
    try {
        return new Uint8Array(await file.arrayBuffer());
    } catch {
        throw new ApiError("file-unreadable");
    }
}

function decoded(bytes, encoding) {
    try {
        return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
        return null;
    }
}

// { body, converted }: what is sent, and the name of the encoding from which it was converted, or null. Text that is in
// none of those that spreadsheets write is sent as it is: the portal says at which line. Throws ApiError.
export async function prepared(file) {
    if (file.size > MOST) throw new ApiError("file-too-large");
    const bytes = await bytesOf(file);
    const csv = (content) => new Blob([content], { type: "text/csv" });
    if (isWorkbook(bytes)) return { body: csv(bytes.slice(0, HEAD)), converted: null };
    const order = begins(bytes, 0xff, 0xfe) ? "utf-16le" : begins(bytes, 0xfe, 0xff) ? "utf-16be" : null;
    if (order) return { body: csv(decoded(bytes, order) ?? bytes), converted: "UTF-16" };
    if (decoded(bytes, "utf-8") !== null) return { body: csv(bytes), converted: null };
    const korean = decoded(bytes, "euc-kr"); // which is CP949 in browsers
    return { body: csv(korean ?? bytes), converted: korean === null ? null : "CP949 (EUC-KR)" };
}

// An example to begin with, which spreadsheets open as UTF-8.
export function sample(domain) {
    const members = [`kim@${domain},on,,on,off,on,inherit`, `lee@${domain},on,staff,,,,required`];
    const lines = [t("import.sample-columns"), ...members];
    return new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv" });
}
