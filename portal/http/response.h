/* response.h - what a handler answers with; headers that must never be missing
 * (CSP, nosniff, no-store, ...) are added in one place when it is sent. */
#ifndef POSTLATCH_PORTAL_RESPONSE_H
#define POSTLATCH_PORTAL_RESPONSE_H

#include <jansson.h>
#include <stdio.h>

#include "policy/base/error.h"
#include "policy/base/secret.h"

struct request;

/* A body that is made while it is sent, a page at a time, so that it takes no more memory than a
 * page of it. Each page is read with a connection to the database of its own, after access was
 * checked anew (portal/http/stream.h). */
struct response_stream {
	/* Appends the next page to out, in the thread that sends, with the request's work as a
	 * handler has it, but in a moment of its own: whatever must hold for all pages is in
	 * context. 1 others may follow; 0 it was the last; -1 and the error: what was sent until
	 * then must not look whole. NULL: there is no stream. */
	int (*fill)(struct request *request, void *context, FILE *out, struct pl_error *err);
	/* With the last byte sent, as in struct response_open_file. NULL: nothing is done. */
	int (*sent)(struct request *request, void *context, struct pl_error *err);
	/* Frees context, once, with the response: at the end, or when nobody reads on. */
	void (*free)(void *context);
	void *context; /* owned */
	/* Of a file that others have sent, by which it can be cut off (portal/http/http.h); 0: what
	 * is sent is the portal's own. */
	int64_t file_id;
	/* What is sent now; owned. */
	char *page;
	size_t len, used; /* used: of it, that is sent */
	int is_last;
};

/* A body that is sent from an open file, without being held in memory. */
struct response_open_file {
	int fd;              /* owned until it is handed to the library that sends it */
	int64_t offset, len; /* what is sent of it; len 0: nothing */
	int64_t file_id;     /* by which it can be cut off (portal/http/http.h) */
	/* With the last byte sent, and a connection to the database: 0, or -1 and the error. It is
	 * not called when the reader has gone before. NULL: nothing is done. */
	int (*sent)(struct request *request, void *context, struct pl_error *err);
	void *context; /* owned; freed by free(3) */
};

struct response {
	int status;
	json_t *json; /* body, if not NULL; owned */
	char *body;   /* or text; owned */
	size_t body_len;
	const char *type;                     /* of body or file; of json if not NULL; static */
	char location[4096];                  /* of a redirect */
	char cookies[3][PL_SECRET_MAX + 160]; /* Set-Cookie values */
	int cookie_count;
	const char *authenticate; /* WWW-Authenticate; static */
	char allow[64];           /* of a 405; "": none */
	char etag[40];            /* in its quotation marks; "": none */
	int retry_after;          /* seconds; 0 none */
	const char *style_source; /* that the page contains, for its policy; "": none. Static */
	/* Instead of a body: bytes that stay where they are until the answer is sent, and that
	 * are always the same at their address. */
	const char *file;
	size_t file_len;
	struct response_stream stream;        /* instead of a body */
	struct response_open_file *open_file; /* instead of a body; owned. NULL: none */
	char *disposition;                    /* Content-Disposition; owned. NULL: none */
	char content_range[80];               /* "": none */
	/* Of an upload, in the words of tus: how many bytes have come, and how many there are. "":
	 * none. */
	char upload_offset[24], upload_length[24];
};

/* Each returns 0, so that a handler can end with it. */
int respond_json(struct response *response, int status, json_t *json); /* takes the reference */
/* {"error": CODE}: pages look CODE up in their catalogue. CODE is static, a-z and '-'. */
int respond_error(struct response *response, int status, const char *code);
/* 400 with {"error": "bad-request", "field": FIELD}: pages say it at the field. FIELD is one of the
 * route's, or NULL: it is not known which one is wrong. */
int respond_bad_field(struct response *response, const char *field);
/* 429 or 503 with Retry-After and {"error": code, "wait": seconds}. */
int respond_wait(struct response *response, int status, const char *code, int64_t seconds);
/* 303 (RFC 9700 4.12). location is checked by the caller. */
int respond_redirect(struct response *response, const char *location);
/* 200 with a file that browsers keep: its address contains its version. */
int respond_file(struct response *response, const char *type, const char *file, size_t len);
/* 200 with a stream that has no page yet. type is static; context is taken over. */
int respond_stream(struct response *response, const char *type,
		   const struct response_stream *stream);
/* The same for files that others have sent: browsers keep what comes as a file and show nothing of
 * it. stream and disposition are taken over, also when it is not 0. -1: out of memory. */
int respond_file_stream(struct response *response, const struct response_stream *stream,
			char *disposition);
/* 200 with all of a file that others have sent: browsers keep it as a file and show nothing of it.
 * open_file and disposition are taken over, also when it is not 0. -1: out of memory. */
int respond_open_file(struct response *response, const struct response_open_file *open_file,
		      char *disposition);
/* A cookie of this host: "__Host-" is put in front of name; Secure, HttpOnly, SameSite=Lax, Path=/.
 * max_age 0: until the browser ends; -1: away with it. */
void respond_cookie(struct response *response, const char *name, const struct pl_secret *value,
		    int max_age);
/* Calls each for every header, those of security among them. The policy of the request tells
 * whether browsers come over TLS; NULL: not known yet. */
void response_headers(const struct response *response, const struct request *request,
		      void (*each)(const char *name, const char *value, void *context),
		      void *context);
void response_free(struct response *response);

#endif
