/* consent_text.h - the texts that ask whether recovery contacts may be stored.
 *
 * They are files of a folder (consent_dir), "NUMBER.LANGUAGE.txt", which the operator may replace.
 * That with the highest number holds, as soon as it is there in all languages; with a new number,
 * members are asked again.
 */
#ifndef POSTLATCH_RECOVERY_CONSENT_TEXT_H
#define POSTLATCH_RECOVERY_CONSENT_TEXT_H

#include <stdint.h>

#include "policy/base/error.h"

#define PL_CONSENT_TEXT_MAX 16384 /* bytes */
#define PL_CONSENT_HASH 65        /* SHA-256 in hex digits, with its zero */
#define PL_CONSENT_LANGUAGE 8

struct pl_consent_text {
	int64_t number;
	char language[PL_CONSENT_LANGUAGE]; /* "en", "ko" */
	char hash[PL_CONSENT_HASH];         /* of the bytes of the file */
	char *text;                         /* UTF-8; owned */
};

/* Whether there are texts in that language. */
int pl_consent_language(const char *language);
/* The number of the text that holds. 0, or -1: PL_ERR_CONFIG, and the error names the folder. */
int pl_consent_text_number(const char *folder, int64_t *number_r, struct pl_error *err);
/* The text that holds, in a language that pl_consent_language() knows, for the caller to free. 0,
 * or -1. */
int pl_consent_text_load(const char *folder, const char *language, struct pl_consent_text *text_r,
			 struct pl_error *err);
void pl_consent_text_free(struct pl_consent_text *text);

#endif
