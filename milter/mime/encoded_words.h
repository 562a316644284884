/* encoded_words.h - the encoded words in a text become UTF-8 (RFC 2047).
 *
 * They are read in quoted strings, too, where the RFC forbids them and most programs write them.
 */
#ifndef POSTLATCH_MIME_ENCODED_WORDS_H
#define POSTLATCH_MIME_ENCODED_WORDS_H

#include <stddef.h>

/* Bytes between the words are taken as in charset.h. What does not fit into size bytes is left out. */
void mime_decode_words(const char *text, char *utf8_r, size_t size);

#endif
