// recorded.mjs DOCUMENT RECORD - looks at exchanges that tests have recorded, a line of JSON each.
//
// Prints {"complaints": [...], "unseen": [...], "untried": [...], "count": N}.

import { readFileSync } from "node:fs";
import { Contract } from "./contract.mjs";

const [document, record] = process.argv.slice(2);
const contract = new Contract(document);
const lines = readFileSync(record, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const complaints = [...new Set(lines.map((exchange) => contract.complaint(exchange)).filter(Boolean))];
console.log(JSON.stringify({ complaints, unseen: contract.unseen(), untried: contract.untried(), count: lines.length }));
