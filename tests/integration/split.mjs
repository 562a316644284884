// split.mjs FILE ... - the parts of messages as mailsplit finds them: for each file a line of JSON, [[type, SHA-256 of the bytes], ...].
// NODE_FOLDER has the npm packages.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";

const { Splitter } = createRequire(process.env.NODE_FOLDER + "/")("mailsplit");

async function partsOf(file) {
  const parts = [];
  for await (const data of createReadStream(file).pipe(new Splitter({ ignoreEmbedded: true }))) {
    if (data.type === "node") parts.push([String(data.contentType || ""), createHash("sha256")]);
    else if (data.type === "body") parts.at(-1)[1].update(data.value);
  }
  return parts.map(([type, hash]) => [type, hash.digest("hex")]);
}

for (const file of process.argv.slice(2)) console.log(JSON.stringify(await partsOf(file)));
