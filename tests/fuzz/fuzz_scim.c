/* fuzz_scim.c - filters, and what identity providers send of a user. The first byte says which.
 */
#include "tests/fuzz/fuzz.h"

#include "portal/http/form.h"
#include "portal/scim/filter.h"
#include "portal/scim/patch.h"

static void filter(const char *text)
{
	struct scim_filter filter;

	if (!scim_filter_parse(text, &filter))
		return;
	MUST(filter.attribute != SCIM_NOT_KEPT && filter.attribute != SCIM_META);
	MUST(filter.active == 0 || filter.attribute == SCIM_ACTIVE);
	MUST(strlen(filter.value) <= SCIM_FILTER);
}

static void name(const char *text)
{
	enum scim_attribute attribute;

	if (scim_attribute_read(text, &attribute) && attribute == SCIM_ACTIVE)
		MUST(strlen(text) >= strlen("active") && strpbrk(text, "[ \"") == NULL);
}

/* What is understood may be stored. */
static void is_whole(const struct scim_user_change *change)
{
	if (change->has_address)
		MUST(change->address.local[0] != '\0' && change->address.domain[0] != '\0');
	MUST(strlen(change->external_id) <= PL_EXTERNAL_ID);
	MUST(text_is_clean(change->external_id, strlen(change->external_id)));
	MUST(change->active == 0 || change->active == 1);
}

static void body(const char *text, size_t len, int is_patch)
{
	struct scim_user_change change;
	struct scim_problem problem = { NULL, NULL };
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(json)) {
		if (is_patch ? scim_patch_read(json, &change, &problem)
			     : scim_user_change_read(json, &change, &problem))
			is_whole(&change);
		else
			MUST(problem.type != NULL && problem.detail != NULL);
	}
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] == 'f')
		filter(text);
	else if (data[0] == 'n')
		name(text);
	else
		body(text, size - 1, data[0] == 'p');
	free(text);
	return 0;
}
