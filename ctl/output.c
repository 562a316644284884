/* output.c - what commands print: text, JSON, progress; see command.h. */
#include "ctl/command.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

void ctl_put(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void ctl_line(const char *name, const char *value)
{
	printf("%-*s ", CTL_NAME_WIDTH, name);
	ctl_put(stdout, value);
	putchar('\n');
}

char *ctl_time(int64_t at, char *buf, size_t size)
{
	time_t seconds = (time_t)at;
	struct tm tm;

	if (at == 0 || localtime_r(&seconds, &tm) == NULL ||
	    strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buf, size, "-");
	return buf;
}

int ctl_print_json(json_t *json, struct pl_error *err)
{
	int ret = json == NULL ? -1 : json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	putchar('\n');
	json_decref(json);
	return ret < 0 ? pl_error_set(err, PL_ERR_INTERNAL, "the answer is not valid JSON")
		       : CTL_DONE;
}

json_t *ctl_settings_json(const struct pl_settings *settings)
{
	json_t *json = json_object();
	char value[PL_VALUE_TEXT];

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++)
		json_object_set_new(json, pl_setting_info((enum pl_setting)i)->name,
				    json_string(
					    pl_setting_write((enum pl_setting)i, settings, value)));
	return json;
}

static json_t *next_json(const struct pl_resolved *resolved)
{
	char day[PL_DAY_TEXT];

	return json_pack("{s:s, s:s, s:s}", "from", pl_day_format(resolved->next_from, day),
			 "value", pl_value_name(resolved->next), "source",
			 pl_source_name(resolved->next_source));
}

json_t *ctl_layers_json(const struct pl_layers *layers)
{
	json_t *json = json_object();

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		struct pl_resolved resolved = pl_resolve(layers, (enum pl_setting)i);
		json_t *shown = json_pack("{s:s, s:s}", "value", pl_resolved_text(&resolved),
					  "source", pl_source_name(resolved.source));

		if (resolved.next_from != 0)
			json_object_set_new(shown, "next", next_json(&resolved));
		json_object_set_new(json, pl_setting_info((enum pl_setting)i)->name, shown);
	}
	return json;
}

void ctl_print_layers(const struct pl_layers *layers)
{
	char day[PL_DAY_TEXT];

	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		struct pl_resolved resolved = pl_resolve(layers, (enum pl_setting)i);

		printf("  %-*s %-20s from %s", CTL_NAME_WIDTH - 2,
		       pl_setting_info((enum pl_setting)i)->name, pl_resolved_text(&resolved),
		       pl_source_name(resolved.source));
		if (resolved.next_from != 0)
			printf(", until %s, then %s from %s",
			       pl_day_format(resolved.next_from, day), pl_value_name(resolved.next),
			       pl_source_name(resolved.next_source));
		putchar('\n');
	}
}

const char *ctl_opted_out(const struct pl_member *member, const struct pl_layers *layers)
{
	if (!member->opted_out)
		return "-";
	return pl_resolve(layers, PL_SETTING_TWO_FACTOR_REQUIREMENT).value == PL_REQUIRED
		       ? "leaves the second factor out (void: it is required)"
		       : "leaves the second factor out";
}

char *ctl_own_settings(const struct pl_settings *settings, char *buf, size_t size)
{
	char value[PL_VALUE_TEXT];
	size_t used = 0;

	snprintf(buf, size, "-");
	for (unsigned int i = 0; i < PL_SETTING_COUNT && used < size; i++) {
		if (settings->value[i] != PL_UNSET)
			used += (size_t)snprintf(buf + used, size - used, "%s%s=%s",
						 used == 0 ? "" : " ",
						 pl_setting_info((enum pl_setting)i)->name,
						 pl_setting_write((enum pl_setting)i, settings,
								  value));
	}
	return buf;
}

void ctl_progress(const char *what, int64_t done, int64_t of)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s: %lld of %lld%s", what, (long long)done, (long long)of,
		done >= of ? "\n" : "");
}

void ctl_print_faults(const char *name, char *faults)
{
	char *fault;

	while (faults != NULL && (fault = strsep(&faults, "\n")) != NULL && *fault != '\0') {
		fprintf(stderr, "postlatch: %s: ", name);
		ctl_put(stderr, fault);
		fputc('\n', stderr);
	}
}
