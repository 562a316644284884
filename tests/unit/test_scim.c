/* test_scim.c - filters, names of attributes, users and operations, as identity providers write them. */
#include "tests/unit/test.h"

#include <string.h>

#include "portal/scim/filter.h"
#include "portal/scim/patch.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static void a_name_is_read_in_any_case(void **state)
{
	static const struct {
		const char *path;
		int wanted; /* -1: it is none */
	} rows[] = {
		{ "userName", SCIM_USER_NAME },
		{ "USERNAME", SCIM_USER_NAME },
		{ SCIM_USER_SCHEMA ":active", SCIM_ACTIVE },
		{ "URN:IETF:params:scim:schemas:core:2.0:user:externalid", SCIM_EXTERNAL_ID },
		{ "id", SCIM_ID },
		{ "meta.version", SCIM_META },
		{ "name.givenName", SCIM_NOT_KEPT },
		{ "emails[type eq \"work\"].value", SCIM_NOT_KEPT },
		{ "emails[type eq \"]\\\"]\"]", SCIM_NOT_KEPT },
		{ "members[value eq \"1\"].$ref", SCIM_NOT_KEPT },
		/* That of another schema is another attribute. */
		{ ENTERPRISE ":active", SCIM_NOT_KEPT },
		{ ENTERPRISE, SCIM_NOT_KEPT },
		{ ENTERPRISE ":manager.value", SCIM_NOT_KEPT },
		{ "", -1 },
		{ ".", -1 },
		{ "active.x", -1 },
		{ "active[value eq true]", -1 },
		{ "userName ", -1 },
		{ "name.", -1 },
		{ "name.a.b", -1 },
		{ "emails[type eq \"work\"", -1 },
		{ "emails[]x", -1 },
		{ "7", -1 },
		{ SCIM_USER_SCHEMA ":", -1 },
		{ "urn:", -1 },
		{ "\xc3\xa9", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum scim_attribute attribute = SCIM_NOT_KEPT;
		const int ret = scim_attribute_read(rows[i].path, &attribute);

		if ((ret == 1 ? (int)attribute : -1) != rows[i].wanted)
			fail_msg("%s: %d, %d", rows[i].path, ret, (int)attribute);
	}
}

static void a_filter_compares_one_attribute(void **state)
{
	struct scim_filter filter;

	(void)state;
	assert_true(scim_filter_parse("  userName  EQ  \"a\\\"b\\u00e9\" ", &filter));
	assert_int_equal(filter.attribute, SCIM_USER_NAME);
	assert_string_equal(filter.value, "a\"b\xc3\xa9");
	assert_true(scim_filter_parse("active eq true", &filter));
	assert_int_equal(filter.attribute, SCIM_ACTIVE);
	assert_true(filter.active);
	assert_true(scim_filter_parse("active eq false", &filter));
	assert_false(filter.active);
}

static void other_filters_are_none(void **state)
{
	static const char *const filters[] = {
		"",
		"userName",
		"userName eq",
		"userName eq a",
		"userName eq \"a",
		"userName eq \"a\" or id eq \"1\"",
		"userName eq \"\\u0000\"",
		"userName eq [\"a\"]",
		"userName eqq \"a\"",
		"userName ne \"a\"",
		"userName[x] eq \"a\"",
		"displayName eq \"a\"",
		"meta eq \"a\"",
		"id eq 1",
		"active eq \"true\"",
		"active eq null",
	};
	char longest[2 * SCIM_FILTER];
	struct scim_filter filter;

	(void)state;
	for (size_t i = 0; i < COUNT(filters); i++) {
		if (scim_filter_parse(filters[i], &filter))
			fail_msg("%s", filters[i]);
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "id eq \"", 7);
	memcpy(longest + sizeof(longest) - 2, "\"", 2);
	assert_false(scim_filter_parse(longest, &filter));
}

static struct scim_user_change change;
static struct scim_problem problem;

/* The operations of a request; NULL where they are understood, or the type of the problem. */
static const char *patch(const char *operations)
{
	json_t *json = json_pack("{s:[s], s:o}", "schemas",
				 "urn:ietf:params:scim:api:messages:2.0:PatchOp", "Operations",
				 json_loads(operations, 0, NULL));
	const int ret = scim_patch_read(json, &change, &problem);

	json_decref(json);
	return ret ? NULL : problem.type;
}

static void each_operation_overrides_those_before(void **state)
{
	(void)state;
	assert_null(patch("[{\"op\": \"REPLACE\", \"path\": \"active\", \"value\": \"False\"},"
			  " {\"op\": \"add\", \"value\": {\"externalId\": \"a\", \"x.y\": [1]}},"
			  " {\"Op\": \"Add\", \"Path\": \"active\", \"Value\": true},"
			  " {\"op\": \"remove\", \"path\": \"title\"}]"));
	assert_true(change.has_active && change.active);
	assert_true(change.has_external_id && !change.has_address);
	assert_string_equal(change.external_id, "a");
	assert_null(patch("[{\"op\": \"add\", \"path\": \"externalId\", \"value\": \"a\"},"
			  " {\"op\": \"remove\", \"path\": \"externalId\"}]"));
	assert_true(change.has_external_id && !change.has_active);
	assert_string_equal(change.external_id, "");
}

static void what_is_not_kept_changes_nothing(void **state)
{
	(void)state;
	assert_null(patch("[{\"op\": \"replace\", \"path\": \"displayName\", \"value\": \"x\"},"
			  " {\"op\": \"add\", \"path\": \"" ENTERPRISE
			  ":active\", \"value\": false}]"));
	assert_false(change.has_active || change.has_external_id || change.has_address);
}

static void operations_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *operations, *type;
	} rows[] = {
		{ "[]", "invalidSyntax" },
		{ "{}", "invalidSyntax" },
		{ "[7]", "invalidSyntax" },
		{ "[{\"op\": \"test\"}]", "invalidSyntax" },
		{ "[{\"op\": \"remove\"}]", "noTarget" },
		{ "[{\"op\": \"remove\", \"path\": \"active\"}]", "mutability" },
		{ "[{\"op\": \"add\", \"value\": {\"Meta\": 1}}]", "mutability" },
		{ "[{\"op\": \"add\", \"value\": {\"\": 1}}]", "invalidPath" },
		{ "[{\"op\": \"add\", \"path\": \"active\", \"value\": {\"active\": true}}]",
		  "invalidValue" },
		{ "[{\"op\": \"add\", \"path\": \"userName\", \"value\": \"a\"}]", "invalidValue" },
		{ "[{\"op\": \"add\", \"path\": \"x\"}]", "invalidValue" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *type = patch(rows[i].operations);

		if (type == NULL || strcmp(type, rows[i].type) != 0)
			fail_msg("%s: %s", rows[i].operations, type == NULL ? "good" : type);
	}
}

