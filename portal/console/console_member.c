/* console_member.c - one member: what holds for it, a change, a new one, and its removal. */
#include <stdio.h>
#include <string.h>

#include "portal/console/conflict.h"
#include "portal/console/console_change.h"
#include "portal/console/console_member_answer.h"
#include "portal/console/console_member_change.h"
#include "portal/console/handlers.h"

int get_console_member(struct request *request, struct response *response, struct pl_error *err)
{
	return console_member_answer(request, response, 200, &request->target, err);
}

/* One field of the body as the command would be given it: 0, or -1 when it makes no sense. */
static int read_word(const struct request *request, const char *name, struct pl_change *change)
{
	const char *value = request_text(request, name);
	char word[PL_VALUE_TEXT + 64];

	if (value == NULL)
		return 0;
	if (snprintf(word, sizeof(word), "%s=%s", name, value) >= (int)sizeof(word))
		return -1;
	return pl_change_parse(word, PL_AT_MEMBER, change, NULL);
}

/* What the body wants to be changed: 1; 0 and the answer. */
static int read_change(const struct request *request, struct response *response,
		       struct pl_change *change_r)
{
	const json_t *active = json_object_get(request->json, "active");

	memset(change_r, 0, sizeof(*change_r));
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const struct pl_setting_info *info = pl_setting_info((enum pl_setting)i);

		if (read_word(request, info->name, change_r) < 0)
			return respond_bad_field(response, info->name);
	}
	if (read_word(request, "class", change_r) < 0)
		return respond_bad_field(response, "class");
	change_r->has_active = active != NULL;
	change_r->active = json_is_true(active);
	return 1;
}

static int answer(struct request *request, struct response *response)
{
	return console_member_answer(request, response, 200, &request->target, request->work.err) <
			       0
		       ? -1
		       : 1;
}

static int set_member(struct request *request, struct response *response, void *context)
{
	char state[CONSOLE_MEMBER_STATE];
	int ret = console_if_match(request, response,
				   console_member_state(&request->target.member, state),
				   request->work.err);

	if (ret == 1)
		ret = console_member_set(request, response, context);
	return ret == 1 ? answer(request, response) : ret;
}

int patch_console_member(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_change change;
	int ret = read_change(request, response, &change);

	(void)err;
	if (ret != 1)
		return ret;
	if (change.settings == 0 && !change.has_active && !change.has_class)
		return respond_bad_field(response, NULL);
	return console_write_member(request, response, set_member, &change);
}

static int add_member(struct request *request, struct response *response, void *context)
{
	const char *name = request_text(request, "member");
	struct pl_address address;
	int ret;

	if (pl_address_parse(name, strlen(name), NULL, &address, NULL) < 0)
		return respond_bad_field(response, "member");
	ret = console_member_add(request, response, &address, context);
	return ret == 1 ? answer(request, response) : ret;
}

int post_console_member(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_change change;
	const int ret = read_change(request, response, &change);

	(void)err;
	return ret == 1 ? console_write(request, response, add_member, &change) : ret;
}

static int remove_member(struct request *request, struct response *response, void *context)
{
	(void)context;
	if (console_is_self(request, request->target.member.id))
		return respond_conflict(response, CONFLICT_OWN_ACCOUNT);
	response->status = 204;
	return pl_member_remove(&request->work, &request->target.member.address);
}

int delete_console_member(struct request *request, struct response *response, struct pl_error *err)
{
	(void)err;
	return console_write_member(request, response, remove_member, NULL);
}
