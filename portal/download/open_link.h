/* open_link.h - whether the files of a link may be fetched, and their bytes. */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_OPEN_LINK_H
#define POSTLATCH_PORTAL_DOWNLOAD_OPEN_LINK_H

#include "policy/attachment/download.h"
#include "portal/download/ticket.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

struct link_files {
	struct pl_link_file file[PL_LINK_FILES_MOST];
	size_t count;
};

/* Whether a link leads to files: 1; 0 response says why not. */
int is_open_link(const struct request *request, struct response *response,
		 const struct pl_link *link);
/* The files of a link, in their order: the caller's to free. NULL and the error. */
struct link_files *link_files(const struct request *request, int64_t link_id, struct pl_error *err);
/* The ticket that the path has: 1; 0 response says why it is not good; -1. */
int find_ticket(const struct request *request, struct response *response, enum ticket_kind kind,
		struct ticket *ticket_r, struct pl_error *err);
/* A descriptor for the bytes of a file, the caller's to close, and how many there are; or -1. It
 * may have to be fetched from a store, which can take long. */
int open_link_file(const struct request *request, const struct pl_link_file *file, int64_t *size_r,
		   struct pl_error *err);
/* The same, without a connection to the database meanwhile; there is none afterwards. */
int open_link_file_alone(struct request *request, const struct pl_link_file *file, int64_t *size_r,
			 struct pl_error *err);

#endif
