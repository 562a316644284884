/* passkey.c - see passkey.h. */
#include "portal/signin/passkey.h"

#include <string.h>

#include "policy/base/random.h"
#include "portal/http/portal.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/factor.h"
#include "portal/signin/notify.h"
#include "portal/signin/sign_in_log.h"
#include "portal/signin/webauthn.h"

int passkey_possible(const struct request *request)
{
	struct webauthn_site site;

	return webauthn_site(request->policy->portal_url, &site);
}

static json_t *encoded(const void *data, size_t len)
{
	char text[PL_BASE64URL_TEXT(PL_PASSKEY_ID_MAX)];

	return json_string(pl_base64url(data, len, text));
}

/* "internal hybrid" as a list. */
static json_t *transports_of(const char *text)
{
	json_t *list = json_array();

	while (*text != '\0') {
		const size_t len = strcspn(text, " ");

		json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ' ');
	}
	return list;
}

static int add_descriptor(const struct pl_passkey *passkey, void *context)
{
	return json_array_append_new(context,
				     json_pack("{s:o, s:o}", "id",
					       encoded(passkey->credential,
						       passkey->credential_len),
					       "transports", transports_of(passkey->transports)));
}

/* ---- challenges ---- */

struct beginning {
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES], handle[PL_PASSKEY_HANDLE_BYTES];
	struct webauthn_site site;
	json_t *passkeys; /* of the member */
};

/* In a transaction of its own. 1; 0 and the answer; -1. */
static int begin(struct request *request, struct response *response,
		 enum pl_passkey_purpose purpose, struct beginning *begun_r, struct pl_error *err)
{
	const int64_t member_id = request->session.member_id;

	begun_r->passkeys = NULL;
	if (!webauthn_site(request->policy->portal_url, &begun_r->site))
		return respond_error(response, 403, "not-allowed");
	begun_r->passkeys = json_array();
	if (request_begin_write(request, err) < 0 ||
	    pl_passkey_begin(&request->work, member_id, request->session.id, purpose,
			     begun_r->challenge, begun_r->handle) < 0 ||
	    pl_passkey_list(&request->work, member_id, add_descriptor, begun_r->passkeys) < 0 ||
	    pl_store_commit(request->work.store, err) < 0) {
		json_decref(begun_r->passkeys);
		return -1;
	}
	return 1;
}

int passkey_begin_proof(struct request *request, struct response *response, struct pl_error *err)
{
	struct beginning begun;
	struct pl_account *account;
	int ret = request_account(request, &account, err);

	if (ret < 0)
		return -1;
	if ((account->member.factor_kinds & PL_FACTOR_BIT(PL_FACTOR_PASSKEY)) == 0)
		return respond_error(response, 403, "not-allowed");
	ret = begin(request, response, PL_PASSKEY_PROVE, &begun, err);
	if (ret != 1)
		return ret;
	return respond_json(response, 200,
			    json_pack("{s:o, s:s, s:o}", "challenge",
				      encoded(begun.challenge, sizeof(begun.challenge)), "rp_id",
				      begun.site.rp_id, "passkeys", begun.passkeys));
}

int passkey_begin_registration(struct request *request, struct response *response,
			       struct pl_error *err)
{
	struct beginning begun;
	int ret = begin(request, response, PL_PASSKEY_REGISTER, &begun, err);

	if (ret != 1)
		return ret;
	return respond_json(response, 200,
			    json_pack("{s:o, s:s, s:s, s:s, s:o, s:o}", "challenge",
				      encoded(begun.challenge, sizeof(begun.challenge)), "rp_id",
				      begun.site.rp_id, "name", request->policy->portal_name,
				      "account", request->address, "user_id",
				      encoded(begun.handle, sizeof(begun.handle)), "passkeys",
				      begun.passkeys));
}

/* ---- what came ---- */

int passkey_bytes(const struct request *request, const char *name, size_t limit,
		  struct webauthn_bytes *bytes_r)
{
	const char *text = request_text(request, name);
	int len = text == NULL ? -1 : pl_base64url_decode(text, strlen(text), bytes_r->data, limit);

	bytes_r->len = len < 0 ? 0 : (size_t)len;
	return len > 0;
}

static int read_answer(const struct request *request, struct webauthn_answer *answer_r)
{
	return passkey_bytes(request, "client_data", WEBAUTHN_CLIENT_DATA_MAX,
			     &answer_r->client_data) &&
	       passkey_bytes(request, "authenticator_data", WEBAUTHN_AUTH_DATA_MAX,
			     &answer_r->auth_data);
}

/* Says in the log what an authenticator's answer was refused for. member_id 0: whose it is, is not
 * known. */
static void log_refusal(const struct request *request, int64_t member_id, const char *why)
{
	char word[48];

	snprintf(word, sizeof(word), "passkey-%s", why);
	log_sign_in(request->ip_text, member_id != 0 ? request->address : "unknown", word);
}

/* ---- assertion ---- */

/* The passkey that the browser names, whose user handle is the one that it sends. Where the member
 * is known (member_id), it is one of the member's, and the handle may be left out. 1, 0, or -1. */
static int find_passkey(const struct request *request, int64_t member_id,
			struct pl_passkey *passkey_r, const char **why_r)
{
	struct webauthn_bytes id, handle;
	int ret;

