/* console_audit.c - who changed what: a page at a time, or as a table to take away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/admin/audit_search.h"
#include "policy/admin/csv_cell.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_export.h"
#include "portal/console/handlers.h"

/* What has no index is looked for in so many records at once: that takes a fifth of a second. */
#define RECORDS_AT_ONCE 100000

static const char *asked(const struct request *request, const char *name)
{
	const char *text = request_query(request, name);

	return text != NULL ? text : "";
}

static int64_t number(const struct request *request, const char *name)
{
	return strtoll(asked(request, name), NULL, 10);
}

/* "AT-ID", the last record of the page before: 1, or 0 when it is none. */
static int read_cursor(const char *text, struct pl_audit_search *search)
{
	char again[48], *end;

	if (text[0] == '\0')
		return 1;
	search->below_at = strtoll(text, &end, 10);
	if (*end != '-')
		return 0;
	search->below_id = strtoll(end + 1, &end, 10);
	snprintf(again, sizeof(again), "%lld-%lld", (long long)search->below_at,
		 (long long)search->below_id);
	return search->below_at > 0 && search->below_id > 0 && strcmp(again, text) == 0;
}

/* Names as they are recorded, for what was asked in any form that people write. */
struct names {
	char domain[PL_DOMAIN_MAX + 1], object[PL_ADDRESS_MAX + 1], who[PL_ADDRESS_MAX + 1];
};

/* What is no address is compared as it is. */
static const char *recorded(const char *text, char address_r[PL_ADDRESS_MAX + 1])
{
	struct pl_address address;

	if (strchr(text, '@') == NULL ||
	    pl_address_parse(text, strlen(text), NULL, &address, NULL) < 0)
		return text;
	return pl_address_format(&address, address_r);
}

/* The name of a domain finds all of it, anything else that object alone. */
static void read_object(const struct request *request, struct pl_audit_search *search,
			struct names *names)
{
	const char *object = asked(request, "object");

	names->domain[0] = '\0';
	search->object = recorded(object, names->object);
	search->domain = names->domain;
	if (object[0] != '\0' && strchr(object, '@') == NULL &&
	    pl_domain_parse(object, names->domain, NULL) == 0)
		search->object = "";
	else
		names->domain[0] = '\0';
}

static void read_search(const struct request *request, struct pl_audit_search *search_r,
			struct names *names)
{
	*search_r = (struct pl_audit_search){
		.scope = pl_administrator_scope(&request->administrator),
		.since = number(request, "since"),
		.until = number(request, "until"),
		.who = recorded(asked(request, "who"), names->who),
		.action = asked(request, "action"),
		.source = asked(request, "address"),
		.text = asked(request, "q"),
	};
	read_object(request, search_r, names);
}

static int add_row(const struct pl_audit_record *record, void *context)
{
	return json_array_append_new(context,
				     json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
					       (json_int_t)record->id, "at", (json_int_t)record->at,
					       "who", record->who, "address", record->source,
					       "action", record->action, "object", record->object,
					       "before", record->before, "after", record->after));
}

/* A page of records, and what is known of the others. */
struct page {
	json_t *rows;
	json_t *total; /* null: not all have been looked at */
	char next[48]; /* "": this is the last page */
};

/* Takes the row away that is one too many. */
static void find_next(struct page *page, int limit, int64_t more)
{
	const json_t *last;

	if (json_array_size(page->rows) > (size_t)limit) {
		json_array_remove(page->rows, (size_t)limit);
		last = json_array_get(page->rows, (size_t)limit - 1);
		snprintf(page->next, sizeof(page->next), "%lld-%lld",
			 (long long)json_integer_value(json_object_get(last, "at")),
			 (long long)json_integer_value(json_object_get(last, "id")));
	} else if (more != 0) {
		/* Of that time itself, all have been looked at: ids begin with 1. */
		snprintf(page->next, sizeof(page->next), "%lld-1", (long long)more);
	}
}

