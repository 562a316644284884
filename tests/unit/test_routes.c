/* test_routes.c - which row serves a path, and that the portal's table is unambiguous. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "portal/http/fields.h"
#include "portal/http/form.h"
#include "portal/routes.h"

static const struct route_field domain[] = { { "domain", FIELD_LINE, 1, 20 }, { .name = NULL } };
static const struct route_field session[] = { { "domain", FIELD_LINE, 1, 20 },
					      { "id", FIELD_ID, 1, 1000 },
					      { .name = NULL } };
static const struct route_field word[] = { { "word", FIELD_WORD, 1, 8 }, { .name = NULL } };

static const struct route table[] = {
	{ .method = "GET", .path = "/domains" },
	{ .method = "POST", .path = "/domains" },
	{ .method = "GET", .path = "/domains/{domain}", .parameters = domain },
	{ .method = "PUT", .path = "/domains/{domain}", .parameters = domain },
	{ .method = "PATCH", .path = "/domains/{domain}", .parameters = domain },
	{ .method = "DELETE", .path = "/domains/{domain}", .parameters = domain },
	{ .method = "DELETE", .path = "/domains/{domain}/sessions/{id}", .parameters = session },
	{ .method = "OPTIONS", .path = "/options" },
	{ .method = NULL },
};

static struct request request; /* whose parameters are filled */
static char allowed[ROUTE_ALLOW];

static const struct route *find(const char *method, const char *path)
{
	return route_find(table, SITE_PORTAL, method, path, &request.parameters, allowed);
}

static void assert_parameter(const char *name, const char *value)
{
	assert_non_null(request_parameter(&request, name));
	assert_string_equal(request_parameter(&request, name), value);
}

static void a_path_and_a_method_find_their_row(void **state)
{
	(void)state;
	for (const struct route *route = table; route->method != NULL; route++) {
		if (strchr(route->path, '{') == NULL)
			assert_ptr_equal(find(route->method, route->path), route);
	}
	assert_ptr_equal(find("PATCH", "/domains/example.com"), &table[4]);
	assert_parameter("domain", "example.com");
	assert_ptr_equal(find("DELETE", "/domains/example.com/sessions/7"), &table[6]);
	assert_parameter("domain", "example.com");
	assert_parameter("id", "7");
	assert_null(request_parameter(&request, "session"));
}

static void get_stands_for_head(void **state)
{
	(void)state;
	assert_ptr_equal(find("HEAD", "/domains"), &table[0]);
	assert_ptr_equal(find("HEAD", "/domains/a.test"), &table[2]);
	assert_null(find("HEAD", "/options"));
}

static void parameters_are_percent_decoded(void **state)
{
	(void)state;
	assert_non_null(find("GET", "/domains/%65xample%2ecom"));
	assert_parameter("domain", "example.com");
	/* A slash in a value divides no segments, and '+' is no space. */
	assert_non_null(find("GET", "/domains/a%2Fb+c%20d"));
	assert_parameter("domain", "a/b+c d");
	assert_non_null(find("GET", "/domains/%ED%95%9C"));
	assert_parameter("domain", "\xed\x95\x9c");
}

static void a_path_that_fits_no_row_has_no_methods(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"domains",
		"/domain",
		"/domains/",
		"//domains",
		"/domainsx",
		"/Domains",
		"/%64omains",
		"/domains/a/",
		"/domains/a/b",
		"/domains//sessions/7",
		"/domains/a/sessions",
		"/domains/a/sessions/7/x",
		"/domains/{domain}/sessions/{id}",
		/* out of bounds, or not well formed */
		"/domains/123456789012345678901",
		"/domains/.",
		"/domains/..",
		"/domains/%2e%2E",
		"/domains/%",
		"/domains/%0",
		"/domains/%zz",
		"/domains/a%00b",
		"/domains/a%0Ab",
		"/domains/%ff",
		"/domains/%7f",
		"/domains/a/sessions/0",
		"/domains/a/sessions/1001",
		"/domains/a/sessions/01",
		"/domains/a/sessions/-1",
		"/domains/a/sessions/+1",
		"/domains/a/sessions/1.0",
		"/domains/a/sessions/0x1",
		"/domains/a/sessions/%201",
		"/domains/a/sessions/99999999999999999999",
		"/domains/a/sessions/9223372036854775808",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		if (find("DELETE", paths[i]) != NULL || allowed[0] != '\0')
			fail_msg("%s fits", paths[i]);
		assert_int_equal(request.parameters.count, 0);
	}
}

