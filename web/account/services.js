// services.js - the services of a mail server, and how connections to them are encrypted, in words.

import { t } from "../lib/language.js";

const PROTOCOLS = { imap: "protocol.imap", pop3: "protocol.pop", smtp: "protocol.smtp", sieve: "protocol.sieve" };
const SERVICES = { imap: "service.imap", pop3: "service.pop", smtp: "service.smtp", sieve: "service.sieve" };
const ENCRYPTIONS = { tls: "settings.tls", starttls: "settings.starttls" };

// The service by its protocol; as the portal calls it, if these pages do not know it.
export function protocolName(service) {
    return PROTOCOLS[service] ? t(PROTOCOLS[service]) : service;
}

// With what it is for, where that is not plain.
export function serviceName(service) {
    return t(SERVICES[service] ?? "account.unknown");
}

export function encryptionName(encryption) {
    return t(ENCRYPTIONS[encryption]);
}
