// dkim.mjs RECORDS - verifies the DKIM signatures of the message on stdin with mailauth. RECORDS: the TXT records that there are,
// in JSON. Prints [{domain, result, comment}] of the signatures. NODE_FOLDER has the npm packages.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { dkimVerify } = createRequire(process.env.NODE_FOLDER + "/")("mailauth/lib/dkim/verify.js");
const records = JSON.parse(process.argv[2]);

async function resolver(name, type) {
  if (type === "TXT" && name in records) return [[records[name]]];
  throw Object.assign(new Error("there is no record " + name), { code: "ENOTFOUND" });
}

const { results } = await dkimVerify(readFileSync(0), { resolver });
console.log(JSON.stringify(results.map(({ signingDomain, status }) =>
  ({ domain: signingDomain, result: status.result, comment: status.comment || "" }))));
