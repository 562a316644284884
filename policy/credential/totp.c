/* totp.c - see totp.h. */
#include "policy/credential/totp.h"

#include <liboath/oath.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/credential/factor_failure.h"
#include "policy/account/member_row.h"
#include "policy/base/random.h"

/* What the records are sealed as: a pending one cannot be moved into the place
 * of the registered one. */
#define SEALED_TOTP "totp"
#define SEALED_PENDING "totp-pending"

#define DIGITS 6

/* ---- the stored secrets ---- */

struct factor {
	struct pl_secret secret; /* base32; empty: a version wrote the row that kept none */
	int64_t last_step;
};

/* Reads the secret that the bound statement finds. 1, 0 none, -1. */
static int load(struct pl_stmt *stmt, const struct pl_keys *seal, const char *what,
		int64_t member_id, struct factor *factor_r, struct pl_error *err)
{
	struct pl_sealed sealed = { 0 };
	int ret = pl_step(stmt, err);

	memset(factor_r, 0, sizeof(*factor_r));
	if (ret != 1)
		return ret;
	sealed.len = pl_col_blob(stmt, "secret", sealed.data, sizeof(sealed.data));
	factor_r->last_step = pl_col_int(stmt, "last_step");
	ret = pl_row_ok(stmt, err);
	pl_reset(stmt);
	if (ret == 0 && sealed.len > 0)
		ret = pl_unseal(seal, what, member_id, &sealed, &factor_r->secret, err);
	return ret < 0 ? -1 : 1;
}

static int load_pending(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
			int64_t session_id, struct factor *factor_r)
{
	struct pl_stmt *stmt;

	stmt = pl_query(work->store, PL_SQL_TOTP_PENDING_GET,
			PL_PARAMS(PL_INT("session_id", session_id), PL_INT("member_id", member_id),
				  PL_INT("now", work->now)));
	return load(stmt, seal, SEALED_PENDING, member_id, factor_r, work->err);
}

/* ---- registration ---- */

