/* test_param.c - the names of values in a statement's text, and their numbers. */
#include "tests/unit/test.h"

#include "policy/store/param.h"

static const struct {
	const char *sql, *text;
	int count;
	const char *names[3];
} rows[] = {
	{ "", "", 0, { NULL } },
	{ "SELECT 1", "SELECT 1", 0, { NULL } },
	{ ":id", "$1", 1, { "id" } },
	{ "a = :id AND b=:now", "a = $1 AND b=$2", 2, { "id", "now" } },
	{ "VALUES (:b,:a_2)", "VALUES ($1,$2)", 2, { "b", "a_2" } },
	/* The same name is the same place; one that begins another is another. */
	{ ":step < :step + :id", "$1 < $1 + $2", 2, { "step", "id" } },
	{ ":now :now_ms :no", "$1 $2 $3", 3, { "now", "now_ms", "no" } },
	/* What is quoted is no name, and neither is a cast. */
	{ "':a' = :b", "':a' = $1", 1, { "b" } },
	{ "'it''s :a' = :b", "'it''s :a' = $1", 1, { "b" } },
	{ "\":a\" = ':c' || :b", "\":a\" = ':c' || $1", 1, { "b" } },
	{ "':a", "':a", 0, { NULL } },
	{ "x::bigint = :b::text", "x::bigint = $1::text", 1, { "b" } },
	{ "a :B : c:", "a :B : c:", 0, { NULL } },
};

static void names_become_numbered_places(void **state)
{
	struct pl_sql_names names;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(pl_sql_text(rows[i].sql, '$', text, sizeof(text), &names), 0);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(names.count, rows[i].count);
		for (int n = 0; n < names.count; n++) {
			assert_int_equal(names.name[n].len, strlen(rows[i].names[n]));
			assert_memory_equal(names.name[n].text, rows[i].names[n],
					    names.name[n].len);
		}
	}
}

static void the_mark_is_the_database_s(void **state)
{
	struct pl_sql_names names;
	char text[16];

	(void)state;
	assert_int_equal(pl_sql_text(":a + :b + :a", '?', text, sizeof(text), &names), 0);
	assert_string_equal(text, "?1 + ?2 + ?1");
}

/* Every size that is too small is refused, and nothing is written behind it. */
static void text_that_does_not_fit_is_refused(void **state)
{
	static const char sql[] = "a = :id AND ':b' = :now";
	struct pl_sql_names names;
	char text[64];

	(void)state;
	assert_int_equal(pl_sql_text(sql, '$', text, sizeof(text), &names), 0);
	for (size_t size = strlen(text); size > 0; size--) {
		memset(text, '#', sizeof(text));
		assert_int_equal(pl_sql_text(sql, '$', text, size, &names), -1);
		assert_int_equal(text[size], '#');
	}
}

static void too_many_names_are_refused(void **state)
{
	char sql[PL_SQL_PARAMS_MAX * 5 + 16] = "", text[sizeof(sql)];
	struct pl_sql_names names;

	(void)state;
	for (int i = 0; i < PL_SQL_PARAMS_MAX; i++)
		snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ":p%d ", i);
	assert_int_equal(pl_sql_text(sql, '$', text, sizeof(text), &names), 0);
	assert_int_equal(names.count, PL_SQL_PARAMS_MAX);
	strcat(sql, ":more");
	assert_int_equal(pl_sql_text(sql, '$', text, sizeof(text), &names), -1);
}

static void a_name_is_found_wherever_it_is_expected(void **state)
{
	struct pl_sql_names names;
	char text[64];

	(void)state;
	assert_int_equal(pl_sql_text(":id :now :no", '$', text, sizeof(text), &names), 0);
	for (int expected = 0; expected <= names.count; expected++) {
		assert_int_equal(pl_sql_names_find(&names, "id", expected), 0);
		assert_int_equal(pl_sql_names_find(&names, "now", expected), 1);
		assert_int_equal(pl_sql_names_find(&names, "no", expected), 2);
		assert_int_equal(pl_sql_names_find(&names, "n", expected), -1);
		assert_int_equal(pl_sql_names_find(&names, "", expected), -1);
		assert_int_equal(pl_sql_names_find(&names, "nowhere", expected), -1);
	}
}

/* What is not there is NULL: text, bytes, and the id 0. */
static void values_say_what_they_are(void **state)
{
	const struct pl_param *params =
		PL_PARAMS(PL_INT("a", 0), PL_ID("b", 0), PL_ID("c", 7), PL_TEXT("d", "x"),
			  PL_BLOB("e", "yz", 2), PL_NULL("f"));
	static const enum pl_param_type types[] = { PL_PARAM_INT,  PL_PARAM_NULL, PL_PARAM_INT,
						    PL_PARAM_TEXT, PL_PARAM_BLOB, PL_PARAM_NULL,
						    PL_PARAM_END };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++)
		assert_int_equal(params[i].type, types[i]);
	assert_int_equal(params[2].number, 7);
	assert_int_equal(params[4].len, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_numbered_places),
		cmocka_unit_test(the_mark_is_the_database_s),
		cmocka_unit_test(text_that_does_not_fit_is_refused),
		cmocka_unit_test(too_many_names_are_refused),
		cmocka_unit_test(a_name_is_found_wherever_it_is_expected),
		cmocka_unit_test(values_say_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
