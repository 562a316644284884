/* test_brand.c - the folder with the brand of the pages: settings, colours, images. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/base/colour.h"
#include "policy/settings/brand.h"

#define PNG "\x89PNG\r\n\x1a\n...."
#define SVG "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"

static char folder[] = "/tmp/postlatch-brand-XXXXXX";
static struct pl_error err;

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static struct pl_brand *load(const char *path)
{
	struct pl_brand *brand;

	memset(&err, 0, sizeof(err));
	if (pl_brand_load(path, &brand, &err) < 0)
		fail_msg("%s", err.msg);
	return brand;
}

/* The folder as it is now is refused, with each of the words in the sentence. */
static void assert_refused(const char *first, const char *second)
{
	struct pl_brand *brand;

	memset(&err, 0, sizeof(err));
	assert_int_equal(pl_brand_load(folder, &brand, &err), -1);
	assert_null(brand);
	assert_int_equal(err.code, PL_ERR_CONFIG);
	if (strstr(err.msg, folder) == NULL || strstr(err.msg, first) == NULL ||
	    strstr(err.msg, second) == NULL)
		fail_msg("%s, %s: %s", first, second, err.msg);
}

static void without_a_folder_the_brand_is_built_in(void **state)
{
	struct pl_brand *brand = load("");

	(void)state;
	assert_string_equal(brand->default_language, "en");
	assert_string_equal(brand->light_accent, "#0d6d5d");
	assert_int_equal(brand->file_count, 0);
	assert_string_equal(brand->version, "");
	pl_brand_unref(&brand);
	assert_null(brand);
}

static void a_brand_has_names_links_and_a_style_sheet(void **state)
{
	struct pl_brand *brand;
	const struct pl_brand_file *style;

	(void)state;
	write_file("brand.conf", "# of a company\n"
				 "name_en = \"Hanbit\" # short\n"
				 "name_ko = \"\xed\x95\x9c\xeb\xb9\x9b\"\n"
				 "default_language = ko\n"
				 "help_link = \"mailto:help@example.test\"\n"
				 "light_accent = \"#1D4ED8\"\n");
	brand = load(folder);
	assert_string_equal(brand->name_en, "Hanbit");
	assert_string_equal(brand->name_ko, "\xed\x95\x9c\xeb\xb9\x9b");
	assert_string_equal(brand->default_language, "ko");
	assert_string_equal(brand->help_link, "mailto:help@example.test");
	assert_string_equal(brand->password_link, "");
	style = pl_brand_file(brand, "brand.css");
	assert_non_null(style);
	assert_int_equal(style->len, strlen(style->bytes));
	assert_non_null(strstr(style->bytes, ":root { --accent: #1d4ed8; --accent-deep: #173da8; "
					     "--on-accent: #ffffff; --tint: #e4eafa; "
					     "--ground: #f3f6f5; }\n"
					     "@media (prefers-color-scheme: dark) {\n"
					     ":root { --accent: #5fd0b6;"));
	assert_null(pl_brand_image(brand, "logo"));
	pl_brand_unref(&brand);
}

static void settings_are_checked(void **state)
{
	static const struct {
		const char *text, *setting, *words;
	} rows[] = {
		{ "name_en = \"A: B\"", "brand.conf:1: name_en", "without a colon" },
		{ "\nname_ko = \"A\x01\"", "brand.conf:2: name_ko", "control characters" },
		{ "default_language = \"fr\"", "default_language = fr", "en or ko" },
		{ "help_link = \"http://help.test\"", "help_link", "https://... or mailto:" },
		{ "help_link = \"javascript:alert(1)\"", "help_link", "https://... or mailto:" },
		{ "help_link = \"https://\"", "help_link", "https://... or mailto:" },
		{ "password_link = \"https://a b\"", "password_link", "without blanks" },
		{ "light_accent = \"red\"", "light_accent = red", "#rrggbb" },
		{ "light_accent = \"#12345\"", "light_accent", "#rrggbb" },
		{ "light_accent = \"#12345g\"", "light_accent", "#rrggbb" },
		{ "light_acent = \"#123456\"", "light_acent", "did you mean light_accent?" },
		{ "name_en = \"a\"\nname_en = \"b\"", "brand.conf:2: name_en", "set twice" },
		{ "name_en = \"a", "brand.conf", "" },
		{ "name_en = \"a\"\n/* open", "brand.conf", "ends inside a comment" },
		{ "defaults { }", "defaults", "no such option" },
	};
	char long_footer[400];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_file("brand.conf", rows[i].text);
		assert_refused(rows[i].setting, rows[i].words);
	}
	snprintf(long_footer, sizeof(long_footer), "footer_en = \"%0301d\"", 0);
	write_file("brand.conf", long_footer);
	assert_refused("footer_en", "up to 300 bytes");
}

