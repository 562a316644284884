// state.js - what the server has put into the page: the session, and the operator's brand.

import { language } from "./language.js";

function read(id) {
    const text = document.getElementById(id)?.textContent;
    return text ? JSON.parse(text) : null;
}

const name = document.title; // the operator's, filled in at the server

// As GET /api/session answers; null if the server could not tell.
export const firstSession = read("state");

// names and footers, by language; help and password, addresses of the operator's pages; logo, the addresses of
// a light and a dark one. What there is not is null.
export const brand = read("brand") ?? { names: {}, footers: {}, help: null, password: null, logo: null };

export function portalName() {
    return brand.names[language()] ?? name;
}
