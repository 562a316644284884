/* reset.c - see reset.h. */
#include "policy/recovery/reset.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/base/random.h"
#include "policy/recovery/contact_code.h"
#include "policy/recovery/phone.h"

static const struct {
	const char *secret[PL_RESET_PURPOSES]; /* what brings the code, or the link */
	const char *done;
	int64_t life;
} kinds[PL_CONTACT_KINDS] = {
	[PL_CONTACT_MAIL] = { { [PL_RESET_BY_MEMBER] = PL_CONTACT_RESET_CODE_MAIL,
				[PL_RESET_BY_ADMINISTRATOR] = PL_CONTACT_RESET_LINK_MAIL,
				[PL_RESET_IDENTITY] = PL_CONTACT_IDENTITY_CODE_MAIL },
			      PL_CONTACT_RESET_DONE_MAIL,
			      PL_CONTACT_MAIL_LIFE },
	[PL_CONTACT_PHONE] = { { [PL_RESET_BY_MEMBER] = PL_CONTACT_RESET_CODE_PHONE,
				 [PL_RESET_BY_ADMINISTRATOR] = PL_CONTACT_RESET_LINK_PHONE,
				 [PL_RESET_IDENTITY] = PL_CONTACT_IDENTITY_CODE_PHONE },
			       PL_CONTACT_RESET_DONE_PHONE,
			       PL_CONTACT_PHONE_LIFE },
};

int pl_reset_is_on(const struct pl_policy *policy)
{
	return policy->password_recovery && policy->recovery_contacts &&
	       policy->password_command[0] != '\0';
}

static int digest_of(const struct pl_work *work, const char *token,
		     unsigned char digest_r[PL_MAC_BYTES])
{
	struct pl_secret secret;
	int ret;

	pl_secret_set(&secret, token, strlen(token));
	ret = pl_token_digest(&secret, digest_r, work->err);
	pl_secret_wipe(&secret);
	return ret;
}

/* What is stored of a code: it is good with its token alone. */
static int mac(const struct pl_work *work, const struct pl_keys *verify, size_t index,
	       const unsigned char digest[PL_MAC_BYTES], const char *code,
	       unsigned char mac_r[PL_MAC_BYTES])
{
	char token[PL_BASE64URL_TEXT(PL_MAC_BYTES)];

	return pl_keys_mac_code(verify, index, 0, mac_r, work->err, "password-recovery:%s:%s",
				pl_base64url(digest, PL_MAC_BYTES, token), code);
}

/* -- what is asked for -- */

/* Whether the network may ask: 1, 0, -1. */
static int may_ask(const struct pl_work *work, const char *origin)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_REQUEST_COUNT,
					PL_PARAMS(PL_TEXT("origin", origin),
						  PL_INT("since", work->now - PL_DAY_SECONDS)));
	int64_t asked;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	asked = pl_col_int(stmt, "of_origin");
	return pl_row_end(stmt, work->err) < 0 ? -1 : asked < PL_RESET_OF_ORIGIN;
}

/* origin is "" where nobody counts the requests of its network. */
static int add(const struct pl_work *work, const struct pl_policy *policy,
	       const struct pl_reset_wish *wish, const char *origin, enum pl_reset_purpose purpose,
	       const unsigned char digest[PL_MAC_BYTES], int64_t *id_r)
{
	char name[PL_ADDRESS_MAX + 1] = "";
	struct pl_address address;

	/* People type passwords where the name belongs: nothing but an address is kept. */
	if (pl_address_parse(wish->name, strlen(wish->name), policy->default_domain, &address,
			     NULL) == 0)
		pl_address_format(&address, name);
	return pl_insert(work->store, PL_SQL_RECOVERY_REQUEST_ADD,
			 PL_PARAMS(PL_BLOB("digest", digest, PL_MAC_BYTES), PL_TEXT("name", name),
				   PL_TEXT("kind", pl_contact_kind_name(wish->kind)),
				   PL_TEXT("origin", origin), PL_TEXT("ip", wish->asker.ip),
				   PL_TEXT("device", wish->asker.device),
				   PL_TEXT("language", wish->asker.language),
				   PL_INT("by_administrator", purpose == PL_RESET_BY_ADMINISTRATOR),
				   PL_INT("now", work->now),
				   PL_INT("expires_at", work->now + PL_CONTACT_MAIL_LIFE)),
			 id_r, work->err);
}

