/* s3_key.c - see s3_key.h. */
#include "policy/attachment/s3_key.h"

#include <openssl/crypto.h>
#include <string.h>

#include "policy/base/keys.h"

#define BLANKS " \t\r"

/* A word of one line, behind blanks: how long it is, without control characters; 0: none. */
static size_t word_at(const char **at, const char *end)
{
	size_t len = 0;

	while (*at < end && strchr(BLANKS, **at) != NULL)
		(*at)++;
	while (*at + len < end && (*at)[len] > ' ' && (*at)[len] < 0x7f)
		len++;
	return len;
}

/* 1: the line has the key; 0: it has nothing; -1. */
static int parse_line(const char *at, const char *end, struct pl_s3_key *key)
{
	size_t len = word_at(&at, end);

	if (at == end || *at == '#')
		return 0;
	if (len == 0 || len >= sizeof(key->id) || memchr(at, ':', len) != NULL)
		return -1;
	memcpy(key->id, at, len);
	key->id[len] = '\0';
	at += len;
	len = word_at(&at, end);
	if (len == 0 || pl_secret_set(&key->secret, at, len) < 0)
		return -1;
	at += len;
	return word_at(&at, end) == 0 && at == end ? 1 : -1;
}

int pl_s3_key_parse(const char *text, struct pl_s3_key *key_r)
{
	int found = 0, ret = 0;

	memset(key_r, 0, sizeof(*key_r));
	while (*text != '\0' && ret == 0) {
		const char *end = strchrnul(text, '\n');
		const int line = parse_line(text, end, key_r);

		found += line == 1;
		ret = line < 0 || found > 1 ? -1 : 0;
		text = *end == '\n' ? end + 1 : end;
	}
	if (ret == 0 && found == 1)
		return 0;
	pl_secret_wipe(&key_r->secret);
	return -1;
}

int pl_s3_key_load(const char *path, struct pl_s3_key *key_r, struct pl_error *err)
{
	char text[PL_KEY_FILE_MAX + 1];
	struct stat st;
	int ret;

	if (pl_keys_read_text(path, text, &st, err) < 0)
		return -1;
	ret = pl_s3_key_parse(text, key_r);
	OPENSSL_cleanse(text, sizeof(text));
	return ret == 0 ? 0
			: pl_error_set(err, PL_ERR_CONFIG,
				       "key file %s: it must have one line \"ID SECRET\"", path);
}
