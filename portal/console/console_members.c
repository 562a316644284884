/* console_members.c - the members of the administrator's domains: a page at a time, or as a table
 * to take away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/admin/csv_cell.h"
#include "policy/admin/csv_column.h"
#include "policy/admin/member_query.h"
#include "portal/console/console_answer.h"
#include "portal/console/console_export.h"
#include "portal/console/handlers.h"
#include "portal/http/portal.h"
#include "portal/http/route.h"

static int is_of_page(const char *name)
{
	return strcmp(name, "sort") == 0 || strcmp(name, "after") == 0 ||
	       strcmp(name, "limit") == 0;
}

/* NULL; or the field that does not have such a value. */
static const char *read_filter(const struct request *request, struct pl_member_query *query_r)
{
	memset(query_r, 0, sizeof(*query_r));
	for (const struct route_field *field = request->route->query; field->name != NULL;
	     field++) {
		const char *value = request_query(request, field->name);

		if (value != NULL && !is_of_page(field->name) &&
		    !pl_member_query_set(query_r, field->name, value))
			return field->name;
	}
	return NULL;
}

static json_t *use_json(const struct pl_member_use *use)
{
	return use->at == 0
		       ? json_null()
		       : json_pack("{s:I, s:s}", "at", (json_int_t)use->at, "address", use->ip);
}

static int holds(const struct request *request, const struct pl_member_line *line,
		 enum pl_setting setting)
{
	struct pl_layers layers;

	pl_account_layers(&line->account, request->policy, request->work.now, &layers);
	return pl_resolve(&layers, setting).value == PL_ON;
}

/* Letters of the services that are on for the member; U: the member may be used at all. */
static const struct {
	char letter;
	enum pl_setting setting;
} flags[] = {
	{ 'S', PL_SETTING_SMTP },
	{ 'P', PL_SETTING_POP3 },
	{ 'I', PL_SETTING_IMAP },
	{ 'F', PL_SETTING_FORWARDING },
	{ 'M', PL_SETTING_LARGE_ATTACHMENTS },
	{ '2', PL_SETTING_TWO_FACTOR },
};
#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static void write_flags(const struct request *request, const struct pl_member_line *line,
			char flags_r[FLAGS + 2])
{
	if (line->account.member.active && line->account.domain.active)
		*flags_r++ = 'U';
	for (size_t i = 0; i < FLAGS; i++) {
		if (holds(request, line, flags[i].setting))
			*flags_r++ = flags[i].letter;
	}
	*flags_r = '\0';
}

/* NULL: everywhere. */
static const char *allowed_networks(const struct request *request,
				    const struct pl_member_line *line,
				    char networks_r[PL_NETWORKS_TEXT])
{
	struct pl_resolved allowed;
	struct pl_layers layers;

	pl_account_layers(&line->account, request->policy, request->work.now, &layers);
	allowed = pl_resolve(&layers, PL_SETTING_WEBMAIL_ALLOWED_NETWORKS);
	if (allowed.value != PL_LISTED)
		return NULL;
	snprintf(networks_r, PL_NETWORKS_TEXT, "%s", allowed.networks);
	return networks_r;
}

static json_t *line_json(const struct request *request, const struct pl_member_line *line)
{
	const struct pl_member *member = &line->account.member;
	char address[PL_ADDRESS_MAX + 1], display[PL_ADDRESS_DISPLAY_MAX + 1], letters[FLAGS + 2];
	char networks[PL_NETWORKS_TEXT];

	write_flags(request, line, letters);
	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, "
			 "s:s?}",
			 "member", pl_address_format(&member->address, address), "display",
			 pl_address_display(&member->address, display), "active", member->active,
			 "class", member->class_name, "flags", letters, "webmail",
			 use_json(&line->webmail), "smtp", use_json(&line->smtp), "pop3",
			 use_json(&line->pop3), "imap", use_json(&line->imap), "last_seen",
			 console_time(line->seen_at), "received_at",
			 console_time(line->received_at), "factor_registered_at",
			 console_time(line->registered_at), "password_changed_at",
			 console_time(line->password_changed_at), "created_at",
			 (json_int_t)member->created_at, "webmail_allowed_networks",
			 allowed_networks(request, line, networks));
}

