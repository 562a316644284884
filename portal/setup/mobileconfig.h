/* mobileconfig.h - the configuration profile that sets up mail on an iPhone, iPad or Mac.
 *
 * Apple's "Configuration Profile Reference", payload com.apple.mail.managed. It has the app
 * password, and is a secret like it.
 */
#ifndef POSTLATCH_PORTAL_SETUP_MOBILECONFIG_H
#define POSTLATCH_PORTAL_SETUP_MOBILECONFIG_H

#include "policy/credential/profile_link.h"
#include "policy/settings/mail_settings.h"
#include "portal/http/request.h"

#define MOBILECONFIG_MAX 16384 /* bytes of a profile */

/* The services that a profile is about. */
struct mobileconfig_services {
	const struct pl_mail_service *incoming, *outgoing;
};

/* Chooses them among those that are on and that the app password opens: IMAP or else POP3, and
 * sending. 1, or 0 when there is no profile: it needs both, and app passwords. */
int mobileconfig_choose(const struct pl_mail_settings *settings,
			const struct pl_app_password *app_password,
			struct mobileconfig_services *services_r);
/* Writes the profile, in the language of the request; its length, or 0 when there is no room. The
 * caller wipes it. The identifier is that of the address at this portal, and the UUIDs those of the
 * app password, so that a device replaces the profile that it has instead of adding another one. */
size_t mobileconfig_write(const struct request *request, const struct pl_mail_settings *settings,
			  const struct mobileconfig_services *services,
			  const struct pl_profile_link *link, const struct pl_secret *password,
			  char profile_r[MOBILECONFIG_MAX]);

#endif
