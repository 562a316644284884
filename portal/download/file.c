/* file.c - a file of a link, or a range of it, for whoever has a ticket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portal/download/disposition.h"
#include "portal/download/handlers.h"
#include "portal/download/link_page.h"
#include "portal/download/open_link.h"
#include "portal/download/range.h"

static int count_download(struct request *request, void *context, struct pl_error *err)
{
	const struct ticket *ticket = context;

	if (pl_store_begin_write(request->work.store, err) < 0 ||
	    pl_download_count(&request->work, ticket->of, ticket->id) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

/* The file that a ticket is for, if it may be fetched: 1; 0 response says why not; -1. */
static int find_file(struct request *request, struct response *response, struct ticket *ticket_r,
		     struct pl_download *download_r, struct pl_error *err)
{
	int ret = find_ticket(request, response, TICKET_OF_FILE, ticket_r, err);

	if (ret != 1)
		return ret;
	ret = pl_download_get(&request->work, ticket_r->of, ticket_r->id, download_r);
	if (ret <= 0)
		return ret < 0 ? -1 : respond_link_gone(request, response, LINK_UNKNOWN);
	if (!is_open_link(request, response, &download_r->link))
		return 0;
	/* What was fetched and counted may be gone on with. */
	if (!download_r->is_counted && pl_link_is_used_up(&download_r->link, &download_r->file))
		return respond_link_gone(request, response, LINK_USED_UP);
	return 1;
}

static int refuse_range(struct response *response, int64_t size)
{
	response->status = 416;
	snprintf(response->content_range, sizeof(response->content_range), "bytes */%lld",
		 (long long)size);
	return 0;
}

static int send_file(struct request *request, struct response *response,
		     const struct ticket *ticket, const struct pl_link_file *file,
		     struct pl_error *err)
{
	struct response_open_file open_file = { .file_id = file->id };
	const int is_get = strcmp(request->method, "GET") == 0;
	int64_t size;
	int part;

	open_file.fd = open_link_file_alone(request, file, &size, err);
	if (open_file.fd < 0)
		return -1;
	open_file.len = size;
	part = is_get ? range_parse(request->range, size, &open_file.offset, &open_file.len) : 0;
	if (part < 0) {
		close(open_file.fd);
		return refuse_range(response, size);
	}
	if (is_get && open_file.offset + open_file.len == size) {
		open_file.context = malloc(sizeof(*ticket));
		if (open_file.context != NULL) {
			memcpy(open_file.context, ticket, sizeof(*ticket));
			open_file.sent = count_download;
		}
	}
	if (respond_open_file(response, &open_file, disposition_of(file->name)) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	if (part == 1) {
		response->status = 206;
		snprintf(response->content_range, sizeof(response->content_range),
			 "bytes %lld-%lld/%lld", (long long)open_file.offset,
			 (long long)(open_file.offset + open_file.len - 1), (long long)size);
	}
	snprintf(response->etag, sizeof(response->etag), "\"%lld\"", (long long)file->id);
	return 0;
}

int get_file(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_download download;
	struct ticket ticket;
	const int ret = find_file(request, response, &ticket, &download, err);

	if (ret == 1)
		return send_file(request, response, &ticket, &download.file, err);
	return ret;
}
