/* console_answer.h - parts of what the administrators' API answers. */
#ifndef POSTLATCH_PORTAL_CONSOLE_ANSWER_H
#define POSTLATCH_PORTAL_CONSOLE_ANSWER_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* Objects that several people may change have an ETag (RFC 9110 8.8.3): a digest of what can be
 * changed of them, which state has as text. console_etag puts it into the answer: 0, or -1.
 * console_if_match, in the transaction of the change, says whether the request was made with
 * knowledge of that state: 1; 0 and the answer, 428 without an If-Match and 412 with another;
 * -1. */
int console_etag(struct response *response, const char *state, struct pl_error *err);
/* The same into etag_r, which has the room of a response's. */
int console_etag_of(const char *state, char *etag_r, size_t size, struct pl_error *err);
int console_if_match(const struct request *request, struct response *response, const char *state,
		     struct pl_error *err);

/* null for 0, which stands for a time that is not known. */
json_t *console_time(int64_t at);

/* The query fields of lists: limit, 50 unless it is given, and after, where it is an id (0: from
 * the beginning). */
int console_limit(const struct request *request);
int64_t console_after_id(const struct request *request);
/* The id of the path. */
int64_t console_id(const struct request *request);
/* {"items": rows, "total": total, "next": the id of the last row or null}. rows, which is taken
 * over, has one row more than limit if the list goes on. */
json_t *console_page(json_t *rows, int limit, int64_t total);

#endif
