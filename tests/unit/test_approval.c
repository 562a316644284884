/* test_approval.c - phones that approve sign-ins: their keys, registrations, and requests. */
#include "tests/unit/fixture.h"

#include <sys/stat.h>

#include "policy/approval/enrolment.h"
#include "policy/approval/push.h"
#include "policy/approval/request.h"

#define OWNER "owner@example.test"
#define OTHER "other@example.test"
#define NOW INT64_C(1800000000)

/* RFC 6979 A.2.5: the key, and its signature of "sample" with SHA-256. */
static const unsigned char key_of_rfc[PL_DEVICE_KEY_BYTES] =
	"\x04\x60\xFE\xD4\xBA\x25\x5A\x9D\x31\xC9\x61\xEB\x74\xC6\x35\x6D\x68\xC0\x49\xB8\x92\x3B"
	"\x61\xFA\x6C\xE6\x69\x62\x2E\x60\xF2\x9F\xB6\x79\x03\xFE\x10\x08\xB8\xBC\x99\xA4\x1A\xE9"
	"\xE9\x56\x28\xBC\x64\xF2\xF1\xB2\x0C\x2D\x7E\x9F\x51\x77\xA3\xC2\x94\xD4\x46\x22\x99";
static const unsigned char signature_of_rfc[PL_DEVICE_SIGNATURE_BYTES] =
	"\xEF\xD4\x8B\x2A\xAC\xB6\xA8\xFD\x11\x40\xDD\x9C\xD4\x5E\x81\xD6\x9D\x2C\x87\x7B\x56\xAA"
	"\xF9\x91\xC3\x4D\x0E\xA8\x4E\xAF\x37\x16\xF7\xCB\x1C\x94\x2D\x65\x7C\x41\xD4\x36\xC7\xA1"
	"\xB6\xE2\x9F\x65\xF3\xE9\x00\xDB\xB9\xAF\xF4\x06\x4D\xC4\xAB\x2F\x84\x3A\xCD\xA8";

static void signature_is_of_one_key_and_one_text(void **state)
{
	unsigned char key[PL_DEVICE_KEY_BYTES], signature[PL_DEVICE_SIGNATURE_BYTES];

	(void)state;
	assert_true(pl_device_key_is_valid(key_of_rfc));
	assert_true(pl_device_key_verify(key_of_rfc, "sample", 6, signature_of_rfc));
	assert_false(pl_device_key_verify(key_of_rfc, "Sample", 6, signature_of_rfc));
	assert_false(pl_device_key_verify(key_of_rfc, "sample", 5, signature_of_rfc));
	for (size_t i = 0; i < sizeof(signature); i += 7) {
		memcpy(signature, signature_of_rfc, sizeof(signature));
		signature[i] ^= 1;
		assert_false(pl_device_key_verify(key_of_rfc, "sample", 6, signature));
	}
	for (size_t i = 0; i < sizeof(key); i += 16) {
		memcpy(key, key_of_rfc, sizeof(key));
		key[i] ^= 1;
		assert_false(pl_device_key_is_valid(key));
		assert_false(pl_device_key_verify(key, "sample", 6, signature_of_rfc));
	}
	memset(signature, 0, sizeof(signature));
	assert_false(pl_device_key_verify(key_of_rfc, "sample", 6, signature));
}

/* Phones are the portal's. */
static int make_portal(void **state)
{
	const int ret = make_database(state);

	if (ret == 0)
		reopen(*state, PL_ROLE_PORTAL);
	return ret;
}

#define TEST_OF_PORTAL(test) cmocka_unit_test_setup_teardown(test, make_portal, remove_all)

static struct pl_session open_session(struct fixture *fixture, const char *address, int64_t now)
{
	const struct pl_address parsed = address_of(address);
	struct pl_session session = { .channel = PL_CHANNEL_WEBMAIL, .pending = 1 };
	struct pl_secret cookie;

	assert_ok(fixture, pl_session_open(work_at(fixture, now), account_at(fixture, &parsed),
					   &session, &cookie));
	return session;
}

