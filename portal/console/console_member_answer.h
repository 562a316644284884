/* console_member_answer.h - a member, and lists of what it has, as the administrators' API shows
 * them. */
#ifndef POSTLATCH_PORTAL_CONSOLE_MEMBER_ANSWER_H
#define POSTLATCH_PORTAL_CONSOLE_MEMBER_ANSWER_H

#include "portal/console/console_answer.h"

#define CONSOLE_MEMBER_STATE (1024 + PL_VALUE_TEXT)

/* Answers with the account and its ETag: what holds for it and why, what it has, what it has used,
 * and whether who asks may change it. 0, or -1. */
int console_member_answer(struct request *request, struct response *response, int status,
			  const struct pl_account *account, struct pl_error *err);
/* What can be changed of a member, for its ETag. Returns state_r. */
char *console_member_state(const struct pl_member *member, char state_r[CONSOLE_MEMBER_STATE]);
/* A whole list, {"items": ..., "total": ..., "next": null}, whose rows it takes over. ret of -1, or
 * less, is the error of what has filled it. */
int console_answer_list(struct response *response, json_t *rows, int ret);

#endif
