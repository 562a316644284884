/* doveadm.h - ends a member's mail connections through doveadm's HTTP interface. */
#ifndef POSTLATCH_DOVECOT_DOVEADM_H
#define POSTLATCH_DOVECOT_DOVEADM_H

#include "policy/base/error.h"

/* Call once, before there are threads. */
void doveadm_open(void);
/* Ends all mail connections of a user. key_file has the API key in its first line. Waits for
 * up to 3 seconds. 0, or -1 and the error; PL_ERR_INVALID for a name that doveadm would take
 * for a mask. */
int doveadm_kick(const char *url, const char *key_file, const char *user, struct pl_error *err);

#endif