/* One of the numbered ones: what it is a point of does not matter to the rows. */
static struct pl_approval_device phone(int number)
{
	struct pl_approval_device device = { .name = "phone", .created_ip = "192.0.2.8" };

	memset(device.key, number, sizeof(device.key));
	return device;
}

static struct pl_enrolment_offer begin(struct fixture *fixture, const char *address,
				       int64_t session_id, int64_t now)
{
	const struct pl_address parsed = address_of(address);
	struct pl_enrolment_offer offer;

	assert_ok(fixture, pl_enrolment_begin(work_at(fixture, now), fixture->keys,
					      account_at(fixture, &parsed), session_id, &offer));
	return offer;
}

static enum pl_enrolment_claimed claim_code(struct fixture *fixture, const char *address,
					    const char *code, int number, int64_t now)
{
	const struct pl_address parsed = address_of(address);
	const struct pl_approval_device device = phone(number);
	enum pl_enrolment_claimed claimed;

	assert_ok(fixture, pl_enrolment_claim_code_commit(work_at(fixture, now), fixture->keys,
							  &parsed, code, &device, &claimed));
	return claimed;
}

static enum pl_enrolment_confirmed confirm(struct fixture *fixture, const char *address,
					   int64_t session_id, const char *number, int64_t now)
{
	const struct pl_address parsed = address_of(address);
	enum pl_enrolment_confirmed confirmed;

	assert_ok(fixture, pl_enrolment_confirm(work_at(fixture, now), account_at(fixture, &parsed),
						session_id, number, &confirmed));
	return confirmed;
}

/* Registers a phone for the member; as it stands in the database. */
static struct pl_approval_device registered(struct fixture *fixture, const char *address,
					    int number)
{
	const struct pl_session session = open_session(fixture, address, NOW);
	const struct pl_enrolment_offer offer = begin(fixture, address, session.id, NOW);
	struct pl_approval_device device = phone(number);
	struct pl_enrolment enrolment;

	assert_int_equal(claim_code(fixture, address, offer.code, number, NOW),
			 PL_ENROLMENT_CLAIMED);
	assert_int_equal(pl_enrolment_of_key(work_at(fixture, NOW), device.key, &enrolment), 1);
	assert_int_equal(confirm(fixture, address, session.id, enrolment.number, NOW),
			 PL_ENROLMENT_CONFIRMED);
	assert_int_equal(pl_approval_device_by_key(work_at(fixture, NOW), device.key, &device), 1);
	return device;
}

static void claim_needs_the_word_of_the_browser_that_began(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_session session = open_session(fixture, OWNER, NOW);
	const struct pl_session other = open_session(fixture, OWNER, NOW);
	const struct pl_enrolment_offer offer = begin(fixture, OWNER, session.id, NOW);
	struct pl_approval_device device = phone(7);
	enum pl_enrolment_claimed claimed;
	struct pl_enrolment enrolment;

	assert_ok(fixture, pl_enrolment_claim_commit(work_at(fixture, NOW), offer.secret, &device,
						     &claimed));
	assert_int_equal(claimed, PL_ENROLMENT_CLAIMED);
	device = phone(8);
	assert_ok(fixture, pl_enrolment_claim_commit(work_at(fixture, NOW), offer.secret, &device,
						     &claimed));
	assert_int_equal(claimed, PL_ENROLMENT_WRONG);
	assert_int_equal(claim_code(fixture, OWNER, offer.code, 9, NOW), PL_ENROLMENT_WRONG);
	device = phone(7);
	assert_int_equal(pl_approval_device_by_key(work_at(fixture, NOW), device.key, &device), 0);
	assert_int_equal(pl_enrolment_of_session(work_at(fixture, NOW), session.id, &enrolment), 1);
	assert_int_equal(confirm(fixture, OWNER, session.id, "", NOW), PL_ENROLMENT_GONE);
	assert_int_equal(confirm(fixture, OWNER, other.id, enrolment.number, NOW),
			 PL_ENROLMENT_GONE);
	assert_int_equal(confirm(fixture, OWNER, session.id, enrolment.number,
				 NOW + PL_ENROLMENT_SECONDS),
			 PL_ENROLMENT_GONE);
	assert_int_equal(confirm(fixture, OWNER, session.id, enrolment.number, NOW),
			 PL_ENROLMENT_CONFIRMED);
	assert_int_equal(account_of(fixture, OWNER).member.factor_kinds,
			 PL_FACTOR_BIT(PL_FACTOR_APPROVAL));
	/* The same phone once more. */
	begin(fixture, OWNER, other.id, NOW);
	assert_int_equal(claim_code(fixture, OTHER, offer.code, 7, NOW), PL_ENROLMENT_WRONG);
}

