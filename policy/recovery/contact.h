/* contact.h - the mail address and the telephone number by which a member gets back into the
 * account.
 *
 * Each is sealed with the seal key and bound to its member and kind. A new one is asked for, which
 * sends it a code, and counts once the code was entered. Where it takes the place of another one,
 * or of one that was removed less than a day ago, it waits for a day; the old one is told, with a
 * link that stops it. So whoever has taken over a session does not have the account, too.
 *
 * Functions take part in the caller's write transaction, but for pl_contact_get().
 */
#ifndef POSTLATCH_RECOVERY_CONTACT_H
#define POSTLATCH_RECOVERY_CONTACT_H

#include "policy/base/day.h"
#include "policy/outbox/contact_message.h"
#include "policy/recovery/decision.h"

#define PL_CONTACT_WAIT PL_DAY_SECONDS
#define PL_CONTACT_CODE_TRIES 5
/* NIST SP 800-63B 4.2.1.2: how long a code is valid. */
#define PL_CONTACT_MAIL_LIFE PL_DAY_SECONDS
#define PL_CONTACT_PHONE_LIFE 600
/* Codes in 24 hours. */
#define PL_CONTACT_CODES_OF_MEMBER 8
#define PL_CONTACT_CODES_TO_CONTACT 3

enum pl_contact_kind { PL_CONTACT_MAIL, PL_CONTACT_PHONE, PL_CONTACT_KINDS };

/* "mail" or "phone". */
const char *pl_contact_kind_name(enum pl_contact_kind kind);
/* 1 and the kind of that name, or 0. */
int pl_contact_kind_of(const char *name, enum pl_contact_kind *kind_r);

/* For the caller to wipe. */
struct pl_contact {
	char value[PL_ADDRESS_MAX + 1]; /* "": there is none */
	int64_t confirmed_at;
	char asked[PL_ADDRESS_MAX + 1]; /* that is to take its place; "": none */
	int64_t due_at;                 /* when it will; 0: its code is to be entered */
};

/* What the functions below need beside the database. */
struct pl_contact_keys {
	const struct pl_keys *seal, *verify; /* NULL: PL_ERR_RETRY */
};

/* Why a contact does not fit. */
enum pl_contact_fault {
	PL_CONTACT_FITS,
	PL_CONTACT_INVALID,    /* it is no address, or no number */
	PL_CONTACT_OWN_SERVER, /* its mail would come to this server */
	PL_CONTACT_COUNTRY,    /* sms_countries does not have it, or it is foreign */
	PL_CONTACT_SAME,       /* it is the member's already */
	PL_CONTACT_TOO_MANY,   /* codes were asked for */
};

struct pl_contact_wish {
	enum pl_contact_kind kind;
	const char *value; /* as it was typed */
	int foreign;       /* a number of another country */
};

/* The contact as it is now, whether what was due is recorded yet or not. 0, or -1. */
int pl_contact_get(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
		   enum pl_contact_kind kind, struct pl_contact *contact_r);
/* Asks for a contact and sends it a code; asker has language, ip and device. 1; 0 fault_r says why
 * not; -1. It is 1 as well where the contact has been sent as many codes as there may be, by
 * whomever, and gets none: nobody learns what others do. */
int pl_contact_ask(const struct pl_work *work, const struct pl_contact_keys *keys,
		   const struct pl_policy *policy, const struct pl_account *account,
		   const struct pl_contact_wish *wish, const struct pl_contact_message *asker,
		   enum pl_contact_fault *fault_r);

enum pl_contact_confirmed {
	PL_CONTACT_WRONG, /* the caller commits, which counts the try */
	PL_CONTACT_ADDED,
	PL_CONTACT_WAITS, /* it takes the place of the old one, which was told, in a day */
};
/* Enters the code. 0, or -1. */
int pl_contact_confirm(const struct pl_work *work, const struct pl_contact_keys *keys,
		       const struct pl_account *account, enum pl_contact_kind kind,
		       const char *code, const struct pl_contact_message *asker,
		       enum pl_contact_confirmed *confirmed_r);
/* Stops a change by the token of the link that the old contact has: 1 with the member, who is to
 * be told; 0 there is none, or not any more; -1. */
int pl_contact_stop(const struct pl_work *work, const char *token, int64_t *member_id_r);
/* Takes back what was asked for: 1, 0 nothing was, -1. */
int pl_contact_cancel(const struct pl_work *work, const struct pl_account *account,
		      enum pl_contact_kind kind);
/* Erases contact, change, and what waits to be sent to either: 1, 0 there was nothing, -1. */
int pl_contact_erase(const struct pl_work *work, const struct pl_account *account,
		     enum pl_contact_kind kind);
/* Records those changes of all members that are due. 0, or -1. */
int pl_contact_apply(const struct pl_work *work);

#endif
