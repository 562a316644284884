/* webauthn.h - checks what a browser has from an authenticator (W3C Web Authentication, level 2).
 *
 * Pure: no database, no clock. libfido2 reads the public key of a new passkey and verifies
 * signatures; attestation is not asked for, so nothing is believed about the device. What libfido2
 * does not look at is checked here: type, challenge, origin, an embedding page, the flags and what
 * they must not change. User presence and user verification are always required.
 */
#ifndef POSTLATCH_PORTAL_WEBAUTHN_H
#define POSTLATCH_PORTAL_WEBAUTHN_H

#include <stdint.h>

#include "policy/credential/passkey.h"

/* The kinds of client data. */
#define WEBAUTHN_CREATE "webauthn.create"
#define WEBAUTHN_GET "webauthn.get"

#define WEBAUTHN_CLIENT_DATA_MAX 2048 /* bytes */
#define WEBAUTHN_AUTH_DATA_MAX 2048
#define WEBAUTHN_SIGNATURE_MAX 1024

/* The portal as authenticators know it. */
struct webauthn_site {
	char origin[300]; /* "https://login.example.com" */
	char rp_id[256];  /* "login.example.com" */
};

/* From the policy file's portal_url, never from what a request says. 1; 0: passkeys are impossible,
 * as there is no portal_url, its host is an address, or it is plain HTTP other than localhost's. */
int webauthn_site(const char *portal_url, struct webauthn_site *site_r);

struct webauthn_bytes {
	size_t len;
	unsigned char data[WEBAUTHN_CLIENT_DATA_MAX];
};

/* What came of an authenticator. */
struct webauthn_answer {
	struct webauthn_bytes client_data, auth_data;
	struct webauthn_bytes signature; /* of an assertion */
};

/* Each is 1 and what is wanted; 0, and why_r says in a word what is wrong, for the log; -1 only
 * when memory is short. challenge_r is what the browser was given; the caller looks it up. */
int webauthn_challenge(const struct webauthn_site *site, const char *type,
		       const struct webauthn_answer *answer,
		       unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES], const char **why_r);
/* A new passkey: fills credential, algorithm, public key, counter and the flags of passkey_r. */
int webauthn_register(const struct webauthn_site *site, const struct webauthn_answer *answer,
		      struct pl_passkey *passkey_r, const char **why_r);
/* An assertion by the passkey, which is as it is stored: fills counter_r and backed_up_r. */
int webauthn_assert(const struct webauthn_site *site, const struct webauthn_answer *answer,
		    const struct pl_passkey *passkey, uint32_t *counter_r, int *backed_up_r,
		    const char **why_r);

#endif
