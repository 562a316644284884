/* redirect_uri.h - where a client may have the browser sent (RFC 6749 3.1.2, RFC 9700 2.1).
 *
 * A list has its URIs divided by spaces. One is https, or http on 127.0.0.1, [::1] or localhost,
 * and has no fragment. A public client, which is a program on the member's own machine, may have
 * a scheme of its own instead, which is a domain name turned round (RFC 8252 7.1):
 * com.example.app:/oauth2redirect.
 */
#ifndef POSTLATCH_REDIRECT_URI_H
#define POSTLATCH_REDIRECT_URI_H

#include "policy/base/error.h"

/* 0, or -1 and PL_ERR_INVALID with the URI that is none. */
int pl_redirect_uris_check(const char *list, int is_public, struct pl_error *err);
/* Whether a program that registers itself may have it: http on 127.0.0.1 or [::1] with any port, or
 * a scheme of its own (RFC 8252 7.1, 7.3). No https: whose page it is cannot be verified, and to it
 * codes of members on other machines would go. */
int pl_redirect_uri_is_native(const char *uri);
/* Where the end of a session may lead: as the redirect URIs of a client with a secret. */
int pl_logout_uris_check(const char *list, struct pl_error *err);
/* Whether uri is one of the list, byte for byte. */
int pl_uri_listed(const char *list, const char *uri);
/* The same for a redirect URI. A public client's on 127.0.0.1 or [::1] may have any port, as the
 * program takes one that is free when it asks (RFC 8252 7.3). */
int pl_redirect_uri_listed(const char *list, int is_public, const char *uri);

#endif
