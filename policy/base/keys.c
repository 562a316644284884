/* keys.c - reads key files and computes MACs and derived keys; see keys.h. */
#include "policy/base/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/base/day.h"

#define HEX_CHARS (2 * PL_KEY_BYTES)

/* The prefix of the text that is authenticated, so that no other use of the key collides. */
static const char mac_tag[] = "postlatch:credential:v1|";

/* The context is keyed once and reset for each use: in OpenSSL 3.0, setting the key costs
 * several MACs, and copying the context costs the same. The threads of the portal take turns,
 * which takes the other programs almost no time. */
struct keyed {
	pthread_mutex_t lock;
	EVP_MAC_CTX *ctx;
};

#define RESTORE "restore it from a backup, because nothing creates it again"

struct pl_keys {
	size_t count;
	struct {
		int id;
		char since[PL_DAY_TEXT]; /* "": the file does not say */
		struct keyed *mac;
	} key[PL_KEYS_LIVE];
};

/* Opens the file without following a link or waiting on a FIFO, and checks which other users
 * may read or write it. Returns the descriptor or -1. */
static int open_safely(const char *path, struct stat *st_r, struct pl_error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *fault = NULL;

	if (fd < 0)
		return pl_error_set(err, PL_ERR_RETRY, "key file %s: %s", path,
				    errno == ELOOP ? "it is a symbolic link, which is not followed"
				    : errno == ENOENT ? "it does not exist; " RESTORE
						      : strerror(errno));
	if (fstat(fd, st_r) < 0)
		fault = strerror(errno);
	else if (!S_ISREG(st_r->st_mode))
		fault = "it is not a regular file";
	else if ((st_r->st_mode & 07) != 0)
		fault = "others can read or write it; chmod o= it";
	else if ((st_r->st_mode & 020) != 0)
		fault = "its group can write to it; chmod g-w it";
	else if (st_r->st_uid != 0 && st_r->st_uid != geteuid() && geteuid() != 0)
		fault = "it must belong to root or to the user of this program";
	else if (st_r->st_size > PL_KEY_FILE_MAX)
		fault = "it is too large";
	if (fault == NULL)
		return fd;
	close(fd);
	return pl_error_set(err, PL_ERR_RETRY, "key file %s: %s", path, fault);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int parse_hex(const char *hex, unsigned char key_r[PL_KEY_BYTES])
{
	for (size_t i = 0; i < PL_KEY_BYTES; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);

		if (low < 0)
			return -1;
		key_r[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

static struct keyed *keyed_mac(const unsigned char key[PL_KEY_BYTES])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
	struct keyed *mac = calloc(1, sizeof(*mac));

	EVP_MAC_free(hmac);
	if (mac == NULL || ctx == NULL || EVP_MAC_init(ctx, key, PL_KEY_BYTES, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		free(mac);
		return NULL;
	}
	pthread_mutex_init(&mac->lock, NULL);
	mac->ctx = ctx;
	return mac;
}

static void free_keyed(struct keyed *mac)
{
	pthread_mutex_destroy(&mac->lock);
	EVP_MAC_CTX_free(mac->ctx);
	free(mac);
}

/* The last comment of the form "# ID since DAY". */
struct since {
	long id;
	char day[PL_DAY_TEXT];
};

static void parse_comment(const char *line, struct since *since)
{
	int32_t day;

	if (sscanf(line, "# %ld since %10s", &since->id, since->day) != 2 ||
	    !pl_day_parse(since->day, &day))
		since->id = 0;
}

/* "ID HEX"; anything else is a fault of the file. */
static int parse_line(char *line, const struct since *since, struct pl_keys *keys,
		      struct pl_error *err)
{
	unsigned char key[PL_KEY_BYTES];
	char *hex;
	long id = strtol(line, &hex, 10);
	int ret;

	if (keys->count == PL_KEYS_LIVE)
		return pl_error_set(err, PL_ERR_RETRY, "more than %d keys", PL_KEYS_LIVE);
	if (hex == line || id < 1 || id > 1000000 || *hex != ' ' || strlen(hex + 1) != HEX_CHARS ||
	    parse_hex(hex + 1, key) < 0)
		return pl_error_set(err, PL_ERR_RETRY,
				    "a line is not a number, a space and %d hex digits; " RESTORE,
				    HEX_CHARS);
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->key[i].id == id)
			return pl_error_set(err, PL_ERR_RETRY, "two keys have the number %ld", id);
	}
	keys->key[keys->count].id = (int)id;
	if (since->id == id)
		memcpy(keys->key[keys->count].since, since->day, PL_DAY_TEXT);
	keys->key[keys->count].mac = keyed_mac(key);
	OPENSSL_cleanse(key, sizeof(key));
	ret = keys->key[keys->count].mac == NULL ? -1 : 0;
	if (ret < 0)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL does not support HMAC-SHA256");
	keys->count++;
	return 0;
}

static int parse_text(char *text, struct pl_keys *keys, struct pl_error *err)
{
	struct since since = { .id = 0 };
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '#')
			parse_comment(line, &since);
		else if (*line != '\0' && parse_line(line, &since, keys, err) < 0)
			return -1;
	}
	return keys->count > 0 ? 0
			       : pl_error_set(err, PL_ERR_RETRY, "it contains no key; " RESTORE);
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size && (got = read(fd, buf + used, size - used)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

int pl_keys_read_text(const char *path, char text_r[PL_KEY_FILE_MAX + 1], struct stat *st_r,
		      struct pl_error *err)
{
	int fd = open_safely(path, st_r, err);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read_all(fd, text_r, PL_KEY_FILE_MAX);
	close(fd);
	if (len < 0)
		return pl_error_set(err, PL_ERR_RETRY, "key file %s: cannot be read", path);
	text_r[len] = '\0';
	return 0;
}

int pl_keys_load(const char *path, struct pl_keys **keys_r, struct pl_error *err)
{
	char text[PL_KEY_FILE_MAX + 1];
	struct pl_keys *keys;
	struct stat st;
	int ret;

	*keys_r = NULL;
	if (pl_keys_read_text(path, text, &st, err) < 0)
		return -1;
	keys = calloc(1, sizeof(*keys));
	ret = keys == NULL ? pl_error_set(err, PL_ERR_RETRY, "out of memory")
			   : parse_text(text, keys, err);
	if (ret < 0) {
		pl_error_prefix(err, "key file %s", path);
		pl_keys_free(&keys);
	}
	OPENSSL_cleanse(text, sizeof(text));
	*keys_r = keys;
	return ret;
}

void pl_keys_free(struct pl_keys **keys_p)
{
	struct pl_keys *keys = *keys_p;

	*keys_p = NULL;
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->count; i++)
		free_keyed(keys->key[i].mac);
	free(keys);
}