/* What is on one page need not be looked for once more to be counted. */
static int count_rows(const struct request *request, const struct pl_audit_search *search,
		      const struct pl_audit_reach *reach, struct page *page, struct pl_error *err)
{
	int64_t total = (int64_t)json_array_size(page->rows);

	if (reach->is_part) {
		page->total = json_null();
		return 0;
	}
	if (search->below_at != 0 || total >= search->limit)
		total = pl_audit_search_total(request->work.store, search, err);
	page->total = total < 0 ? NULL : json_integer(total);
	return page->total == NULL ? -1 : 0;
}

static int read_page(const struct request *request, struct pl_audit_search *search,
		     struct page *page, struct pl_error *err)
{
	struct pl_audit_reach reach;

	if (pl_audit_search_narrow(request->work.store, search, &reach, err) < 0 ||
	    pl_audit_search(request->work.store, search, add_row, page->rows, err) < 0 ||
	    count_rows(request, search, &reach, page, err) < 0)
		return -1;
	find_next(page, search->limit - 1, reach.more);
	return 0;
}

int get_console_audit(struct request *request, struct response *response, struct pl_error *err)
{
	struct page page = { .next = "" };
	struct names names;
	struct pl_audit_search search;

	read_search(request, &search, &names);
	if (!read_cursor(asked(request, "after"), &search))
		return respond_bad_field(response, "after");
	search.limit = console_limit(request) + 1;
	search.records = RECORDS_AT_ONCE;
	page.rows = json_array();
	if (read_page(request, &search, &page, err) < 0) {
		json_decref(page.rows);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:o, s:s?}", "items", page.rows, "total", page.total,
				      "next", page.next[0] != '\0' ? page.next : NULL));
}

/* -- as a table -- */

/* A table that is being sent. */
struct table {
	struct console_export export;
	int64_t below_at, below_id; /* the last row of the page before */
	int has_heading;
};

/* A page of it. */
struct table_page {
	struct table *table;
	FILE *out;
	int rows;
};

static void put_cell(FILE *out, const char *text, const char *behind)
{
	pl_csv_cell_put(out, text);
	fputs(behind, out);
}

static int put_row(const struct pl_audit_record *record, void *context)
{
	struct table_page *page = context;

	fputc('"', page->out);
	console_export_time(page->out, record->at);
	fputs("\",", page->out);
	put_cell(page->out, record->who, ",");
	put_cell(page->out, record->source, ",");
	put_cell(page->out, record->action, ",");
	put_cell(page->out, record->object, ",");
	put_cell(page->out, record->before, ",");
	put_cell(page->out, record->after, "\r\n");
	page->table->below_at = record->at;
	page->table->below_id = record->id;
	page->rows++;
	return ferror(page->out);
}

static int fill_table(struct request *request, void *context, FILE *out, struct pl_error *err)
{
	struct table *table = context;
	struct table_page page = { table, out, 0 };
	struct names names;
	struct pl_audit_search search;

	if (console_export_check(request, &table->export, err) < 0)
		return -1;
	if (!table->has_heading)
		fputs("time,who,address,action,object,before,after\r\n", out);
	table->has_heading = 1;
	read_search(request, &search, &names);
	search.below_at = table->below_at;
	search.below_id = table->below_id;
	search.limit = CONSOLE_EXPORT_PAGE;
	if (pl_audit_search(request->work.store, &search, put_row, &page, err) < 0)
		return -1;
	return page.rows == CONSOLE_EXPORT_PAGE;
}

static void free_table(void *context)
{
	struct table *table = context;

	console_export_free(&table->export);
	free(table);
}

int get_console_audit_export(struct request *request, struct response *response,
			     struct pl_error *err)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "there is no memory for the table");
	if (console_export_begin(request, &table->export, err) < 0) {
		free_table(table);
		return -1;
	}
	return console_export_respond(response, fill_table, free_table, table);
}
