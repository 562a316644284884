// contract.mjs - what the description of the administrators' API promises about an exchange.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const Ajv = createRequire(`${process.env.NODE_FOLDER}/`)("ajv/dist/2020").default;

export class Contract {
    constructor(file) {
        this.document = JSON.parse(readFileSync(file, "utf8"));
        const ajv = new Ajv({ strict: false, allErrors: true });
        ajv.addSchema({ $id: "openapi", ...this.document });
        this.schemas = new Map();
        this.operations = [];
        for (const [path, methods] of Object.entries(this.document.paths)) {
            for (const [method, operation] of Object.entries(methods)) {
                const pattern = new RegExp(`^${path.replace(/\{[a-z_]+\}/g, "[^/]+")}$`);
                this.operations.push({ path, method: method.toUpperCase(), pattern, ...operation });
            }
        }
        // The one that no parameter stands for comes first: "/members/export" before "/members/{member}".
        this.operations.sort((a, b) => a.path.split("{").length - b.path.split("{").length);
        this.compile = (reference) => {
            if (!this.schemas.has(reference)) this.schemas.set(reference, ajv.compile({ $ref: `openapi${reference}` }));
            return this.schemas.get(reference);
        };
        this.seen = new Set();
        // Whether a value is one that the schema of a request has.
        this.allows = (schema, value) => ajv.validate(schema, value);
    }

    find(method, url) {
        const path = url.split("?")[0];
        return this.operations.find((operation) => operation.method === method && operation.pattern.test(path));
    }

    // What is wrong with the answer, or null.
    complaint({ method, url, status, type, body }) {
        const operation = this.find(method, url);
        if (!operation) return `nobody has described ${method} ${url}`;
        this.seen.add(`${operation.operationId} ${status}`);
        const answer = operation.responses[status];
        if (!answer) return `${operation.operationId} answers ${status}, which is not described: ${body.slice(0, 200)}`;
        if (!answer.content) return body ? `${operation.operationId} has a body with ${status}` : null;
        const [wanted] = Object.keys(answer.content);
        if (!type?.startsWith(wanted)) return `${operation.operationId} ${status} is ${type}`;
        if (wanted !== "application/json") return null;
        const check = this.compile(answer.content[wanted].schema.$ref);
        if (check(JSON.parse(body))) return null;
        const errors = check.errors.slice(0, 3).map(({ instancePath, message, params }) =>
            `${instancePath} ${message} ${JSON.stringify(params)}`);
        return `${operation.operationId} ${status}: ${errors.join("; ")}`;
    }

    // The operations of which nobody has seen an answer.
    untried() {
        return this.operations.map(({ operationId }) => operationId).filter((id) =>
            ![...this.seen].some((name) => name.startsWith(`${id} `)));
    }

    // Of the answers that are described, those that nobody has seen.
    unseen() {
        return this.operations.flatMap(({ operationId, responses }) =>
            Object.keys(responses).map((status) => `${operationId} ${status}`)).filter((name) => !this.seen.has(name));
    }
}