int pl_reset_ask(const struct pl_work *work, const struct pl_policy *policy,
		 const struct pl_reset_wish *wish, struct pl_secret *token_r)
{
	unsigned char digest[PL_MAC_BYTES];
	char origin[PL_IP_ORIGIN] = "";
	int64_t id;
	int ret;

	if (pl_random_token("", token_r, work->err) < 0 ||
	    pl_token_digest(token_r, digest, work->err) < 0)
		return -1;
	ret = may_ask(work, pl_ip_format_origin(wish->ip, origin));
	return ret == 1 ? add(work, policy, wish, origin, PL_RESET_BY_MEMBER, digest, &id) : ret;
}

/* -- what an administrator begins -- */

int pl_reset_has_contact(const struct pl_work *work, int64_t member_id)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_RECOVERY_CONTACT_COUNT,
			 PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", work->now)));
	int has;

	if (pl_step(stmt, work->err) != 1)
		return -1;
	has = pl_col_int(stmt, "contacts") > 0;
	return pl_row_end(stmt, work->err) < 0 ? -1 : has;
}

int pl_reset_help(const struct pl_work *work, const struct pl_policy *policy,
		  const struct pl_account *account, enum pl_reset_help *help_r)
{
	int has;

	*help_r = PL_RESET_OFF;
	if (!pl_reset_is_on(policy))
		return 0;
	*help_r = PL_RESET_NO_CONTACT;
	if (!account->member.active || !account->domain.active)
		return 0;
	has = pl_reset_has_contact(work, account->member.id);
	if (has == 1)
		*help_r = PL_RESET_POSSIBLE;
	return has < 0 ? -1 : 0;
}

const char *pl_reset_help_name(enum pl_reset_help help)
{
	switch (help) {
	case PL_RESET_POSSIBLE:
		return "possible";
	case PL_RESET_OFF:
		return "off";
	case PL_RESET_NO_CONTACT:
		return "no-contact";
	}
	return "off";
}

/* The token that the row needs is nobody's: the link gets another one when it is sent. */
int pl_reset_begin(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_account *account)
{
	char address[PL_ADDRESS_MAX + 1];
	const struct pl_reset_wish wish = {
		.name = pl_address_format(&account->member.address, address),
		.kind = PL_CONTACT_MAIL,
	};
	unsigned char digest[PL_MAC_BYTES];
	struct pl_secret token = { .len = 0 };
	int64_t id;
	int ret = pl_random_token("", &token, work->err);

	if (ret == 0)
		ret = pl_token_digest(&token, digest, work->err);
	if (ret == 0)
		ret = add(work, policy, &wish, "", PL_RESET_BY_ADMINISTRATOR, digest, &id);
	pl_secret_wipe(&token);
	return ret < 0 ? -1 : pl_audit_add(work, "password-recovery.start", address, "", "");
}

/* -- what becomes of it -- */

int pl_reset_next(const struct pl_work *work, struct pl_reset_request *request_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_REQUEST_NEXT, NULL);
	struct pl_contact_message *asker = &request_r->asker;
	char kind[16];
	const int ret = pl_step(stmt, work->err);

	memset(request_r, 0, sizeof(*request_r));
	if (ret != 1)
		return ret;
	request_r->id = pl_col_int(stmt, "id");
	request_r->purpose = pl_col_int(stmt, "by_administrator") != 0 ? PL_RESET_BY_ADMINISTRATOR
								       : PL_RESET_BY_MEMBER;
	pl_col_copy(stmt, "name", request_r->name, sizeof(request_r->name));
	pl_col_copy(stmt, "kind", kind, sizeof(kind));
	pl_col_copy(stmt, "ip", asker->ip, sizeof(asker->ip));
	pl_col_copy(stmt, "device", asker->device, sizeof(asker->device));
	pl_col_copy(stmt, "language", asker->language, sizeof(asker->language));
	pl_col_blob(stmt, "digest", request_r->digest, sizeof(request_r->digest));
	(void)pl_contact_kind_of(kind, &request_r->kind);
	return pl_row_end(stmt, work->err);
}

