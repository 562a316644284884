/* factor.c - see factor.h. */
#include "tests/unit/factor.h"

#include <liboath/oath.h>
#include <stdlib.h>

const char *code_at(const struct pl_secret *secret, int64_t at, char buf[8])
{
	char *raw;
	size_t len;

	assert_int_equal(oath_base32_decode((const char *)secret->data, secret->len, &raw, &len),
			 OATH_OK);
	assert_int_equal(oath_totp_generate(raw, len, (time_t)at, STEP, 0, 6, buf), OATH_OK);
	free(raw);
	return buf;
}

int64_t open_pending(struct fixture *fixture, const char *address, int64_t now)
{
	const struct pl_address parsed = address_of(address);
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL, .pending = 1 };
	struct pl_secret cookie;

	assert_ok(fixture, pl_session_open(work_at(fixture, now), account_at(fixture, &parsed),
					   &session, &cookie));
	return session.id;
}

int64_t newest_session(struct fixture *fixture, int64_t member_id)
{
	char sql[96];

	snprintf(sql, sizeof(sql),
		 "SELECT COALESCE(MAX(id), 0) FROM session WHERE member_id = %lld",
		 (long long)member_id);
	return sql_int(fixture->db, sql);
}

int64_t begin(struct fixture *fixture, const char *address, int64_t now, struct pl_secret *secret_r)
{
	const struct pl_address parsed = address_of(address);
	int64_t session_id = newest_session(fixture, account_of(fixture, address).member.id);
	struct pl_account *account;

	if (session_id == 0)
		session_id = open_pending(fixture, address, now);
	account = account_at(fixture, &parsed);
	assert_ok(fixture, pl_totp_begin(work_at(fixture, now), fixture->keys, account, session_id,
					 secret_r));
	return account->member.id;
}

enum pl_code_result confirm(struct fixture *fixture, const char *address, const char *code,
			    int64_t now)
{
	const struct pl_address parsed = address_of(address);
	const int64_t session_id = newest_session(fixture, account_of(fixture, address).member.id);
	struct pl_code_answer answer;

	assert_ok(fixture, pl_store_begin_write(fixture->store, &fixture->err));
	assert_ok(fixture,
		  pl_totp_confirm(work_at(fixture, now), fixture->keys,
				  account_at(fixture, &parsed), session_id, code, &answer));
	assert_ok(fixture, pl_store_commit(fixture->store, &fixture->err));
	return answer.result;
}

enum pl_code_result take(struct fixture *fixture, int64_t member_id, const char *code, int64_t now,
			 int64_t *wait_r)
{
	struct pl_code_answer answer;

	assert_ok(fixture, pl_totp_redeem_commit(work_at(fixture, now), fixture->keys, member_id,
						 code, &answer));
	if (wait_r != NULL)
		*wait_r = answer.wait;
	return answer.result;
}

int64_t register_factor(struct fixture *fixture, const char *address, int64_t now,
			struct pl_secret *secret_r)
{
	int64_t member_id = begin(fixture, address, now, secret_r);
	char code[8];

	assert_int_equal(confirm(fixture, address, code_at(secret_r, now, code), now),
			 PL_CODE_RIGHT);
	return member_id;
}

const char *wrong_code(const struct pl_secret *secret, int64_t now, char buf[8])
{
	char right[3][8];

	for (int i = 0; i < 3; i++)
		code_at(secret, now + (i - 1) * STEP, right[i]);
	for (int n = 0; n < 4; n++) {
		snprintf(buf, 8, "%06d", n);
		if (strcmp(buf, right[0]) != 0 && strcmp(buf, right[1]) != 0 &&
		    strcmp(buf, right[2]) != 0)
			break;
	}
	return buf;
}

int64_t fail_codes(struct fixture *fixture, int64_t member_id, int times, int64_t now)
{
	for (int i = 0; i < times; i++) {
		enum pl_code_result result;
		int64_t wait;

		/* Not six digits: wrong at every time. */
		result = take(fixture, member_id, "12345", now, &wait);
		if (result == PL_CODE_WAIT) {
			now += wait;
			result = take(fixture, member_id, "12345", now, &wait);
		}
		assert_int_equal(result, PL_CODE_WRONG);
	}
	return now;
}
