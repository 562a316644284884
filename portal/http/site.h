/* site.h - at which name a request was sent: see route.h. */
#ifndef POSTLATCH_PORTAL_SITE_H
#define POSTLATCH_PORTAL_SITE_H

/* Whether a Host header names the origin in url (attachment_url), with the port that it has; the
 * port of its scheme may be left out. 0 as well when url is "", or host NULL. */
int site_is_at(const char *url, const char *host);

/* Whether an Origin header names the origin of a URL, as browsers write it. 0 as well when url is
 * "". */
int site_is_origin_of(const char *url, const char *origin);

#endif
