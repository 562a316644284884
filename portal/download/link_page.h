/* link_page.h - what people see who have opened a link to files. Each returns 0. */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_LINK_PAGE_H
#define POSTLATCH_PORTAL_DOWNLOAD_LINK_PAGE_H

#include "policy/attachment/download.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* Why there is no file. */
enum link_gone { LINK_UNKNOWN, LINK_EXPIRED, LINK_WITHDRAWN, LINK_USED_UP, LINK_TICKET_EXPIRED };

/* The files of a link that is open, each with its button. token is that of its address, of
 * characters that need no escaping. */
int respond_link_page(const struct request *request, struct response *response,
		      const struct pl_link *link, const struct pl_link_file *files, size_t count,
		      const char *token);
/* 404 for one that is unknown, else 410. */
int respond_link_gone(const struct request *request, struct response *response, enum link_gone why);

#endif
