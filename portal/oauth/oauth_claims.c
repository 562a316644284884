/* oauth_claims.c - what a client is told about a member. */
#include <stdio.h>

#include "portal/oauth/oauth.h"

json_t *oauth_claims(int64_t member_id, const struct pl_address *address, unsigned scopes)
{
	char text[PL_ADDRESS_MAX + 1];
	/* The id is never given to another member; an address may be. */
	json_t *claims = json_pack("{s:o}", "sub", json_sprintf("%lld", (long long)member_id));

	pl_address_format(address, text);
	if (scopes & SCOPE_EMAIL) {
		json_object_set_new(claims, "email", json_string(text));
		/* It is a mailbox of this very server. */
		json_object_set_new(claims, "email_verified", json_true());
	}
	if (scopes & SCOPE_PROFILE)
		json_object_set_new(claims, "preferred_username", json_string(text));
	return claims;
}
