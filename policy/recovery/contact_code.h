/* contact_code.h - how many codes contacts are sent, whatever for.
 *
 * Each is counted for its member, for the contact, and for its kind, for 24 hours. Of the contact
 * an HMAC is stored, which is forgotten with the contact.
 */
#ifndef POSTLATCH_CONTACT_CODE_H
#define POSTLATCH_CONTACT_CODE_H

#include "policy/recovery/contact.h"

enum pl_contact_admission {
	PL_CONTACT_REFUSED,  /* the member, or in sum all members, have as many as may be */
	PL_CONTACT_SILENT,   /* the contact has, by whomever: nothing is sent, and nobody is told */
	PL_CONTACT_ADMITTED, /* it may be sent */
};

/* Whether a code may be sent to the contact of the member; with any but PL_CONTACT_REFUSED it is
 * counted. In the caller's write transaction. 0, or -1. */
int pl_contact_admit(const struct pl_work *work, const struct pl_keys *verify,
		     const struct pl_policy *policy, int64_t member_id, enum pl_contact_kind kind,
		     const char *to, enum pl_contact_admission *admission_r);
/* HMAC of a code or a contact, with the index-th key; it is bound to the member (0: nobody) and the
 * kind. 0, or -1. */
int pl_contact_mac(const struct pl_work *work, const struct pl_keys *verify, size_t index,
		   int64_t member_id, enum pl_contact_kind kind, const char *text,
		   unsigned char mac_r[PL_MAC_BYTES]);

#endif
