/* doveadm.h - ends mail connections through doveadm's HTTP interface. */
#ifndef POSTLATCH_DOVECOT_DOVEADM_H
#define POSTLATCH_DOVECOT_DOVEADM_H

#include <stddef.h>

#include "policy/base/error.h"

/* Which connections. Dovecot 2.4 ends those of the names, exactly: its driver gives each
 * connection the alternative user name "postlatch" (policy/login/connection.h). Dovecot 2.3 has no
 * such names, and ends those of the users, from one of the networks or, without any, from
 * everywhere. So it does for 2.4 too, if there are no names. */
struct doveadm_kick {
	const char *const *names;
	size_t name_count;
	const char *const *users; /* the member, as Dovecot may call it */
	size_t user_count;
	const char *const *networks; /* "192.0.2.0/24" */
	size_t network_count;
};

/* Call once, before there are threads. */
void doveadm_open(void);
/* Asks one Dovecot, whose API key is the first line of key_file. Waits for up to 3 seconds for
 * each of its answers, and does not go on after one that it has waited for in vain. 0, also when
 * there are no such connections; -1 and the error when Dovecot cannot be asked or refuses;
 * PL_ERR_INVALID for a user that it would take for a mask. */
int doveadm_kick(const char *url, const char *key_file, const struct doveadm_kick *kick,
		 struct pl_error *err);

#endif
