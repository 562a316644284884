/* forwards.c - makes Postfix ask for members' forwards; see setup.h. */
#include <stdlib.h>
#include <string.h>

#include "ctl/setup/setup.h"

#define FORWARDS "$postlatch_forwards"
#define FRAGMENT_MOST 65536

/* With --forwards, and from then on in each run. */
static int is_wanted(struct setup *setup)
{
	struct postfix now;
	char maps[POSTFIX_VALUE_MAX] = "";

	if (setup->ctl->option[CTL_OPTION_FORWARDS] != NULL)
		return 1;
	if (postfix_open(&now, setup->postfix, POSTFIX_RAW) == 0)
		postfix_value(&now, "virtual_alias_maps", maps);
	postfix_close(&now);
	return strstr(maps, FORWARDS) != NULL;
}

static int set(struct setup *setup, const char *dir, const char *name, const char *value)
{
	char argument[POSTFIX_VALUE_MAX + 512];

	snprintf(argument, sizeof(argument), "%s=%s", name, value);
	return staging_edit(dir, "-e", argument, setup->err);
}

/* The line of the fragment. */
static int set_map(struct setup *setup, const char *dir)
{
	static const char name[] = "\npostlatch_forwards = ";
	char path[PATH_MAX], *text, *line;
	size_t len;
	int ret;

	snprintf(path, sizeof(path), "%s/postfix/main.cf.postlatch-forwards", setup->fragments);
	if (ctl_read_input(path, FRAGMENT_MOST, &text, &len, setup->err) < 0)
		return -1;
	line = strstr(text, name);
	if (line == NULL) {
		ret = pl_error_set(setup->err, PL_ERR_CONFLICT, "%s has no postlatch_forwards",
				   path);
	} else {
		line += strlen(name);
		line[strcspn(line, "\n")] = '\0';
		ret = set(setup, dir, "postlatch_forwards", line);
	}
	free(text);
	return ret;
}

/* Ours comes first: aliases of mailboxes to themselves, as administration programs write them,
 * would hide what comes behind them. Postfix looks in the maps for domains, too, where it is not
 * told otherwise; ours has none. */
int setup_forwards(struct setup *setup, const char *dir, const struct postfix *raw)
{
	char maps[POSTFIX_VALUE_MAX], domains[POSTFIX_VALUE_MAX];
	char value[POSTFIX_VALUE_MAX + sizeof(FORWARDS) + 2];

	if (!is_wanted(setup))
		return 0;
	postfix_value(raw, "virtual_alias_maps", maps);
	postfix_value(raw, "virtual_alias_domains", domains);
	/* Postfix's default, the name of a parameter of the past. */
	if (strcmp(maps, "$virtual_maps") == 0)
		maps[0] = '\0';
	snprintf(value, sizeof(value), "%s%s%s", FORWARDS, maps[0] != '\0' ? ", " : "", maps);
	if (set_map(setup, dir) < 0 || set(setup, dir, "virtual_alias_maps", value) < 0)
		return -1;
	setup_note(setup,
		   "from now on Postfix asks postlatch-milter about every recipient, and puts "
		   "mail off while it is not answered; set member_forwards = on in policy.conf");
	return strcmp(domains, "$virtual_alias_maps") == 0
		       ? set(setup, dir, "virtual_alias_domains", maps)
		       : 0;
}
