// roles.js - how the roles of administrators are called, and what they may do.

import { t } from "../lib/language.js";

const ROLES = {
    helpdesk: ["role.helpdesk", "role.helpdesk-hint"],
    domain: ["role.domain", "role.domain-hint"],
    server: ["role.server", "role.server-hint"],
};

export const roles = Object.keys(ROLES);

export function roleName(role) {
    return t(ROLES[role]?.[0] ?? "account.unknown");
}

export function roleHint(role) {
    return t(ROLES[role][1]);
}
