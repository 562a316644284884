/* metrics.h - who may read what the portal counts. */
#ifndef POSTLATCH_PORTAL_METRICS_H
#define POSTLATCH_PORTAL_METRICS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* This machine, or who sends the token in metrics_token_file: see struct guard. */
int guard_metrics(struct request *request, struct response *response, struct pl_error *err);

#endif
