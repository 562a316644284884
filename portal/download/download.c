/* download.c - the page of a link, its buttons, and the files.
 *
 * What looks at links before people do, such as the preview of a chat, sends only GET: it sees the
 * page and uses nothing up. The button is a form, which gives a ticket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/attachment/link_password.h"
#include "portal/download/disposition.h"
#include "portal/download/handlers.h"
#include "portal/download/link_page.h"
#include "portal/download/range.h"
#include "portal/download/ticket.h"

struct files {
	struct pl_link_file file[PL_LINK_FILES_MOST];
	size_t count;
};

static int add_file(const struct pl_link_file *file, void *context)
{
	struct files *files = context;

	files->file[files->count++] = *file;
	return files->count == PL_LINK_FILES_MOST;
}

static int is_token(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-_")] == '\0';
}

/* Whether a link leads to files: 1; 0 response says why not. */
static int is_open(const struct request *request, struct response *response,
		   const struct pl_link *link)
{
	switch (pl_link_state(link, request->work.now)) {
	case PL_LINK_OPEN:
		return 1;
	case PL_LINK_WITHDRAWN:
		return respond_link_gone(request, response, LINK_WITHDRAWN);
	case PL_LINK_EXPIRED:
		break;
	}
	return respond_link_gone(request, response, LINK_EXPIRED);
}

/* The link that the path names, which is open, with its files: 1; 0 response says why not; -1. */
static int find_link(struct request *request, struct response *response, struct pl_link *link_r,
		     struct files *files_r)
{
	const char *text = request_parameter(request, "token");
	struct pl_secret token;
	int ret = 0;

	files_r->count = 0;
	if (is_token(text) && pl_secret_set(&token, text, strlen(text)) == 0) {
		ret = pl_link_find(&request->work, &token, link_r);
		pl_secret_wipe(&token);
	}
	if (ret == 0)
		return respond_link_gone(request, response, LINK_UNKNOWN);
	if (ret < 0 || !is_open(request, response, link_r))
		return ret < 0 ? -1 : 0;
	return pl_link_files(&request->work, link_r->id, add_file, files_r) < 0 ? -1 : 1;
}

static int show_link(struct request *request, struct response *response, struct files *files)
{
	struct pl_link link;
	const int ret = find_link(request, response, &link, files);

	const struct link_page page = { &link, files->file, files->count,
					request_parameter(request, "token") };

	return ret == 1 ? respond_link_page(request, response, &page) : ret;
}

/* The file that the button names; NULL: none. */
static const struct pl_link_file *chosen(const struct request *request, const struct files *files)
{
	const char *text = request_form(request, "file");
	char id[24];

	for (size_t i = 0; text != NULL && i < files->count; i++) {
		snprintf(id, sizeof(id), "%lld", (long long)files->file[i].id);
		if (strcmp(id, text) == 0)
			return &files->file[i];
	}
	return NULL;
}

static int send_to_file(struct request *request, struct response *response,
			const struct pl_link_file *file, struct pl_error *err)
{
	char location[3 + TICKET_TEXT] = "/f/";

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (ticket_make(request->verify, file->id, request->work.now, location + 3, err) < 0)
		return -1;
	return respond_redirect(response, location);
}

/* Whether what was sent opens the link: 1; 0 response says that it does not; -1. The ticket that is
 * given then holds for ranges as well. */
static int check_password(struct request *request, struct response *response,
			  const struct link_page *page, struct pl_error *err)
{
	const char *password = request_form(request, "password");
	enum pl_link_try result;
	int64_t wait;

	if (!page->link->has_password)
		return 1;
	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (pl_link_try_password_commit(&request->work, request->verify, page->link,
					password == NULL ? "" : password, &result, &wait) < 0)
		return -1;
	switch (result) {
	case PL_LINK_TRY_RIGHT:
		return 1;
	case PL_LINK_TRY_LATER:
		return respond_password_later(request, response, page, wait);
	case PL_LINK_TRY_WRONG:
		break;
	}
	return respond_wrong_password(request, response, page);
}

