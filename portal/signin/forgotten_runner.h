/* forgotten_runner.h - the thread of the portal that decides what becomes of requests for a new
 * password (policy/recovery/reset.h): beside the requests' own threads, so that no answer shows
 * whether there was anything to do. */
#ifndef POSTLATCH_PORTAL_FORGOTTEN_RUNNER_H
#define POSTLATCH_PORTAL_FORGOTTEN_RUNNER_H

#include "portal/http/portal.h"

struct forgotten_runner;

/* Starts the thread, which looks for requests now and every few seconds. The portal outlives it. */
int forgotten_runner_start(struct portal *portal, struct forgotten_runner **runner_r,
			   struct pl_error *err);
/* Ends it. Accepts NULL. */
void forgotten_runner_stop(struct forgotten_runner **runner);
/* Has the thread of this process look at once, if there is one. */
void forgotten_runner_wake(void);

#endif