/* The member of the name: 1, 0 there is none who may use the account, -1. */
static int find_member(const struct pl_work *work, const char *name, struct pl_account *account_r)
{
	struct pl_address address;

	if (pl_address_parse(name, strlen(name), "", &address, NULL) < 0)
		return 0;
	if (pl_account_get(work->store, &address, account_r, work->err) < 0)
		return -1;
	return account_r->member.id != 0 && account_r->member.active && account_r->domain.active;
}

/* Whether something can be sent to a contact of the kind now: 1 and the contact, 0, -1. */
static int find_contact(const struct pl_work *work, const struct pl_contact_keys *keys,
			const struct pl_policy *policy, int64_t member_id,
			enum pl_contact_kind kind, char to_r[PL_ADDRESS_MAX + 1])
{
	struct pl_contact contact;
	char number[PL_PHONE_TEXT];
	int ret = pl_contact_get(work, keys->seal, member_id, kind, &contact);

	if (ret == 0) {
		memcpy(to_r, contact.value, sizeof(contact.value));
		ret = to_r[0] != '\0' &&
		      (kind != PL_CONTACT_PHONE ||
		       (policy->sms_command[0] != '\0' &&
			pl_phone_parse(to_r, policy->sms_countries, 1, number) == 1));
	}
	OPENSSL_cleanse(&contact, sizeof(contact));
	return ret;
}

/* The contact to which the code goes: 1 with kind and to of the message, 0 none, -1. */
static int choose_contact(const struct pl_work *work, const struct pl_contact_keys *keys,
			  const struct pl_policy *policy, int64_t member_id,
			  const struct pl_reset_request *request, enum pl_contact_kind *kind_r,
			  struct pl_contact_message *message)
{
	int ret = 0;

	*kind_r = request->kind;
	for (int i = 0; ret == 0 && i < PL_CONTACT_KINDS; i++) {
		*kind_r = (enum pl_contact_kind)((request->kind + i) % PL_CONTACT_KINDS);
		ret = find_contact(work, keys, policy, member_id, *kind_r, message->to);
	}
	return ret;
}

/* The secret of the message and what it is stored as: a code for the browser that asked, or the
 * token of a link, which takes the place of that of nobody. */
static int make_secret(const struct pl_work *work, const struct pl_keys *verify,
		       const struct pl_reset_request *request, struct pl_contact_message *message,
		       unsigned char digest_r[PL_MAC_BYTES], unsigned char mac_r[PL_MAC_BYTES])
{
	struct pl_secret token = { .len = 0 };
	int ret;

	memcpy(digest_r, request->digest, PL_MAC_BYTES);
	if (request->purpose != PL_RESET_BY_ADMINISTRATOR)
		return pl_random_long_code(message->secret, work->err) < 0
			       ? -1
			       : mac(work, verify, 0, digest_r, message->secret, mac_r);
	ret = pl_random_token("", &token, work->err);
	if (ret == 0)
		ret = pl_token_digest(&token, digest_r, work->err);
	if (ret == 0)
		ret = mac(work, verify, 0, digest_r, "", mac_r);
	if (ret == 0)
		snprintf(message->secret, sizeof(message->secret), "%.47s",
			 (const char *)token.data);
	pl_secret_wipe(&token);
	return ret;
}

static int send_secret(const struct pl_work *work, const struct pl_keys *verify,
		       const struct pl_account *account, const struct pl_reset_request *request,
		       enum pl_contact_kind kind, struct pl_contact_message *message)
{
	const int64_t member_id = account->member.id;
	unsigned char digest[PL_MAC_BYTES], stored[PL_MAC_BYTES];
	char address[PL_ADDRESS_MAX + 1];

	if (make_secret(work, verify, request, message, digest, stored) < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_FORGET_CODES,
		    PL_PARAMS(PL_INT("member_id", member_id)), work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_CODE,
		    PL_PARAMS(PL_INT("member_id", member_id),
			      PL_BLOB("digest", digest, sizeof(digest)),
			      PL_BLOB("code", stored, sizeof(stored)),
			      PL_INT("expires_at", work->now + kinds[kind].life),
			      PL_INT("id", request->id)),
		    work->err) < 0 ||
	    pl_contact_message_send(work, member_id, kinds[kind].secret[request->purpose], message,
				    kinds[kind].life) < 0)
		return -1;
	return pl_audit_add(work,
			    request->purpose == PL_RESET_IDENTITY ? "identity-check.send"
								  : "password-recovery.send",
			    pl_address_format(&account->member.address, address), "",
			    pl_contact_kind_name(kind));
}