static void colours_in_which_text_cannot_be_read_are_refused(void **state)
{
	static const struct {
		const char *text, *scheme, *words;
	} rows[] = {
		{ "light_accent = \"#ffd400\"", "light colours: on_accent on accent",
		  "#ffffff on #ffd400) has a contrast of 1.4" },
		{ "light_accent = \"#ffd400\"\nlight_on_accent = \"#000000\"",
		  "light colours: accent, as the colour of links, on the cards", "change accent" },
		{ "light_accent = \"#0d6d5d\"\nlight_on_accent = \"#202020\"",
		  "light colours: on_accent on accent", "change accent or on_accent" },
		{ "light_background = \"#808080\"", "on background", "change" },
		{ "dark_accent = \"#0d6d5d\"", "dark colours", "change accent" },
		{ "dark_on_accent = \"#ffffff\"", "dark colours: on_accent on accent", "" },
		{ "dark_background = \"#ffffff\"", "dark colours", "on background" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_file("brand.conf", rows[i].text);
		assert_refused(rows[i].scheme, rows[i].words);
	}
}

static void images_are_checked(void **state)
{
	char *large = calloc(1, PL_BRAND_IMAGE_BYTES_MAX + 2), other[17];
	struct pl_brand *brand;

	(void)state;
	write_file("brand.conf", "");
	write_file("logo.svg", SVG);
	write_file("logo-dark.png", PNG);
	brand = load(folder);
	assert_string_equal(pl_brand_image(brand, "logo")->type, "image/svg+xml");
	assert_string_equal(pl_brand_image(brand, "logo-dark")->name, "logo-dark.png");
	assert_string_equal(pl_brand_file(brand, "logo.svg")->bytes, SVG);
	assert_null(pl_brand_image(brand, "icon"));
	memcpy(other, brand->version, sizeof(other));
	pl_brand_unref(&brand);

	write_file("logo.svg", SVG " ");
	brand = load(folder);
	assert_string_not_equal(brand->version, other);
	pl_brand_unref(&brand);

	write_file("logo.png", PNG);
	assert_refused("logo.png", "there is also logo.svg");
	remove_file("logo.png");
	write_file("logo.svg", "GIF89a");
	assert_refused("logo.svg", "not an SVG");
	write_file("logo.svg", SVG);
	write_file("logo-dark.png", SVG);
	assert_refused("logo-dark.png", "not a PNG");
	memset(large, 'x', PL_BRAND_IMAGE_BYTES_MAX + 1);
	write_file("logo-dark.png", large);
	assert_refused("logo-dark.png", "larger than 262144 bytes");
	remove_file("logo-dark.png");
	assert_int_equal(mkdir(strcat(strcpy(large, folder), "/icon.png"), 0700), 0);
	assert_refused("icon.png", "not a regular file");
	rmdir(large);
	assert_int_equal(symlink("logo.svg", large), 0);
	assert_refused("icon.png", "symbolic link");
	unlink(large);
	free(large);
}

static void a_folder_without_the_file_is_refused(void **state)
{
	struct pl_brand *brand;

	(void)state;
	remove_file("brand.conf");
	assert_refused("brand.conf", "No such file");
	assert_int_equal(pl_brand_load("/nonexistent", &brand, &err), -1);
	assert_non_null(strstr(err.msg, "brand_dir = /nonexistent: No such file"));
}

/* The examples of WCAG 2.1, and of its understanding documents. */
static void contrasts_are_those_of_wcag(void **state)
{
	static const struct {
		const char *one, *other;
		int hundredths;
	} rows[] = {
		{ "#000000", "#ffffff", 2100 }, { "#ffffff", "#ffffff", 100 },
		{ "#777777", "#ffffff", 447 },  { "#767676", "#ffffff", 454 },
		{ "#ff0000", "#ffffff", 399 },  { "#0000ff", "#ffffff", 859 },
	};
	struct pl_colour one, other;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(pl_colour_parse(rows[i].one, &one), 0);
		assert_int_equal(pl_colour_parse(rows[i].other, &other), 0);
		assert_int_equal((int)(100 * pl_colour_contrast(one, other) + 1e-6),
				 rows[i].hundredths);
		assert_int_equal((int)(100 * pl_colour_contrast(other, one) + 1e-6),
				 rows[i].hundredths);
	}
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "brand.conf", "logo.svg", "logo.png",
					     "logo-dark.png" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		remove_file(names[i]);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_folder_the_brand_is_built_in),
		cmocka_unit_test(a_brand_has_names_links_and_a_style_sheet),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(colours_in_which_text_cannot_be_read_are_refused),
		cmocka_unit_test(images_are_checked),
		cmocka_unit_test(a_folder_without_the_file_is_refused),
		cmocka_unit_test(contrasts_are_those_of_wcag),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
