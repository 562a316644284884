/* file_name.h - the file name of a part, as people see it (RFC 2183, RFC 2231, RFC 2047).
 *
 * RFC 2231's way with charset and continuations is read, and so are the ways of programs that do
 * otherwise: encoded words in quoted strings, and 8-bit characters in no charset. A name that is too long
 * is cut before its extension.
 */
#ifndef POSTLATCH_MIME_FILE_NAME_H
#define POSTLATCH_MIME_FILE_NAME_H

#include <stddef.h>

#define MIME_FILE_NAME_MAX 255 /* bytes */

/* From the values of Content-Disposition and Content-Type, either of which may be NULL: the name in
 * UTF-8, without folders, control characters and those that change the direction of text. "" when there
 * is none. */
void mime_file_name(const char *disposition, const char *type, char name_r[MIME_FILE_NAME_MAX + 1]);

/* The name of a file made of any text in UTF-8, with the extension, which is added unless it is there
 * already. "" when nothing of it can be in a name. */
void mime_file_name_of(const char *text, const char *extension,
		       char name_r[MIME_FILE_NAME_MAX + 1]);

#endif