struct rows {
	const struct request *request;
	json_t *items;
	size_t most;
	char last[PL_MEMBER_CURSOR];
};

static int add_row(const struct pl_member_line *line, void *context)
{
	struct rows *rows = context;

	if (json_array_size(rows->items) == rows->most)
		return 1;
	memcpy(rows->last, line->cursor, sizeof(rows->last));
	return json_array_append_new(rows->items, line_json(rows->request, line));
}

/* The members of the index as they are now. The search is of a moment after that, so the domain
 * of every member is known to it. 0, 1 when the cursor is none, -1. */
static int read_page(struct request *request, const struct pl_member_query *query,
		     const struct pl_member_page *page, struct pl_member_found *found_r,
		     int (*each)(const struct pl_member_line *line, void *context), void *context,
		     struct pl_error *err)
{
	struct pl_member_index *index = portal_members(request->portal);
	struct pl_member_search *search;
	int ret;

	if (pl_member_index_update(index, request->work.store, err) < 0 ||
	    pl_store_begin_read(request->work.store, err) < 0)
		return -1;
	ret = pl_member_search_open(request->work.store, request->policy,
				    pl_administrator_scope(&request->administrator), query,
				    request->work.now, &search, err);
	if (ret == 0) {
		ret = pl_member_search_page(search, index, page, found_r, each, context, err);
		pl_member_search_close(&search);
	}
	pl_store_end_read(request->work.store);
	return ret;
}

int get_console_members(struct request *request, struct response *response, struct pl_error *err)
{
	struct rows rows = { .request = request, .most = (size_t)console_limit(request) };
	const char *sort = request_query(request, "sort"), *wrong;
	struct pl_member_page page = { .order = PL_BY_ADDRESS,
				       .after = request_query(request, "after"),
				       .limit = rows.most + 1 };
	struct pl_member_query query;
	struct pl_member_found found;
	int has_more, ret;

	wrong = read_filter(request, &query);
	if (sort != NULL && !pl_member_order_by_name(sort, &page.order))
		wrong = "sort";
	if (wrong != NULL)
		return respond_bad_field(response, wrong);
	rows.items = json_array();
	ret = read_page(request, &query, &page, &found, add_row, &rows, err);
	if (ret != 0) {
		json_decref(rows.items);
		return ret < 0 ? -1 : respond_bad_field(response, "after");
	}
	/* Some may have been removed since they were found: that does not end the list. */
	has_more = found.rows > rows.most && rows.last[0] != '\0';
	return respond_json(response, 200,
			    json_pack("{s:o, s:I, s:s?}", "items", rows.items, "total",
				      (json_int_t)found.total, "next",
				      has_more ? rows.last : NULL));
}

/* -- as a table -- */

/* A table that is being sent. */
struct table {
	struct console_export export;
	struct pl_member_query query;
	char after[PL_MEMBER_CURSOR]; /* the last row of the page before */
	int has_heading;
};

/* A page of it. */
struct table_page {
	struct request *request;
	struct table *table;
	FILE *out;
	int is_full; /* there may be others behind it */
};

static void put_time(FILE *out, int64_t seconds)
{
	fputc(',', out);
	console_export_time(out, seconds);
}

static void put_use(FILE *out, const struct pl_member_use *use)
{
	put_time(out, use->at);
	fprintf(out, ",%s", use->ip);
}

static void put_heading(FILE *out)
{
	fputs("address,active,class", out);
	for (int i = 0; i < PL_SETTING_COUNT; i++)
		fprintf(out, ",%s", pl_setting_info((enum pl_setting)i)->name);
	for (int i = PL_CSV_LEFT; i < PL_CSV_COLUMNS; i++)
		fprintf(out, ",%s", pl_csv_column_name(i));
	fputs("\r\n", out);
}

