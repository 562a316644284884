/* console_export.h - a table of the administrators' API that is sent as CSV, a page at a time
 * (struct response_stream).
 *
 * All rows that match are sent, in an order in which each page begins behind the last row of the
 * one before. What the administrator may see is read again for each page, and if it is not the same
 * any more, the table is cut off: a part of it must not be taken for the whole.
 */
#ifndef POSTLATCH_PORTAL_CONSOLE_EXPORT_H
#define POSTLATCH_PORTAL_CONSOLE_EXPORT_H

#include "portal/http/request.h"
#include "portal/http/response.h"

#define CONSOLE_EXPORT_PAGE 500 /* rows */

/* The administrator's role and domains, as they were when the table began. */
struct console_export {
	char *rights; /* owned */
};

/* 0, or -1. Free it in any case. */
int console_export_begin(const struct request *request, struct console_export *export_r,
			 struct pl_error *err);
/* 0 when the rights are as they were, or -1. */
int console_export_check(const struct request *request, const struct console_export *export,
			 struct pl_error *err);
void console_export_free(struct console_export *export);
/* 200 with the table. context is taken over. */
int console_export_respond(struct response *response,
			   int (*fill)(struct request *request, void *context, FILE *out,
				       struct pl_error *err),
			   void (*free)(void *context), void *context);
/* A time as "2026-05-04T03:02:01Z"; nothing for 0. */
void console_export_time(FILE *out, int64_t seconds);

#endif
