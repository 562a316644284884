/* recovery_consent.h - whether a member is to be asked about recovery contacts. */
#ifndef POSTLATCH_PORTAL_RECOVERY_CONSENT_H
#define POSTLATCH_PORTAL_RECOVERY_CONSENT_H

#include "portal/http/request.h"

/* Whether recovery contacts are on, and the member has not decided about the text that holds. With
 * a text that cannot be read nobody is asked, and the log says why. 0, or -1. */
int recovery_consent_asks(const struct request *request, int64_t member_id, int *asks_r);

#endif