static void third_wrong_code_ends_it(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_session session = open_session(fixture, OWNER, NOW);
	const struct pl_enrolment_offer offer = begin(fixture, OWNER, session.id, NOW);
	char wrong[sizeof(offer.code)];

	memcpy(wrong, offer.code, sizeof(wrong));
	wrong[0] = wrong[0] == '0' ? '1' : '0';
	for (int i = 1; i < PL_ENROLMENT_TRIES; i++)
		assert_int_equal(claim_code(fixture, OWNER, wrong, 7, NOW), PL_ENROLMENT_WRONG);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM approval_enrolment"), 1);
	assert_int_equal(claim_code(fixture, OWNER, wrong, 7, NOW), PL_ENROLMENT_WRONG);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM approval_enrolment"), 0);
	assert_int_equal(claim_code(fixture, OWNER, offer.code, 7, NOW), PL_ENROLMENT_WRONG);
}

static void guesses_of_all_members_are_capped_for_a_while(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_session session = open_session(fixture, OWNER, NOW);
	struct pl_enrolment_offer offer = begin(fixture, OWNER, session.id, NOW);

	for (int i = 0; i < PL_ENROLMENT_ALL_TRIES; i++)
		assert_int_equal(claim_code(fixture, OTHER, "00000", 7, NOW), PL_ENROLMENT_WRONG);
	assert_int_equal(claim_code(fixture, OWNER, offer.code, 7, NOW), PL_ENROLMENT_TOO_MANY);
	offer = begin(fixture, OWNER, session.id, NOW + PL_ENROLMENT_SECONDS);
	assert_int_equal(claim_code(fixture, OWNER, offer.code, 7, NOW + PL_ENROLMENT_SECONDS),
			 PL_ENROLMENT_CLAIMED);
}

static void stored_registration_holds_neither_secret_nor_code(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_session session = open_session(fixture, OWNER, NOW);
	const struct pl_enrolment_offer offer = begin(fixture, OWNER, session.id, NOW);
	char secret[PL_ENROLMENT_SECRET_BYTES + 1] = "";

	memcpy(secret, offer.secret, PL_ENROLMENT_SECRET_BYTES);
	assert_false(strlen(secret) > 8 && database_holds(fixture, secret));
	assert_false(database_holds(fixture, offer.code));
}

static enum pl_approval_begun ask(struct fixture *fixture, const struct pl_session *session,
				  int64_t now, struct pl_approval_request *request_r)
{
	enum pl_approval_begun begun;

	assert_ok(fixture, pl_approval_begin(work_at(fixture, now), session, "192.0.2.7", "Chrome",
					     request_r, &begun));
	return begun;
}

static enum pl_approval_answered approve(struct fixture *fixture,
					 const struct pl_approval_device *device,
					 const struct pl_approval_request *request, int number,
					 int64_t now)
{
	enum pl_approval_answered answered;

	assert_ok(fixture, pl_approval_approve_commit(work_at(fixture, now), device, request->nonce,
						      number, &answered));
	return answered;
}

