/* charset.h - bytes in some charset become UTF-8. */
#ifndef POSTLATCH_MIME_CHARSET_H
#define POSTLATCH_MIME_CHARSET_H

#include <stddef.h>

/* Appends what bytes mean to text, which holds size bytes with its NUL; what does not fit is left out.
 * charset is a name as in MIME, "" when none is given. What is not in the charset, or in one that is
 * not known, is taken for UTF-8 if it is that, else for Korean (CP949, of which EUC-KR is a part), else
 * for Western European: such is what old programs write without saying so. */
void mime_to_utf8(const char *charset, const char *bytes, size_t count, char *text, size_t size);

#endif
