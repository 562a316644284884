/* download.c - see download.h. */
#include "policy/attachment/download.h"

#include <string.h>

#include "policy/base/day.h"

enum pl_link_state pl_link_state(const struct pl_link *link, int64_t now)
{
	if (link->withdrawn_at != 0)
		return PL_LINK_WITHDRAWN;
	return link->expires_at <= now ? PL_LINK_EXPIRED : PL_LINK_OPEN;
}

int pl_link_is_used_up(const struct pl_link *link, const struct pl_link_file *file)
{
	return file->downloads >= link->downloads_most;
}

static void read_download(struct pl_stmt *row, struct pl_download *download_r)
{
	struct pl_link *link = &download_r->link;
	struct pl_link_file *file = &download_r->file;

	memset(download_r, 0, sizeof(*download_r));
	link->id = pl_col_int(row, "link_id");
	link->expires_at = pl_col_int(row, "expires_at");
	link->withdrawn_at = pl_col_int(row, "withdrawn_at");
	link->downloads_most = pl_col_int(row, "downloads_most");
	file->id = pl_col_int(row, "id");
	pl_col_copy(row, "blob", file->blob, sizeof(file->blob));
	pl_col_copy(row, "name", file->name, sizeof(file->name));
	file->size = pl_col_int(row, "size");
	file->downloads = pl_col_int(row, "downloads");
	download_r->is_counted = pl_col_int(row, "counted") != 0;
}

int pl_download_get(const struct pl_work *work, int64_t file_id, const unsigned char *ticket,
		    struct pl_download *download_r)
{
	struct pl_stmt *row = pl_query(work->store, PL_SQL_LINK_DOWNLOAD_GET,
				       PL_PARAMS(PL_INT("file_id", file_id),
						 PL_BLOB("ticket", ticket, PL_DOWNLOAD_TICKET)));
	const int ret = pl_step(row, work->err);

	if (ret != 1)
		return ret;
	read_download(row, download_r);
	return pl_row_end(row, work->err);
}

int pl_download_goes_on(const struct pl_work *work, int64_t file_id)
{
	struct pl_stmt *row = pl_query(work->store, PL_SQL_LINK_DOWNLOAD_GOES_ON,
				       PL_PARAMS(PL_INT("file_id", file_id)));
	const int ret = pl_step(row, work->err);

	if (ret == 1)
		pl_reset(row);
	return ret;
}

int pl_download_count(const struct pl_work *work, int64_t file_id, const unsigned char *ticket)
{
	const int64_t added = pl_exec_count(work->store, PL_SQL_LINK_DOWNLOAD_INSERT,
					    PL_PARAMS(PL_INT("file_id", file_id),
						      PL_BLOB("ticket", ticket, PL_DOWNLOAD_TICKET),
						      PL_INT("now", work->now)),
					    work->err);

	if (added <= 0)
		return (int)added;
	if (pl_exec(work->store, PL_SQL_LINK_DOWNLOAD_COUNT, PL_PARAMS(PL_INT("file_id", file_id)),
		    work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_LINK_TRAFFIC_ADD,
		       PL_PARAMS(PL_INT("file_id", file_id),
				 PL_INT("day", work->now - work->now % PL_DAY_SECONDS)),
		       work->err) < 0
		       ? -1
		       : 1;
}