static enum pl_approval_answered deny(struct fixture *fixture,
				      const struct pl_approval_device *device,
				      const struct pl_approval_request *request, int64_t now)
{
	enum pl_approval_answered answered;
	struct pl_session session;

	assert_ok(fixture, pl_approval_deny_commit(work_at(fixture, now), device, request->nonce,
						   &session, &answered));
	return answered;
}

static int redeem(struct fixture *fixture, const struct pl_session *session, int64_t now)
{
	int ret = pl_approval_redeem(work_at(fixture, now), session);

	assert_ok(fixture, ret);
	return ret;
}

static void approval_is_redeemed_once_by_its_session_in_time(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_approval_device device = registered(fixture, OWNER, 7);
	const struct pl_approval_device theirs = registered(fixture, OTHER, 8);
	const struct pl_session session = open_session(fixture, OWNER, NOW);
	const struct pl_session other = open_session(fixture, OWNER, NOW);
	struct pl_session authenticated = session;
	struct pl_approval_request request;

	assert_int_equal(ask(fixture, &session, NOW, &request), PL_APPROVAL_BEGUN);
	assert_in_range(request.number, 10, 99);
	assert_int_equal(redeem(fixture, &session, NOW), 0);
	assert_int_equal(approve(fixture, &theirs, &request, request.number, NOW),
			 PL_APPROVAL_GONE);
	assert_int_equal(approve(fixture, &device, &request, request.number,
				 NOW + PL_APPROVAL_SECONDS),
			 PL_APPROVAL_GONE);
	assert_int_equal(approve(fixture, &device, &request, request.number, NOW),
			 PL_APPROVAL_ANSWERED);
	assert_int_equal(approve(fixture, &device, &request, request.number, NOW),
			 PL_APPROVAL_GONE);
	authenticated.pending = 0;
	assert_int_equal(redeem(fixture, &other, NOW), 0);
	assert_int_equal(redeem(fixture, &authenticated, NOW), 0);
	assert_int_equal(redeem(fixture, &session, NOW + PL_APPROVAL_SECONDS), 0);
	assert_int_equal(redeem(fixture, &session, NOW), 1);
	assert_int_equal(redeem(fixture, &session, NOW), 0);
}

static void wrong_number_and_denial_are_final(void **state)
{
	struct fixture *fixture = *state;
	const struct pl_approval_device device = registered(fixture, OWNER, 7);
	const struct pl_session session = open_session(fixture, OWNER, NOW);
	struct pl_approval_request request;

	assert_int_equal(ask(fixture, &session, NOW, &request), PL_APPROVAL_BEGUN);
	assert_int_equal(approve(fixture, &device, &request, 109 - request.number, NOW),
			 PL_APPROVAL_WRONG_NUMBER);
	assert_int_equal(approve(fixture, &device, &request, request.number, NOW),
			 PL_APPROVAL_GONE);
	assert_int_equal(redeem(fixture, &session, NOW), 0);
	assert_int_equal(ask(fixture, &session, NOW, &request), PL_APPROVAL_BEGUN);
	assert_int_equal(approve(fixture, &device, &request, request.number, NOW),
			 PL_APPROVAL_ANSWERED);
	assert_int_equal(deny(fixture, &device, &request, NOW), PL_APPROVAL_ANSWERED);
	assert_int_equal(redeem(fixture, &session, NOW), 0);
	assert_int_equal(deny(fixture, &device, &request, NOW), PL_APPROVAL_GONE);
	assert_int_equal(sql_int(fixture->db, "SELECT generation FROM session ORDER BY id DESC"),
			 -1);
}

