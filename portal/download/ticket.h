/* ticket.h - tickets, with which files are fetched after their button was pressed.
 *
 * A ticket names a file, or a link for all of its files, is good for an hour, and cannot be made
 * without verify.key. It is drawn for each press, so that two people who fetch a file in the same
 * second count as two.
 */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_TICKET_H
#define POSTLATCH_PORTAL_DOWNLOAD_TICKET_H

#include "policy/attachment/download.h"
#include "policy/base/random.h"

#define TICKET_SECONDS 3600
#define TICKET_BYTES (8 + PL_DOWNLOAD_TICKET + PL_MAC_BYTES)
#define TICKET_TEXT PL_BASE64URL_TEXT(TICKET_BYTES)

enum ticket_kind { TICKET_OF_FILE, TICKET_OF_LINK };

struct ticket {
	int64_t of; /* the id of the file, or of the link */
	int64_t expires_at;
	unsigned char id[PL_DOWNLOAD_TICKET]; /* by which it is counted */
};

/* Writes a new one. 0, or -1 and the error. */
int ticket_make(const struct pl_keys *keys, enum ticket_kind kind, int64_t of, int64_t now,
		char text_r[TICKET_TEXT], struct pl_error *err);
/* Reads what was sent: 1; 0 it is none of ours, or of another kind; -1. It may have expired: see
 * its expires_at. */
int ticket_read(const struct pl_keys *keys, enum ticket_kind kind, const char *text,
		struct ticket *ticket_r, struct pl_error *err);

#endif