/* Room for "externalId": "x", of so many bytes. */
static int takes_external_id(size_t len)
{
	char id[2 * PL_EXTERNAL_ID] = "";
	json_t *json;
	int ret;

	memset(id, 'x', len);
	json = json_pack("{s:[s], s:s, s:s}", "schemas", SCIM_USER_SCHEMA, "username", "a@b.test",
			 "EXTERNALID", id);
	ret = scim_user_change_read(json, &change, &problem);
	json_decref(json);
	return ret;
}

static void a_user_is_read_with_what_is_kept(void **state)
{
	(void)state;
	assert_true(takes_external_id(PL_EXTERNAL_ID));
	assert_int_equal(strlen(change.external_id), PL_EXTERNAL_ID);
	assert_string_equal(change.address.local, "a");
	assert_string_equal(change.address.domain, "b.test");
	assert_false(change.has_active);
	assert_false(takes_external_id(PL_EXTERNAL_ID + 1));
	assert_string_equal(problem.type, "invalidValue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_read_in_any_case),
		cmocka_unit_test(a_filter_compares_one_attribute),
		cmocka_unit_test(other_filters_are_none),
		cmocka_unit_test(each_operation_overrides_those_before),
		cmocka_unit_test(what_is_not_kept_changes_nothing),
		cmocka_unit_test(operations_that_make_no_sense_are_refused),
		cmocka_unit_test(a_user_is_read_with_what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
