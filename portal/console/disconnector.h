/* disconnector.h - the thread of the portal that ends mail connections for jobs.
 *
 * A job may shut out as many members as there are, and Dovecot is asked about one after the other.
 * Neither the job nor whoever writes to the database waits for that. Best effort, as for a single
 * change: what waits when the portal ends is forgotten.
 */
#ifndef POSTLATCH_PORTAL_DISCONNECTOR_H
#define POSTLATCH_PORTAL_DISCONNECTOR_H

#include "portal/http/portal.h"

struct disconnector;

/* The portal outlives it. */
int disconnector_start(struct portal *portal, struct disconnector **disconnector_r,
		       struct pl_error *err);
/* Has the thread end after the member that it is at. Nothing that is added waits any more. */
void disconnector_stop(struct disconnector *disconnector);
/* Waits for the thread, which was stopped. Accepts NULL. */
void disconnector_free(struct disconnector **disconnector);
/* Members that a job has changed, whose connections end if it has shut them out (job_lost.h). */
void disconnector_add_changed(struct disconnector *disconnector, int64_t job_id, const int64_t *ids,
			      size_t count);
/* Connections of each of these members. Waits while very many are waiting. */
void disconnector_add(struct disconnector *disconnector, const struct disconnection *members,
		      size_t count);

#endif
