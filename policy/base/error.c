/* error.c - see error.h. */
#include "policy/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int pl_error_set(struct pl_error *err, enum pl_errc code, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	return -1;
}

int pl_error_prefix(struct pl_error *err, const char *fmt, ...)
{
	struct pl_error old;
	va_list args;
	size_t len;

	if (err == NULL)
		return -1;
	old = *err;
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	len = strlen(err->msg);
	/* The end of the sentence is cut when it does not fit: the context matters more. */
	if (snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", old.msg) < 0)
		err->msg[len] = '\0';
	return -1;
}

const char *pl_errc_name(enum pl_errc code)
{
	switch (code) {
	case PL_OK:
		return "ok";
	case PL_ERR_CONFIG:
		return "config";
	case PL_ERR_RETRY:
		return "retry";
	case PL_ERR_INVALID:
		return "invalid";
	case PL_ERR_CONFLICT:
		return "conflict";
	case PL_ERR_DATA:
		return "data";
	case PL_ERR_INTERNAL:
		return "internal";
	case PL_ERR_UNKNOWN:
		return "unknown";
	}
	return "internal";
}
