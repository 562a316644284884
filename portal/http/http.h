/* http.h - libmicrohttpd, which only http.c sees: a thread for each connection,
 * because handlers wait for Dovecot. */
#ifndef POSTLATCH_PORTAL_HTTP_H
#define POSTLATCH_PORTAL_HTTP_H

#include "portal/http/portal.h"

struct http;

/* Serves from a socket that listens; it is http_stop's to close. */
int http_start(struct portal *portal, int listener, struct http **http_r, struct pl_error *err);
/* Waits for the requests that are under way. Accepts NULL. */
void http_stop(struct http **http);

#endif