	if (!passkey_bytes(request, "id", PL_PASSKEY_ID_MAX, &id)) {
		*why_r = "credential";
		return 0;
	}
	ret = pl_passkey_by_credential(&request->work, id.data, id.len, passkey_r);
	if (ret != 1 || (member_id != 0 && passkey_r->member_id != member_id)) {
		*why_r = "owner";
		return ret < 0 ? -1 : 0;
	}
	if (member_id != 0 && request_text(request, "user_handle") == NULL)
		return 1;
	*why_r = "user-handle";
	return passkey_bytes(request, "user_handle", PL_PASSKEY_HANDLE_BYTES, &handle) &&
	       handle.len == PL_PASSKEY_HANDLE_BYTES &&
	       memcmp(handle.data, passkey_r->user_handle, handle.len) == 0;
}

int passkey_evaluate(const struct request *request, const struct webauthn_site *site,
		     int64_t member_id, struct pl_passkey *passkey, struct pl_passkey_use *use_r)
{
	struct webauthn_answer answer;
	const char *why = "encoding";
	int ret;

	memset(use_r, 0, sizeof(*use_r));
	ret = read_answer(request, &answer) &&
	      passkey_bytes(request, "signature", WEBAUTHN_SIGNATURE_MAX, &answer.signature);
	if (ret == 1)
		ret = webauthn_challenge(site, WEBAUTHN_GET, &answer, use_r->challenge, &why);
	if (ret != 1) {
		log_refusal(request, member_id, why);
		return ret;
	}
	ret = find_passkey(request, member_id, passkey, &why);
	if (ret == 1) {
		use_r->passkey = passkey;
		ret = webauthn_assert(site, &answer, passkey, &use_r->counter, &use_r->backed_up,
				      &why);
	}
	use_r->is_right = ret == 1;
	if (ret == 0)
		log_refusal(request, member_id, why);
	return ret < 0 ? -1 : 1;
}

int passkey_redeem(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct webauthn_site site;
	struct pl_code_answer answer;
	struct pl_passkey_use use;
	struct pl_passkey passkey;
	struct pl_account *account;
	int ret;

	if (!webauthn_site(request->policy->portal_url, &site))
		return respond_error(response, 403, "not-allowed");
	ret = passkey_evaluate(request, &site, request->session.member_id, &passkey, &use);
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "the passkey cannot be checked");
	if (ret == 0)
		return respond_error(response, 422, "wrong-passkey");
	if (portal_clock(request, err) < 0 || request_account(request, &account, err) < 0 ||
	    pl_passkey_redeem_commit(&request->work, account, request->session.id, &use, &origin,
				     &answer) < 0)
		return -1;
	return factor_answer_passkey(request, response, &answer);
}

/* ---- registration ---- */

/* What the browser says the authenticator can be reached by; what is not a word is left out. */
static void read_transports(const struct request *request, char text_r[PL_PASSKEY_TRANSPORTS + 1])
{
	const json_t *list = json_object_get(request->json, "transports");
	size_t used = 0;

	text_r[0] = '\0';
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));
		const size_t len = strlen(word);

		if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")] != '\0' ||
		    used + len + 2 > PL_PASSKEY_TRANSPORTS)
			continue;
		used += (size_t)snprintf(text_r + used, PL_PASSKEY_TRANSPORTS + 1 - used, "%s%s",
					 used == 0 ? "" : " ", word);
	}
}

/* 1 and the passkey with its challenge; 0; -1. */
static int read_new(const struct request *request, const struct webauthn_site *site,
		    struct pl_passkey *passkey_r,
		    unsigned char challenge_r[PL_PASSKEY_CHALLENGE_BYTES])
{
	struct webauthn_answer answer;
	const char *why = "encoding";
	int ret = read_answer(request, &answer);

	memset(passkey_r, 0, sizeof(*passkey_r));
	if (ret == 1)
		ret = webauthn_challenge(site, WEBAUTHN_CREATE, &answer, challenge_r, &why);
	if (ret == 1)
		ret = webauthn_register(site, &answer, passkey_r, &why);
	if (ret == 0)
		log_refusal(request, request->session.member_id, why);
	if (ret != 1)
		return ret;
	snprintf(passkey_r->name, sizeof(passkey_r->name), "%s", request_text(request, "name"));
	read_transports(request, passkey_r->transports);
	return 1;
}

static int answer_added(struct response *response, enum pl_passkey_added added)
{
	switch (added) {
	case PL_PASSKEY_ADDED:
		return 1;
	case PL_PASSKEY_EXPIRED:
		return respond_error(response, 422, "passkey-expired");
	case PL_PASSKEY_KNOWN:
		return respond_error(response, 409, "passkey-known");
	case PL_PASSKEY_TOO_MANY:
		return respond_error(response, 409, "too-many-passkeys");
	}
	return 0;
}

int passkey_register(struct request *request, struct response *response, json_t **codes_r,
		     struct pl_error *err)
{
	unsigned char challenge[PL_PASSKEY_CHALLENGE_BYTES];
	enum pl_passkey_added added;
	struct webauthn_site site;
	struct pl_account *account;
	struct pl_passkey passkey;
	int is_first, ret;

	if (!webauthn_site(request->policy->portal_url, &site))
		return respond_error(response, 403, "not-allowed");
	ret = read_new(request, &site, &passkey, challenge);
	if (ret != 1)
		return ret < 0 ? pl_error_set(err, PL_ERR_RETRY, "the passkey cannot be read")
			       : respond_error(response, 422, "wrong-passkey");
	if (portal_clock(request, err) < 0 || request_account(request, &account, err) < 0)
		return -1;
	is_first = account->member.factor_kinds == 0;
	if (pl_passkey_register(&request->work, account, request->session.id, challenge, &passkey,
				&added) < 0)
		return -1;
	ret = answer_added(response, added);
	if (ret != 1 || !is_first)
		return ret;
	return end_other_sessions(request, err) < 0 ||
			       factor_recovery_codes(request, codes_r, err) < 0
		       ? -1
		       : 1;
}
