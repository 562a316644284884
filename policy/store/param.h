/* param.h - the parameters of a statement: their values by name, and their places in its text.
 *
 * A statement's text names each value that it needs, ":member_id". Pure and without
 * allocation, so that it also serves those who send statements without a store.
 */
#ifndef POSTLATCH_PARAM_H
#define POSTLATCH_PARAM_H

#include <stddef.h>
#include <stdint.h>

enum pl_param_type { PL_PARAM_END, PL_PARAM_NULL, PL_PARAM_INT, PL_PARAM_TEXT, PL_PARAM_BLOB };

/* A value. Text and bytes are borrowed until the statement has been stepped. */
struct pl_param {
	const char *name; /* without the colon */
	enum pl_param_type type;
	int64_t number;
	const void *data;
	size_t len; /* of bytes */
};

/* Values as a statement takes them: PL_PARAMS(PL_INT("member_id", id), PL_TEXT("ip", ip)).
 * The order does not matter. NULL text and NULL bytes bind NULL, and so does the id 0. */
#define PL_INT(name_, value_)                                             \
	{                                                                 \
		.name = (name_), .type = PL_PARAM_INT, .number = (value_) \
	}
#define PL_ID(name_, id_)                                                           \
	{                                                                           \
		.name = (name_), .type = (id_) == 0 ? PL_PARAM_NULL : PL_PARAM_INT, \
		.number = (id_)                                                     \
	}
#define PL_TEXT(name_, text_)                                           \
	{                                                               \
		.name = (name_), .type = PL_PARAM_TEXT, .data = (text_) \
	}
#define PL_BLOB(name_, data_, len_)                                                    \
	{                                                                              \
		.name = (name_), .type = PL_PARAM_BLOB, .data = (data_), .len = (len_) \
	}
#define PL_NULL(name_)                                 \
	{                                              \
		.name = (name_), .type = PL_PARAM_NULL \
	}
#define PL_PARAMS(...) ((const struct pl_param[]){ __VA_ARGS__, { .type = PL_PARAM_END } })

#define PL_SQL_TEXT_MAX 4096 /* room for a statement with its zero */
#define PL_SQL_PARAMS_MAX 64 /* as many as a uint64_t has bits */

/* The names in a text, in the order in which each comes first. They point into the text. */
struct pl_sql_names {
	int count;
	struct {
		const char *text;
		size_t len;
	} name[PL_SQL_PARAMS_MAX];
};

/* Writes sql with a numbered place for each name, "?1" or "$1" as mark says; the same name
 * is the same place. Quoted text and casts ("::bigint") are left alone. Returns 0, or -1
 * when the text does not fit into buf or has more than PL_SQL_PARAMS_MAX names. */
int pl_sql_text(const char *sql, char mark, char *buf, size_t size, struct pl_sql_names *names_r);
/* The place of a name, counted from 0, or -1. It is looked for at expected first. */
int pl_sql_names_find(const struct pl_sql_names *names, const char *name, int expected);

#endif
