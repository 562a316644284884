/* console_member_history.c - what has happened to a member: logins and changes, and the audit
 * records of the address alone. */
#include <stdlib.h>

#include "policy/account/audit.h"
#include "portal/account/activity.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/handlers.h"

#define PAGE 50

int get_console_activity(struct request *request, struct response *response, struct pl_error *err)
{
	return answer_activity(request, response, &request->target.member,
			       ACTIVITY_FOR_ADMINISTRATOR, err);
}

struct page {
	json_t *rows;
	size_t limit;
	int64_t last; /* id of the last row; 0: there is no further page */
	int is_cut;
};

static int add_record(const struct pl_audit_record *record, void *context)
{
	struct page *page = context;

	if (json_array_size(page->rows) == page->limit) {
		page->is_cut = 1;
		return 1;
	}
	page->last = record->id;
	return json_array_append_new(page->rows,
				     json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
					       (json_int_t)record->id, "at", (json_int_t)record->at,
					       "who", record->who, "source", record->source,
					       "action", record->action, "object", record->object,
					       "before", record->before, "after", record->after));
}

/* The number of a query field that has been checked. */
static int64_t number_of(const struct request *request, const char *name, int64_t fallback)
{
	const char *text = request_query(request, name);

	return text == NULL ? fallback : strtoll(text, NULL, 10);
}

int get_console_member_audit(struct request *request, struct response *response,
			     struct pl_error *err)
{
	const int limit = (int)number_of(request, "limit", PAGE);
	struct page page = { .rows = json_array(), .limit = (size_t)limit };
	char address[PL_ADDRESS_MAX + 1];
	int64_t total;

	pl_address_format(&request->target.member.address, address);
	total = pl_audit_count(request->work.store, address, 0, err);
	if (total < 0 || pl_audit_list_below(request->work.store, address, 0,
					     number_of(request, "after", INT64_MAX), limit + 1,
					     add_record, &page, err) < 0) {
		json_decref(page.rows);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:I, s:o}", "items", page.rows, "total",
				      (json_int_t)total, "next",
				      page.is_cut ? json_sprintf("%lld", (long long)page.last)
						  : json_null()));
}
