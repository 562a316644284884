/* s3_url.c - see s3_url.h. */
#include "policy/settings/s3_url.h"

#include <stdio.h>
#include <string.h>

#define HOST "abcdefghijklmnopqrstuvwxyz0123456789.-"
#define DIGITS "0123456789"
#define SEGMENT "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static int must_be(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_CONFIG,
			    "it must be https://HOST/BUCKET or https://HOST/BUCKET/PREFIX, without "
			    "a slash at the end; http only at localhost");
}

/* How long the host is, with its port; 0: it is not one. */
static size_t host_len(const char *host)
{
	size_t len = strncmp(host, "[::1]", 5) == 0 ? 5 : strspn(host, HOST);

	if (len > 0 && host[len] == ':') {
		const size_t digits = strspn(host + len + 1, DIGITS);

		if (digits == 0 || digits > 5)
			return 0;
		len += 1 + digits;
	}
	return host[len] == '/' ? len : 0;
}

static int is_loopback(const char *host, size_t len)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const size_t name = strlen(names[i]);

		if (len >= name && strncmp(host, names[i], name) == 0 &&
		    (len == name || host[name] == ':'))
			return 1;
	}
	return 0;
}

static int is_bucket(const char *name, size_t len)
{
	return len >= 3 && len < PL_S3_BUCKET && strspn(name, HOST) >= len && name[0] != '.' &&
	       name[0] != '-';
}

/* Names divided by slashes, none of which is empty, "." or "..". */
static int is_prefix(const char *prefix)
{
	for (;; prefix++) {
		const size_t len = strspn(prefix, SEGMENT);

		if (len == 0 || (prefix[0] == '.' && len <= 2 && strspn(prefix, ".") >= len))
			return 0;
		prefix += len;
		if (*prefix != '/')
			return *prefix == '\0';
	}
}

int pl_s3_url_parse(const char *url, struct pl_s3_url *url_r, struct pl_error *err)
{
	const int is_plain = strncmp(url, "http://", 7) == 0;
	const char *host = url + (is_plain ? 7 : 8), *bucket, *prefix;
	size_t host_bytes, bucket_bytes;

	memset(url_r, 0, sizeof(*url_r));
	if (!is_plain && strncmp(url, "https://", 8) != 0)
		return must_be(err);
	host_bytes = host_len(host);
	if (host_bytes == 0 || (size_t)(host - url) + host_bytes >= sizeof(url_r->origin) ||
	    (is_plain && !is_loopback(host, host_bytes)))
		return must_be(err);
	bucket = host + host_bytes + 1;
	bucket_bytes = strcspn(bucket, "/");
	prefix = bucket[bucket_bytes] == '/' ? bucket + bucket_bytes + 1 : NULL;
	if (!is_bucket(bucket, bucket_bytes) ||
	    (prefix != NULL && (!is_prefix(prefix) || strlen(prefix) + 1 >= PL_S3_PREFIX)))
		return must_be(err);
	memcpy(url_r->origin, url, (size_t)(host - url) + host_bytes);
	memcpy(url_r->bucket, bucket, bucket_bytes);
	if (prefix != NULL)
		snprintf(url_r->prefix, sizeof(url_r->prefix), "%s/", prefix);
	return 0;
}
