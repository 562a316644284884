/* test_pages.c - which modules a module imports, and which paths the single page answers. */
#include "tests/unit/test.h"

#include "portal/http/page_imports.h"
#include "portal/http/pages.h"

/* Sorted by name. */
static struct page_files files_of(const char *const (*texts)[2], size_t count)
{
	struct page_files files = { .count = count };

	for (size_t i = 0; i < count; i++)
		files.page[i] = (struct page){ .name = (char *)texts[i][0],
					       .body = (char *)texts[i][1],
					       .len = strlen(texts[i][1]) };
	return files;
}

static void assert_imports(const struct page_files *files, const char *name, const char *expected)
{
	struct page_imports imports;
	char found[1024] = "";

	page_imports_find(files, name, &imports);
	for (size_t i = 0; i < imports.count; i++) {
		strcat(found, imports.page[i]->name);
		strcat(found, " ");
	}
	assert_string_equal(found, expected);
}

static void imports_are_followed_and_each_is_named_once(void **state)
{
	static const char *const texts[][2] = {
		{ "account/page.js", "import \"../main.js\";" },
		{ "lib/a.js", "export * from \"./b.js\";\nimport \"../main.js\";\nexport {x} from "
			      "'../vendor/p.mjs';" },
		{ "lib/b.js", "import { a } from \"./a.js\";" },
		{ "main.js", "import { a,\n    b } from \"./lib/a.js\";\nimport \"./lib/b.js\";\n"
			     "const later = () => import(\"./account/page.js\");" },
		{ "vendor/p.mjs", "import{x as y}from\"./q.js\";const s=\"from nowhere\";" },
		{ "vendor/q.js", "" },
	};
	const struct page_files files = files_of(texts, COUNT(texts));

	(void)state;
	assert_imports(&files, "main.js", "lib/a.js lib/b.js vendor/p.mjs vendor/q.js ");
	assert_imports(&files, "lib/b.js", "lib/a.js main.js vendor/p.mjs vendor/q.js ");
	assert_imports(&files, "vendor/q.js", "");
	assert_imports(&files, "none.js", "");
}

static void what_is_no_import_of_ours_is_left_out(void **state)
{
	static const char *const texts[][2] = {
		{ "lib/a.js", "" },
		{ "main.js",
		  "import \"./none.js\"; import \"../lib/a.js\"; import \"../../lib/a.js\";\n"
		  "import \"lib/a.js\"; import \"/lib/a.js\"; import \"https://x.test/lib/a.js\";\n"
		  "import \"./lib/a.js; import './lib/a.js\"; x.from \"./lib/a.js\"; xfrom "
		  "\"./lib/a.js\";\n"
		  "Array.from(\"./lib/a.js\"); import './lib\n/a.js'; import "
		  "\"./lib/../lib/a.js\"; from" },
	};
	const struct page_files files = files_of(texts, COUNT(texts));

	(void)state;
	assert_imports(&files, "main.js", "");
}

static void paths_of_the_single_page(void **state)
{
	static const char *const page[] = { "/",
					    "/sign-in",
					    "/sign-in/code",
					    "/account",
					    "/account/app-passwords/17",
					    "/account/a/b/c/d",
					    "/console",
					    "/console/api-keys",
					    "/sign-out" };
	static const char *const other[] = { "",
					     "/x",
					     "/sign-inx",
					     "/sign-in/",
					     "/sign-in//a",
					     "/account/A",
					     "/account/.",
					     "/account/..",
					     "/account/%61",
					     "/account/a/b/c/d/e",
					     "/sign-out/x",
					     "/accounts",
					     "/console/",
					     "/console/member@demo.test",
					     "/account/a?b",
					     "//account" };

	(void)state;
	for (size_t i = 0; i < COUNT(page); i++)
		assert_true(pages_is_index(page[i]));
	for (size_t i = 0; i < COUNT(other); i++)
		assert_false(pages_is_index(other[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imports_are_followed_and_each_is_named_once),
		cmocka_unit_test(what_is_no_import_of_ours_is_left_out),
		cmocka_unit_test(paths_of_the_single_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
