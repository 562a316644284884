/* reset.h - what a recovery contact is asked to confirm: a new account password for a member who
 * has forgotten it, or that it is the member who has lost the second factor.
 *
 * Whoever asks gets a token, whatever the name is, and only a row is written: what becomes of it is
 * decided later, by another thread, so that nothing in the answer depends on whether there is such
 * a member or a contact. If there is, a code goes to the contact. The browser that has the token
 * enters the code and gets another token, the proof, with which a new password is set. Another code
 * ends an earlier one, and another proof an earlier one. For one that an administrator has begun,
 * the contact is sent a link with the token, which needs no code. Who has lost the second factor
 * has given the password, and is known: the code is sent at once.
 *
 * Of tokens the digest is stored, of the code an HMAC that is bound to the token. A code of eight
 * digits that may be tried PL_RESET_TRIES times is guessed in one of 20 million requests; there are
 * PL_RESET_OF_ORIGIN requests of a network in 24 hours, and codes as contact_code.h has them.
 *
 * Functions that write take part in the caller's write transaction.
 */
#ifndef POSTLATCH_RECOVERY_RESET_H
#define POSTLATCH_RECOVERY_RESET_H

#include "policy/recovery/contact.h"

#define PL_RESET_TRIES 5
#define PL_RESET_OF_ORIGIN 100
#define PL_RESET_PROOF_SECONDS 900
#define PL_RESET_USE_SECONDS 120 /* setting a password takes less, or has been interrupted */
#define PL_RESET_NAME 320

/* Whether password_recovery is on, and what it needs is configured. */
int pl_reset_is_on(const struct pl_policy *policy);

struct pl_reset_wish {
	const char *name; /* that was typed */
	enum pl_contact_kind kind;
	/* Who asks: language, ip and device. */
	struct pl_contact_message asker;
	const struct pl_ip *ip;
};

/* Writes down who asks for what. token_r, for the caller to wipe, is the browser's; there is one as
 * well when the network has asked too often, and nothing was written. 0, or -1. */
int pl_reset_ask(const struct pl_work *work, const struct pl_policy *policy,
		 const struct pl_reset_wish *wish, struct pl_secret *token_r);

/* What an administrator can do for the member. */
enum pl_reset_help {
	PL_RESET_POSSIBLE,
	PL_RESET_OFF,        /* pl_reset_is_on() */
	PL_RESET_NO_CONTACT, /* none is confirmed, or the account is switched off */
};

/* Whether a reset can be begun, without a look at the contact itself. 0, or -1. */
int pl_reset_help(const struct pl_work *work, const struct pl_policy *policy,
		  const struct pl_account *account, enum pl_reset_help *help_r);
/* "possible", "off" or "no-contact". */
const char *pl_reset_help_name(enum pl_reset_help help);
/* Begins it for an administrator, who sees neither the link nor to whom it goes. 0, or -1. */
int pl_reset_begin(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_account *account);

/* Whether the member has a contact that is confirmed, without a look at it: 1, 0, -1. */
int pl_reset_has_contact(const struct pl_work *work, int64_t member_id);
/* Sends a code to the contact of the kind, or to the other one, for the identity check of a member
 * who has given the password; of the wish, kind and asker count. 1 and token_r, the browser's, for
 * the caller to wipe; 0 there is no contact, or no more codes may be sent; -1. */
int pl_reset_identify(const struct pl_work *work, const struct pl_contact_keys *keys,
		      const struct pl_policy *policy, const struct pl_account *account,
		      const struct pl_reset_wish *wish, struct pl_secret *token_r);

/* What a request is for. */
enum pl_reset_purpose {
	PL_RESET_BY_MEMBER,
	PL_RESET_BY_ADMINISTRATOR,
	PL_RESET_IDENTITY,
	PL_RESET_PURPOSES
};

/* A request that waits for its decision. */
struct pl_reset_request {
	int64_t id;
	char name[PL_RESET_NAME + 1]; /* an address, or "" */
	enum pl_contact_kind kind;
	struct pl_contact_message asker;
	enum pl_reset_purpose purpose;
	unsigned char digest[PL_MAC_BYTES];
};

/* The one that waits longest: 1, 0 none, -1. */
int pl_reset_next(const struct pl_work *work, struct pl_reset_request *request_r);
/* Decides what becomes of it, and sends the code to the contact that is asked for, or to the
 * other one. Does nothing when somebody else has decided. 0, or -1. */
int pl_reset_decide(const struct pl_work *work, const struct pl_contact_keys *keys,
		    const struct pl_policy *policy, const struct pl_reset_request *request);
/* Decides that nothing becomes of it: 1, 0 somebody else has decided, -1. */
int pl_reset_drop(const struct pl_work *work, const struct pl_reset_request *request);

/* Redeems the code ("" with the token of a link): 1 and the proof, for the caller to wipe; 0 wrong,
 * whyever; -1. The caller commits in both cases, which counts the try. */
int pl_reset_redeem(const struct pl_work *work, const struct pl_keys *verify, const char *token,
		    const char *code, struct pl_secret *proof_r);

/* A request whose code was entered. */
struct pl_reset {
	int64_t id, member_id; /* id 0: none */
	struct pl_address address;
	int factor; /* the second factor was proved, too */
};

/* The one of a proof: 1, 0 there is none or not any more, -1. */
int pl_reset_find(const struct pl_work *work, const char *proof, struct pl_reset *reset_r);
/* Notes that the second factor was proved. 0, or -1. */
int pl_reset_note_factor(const struct pl_work *work, const struct pl_reset *reset);
/* Before the password is set with the proof: 1; 0 it is being set, or was, by somebody else; -1. */
int pl_reset_use(const struct pl_work *work, const struct pl_reset *reset);
/* The password was not set: the proof can be used again. 0, or -1. */
int pl_reset_unuse(const struct pl_work *work, const struct pl_reset *reset);
/* The member was identified: the proof is used up, as are all codes of the member. 0, or -1. */
int pl_reset_end(const struct pl_work *work, const struct pl_reset *reset);
/* The password was set: the same, and both contacts are told; asker as in a wish. 0, or -1. */
int pl_reset_finish(const struct pl_work *work, const struct pl_keys *seal,
		    const struct pl_reset *reset, const struct pl_contact_message *asker);

#endif
