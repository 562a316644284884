/* cmd_signing_key.c - postlatch signing-key ... */
#include "ctl/command.h"
#include "policy/session/signing_key.h"

static int key_json(const struct pl_signing_key *key, void *context)
{
	json_array_append_new(context,
			      json_pack("{s:s, s:s, s:I, s:o}", "id", key->id, "alg",
					pl_signing_alg_name(key->alg), "created_at",
					(json_int_t)key->created_at, "retired_at",
					key->retired_at == 0 ? json_null()
							     : json_integer(key->retired_at)));
	return 0;
}

static int key_text(const struct pl_signing_key *key, void *context)
{
	char created[32], retired[32];

	(void)context;
	printf("%s %s since %s", key->id, pl_signing_alg_name(key->alg),
	       ctl_time(key->created_at, created, sizeof(created)));
	if (key->retired_at != 0)
		printf(", retired %s", ctl_time(key->retired_at, retired, sizeof(retired)));
	puts("");
	return 0;
}

static int show_keys(struct ctl *ctl, struct pl_error *err)
{
	json_t *json;

	if (!ctl->json)
		return pl_signing_key_list(&ctl->work, NULL, key_text, NULL);
	json = json_array();
	if (pl_signing_key_list(&ctl->work, NULL, key_json, json) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}

int cmd_signing_key_list(struct ctl *ctl, struct pl_error *err)
{
	return show_keys(ctl, err);
}

int cmd_signing_key_rotate(struct ctl *ctl, struct pl_error *err)
{
	int ret = pl_store_begin_write(ctl->work.store, err);

	if (ret == 0)
		ret = pl_signing_keys_rotate(&ctl->work, ctl->seal,
					     ctl->option[CTL_OPTION_AT_ONCE] != NULL);
	return ctl_finish_write(ctl, ret, err) < 0 ? -1 : show_keys(ctl, err);
}