/* admission_r: PL_CONTACT_REFUSED where there is no contact, too. 0, or -1. */
static int send_to_contact(const struct pl_work *work, const struct pl_contact_keys *keys,
			   const struct pl_policy *policy, const struct pl_account *account,
			   const struct pl_reset_request *request,
			   enum pl_contact_admission *admission_r)
{
	struct pl_contact_message message = request->asker;
	enum pl_contact_kind kind = request->kind;
	int ret = choose_contact(work, keys, policy, account->member.id, request, &kind, &message);

	*admission_r = PL_CONTACT_REFUSED;
	if (ret == 1)
		ret = pl_contact_admit(work, keys->verify, policy, account->member.id, kind,
				       message.to, admission_r);
	if (ret == 0 && *admission_r == PL_CONTACT_ADMITTED)
		ret = send_secret(work, keys->verify, account, request, kind, &message);
	OPENSSL_cleanse(&message, sizeof(message));
	return ret;
}

static int decide(const struct pl_work *work, const struct pl_contact_keys *keys,
		  const struct pl_policy *policy, const struct pl_reset_request *request)
{
	enum pl_contact_admission admission;
	struct pl_account account;
	const int ret = find_member(work, request->name, &account);

	return ret == 1 ? send_to_contact(work, keys, policy, &account, request, &admission) : ret;
}

int pl_reset_drop(const struct pl_work *work, const struct pl_reset_request *request)
{
	return (int)pl_exec_count(work->store, PL_SQL_RECOVERY_REQUEST_CLAIM,
				  PL_PARAMS(PL_INT("id", request->id)), work->err);
}

int pl_reset_decide(const struct pl_work *work, const struct pl_contact_keys *keys,
		    const struct pl_policy *policy, const struct pl_reset_request *request)
{
	const int claimed = pl_reset_drop(work, request);

	if (claimed != 1)
		return claimed;
	return pl_contact_apply(work) < 0 ? -1 : decide(work, keys, policy, request);
}

int pl_reset_identify(const struct pl_work *work, const struct pl_contact_keys *keys,
		      const struct pl_policy *policy, const struct pl_account *account,
		      const struct pl_reset_wish *wish, struct pl_secret *token_r)
{
	struct pl_reset_wish known = *wish;
	struct pl_reset_request request = { .kind = wish->kind,
					    .asker = wish->asker,
					    .purpose = PL_RESET_IDENTITY };
	enum pl_contact_admission admission;

	known.name = ""; /* the row names its member */
	if (pl_random_token("", token_r, work->err) < 0 ||
	    pl_token_digest(token_r, request.digest, work->err) < 0 ||
	    add(work, policy, &known, "", request.purpose, request.digest, &request.id) < 0 ||
	    pl_reset_drop(work, &request) < 0 || pl_contact_apply(work) < 0 ||
	    send_to_contact(work, keys, policy, account, &request, &admission) < 0)
		return -1;
	return admission != PL_CONTACT_REFUSED;
}

/* -- the code -- */

static int64_t prove(const struct pl_work *work, const struct pl_keys *verify,
		     const unsigned char digest[PL_MAC_BYTES], const char *code,
		     const unsigned char fresh[PL_MAC_BYTES])
{
	unsigned char stored[PL_MAC_BYTES];
	int64_t proved = 0;

	if (verify == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY,
				    "codes need the HMAC key (verify_key)");
	for (size_t i = 0; proved == 0 && i < pl_keys_count(verify); i++) {
		if (mac(work, verify, i, digest, code, stored) < 0)
			return -1;
		proved = pl_exec_count(work->store, PL_SQL_RECOVERY_REQUEST_PROVE,
				       PL_PARAMS(PL_BLOB("digest", digest, PL_MAC_BYTES),
						 PL_BLOB("code", stored, sizeof(stored)),
						 PL_BLOB("fresh", fresh, PL_MAC_BYTES),
						 PL_INT("now", work->now),
						 PL_INT("expires_at",
							work->now + PL_RESET_PROOF_SECONDS)),
				       work->err);
	}
	return proved;
}

