/* confirmation.c - see confirmation.h. */
#include "policy/forward/confirmation.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "policy/base/random.h"
#include "policy/forward/rows.h"

static const char no_key[] = "codes need the HMAC key (verify_key)";

/* Six digits are no secret of their own: the MAC covers whose target they are for. */
static int mac(const struct pl_keys *verify, size_t index, int64_t member_id, int64_t target_id,
	       const char *code, unsigned char mac_r[PL_MAC_BYTES], struct pl_error *err)
{
	return pl_keys_mac_code(verify, index, member_id, mac_r, err, "forward-target:%lld:%s",
				(long long)target_id, code);
}

/* As targets are counted: an extension reaches the same person. */
static void write_counted(const struct pl_target *target, char text_r[PL_ADDRESS_MAX + 1])
{
	struct pl_address address = target->address;

	address.local[pl_local_base(address.local, "+")] = '\0';
	pl_address_format(&address, text_r);
}

/* How many codes were mailed in the last 24 hours. 0, or -1. */
static int count(const struct pl_work *work, int64_t member_id, const char *counted,
		 int64_t *of_member_r, int64_t *to_target_r)
{
	struct pl_stmt *stmt =
		pl_query(work->store, PL_SQL_FORWARD_CODE_COUNT,
			 PL_PARAMS(PL_INT("member_id", member_id), PL_TEXT("address", counted),
				   PL_INT("since", work->now - PL_DAY_SECONDS)));

	if (pl_step(stmt, work->err) != 1)
		return -1;
	*of_member_r = pl_col_int(stmt, "of_member");
	*to_target_r = pl_col_int(stmt, "to_target");
	return pl_row_end(stmt, work->err);
}

static int set_code(const struct pl_work *work, const struct pl_keys *verify, int64_t member_id,
		    int64_t target_id, const char *code)
{
	unsigned char digest[PL_MAC_BYTES];

	if (mac(verify, 0, member_id, target_id, code, digest, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_FORWARD_TARGET_CODE_SET,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("target_id", target_id),
				 PL_BLOB("code", digest, sizeof(digest)),
				 PL_INT("expires_at", work->now + PL_TARGET_CODE_LIFE)),
		       work->err);
}

static int add_code(const struct pl_work *work, int64_t member_id, const char *counted)
{
	return pl_exec(work->store, PL_SQL_FORWARD_CODE_ADD,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_TEXT("address", counted),
				 PL_INT("now", work->now)),
		       work->err);
}

static int mail_new(const struct pl_work *work, const struct pl_keys *verify, int64_t member_id,
		    const struct pl_forward_target *target, const struct pl_contact_message *asker)
{
	struct pl_contact_message message = *asker;
	int ret = -1;

	snprintf(message.to, sizeof(message.to), "%s", target->address);
	if (pl_random_code(message.secret, work->err) == 0 &&
	    set_code(work, verify, member_id, target->id, message.secret) == 0)
		ret = pl_contact_message_send(work, member_id, PL_CONTACT_TARGET_CODE, &message,
					      PL_TARGET_CODE_LIFE);
	OPENSSL_cleanse(message.secret, sizeof(message.secret));
	return ret;
}

int pl_target_code_mail(const struct pl_work *work, const struct pl_keys *verify,
			const struct pl_account *account, const struct pl_forward_target *target,
			const struct pl_contact_message *asker)
{
	const int64_t member_id = account->member.id;
	char counted[PL_ADDRESS_MAX + 1];
	struct pl_target parsed;
	int64_t of_member, to_target;

	if (verify == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY, no_key);
	if (pl_target_parse(target->address, &parsed, work->err) < 0)
		return -1;
	write_counted(&parsed, counted);
	if (count(work, member_id, counted, &of_member, &to_target) < 0)
		return -1;
	if (of_member >= PL_TARGET_CODES_OF_MEMBER)
		return 0;
	/* What the target is not sent counts for the member alone. */
	if (to_target >= PL_TARGET_CODES_TO_TARGET)
		counted[0] = '\0';
	else if (mail_new(work, verify, member_id, target, asker) < 0)
		return -1;
	return add_code(work, member_id, counted) < 0 ? -1 : 1;
}

/* With each key that there is: 1, 0 or -1. */
static int redeem(const struct pl_work *work, const struct pl_keys *verify, int64_t member_id,
		  int64_t target_id, const char *code)
{
	unsigned char digest[PL_MAC_BYTES];
	int64_t confirmed = 0;

	for (size_t i = 0; confirmed == 0 && i < pl_keys_count(verify); i++) {
		if (mac(verify, i, member_id, target_id, code, digest, work->err) < 0)
			return -1;
		confirmed = pl_exec_count(work->store, PL_SQL_FORWARD_TARGET_CONFIRM,
					  PL_PARAMS(PL_INT("now", work->now),
						    PL_TEXT("confirmed_by", PL_TARGET_BY_CODE),
						    PL_INT("member_id", member_id),
						    PL_INT("target_id", target_id),
						    PL_BLOB("code", digest, sizeof(digest))),
					  work->err);
	}
	return (int)confirmed;
}

int pl_target_confirm(const struct pl_work *work, const struct pl_keys *verify,
		      const struct pl_policy *policy, const struct pl_account *account,
		      int64_t target_id, const char *code)
{
	const int64_t member_id = account->member.id;
	struct pl_forward before;
	int64_t tried;
	int ret;

	if (verify == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY, no_key);
	if (pl_forward_get(work->store, policy, member_id, &before, work->err) < 0)
		return -1;
	tried = pl_exec_count(work->store, PL_SQL_FORWARD_TARGET_CODE_TRY,
			      PL_PARAMS(PL_INT("member_id", member_id),
					PL_INT("target_id", target_id),
					PL_INT("most", PL_TARGET_CODE_TRIES),
					PL_INT("now", work->now)),
			      work->err);
	if (tried != 1)
		return (int)tried;
	ret = redeem(work, verify, member_id, target_id, code);
	if (ret != 1)
		return ret;
	return pl_forward_record(work, policy, account, "forward.set", &before) < 0 ? -1 : 1;
}
