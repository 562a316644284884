/* fuzz_csv.c - members as CSV. What is taken is written and read again. */
#include "tests/fuzz/fuzz.h"

#include "policy/admin/member_csv.h"
#include "policy/base/utf8.h"

/* A member who is new and gets all of the row. */
static void write_row(FILE *out, const struct pl_member_csv_row *row)
{
	struct pl_member member = { .address = row->address,
				    .active = 1,
				    .settings = row->change.value };

	if (row->change.has_active)
		member.active = row->change.active;
	if (row->change.has_class)
		strcpy(member.class_name, row->change.class_name);
	pl_member_csv_write(out, &member);
}

static void round_trip(const struct pl_member_csv *csv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const struct pl_member_csv_options options = { .kind = PL_MEMBER_CSV_WITH_SECRETS };
	struct pl_member_csv again;

	MUST(out != NULL);
	pl_member_csv_write_header(out);
	for (size_t i = 0; i < csv->count; i++)
		write_row(out, &csv->rows[i]);
	fclose(out);
	MUST(pl_member_csv_parse(text, size, &options, &again, NULL) == 0);
	MUST(again.count == csv->count);
	for (size_t i = 0; i < csv->count; i++) {
		MUST(strcmp(again.rows[i].address.local, csv->rows[i].address.local) == 0);
		MUST(strcmp(again.rows[i].address.domain, csv->rows[i].address.domain) == 0);
		MUST(strcmp(again.rows[i].change.class_name, csv->rows[i].change.class_name) == 0);
		MUST(memcmp(&again.rows[i].change.value, &csv->rows[i].change.value,
			    sizeof(struct pl_settings)) == 0);
	}
	pl_member_csv_free(&again);
	free(text);
}

/* Each line that is wrong has a code, and a sentence. */
static void on_fault(const struct pl_csv_fault *fault, void *context)
{
	size_t *faults = context;

	MUST(fault->code != NULL && fault->code[0] != '\0' && fault->text[0] != '\0');
	MUST(pl_is_utf8(fault->word) && pl_is_utf8(fault->other));
	++*faults;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t faults = 0;
	const struct pl_member_csv_options options = { .default_domain = "default.test",
						       .kind = size % 2 == 0
								       ? PL_MEMBER_CSV_PLAIN
								       : PL_MEMBER_CSV_WITH_SECRETS,
						       .fault = on_fault,
						       .context = &faults };
	struct pl_member_csv csv;
	struct pl_error err = { 0 };

	if (pl_member_csv_parse((const char *)data, size, &options, &csv, &err) == 0) {
		MUST(faults == 0);
		round_trip(&csv);
		pl_member_csv_free(&csv);
	} else {
		MUST(faults > 0);
		MUST(csv.rows == NULL && err.code != PL_OK);
		MUST(strstr(err.msg, "line") != NULL || strcmp(err.msg, "the file is empty") == 0 ||
		     strncmp(err.msg, "this is ", 8) == 0);
		MUST(csv.faults == NULL || strstr(err.msg, "lines are wrong") != NULL);
		pl_member_csv_free(&csv);
	}
	return 0;
}
