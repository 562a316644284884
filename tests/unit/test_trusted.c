/* test_trusted.c - browsers that may leave out the second factor, and copies of their cookies. */
#include "tests/unit/fixture.h"

#include <time.h>

#include "policy/credential/trusted.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"
#define DAY INT64_C(86400)

/* A device of the member; its cookie in cookie_r. */
static struct pl_trusted add(struct fixture *fixture, const char *address,
			     struct pl_secret *cookie_r)
{
	const struct pl_address parsed = address_of(address);
	struct pl_trusted device = { .name = "Windows 10, Chrome" };

	strcpy(device.ip, "192.0.2.9");
	assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &parsed), &device,
					  cookie_r));
	return device;
}

static enum pl_trust peek(struct fixture *fixture, const struct pl_secret *cookie,
			  int64_t member_id, int64_t now)
{
	enum pl_trust trust;
	int64_t id = -1;

	assert_ok(fixture, pl_trusted_peek(work_at(fixture, now), cookie, member_id, &trust, &id));
	assert_int_equal(id != 0, trust != PL_TRUST_NONE);
	return trust;
}

static enum pl_trust use(struct fixture *fixture, const struct pl_secret *cookie, int64_t member_id,
			 int64_t now, struct pl_secret *cookie_r)
{
	struct pl_trusted device;
	enum pl_trust trust;

	assert_ok(fixture, pl_trusted_use(work_at(fixture, now), cookie, member_id, "192.0.2.10",
					  &trust, &device, cookie_r));
	assert_int_equal(device.id != 0, trust != PL_TRUST_NONE);
	return trust;
}

static void each_use_changes_the_value(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookies[4];
	const struct pl_trusted device = add(fixture, OWNER, &cookies[0]);
	int64_t now = device.created_at;

	for (int i = 0; i < 3; i++) {
		now += DAY;
		assert_int_equal(peek(fixture, &cookies[i], device.member_id, now), PL_TRUST_VALID);
		assert_int_equal(use(fixture, &cookies[i], device.member_id, now, &cookies[i + 1]),
				 PL_TRUST_VALID);
		assert_int_equal(cookies[i + 1].len, cookies[i].len);
		assert_memory_not_equal(cookies[i + 1].data, cookies[i].data, cookies[i].len);
	}
	assert_int_equal(sql_int(fixture->db, "SELECT used_at FROM trusted_device"), now);
	assert_int_equal(sql_int(fixture->db,
				 "SELECT COUNT(*) FROM trusted_device WHERE ip = '192.0.2.10'"),
			 1);
}

/* Thief and owner alike lose the trust, whoever comes first. */
static void stale_value_means_theft_and_ends_the_series(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret stolen, present, next;
	const struct pl_trusted device = add(fixture, OWNER, &stolen);
	int64_t id = device.member_id, now = device.created_at + DAY;

	assert_int_equal(use(fixture, &stolen, id, now, &present), PL_TRUST_VALID);
	now += PL_TRUSTED_GRACE + 1;
	assert_int_equal(peek(fixture, &stolen, id, now), PL_TRUST_STOLEN);
	assert_int_equal(peek(fixture, &present, id, now),
			 PL_TRUST_VALID); /* a look changes nothing */
	assert_int_equal(use(fixture, &stolen, id, now, &next), PL_TRUST_STOLEN);
	assert_int_equal(next.len, 0);
	assert_int_equal(use(fixture, &present, id, now, &next), PL_TRUST_NONE);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM audit WHERE "
					      "action = 'trusted-device.stolen'"),
			 1);
}

static void two_requests_at_once_are_no_theft(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret first, second, parallel, third;
	const struct pl_trusted device = add(fixture, OWNER, &first);
	int64_t id = device.member_id, now = device.created_at + DAY;

	assert_int_equal(use(fixture, &first, id, now, &second), PL_TRUST_VALID);
	assert_int_equal(use(fixture, &first, id, now + PL_TRUSTED_GRACE, &parallel),
			 PL_TRUST_VALID);
	assert_int_equal(parallel.len, 0); /* the browser keeps the second */
	now += DAY;
	assert_int_equal(use(fixture, &second, id, now, &third), PL_TRUST_VALID);
	/* The value before the last is good no longer, however soon. */
	assert_int_equal(peek(fixture, &first, id, now), PL_TRUST_STOLEN);
}

static void unused_device_has_no_value_before(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie, forged;
	const struct pl_trusted device = add(fixture, OWNER, &cookie);
	const char *dot = memchr(cookie.data, '.', cookie.len);

	pl_secret_set(&forged, cookie.data, (size_t)(dot - (const char *)cookie.data) + 1);
	assert_int_equal(peek(fixture, &forged, device.member_id, device.created_at),
			 PL_TRUST_STOLEN);
}

static void other_cookies_are_no_trust(void **state)
{
	static const char *const texts[] = { "", ".", "pl_td_x.y", "no-dot", "..." };
	struct fixture *fixture = *state;
	struct pl_secret cookie, wrong;
	const struct pl_trusted device = add(fixture, OWNER, &cookie);

	for (size_t i = 0; i < COUNT(texts); i++) {
		pl_secret_set(&wrong, texts[i], strlen(texts[i]));
		assert_int_equal(peek(fixture, &wrong, device.member_id, device.created_at),
				 PL_TRUST_NONE);
	}
	wrong = cookie;
	wrong.data[8] ^= 1; /* of the series */
	assert_int_equal(peek(fixture, &wrong, device.member_id, device.created_at), PL_TRUST_NONE);
	memset(wrong.data, '.', PL_SECRET_MAX);
	wrong.len = PL_SECRET_MAX;
	assert_int_equal(peek(fixture, &wrong, device.member_id, device.created_at), PL_TRUST_NONE);
}

