/* consent_text.c - see consent_text.h. */
#include "policy/recovery/consent_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/base/file.h"
#include "policy/base/random.h"
#include "policy/base/utf8.h"

#define NAME_MAX_BYTES 40
#define NUMBER_MOST 1000000

static const char *const languages[] = { "en", "ko" };
#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))

int pl_consent_language(const char *language)
{
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (strcmp(languages[i], language) == 0)
			return 1;
	}
	return 0;
}

static const char *file_name(int64_t number, const char *language, char name_r[NAME_MAX_BYTES])
{
	snprintf(name_r, NAME_MAX_BYTES, "%lld.%s.txt", (long long)number, language);
	return name_r;
}

/* The number of a file that is called like a text; 0: it is none. */
static int64_t number_of(const char *name)
{
	char *end, expected[NAME_MAX_BYTES];
	const long number = name[0] >= '1' && name[0] <= '9' ? strtol(name, &end, 10) : 0;

	if (number < 1 || number > NUMBER_MOST)
		return 0;
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (strcmp(file_name(number, languages[i], expected), name) == 0)
			return number;
	}
	return 0;
}

static int is_whole(int folder, int64_t number)
{
	char name[NAME_MAX_BYTES];

	for (size_t i = 0; i < LANGUAGES; i++) {
		if (faccessat(folder, file_name(number, languages[i], name), F_OK, 0) < 0)
			return 0;
	}
	return 1;
}

static int find_number(const char *folder, DIR *dir, int64_t *number_r, struct pl_error *err)
{
	const struct dirent *entry;

	*number_r = 0;
	while ((entry = readdir(dir)) != NULL) {
		const int64_t number = number_of(entry->d_name);

		if (number > *number_r && is_whole(dirfd(dir), number))
			*number_r = number;
	}
	if (*number_r > 0)
		return 0;
	return pl_error_set(err, PL_ERR_CONFIG,
			    "consent_dir %s has no text: it needs 1.en.txt and 1.ko.txt", folder);
}

static DIR *open_folder(const char *folder, struct pl_error *err)
{
	DIR *dir = opendir(folder);

	if (dir == NULL)
		pl_error_set(err, PL_ERR_CONFIG, "consent_dir %s cannot be read: %s", folder,
			     strerror(errno));
	return dir;
}

int pl_consent_text_number(const char *folder, int64_t *number_r, struct pl_error *err)
{
	DIR *dir = open_folder(folder, err);
	int ret;

	if (dir == NULL)
		return -1;
	ret = find_number(folder, dir, number_r, err);
	closedir(dir);
	return ret;
}

static int hash(const char *bytes, size_t len, char hash_r[PL_CONSENT_HASH], struct pl_error *err)
{
	unsigned char digest[32];

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL makes no digest");
	pl_hex(digest, sizeof(digest), hash_r);
	return 0;
}

static int load(const char *folder, DIR *dir, struct pl_consent_text *text_r, struct pl_error *err)
{
	char name[NAME_MAX_BYTES];
	size_t len;

	file_name(text_r->number, text_r->language, name);
	if (pl_file_read(dirfd(dir), name, PL_CONSENT_TEXT_MAX, &text_r->text, &len, err) < 0)
		return pl_error_prefix(err, "%s/%s", folder, name);
	if (strlen(text_r->text) != len || !pl_is_utf8(text_r->text))
		return pl_error_set(err, PL_ERR_CONFIG, "%s/%s must be UTF-8", folder, name);
	return hash(text_r->text, len, text_r->hash, err);
}

int pl_consent_text_load(const char *folder, const char *language, struct pl_consent_text *text_r,
			 struct pl_error *err)
{
	DIR *dir = open_folder(folder, err);
	int ret;

	memset(text_r, 0, sizeof(*text_r));
	if (dir == NULL)
		return -1;
	snprintf(text_r->language, sizeof(text_r->language), "%s", language);
	ret = find_number(folder, dir, &text_r->number, err);
	if (ret == 0)
		ret = load(folder, dir, text_r, err);
	closedir(dir);
	if (ret < 0)
		pl_consent_text_free(text_r);
	return ret;
}

void pl_consent_text_free(struct pl_consent_text *text)
{
	free(text->text);
	text->text = NULL;
}
