/* cmd_db_prune.c - postlatch db prune */
#include "ctl/command.h"
#include "policy/session/prune.h"

static void add(const char *kind, int64_t count, void *context)
{
	json_object_set_new(context, kind, json_integer(count));
}

static void print(const char *kind, int64_t count, void *context)
{
	(void)context;
	printf("%-*s %lld\n", CTL_NAME_WIDTH, kind, (long long)count);
}

int cmd_db_prune(struct ctl *ctl, struct pl_error *err)
{
	json_t *removed = ctl->json ? json_object() : NULL;

	if (pl_prune(&ctl->work, ctl->policy, 0, ctl->json ? add : print, removed) < 0) {
		json_decref(removed);
		return -1;
	}
	return ctl->json ? ctl_print_json(json_pack("{s:o}", "removed", removed), err) : CTL_DONE;
}