size_t pl_keys_count(const struct pl_keys *keys)
{
	return keys->count;
}

int pl_keys_id(const struct pl_keys *keys, size_t index)
{
	return keys->key[index].id;
}

const char *pl_keys_since(const struct pl_keys *keys, size_t index)
{
	return keys->key[index].since;
}

int pl_keys_find(const struct pl_keys *keys, int id)
{
	for (size_t i = 0; keys != NULL && i < keys->count; i++) {
		if (keys->key[i].id == id)
			return (int)i;
	}
	return -1;
}

struct part {
	const void *data;
	size_t len;
};

static int compute(const struct pl_keys *keys, size_t index, const struct part *parts, size_t count,
		   unsigned char mac_r[PL_MAC_BYTES], struct pl_error *err)
{
	struct keyed *mac = keys->key[index].mac;
	size_t len = 0;
	int ok;

	pthread_mutex_lock(&mac->lock);
	ok = EVP_MAC_init(mac->ctx, NULL, 0, NULL) == 1;
	for (size_t i = 0; i < count && ok; i++)
		ok = EVP_MAC_update(mac->ctx, parts[i].data, parts[i].len) == 1;
	ok = ok && EVP_MAC_final(mac->ctx, mac_r, &len, PL_MAC_BYTES) == 1 && len == PL_MAC_BYTES;
	pthread_mutex_unlock(&mac->lock);
	return ok ? 0 : pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a MAC");
}

int pl_keys_mac(const struct pl_keys *keys, size_t index, int64_t member_id,
		const struct pl_secret *credential, unsigned char mac_r[PL_MAC_BYTES],
		struct pl_error *err)
{
	unsigned char id[8];
	const struct part parts[] = { { mac_tag, sizeof(mac_tag) - 1 },
				      { id, sizeof(id) },
				      { credential->data, credential->len } };

	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (unsigned char)((uint64_t)member_id >> (56 - 8 * i));
	return compute(keys, index, parts, sizeof(parts) / sizeof(parts[0]), mac_r, err);
}

int pl_keys_mac_code(const struct pl_keys *keys, size_t index, int64_t member_id,
		     unsigned char mac_r[PL_MAC_BYTES], struct pl_error *err, const char *format,
		     ...)
{
	struct pl_secret text = { .len = 0 };
	va_list args;
	int ret;

	if (keys == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "codes need the HMAC key (verify_key)");
	va_start(args, format);
	text.len = (size_t)vsnprintf((char *)text.data, sizeof(text.data), format, args);
	va_end(args);
	ret = pl_keys_mac(keys, index, member_id, &text, mac_r, err);
	pl_secret_wipe(&text);
	return ret;
}

int pl_keys_derive(const struct pl_keys *keys, size_t index, const char *purpose,
		   unsigned char key_r[PL_KEY_BYTES], struct pl_error *err)
{
	const unsigned char block = 1;
	const struct part parts[] = { { purpose, strlen(purpose) }, { &block, 1 } };

	return compute(keys, index, parts, sizeof(parts) / sizeof(parts[0]), key_r, err);
}

int pl_token_digest(const struct pl_secret *token, unsigned char digest_r[PL_MAC_BYTES],
		    struct pl_error *err)
{
	if (EVP_Q_digest(NULL, "SHA256", NULL, token->data, token->len, digest_r, NULL) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
	return 0;
}
