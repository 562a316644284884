/* conflict.h - answers with 409; the reasons are conflicts.def. */
#ifndef POSTLATCH_PORTAL_CONSOLE_CONFLICT_H
#define POSTLATCH_PORTAL_CONSOLE_CONFLICT_H

#include "portal/http/response.h"

enum console_conflict {
#define CONFLICT(name, code, sentence) CONFLICT_##name,
#include "portal/console/conflicts.def"
#undef CONFLICT
	CONFLICT_COUNT
};

/* Both return 0, so that a handler can end with them. */
int respond_conflict(struct response *response, enum console_conflict why);
/* With what is to be told beside the code; takes the reference. */
int respond_conflict_with(struct response *response, enum console_conflict why, json_t *more);
/* The code of each reason, and its sentence; the caller releases it. */
json_t *conflicts_json(void);

#endif
