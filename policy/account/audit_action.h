/* audit_action.h - the actions of audit records.
 *
 * PL_AUDIT_ACTIONS(ROW) is ROW(name, effect, kind) for each of them. pl_audit_add refuses others.
 *
 * effect  what the action does to the member or domain that is its object.
 *         GIVES   it takes nothing away.
 *         TAKES   it may take something away: who is signed in for a member that it concerns has
 *                 to sign in anew before the next message (pl_audit_concerns).
 *         TAKES_FROM_ALL  the same, for every member.
 * kind    CHANGE, which is kept for audit_days, or SIGN_IN, which is kept for sign_in_days: what a
 *         sign-in records without anybody having changed anything.
 */
#ifndef POSTLATCH_AUDIT_ACTION_H
#define POSTLATCH_AUDIT_ACTION_H

#define PL_AUDIT_ACTIONS(ROW)                          \
	ROW("administrator.remove", GIVES, CHANGE)     \
	ROW("administrator.set", GIVES, CHANGE)        \
	ROW("api-key.add", GIVES, CHANGE)              \
	ROW("api-key.remove", GIVES, CHANGE)           \
	ROW("app-password.create", GIVES, CHANGE)      \
	ROW("app-password.narrow", TAKES, CHANGE)      \
	ROW("app-password.revoke", TAKES, CHANGE)      \
	ROW("application.connect", GIVES, CHANGE)      \
	ROW("application.revoke", TAKES, CHANGE)       \
	ROW("approval.deny", GIVES, CHANGE)            \
	ROW("client.add", GIVES, CHANGE)               \
	ROW("client.register", GIVES, SIGN_IN)         \
	ROW("client.remove", TAKES_FROM_ALL, CHANGE)   \
	ROW("code.reuse", TAKES, CHANGE)               \
	ROW("connection-test.start", GIVES, SIGN_IN)   \
	ROW("db.restore", TAKES_FROM_ALL, CHANGE)      \
	ROW("domain.add", TAKES_FROM_ALL, CHANGE)      \
	ROW("domain.remove", TAKES, CHANGE)            \
	ROW("domain.set", TAKES, CHANGE)               \
	ROW("forward.clear", GIVES, CHANGE)            \
	ROW("forward.code", GIVES, CHANGE)             \
	ROW("forward.set", GIVES, CHANGE)              \
	ROW("identity-check.send", GIVES, CHANGE)      \
	ROW("job.pause", GIVES, CHANGE)                \
	ROW("job.resume", GIVES, CHANGE)               \
	ROW("job.start", GIVES, CHANGE)                \
	ROW("key.remove", GIVES, CHANGE)               \
	ROW("key.rotate", GIVES, CHANGE)               \
	ROW("link.extend", GIVES, CHANGE)              \
	ROW("link.password", GIVES, CHANGE)            \
	ROW("link.quota", GIVES, CHANGE)               \
	ROW("link.withdraw", GIVES, CHANGE)            \
	ROW("member.add", TAKES, CHANGE)               \
	ROW("member.remove", TAKES, CHANGE)            \
	ROW("member.set", TAKES, CHANGE)               \
	ROW("passkey.cloned", GIVES, CHANGE)           \
	ROW("passkey.register", TAKES, CHANGE)         \
	ROW("passkey.remove", TAKES, CHANGE)           \
	ROW("passkey.rename", GIVES, CHANGE)           \
	ROW("password-recovery.finish", GIVES, CHANGE) \
	ROW("password-recovery.send", GIVES, CHANGE)   \
	ROW("password-recovery.start", GIVES, CHANGE)  \
	ROW("password.change", GIVES, CHANGE)          \
	ROW("phone.register", TAKES, CHANGE)           \
	ROW("phone.remove", TAKES, CHANGE)             \
	ROW("profile-link.make", GIVES, CHANGE)        \
	ROW("profile-link.use", GIVES, CHANGE)         \
	ROW("recovery-code.use", GIVES, CHANGE)        \
	ROW("recovery-codes.make", GIVES, CHANGE)      \
	ROW("recovery-consent.decide", GIVES, CHANGE)  \
	ROW("recovery-contact.add", GIVES, CHANGE)     \
	ROW("recovery-contact.change", GIVES, CHANGE)  \
	ROW("recovery-contact.remove", GIVES, CHANGE)  \
	ROW("recovery-contact.stop", GIVES, CHANGE)    \
	ROW("refresh-token.stolen", TAKES, CHANGE)     \
	ROW("second-factor.remove", TAKES, CHANGE)     \
	ROW("second-factor.reset", TAKES, CHANGE)      \
	ROW("service.deny", GIVES, CHANGE)             \
	ROW("session.open", GIVES, SIGN_IN)            \
	ROW("session.revoke", TAKES, SIGN_IN)          \
	ROW("session.revoke-all", TAKES, CHANGE)       \
	ROW("session.revoke-others", TAKES, CHANGE)    \
	ROW("signing-key.add", GIVES, CHANGE)          \
	ROW("token.revoke", TAKES, SIGN_IN)            \
	ROW("totp.import", TAKES, CHANGE)              \
	ROW("totp.register", TAKES, CHANGE)            \
	ROW("totp.reset", TAKES, CHANGE)               \
	ROW("trusted-device.add", GIVES, SIGN_IN)      \
	ROW("trusted-device.remove", TAKES, CHANGE)    \
	ROW("trusted-device.stolen", TAKES, CHANGE)    \
	ROW("two-factor.opt-in", TAKES, CHANGE)        \
	ROW("two-factor.opt-out", TAKES, CHANGE)

/* Lists for SQL. An action is never ''. */
#define PL_AUDIT_SQL_GIVING "(" PL_AUDIT_ACTIONS(PL_AUDIT_IF_GIVES) "'')"
#define PL_AUDIT_SQL_TAKING_FROM_ALL "(" PL_AUDIT_ACTIONS(PL_AUDIT_IF_TAKES_FROM_ALL) "'')"

#define PL_AUDIT_IF_GIVES(name, effect, kind) PL_AUDIT_GIVING_##effect(name)
#define PL_AUDIT_GIVING_GIVES(name) "'" name "', "
#define PL_AUDIT_GIVING_TAKES(name)
#define PL_AUDIT_GIVING_TAKES_FROM_ALL(name)

#define PL_AUDIT_IF_TAKES_FROM_ALL(name, effect, kind) PL_AUDIT_FROM_ALL_##effect(name)
#define PL_AUDIT_FROM_ALL_GIVES(name)
#define PL_AUDIT_FROM_ALL_TAKES(name)
#define PL_AUDIT_FROM_ALL_TAKES_FROM_ALL(name) "'" name "', "

#endif
