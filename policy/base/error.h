/* error.h - what went wrong, for the caller to act on and for a person to read.
 *
 * The caller owns the struct and passes it as the last parameter. A function
 * that returns -1 has filled it; nobody logs it before the edge (a callback, a
 * command) does, once. The sentence names the object and, where there is one,
 * the mend. It never holds a secret.
 */
#ifndef POSTLATCH_ERROR_H
#define POSTLATCH_ERROR_H

/* Few codes, chosen by what the caller will do about them. */
enum pl_errc {
	PL_OK = 0,
	/* policy file, key or schema is wrong: refuse to start, tempfail while running */
	PL_ERR_CONFIG,
	PL_ERR_RETRY,   /* may heal by itself: tempfail */
	PL_ERR_INVALID, /* what the person asked for makes no sense: say so, exit 65 */
	/* well formed, but refused by what is stored: no such member, already there */
	PL_ERR_CONFLICT,
	PL_ERR_DATA,     /* what is stored about this one makes no sense: tempfail, for it alone */
	PL_ERR_INTERNAL, /* a fault of ours */
	/* the database may have done it or not: tempfail, and never do it again unasked */
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
