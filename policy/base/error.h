/* error.h - an error: a code for the caller, and a sentence for people.
 *
 * The caller owns the struct and passes it as the last parameter. A function
 * that returns -1 has filled it. The edge (a callback, a command) logs it, once,
 * and nothing below the edge does. The sentence names the object, says what is wrong
 * and, where possible, how to fix it. It never contains a secret.
 */
#ifndef POSTLATCH_ERROR_H
#define POSTLATCH_ERROR_H

/* There are few codes; each stands for what the caller does about the error. */
enum pl_errc {
	PL_OK = 0,
	/* the policy file, a key or the schema is wrong: refuse to start; when running, fail
	 * temporarily */
	PL_ERR_CONFIG,
	PL_ERR_RETRY,   /* temporary: fail temporarily */
	PL_ERR_INVALID, /* the request is wrong: say so, exit status 65 */
	/* the request conflicts with stored data: no such member, or it already exists */
	PL_ERR_CONFLICT,
	PL_ERR_DATA,     /* the stored data of this object is wrong: it alone fails temporarily */
	PL_ERR_INTERNAL, /* a fault of the program */
	/* the database may or may not have done it: fail temporarily, and do not repeat it
	 * unasked */
	PL_ERR_UNKNOWN,
};

struct pl_error {
	enum pl_errc code;
	char msg[512];
};

/* Fills err (which may be NULL) and returns -1, so `return pl_error_set(...)` works. */
int pl_error_set(struct pl_error *err, enum pl_errc code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the sentence; the code stays. Returns -1. */
int pl_error_prefix(struct pl_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The code as a word for logs and --json, for example "retry". */
const char *pl_errc_name(enum pl_errc code);

#endif