static void requests_are_few_and_counted_beyond_their_sessions(void **state)
{
	struct fixture *fixture = *state;
	const int64_t step = PL_APPROVAL_SECONDS;
	struct pl_approval_request request, again;
	struct pl_session session;

	registered(fixture, OWNER, 7);
	session = open_session(fixture, OTHER, NOW);
	assert_int_equal(ask(fixture, &session, NOW, &request), PL_APPROVAL_NONE);
	for (int i = 0; i < PL_APPROVAL_REQUESTS; i++) {
		session = open_session(fixture, OWNER, NOW + i * step);
		assert_int_equal(ask(fixture, &session, NOW + i * step, &request),
				 PL_APPROVAL_BEGUN);
		assert_int_equal(ask(fixture, &session, NOW + i * step, &again), PL_APPROVAL_BEGUN);
		assert_memory_equal(request.nonce, again.nonce, sizeof(again.nonce));
	}
	session = open_session(fixture, OWNER, NOW + 2 * step);
	assert_int_equal(ask(fixture, &session, NOW + 2 * step, &request), PL_APPROVAL_BUSY);
	sql_run(fixture->db, "DELETE FROM session");
	session = open_session(fixture, OWNER, NOW + 3 * step);
	assert_int_equal(ask(fixture, &session, NOW + 3 * step, &request), PL_APPROVAL_TOO_MANY);
	session = open_session(fixture, OWNER, NOW + PL_APPROVAL_PERIOD);
	assert_int_equal(ask(fixture, &session, NOW + PL_APPROVAL_PERIOD, &request),
			 PL_APPROVAL_BEGUN);
}

static void addresses_are_those_of_the_services_that_the_operator_names(void **state)
{
	static const char services[] = "push.example, *.example.net,push2.example";
	static const char *const right[] = { "https://push.example/a", "https://push2.example/",
					     "https://a.b.example.net/x?y=z",
					     "https://push.example/%20" };
	static const char *const wrong[] = {
		"https://push.example",
		"https://push.example:443/",
		"https://x@push.example/",
		"http://push.example/",
		"https://example.net/",
		"https://xexample.net/",
		"https://push.example.net2/",
		"https://push.exampl/",
		"https://push.example2/",
		"https://.example.net/",
		"https:///",
		"https://PUSH.example/",
		"https://push.example/ ",
		"https://push.example/#",
		"https://push.example/\n",
		"",
	};
	char host[PL_PUSH_HOST + 1], longest[PL_PUSH_ENDPOINT + 2];

	(void)state;
	for (size_t i = 0; i < COUNT(right); i++)
		assert_true(pl_push_is_allowed(services, right[i], NULL));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(pl_push_is_allowed(services, wrong[i], NULL));
	assert_false(pl_push_is_allowed("", right[0], NULL));
	assert_true(pl_push_is_allowed(services, "https://a.b.example.net/x", host));
	assert_string_equal(host, "a.b.example.net");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://push.example/", strlen("https://push.example/"));
	longest[PL_PUSH_ENDPOINT + 1] = '\0';
	assert_false(pl_push_is_allowed(services, longest, NULL));
	longest[PL_PUSH_ENDPOINT] = '\0';
	assert_true(pl_push_is_allowed(services, longest, NULL));
}

static int64_t pushes(struct fixture *fixture)
{
	return sql_int(fixture->db, "SELECT COUNT(*) FROM outbox WHERE kind = 'push'");
}

static void phones_that_have_an_address_are_woken_with_each_request(void **state)
{
	static const char endpoint[] = "https://push.example/a";
	struct fixture *fixture = *state;
	const struct pl_approval_device device = registered(fixture, OWNER, 7);
	struct pl_session session = open_session(fixture, OWNER, NOW);
	struct pl_approval_request request;
	struct pl_message message;
	char found[PL_PUSH_ENDPOINT + 1];

	assert_int_equal(ask(fixture, &session, NOW, &request), PL_APPROVAL_BEGUN);
	assert_int_equal(pushes(fixture), 0);
	sql_run(fixture->db, "DELETE FROM session");
	assert_ok(fixture, pl_push_set(work_at(fixture, NOW), &device, endpoint));
	session = open_session(fixture, OWNER, NOW + 300);
	assert_int_equal(ask(fixture, &session, NOW + 300, &request), PL_APPROVAL_BEGUN);
	assert_int_equal(ask(fixture, &session, NOW + 300, &request), PL_APPROVAL_BEGUN);
	assert_int_equal(pushes(fixture), 1);

	sql_run(fixture->db, "DELETE FROM outbox WHERE kind <> 'push'");
	reopen(fixture, PL_ROLE_SENDER);
	assert_int_equal(pl_outbox_due(work_at(fixture, NOW + 300), PL_OUTBOX_NEW, &message, 1), 1);
	assert_int_equal(pl_push_endpoint(work_at(fixture, NOW + 300), &message, found), 1);
	assert_string_equal(found, endpoint);
	assert_ok(fixture, pl_push_forget(work_at(fixture, NOW + 300), &message));
	assert_int_equal(pl_push_endpoint(work_at(fixture, NOW + 300), &message, found), 0);
	assert_int_equal(pl_outbox_due(work_at(fixture, NOW + 300 + PL_APPROVAL_SECONDS),
				       PL_OUTBOX_NEW, &message, 1),
			 0);
}

