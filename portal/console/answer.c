/* answer.c - see answer.h. */
#include "portal/console/answer.h"

#include <stddef.h>

#define FIELD(name_, kind_, ...)                              \
	{                                                     \
		.name = (name_), .kind = (kind_), __VA_ARGS__ \
	}
#define OBJECT(name_, of_, many_, ...) \
	FIELD(name_, ANSWER_OBJECT, .of = #of_, .many = (many_), __VA_ARGS__)

#define TEXT(name) FIELD(name, ANSWER_TEXT, )
#define NUMBER(name) FIELD(name, ANSWER_NUMBER, )
#define FLAG(name) FIELD(name, ANSWER_FLAG, )
#define ANY(name) FIELD(name, ANSWER_ANY, )
#define TEXTS(name) FIELD(name, ANSWER_TEXT, .many = ANSWER_LIST)
#define ONE(name, of) OBJECT(name, of, ANSWER_ONE, )
#define MANY(name, of) OBJECT(name, of, ANSWER_LIST, )
#define EACH(name, of) OBJECT(name, of, ANSWER_MAP, )
#define OR_NULL_TEXT(name) FIELD(name, ANSWER_TEXT, .may_be_null = 1)
#define OR_NULL_NUMBER(name) FIELD(name, ANSWER_NUMBER, .may_be_null = 1)
#define OR_NULL_ONE(name, of) OBJECT(name, of, ANSWER_ONE, .may_be_null = 1)
#define MAYBE_TEXT(name) FIELD(name, ANSWER_TEXT, .may_be_missing = 1)
#define MAYBE_NUMBER(name) FIELD(name, ANSWER_NUMBER, .may_be_missing = 1)
#define MAYBE_FLAG(name) FIELD(name, ANSWER_FLAG, .may_be_missing = 1)
#define MAYBE_ONE(name, of) OBJECT(name, of, ANSWER_ONE, .may_be_missing = 1)

#define ANSWER(id, sentence, ...) \
	static const struct answer_field id##_fields[] = { __VA_ARGS__, { .name = NULL } };
#include "portal/console/answers.def"
#undef ANSWER

const struct answer answers[] = {
#define ANSWER(id, sentence, ...) { .name = #id, .text = (sentence), .fields = id##_fields },
#include "portal/console/answers.def"
#undef ANSWER
	{ .name = NULL },
};