static int set_pending(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
		       int64_t session_id, const struct pl_secret *secret)
{
	struct pl_sealed sealed;

	if (pl_seal(seal, SEALED_PENDING, member_id, secret, &sealed, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_TOTP_PENDING_SET,
		       PL_PARAMS(PL_INT("session_id", session_id),
				 PL_BLOB("secret", sealed.data, sealed.len),
				 PL_INT("expires_at", work->now + PL_TOTP_PENDING_SECONDS)),
		       work->err);
}

int pl_totp_begin(const struct pl_work *work, const struct pl_keys *seal,
		  const struct pl_account *account, int64_t session_id, struct pl_secret *secret_r)
{
	char text[PL_ADDRESS_MAX + 1];
	const int64_t id = account->member.id;
	struct factor pending;
	int ret = load_pending(work, seal, id, session_id, &pending);

	*secret_r = pending.secret;
	pl_secret_wipe(&pending.secret);
	if (ret == 0)
		ret = pl_random_base32(PL_TOTP_SECRET_BYTES, secret_r, work->err);
	if (ret >= 0 && set_pending(work, seal, id, session_id, secret_r) == 0)
		return 0;
	pl_secret_wipe(secret_r);
	return pl_error_prefix(work->err, "second factor of %s",
			       pl_address_format(&account->member.address, text));
}

/* ---- the code ---- */

static int is_code(const char *code)
{
	return strlen(code) == DIGITS && strspn(code, "0123456789") == DIGITS;
}

/* The newest step of the window that code fits, in *step_r; 1, 0 none, -1. All
 * steps are computed, whichever fits. */
static int match(const struct pl_secret *secret, const char *code, int64_t now, int64_t *step_r,
		 struct pl_error *err)
{
	const int64_t present = now / PL_TOTP_STEP;
	char *raw = NULL;
	size_t len = 0;
	int fits = 0, ret = OATH_OK;

	if (secret->len == 0 || !is_code(code))
		return 0;
	if (oath_base32_decode((const char *)secret->data, secret->len, &raw, &len) != OATH_OK)
		return pl_error_set(err, PL_ERR_INTERNAL, "the stored secret is no base32");
	for (int64_t step = present - 1; step <= present + 1 && ret == OATH_OK; step++) {
		char right[DIGITS + 1];

		ret = oath_totp_generate(raw, len, (time_t)(step * PL_TOTP_STEP), PL_TOTP_STEP, 0,
					 DIGITS, right);
		if (ret == OATH_OK && CRYPTO_memcmp(right, code, DIGITS) == 0) {
			fits = 1;
			*step_r = step;
		}
		OPENSSL_cleanse(right, sizeof(right));
	}
	OPENSSL_cleanse(raw, len);
	free(raw);
	return ret == OATH_OK
		       ? fits
		       : pl_error_set(err, PL_ERR_INTERNAL, "liboath: %s", oath_strerror(ret));
}

static int run_of_member(struct pl_store *store, enum pl_sql sql, int64_t member_id,
			 int64_t *count_r, struct pl_error *err)
{
	int64_t count = pl_exec_count(store, sql, PL_PARAMS(PL_INT("member_id", member_id)), err);

	if (count_r != NULL)
		*count_r = count;
	return count < 0 ? -1 : 0;
}

static int set_totp(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
		    const struct pl_secret *secret, int64_t step)
{
	struct pl_sealed sealed;

	if (pl_seal(seal, SEALED_TOTP, member_id, secret, &sealed, work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_TOTP_SET,
		       PL_PARAMS(PL_INT("member_id", member_id), PL_INT("now", work->now),
				 PL_TEXT("ip", work->actor.from),
				 PL_BLOB("secret", sealed.data, sealed.len), PL_INT("step", step)),
		       work->err);
}

/* The confirmed secret takes the place of the old one, and what depended on that ends: a trusted
 * device may have been lost with it. Recovery codes stand in for other kinds, too. */
static int replace(const struct pl_work *work, const struct pl_keys *seal,
		   struct pl_account *account, const struct pl_secret *secret, int64_t step,
		   const char *action)
{
	const unsigned int others = account->member.factor_kinds & ~PL_FACTOR_BIT(PL_FACTOR_TOTP);
	char text[PL_ADDRESS_MAX + 1];
	const int64_t id = account->member.id;

	if (set_totp(work, seal, id, secret, step) < 0 ||
	    run_of_member(work->store, PL_SQL_TRUSTED_DELETE_ALL, id, NULL, work->err) < 0 ||
	    (others == 0 &&
	     run_of_member(work->store, PL_SQL_RECOVERY_DELETE_ALL, id, NULL, work->err) < 0) ||
	    pl_factor_registered(work, account, PL_FACTOR_TOTP) < 0)
		return -1;
	return pl_audit_add(work, action, pl_address_format(&account->member.address, text), "",
			    "");
}

static int confirm(const struct pl_work *work, const struct pl_keys *seal,
		   struct pl_account *account, int64_t session_id, const char *code,
		   struct pl_code_answer *answer_r)
{
	struct factor pending;
	int64_t step, won = 0;
	int ret = load_pending(work, seal, account->member.id, session_id, &pending);

	if (ret == 1)
		ret = pl_factor_enter(work, account->member.id, answer_r);
	if (ret == 1) {
		answer_r->result = PL_CODE_WRONG;
		ret = match(&pending.secret, code, work->now, &step, work->err);
	}
	if (ret == 1)
		ret = run_of_member(work->store, PL_SQL_TOTP_PENDING_DELETE, account->member.id,
				    &won, work->err);
	if (won > 0) {
		answer_r->result = PL_CODE_RIGHT;
		ret = replace(work, seal, account, &pending.secret, step, "totp.register");
	}
	pl_secret_wipe(&pending.secret);
	return ret < 0 ? -1 : 0;
}

int pl_totp_confirm(const struct pl_work *work, const struct pl_keys *seal,
		    struct pl_account *account, int64_t session_id, const char *code,
		    struct pl_code_answer *answer_r)
{
	char text[PL_ADDRESS_MAX + 1];

	*answer_r = (struct pl_code_answer){ .result = PL_CODE_NONE };
	if (confirm(work, seal, account, session_id, code, answer_r) == 0)
		return 0;
	answer_r->result = PL_CODE_NONE;
	return pl_error_prefix(work->err, "second factor of %s",
			       pl_address_format(&account->member.address, text));
}

int pl_totp_import(const struct pl_work *work, const struct pl_keys *seal,
		   struct pl_account *account, const struct pl_secret *secret)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_factor_state state;
	int ret = pl_factor_state(work, account->member.id, &state);

	if (ret == 0 && state.kinds != 0)
		return 0;
	/* Nobody knows which of its codes the other program has taken. */
	if (ret == 0)
		ret = replace(work, seal, account, secret, 0, "totp.import");
	if (ret == 0)
		ret = pl_recovery_not_kept(work, account->member.id);
	return ret < 0 ? pl_error_prefix(work->err, "second factor of %s",
					 pl_address_format(&account->member.address, text))
		       : 1;
}

/* The one statement that lets one of several who offer the same code win. */
static int redeem_step(struct pl_store *store, int64_t member_id, int64_t step,
		       enum pl_code_result *result_r, struct pl_error *err)
{
	int64_t won;

	won = pl_exec_count(store, PL_SQL_TOTP_REDEEM_STEP,
			    PL_PARAMS(PL_INT("step", step), PL_INT("member_id", member_id)), err);
	if (won < 0)
		return -1;
	*result_r = won == 1 ? PL_CODE_RIGHT : PL_CODE_USED;
	return won == 1 ? pl_factor_clear(store, member_id, err) : 0;
}

static int redeem(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
		  const char *code, struct pl_code_answer *answer_r)
{
	struct pl_stmt *stmt;
	struct factor factor;
	int64_t step;
	int ret;

	stmt = pl_query(work->store, PL_SQL_TOTP_GET, PL_PARAMS(PL_INT("member_id", member_id)));
	ret = load(stmt, seal, SEALED_TOTP, member_id, &factor, work->err);
	if (ret == 1)
		ret = pl_factor_enter(work, member_id, answer_r);
	if (ret == 1) {
		answer_r->result = PL_CODE_WRONG;
		ret = match(&factor.secret, code, work->now, &step, work->err);
	}
	if (ret == 1)
		ret = redeem_step(work->store, member_id, step, &answer_r->result, work->err);
	pl_secret_wipe(&factor.secret);
	return ret < 0 ? -1 : 0;
}

int pl_totp_redeem_commit(const struct pl_work *work, const struct pl_keys *seal, int64_t member_id,
			  const char *code, struct pl_code_answer *answer_r)
{
	int ret = pl_store_begin_write(work->store, work->err);

	*answer_r = (struct pl_code_answer){ .result = PL_CODE_NONE };
	if (ret == 0)
		ret = redeem(work, seal, member_id, code, answer_r);
	return pl_factor_finish_commit(work, ret, answer_r);
}

int pl_totp_use_up(const struct pl_work *work)
{
	return pl_exec(work->store, PL_SQL_TOTP_USE_UP,
		       PL_PARAMS(PL_INT("step", work->now / PL_TOTP_STEP + 1)), work->err);
}

/* Appends text with all but RFC 3986's unreserved characters as %XX. */
static size_t put_escaped(char *buf, size_t size, size_t used, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0' && used + 4 <= size; text++) {
		if (strchr(plain, *text) != NULL)
			buf[used++] = *text;
		else
			used += (size_t)snprintf(buf + used, size - used, "%%%02X",
						 (unsigned char)*text);
	}
	buf[used] = '\0';
	return used;
}

char *pl_totp_uri(const char *issuer, const struct pl_address *address,
		  const struct pl_secret *secret, char *buf, size_t size)
{
	char text[PL_ADDRESS_MAX + 1];
	size_t used;

	snprintf(buf, size, "otpauth://totp/");
	used = put_escaped(buf, size, strlen(buf), issuer);
	used += (size_t)snprintf(buf + used, size - used, ":");
	used = put_escaped(buf, size, used, pl_address_format(address, text));
	used += (size_t)snprintf(buf + used, size - used,
				 "?secret=%s&issuer=", (const char *)secret->data);
	if (used < size)
		used = put_escaped(buf, size, used, issuer);
	if (used < size)
		snprintf(buf + used, size - used, "&algorithm=SHA1&digits=%d&period=%d", DIGITS,
			 PL_TOTP_STEP);
	return buf;
}
