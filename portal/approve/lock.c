/* lock.c - see lock.h. */
#include "portal/approve/lock.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "portal/approve/signed_text.h"
#include "portal/signin/passkey.h"
#include "portal/signin/sign_in_log.h"
#include "portal/signin/webauthn.h"

/* At an address without a name no browser has credentials. */
static int is_required(const struct request *request)
{
	struct webauthn_site site;

	return webauthn_site(request->policy->portal_url, &site) &&
	       request->policy->approval_lock == PL_APPROVAL_LOCK_REQUIRED;
}

/* The phone has none: 1, or 0 and the answer. */
static int go_on_without(const struct request *request, struct response *response, int status)
{
	return is_required(request) ? respond_error(response, status, "phone-lock-needed") : 1;
}

static int is_given(const struct request *request)
{
	return request_text(request, LOCK_FIELD "client_data") != NULL;
}

static int refuse(const struct request *request, struct response *response, const char *why)
{
	char word[48];

	snprintf(word, sizeof(word), "phone-lock-%s", why);
	log_sign_in(request->ip_text, request->address[0] != '\0' ? request->address : "unknown",
		    word);
	return respond_error(response, 422, "wrong-phone-lock");
}

/* What both kinds of answers have, and that it is for this request. Fills site_r. 1, 0 and why_r,
 * -1. */
static int read_answer(const struct request *request, const char *type,
		       struct webauthn_site *site_r, struct webauthn_answer *answer_r,
		       const char **why_r)
{
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES], wanted[SHA256_DIGEST_LENGTH];
	char text[SIGNED_TEXT_MAX];
	const size_t len = signed_text(request->policy->portal_url, request->route, request->json,
				       LOCK_FIELD, text);
	int ret;

	*why_r = "site";
	if (!webauthn_site(request->policy->portal_url, site_r))
		return 0;
	*why_r = "encoding";
	if (len == 0 ||
	    !passkey_bytes(request, LOCK_FIELD "client_data", WEBAUTHN_CLIENT_DATA_MAX,
			   &answer_r->client_data) ||
	    !passkey_bytes(request, LOCK_FIELD "authenticator_data", WEBAUTHN_AUTH_DATA_MAX,
			   &answer_r->auth_data))
		return 0;
	ret = webauthn_challenge(site_r, type, answer_r, challenge, why_r);
	SHA256((const unsigned char *)text, len, wanted);
	if (ret == 1 && CRYPTO_memcmp(challenge, wanted, sizeof(wanted)) != 0) {
		*why_r = "challenge";
		return 0;
	}
	return ret;
}

int lock_register(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_passkey *lock = &request->device.lock;
	struct webauthn_answer answer;
	struct webauthn_site site;
	const char *why;
	int ret;

	memset(lock, 0, sizeof(*lock));
	if (!is_given(request))
		return go_on_without(request, response, 422);
	ret = read_answer(request, WEBAUTHN_CREATE, &site, &answer, &why);
	if (ret == 1)
		ret = webauthn_register(&site, &answer, lock, &why);
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "the lock of a phone cannot be read");
	return ret == 1 ? 1 : refuse(request, response, why);
}

int lock_check(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_passkey *lock = &request->device.lock;
	struct webauthn_answer answer;
	struct webauthn_site site;
	uint32_t counter;
	int backed_up, ret;
	const char *why;

	if (lock->credential_len == 0)
		return go_on_without(request, response, 403);
	ret = read_answer(request, WEBAUTHN_GET, &site, &answer, &why);
	if (ret == 1 && !passkey_bytes(request, LOCK_FIELD "signature", WEBAUTHN_SIGNATURE_MAX,
				       &answer.signature)) {
		why = "encoding";
		ret = 0;
	}
	if (ret == 1)
		ret = webauthn_assert(&site, &answer, lock, &counter, &backed_up, &why);
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "the lock of a phone cannot be checked");
	return ret == 1 ? 1 : refuse(request, response, why);
}
