/* option.h - what the values of policy.def's settings must look like.
 *
 * Each function takes a value as it stands in the policy file and returns 0, or -1 with a
 * sentence that says what it must be, without the setting's name. They ask nothing but the text:
 * whether a file is there or a server answers is for `postlatch check`.
 */
#ifndef POSTLATCH_OPTION_H
#define POSTLATCH_OPTION_H

#include "policy/base/error.h"

#define PL_PORTAL_NAME_MAX 64 /* bytes; authenticator apps show it */

/* UTF-8 without control characters; so are all others. */
int pl_option_text(const char *value, struct pl_error *err);
/* An absolute path. */
int pl_option_path(const char *value, struct pl_error *err);
/* An absolute path, or nothing. */
int pl_option_path_or_none(const char *value, struct pl_error *err);
/* A program and its arguments, separated by spaces: up to 32 words, of which the first is an
 * absolute path; or nothing. */
int pl_option_command(const char *value, struct pl_error *err);
/* Up to 16 calling codes of E.164, 1 to 999, separated by commas; "*" at the end: all others. */
int pl_option_countries(const char *value, struct pl_error *err);
/* Up to 16 names of hosts in lower case, separated by commas; "*.example.net": all below it. Or
 * nothing. */
int pl_option_hosts(const char *value, struct pl_error *err);
/* "sqlite:PATH", "postgresql://..." or "postgres://...". */
int pl_option_database(const char *value, struct pl_error *err);
/* A domain name, or nothing. */
int pl_option_domain(const char *value, struct pl_error *err);
/* A host name as DNS and certificates have it, in lower case and A-labels; or nothing. */
int pl_option_host(const char *value, struct pl_error *err);
/* A list of ports of mail_settings.h, or nothing. */
int pl_option_mail_ports(const char *value, struct pl_error *err);
/* A list of other_services.h, or nothing. */
int pl_option_other_services(const char *value, struct pl_error *err);
/* An origin, RFC 6454: scheme, name and port, in lower case and with nothing behind; or nothing. */
int pl_option_origin(const char *value, struct pl_error *err);
/* An address that a browser may follow, http or https; or nothing. */
int pl_option_url(const char *value, struct pl_error *err);
/* Such addresses, separated by spaces; or nothing. */
int pl_option_urls(const char *value, struct pl_error *err);
/* Copies the next address of such a list, and returns the place behind it; NULL at the end. A
 * longer one than pl_option_urls accepts is cut. */
#define PL_OPTION_URL_SIZE 1024
const char *pl_option_next_url(const char *list, char url_r[PL_OPTION_URL_SIZE]);
/* The address of a bucket (s3_url.h), or nothing. */
int pl_option_s3_url(const char *value, struct pl_error *err);
/* What a server of the protocol of Amazon S3 calls the place where it is. */
int pl_option_s3_region(const char *value, struct pl_error *err);
/* A list of media types, "image/png" or, with an asterisk, "image/" and any; or nothing. */
int pl_option_media_types(const char *value, struct pl_error *err);
/* Whether the list has the type, which may be in any case. */
int pl_option_media_types_have(const char *list, const char *type);
/* A list of kinds of second factors, which is not empty. */
int pl_option_factor_kinds(const char *value, struct pl_error *err);
/* "on" or "off". */
int pl_option_switch(const char *value, struct pl_error *err);
/* A mail address that may stand in a header field and on sendmail's command line. */
int pl_option_mail_address(const char *value, struct pl_error *err);
/* Text in front of the colon in an otpauth URI's label. */
int pl_option_portal_name(const char *value, struct pl_error *err);

/* Up to eight numbers of days, 1 to 365, separated by commas; or nothing. */
int pl_option_days(const char *value, struct pl_error *err);
/* The lowest number of such a list that is not below left; 0 when there is none. */
int pl_option_days_due(const char *list, int left);

/* The number of the value among the words, which are divided by ", "; -1 when it is none. */
int pl_option_choice(const char *words, const char *value);

#endif
