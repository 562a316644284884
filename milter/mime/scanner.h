/* scanner.h - finds the parts of a message while its body passes (RFC 2045, RFC 2046, RFC 5322).
 *
 * It is told the fields of the message's header, then the bytes of its body in pieces of any size, and
 * gives the parts as ranges of these bytes: nothing is decoded or written again, so whatever is not
 * replaced can be copied as it is. It keeps no body: of each line it looks at the beginning.
 *
 * It is strict. Where another reader of the message could find other parts, or where a change would
 * break what somebody checks, the message gets a reason to be left alone, and the rest of it is not
 * looked at. message/rfc822 is a part like others: what is in it is not looked at.
 */
#ifndef POSTLATCH_MIME_SCANNER_H
#define POSTLATCH_MIME_SCANNER_H

#include <stddef.h>
#include <stdint.h>

#include "milter/mime/content.h"

/* How a line begins from which on a text is signed or encrypted (RFC 9580 section 6.2). */
#define MIME_PGP_ARMOUR "-----BEGIN PGP "

#define MIME_DEPTH_MAX 16
#define MIME_PARTS_MAX 250
#define MIME_HEADER_MAX 65536 /* bytes of the header of one part */

/* Offsets are bytes from the beginning of the message's body. */
struct mime_part {
	int parent;         /* the number of its part, -1 for the message itself */
	unsigned int depth; /* 0: the message itself */
	uint64_t begin;     /* of its header; that of the message itself is not in the body: 0 */
	uint64_t body;      /* behind the empty line */
	uint64_t end;       /* before the CR and LF that belong to the delimiter */
	struct mime_content content;
	char *disposition, *type; /* the values of the fields, for file_name.h; NULL: not there */
};

struct mime_scanner;

/* NULL: out of memory. */
struct mime_scanner *mime_scanner_new(void);
void mime_scanner_free(struct mime_scanner **scanner);

/* One field of the message's own header; value may be folded. To be called before the body. */
void mime_scanner_field(struct mime_scanner *scanner, const char *name, const char *value);
/* The next bytes of the body. */
void mime_scanner_body(struct mime_scanner *scanner, const unsigned char *bytes, size_t count);
/* Whether it is known already that the message is to be left alone. */
int mime_scanner_has_stopped(const struct mime_scanner *scanner);
/* At the end of the body: why the message is to be left alone, or MIME_NO_REASON. -1: out of memory. */
int mime_scanner_end(struct mime_scanner *scanner);

/* When there is no reason: the parts, the message itself first, each behind the one that it is in, in
 * their order in the body. They belong to the scanner. */
const struct mime_part *mime_scanner_parts(const struct mime_scanner *scanner, size_t *count_r);

#endif
