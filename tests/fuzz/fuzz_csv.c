/* fuzz_csv.c - members as CSV. What is taken is written and read again. */
#include "tests/fuzz/fuzz.h"

#include "ctl/member_csv.h"

/* A member who is new and gets all of the row. */
static void write_row(FILE *out, const struct member_csv_row *row)
{
	struct pl_member member = { .address = row->address,
				    .active = 1,
				    .settings = row->change.value };

	if (row->change.has_active)
		member.active = row->change.active;
	if (row->change.has_class)
		strcpy(member.class_name, row->change.class_name);
	member_csv_write(out, &member);
}

static void round_trip(const struct member_csv *csv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct member_csv again;

	MUST(out != NULL);
	member_csv_write_header(out);
	for (size_t i = 0; i < csv->count; i++)
		write_row(out, &csv->rows[i]);
	fclose(out);
	MUST(member_csv_parse(text, size, NULL, MEMBER_CSV_WITH_SECRETS, &again, NULL) == 0);
	MUST(again.count == csv->count);
	for (size_t i = 0; i < csv->count; i++) {
		MUST(strcmp(again.rows[i].address.local, csv->rows[i].address.local) == 0);
		MUST(strcmp(again.rows[i].address.domain, csv->rows[i].address.domain) == 0);
		MUST(strcmp(again.rows[i].change.class_name, csv->rows[i].change.class_name) == 0);
		MUST(memcmp(&again.rows[i].change.value, &csv->rows[i].change.value,
			    sizeof(struct pl_settings)) == 0);
	}
	member_csv_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct member_csv csv;
	struct pl_error err = { 0 };

	if (member_csv_parse((const char *)data, size, "default.test",
			     size % 2 == 0 ? MEMBER_CSV_PLAIN : MEMBER_CSV_WITH_SECRETS, &csv,
			     &err) == 0) {
		round_trip(&csv);
		member_csv_free(&csv);
	} else {
		MUST(csv.rows == NULL && err.code != PL_OK);
		MUST(strstr(err.msg, "line") != NULL || strcmp(err.msg, "the file is empty") == 0 ||
		     strncmp(err.msg, "this is ", 8) == 0);
		MUST(csv.faults == NULL || strstr(err.msg, "lines are wrong") != NULL);
		member_csv_free(&csv);
	}
	return 0;
}