static void a_value_longer_than_there_is_room_for_fits_no_row(void **state)
{
	static const struct route_field large[] = { { "x", FIELD_LINE, 1, 100000 },
						    { .name = NULL } };
	static const struct route rows[] = {
		{ .method = "GET", .path = "/{x}", .parameters = large },
		{ .method = NULL },
	};
	char path[REQUEST_PARAMETER_BYTES + 2];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[REQUEST_PARAMETER_BYTES] = '\0';
	assert_non_null(route_find(rows, SITE_PORTAL, "GET", path, &request.parameters, allowed));
	path[REQUEST_PARAMETER_BYTES] = 'a';
	path[REQUEST_PARAMETER_BYTES + 1] = '\0';
	assert_null(route_find(rows, SITE_PORTAL, "GET", path, &request.parameters, allowed));
}

static void allow_names_the_methods_of_the_path(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = {
		{ "PUT", "/domains", "GET, HEAD, POST" },
		{ "OPTIONS", "/domains", "GET, HEAD, POST" },
		{ "POST", "/domains/a.test", "GET, HEAD, PUT, PATCH, DELETE" },
		{ "GET", "/domains/a.test/sessions/1", "DELETE" },
		{ "GET", "/options", "OPTIONS" },
		{ "get", "/domains", "GET, HEAD, POST" },
		{ "", "/domains", "GET, HEAD, POST" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_null(find(rows[i].method, rows[i].path));
		assert_string_equal(allowed, rows[i].allow);
	}
	assert_non_null(find("OPTIONS", "/options"));
}

static int overlap(const char *one, const struct route_field *of_one, const char *other,
		   const struct route_field *of_other)
{
	const struct route a = { .path = one, .parameters = of_one },
			   b = { .path = other, .parameters = of_other };
	const int ret = route_overlaps(&a, &b);

	assert_int_equal(route_overlaps(&b, &a), ret);
	return ret;
}

static void patterns_that_some_path_fits_both_overlap(void **state)
{
	(void)state;
	assert_true(overlap("/a", NULL, "/a", NULL));
	assert_false(overlap("/a", NULL, "/b", NULL));
	assert_false(overlap("/a", NULL, "/a/b", NULL));
	assert_false(overlap("/a", NULL, "/ab", NULL));
	assert_true(overlap("/a/{domain}", domain, "/a/new", NULL));
	assert_true(overlap("/a/{domain}", domain, "/a/{word}", word));
	assert_false(overlap("/a/{domain}", domain, "/a/{domain}/b", domain));
	assert_true(overlap("/a/{domain}/b", domain, "/a/x/{word}", word));
	/* No number is a word. */
	assert_false(overlap("/a/{id}", session, "/a/new", NULL));
	assert_true(overlap("/a/{id}", session, "/a/7", NULL));
	assert_false(overlap("/a/{word}", word, "/a/7", NULL));
}

static void no_path_fits_two_patterns_of_the_portal(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct route *one = portal_table; one->method != NULL; one++) {
		count++;
		for (const struct route *other = one + 1; other->method != NULL; other++) {
			/* Rows of one pattern have different methods. */
			if (strcmp(one->path, other->path) == 0)
				assert_string_not_equal(one->method, other->method);
			else if (route_overlaps(one, other))
				fail_msg("%s and %s overlap", one->path, other->path);
		}
	}
	assert_true(count > 20);
}

static void assert_in_url(const struct route *route, const struct route_field *fields)
{
	for (; fields != NULL && fields->name != NULL; fields++) {
		/* URLs are logged by proxies. */
		if (fields->kind == FIELD_SECRET || fields->kind == FIELD_CODE ||
		    fields->kind == FIELD_LABEL || fields->kind == FIELD_NAMES ||
		    fields->kind == FIELD_LINES || fields->kind == FIELD_PAIRS)
			fail_msg("%s: %s does not belong into a URL", route->path, fields->name);
	}
}

