/* trusted.h - trusted devices: browsers that may leave out the second factor.
 *
 * A device holds a series and a value, both random; each use changes the value.
 * A right series with a stale value means that the cookie was copied: the
 * series is removed with all sessions that were opened on it, and the caller tells the
 * member. The value before the last is still good for a few seconds, because a
 * browser may send two requests at once. A device is bound to the member's
 * generation, and lives 30 days at most.
 */
#ifndef POSTLATCH_TRUSTED_H
#define POSTLATCH_TRUSTED_H

#include "policy/account/member.h"
#include "policy/base/random.h"

#define PL_TRUSTED_DAYS 30
#define PL_TRUSTED_GRACE 10 /* seconds */

struct pl_trusted {
	int64_t id, member_id;
	char name[128]; /* "Windows 10, Chrome", from the user agent */
	int64_t created_at, expires_at, used_at;
	char ip[PL_IP_TEXT];
};

enum pl_trust { PL_TRUST_NONE, PL_TRUST_VALID, PL_TRUST_STOLEN };

/* Functions that write take part in the caller's write transaction.
 *
 * Adds device with its name, ip and expires_at (0, or too late: 30 days), and
 * fills its other fields. cookie_r: what the browser keeps, "SERIES.VALUE". */
int pl_trusted_add(const struct pl_work *work, struct pl_account *account,
		   struct pl_trusted *device, struct pl_secret *cookie_r);
/* Looks, and changes nothing: before the password is checked. id_r, which may be NULL, is the
 * device whose cookie it is, valid or stolen; 0: it is none. */
int pl_trusted_peek(const struct pl_work *work, const struct pl_secret *cookie, int64_t member_id,
		    enum pl_trust *trust_r, int64_t *id_r);
/* Uses it: a new value in cookie_r when it is valid; the series and its sessions are removed when
 * it was stolen. device_r->id is the device in both cases. cookie_r is empty
 * when a parallel request has got the new value: leave the browser's cookie. */
int pl_trusted_use(const struct pl_work *work, const struct pl_secret *cookie, int64_t member_id,
		   const char *ip, enum pl_trust *trust_r, struct pl_trusted *device_r,
		   struct pl_secret *cookie_r);
int pl_trusted_list(const struct pl_work *work, int64_t member_id,
		    int (*each)(const struct pl_trusted *device, void *context), void *context);
/* Removes one of the member's (id), or all (id 0). Returns how many, or -1. */
int64_t pl_trusted_remove(const struct pl_work *work, const struct pl_account *account, int64_t id);

#endif
