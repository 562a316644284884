/* fuzz_brand.c - the settings of a brand, and the style sheet that they make. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "policy/settings/brand_conf.h"
#include "policy/settings/brand_style.h"

/* As in fuzz_policy.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfuse.so\n";
}

static void check(const struct pl_brand *brand)
{
	struct pl_error err = { 0 };
	char *style;

	MUST(strlen(brand->name_en) <= 64 && strlen(brand->footer_ko) <= 300);
	MUST(strlen(brand->light_accent) == 7 && strlen(brand->dark_background) == 7);
	if (pl_brand_style(brand, &style, &err) < 0)
		MUST(style == NULL && err.code == PL_ERR_CONFIG && err.msg[0] != '\0');
	else
		MUST(strpbrk(style, "<\"'\\") == NULL);
	free(style);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_brand *brand = calloc(1, sizeof(*brand));
	char *text = strndup((const char *)data, size);
	struct pl_error err = { 0 };

	MUST(brand != NULL && text != NULL);
	brand->refcount = 1;
	if (pl_brand_conf_parse(text, "brand.conf", brand, &err) == 0)
		check(brand);
	else
		MUST(err.code != PL_OK && err.msg[0] != '\0');
	pl_brand_unref(&brand);
	free(text);
	return 0;
}
