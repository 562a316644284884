/* answer.h - the table of answers of the administrators' API (answers.def). */
#ifndef POSTLATCH_PORTAL_CONSOLE_ANSWER_H
#define POSTLATCH_PORTAL_CONSOLE_ANSWER_H

enum answer_kind { ANSWER_TEXT, ANSWER_NUMBER, ANSWER_FLAG, ANSWER_ANY, ANSWER_OBJECT };
enum answer_many { ANSWER_ONE, ANSWER_LIST, ANSWER_MAP };

struct answer_field {
	const char *name; /* NULL ends the list */
	enum answer_kind kind;
	enum answer_many many;
	const char *of; /* the row that an object is of */
	int may_be_null, may_be_missing;
};

struct answer {
	const char *name; /* NULL ends the table */
	const char *text;
	const struct answer_field *fields;
};

extern const struct answer answers[];

#endif
