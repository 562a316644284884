/* content.h - what the header of a part says about its content (RFC 2045, 2183, 2392).
 *
 * Fields are given one after the other, as they stand in the header. Where two readers of the same
 * message might see different parts, the message is to be left alone, and the answer is a reason.
 * The file name of a part is not looked at here; see file_name.h.
 */
#ifndef POSTLATCH_MIME_CONTENT_H
#define POSTLATCH_MIME_CONTENT_H

#include <stddef.h>

enum mime_reason {
	MIME_NO_REASON = 0,
#define MIME_REASON(id, name, sentence) MIME_##id,
#include "milter/mime/reasons.def"
#undef MIME_REASON
};

/* As a word for logs ("" for MIME_NO_REASON), and as a sentence for people. */
const char *mime_reason_name(enum mime_reason reason);
const char *mime_reason_sentence(enum mime_reason reason);

enum mime_encoding {
	MIME_7BIT, /* also what is not said, RFC 2045 section 6.1 */
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_OTHER_ENCODING, /* also what is no token */
};

enum mime_disposition { MIME_NO_DISPOSITION, MIME_INLINE, MIME_ATTACHMENT };

#define MIME_BOUNDARY_MAX 70 /* RFC 2046 section 5.1.1 */

struct mime_content {
	char type[80]; /* "text/plain", lower case; "" when it is not said, or is no type */
	char id[256];  /* Content-ID without its brackets; "" when there is none */
	char boundary[MIME_BOUNDARY_MAX + 1]; /* of a part with parts, else "" */
	enum mime_encoding encoding;
	enum mime_disposition disposition;
	/* Which fields there were. */
	unsigned int has_type : 1, has_encoding : 1, has_disposition : 1;
};

/* Takes one field; value is what follows the colon, and may be folded. Other fields than those above
 * are none of its business, apart from DKIM-Signature. */
enum mime_reason mime_content_field(struct mime_content *content, const char *name,
				    const char *value);

/* At the end of the header: whether the fields go together. */
enum mime_reason mime_content_finish(const struct mime_content *content);

/* type is "multipart", "text" and so on. 1 or 0. */
int mime_is(const struct mime_content *content, const char *type);
/* Whether the type is one of a part that has parts. Those of message/rfc822 are not looked at. */
int mime_has_parts(const struct mime_content *content);

#endif