int pl_reset_redeem(const struct pl_work *work, const struct pl_keys *verify, const char *token,
		    const char *code, struct pl_secret *proof_r)
{
	unsigned char digest[PL_MAC_BYTES], fresh[PL_MAC_BYTES];
	int64_t tried, proved = 0;

	if (digest_of(work, token, digest) < 0 || pl_random_token("", proof_r, work->err) < 0 ||
	    pl_token_digest(proof_r, fresh, work->err) < 0)
		return -1;
	tried = pl_exec_count(work->store, PL_SQL_RECOVERY_REQUEST_TRY,
			      PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
					PL_INT("most", PL_RESET_TRIES), PL_INT("now", work->now)),
			      work->err);
	if (tried == 1)
		proved = prove(work, verify, digest, code, fresh);
	if (proved == 1 &&
	    pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_FORGET_PROOFS,
		    PL_PARAMS(PL_BLOB("digest", fresh, sizeof(fresh))), work->err) < 0)
		return -1;
	return tried < 0 || proved < 0 ? -1 : proved == 1;
}

/* -- the new password -- */

int pl_reset_find(const struct pl_work *work, const char *proof, struct pl_reset *reset_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_stmt *stmt;
	int ret;

	memset(reset_r, 0, sizeof(*reset_r));
	if (digest_of(work, proof, digest) < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_RECOVERY_REQUEST_PROVED,
			PL_PARAMS(PL_BLOB("digest", digest, sizeof(digest)),
				  PL_INT("now", work->now)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	reset_r->id = pl_col_int(stmt, "id");
	reset_r->member_id = pl_col_int(stmt, "member_id");
	reset_r->factor = pl_col_int(stmt, "factor") != 0;
	pl_col_copy(stmt, "local", reset_r->address.local, sizeof(reset_r->address.local));
	pl_col_copy(stmt, "domain", reset_r->address.domain, sizeof(reset_r->address.domain));
	return pl_row_end(stmt, work->err);
}

int pl_reset_note_factor(const struct pl_work *work, const struct pl_reset *reset)
{
	return pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_FACTOR,
		       PL_PARAMS(PL_INT("id", reset->id)), work->err);
}

int pl_reset_use(const struct pl_work *work, const struct pl_reset *reset)
{
	return (int)pl_exec_count(work->store, PL_SQL_RECOVERY_REQUEST_USE,
				  PL_PARAMS(PL_INT("until", work->now + PL_RESET_USE_SECONDS),
					    PL_INT("now", work->now), PL_INT("id", reset->id)),
				  work->err);
}

int pl_reset_unuse(const struct pl_work *work, const struct pl_reset *reset)
{
	return pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_UNUSE,
		       PL_PARAMS(PL_INT("id", reset->id)), work->err);
}

static int tell_contact(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
			enum pl_contact_kind kind, const struct pl_contact_message *asker)
{
	struct pl_contact_message message = *asker;
	struct pl_contact contact;
	int ret = pl_contact_get(work, seal, member_id, kind, &contact);

	if (ret == 0 && contact.value[0] != '\0') {
		memcpy(message.to, contact.value, sizeof(contact.value));
		ret = pl_contact_message_send(work, member_id, kinds[kind].done, &message,
					      PL_DAY_SECONDS);
	}
	OPENSSL_cleanse(&contact, sizeof(contact));
	OPENSSL_cleanse(&message, sizeof(message));
	return ret;
}

int pl_reset_end(const struct pl_work *work, const struct pl_reset *reset)
{
	return pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_DELETE,
		       PL_PARAMS(PL_INT("id", reset->id), PL_INT("member_id", reset->member_id)),
		       work->err);
}

int pl_reset_finish(const struct pl_work *work, const struct pl_keys *seal,
		    const struct pl_reset *reset, const struct pl_contact_message *asker)
{
	char address[PL_ADDRESS_MAX + 1];

	if (pl_reset_end(work, reset) < 0)
		return -1;
	for (int kind = 0; kind < PL_CONTACT_KINDS; kind++) {
		if (tell_contact(work, seal, reset->member_id, (enum pl_contact_kind)kind, asker) <
		    0)
			return -1;
	}
	return pl_audit_add(work, "password-recovery.finish",
			    pl_address_format(&reset->address, address), "", "");
}
