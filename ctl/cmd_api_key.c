/* cmd_api_key.c - postlatch api-key ... */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/administrators.h"
#include "policy/admin/api_key.h"

static int read_key(const struct ctl *ctl, struct pl_api_key *key, struct pl_error *err)
{
	const char *networks = ctl->option[CTL_OPTION_NETWORKS],
		   *expires = ctl->option[CTL_OPTION_EXPIRES];

	memset(key, 0, sizeof(*key));
	key->administrator.role = pl_admin_role_by_name(ctl->option[CTL_OPTION_ROLE]);
	if (ctl_copy("--label", ctl->option[CTL_OPTION_LABEL], key->label, sizeof(key->label),
		     err) < 0 ||
	    (networks != NULL &&
	     ctl_copy("--networks", networks, key->networks, sizeof(key->networks), err) < 0) ||
	    (expires != NULL && ctl_expiry(expires, ctl->work.now, &key->expires_at, err) < 0))
		return -1;
	return 0;
}

static int show_created(const struct ctl *ctl, const struct pl_api_key *key,
			const struct pl_secret *secret, struct pl_error *err)
{
	if (ctl->json)
		return ctl_print_json(json_pack("{s:I, s:s, s:s, s:s, s:s, s:I}", "id",
						(json_int_t)key->administrator.id, "key",
						(const char *)secret->data, "role",
						pl_admin_role_name(key->administrator.role),
						"label", key->label, "networks", key->networks,
						"expires_at", (json_int_t)key->expires_at),
				      err);
	printf("%s\n\nThis is key %lld, of role %s. It is not shown again.\n",
	       (const char *)secret->data, (long long)key->administrator.id,
	       pl_admin_role_name(key->administrator.role));
	return CTL_DONE;
}

int cmd_api_key_add(struct ctl *ctl, struct pl_error *err)
{
	struct pl_secret secret = { .len = 0 };
	struct ctl_domains domains;
	struct pl_api_key key;
	int ret;

	if (ctl_domains(ctl, &domains, err) < 0 || read_key(ctl, &key, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_api_key_add(&ctl->work, &key, domains.name, &secret);
	ret = ctl_finish_write(ctl, ret, err);
	if (ret == 0)
		ret = show_created(ctl, &key, &secret, err);
	pl_secret_wipe(&secret);
	return ret;
}

static int add_row(const struct pl_api_key *key, void *context)
{
	return administrators_add(context, &key->administrator,
				  json_pack("{s:I, s:s, s:s, s:I, s:I, s:s}", "id",
					    (json_int_t)key->administrator.id, "label", key->label,
					    "networks", key->networks, "expires_at",
					    (json_int_t)key->expires_at, "last_used_at",
					    (json_int_t)key->last_used_at, "last_used_ip",
					    key->last_used_ip));
}

static const char *text_of(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static int64_t time_of(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

static void print_row(const json_t *row)
{
	const int64_t expires_at = time_of(row, "expires_at"),
		      last_used_at = time_of(row, "last_used_at");
	char made[32], expires[32], used[32];

	printf("%-6lld ", (long long)time_of(row, "id"));
	ctl_put(stdout, text_of(row, "label"));
	printf("\n       %s", text_of(row, "role"));
	administrators_put_domains(row);
	printf("; from %s; made %s by ",
	       text_of(row, "networks")[0] != '\0' ? text_of(row, "networks") : "everywhere",
	       ctl_time(time_of(row, "made_at"), made, sizeof(made)));
	ctl_put(stdout, text_of(row, "made_by"));
	printf(", expires %s\n       last used %s",
	       expires_at == 0 ? "never" : ctl_time(expires_at, expires, sizeof(expires)),
	       last_used_at == 0 ? "never" : ctl_time(last_used_at, used, sizeof(used)));
	if (last_used_at != 0)
		printf(" from %s", text_of(row, "last_used_ip"));
	putchar('\n');
}

int cmd_api_key_list(struct ctl *ctl, struct pl_error *err)
{
	struct administrators list = { ctl, json_array(), err, 0 };
	const int ret = pl_api_key_list(ctl->work.store, 0, INT_MAX, add_row, &list, err);

	return administrators_show(&list, print_row, ret);
}

static int remove_key(const struct ctl *ctl, int64_t id, struct pl_error *err)
{
	struct pl_administrator administrator;
	int ret = pl_administrator_get(ctl->work.store, id, &administrator, err);

	if (ret == 1 && administrator.member_id == 0)
		ret = pl_administrator_remove(&ctl->work, id);
	else if (ret >= 0)
		ret = pl_error_set(err, PL_ERR_CONFLICT,
				   "there is no key %lld; `postlatch api-key list` shows them",
				   (long long)id);
	return ret;
}

int cmd_api_key_remove(struct ctl *ctl, struct pl_error *err)
{
	char *end;
	const int64_t id = strtoll(ctl->args[0], &end, 10);

	if (id <= 0 || *end != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "\"%.32s\" is not an ID; `postlatch api-key list` shows them",
				    ctl->args[0]);
	if (pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	return ctl_finish_write(ctl, remove_key(ctl, id, err), err) < 0 ? -1 : CTL_DONE;
}
