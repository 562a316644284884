/* test_member_bulk.c - many members at once become what each would become alone. */
#include "tests/unit/fixture.h"

#include <stdlib.h>

#include "policy/account/member_bulk.h"
#include "policy/store/insert_many.h"

#define MEMBERS 6500 /* more than one portion */

struct file {
	struct fixture *fixture;
	struct pl_address address[MEMBERS + 1];
	struct pl_change change[2];
	struct pl_new_member members[MEMBERS + 1];
	size_t count;
	int domains, alone, added;
};

static int begin_domain(const struct pl_new_member *first, void *context)
{
	struct file *file = context;

	file->domains++;
	return pl_domain_import(work_of(file->fixture), first->address->domain) < 0 ? -1 : 0;
}

static int one(const struct pl_new_member *member, void *context)
{
	struct file *file = context;
	struct pl_account account;

	file->alone++;
	pl_account_unknown(member->address, &account);
	return pl_member_set_or_add(work_of(file->fixture), file->fixture->policy, &account,
				    member->change, NULL, NULL) < 0
		       ? -1
		       : 0;
}

static void added(const struct pl_new_member *member, void *context)
{
	struct file *file = context;

	assert_false(member->is_there);
	file->added++;
}

/* In an order that is nobody's; each third has a class and a setting of its own. */
static struct file *make_file(struct fixture *fixture, const char *domain)
{
	struct file *file = calloc(1, sizeof(*file));

	file->fixture = fixture;
	file->change[1] = change_of("class=staff client_password=never_from_2030-01-01 pop3=off",
				    PL_AT_MEMBER);
	for (size_t i = 0; i < MEMBERS; i++) {
		const size_t number = i * 4099 % MEMBERS;

		snprintf(file->address[i].local, sizeof(file->address[i].local), "m%zu", number);
		snprintf(file->address[i].domain, sizeof(file->address[i].domain), "%s", domain);
		file->members[i].address = &file->address[i];
		file->members[i].change = &file->change[number % 3 == 0];
	}
	file->count = MEMBERS;
	return file;
}

static int run(struct file *file)
{
	const struct pl_member_bulk bulk = { .work = work_of(file->fixture),
					     .policy = file->fixture->policy,
					     .begin_domain = begin_domain,
					     .one = one,
					     .added = added,
					     .context = file };
	int ret;

	file->domains = file->alone = file->added = 0;
	assert_ok(file->fixture, pl_store_begin_write(file->fixture->store, &file->fixture->err));
	ret = pl_member_bulk_run(&bulk, file->members, file->count);
	if (ret < 0)
		pl_store_rollback(file->fixture->store);
	else
		assert_ok(file->fixture,
			  pl_store_commit(file->fixture->store, &file->fixture->err));
	return ret;
}

static int keep_record(const struct pl_audit_record *record, void *context)
{
	*(struct pl_audit_record *)context = *record;
	return 1;
}

static struct pl_audit_record record_of(struct fixture *fixture, const char *address)
{
	const struct pl_audit_filter filter = { .object = address, .limit = 1 };
	struct pl_audit_record record = { .id = 0 };

	assert_ok(fixture,
		  pl_audit_list(fixture->store, &filter, keep_record, &record, &fixture->err));
	return record;
}

/* Whether what was written for all of them is what is written for one. */
static void assert_alike(struct fixture *fixture, const char *many, const char *alone)
{
	const struct pl_account a = account_of(fixture, many), b = account_of(fixture, alone);
	const struct pl_audit_record x = record_of(fixture, many), y = record_of(fixture, alone);

	assert_true(a.member.id != 0 && b.member.id != 0);
	assert_string_equal(a.member.class_name, b.member.class_name);
	assert_int_equal(a.member.active, b.member.active);
	assert_true(a.member.created_at > 0 && a.member.created_at <= b.member.created_at);
	assert_memory_equal(&a.member.settings, &b.member.settings, sizeof(a.member.settings));
	assert_string_equal(x.action, y.action);
	assert_string_equal(x.who, y.who);
	assert_string_equal(x.before, y.before);
	assert_string_equal(x.after, y.after);
	assert_true(x.id != 0 && x.at == a.member.created_at);
}