static void key_for_push_services_is_made_once_and_opened_with_the_outbox_key(void **state)
{
	struct fixture *fixture = *state;
	struct pl_signing_key first, second;
	struct pl_work work = *work_at(fixture, NOW);

	assert_int_equal(pl_push_key_get(&work, &first), 0);
	assert_int_equal(pl_push_key_make(&work, &first), -1);
	assert_string_equal(fixture->err.msg,
			    "phones can be woken only with the outbox key (outbox_key)");
	work.outbox = fixture->keys;
	assert_ok(fixture, pl_push_key_make(&work, &first));
	assert_ok(fixture, pl_push_key_make(&work, &second));
	assert_int_equal(first.secret.len, second.secret.len);
	assert_memory_equal(first.secret.data, second.secret.data, first.secret.len);
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM web_push_key"), 1);
	work.outbox = NULL;
	assert_int_equal(pl_push_key_get(&work, &second), -1);
}

static void key_for_push_services_is_made_anew_when_the_outbox_key_is_lost(void **state)
{
	static const char text[] =
		"2 ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	struct fixture *fixture = *state;
	struct pl_signing_key first, second, third;
	struct pl_work work = *work_at(fixture, NOW);
	struct pl_keys *other;

	work.outbox = fixture->keys;
	assert_ok(fixture, pl_push_key_make(&work, &first));
	write_file(path_in(fixture, "other.key"), text, strlen(text));
	assert_int_equal(chmod(path_in(fixture, "other.key"), 0600), 0);
	assert_ok(fixture, pl_keys_load(path_in(fixture, "other.key"), &other, &fixture->err));
	work.outbox = other;
	assert_int_equal(pl_push_key_get(&work, &second), 0);
	assert_ok(fixture, pl_push_key_make(&work, &second));
	assert_int_equal(sql_int(fixture->db, "SELECT COUNT(*) FROM web_push_key"), 1);
	assert_int_equal(pl_push_key_get(&work, &third), 1);
	assert_int_equal(second.secret.len, third.secret.len);
	assert_memory_equal(second.secret.data, third.secret.data, third.secret.len);
	pl_keys_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signature_is_of_one_key_and_one_text),
		TEST_OF_PORTAL(claim_needs_the_word_of_the_browser_that_began),
		TEST_OF_PORTAL(third_wrong_code_ends_it),
		TEST_OF_PORTAL(guesses_of_all_members_are_capped_for_a_while),
		TEST_OF_PORTAL(stored_registration_holds_neither_secret_nor_code),
		TEST_OF_PORTAL(approval_is_redeemed_once_by_its_session_in_time),
		TEST_OF_PORTAL(wrong_number_and_denial_are_final),
		TEST_OF_PORTAL(requests_are_few_and_counted_beyond_their_sessions),
		cmocka_unit_test(addresses_are_those_of_the_services_that_the_operator_names),
		TEST_OF_PORTAL(phones_that_have_an_address_are_woken_with_each_request),
		TEST_OF_PORTAL(key_for_push_services_is_made_once_and_opened_with_the_outbox_key),
		TEST_OF_PORTAL(key_for_push_services_is_made_anew_when_the_outbox_key_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
