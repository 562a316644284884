/* download.h - a file that is being fetched, and how often files were.
 *
 * Whoever fetches a file has a ticket, which is good for an hour (portal/download/ticket.h).
 * Counted are the tickets with which a file was fetched to its last byte, so that a download that
 * broke and went on counts once.
 */
#ifndef POSTLATCH_DOWNLOAD_H
#define POSTLATCH_DOWNLOAD_H

#include "policy/attachment/link.h"

#define PL_DOWNLOAD_TICKET 16 /* bytes, by which two tickets for a file differ */

enum pl_link_state { PL_LINK_OPEN, PL_LINK_WITHDRAWN, PL_LINK_EXPIRED };

struct pl_download {
	struct pl_link link; /* without its owner and subject */
	struct pl_link_file file;
	int is_counted; /* with this ticket */
};

enum pl_link_state pl_link_state(const struct pl_link *link, int64_t now);
/* Whether a file of a link that is open can be fetched as often as it may be. */
int pl_link_is_used_up(const struct pl_link *link, const struct pl_link_file *file);

/* A file by its id, with its link: 1, 0 none, -1. ticket has PL_DOWNLOAD_TICKET bytes. */
int pl_download_get(const struct pl_work *work, int64_t file_id, const unsigned char *ticket,
		    struct pl_download *download_r);
/* Whether a file that is being sent may be sent on: 1; 0 its link was withdrawn, or is gone; -1. */
int pl_download_goes_on(const struct pl_work *work, int64_t file_id);
/* The file was fetched with this ticket, at work->now: one download of it, and of its owner's
 * traffic on that day (usage.h) with all its bytes. In the caller's write transaction. 1 counted, 0
 * it was counted already, or is there no longer, -1. */
int pl_download_count(const struct pl_work *work, int64_t file_id, const unsigned char *ticket);

#endif