static void every_row_of_the_portal_makes_sense(void **state)
{
	(void)state;
	for (const struct route *route = portal_table; route->method != NULL; route++) {
		size_t declared = 0, used = 0;

		assert_non_null(route->guard);
		assert_non_null(route->handler);
		assert_true(route->path[0] == '/');
		assert_true(route->fields == NULL || route->body != BODY_NONE);
		assert_true(route->csrf == CSRF_NONE || route->caller == CALLER_PAGE ||
			    route->caller == CALLER_CONSOLE);
		assert_in_url(route, route->parameters);
		assert_in_url(route, route->query);
		for (const struct route_field *field = route->parameters;
		     field != NULL && field->name != NULL; field++) {
			char name[64];

			snprintf(name, sizeof(name), "/{%s}", field->name);
			assert_non_null(strstr(route->path, name));
			declared++;
		}
		for (const char *c = route->path; *c != '\0'; c++)
			used += *c == '{';
		assert_int_equal(used, declared);
		assert_true(declared <= REQUEST_PARAMETERS_MAX);
	}
}

static int is_guarded(const struct route *route)
{
	return strcmp(route->guard->name, "helpdesk") == 0 ||
	       strcmp(route->guard->name, "domain") == 0 ||
	       strcmp(route->guard->name, "server") == 0;
}

/* A key is all that it needs: it must not stand for a role that the key does not have, and a change
 * is not for the helpdesk. */
static void every_row_of_scim_is_guarded(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct route *route = portal_table; route->method != NULL; route++) {
		const int names_user = strstr(route->path, "/{id}") != NULL;

		if (strncmp(route->path, "/scim/", 6) != 0) {
			assert_true(route->caller != CALLER_SCIM && route->object != OBJECT_USER);
			continue;
		}
		count++;
		if (route->caller != CALLER_SCIM || route->role != PL_ROLE_CONSOLE ||
		    strcmp(route->guard->name,
			   route_is_safe(route->method) ? "helpdesk" : "domain") != 0)
			fail_msg("%s %s: not guarded", route->method, route->path);
		if (route->object != (names_user ? OBJECT_USER : OBJECT_NONE))
			fail_msg("%s %s: its object", route->method, route->path);
	}
	assert_true(count > 0);
}

/* What a handler cannot forget must not be forgotten in its row either. */
static void every_row_of_the_console_is_guarded(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct route *route = portal_table; route->method != NULL; route++) {
		const int names_member = strstr(route->path, "/{member}") != NULL,
			  names_domain = strstr(route->path, "/{domain}") != NULL;

		if (strncmp(route->path, "/api/admin/", 11) != 0) {
			assert_true(route->caller != CALLER_CONSOLE);
			assert_true(route->caller == CALLER_SCIM || !is_guarded(route));
			continue;
		}
		count++;
		if (route->caller != CALLER_CONSOLE || !is_guarded(route) ||
		    route->role != PL_ROLE_CONSOLE)
			fail_msg("%s %s: not guarded", route->method, route->path);
		if (route->object != (names_member   ? OBJECT_MEMBER
				      : names_domain ? OBJECT_DOMAIN
						     : OBJECT_NONE))
			fail_msg("%s %s: its object", route->method, route->path);
		if ((route->csrf == CSRF_TOKEN) == route_is_safe(route->method))
			fail_msg("%s %s: its CSRF token", route->method, route->path);
		/* A path has a domain or a member, never both: the guard finds one. */
		assert_false(names_member && names_domain);
	}
	assert_true(count > 2);
}

/* Audit records are looked at, and nothing else. */
static void no_route_changes_audit_records(void **state)
{
	(void)state;
	for (const struct route *route = portal_table; route->method != NULL; route++) {
		if (strstr(route->path, "/audit") != NULL && strcmp(route->method, "GET") != 0)
			fail_msg("%s %s", route->method, route->path);
	}
}

