/* recovery.c - the recovery codes of factor.h. */
#include <openssl/crypto.h>
#include <string.h>

#include "policy/credential/factor_failure.h"
#include "policy/base/random.h"
#include "policy/base/utf8.h"

#define CODE_BYTES 10 /* 80 bits */
#define CODE_CHARS 16
#define GROUP 4
/* In front of what is MACed: an app password, which can be the same letters, has
 * another MAC. */
#define MAC_PREFIX "recovery:"

/* The code without white space and hyphens, in lower case, as it is MACed. 0 when it
 * cannot be one. */
static int fold(const char *code, struct pl_secret *folded_r)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

	pl_secret_set(folded_r, MAC_PREFIX, sizeof(MAC_PREFIX) - 1);
	for (size_t left = strlen(code); *code != '\0'; code++, left--) {
		char c = *code >= 'A' && *code <= 'Z' ? (char)(*code - 'A' + 'a') : *code;
		size_t space = pl_space_at((const unsigned char *)code, left);

		if (space > 0) {
			code += space - 1;
			left -= space - 1;
		}
		if (space > 0 || c == '-')
			continue;
		if (strchr(digits, c) == NULL ||
		    folded_r->len == sizeof(MAC_PREFIX) - 1 + CODE_CHARS)
			return 0;
		folded_r->data[folded_r->len++] = (unsigned char)c;
	}
	return folded_r->len == sizeof(MAC_PREFIX) - 1 + CODE_CHARS;
}

static void show(const struct pl_secret *random, char code_r[PL_RECOVERY_TEXT])
{
	for (size_t i = 0; i < CODE_CHARS; i++) {
		unsigned char c = random->data[i];

		if (i > 0 && i % GROUP == 0)
			*code_r++ = '-';
		*code_r++ = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	*code_r = '\0';
}

static int make_one(struct pl_store *store, const struct pl_keys *verify, int64_t member_id,
		    char code_r[PL_RECOVERY_TEXT], struct pl_error *err)
{
	struct pl_secret random, folded = { 0 };
	unsigned char mac[PL_MAC_BYTES];
	int ret = -1;

	if (pl_random_base32(CODE_BYTES, &random, err) == 0) {
		show(&random, code_r);
		fold(code_r, &folded);
		ret = pl_keys_mac(verify, 0, member_id, &folded, mac, err);
	}
	if (ret == 0 &&
	    pl_exec(store, PL_SQL_RECOVERY_INSERT,
		    PL_PARAMS(PL_INT("member_id", member_id), PL_BLOB("mac", mac, sizeof(mac)),
			      PL_INT("key_id", pl_keys_id(verify, 0))),
		    err) < 0)
		ret = -1;
	pl_secret_wipe(&random);
	pl_secret_wipe(&folded);
	return ret;
}

static int set_kept(const struct pl_work *work, int64_t member_id, int kept)
{
	return pl_exec(work->store, PL_SQL_RECOVERY_SET_KEPT,
		       PL_PARAMS(PL_INT("kept", kept), PL_INT("member_id", member_id)), work->err);
}

static int make(const struct pl_work *work, const struct pl_keys *verify,
		const struct pl_account *account, char codes_r[PL_RECOVERY_CODES][PL_RECOVERY_TEXT])
{
	char text[PL_ADDRESS_MAX + 1];

	if (account->member.factor_kinds == 0)
		return pl_error_set(work->err, PL_ERR_CONFLICT, "no second factor is registered");
	if (pl_exec(work->store, PL_SQL_RECOVERY_DELETE_ALL,
		    PL_PARAMS(PL_INT("member_id", account->member.id)), work->err) < 0 ||
	    set_kept(work, account->member.id, 0) < 0)
		return -1;
	for (int i = 0; i < PL_RECOVERY_CODES; i++) {
		if (make_one(work->store, verify, account->member.id, codes_r[i], work->err) < 0)
			return -1;
	}
	return pl_audit_add(work, "recovery-codes.make",
			    pl_address_format(&account->member.address, text), "", "");
}

int pl_recovery_make(const struct pl_work *work, const struct pl_keys *verify,
		     const struct pl_account *account,
		     char codes_r[PL_RECOVERY_CODES][PL_RECOVERY_TEXT])
{
	char text[PL_ADDRESS_MAX + 1];

	if (make(work, verify, account, codes_r) == 0)
		return 0;
	OPENSSL_cleanse(codes_r, PL_RECOVERY_CODES * PL_RECOVERY_TEXT);
	return pl_error_prefix(work->err, "recovery codes of %s",
			       pl_address_format(&account->member.address, text));
}

int pl_recovery_kept(const struct pl_work *work, int64_t member_id)
{
	return set_kept(work, member_id, 1);
}

int pl_recovery_not_kept(const struct pl_work *work, int64_t member_id)
{
	return set_kept(work, member_id, 0);
}

/* 1 when it was one of the member's codes, which it is no longer; 0; -1. */
static int delete_one(struct pl_store *store, const struct pl_keys *verify, int64_t member_id,
		      const struct pl_secret *folded, struct pl_error *err)
{
	for (size_t i = 0; i < pl_keys_count(verify); i++) {
		unsigned char mac[PL_MAC_BYTES];
		int64_t gone;

		if (pl_keys_mac(verify, i, member_id, folded, mac, err) < 0)
			return -1;
		gone = pl_exec_count(store, PL_SQL_RECOVERY_REDEEM,
				     PL_PARAMS(PL_INT("member_id", member_id),
					       PL_BLOB("mac", mac, sizeof(mac))),
				     err);
		if (gone != 0)
			return (int)gone;
	}
	return 0;
}

static int redeem(const struct pl_work *work, const struct pl_keys *verify,
		  const struct pl_account *account, const char *code,
		  struct pl_code_answer *answer_r)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_secret folded = { 0 };
	int ret;

	if (account->member.factor_kinds == 0)
		return 0; /* PL_CODE_NONE */
	ret = pl_factor_enter(work, account->member.id, answer_r);
	if (ret != 1)
		return ret;
	answer_r->result = PL_CODE_WRONG;
	ret = fold(code, &folded)
		      ? delete_one(work->store, verify, account->member.id, &folded, work->err)
		      : 0;
	pl_secret_wipe(&folded);
	if (ret != 1)
		return ret;
	answer_r->result = PL_CODE_RIGHT;
	if (pl_factor_clear(work->store, account->member.id, work->err) < 0)
		return -1;
	return pl_audit_add(work, "recovery-code.use",
			    pl_address_format(&account->member.address, text), "", "");
}

int pl_recovery_redeem_commit(const struct pl_work *work, const struct pl_keys *verify,
			      const struct pl_account *account, const char *code,
			      const struct pl_notice_origin *origin,
			      struct pl_code_answer *answer_r)
{
	int ret = pl_store_begin_write(work->store, work->err);

	*answer_r = (struct pl_code_answer){ .result = PL_CODE_NONE };
	if (ret == 0)
		ret = redeem(work, verify, account, code, answer_r);
	if (ret == 0 && answer_r->result == PL_CODE_RIGHT)
		ret = pl_notice_add(work, account->member.id, "recovery-used", origin);
	return pl_factor_finish_commit(work, ret, answer_r);
}
