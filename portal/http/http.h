/* http.h - libmicrohttpd, which only http.c sees: a thread for each connection,
 * because handlers wait for Dovecot. */
#ifndef POSTLATCH_PORTAL_HTTP_H
#define POSTLATCH_PORTAL_HTTP_H

#include "portal/http/portal.h"

/* Files that are being sent at once; the next one is asked to try again. */
#define HTTP_DOWNLOADS_MAX 512

struct http;

/* Serves from a socket that listens; it is http_stop's to close. */
int http_start(struct portal *portal, int listener, struct http **http_r, struct pl_error *err);
/* Waits for the requests that are under way. Accepts NULL. */
void http_stop(struct http **http);

/* The open files that are being sent, by their id in struct response_open_file, each once: how many
 * of them, up to most. */
size_t http_downloads(struct http *http, int64_t *file_ids_r, size_t most);
/* Ends the connections on which one is being sent at once: how many. */
size_t http_cut_download(struct http *http, int64_t file_id);

#endif
