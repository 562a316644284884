/* link_page.h - what people see who have opened a link to files. Each returns 0. */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_LINK_PAGE_H
#define POSTLATCH_PORTAL_DOWNLOAD_LINK_PAGE_H

#include "policy/attachment/download.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* Why there is no file. */
enum link_gone { LINK_UNKNOWN, LINK_EXPIRED, LINK_WITHDRAWN, LINK_USED_UP, LINK_TICKET_EXPIRED };

/* The files of a link that is open. */
struct link_page {
	const struct pl_link *link;
	const struct pl_link_file *files;
	size_t count;
	const char *token; /* that of its address, of characters that need no escaping */
};

/* With a button for each and one for all, and a field for the password if the link has one. */
int respond_link_page(const struct request *request, struct response *response,
		      const struct link_page *page);
/* The same page, which says that the password was not right: 403. */
int respond_wrong_password(const struct request *request, struct response *response,
			   const struct link_page *page);
/* The same page, which says that there were too many of them: 429. */
int respond_password_later(const struct request *request, struct response *response,
			   const struct link_page *page, int64_t wait);
/* 404 for one that is unknown, else 410. */
int respond_link_gone(const struct request *request, struct response *response, enum link_gone why);

#endif