/* The last columns are those that an import leaves as they are, in their order. */
static int put_line(const struct pl_member_line *line, void *context)
{
	struct table_page *page = context;
	const struct pl_member *member = &line->account.member;
	char address[PL_ADDRESS_MAX + 1], value[PL_VALUE_TEXT], letters[FLAGS + 2];
	FILE *out = page->out;

	pl_csv_cell_put(out, pl_address_format(&member->address, address));
	fprintf(out, ",%s,", member->active ? "on" : "off");
	pl_csv_cell_put(out, member->class_name);
	for (int i = 0; i < PL_SETTING_COUNT; i++)
		fprintf(out, member->settings.value[i] == PL_LISTED ? ",\"%s\"" : ",%s",
			pl_setting_write((enum pl_setting)i, &member->settings, value));
	write_flags(page->request, line, letters);
	fprintf(out, ",%s", letters);
	put_use(out, &line->webmail);
	put_use(out, &line->smtp);
	put_use(out, &line->pop3);
	put_use(out, &line->imap);
	put_time(out, line->received_at);
	put_time(out, line->registered_at);
	put_time(out, line->password_changed_at);
	put_time(out, member->created_at);
	fputs("\r\n", out);
	memcpy(page->table->after, line->cursor, sizeof(line->cursor));
	return ferror(out);
}

/* Looks for the next members: 0, 1 when the cursor is none, -1. */
static int put_lines(struct table_page *table_page, size_t most, struct pl_error *err)
{
	/* It moves on while the page is read. */
	char after[PL_MEMBER_CURSOR];
	const struct pl_member_page page = { .order = PL_BY_ADDRESS,
					     .after = after,
					     .limit = most };
	struct pl_member_found found;
	int ret;

	memcpy(after, table_page->table->after, sizeof(after));
	ret = read_page(table_page->request, &table_page->table->query, &page, &found, put_line,
			table_page, err);
	table_page->is_full = ret == 0 && found.rows == most;
	return ret;
}

static int fill_table(struct request *request, void *context, FILE *out, struct pl_error *err)
{
	struct table *table = context;
	struct table_page page = { request, table, out, 0 };

	if (console_export_check(request, &table->export, err) < 0)
		return -1;
	if (!table->has_heading)
		put_heading(out);
	table->has_heading = 1;
	if (put_lines(&page, CONSOLE_EXPORT_PAGE, err) < 0)
		return -1;
	return page.is_full;
}

static void free_table(void *context)
{
	struct table *table = context;

	console_export_free(&table->export);
	free(table);
}

/* 0 and the field that is wrong, or NULL; -1. */
static int begin_table(struct request *request, struct table *table, const char **wrong_r,
		       struct pl_error *err)
{
	struct table_page none = { request, table, NULL, 0 };
	const char *after = request_query(request, "after");
	int ret;

	*wrong_r = read_filter(request, &table->query);
	if (*wrong_r != NULL)
		return 0;
	snprintf(table->after, sizeof(table->after), "%s", after == NULL ? "" : after);
	ret = put_lines(&none, 0, err);
	if (ret == 1)
		*wrong_r = "after";
	return ret < 0 ? -1 : console_export_begin(request, &table->export, err);
}

int get_console_members_export(struct request *request, struct response *response,
			       struct pl_error *err)
{
	struct table *table = calloc(1, sizeof(*table));
	const char *wrong;
	int ret;

	if (table == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "there is no memory for the table");
	ret = begin_table(request, table, &wrong, err);
	if (ret < 0 || wrong != NULL) {
		free_table(table);
		return ret < 0 ? -1 : respond_bad_field(response, wrong);
	}
	return console_export_respond(response, fill_table, free_table, table);
}
