/* http.c - see http.h. */
#include "ctl/check/http.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check/connection.h"

#define DEADLINE_MS 10000
#define BODY_MAX 65536

struct place {
	int tls;
	char authority[256], host[256], port[16];
	const char *path;
};

static int split(const char *url, struct place *place, struct pl_error *err)
{
	const char *start = strstr(url, "://"), *colon;
	size_t len;

	if (start == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "it is not an address of the web");
	place->tls = strncmp(url, "https:", 6) == 0;
	start += 3;
	len = strcspn(start, "/");
	place->path = start + len;
	snprintf(place->authority, sizeof(place->authority), "%.*s", (int)len, start);
	snprintf(place->host, sizeof(place->host), "%s", place->authority);
	snprintf(place->port, sizeof(place->port), "%s", place->tls ? "443" : "80");
	colon = strrchr(place->authority, ':');
	if (colon != NULL && strchr(colon, ']') == NULL) {
		snprintf(place->port, sizeof(place->port), "%.15s", colon + 1);
		place->host[colon - place->authority] = '\0';
	}
	connection_strip_brackets(place->host);
	return 0;
}

static int send_request(struct connection *connection, const struct place *place, const char *path,
			const char *authorization, struct pl_error *err)
{
	char request[2048];
	int len = snprintf(request, sizeof(request),
			   "GET %s%s HTTP/1.0\r\nHost: %s\r\nUser-Agent: postlatch-check\r\n"
			   "Accept: */*\r\n%s%s%s\r\n",
			   place->path, path, place->authority,
			   authorization != NULL ? "Authorization: " : "",
			   authorization != NULL ? authorization : "",
			   authorization != NULL ? "\r\n" : "");
	int ret = len < 0 || (size_t)len >= sizeof(request)
			  ? pl_error_set(err, PL_ERR_RETRY, "the address is too long")
			  : connection_write(connection, request, (size_t)len, err);

	OPENSSL_cleanse(request, sizeof(request));
	return ret;
}

static int read_answer(struct connection *connection, struct http_answer *answer,
		       struct pl_error *err)
{
	char line[4096];
	size_t len = 0;
	int ret = connection_line(connection, line, sizeof(line), err);

	if (ret < 0)
		return -1;
	if (ret == 0 || sscanf(line, "HTTP/%*d.%*d %d", &answer->status) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "it does not answer in HTTP");
	while ((ret = connection_line(connection, line, sizeof(line), err)) == 1 && line[0] != '\0')
		;
	answer->body = malloc(BODY_MAX + 1);
	if (answer->body == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	while (ret == 1 && len < BODY_MAX &&
	       (ret = connection_read(connection, answer->body + len, 1, err)) == 1)
		len++;
	answer->body[len] = '\0';
	return ret < 0 ? -1 : 0;
}

int http_get(const char *url, const char *path, const char *authorization, int is_any,
	     struct http_answer *answer_r, struct pl_error *err)
{
	struct connection *connection;
	struct place place;
	int ret = -1;

	*answer_r = (struct http_answer){ .status = 0 };
	if (split(url, &place, err) < 0)
		return -1;
	connection = connection_open(place.host, place.port, DEADLINE_MS, err);
	if (connection == NULL)
		return -1;
	if ((!place.tls || connection_tls(connection, is_any ? NULL : place.host, err) == 0) &&
	    send_request(connection, &place, path, authorization, err) == 0)
		ret = read_answer(connection, answer_r, err);
	connection_close(&connection);
	if (ret < 0) {
		free(answer_r->body);
		answer_r->body = NULL;
	}
	return ret;
}
