/* conflict.c - see conflict.h. */
#include "portal/console/conflict.h"

static const struct {
	const char *code, *sentence;
} rows[] = {
#define CONFLICT(name, code, sentence) [CONFLICT_##name] = { code, sentence },
#include "portal/console/conflicts.def"
#undef CONFLICT
};

int respond_conflict(struct response *response, enum console_conflict why)
{
	return respond_error(response, 409, rows[why].code);
}

int respond_conflict_with(struct response *response, enum console_conflict why, json_t *more)
{
	json_object_set_new(more, "error", json_string(rows[why].code));
	return respond_json(response, 409, more);
}

json_t *conflicts_json(void)
{
	json_t *codes = json_object();

	for (int i = 0; i < CONFLICT_COUNT; i++)
		json_object_set_new(codes, rows[i].code, json_string(rows[i].sentence));
	return codes;
}
