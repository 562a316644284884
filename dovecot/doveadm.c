/* doveadm.c - see doveadm.h. */
#include "dovecot/doveadm.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 3000L
#define KEY_MAX 256

void doveadm_open(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* "Authorization: X-Dovecot-API BASE64" from the first line of the key file. */
static int make_authorization(const char *path, char *header_r, size_t size, struct pl_error *err)
{
	char key[KEY_MAX + 1];
	unsigned char encoded[4 * ((KEY_MAX + 2) / 3) + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd < 0 ? -1 : read(fd, key, KEY_MAX);

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return pl_error_set(err, PL_ERR_CONFIG, "doveadm_key_file %s: cannot be read",
				    path);
	key[len] = '\0';
	key[strcspn(key, "\r\n")] = '\0';
	EVP_EncodeBlock(encoded, (unsigned char *)key, (int)strlen(key));
	snprintf(header_r, size, "Authorization: X-Dovecot-API %s", encoded);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return 0;
}

static size_t ignore_body(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static int post(const char *url, const char *authorization, const char *body, struct pl_error *err)
{
	struct curl_slist *headers = curl_slist_append(NULL, authorization);
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;
	long status = 0;

	if (curl != NULL && headers != NULL) {
		curl_easy_setopt(curl, CURLOPT_URL, url);
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_body);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, PATIENCE_MS);
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return pl_error_set(err, PL_ERR_RETRY, "doveadm at %s: %s", url,
				    curl_easy_strerror(code));
	if (status != 200)
		return pl_error_set(err, PL_ERR_RETRY, "doveadm at %s: status %ld", url, status);
	return 0;
}

int doveadm_kick(const char *url, const char *key_file, const char *user, struct pl_error *err)
{
	char authorization[512];
	json_t *commands;
	char *body;
	int ret = -1;

	if (strpbrk(user, "*?") != NULL)
		return pl_error_set(err, PL_ERR_INVALID,
				    "doveadm would take %s for a mask of several users", user);
	commands = json_pack("[[s {s:[s]} s]]", "kick", "mask", user, "kick");
	body = json_dumps(commands, JSON_COMPACT);
	json_decref(commands);
	if (body == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "doveadm: out of memory");
	if (make_authorization(key_file, authorization, sizeof(authorization), err) == 0)
		ret = post(url, authorization, body, err);
	OPENSSL_cleanse(authorization, sizeof(authorization));
	free(body);
	return ret;
}
