// requests.mjs DOCUMENT - makes right and wrong requests from the description of the administrators' API.
//
// Standard input has {"base": URL, "key": ..., "foreign": ..., "domains": [...], "members": [...]}: a key that reaches
// all domains, one that reaches none of those, and what there is. Prints {"complaints": [...], "unseen": [...], "count": N}.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { Contract } from "./contract.mjs";

const fc = createRequire(`${process.env.NODE_FOLDER}/`)("fast-check");
const [document] = process.argv.slice(2);
const { base, key, foreign, domains, members } = JSON.parse(readFileSync(0, "utf8"));
const contract = new Contract(document);
const RUNS = Number(process.env.RUNS ?? 12);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
let count = 0;

const typeOf = (body) => (typeof body === "string" ? "text/csv" : "application/json");

async function send(operation, { path, query = [], headers = {}, body }, bearer = key) {
    const search = new URLSearchParams(query).toString();
    const url = path + (search ? `?${search}` : "");
    const response = await fetch(base + url, {
        method: operation.method, redirect: "manual",
        headers: { Authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { "Content-Type": typeOf(body) }), ...headers },
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    count += 1;
    return {
        method: operation.method, url: path, status: response.status, type: response.headers.get("Content-Type"),
        body: await response.text(), etag: response.headers.get("ETag"),
    };
}

const WORDS = { domain: domains, member: members };
const text = (schema) => fc.string({ minLength: 1, maxLength: Math.min(schema.maxLength ?? 40, 40), unit: "grapheme" })
    .filter((value) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(value) && value.trim() !== "");

function right(name, schema) {
    if (WORDS[name]) return fc.constantFrom(...WORDS[name]);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if (schema.type === "integer") return fc.integer({ min: schema.minimum ?? 1, max: Math.min(schema.maximum ?? 100, 100) });
    if (schema.type === "boolean") return fc.boolean();
    if (schema.type === "array") return fc.array(right(name, schema.items), { maxLength: 3 });
    if (schema.type === "object") return fc.constant({});
    if (schema.pattern === "^[0-9]{6}$") return fc.constant("123456");
    if (schema.pattern) return fc.constantFrom("on", "off", "inherit", "member", "required");
    return fc.oneof(fc.constantFrom("on", "off", "inherit", "%", "_"), text(schema));
}

// Of members, with right and wrong lines, and what is none at all.
const FILE = fc.oneof(
    fc.constantFrom("address\n", "address,pop3\nm1@one.test,off\nnew@two.test,\n", "address\nm1@none.test\n"),
    fc.string({ minLength: 1, maxLength: 400, unit: "binary" }).filter((text) => text.isWellFormed()),
);

const WRONG = fc.constantFrom(null, {}, [], [[]], -1, 0, 1.5, 1e300, "", "\u0000", "\n", "x".repeat(5000), true);

// As a parameter of the query.
const WRONG_WORDS = ["", "0", "-1", "1.5", "x y", "\u0001", "On", "x".repeat(3000)];

// bare: nothing but what is required.
function requestOf(operation, bare = false) {
    const parameters = operation.parameters ?? [];
    const of = (where) => parameters.filter((parameter) => parameter.in === where && (parameter.required || !bare));
    const values = (list) => fc.record(Object.fromEntries(list.map(({ name, schema }) => [name, right(name, schema)])),
        { requiredKeys: list.filter(({ required }) => required).map(({ name }) => name) });
    const schema = operation.requestBody?.content["application/json"]?.schema;
    const body = schema
        ? fc.record(Object.fromEntries(Object.entries(schema.properties)
            .filter(([name]) => !bare || schema.required?.includes(name)).map(([name, one]) => [name, right(name, one)])),
        { requiredKeys: schema.required })
        : operation.requestBody ? FILE : fc.constant(undefined);
    return fc.record({ path: values(of("path")), query: values(of("query")), body }).map((made) => ({
        path: operation.path.replace(/\{([a-z_]+)\}/g, (_, name) => encodeURIComponent(made.path[name])),
        query: Object.entries(made.query).map(([name, value]) => [name, String(value)]),
        headers: of("header").length > 0 ? { "If-Match": '"x"' } : {},
        body: made.body,
    }));
}

const failures = new Set();
function must(condition, sentence) {
    if (!condition) failures.add(sentence);
}

function look(exchange) {
    const complaint = contract.complaint(exchange);
    must(!complaint, complaint);
    must(exchange.status < 500, `${exchange.method} ${exchange.url} answers ${exchange.status}`);
    return exchange;
}

async function sample(arbitrary, each) {
    for (const value of fc.sample(arbitrary, { numRuns: RUNS, seed: SEED })) await each(value);
}

async function rightRequests(operation) {
    if (operation.method === "GET") {
        const [bare] = fc.sample(requestOf(operation, true), { numRuns: 1, seed: SEED });
        const { status, body } = look(await send(operation, bare));
        must(status === 200 || /\{(id|member)\}/.test(operation.path) || operation.parameters.some(({ in: where, required }) =>
            where === "query" && required), `${operation.operationId}: without parameters it answers ${status} ${body}`);
    }
    await sample(requestOf(operation), async (request) => {
        const { status, body } = look(await send(operation, request));
        must(status !== 400 || JSON.parse(body).field || operation.requestBody || request.query.length > 0,
            `${operation.operationId}: a right request answers 400 ${body}`);
    });
}

// What the administrator reads, and changes with knowledge of it.
async function withTag(operation) {
    if (!operation.responses[412]) return;
    await sample(requestOf(operation), async (request) => {
        const read = contract.find("GET", request.path);
        const { etag } = await send(read, { path: request.path });
        if (etag) look(await send(operation, { ...request, headers: { "If-Match": etag } }));
    });
    const [request] = fc.sample(requestOf(operation), { numRuns: 1, seed: SEED });
    look(await send(operation, { ...request, headers: {} }));
}

async function wrongRequests(operation) {
    // What is wrong stands alone: nothing else is refused in its place.
    await sample(fc.tuple(requestOf(operation), requestOf(operation, true), WRONG), async ([request, alone, value]) => {
        const unknown = look(await send(operation, { ...request, query: [...request.query, ["nobody-knows", "x"]] }));
        must(unknown.status === 400, `${operation.operationId}: an unknown parameter answers ${unknown.status}`);
        if (request.body === undefined || typeof request.body === "string") return;
        const more = look(await send(operation, { ...request, body: { ...request.body, generation: 1 } }));
        must(more.status === 400, `${operation.operationId}: an unknown field answers ${more.status}`);
        const { properties } = operation.requestBody.content["application/json"].schema;
        for (const [name, schema] of Object.entries(properties)) {
            const { status } = look(await send(operation, { ...alone, body: { ...alone.body, [name]: value } }));
            must(status === 400 || contract.allows(schema, value),
                `${operation.operationId}: ${name} ${JSON.stringify(value).slice(0, 40)} answers ${status}`);
        }
    });
    const [bare] = fc.sample(requestOf(operation, true), { numRuns: 1, seed: SEED });
    for (const { name, schema } of operation.parameters?.filter(({ in: where }) => where === "query") ?? []) {
        for (const value of WRONG_WORDS) {
            const query = [...bare.query.filter(([other]) => other !== name), [name, value]];
            const { status } = look(await send(operation, { ...bare, query }));
            const isAllowed = contract.allows(schema, schema.type === "integer" ? Number(value) : value);
            must(status === 400 || isAllowed, `${operation.operationId}: ${name}=${value} answers ${status}`);
        }
    }
}

async function foreignRequests(operation) {
    if (!/\{(domain|member)\}/.test(operation.path)) return;
    await sample(requestOf(operation), async (request) => {
        const { status } = look(await send(operation, request, foreign));
        must([404, 403, 400].includes(status), `${operation.operationId}: somebody else's answers ${status}`);
        must(operation["x-role"] !== "helpdesk" || status !== 403, `${operation.operationId}: somebody else's answers 403`);
    });
    const [request] = fc.sample(requestOf(operation), { numRuns: 1, seed: SEED });
    look(await send(operation, request, "pl_key_wrong"));
}

// What removes comes last, so that there is something to look at before; and last of all, what removes the keys that ask.
const order = ({ method, path }) => (method === "GET" ? 0 : method === "DELETE" ? 2 : 1) + (/remove/.test(path) ? 1 : 0) +
    (method === "DELETE" && /\/keys\//.test(path) ? 2 : 0);
for (const operation of [...contract.operations].sort((a, b) => order(a) - order(b))) {
    await foreignRequests(operation);
    await wrongRequests(operation);
    await withTag(operation);
    await rightRequests(operation);
}
console.log(JSON.stringify({ complaints: [...failures], unseen: contract.unseen(), count, seed: SEED }));