static int press(struct request *request, struct response *response, struct files *files,
		 struct pl_error *err)
{
	const struct pl_link_file *file;
	struct pl_link link;
	int ret = find_link(request, response, &link, files);
	const struct link_page page = { &link, files->file, files->count,
					request_parameter(request, "token") };

	if (ret == 1)
		ret = check_password(request, response, &page, err);
	if (ret != 1)
		return ret;
	file = chosen(request, files);
	if (file == NULL)
		return respond_link_gone(request, response, LINK_UNKNOWN);
	if (pl_link_is_used_up(&link, file))
		return respond_link_gone(request, response, LINK_USED_UP);
	return send_to_file(request, response, file, err);
}

/* Larger than a thread's stack should hold. */
static struct files *new_files(struct pl_error *err)
{
	struct files *files = malloc(sizeof(*files));

	if (files == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return files;
}

int get_link_page(struct request *request, struct response *response, struct pl_error *err)
{
	struct files *files = new_files(err);
	const int ret = files == NULL ? -1 : show_link(request, response, files);

	free(files);
	return ret;
}

int post_link_page(struct request *request, struct response *response, struct pl_error *err)
{
	struct files *files = new_files(err);
	const int ret = files == NULL ? -1 : press(request, response, files, err);

	free(files);
	return ret;
}

/* -- the file -- */

static int count_download(struct request *request, void *context, struct pl_error *err)
{
	const struct ticket *ticket = context;

	if (pl_store_begin_write(request->work.store, err) < 0 ||
	    pl_download_count(&request->work, ticket->file_id, ticket->id) < 0)
		return -1;
	return pl_store_commit(request->work.store, err);
}

/* The file that a ticket is for, if it may be fetched: 1; 0 response says why not; -1. */
static int find_file(struct request *request, struct response *response, struct ticket *ticket_r,
		     struct pl_download *download_r, struct pl_error *err)
{
	int ret;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	ret = ticket_read(request->verify, request_parameter(request, "ticket"), ticket_r, err);
	if (ret == 1)
		ret = pl_download_get(&request->work, ticket_r->file_id, ticket_r->id, download_r);
	if (ret <= 0)
		return ret < 0 ? -1 : respond_link_gone(request, response, LINK_UNKNOWN);
	if (!is_open(request, response, &download_r->link))
		return 0;
	if (ticket_r->expires_at <= request->work.now)
		return respond_link_gone(request, response, LINK_TICKET_EXPIRED);
	/* What was fetched and counted may be gone on with. */
	if (!download_r->is_counted && pl_link_is_used_up(&download_r->link, &download_r->file))
		return respond_link_gone(request, response, LINK_USED_UP);
	return 1;
}

/* A descriptor, or -1. */
static int open_blob(const struct request *request, const struct pl_link_file *file,
		     int64_t *size_r, struct pl_error *err)
{
	struct pl_blobs *blobs;
	int fd, ret;

	if (pl_blobs_open(request->policy->attachment_folder, NULL, &blobs, err) < 0)
		return -1;
	ret = pl_blob_open(blobs, file->blob, &fd, size_r, err);
	pl_blobs_close(&blobs);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_RETRY,
				    "attachment_folder %s: the blob of file %lld is not there",
				    request->policy->attachment_folder, (long long)file->id);
	return ret < 0 ? -1 : fd;
}

static int refuse_range(struct response *response, int64_t size)
{
	response->status = 416;
	snprintf(response->content_range, sizeof(response->content_range), "bytes */%lld",
		 (long long)size);
	return 0;
}

static int send_file(const struct request *request, struct response *response,
		     const struct ticket *ticket, const struct pl_link_file *file,
		     struct pl_error *err)
{
	struct response_open_file open_file = { .file_id = file->id };
	const int is_get = strcmp(request->method, "GET") == 0;
	int64_t size;
	int part;

	open_file.fd = open_blob(request, file, &size, err);
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

int get_download(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_download download;
	struct ticket ticket;
	const int ret = find_file(request, response, &ticket, &download, err);

	if (ret == 1)
		return send_file(request, response, &ticket, &download.file, err);
	return ret;
}
