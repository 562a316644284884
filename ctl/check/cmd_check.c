/* cmd_check.c - postlatch check: the table of checks, and its report. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check/check.h"

static const struct {
	const char *topic;
	void (*run)(struct check *check);
} checks[] = {
	{ "policy", check_policy },   { "keys", check_keys },       { "database", check_database },
	{ "domains", check_domains }, { "dovecot", check_dovecot }, { "postfix", check_postfix },
	{ "portal", check_portal },
};

static const char *const level_names[] = { "ok", "warning", "fault" };

void check_find(struct check *check, enum check_level level, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (level > check->worst)
		check->worst = level;
	json_array_append_new(check->findings,
			      json_pack("{s:s, s:s, s:s}", "topic", check->topic, "level",
					level_names[level], "text", text));
}

static void print_findings(const json_t *findings)
{
	size_t i;
	const json_t *finding;

	json_array_foreach(findings, i, finding)
	{
		printf("%-8s %-9s ", json_string_value(json_object_get(finding, "level")),
		       json_string_value(json_object_get(finding, "topic")));
		ctl_put(stdout, json_string_value(json_object_get(finding, "text")));
		putchar('\n');
	}
}

int cmd_check(struct ctl *ctl, struct pl_error *err)
{
	struct check check = { .ctl = ctl, .findings = json_array() };

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		check.topic = checks[i].topic;
		checks[i].run(&check);
	}
	pl_store_close(&check.store);
	pl_policy_unref(&check.policy);
	free(check.doveconf);
	if (!ctl->json) {
		print_findings(check.findings);
		json_decref(check.findings);
	} else if (ctl_print_json(check.findings, err) < 0) {
		return -1;
	}
	return (int)check.worst;
}
