/* request.h - one HTTP request, bounded and parsed before a handler sees it. */
#ifndef POSTLATCH_PORTAL_REQUEST_H
#define POSTLATCH_PORTAL_REQUEST_H

#include <jansson.h>

#include "dovecot/disconnection.h"
#include "policy/admin/api_key.h"
#include "policy/approval/device.h"
#include "policy/attachment/upload.h"
#include "policy/recovery/reset.h"
#include "policy/session/grant.h"
#include "policy/settings/brand.h"
#include "policy/settings/policy.h"

struct route;
struct portal;
struct pl_snapshot;

/* The cookies' names, without the "__Host-" that every one of them has. */
#define SESSION_COOKIE "postlatch"
#define DEVICE_COOKIE "postlatch-device"

#define REQUEST_FIELDS_MAX 24
#define REQUEST_FIELD_BYTES 4096
#define REQUEST_BODY_MAX 16384 /* no route takes more, but for those of files (BODY_CSV) */

enum language { ENGLISH, KOREAN, LANGUAGES };
extern const char *const language_tags[LANGUAGES]; /* of HTML, HTTP and notices: "en", "ko" */

/* Where the bytes of a body go while they come (BODY_BYTES); made by receive of the route. */
struct request_sink {
	/* Takes the next ones. 0, or -1 and the error. */
	int (*take)(void *context, const void *bytes, size_t len, struct pl_error *err);
	/* Called once: after the handler, or when the sender is gone before the end. */
	void (*free)(void *context);
	void *context; /* owned; NULL: there is none */
	int failed;    /* error says why; the rest of the body is dropped */
	struct pl_error error;
};

struct request_field {
	const char *name, *value;
};

#define REQUEST_PARAMETERS_MAX 4
#define REQUEST_PARAMETER_BYTES 1024 /* of all together, decoded */

/* What stands in the path in the place of the route's parameters, decoded and checked. */
struct request_parameters {
	size_t count, used;
	struct request_field field[REQUEST_PARAMETERS_MAX];
	char text[REQUEST_PARAMETER_BYTES];
};

/* Strings are the request's and live as long as it does. */
struct request {
	struct portal *portal;
	const struct route *route;
	int is_index; /* the single page; route is that of what it begins with */
	int is_files; /* at the name of attachment_url */
	const char *method, *path;
	struct request_parameters parameters;
	struct request_field query[REQUEST_FIELDS_MAX]; /* of the URL, decoded */
	size_t query_count;
	struct request_field form[REQUEST_FIELDS_MAX]; /* of a form body, decoded */
	size_t form_count;
	json_t *json;            /* of a JSON body; an object, or NULL */
	const char *wrong_field; /* of it, that is not as the route has it; NULL: none is known */
	int repeated;            /* a query or form field was given twice (RFC 6749 3.1) */
	const char *user_agent;
	const char *authorization; /* NULL: none */
	const char *origin;        /* NULL: none */
	const char *host;          /* that was asked, with its port; NULL: none */
	const char *accept_language;
	const char *cookies;
	const char *content_type, *fetch_site, *csrf, *if_match;
	const char *range;         /* NULL: none */
	const char *upload_offset; /* of tus; NULL: none */
	size_t body_len;           /* what Content-Length announces, and then what came */
	char *query_text, *body;   /* http.c's; parsed in place. NULL: none */
	struct pl_ip ip;           /* the browser's; behind a proxy, what the trusted proxy says */
	char ip_text[PL_IP_TEXT];

	/* Filled by the dispatcher and by the guard of the route. */
	struct pl_snapshot *held; /* what the policy and the keys belong to */
	struct pl_policy *policy;
	struct pl_brand *brand;        /* of the pages, as that policy names it */
	struct pl_keys *verify, *seal; /* NULL: the key file is missing or refused */
	/* Its store, the dispatcher's error, the session's member as the actor; now is when the
	 * whole request had come, by the clock of the database. */
	struct pl_work work;
	struct pl_budget budget;   /* that it may wait for the database */
	struct pl_session session; /* id 0: none */
	struct pl_account account; /* of the session's member; see request_account */
	int has_account;
	struct pl_secret cookie;          /* of the session */
	char address[PL_ADDRESS_MAX + 1]; /* of the session's member; "" for none */
	struct pl_oauth_client *client;   /* that has authenticated (guard_client) */
	struct pl_token_info token;       /* that came along (guard_bearer) */
	struct pl_reset reset;            /* that a contact has confirmed (guard_recovering) */
	struct pl_approval_device device; /* that has signed it (portal/approve/guards.h) */
	/* Who manages, and what: of routes for administrators. */
	struct pl_api_key key; /* that came along; its id is 0: a member's session did */
	struct pl_administrator administrator; /* the member, or the program with the key */
	struct pl_account target; /* of the path's {domain} or {member}; its address is filled */
	struct pl_upload upload;  /* that the path and its token name (guard_upload) */
	struct pl_secret upload_token;
	struct request_sink sink;
	/* What the handler leaves to be done before the answer is sent, but without a connection
	 * to the database; NULL: nothing. */
	void (*afterwards)(const struct request *request);
	struct disconnection disconnection; /* of the sessions that it has ended */
};

/* The value, or NULL. */
const char *request_parameter(const struct request *request, const char *name);
const char *request_query(const struct request *request, const char *name);
const char *request_form(const struct request *request, const char *name);
/* A text member of the JSON body, or NULL. */
const char *request_text(const struct request *request, const char *name);
/* 1 when the JSON body has it as true. */
int request_flag(const struct request *request, const char *name);
/* Copies the value of the cookie "__Host-NAME"; 0 when there is none. */
int request_cookie(const struct request *request, const char *name, struct pl_secret *value_r);
/* The account of the session's member, which is read once. It is the request's. Functions of
 * the library that change a member are given the account, and keep it up to date. 0, or -1. */
int request_account(struct request *request, struct pl_account **account_r, struct pl_error *err);
/* Begins a write transaction. request_account reads the account anew in it: what a guard has read
 * may not hold any more. 0, or -1. */
int request_begin_write(struct request *request, struct pl_error *err);
/* The first of the two that the browser names, or that of the brand. */
enum language request_language(const struct request *request);
/* "Windows 10, Chrome": a short name for the user agent. Returns buf. */
char *request_device(const struct request *request, char *buf, size_t size);

#endif
