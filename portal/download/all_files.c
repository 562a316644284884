/* all_files.c - all files of a link in one archive, for whoever has a ticket for them.
 *
 * The archive is made while it is sent, and its pages are read one after the other
 * (portal/http/stream.h): it takes no more memory than a page, and a link that is withdrawn
 * meanwhile ends it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portal/download/disposition.h"
#include "portal/download/handlers.h"
#include "portal/download/link_page.h"
#include "portal/download/open_link.h"
#include "portal/download/zip.h"
#include "portal/http/portal.h"

#define PAGE_BYTES (256 * 1024)

struct all_files {
	struct zip *zip;
	struct link_files *files; /* that can be fetched */
	size_t next;              /* of them, to begin */
	int fd;                   /* of the one before it; -1: there is none */
	int64_t left;             /* bytes of that one */
	int64_t made_at;
	struct ticket ticket;
	char page[PAGE_BYTES];
};

static void free_all(void *context)
{
	struct all_files *all = context;

	if (all == NULL)
		return;
	if (all->fd >= 0)
		close(all->fd);
	zip_free(&all->zip);
	free(all->files);
	free(all);
}

static int count_all(struct request *request, void *context, struct pl_error *err)
{
	const struct all_files *all = context;

	if (pl_store_begin_write(request->work.store, err) < 0)
		return -1;
	for (size_t i = 0; i < all->files->count; i++) {
		if (pl_download_count(&request->work, all->files->file[i].id, all->ticket.id) < 0)
			return -1;
	}
	return pl_store_commit(request->work.store, err);
}

/* How many files before this one have its name. */
static int namesakes(const struct link_files *files, size_t number)
{
	int count = 0;

	for (size_t i = 0; i < number; i++)
		count += strcmp(files->file[i].name, files->file[number].name) == 0;
	return count;
}

/* The second "a.pdf" is "a (2).pdf". */
static void name_in_archive(const struct link_files *files, size_t number,
			    char name_r[PL_LINK_FILE_NAME_MAX + 16])
{
	const char *name = files->file[number].name, *end = strrchr(name, '.');
	const int before = namesakes(files, number);

	if (end == NULL || end == name)
		end = name + strlen(name);
	if (before == 0)
		snprintf(name_r, PL_LINK_FILE_NAME_MAX + 16, "%s", name);
	else
		snprintf(name_r, PL_LINK_FILE_NAME_MAX + 16, "%.*s (%d)%s", (int)(end - name), name,
			 before + 1, end);
}

static int begin_next(struct request *request, struct all_files *all, struct pl_error *err)
{
	const size_t number = all->next++;
	char name[PL_LINK_FILE_NAME_MAX + 16];

	all->fd = open_link_file(request, &all->files->file[number], &all->left, err);
	if (all->fd < 0)
		return -1;
	name_in_archive(all->files, number, name);
	return zip_begin_file(all->zip, name, all->left, all->made_at, err);
}

static int put_some(struct all_files *all, struct pl_error *err)
{
	const size_t most = all->left < PAGE_BYTES ? (size_t)all->left : PAGE_BYTES;
	const ssize_t len = most == 0 ? 0 : read(all->fd, all->page, most);

	if (len < 0 || (len == 0 && most > 0))
		return pl_error_set(err, PL_ERR_RETRY, "a stored file cannot be read to its end");
	all->left -= len;
	if (len > 0 && zip_put(all->zip, all->page, (size_t)len, err) < 0)
		return -1;
	if (all->left > 0)
		return 0;
	close(all->fd);
	all->fd = -1;
	return zip_end_file(all->zip, err);
}

/* 1 there is more, 0 that was the end, -1. */
static int put_page(struct request *request, struct all_files *all, struct pl_error *err)
{
	if (all->fd < 0 && all->next == all->files->count)
		return zip_finish(all->zip, err);
	if (all->fd < 0 && begin_next(request, all, err) < 0)
		return -1;
	return put_some(all, err) < 0 ? -1 : 1;
}

static int fill(struct request *request, void *context, FILE *out, struct pl_error *err)
{
	struct all_files *all = context;
	int ret = pl_download_goes_on(&request->work, all->files->file[0].id);

	if (ret == 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "the archive was cut off: its link was withdrawn");
	zip_write_to(all->zip, out);
	if (ret == 1)
		ret = put_page(request, all, err);
	zip_write_to(all->zip, NULL);
	return ret;
}

/* Those that were fetched as often as they may be are not in it. */
static void leave_out_used_up(const struct pl_link *link, struct link_files *files)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (!pl_link_is_used_up(link, &files->file[i]))
			files->file[kept++] = files->file[i];
	}
	files->count = kept;
}

static struct all_files *begin_all(const struct request *request, const struct pl_link *link,
				   const struct ticket *ticket, struct pl_error *err)
{
	struct all_files *all = calloc(1, sizeof(*all));

	if (all == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
		return NULL;
	}
	all->fd = -1;
	all->ticket = *ticket;
	all->made_at = link->made_at;
	all->files = link_files(request, link->id, err);
	if (all->files == NULL || zip_new(&all->zip, err) < 0) {
		free_all(all);
		return NULL;
	}
	leave_out_used_up(link, all->files);
	return all;
}

/* What is in a store comes before the first byte is sent, and not while a page of the archive holds
 * a connection to the database. */
static int bring_all(struct request *request, const struct link_files *files, struct pl_error *err)
{
	if (request->policy->attachment_s3_url[0] == '\0')
		return 0;
	for (size_t i = 0; i < files->count; i++) {
		int64_t size;
		const int fd = open_link_file_alone(request, &files->file[i], &size, err);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return portal_take(request, err);
}

static int send_all(struct request *request, struct response *response, const struct pl_link *link,
		    const struct ticket *ticket, struct pl_error *err)
{
	struct all_files *all = begin_all(request, link, ticket, err);
	struct response_stream stream = { .fill = fill, .sent = count_all, .free = free_all };

	if (all == NULL)
		return -1;
	if (all->files->count == 0) {
		free_all(all);
		return respond_link_gone(request, response, LINK_USED_UP);
	}
	if (bring_all(request, all->files, err) < 0) {
		free_all(all);
		return -1;
	}
	stream.context = all;
	stream.file_id = all->files->file[0].id;
	if (respond_file_stream(response, &stream, disposition_of("files.zip")) < 0)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return 0;
}

int get_all_files(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_link link;
	struct ticket ticket;
	int ret = find_ticket(request, response, TICKET_OF_LINK, &ticket, err);

	if (ret != 1)
		return ret;
	ret = pl_link_get(&request->work, ticket.of, &link);
	if (ret <= 0)
		return ret < 0 ? -1 : respond_link_gone(request, response, LINK_UNKNOWN);
	if (!is_open_link(request, response, &link))
		return 0;
	return send_all(request, response, &link, &ticket, err);
}