static void query_fields_are_checked_against_their_list(void **state)
{
	static const struct route_field fields[] = { { "page", FIELD_ID, 0, 100 },
						     { "sort", FIELD_WORD, 1, 5 },
						     { "all", FIELD_FLAG, 0, 0 },
						     { .name = NULL } };
	static const struct {
		const char *query;
		int strict, lax;
	} rows[] = {
		{ "sort=name", 0, 0 },
		{ "sort=name&page=100&all=true", 0, 0 },
		{ "all=false&sort=a-b", 0, 0 },
		{ "page=1", -1, -1 },
		{ "sort=name&page=101", -1, -1 },
		{ "sort=name&page=0", -1, -1 },
		{ "sort=name&page=", -1, -1 },
		{ "sort=name&page", -1, -1 },
		{ "sort=Name", -1, -1 },
		{ "sort=abcdef", -1, -1 },
		{ "sort=name&all=1", -1, -1 },
		{ "sort=name&sort=name", -1, -1 },
		{ "sort=name&other=x", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request_field query[REQUEST_FIELDS_MAX];
		char *text = strdup(rows[i].query);
		size_t count;
		int repeated = 0;

		assert_int_equal(form_parse(text, query, &count, &repeated), 0);
		if (fields_check_query(fields, query, count, 1) != rows[i].strict ||
		    fields_check_query(fields, query, count, 0) != rows[i].lax)
			fail_msg("%s", rows[i].query);
		free(text);
	}
	assert_int_equal(fields_check_query(NULL, NULL, 0, 1), 0);
}

static void names_are_a_list_that_is_bounded(void **state)
{
	static const struct route_field fields[] = { { "domains", FIELD_NAMES, 0, 2 },
						     { .name = NULL } };
	static const struct {
		const char *body;
		int ret;
	} rows[] = {
		{ "{}", 0 },
		{ "{\"domains\": []}", 0 },
		{ "{\"domains\": [\"a.test\", \"b.test\"]}", 0 },
		{ "{\"domains\": [\"a.test\", \"b.test\", \"c.test\"]}", -1 },
		{ "{\"domains\": \"a.test\"}", -1 },
		{ "{\"domains\": {\"a\": \"a.test\"}}", -1 },
		{ "{\"domains\": null}", -1 },
		{ "{\"domains\": [\"\"]}", -1 },
		{ "{\"domains\": [\"a.test\", 7]}", -1 },
		{ "{\"domains\": [null]}", -1 },
		{ "{\"domains\": [[\"a.test\"]]}", -1 },
		{ "{\"domains\": [\"a\\nb\"]}", -1 },
		{ "{\"domains\": [\"a\\u0000b\"]}", -1 },
	};
	char longest[PL_DOMAIN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *json = json_loads(rows[i].body, JSON_ALLOW_NUL, NULL);
		const char *wrong;

		assert_non_null(json);
		if (fields_check(fields, &json, 1, &wrong) != rows[i].ret)
			fail_msg("%s", rows[i].body);
		if (rows[i].ret < 0)
			assert_string_equal(wrong, "domains");
		json_decref(json);
	}
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (int too_long = 1; too_long >= 0; too_long--) {
		json_t *json = json_pack("{s:[s]}", "domains", longest + !too_long);
		const char *wrong;

		assert_int_equal(fields_check(fields, &json, 1, &wrong), -too_long);
		json_decref(json);
	}
	assert_int_equal(field_fits(fields, "a.test"), 0);
}

static void methods_that_change_nothing_are_safe(void **state)
{
	(void)state;
	assert_true(route_is_safe("GET") && route_is_safe("HEAD") && route_is_safe("OPTIONS"));
	assert_false(route_is_safe("POST") || route_is_safe("PUT") || route_is_safe("PATCH") ||
		     route_is_safe("DELETE") || route_is_safe("get") || route_is_safe(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_and_a_method_find_their_row),
		cmocka_unit_test(get_stands_for_head),
		cmocka_unit_test(parameters_are_percent_decoded),
		cmocka_unit_test(a_path_that_fits_no_row_has_no_methods),
		cmocka_unit_test(a_value_longer_than_there_is_room_for_fits_no_row),
		cmocka_unit_test(allow_names_the_methods_of_the_path),
		cmocka_unit_test(patterns_that_some_path_fits_both_overlap),
		cmocka_unit_test(no_path_fits_two_patterns_of_the_portal),
		cmocka_unit_test(every_row_of_the_portal_makes_sense),
		cmocka_unit_test(every_row_of_the_console_is_guarded),
		cmocka_unit_test(every_row_of_scim_is_guarded),
		cmocka_unit_test(no_route_changes_audit_records),
		cmocka_unit_test(query_fields_are_checked_against_their_list),
		cmocka_unit_test(names_are_a_list_that_is_bounded),
		cmocka_unit_test(methods_that_change_nothing_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
