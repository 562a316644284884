// roles.js - how the roles of administrators are called.

import { t } from "../lib/language.js";

const ROLES = { helpdesk: "role.helpdesk", domain: "role.domain", server: "role.server" };

export const roles = Object.keys(ROLES);

export function roleName(role) {
    return t(ROLES[role] ?? "account.unknown");
}
