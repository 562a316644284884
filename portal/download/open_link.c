/* open_link.c - see open_link.h. */
#include "portal/download/open_link.h"

#include <stdlib.h>
#include <unistd.h>

#include "portal/download/link_page.h"
#include "portal/http/portal.h"

int is_open_link(const struct request *request, struct response *response,
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

static int add_file(const struct pl_link_file *file, void *context)
{
	struct link_files *files = context;

	files->file[files->count++] = *file;
	return files->count == PL_LINK_FILES_MOST;
}

struct link_files *link_files(const struct request *request, int64_t link_id, struct pl_error *err)
{
	/* Larger than a thread's stack should hold. */
	struct link_files *files = malloc(sizeof(*files));

	if (files == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
		return NULL;
	}
	files->count = 0;
	if (pl_link_files(&request->work, link_id, add_file, files) < 0) {
		free(files);
		return NULL;
	}
	return files;
}

int find_ticket(const struct request *request, struct response *response, enum ticket_kind kind,
		struct ticket *ticket_r, struct pl_error *err)
{
	const char *text = request_parameter(request, "ticket");
	int ret;

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	ret = ticket_read(request->verify, kind, text, ticket_r, err);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return respond_link_gone(request, response, LINK_UNKNOWN);
	if (ticket_r->expires_at <= request->work.now)
		return respond_link_gone(request, response, LINK_TICKET_EXPIRED);
	return 1;
}

int open_link_file(const struct request *request, const struct pl_link_file *file, int64_t *size_r,
		   struct pl_error *err)
{
	struct pl_blobs *blobs;
	int fd, ret;

	if (pl_blobs_open(request->policy, NULL, &blobs, err) < 0)
		return -1;
	ret = pl_blob_open(blobs, file->blob, &fd, size_r, err);
	pl_blobs_close(&blobs);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_RETRY,
				    "attachment_folder %s: the blob of file %lld is not there",
				    request->policy->attachment_folder, (long long)file->id);
	if (ret == 1 && *size_r != file->size) {
		close(fd);
		return pl_error_set(err, PL_ERR_RETRY,
				    "attachment_folder %s: the blob of file %lld has %lld "
				    "bytes and not %lld",
				    request->policy->attachment_folder, (long long)file->id,
				    (long long)*size_r, (long long)file->size);
	}
	return ret < 0 ? -1 : fd;
}

int open_link_file_alone(struct request *request, const struct pl_link_file *file, int64_t *size_r,
			 struct pl_error *err)
{
	portal_give(request, 0);
	return open_link_file(request, file, size_r, err);
}
