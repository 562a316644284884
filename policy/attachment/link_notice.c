/* link_notice.c - see link_notice.h. */
#include "policy/attachment/link_notice.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/day.h"
#include "policy/base/utf8.h"
#include "policy/outbox/notice.h"

#define NOTICE "attachment-ends"

int pl_link_notice_next(const struct pl_work *work, const struct pl_policy *policy,
			struct pl_link_notice *notice)
{
	const int64_t ahead = policy->attachment_notice_days * PL_DAY_SECONDS;
	struct pl_stmt *row;
	int ret;

	if (ahead == 0)
		return 0;
	row = pl_query(work->store, PL_SQL_LINK_NOTICE_NEXT,
		       PL_PARAMS(PL_INT("now", work->now), PL_INT("ahead", ahead),
				 PL_INT("from", notice->expires_at),
				 PL_INT("id", notice->link_id)));
	ret = pl_step(row, work->err);
	if (ret != 1)
		return ret;
	notice->link_id = pl_col_int(row, "id");
	notice->member_id = pl_col_int(row, "member_id");
	notice->expires_at = pl_col_int(row, "expires_at");
	return pl_row_end(row, work->err) < 0 ? -1 : 1;
}

struct names {
	char *text;
	size_t size;
};

/* "plans.pdf, photo.jpg", as far as they fit. */
static int add_name(const struct pl_link_file *file, void *context)
{
	const struct names *names = context;
	const size_t used = strlen(names->text);
	char more[PL_LINK_FILE_NAME_MAX + 3];

	snprintf(more, sizeof(more), "%s%s", used == 0 ? "" : ", ", file->name);
	pl_utf8_copy(more, names->text + used, names->size - used);
	return strlen(names->text) - used < strlen(more);
}

int pl_link_notice_tell(const struct pl_work *work, const struct pl_link_notice *notice)
{
	struct pl_notice_origin origin = { .language = "" };
	struct names names = { origin.uses, sizeof(origin.uses) };
	const int64_t told =
		pl_exec_count(work->store, PL_SQL_LINK_NOTICE_TELL,
			      PL_PARAMS(PL_INT("id", notice->link_id), PL_INT("now", work->now)),
			      work->err);

	if (told <= 0)
		return (int)told;
	pl_day_format(pl_day_of(notice->expires_at), origin.day);
	if (pl_link_files(work, notice->link_id, add_name, &names) < 0 ||
	    pl_notice_add(work, notice->member_id, NOTICE, &origin) < 0)
		return -1;
	return 1;
}
