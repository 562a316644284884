/* other_services.c - see other_services.h. */
#include "policy/settings/other_services.h"

#include <stdio.h>
#include <string.h>

struct entry {
	char name[PL_OTHER_SERVICE_MAX + 1];
	enum pl_setting setting;
};

static int is_switch_of_clients(enum pl_setting setting)
{
	return setting == PL_SETTING_IMAP || setting == PL_SETTING_POP3 ||
	       setting == PL_SETTING_SMTP || setting == PL_SETTING_SIEVE;
}

/* 1 and an entry, with *list behind it; 0 at the end; -1 when there is none here. */
static int next_entry(const char **list, struct entry *entry)
{
	char word[8];
	int length = 0;

	*list += strspn(*list, " ");
	if (**list == '\0')
		return 0;
	if (sscanf(*list, "%64[A-Za-z0-9_.-] = %7[a-z0-9]%n", entry->name, word, &length) != 2 ||
	    !pl_setting_by_name(word, &entry->setting) || !is_switch_of_clients(entry->setting))
		return -1;
	*list += length;
	*list += strspn(*list, " ");
	if (**list == '\0')
		return 1;
	if (**list != ',')
		return -1;
	++*list;
	return 1;
}

int pl_other_services_valid(const char *list)
{
	struct entry entry;
	int ret;

	while ((ret = next_entry(&list, &entry)) > 0)
		;
	return ret == 0;
}

int pl_other_service(const char *list, const char *name, enum pl_setting *setting_r)
{
	struct entry entry;

	while (next_entry(&list, &entry) > 0) {
		if (strcmp(entry.name, name) == 0) {
			*setting_r = entry.setting;
			return 1;
		}
	}
	return 0;
}
