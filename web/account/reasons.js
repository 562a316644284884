// reasons.js - why a sign-in of a mail program was let in or refused, by the name of the server's rule.

import { t } from "../lib/language.js";

const REASONS = {
    "app-password": "reason.app-password",
    "account-password": "reason.account-password",
    "token": "reason.token",
    "message": "reason.message",
    "wrong-password": "reason.wrong-password",
    "decoy": "reason.decoy",
    "password-expired": "reason.password-expired",
    "passdb-refused": "reason.refused-by-server",
    "userdb-unknown": "reason.refused-by-server",
    "nologin": "reason.refused-by-server",
    "name-invalid": "reason.whole-address",
    "domain-unknown": "reason.domain-unknown",
    "domain-inactive": "reason.inactive",
    "member-inactive": "reason.inactive",
    "service-forbidden": "reason.service-off",
    "service-off": "reason.service-off",
    "app-password-service": "reason.other-service",
    "app-password-network": "reason.other-network",
    "app-password-expired": "reason.expired",
    "client-password-never": "reason.needs-app-password",
    "client-password-second-factor": "reason.needs-app-password",
    "connected-applications-off": "reason.service-off",
    "application-service": "reason.application-service",
    "token-invalid": "reason.token-invalid",
    "other-account": "reason.other-account",
    "unavailable": "reason.unavailable",
    "sign-in-again": "reason.sign-in-again",
};

export function reasonOf(rule) {
    return rule in REASONS ? t(REASONS[rule]) : t("reason.other", { rule });
}
