/* cmd_audit.c - postlatch audit. */
#include <string.h>

#include "ctl/command.h"

int ctl_audit_json(const struct pl_audit_record *record, void *context)
{
	json_array_append_new(context,
			      json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
					(json_int_t)record->id, "at", (json_int_t)record->at, "who",
					record->who, "from", record->source, "action",
					record->action, "object", record->object, "before",
					record->before, "after", record->after));
	return 0;
}

int ctl_audit_text(const struct pl_audit_record *record, void *context)
{
	char at[32];

	(void)context;
	printf("%s ", ctl_time(record->at, at, sizeof(at)));
	ctl_put(stdout, record->who);
	fputs(" from ", stdout);
	ctl_put(stdout, record->source);
	printf(": %s ", record->action);
	ctl_put(stdout, record->object);
	if (record->before[0] != '\0' || record->after[0] != '\0') {
		fputs(" [", stdout);
		ctl_put(stdout, record->before);
		fputs("] -> [", stdout);
		ctl_put(stdout, record->after);
		putchar(']');
	}
	putchar('\n');
	return 0;
}

/* --member or --domain as the object of a filter. */
static int read_object(const struct ctl *ctl, char *object, size_t size, struct pl_error *err)
{
	const char *member = ctl->option[CTL_OPTION_MEMBER],
		   *domain = ctl->option[CTL_OPTION_DOMAIN];
	char text[PL_ADDRESS_MAX + 1], name[PL_DOMAIN_MAX + 1];
	struct pl_address address;

	object[0] = '\0';
	if (member != NULL) {
		if (ctl_address(ctl, member, &address, err) < 0)
			return -1;
		snprintf(object, size, "%s", pl_address_format(&address, text));
	} else if (domain != NULL) {
		if (pl_domain_parse(domain, name, err) < 0)
			return pl_error_prefix(err, "--domain %.100s", domain);
		snprintf(object, size, "@%s", name);
	}
	return 0;
}

int cmd_audit(struct ctl *ctl, struct pl_error *err)
{
	const char *since = ctl->option[CTL_OPTION_SINCE];
	struct pl_audit_filter filter = { .limit = 100 };
	char object[PL_ADDRESS_MAX + 2];
	json_t *json;

	if (ctl_limit(ctl, &filter.limit, err) < 0 ||
	    (since != NULL && ctl_date(since, &filter.since, err) < 0) ||
	    read_object(ctl, object, sizeof(object), err) < 0)
		return -1;
	filter.object = object[0] != '\0' ? object : NULL;
	if (!ctl->json)
		return pl_audit_list(ctl->work.store, &filter, ctl_audit_text, NULL, err);
	json = json_array();
	if (pl_audit_list(ctl->work.store, &filter, ctl_audit_json, json, err) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}
