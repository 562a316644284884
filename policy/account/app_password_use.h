/* app_password_use.h - when an app password was last used, and from which networks.
 *
 * A network is what is likely one place: a /24 of IPv4, a /48 of IPv6. The member is told of the
 * first use, and of each network that is not among those of the last PL_APP_PASSWORD_PLACES.
 */
#ifndef POSTLATCH_APP_PASSWORD_USE_H
#define POSTLATCH_APP_PASSWORD_USE_H

#include "policy/base/keys.h"
#include "policy/outbox/notice.h"
#include "policy/settings/setting.h"

#define PL_APP_PASSWORD_PLACES 64
#define PL_APP_PASSWORD_LABEL 128                                  /* characters */
#define PL_APP_PASSWORD_LABEL_TEXT (4 * PL_APP_PASSWORD_LABEL + 1) /* bytes, with the NUL */

/* A MAC with the first of the keys, which takes the place of one with another key. */
struct pl_app_password_renewal {
	int key_id; /* 0: nothing is renewed */
	unsigned char mac[PL_MAC_BYTES];
};

struct pl_app_password_use {
	int64_t app_password_id;
	enum pl_setting service;
	struct pl_ip ip;
	int64_t at;
	struct pl_app_password_renewal renewal;
};

/* Tells the member something about an app password, whose label takes the place of the device. what
 * is a notice; origin is NULL when nobody sat at a browser. In the caller's write transaction. 0,
 * or -1. */
int pl_app_password_tell(const struct pl_work *work, int64_t member_id, const char *what,
			 const char *label, const struct pl_notice_origin *origin);
/* Records a use, and stores the renewal, in the caller's write transaction. One of an app password
 * that has been revoked meanwhile is not recorded. 0, or -1. */
int pl_app_password_used(const struct pl_work *work, const struct pl_app_password_use *use);
/* Of that, when, whence and for which service it was last used, and no more. 0, or -1. */
int pl_app_password_set_last_use(const struct pl_work *work, const struct pl_app_password_use *use);
/* Calls each for every network from which it was used, "192.0.2.0/24". 0, or -1. */
int pl_app_password_networks(struct pl_store *store, int64_t app_password_id,
			     void (*each)(const char *network, void *context), void *context,
			     struct pl_error *err);

#endif