static void many_are_added_like_one(void **state)
{
	struct fixture *fixture = *state;
	struct file *file = make_file(fixture, "example.test");

	assert_ok(fixture, run(file));
	assert_int_equal(file->domains, 1);
	assert_int_equal(file->alone, 1);
	assert_int_equal(file->added, MEMBERS - 1);
	assert_int_equal(pl_store_count(fixture->store, PL_COUNT_MEMBERS, &fixture->err), MEMBERS);
	add_member(fixture, "one@example.test",
		   "class=staff client_password=never_from_2030-01-01 pop3=off");
	add_member(fixture, "other@example.test", "");
	assert_alike(fixture, "m6@example.test", "one@example.test");
	assert_alike(fixture, "m7@example.test", "other@example.test");
	free(file);
}

static void those_who_are_there_are_left_to_the_caller(void **state)
{
	struct fixture *fixture = *state;
	struct file *file = make_file(fixture, "example.test");

	add_domain(fixture, "example.test", "");
	add_member(fixture, "m7@example.test", "imap=off");
	add_member(fixture, "m6@example.test", "imap=off");
	add_member(fixture, "stranger@example.test", "imap=off");
	assert_ok(fixture, run(file));
	assert_int_equal(file->alone, 3);
	assert_int_equal(file->added, MEMBERS - 3);
	assert_int_equal(account_of(fixture, "m6@example.test")
				 .member.settings.value[PL_SETTING_POP3],
			 PL_OFF);
	assert_int_equal(account_of(fixture, "m6@example.test")
				 .member.settings.value[PL_SETTING_IMAP],
			 PL_OFF);
	/* A second time nobody is missing, however many names one page has. */
	assert_ok(fixture, run(file));
	assert_int_equal(file->alone, MEMBERS);
	assert_int_equal(file->added, 0);
	assert_int_equal(pl_store_count(fixture->store, PL_COUNT_MEMBERS, &fixture->err),
			 MEMBERS + 1);
	free(file);
}

static void members_of_an_alias_are_those_of_its_domain(void **state)
{
	struct fixture *fixture = *state;
	struct file *file = make_file(fixture, "alias.test");

	add_domain(fixture, "example.test", "");
	add_domain(fixture, "alias.test", "alias_of=example.test");
	assert_ok(fixture, run(file));
	assert_int_equal(file->alone, MEMBERS);
	assert_string_equal(account_of(fixture, "m7@alias.test").domain.name, "example.test");
	assert_int_equal(account_of(fixture, "m7@example.test").member.id,
			 account_of(fixture, "m7@alias.test").member.id);
	free(file);
}

static void what_is_forbidden_is_refused_as_for_one(void **state)
{
	struct fixture *fixture = *state;
	struct file *file = make_file(fixture, "example.test");
	const struct pl_change forbidden = change_of("forwarding=on", PL_AT_MEMBER);

	pl_policy_unref(&fixture->policy);
	fixture->policy = policy_of("domain \"example.test\" { forwarding = forbidden }\n");
	file->members[MEMBERS / 2].change = &forbidden;
	assert_refused(fixture, run(file), PL_ERR_CONFLICT, "forwarding");
	assert_int_equal(pl_store_count(fixture->store, PL_COUNT_MEMBERS, &fixture->err), 0);
	free(file);
}

static void only_rows_of_values_can_be_inserted_so(void **state)
{
	static const struct {
		const char *sql;
		int ret;
	} rows[] = {
		{ "INSERT INTO t (a, b) VALUES (:a, :b)", 0 },
		{ "INSERT INTO t (a) VALUES (:a)", 0 },
		{ "INSERT INTO t (a, b) VALUES (:a, :a)", -1 },
		{ "INSERT INTO t (a, b) VALUES (:a, 'b')", -1 },
		{ "INSERT INTO t (a, b) VALUES (:a, 1)", -1 },
		{ "INSERT INTO t (a, b) SELECT :a, :b", -1 },
		{ "UPDATE t SET a = :a", -1 },
		{ "", -1 },
	};
	struct pl_insert_text insert;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (pl_insert_text(rows[i].sql, &insert) != rows[i].ret)
			fail_msg("%s", rows[i].sql);
	}
	assert_int_equal(pl_insert_text(rows[0].sql, &insert), 0);
	assert_string_equal(insert.table, "t");
	assert_string_equal(insert.columns, "a, b");
	assert_int_equal(pl_sql_names_find(&insert.values, "b", 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(many_are_added_like_one),
		TEST_WITH_DATABASE(those_who_are_there_are_left_to_the_caller),
		TEST_WITH_DATABASE(members_of_an_alias_are_those_of_its_domain),
		TEST_WITH_DATABASE(what_is_forbidden_is_refused_as_for_one),
		cmocka_unit_test(only_rows_of_values_can_be_inserted_so),
	};

	return cmocka_run_group_tests_name("member_bulk", tests, NULL, NULL);
}
