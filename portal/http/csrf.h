/* csrf.h - the token that a page must send along with its cookie. */
#ifndef POSTLATCH_PORTAL_CSRF_H
#define POSTLATCH_PORTAL_CSRF_H

#include "policy/base/error.h"
#include "policy/base/secret.h"

/* "csrf" of GET /api/session: derived from the session's cookie, 43 characters. */
#define CSRF_TEXT 44
int csrf_token(const struct pl_secret *cookie, char token_r[CSRF_TEXT], struct pl_error *err);

#endif
