/* cutter.h - a thread that cuts off the transfers of files whose link was withdrawn meanwhile, by
 * whomever and on whichever machine: it looks into the database while files are being sent. */
#ifndef POSTLATCH_PORTAL_DOWNLOAD_CUTTER_H
#define POSTLATCH_PORTAL_DOWNLOAD_CUTTER_H

#include "portal/http/http.h"

struct cutter;

int cutter_start(struct portal *portal, struct http *http, struct cutter **cutter_r,
		 struct pl_error *err);
/* Before http_stop(). Accepts NULL. */
void cutter_stop(struct cutter **cutter);

#endif