static void trust_is_of_one_member(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie, others, next;
	const struct pl_trusted device = add(fixture, OWNER, &cookie);
	const struct pl_trusted other = add(fixture, OTHER, &others);

	assert_int_equal(peek(fixture, &cookie, other.member_id, device.created_at), PL_TRUST_NONE);
	assert_int_equal(use(fixture, &cookie, other.member_id, device.created_at, &next),
			 PL_TRUST_NONE);
	assert_int_equal(peek(fixture, &cookie, device.member_id, device.created_at),
			 PL_TRUST_VALID);
	assert_int_equal(peek(fixture, &others, other.member_id, device.created_at),
			 PL_TRUST_VALID);
}

static void trust_ends_after_thirty_days(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_trusted greedy = { .expires_at = time(NULL) + 365 * DAY };
	struct pl_secret cookie;
	struct pl_trusted device = add(fixture, OWNER, &cookie);
	int64_t end = device.created_at + 30 * DAY;

	assert_int_equal(device.expires_at, end);
	assert_int_equal(peek(fixture, &cookie, device.member_id, end - 1), PL_TRUST_VALID);
	assert_int_equal(peek(fixture, &cookie, device.member_id, end), PL_TRUST_NONE);
	assert_ok(fixture, pl_trusted_add(work_of(fixture), account_at(fixture, &address), &greedy,
					  &cookie));
	assert_int_equal(greedy.expires_at, greedy.created_at + 30 * DAY);
	assert_ok(fixture, prune_at(fixture, end + DAY));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM trusted_device"), 0);
}

static int count_device(const struct pl_trusted *device, void *context)
{
	(void)device;
	++*(int *)context;
	return 0;
}

static int listed(struct fixture *fixture, int64_t member_id, int64_t now)
{
	int count = 0;

	assert_ok(fixture, pl_trusted_list(work_at(fixture, now), member_id, count_device, &count));
	return count;
}

static void raised_generation_ends_all_trust(void **state)
{
	const struct pl_address address = address_of(OWNER);
	struct fixture *fixture = *state;
	struct pl_secret cookie, others;
	const struct pl_trusted device = add(fixture, OWNER, &cookie);
	const struct pl_trusted other = add(fixture, OTHER, &others);

	assert_ok(fixture, pl_session_revoke_all(work_of(fixture), account_at(fixture, &address)));
	assert_int_equal(peek(fixture, &cookie, device.member_id, device.created_at),
			 PL_TRUST_NONE);
	assert_int_equal(listed(fixture, device.member_id, device.created_at), 0);
	assert_int_equal(peek(fixture, &others, other.member_id, device.created_at),
			 PL_TRUST_VALID);
	add(fixture, OWNER, &cookie);
	assert_int_equal(peek(fixture, &cookie, device.member_id, device.created_at),
			 PL_TRUST_VALID);
	assert_ok(fixture, prune_at(fixture, device.created_at));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM trusted_device"), 2);
}

static void removed_device_is_trusted_no_longer(void **state)
{
	const struct pl_address owner = address_of(OWNER), other = address_of(OTHER);
	struct fixture *fixture = *state;
	struct pl_secret first, second, others;
	const struct pl_trusted device = add(fixture, OWNER, &first);
	int64_t now = device.created_at, id = device.member_id;

	add(fixture, OWNER, &second);
	add(fixture, OTHER, &others);
	assert_int_equal(pl_trusted_remove(work_of(fixture), account_at(fixture, &other),
					   device.id),
			 0);
	assert_int_equal(peek(fixture, &first, id, now), PL_TRUST_VALID);
	assert_int_equal(pl_trusted_remove(work_of(fixture), account_at(fixture, &owner),
					   device.id),
			 1);
	assert_int_equal(peek(fixture, &first, id, now), PL_TRUST_NONE);
	assert_int_equal(peek(fixture, &second, id, now), PL_TRUST_VALID);
	add(fixture, OWNER, &first);
	assert_int_equal(listed(fixture, id, now), 2);
	assert_int_equal(pl_trusted_remove(work_of(fixture), account_at(fixture, &owner), 0), 2);
	assert_int_equal(listed(fixture, id, now), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM trusted_device"), 1);
}

static void stored_device_is_no_cookie(void **state)
{
	struct fixture *fixture = *state;
	struct pl_secret cookie, next;
	const struct pl_trusted device = add(fixture, OWNER, &cookie);
	const char *dot;

	assert_int_equal(use(fixture, &cookie, device.member_id, device.created_at, &next),
			 PL_TRUST_VALID);
	assert_true(database_holds(fixture, "Windows 10, Chrome"));
	dot = memchr(next.data, '.', next.len);
	assert_false(database_holds(fixture, dot + 1));
	next.data[dot - (const char *)next.data] = '\0';
	assert_false(database_holds(fixture, (const char *)next.data + strlen("pl_td_")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(each_use_changes_the_value),
		TEST_WITH_DATABASE(stale_value_means_theft_and_ends_the_series),
		TEST_WITH_DATABASE(two_requests_at_once_are_no_theft),
		TEST_WITH_DATABASE(unused_device_has_no_value_before),
		TEST_WITH_DATABASE(other_cookies_are_no_trust),
		TEST_WITH_DATABASE(trust_is_of_one_member),
		TEST_WITH_DATABASE(trust_ends_after_thirty_days),
		TEST_WITH_DATABASE(raised_generation_ends_all_trust),
		TEST_WITH_DATABASE(removed_device_is_trusted_no_longer),
		TEST_WITH_DATABASE(stored_device_is_no_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
